"""What a client asks of the authorization endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.errors import StsError, missing
from polydex_sandbox.identity.microsoft.scopes import Scopes, parse
from polydex_sandbox.identity.microsoft.tenants import Tenant
from polydex_sandbox.identity.pkce import Challenge, challenge_of

MODES = ("query", "fragment", "form_post")
_PROMPTS = frozenset({"login", "none", "consent", "select_account", "create"})


@dataclass(frozen=True)
class Way:
    """How a user is sent back to a client.

    Attributes:
        redirect_uri: one that the client may use.
        mode: of MODES.
        state: to be given back; None when there was none.
    """

    redirect_uri: str
    mode: str
    state: str | None


@dataclass(frozen=True)
class Asked:
    """A request for authorization, found good.

    Attributes:
        prompt: of login, none, consent, select_account, create; "" for what is needed.
        hint: e-mail address of the account; "" when there was none.
        domain: ``domain_hint``: consumers, organizations, or a domain; "" when there was none.
        client_info: the answer shall say who it was.
        device: the device code that is confirmed here; "" when the user is sent back to the client instead.
    """

    client: Client
    tenant: Tenant
    way: Way
    scopes: Scopes
    prompt: str
    hint: str
    domain: str
    challenge: Challenge | None
    nonce: str | None
    client_info: bool
    device: str = ""

    def admits(self, account: Account) -> bool:
        """Whether this account can answer: the directory and the application have to be for such accounts."""
        if account.personal and self.client.audience == "AzureADMultipleOrgs":
            return False
        return self.tenant.admits(account)


def way_of(parameters: Mapping[str, str], client: Client) -> Way:
    """Where errors can be told. Raises StsError, for the page: the user is sent nowhere."""
    redirect_uri = parameters.get("redirect_uri") or next(iter(client.redirect_uris), "")
    if not redirect_uri:
        raise StsError("invalid_request", 500113, "No reply address is registered for the application.")
    if not client.accepts(redirect_uri):
        raise StsError(
            "invalid_request",
            50011,
            f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for "
            f"the application '{client.id}'. Make sure the redirect URI sent in the request matches one added to your "
            "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how "
            "to troubleshoot this error.",
        )
    mode = parameters.get("response_mode", "query")
    if mode not in MODES:
        raise StsError("invalid_request", 900021, f"The response_mode '{mode}' is not supported.")
    return Way(redirect_uri, mode, parameters.get("state"))


def understand(parameters: Mapping[str, str], client: Client, tenant: Tenant, way: Way) -> Asked:
    """Judge the rest of a request for authorization. Raises StsError, which the client is told."""
    kind = parameters.get("response_type")
    if kind is None:
        raise missing("response_type")
    if kind != "code":
        raise StsError(
            "unsupported_response_type", 700054, f"response_type '{kind}' is not enabled for the application."
        )
    prompt = parameters.get("prompt", "")
    if prompt and prompt not in _PROMPTS:
        # Unlike OpenID Connect has it, there can be one only.
        raise StsError("invalid_request", 90023, f"Unsupported 'prompt' value: '{prompt}'.")
    return Asked(
        client=client,
        tenant=tenant,
        way=way,
        scopes=parse(parameters.get("scope", ""), client),
        prompt=prompt,
        hint=parameters.get("login_hint", ""),
        domain=parameters.get("domain_hint", "").lower(),
        challenge=_challenge(parameters, client),
        nonce=parameters.get("nonce"),
        client_info=parameters.get("client_info") == "1",
    )


def _challenge(parameters: Mapping[str, str], client: Client) -> Challenge | None:
    value = parameters.get("code_challenge")
    if value is None:
        if client.platform == "spa":
            raise StsError(
                "invalid_request",
                9002325,
                "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
            )
        return None
    challenge = challenge_of(value, parameters.get("code_challenge_method", "plain"))
    if challenge is None:
        raise StsError("invalid_request", 501491, "Invalid Code_Challenge or Code_Challenge_method parameter.")
    return challenge
