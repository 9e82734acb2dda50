"""What an OAuth account holds in place of a password, as it is stored: sealed JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Tokens
from polydex.core.errors import Internal
from polydex.core.ids import AccountId
from polydex.engine.keys import Keys, secret_context
from polydex.store.accounts import Account

EARLY = 300.0
"""Seconds before its end that an access token is renewed, so that whoever gets one can work with it for a while."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant as it was stored. Times are unix milliseconds.

    Attributes:
        renew_at: from then on another access token is wanted.
        rotated_at: when the refresh token came in the place of another one; None for one that was handed over.
    """

    grant: Grant = field(repr=False)
    renew_at: int | None
    rotated_at: int | None = None

    def serves(self, refused: str | None, now: int) -> bool:
        """Whether the access token is one to be used.

        Args:
            refused: a token that the provider does not accept.
            now: unix milliseconds. What cannot be renewed is used for as long as the provider accepts it.
        """
        token = self.grant.access_token
        if not token or token == refused:
            return False
        return self.renew_at is None or now < self.renew_at or not self.grant.renewable

    def lasts(self, refused: str | None, now: int) -> bool:
        """Whether the access token has not ended, be it that another one is wanted. Arguments as for ``serves``."""
        token, ends = self.grant.access_token, self.grant.expires_at
        return bool(token) and token != refused and (ends is None or now < ends)


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    access_token: str
    refresh_token: str | None = None
    expires_at: int | None = None
    refresh_expires_at: int | None = None
    scopes: list[str] | None = None
    renew_at: int | None = None
    application: str | None = None
    rotated_at: int | None = None


def seal(keys: Keys, account: AccountId, grant: Grant, now: int, *, before: Kept | None = None) -> bytes:
    """The grant, encrypted for this account.

    Args:
        keys: of the installation.
        account: whose.
        grant: what is to be stored.
        now: unix milliseconds; what lives briefly is renewed at half its time.
        before: what a refresh has replaced; None for what was handed over.
    """
    return sealed(keys, secret_context(account), grant, now, before=before)


def sealed(keys: Keys, context: bytes, grant: Grant, now: int, *, before: Kept | None = None) -> bytes:
    """As ``seal``, for something else than an account. ``context``: what it is bound to."""
    rotated_at = None
    if before is not None:
        rotated_at = before.rotated_at if grant.renewed_like(before.grant) else now
    renew_at = None
    if grant.expires_at is not None:
        renew_at = grant.expires_at - min(int(EARLY * 1000), max(0, grant.expires_at - now) // 2)
    stored = _Stored(
        grant.access_token,
        grant.refresh_token,
        grant.expires_at,
        grant.refresh_expires_at,
        None if grant.scopes is None else sorted(grant.scopes),
        renew_at,
        grant.application,
        rotated_at,
    )
    return keys.encrypt(msgspec.json.encode(stored), context)


def opened(keys: Keys, account: AccountId, secret: bytes) -> Kept:
    """A grant that ``seal`` has sealed. Raises Internal."""
    return unsealed(keys, secret_context(account), secret)


def unsealed(keys: Keys, context: bytes, secret: bytes) -> Kept:
    """A grant that ``sealed`` has sealed. Raises Internal."""
    plain = keys.decrypt(secret, context)
    try:
        stored = msgspec.json.decode(plain, type=_Stored)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Internal(detail="the stored credentials are not those of an OAuth account") from None
    scopes = None if stored.scopes is None else frozenset(stored.scopes)
    grant = Grant(
        stored.access_token,
        stored.refresh_token,
        stored.expires_at,
        stored.refresh_expires_at,
        scopes,
        stored.application,
    )
    return Kept(grant, stored.renew_at, stored.rotated_at)


def credentials(account: Account, grant: Grant, tokens: Tokens) -> Credentials:
    """What a provider gets for an account of an OAuth service: the user's login means nothing to it."""
    return Credentials((account.login or "") if grant.application is not None else "", tokens=tokens)
