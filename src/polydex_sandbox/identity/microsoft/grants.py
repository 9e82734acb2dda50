"""What users and administrators have allowed: consents, codes, refresh tokens, and the tokens that come of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from polydex_sandbox.accounts import Account
from polydex_sandbox.clock import DAY
from polydex_sandbox.identity.keys import encode
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.scopes import SIGN_IN, Scopes
from polydex_sandbox.identity.pkce import Challenge

CODE_LIFETIME = 600_000
"""Milliseconds that an authorization code lives: about ten minutes.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#successful-response
"""
LIFETIME = 90 * DAY
"""Of a refresh token (https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime)."""
SINGLE_PAGE_LIFETIME = DAY
"""Of all refresh tokens of a single-page app together, from the first one (same place)."""


@dataclass
class Code:
    """An authorization code, good for one use.

    Attributes:
        tenant: the name in the path of the request for authorization.
    """

    value: str
    account: Account
    client_id: str
    tenant: str
    redirect_uri: str
    scopes: Scopes
    challenge: Challenge | None
    nonce: str | None
    issued: int
    used: bool = False


@dataclass
class RefreshToken:
    """A refresh token; using it gives another one.

    Attributes:
        origin: the refresh token that this one came of; "" when it came of a code.
        issued, used: Unix milliseconds; `used` is the latest use, None before the first.
        expires: Unix milliseconds.
        revoked: Unix milliseconds since when it is, or None.
        spent: it was used, and strictly may not be used again.
    """

    value: str
    account: Account
    client_id: str
    scopes: Scopes
    origin: str
    issued: int
    expires: int
    used: int | None = None
    revoked: int | None = None
    spent: bool = False


@dataclass
class Grants:
    """All of it, in memory.

    Args:
        now: Unix milliseconds.
        random: makes the tokens.
    """

    now: Callable[[], int]
    random: Random
    _consents: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _assumed: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)
    _refresh: dict[str, RefreshToken] = field(default_factory=dict)

    # --- consent of users ------------------------------------------------------------------------------------------

    def consent(self, account_id: str, client_id: str) -> tuple[str, ...]:
        """What a user has allowed so far, by short names."""
        return self._consents.get((account_id, client_id), ())

    def allow(self, account_id: str, client_id: str, names: Iterable[str]) -> None:
        """The user allows these, besides those allowed before, and signing in with them."""
        before = self.consent(account_id, client_id)
        self._consents[account_id, client_id] = tuple(dict.fromkeys([*before, *names, *SIGN_IN]))

    def assume(self, account_id: str, client_id: str, names: Iterable[str]) -> None:
        """What a refresh token that was made without any page stands on; the pages ask all the same."""
        before = self.assumed(account_id, client_id)
        self._assumed[account_id, client_id] = tuple(dict.fromkeys([*before, *names, *SIGN_IN]))

    def assumed(self, account_id: str, client_id: str) -> tuple[str, ...]:
        return self._assumed.get((account_id, client_id), ())

    def withdraw(self, account_id: str, client_id: str) -> None:
        """The user takes it back; refresh tokens stay, and are of no use without it."""
        self._consents.pop((account_id, client_id), None)
        self._assumed.pop((account_id, client_id), None)

    def consents(self, account_id: str) -> dict[str, tuple[str, ...]]:
        """Client id -> what is allowed."""
        return {client: names for (account, client), names in self._consents.items() if account == account_id}

    # --- codes -----------------------------------------------------------------------------------------------------

    def code(
        self,
        account: Account,
        client: Client,
        tenant: str,
        redirect_uri: str,
        scopes: Scopes,
        *,
        challenge: Challenge | None = None,
        nonce: str | None = None,
    ) -> str:
        """A new authorization code."""
        value = self._random_text("M.C5_SBX.2.U." if account.personal else "1.A")
        made = Code(value, account, client.id, tenant, redirect_uri, scopes, challenge, nonce, self.now())
        self._codes[value] = made
        return value

    def code_of(self, value: str) -> Code | None:
        return self._codes.get(value)

    def redeem(self, value: str, client: Client, redirect_uri: str, verifier: str | None) -> Code:
        """The code, which is used now. Raises StsError; a code that is refused is as good as before."""
        code = self._codes.get(value)
        if code is None:
            raise errors.malformed("invalid_grant")
        if code.client_id != client.id:
            # Which number Microsoft gives could not be confirmed.
            raise errors.bad_grant(70000, "The provided value for the 'code' parameter is not valid.", "bad_token")
        if code.used:
            # Unlike RFC 6749, section 4.1.2, recommends, nothing is taken back.
            raise errors.bad_grant(
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
                "refresh token.",
            )
        if self.now() >= code.issued + CODE_LIFETIME:
            raise errors.bad_grant(
                70008,
                "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
                "authorization request for this user and resource.",
            )
        if redirect_uri != code.redirect_uri:
            raise errors.StsError(
                "invalid_client",
                500112,
                f"The reply address '{redirect_uri}' does not match the reply address '{code.redirect_uri}' provided when "
                "requesting Authorization code.",
            )
        if code.challenge is not None and not code.challenge.fits(verifier or ""):
            raise errors.bad_grant(
                501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."
            )
        code.used = True
        return code

    # --- refresh tokens --------------------------------------------------------------------------------------------

    def refreshable(
        self,
        account: Account,
        client: Client,
        scopes: Scopes,
        *,
        origin: RefreshToken | None = None,
        value: str | None = None,
    ) -> RefreshToken:
        """A new refresh token, or the given one."""
        now = self.now()
        expires = now + LIFETIME
        if client.platform == "spa":
            expires = origin.expires if origin is not None else now + SINGLE_PAGE_LIFETIME
        value = value or self._random_text("M.C5_SBX.0.U.-" if account.personal else "1.A")
        made = RefreshToken(value, account, client.id, scopes, origin.value if origin else "", now, expires)
        self._refresh[value] = made
        return made

    def refresh_token(self, value: str) -> RefreshToken | None:
        """Whatever became of it."""
        return self._refresh.get(value)

    def refusal(self, token: RefreshToken, client: Client, granted: Iterable[str]) -> errors.StsError | None:
        """Why a refresh token is good for nothing now; None when it is good.

        Args:
            token: which.
            client: who asks.
            granted: what its user and the administrator have allowed to this client, by short names.
        """
        account = token.account
        if token.client_id != client.id or token.spent:
            return errors.bad_refresh_token()
        if self.now() >= token.expires:
            if client.platform == "spa":
                return errors.single_page_over(token.issued)
            return errors.personal_over() if account.personal else errors.inactive(token.issued)
        if token.revoked is not None:
            return errors.personal_over() if account.personal else errors.revoked(token.issued, token.revoked)
        if not set(token.scopes.permissions) <= set(granted) or not granted:
            return errors.unconsented(client.id, client.name)
        return None

    def end_family(self, token: RefreshToken) -> None:
        """Neither it, nor those that it came of, nor those that came of them may be used any more."""
        root = self._root(token)
        for each in self._refresh.values():
            if self._root(each) == root:
                each.spent = True

    def _root(self, token: RefreshToken) -> str:
        while token.origin in self._refresh:
            token = self._refresh[token.origin]
        return token.value

    def refresh_tokens(self, account_id: str) -> Iterator[RefreshToken]:
        """In the order of their issue, dead ones too."""
        return iter([each for each in self._refresh.values() if each.account.id == account_id])

    def expire(self, value: str) -> None:
        """Raises KeyError."""
        self._refresh[value].expires = self.now()

    def revoke(self, account_id: str, clients: Iterable[str]) -> None:
        """The refresh tokens that these clients have of this user are good for nothing from now on."""
        affected = set(clients)
        for each in self.refresh_tokens(account_id):
            if each.client_id in affected and each.revoked is None:
                each.revoked = self.now()

    def forget(self, account_id: str) -> None:
        """Everything of an account that is no more."""
        self._consents = {key: value for key, value in self._consents.items() if key[0] != account_id}
        self._assumed = {key: value for key, value in self._assumed.items() if key[0] != account_id}
        self._codes = {value: code for value, code in self._codes.items() if code.account.id != account_id}
        self._refresh = {value: each for value, each in self._refresh.items() if each.account.id != account_id}

    def _random_text(self, begin: str) -> str:
        """Long, and with characters that only whoever encodes parameters properly gets through, as Microsoft's."""
        text = encode(self.random.randbytes(240))
        return f"{begin}{text[:40]}!{text[40:90]}*{text[90:]}$$"


def pairwise(client_id: str, oid: str) -> str:
    """``sub``: the user, as this application alone knows them."""
    return encode(hashlib.sha256(f"{client_id}/{oid}".encode()).digest())
