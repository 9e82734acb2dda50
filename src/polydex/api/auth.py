"""Who is calling: Basic for an application, Bearer for an account, Basic and an account id for both at once."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from polydex.api.request import Fields
from polydex.core.errors import Forbidden, TokenDead, Unauthorized, Unsupported
from polydex.engine.accounts import Account, Accounts, App, Principal

ACCOUNT_HEADER = "X-Aurinko-Account-Id"

# Credentials of the Aurinko contract that belong to user sessions, which Polydex does not have; the last one stands
# beside a cookie, and beside Authorization it says nothing.
_SESSION, _AUTH_TYPE, _CLIENT_ID = "X-Aurinko-Session", "X-Aurinko-Auth-Type", "X-Aurinko-Client-Id"
_ACCOUNT_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Caller:
    """The caller of an operation: an application, an account, or nobody in particular."""

    app_: App | None = None
    principal: Principal | None = None

    @property
    def app(self) -> App:
        """The application; asked for only by operations that demand one."""
        assert self.app_ is not None  # noqa: S101 - the dispatcher has checked
        return self.app_

    @property
    def account(self) -> Account:
        """The account; asked for only by operations that demand one."""
        assert self.principal is not None  # noqa: S101 - the dispatcher has checked
        return self.principal.account


NOBODY = Caller()


async def application(accounts: Accounts, fields: Fields) -> Caller:
    """The application behind ``Authorization: Basic``. Raises Unauthorized."""
    scheme, credentials = _authorization(fields)
    if scheme != "basic":
        raise Unauthorized("This call needs the application's credentials (Basic)")
    return Caller(app_=await _app(accounts, credentials))


async def account(accounts: Accounts, fields: Fields, scope: str | None, *, alive: bool = True) -> Caller:
    """The account behind a Bearer token, or behind an application's credentials and ``X-Aurinko-Account-Id``.

    Args:
        alive: an account whose credentials the provider has refused for good is refused, too.

    Raises:
        Unauthorized: no credentials, or unknown ones.
        Forbidden: another application's account, or ``scope`` is missing.
        NotFound: the application has no account with this id.
        TokenDead: the provider has refused the account's credentials for good.
    """
    scheme, credentials = _authorization(fields)
    named = _first(fields, ACCOUNT_HEADER)
    if scheme == "bearer":
        principal = await accounts.authenticate(credentials)
        if named is not None and named.strip() != str(principal.account.id):
            raise Forbidden(f"The token belongs to another account than {ACCOUNT_HEADER} names")
    elif scheme == "basic":
        app = await _app(accounts, credentials)
        if named is None:
            raise Unauthorized(f"An application names the account that it acts on in {ACCOUNT_HEADER}")
        if not _ACCOUNT_ID.fullmatch(named.strip()):
            raise Unauthorized(f"{ACCOUNT_HEADER} is not an account id")
        principal = await accounts.act_for(app, int(named))
    else:
        raise Unauthorized("Authorization must be Bearer or Basic")
    if alive and principal.account.token_status == "dead":  # noqa: S105 - a state
        raise TokenDead
    if scope is not None and scope not in principal.scopes:
        raise Forbidden(f"The scope {scope} is missing")
    return Caller(principal=principal)


def _authorization(fields: Fields) -> tuple[str, str]:
    values = fields.get("authorization", ())
    unserved = None
    if _first(fields, _SESSION):
        unserved = _SESSION
    elif (_first(fields, _AUTH_TYPE) or "").strip().lower() not in ("", "default"):
        unserved = _AUTH_TYPE  # the Bearer beside it would be a token of somebody else's
    elif not values and _first(fields, _CLIENT_ID):
        unserved = _CLIENT_ID
    if unserved is not None:
        raise Unsupported(f"'{unserved}' is not served by Polydex: there are no user sessions")
    if not values:
        raise Unauthorized
    if len(values) > 1:
        raise Unauthorized("Authorization was sent more than once")
    scheme, _, credentials = values[0].strip().partition(" ")
    return scheme.lower(), credentials.strip()


def _first(fields: Fields, name: str) -> str | None:
    values = fields.get(name.lower())
    return values[0] if values else None


async def _app(accounts: Accounts, credentials: str) -> App:
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise Unauthorized("The Basic credentials cannot be read") from None
    if not colon or "\0" in client_id:
        raise Unauthorized
    return await accounts.authenticate_app(client_id, secret)
