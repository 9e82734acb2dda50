"""Service accounts: applications that sign in with a key of their own, for themselves or for users of a domain.

https://developers.google.com/identity/protocols/oauth2/service-account and RFC 7523.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeGuard
from urllib.parse import quote

from polydex_sandbox.accounts import Account, Accounts, UnknownAccount
from polydex_sandbox.identity.google.errors import OAuthError, bad_grant
from polydex_sandbox.identity.google.scopes import parse
from polydex_sandbox.identity.keys import Key, NotAToken, parts_of

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
"""The audience that google-auth writes whatever ``token_uri`` says; accepted besides the sandbox's own address."""
LONGEST = 3600
"""Seconds between ``iat`` and ``exp``."""
SKEW = 60
"""Seconds that a client's clock may be ahead; Google allows for some, how many is not documented."""

_PROJECT = "polydex-sandbox"


@dataclass
class ServiceAccount:
    """A service account.

    Attributes:
        account: its own account, with an address book that no user sees.
        client_id: 21 digits.
        delegation: scopes that the domain's administrator lets it have for every user (domain-wide delegation).
    """

    account: Account
    client_id: str
    delegation: tuple[str, ...] = ()
    key: Key = field(default_factory=Key)

    def file(self, base: str) -> dict[str, str]:
        """The JSON key file, as Google's console gives it out, for the sandbox at `base`."""
        email = self.account.email
        return {
            "type": "service_account",
            "project_id": _PROJECT,
            "private_key_id": self.key.id,
            "private_key": self.key.pem(),
            "client_email": email,
            "client_id": self.client_id,
            "auth_uri": f"{base}/o/oauth2/auth",
            "token_uri": f"{base}/token",
            "auth_provider_x509_cert_url": f"{base}/oauth2/v1/certs",
            "client_x509_cert_url": f"{base}/robot/v1/metadata/x509/{quote(email)}",
            "universe_domain": "googleapis.com",
        }


@dataclass(frozen=True)
class Assertion:
    """A JSON Web Token that has proved itself.

    Attributes:
        account: whom the access token is for.
        scopes: what it may do.
    """

    service: ServiceAccount
    account: Account
    scopes: tuple[str, ...]


class ServiceAccounts:
    """All service accounts by e-mail address."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._by_email: dict[str, ServiceAccount] = {}

    def add(self, account: Account, delegation: tuple[str, ...]) -> ServiceAccount:
        client_id = "1" + "".join(self._random.choice("0123456789") for _ in range(20))
        made = ServiceAccount(account, client_id, delegation)
        self._by_email[account.email.lower()] = made
        return made

    def get(self, email: str) -> ServiceAccount | None:
        return self._by_email.get(email.lower())

    def remove(self, email: str) -> None:
        self._by_email.pop(email.lower(), None)

    def owns(self, client_id: str) -> bool:
        """Whether this is the client id of a service account."""
        return any(each.client_id == client_id for each in self)

    def __iter__(self) -> Iterator[ServiceAccount]:
        return iter(list(self._by_email.values()))

    def check(self, token: str, audiences: Collection[str], accounts: Accounts, now: Callable[[], int]) -> Assertion:
        """Judge an assertion, in the words of Google's token endpoint.

        Args:
            token: the JSON Web Token.
            audiences: what ``aud`` may be.
            accounts: the users.
            now: Unix milliseconds.

        Raises OAuthError.
        """
        try:
            _, claims, _ = parts_of(token)
        except NotAToken:
            raise bad_grant("Bad Request") from None
        service = self.get(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if service is None:
            # https://github.com/googleapis/google-cloud-python/issues/10004: key and address have to fit, too.
            raise bad_grant("Invalid grant: account not found")
        try:
            service.key.verify(token)
        except NotAToken:
            raise bad_grant("Invalid JWT Signature.") from None
        if claims.get("aud") not in audiences:
            raise bad_grant(f"Invalid JWT: Failed audience check. The right audience is {next(iter(audiences))}")
        _check_times(claims, now() // 1000)
        scopes = _scopes(claims)
        return Assertion(service, _account(service, claims, scopes, accounts), scopes)


def _check_times(claims: dict[str, Any], now: int) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if (
        not _is_time(issued)
        or not _is_time(expires)
        or issued > now + SKEW
        or expires <= now
        or not 0 < expires - issued <= LONGEST
    ):
        raise bad_grant(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim."
        )


def _is_time(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scopes(claims: dict[str, Any]) -> tuple[str, ...]:
    asked = claims.get("scope")
    if not isinstance(asked, str) or not asked.strip():
        raise OAuthError("invalid_scope", "Empty or missing scope not allowed.")
    known, unknown = parse(asked)
    if unknown:
        raise OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    return known


def _account(service: ServiceAccount, claims: dict[str, Any], scopes: tuple[str, ...], accounts: Accounts) -> Account:
    subject = claims.get("sub")
    if subject is None or subject == service.account.email:
        return service.account
    if not isinstance(subject, str) or "@" not in subject:
        raise bad_grant("Invalid email or User ID")
    try:
        account = accounts.get(subject)
    except UnknownAccount:
        raise bad_grant("Invalid email or User ID") from None
    if not set(scopes) <= set(service.delegation):
        # https://github.com/googleapis/google-auth-library-nodejs/issues/916
        raise OAuthError(
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested.",
            401,
        )
    return account
