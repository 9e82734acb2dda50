"""What a client asks of the authorization endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polydex_sandbox.identity.clients import Clients
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.google.errors import OAuthError
from polydex_sandbox.identity.google.scopes import parse, signing_in
from polydex_sandbox.identity.pkce import Challenge, challenge_of
from polydex_sandbox.identity.visits import with_parameters

_PROMPTS = frozenset({"none", "consent", "select_account"})


@dataclass(frozen=True)
class Asked:
    """A request for authorization, found good.

    Attributes:
        scopes: those that there are, in order.
        state: to be given back; None when there was none.
        offline: ``access_type=offline``.
        prompt: of none, consent, select_account.
        hint: e-mail address or subject of the account; "" when there was none.
        include_granted: the tokens shall also do what was allowed before.
    """

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    offline: bool
    prompt: frozenset[str]
    hint: str
    include_granted: bool
    challenge: Challenge | None
    nonce: str | None

    def back(self, parameters: Mapping[str, str]) -> str:
        """Where the user goes in the end, with the state first."""
        all_of_them = {**({} if self.state is None else {"state": self.state}), **parameters}
        return with_parameters(self.redirect_uri, all_of_them)


def understand(parameters: Mapping[str, str], clients: Clients[Client]) -> Asked:
    """Judge a request for authorization.

    Raises OAuthError for what Google answers with a page of its own; it sends nobody to an address that it does not know,
    and most errors not even to one that it knows.
    """
    client = _client(parameters, clients)
    redirect_uri = _needed(parameters, "redirect_uri")
    if not client.accepts(redirect_uri):
        raise OAuthError(
            "redirect_uri_mismatch",
            "The redirect URI in the request does not match the ones authorized for the OAuth client.",
        )
    kind = _needed(parameters, "response_type")
    if kind != "code":
        raise OAuthError("unsupported_response_type", f"Invalid response_type: {kind}")
    if parameters.get("response_mode", "query") != "query":
        raise OAuthError("invalid_request", "Invalid response_mode: only query is possible with code")
    scopes, unknown = parse(_needed(parameters, "scope"))
    if unknown or not scopes:
        listed = f"{{valid=[{', '.join(scopes)}], invalid=[{', '.join(unknown)}]}}"
        raise OAuthError("invalid_scope", f"Some requested scopes were invalid. {listed}")
    access = parameters.get("access_type", "online")
    if access not in ("online", "offline"):
        raise OAuthError("invalid_request", f"Invalid parameter value for access_type: {access}")
    granted = parameters.get("include_granted_scopes", "false")
    if granted not in ("true", "false"):
        raise OAuthError("invalid_request", f"Invalid parameter value for include_granted_scopes: {granted}")
    return Asked(
        client=client,
        redirect_uri=redirect_uri,
        scopes=signing_in(scopes),
        state=parameters.get("state"),
        offline=access == "offline" or client.type == "installed",
        prompt=_prompt(parameters.get("prompt", "")),
        hint=parameters.get("login_hint", ""),
        include_granted=granted == "true",
        challenge=_challenge(parameters),
        nonce=parameters.get("nonce"),
    )


def _client(parameters: Mapping[str, str], clients: Clients[Client]) -> Client:
    client = clients.get(_needed(parameters, "client_id"))
    if client is None:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if client.deleted:
        raise OAuthError("deleted_client", "The OAuth client was deleted.", 401)
    return client


def _needed(parameters: Mapping[str, str], name: str) -> str:
    if name not in parameters:
        raise OAuthError("invalid_request", f"Missing required parameter: {name}")
    return parameters[name]


def _prompt(text: str) -> frozenset[str]:
    words = frozenset(text.split())
    if not words <= _PROMPTS or ("none" in words and len(words) > 1):
        raise OAuthError("invalid_request", f"Invalid parameter value for prompt: {text}")
    return words


def _challenge(parameters: Mapping[str, str]) -> Challenge | None:
    value, method = parameters.get("code_challenge"), parameters.get("code_challenge_method", "plain")
    if value is None:
        if "code_challenge_method" in parameters:
            raise OAuthError("invalid_request", "Missing required parameter: code_challenge")
        return None
    challenge = challenge_of(value, method)
    if challenge is None:
        raise OAuthError("invalid_request", "Invalid code_challenge or code_challenge_method")
    return challenge
