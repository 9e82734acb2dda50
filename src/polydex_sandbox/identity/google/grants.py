"""What users have allowed: consents, authorization codes, refresh tokens, and the access tokens that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from polydex_sandbox.clock import DAY
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.google.errors import OAuthError, bad_grant, dead_token
from polydex_sandbox.identity.google.scopes import SIGN_IN, union
from polydex_sandbox.identity.keys import encode
from polydex_sandbox.identity.pkce import Challenge
from polydex_sandbox.tokens import AccessTokens, Grant

CODE_LIFETIME = 600_000
"""Milliseconds that an authorization code lives: the longest that RFC 6749, section 4.1.2, recommends."""
TESTING_LIFETIME = 7 * DAY
"""Of consents and refresh tokens in testing mode (https://developers.google.com/identity/protocols/oauth2#expiration)."""
TESTING_SECONDS = 604_799
"""``refresh_token_expires_in`` of a new refresh token in testing mode."""
UNUSED_LIFETIME = 180 * DAY
"""A refresh token that has not been used for six months dies (same place)."""
LIVE_LIMIT = 100
"""Live refresh tokens of a user and a client; one more, and the oldest dies without a warning (same place)."""


@dataclass
class Consent:
    """What a user allows a client; it grows.

    Attributes:
        scopes: everything allowed so far.
        given: Unix milliseconds of the latest consent.
        expires: Unix milliseconds, or None.
    """

    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    given: int
    expires: int | None


@dataclass
class Code:
    """An authorization code, good for one use.

    Attributes:
        refreshable: whether it is worth a refresh token.
        used: it was redeemed; what it gave is known by its value.
    """

    value: str
    account_id: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: Challenge | None
    nonce: str | None
    refreshable: bool
    issued: int
    used: bool = False


@dataclass
class RefreshToken:
    """A refresh token. It is never replaced by using it.

    Attributes:
        origin: the code that it was given for; "" when there was none.
        issued, used: Unix milliseconds; `used` is the latest use, or the issue.
        expires: Unix milliseconds, or None.
        dead: it was revoked or pushed out.
    """

    value: str
    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    origin: str
    issued: int
    used: int
    expires: int | None
    dead: bool = False

    def alive(self, now: int) -> bool:
        return not self.dead and (self.expires is None or now < self.expires) and now < self.used + UNUSED_LIFETIME


@dataclass(frozen=True)
class Issued:
    """What the token endpoint gives out.

    Attributes:
        access: the access token.
        scopes: of it, in order.
        refresh: the new refresh token, or None.
        nonce: for the ID token, or None.
    """

    access: Grant
    scopes: tuple[str, ...]
    refresh: RefreshToken | None = None
    nonce: str | None = None


@dataclass
class Grants:
    """All of it, in memory.

    Args:
        now: Unix milliseconds.
        random: makes the tokens.
        tokens: where access tokens go.
    """

    now: Callable[[], int]
    random: Random
    tokens: AccessTokens
    _consents: dict[tuple[str, str], Consent] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)
    _refresh: dict[str, RefreshToken] = field(default_factory=dict)

    # --- consent ---------------------------------------------------------------------------------------------------

    def consent(self, account_id: str, client: Client) -> Consent | None:
        """What stands at present."""
        found = self._consents.get((account_id, client.id))
        if found is not None and found.expires is not None and found.expires <= self.now():
            del self._consents[account_id, client.id]
            return None
        return found

    def allow(self, account_id: str, client: Client, scopes: tuple[str, ...]) -> Consent:
        """The user allows these scopes, besides those allowed before."""
        before = self.consent(account_id, client)
        allowed = union(before.scopes if before else (), scopes)
        made = Consent(account_id, client.id, allowed, self.now(), self._expiry(client, allowed))
        self._consents[account_id, client.id] = made
        return made

    def consents(self, account_id: str) -> Iterator[Consent]:
        now = self.now()
        return iter(
            [
                consent
                for consent in self._consents.values()
                if consent.account_id == account_id and (consent.expires is None or now < consent.expires)
            ]
        )

    def _expiry(self, client: Client, scopes: tuple[str, ...]) -> int | None:
        # Whoever only signs users in is not concerned (same place as TESTING_LIFETIME).
        return self.now() + TESTING_LIFETIME if client.testing and not SIGN_IN.issuperset(scopes) else None

    # --- codes -----------------------------------------------------------------------------------------------------

    def code(
        self,
        account_id: str,
        client: Client,
        redirect_uri: str,
        scopes: tuple[str, ...],
        *,
        challenge: Challenge | None = None,
        nonce: str | None = None,
        refreshable: bool = False,
    ) -> str:
        """A new authorization code; with a slash in it, as Google's, so that a client that forgets to decode it fails."""
        value = f"4/0A{self._random_text()}"
        self._codes[value] = Code(
            value, account_id, client.id, redirect_uri, scopes, challenge, nonce, refreshable, self.now()
        )
        return value

    def code_owner(self, value: str) -> str | None:
        """The account that a code was given by, whatever became of it."""
        found = self._codes.get(value)
        return None if found is None else found.account_id

    def redeem(self, value: str, client: Client, redirect_uri: str, verifier: str | None) -> Issued:
        """Tokens for a code. Using a code twice takes back what the first use gave (RFC 6749, section 4.1.2).

        Raises OAuthError.
        """
        if not value.startswith("4/"):
            raise bad_grant("Malformed auth code.")
        code = self._codes.get(value)
        if code is None or code.client_id != client.id:
            raise bad_grant()
        if code.used:
            self._take_back(code)
            raise bad_grant()
        if self.now() >= code.issued + CODE_LIFETIME:
            raise bad_grant()
        if redirect_uri != code.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "Bad Request")
        # Google refuses a verifier that it did not ask for, as users of google-auth-oauthlib 0.4.0 learnt.
        if code.challenge is None and verifier:
            raise bad_grant("code_verifier or verifier is not needed.")
        if code.challenge is not None and not verifier:
            raise bad_grant("Missing code verifier.")
        if code.challenge is not None and not code.challenge.fits(verifier or ""):
            raise bad_grant("Invalid code verifier.")
        code.used = True
        refresh = None
        if code.refreshable:
            refresh = self.refreshable(code.account_id, client, code.scopes, origin=value)
        access = self._access(code.account_id, client, code.scopes, origin=refresh.value if refresh else value)
        return Issued(access, code.scopes, refresh, code.nonce)

    def _take_back(self, code: Code) -> None:
        origins = {code.value}
        for refresh in self._refresh.values():
            if refresh.origin == code.value:
                refresh.dead = True
                origins.add(refresh.value)
        for grant in self.tokens.of(code.account_id):
            if grant.origin in origins:
                self.tokens.revoke(grant.token)

    # --- refresh tokens --------------------------------------------------------------------------------------------

    def refreshable(
        self, account_id: str, client: Client, scopes: tuple[str, ...], *, origin: str = "", value: str | None = None
    ) -> RefreshToken:
        """A new refresh token, or the given one; the oldest one dies when there are too many."""
        now = self.now()
        made = RefreshToken(
            value or f"1//0{self._random_text()}", account_id, client.id, scopes, origin, now, now,
            self._expiry(client, scopes),
        )  # fmt: skip
        self._refresh.pop(made.value, None)
        self._refresh[made.value] = made
        live = [each for each in self.refresh_tokens(account_id) if each.client_id == client.id and each.alive(now)]
        for each in live[: max(0, len(live) - LIVE_LIMIT)]:
            each.dead = True
        return made

    def refresh_owner(self, value: str) -> str | None:
        found = self._refresh.get(value)
        return None if found is None else found.account_id

    def refresh(self, value: str, client: Client, scopes: tuple[str, ...] | None) -> Issued:
        """An access token for a refresh token, with all of its scopes or with some of them.

        Raises OAuthError.
        """
        found = self._refresh.get(value)
        if found is None:
            raise bad_grant()
        if found.client_id != client.id:
            # https://github.com/googleapis/google-api-dotnet-client/issues/2802
            raise OAuthError("unauthorized_client", "Unauthorized", 401)
        if not found.alive(self.now()):
            raise dead_token()
        if scopes is not None and not set(scopes) <= set(found.scopes):
            raise OAuthError("invalid_scope", "Bad Request")
        found.used = self.now()
        given = found.scopes if scopes is None else tuple(scope for scope in found.scopes if scope in scopes)
        return Issued(self._access(found.account_id, client, given, origin=found.value), given)

    def refresh_tokens(self, account_id: str) -> Iterator[RefreshToken]:
        """In the order of their issue, dead ones too."""
        return iter([each for each in self._refresh.values() if each.account_id == account_id])

    def expire(self, value: str) -> None:
        """Raises KeyError."""
        self._refresh[value].expires = self.now()

    # --- the end ---------------------------------------------------------------------------------------------------

    def revoke(self, value: str) -> str | None:
        """Whoever holds an access or refresh token gives the whole grant back; the account's id, None when it is unknown.

        Revoking one token withdraws everything that this user has allowed to this client
        (https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke).
        """
        refresh = self._refresh.get(value)
        if refresh is not None and refresh.alive(self.now()):
            self.withdraw(refresh.account_id, refresh.client_id)
            return refresh.account_id
        access = self.tokens.access(value)
        if access is not None and not access.tenant and self.now() < access.expires:
            self.withdraw(access.account_id, access.client_id)
            return access.account_id
        return None

    def withdraw(self, account_id: str, client_id: str) -> None:
        """The end of everything that this user has allowed to this client."""
        self._consents.pop((account_id, client_id), None)
        self._codes = {
            value: code
            for value, code in self._codes.items()
            if (code.account_id, code.client_id) != (account_id, client_id)
        }
        for refresh in self._refresh.values():
            if (refresh.account_id, refresh.client_id) == (account_id, client_id):
                refresh.dead = True
        for grant in self.tokens.of(account_id):
            if grant.client_id == client_id:
                self.tokens.revoke(grant.token)

    def _access(self, account_id: str, client: Client, scopes: tuple[str, ...], *, origin: str) -> Grant:
        return self.tokens.issue(account_id, scopes, now=self.now(), client_id=client.id, origin=origin)

    def _random_text(self) -> str:
        # "/" and "-" as in Google's: only whoever encodes and decodes parameters properly gets them through.
        text = encode(self.random.randbytes(48))
        return f"{text[:8]}/{text[8:]}"
