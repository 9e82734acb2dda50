"""The tokens of accounts of OAuth services (RFC 6749)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from polydex.core.errors import ProviderUnauthorized


class Tokens(Protocol):
    """The access tokens of one account, which the engine keeps fresh for all who wait, in any process."""

    async def current(self) -> str:
        """A token that is good for some minutes. Raises TokenDead, TokenRefreshFailed, ProviderUnavailable."""
        ...

    async def renewed(self, refused: str) -> str:
        """Another one, after the provider answered 401 to ``refused``. Asked once per call: a 401 to this one, too, is
        ProviderUnauthorized. Raises as ``current``, and ProviderUnauthorized when there is no other.
        """
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint gave (RFC 6749 section 5.1), or an application handed over.

    Attributes:
        access_token: may be empty in what an application hands over: then it is refreshed at once.
        refresh_token: None when the answer has none: the one that was used stays good.
        expires_at: of the access token, unix milliseconds; None when nobody said.
        refresh_expires_at: of the refresh token, where the provider tells; Google does in testing mode.
        scopes: what the tokens are good for, where the answer tells.
        application: the tenant in which the application itself was granted access (RFC 6749 section 4.4): it gets its
            tokens without a refresh token.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    refresh_expires_at: int | None = None
    scopes: frozenset[str] | None = None
    application: str | None = None

    @property
    def renewable(self) -> bool:
        """Whether another access token can be had without the user."""
        return self.refresh_token is not None or self.application is not None

    def renewed_like(self, other: Grant) -> bool:
        """Whether both get their access tokens with the same: what was found out with the one holds for the other."""
        return (self.refresh_token, self.application) == (other.refresh_token, other.application)

    def followed_by(self, newer: Grant) -> Grant:
        """What is granted after a refresh: what the answer does not say stays as it was."""
        rotated = newer.refresh_token not in (None, self.refresh_token)
        kept = None if rotated else self.refresh_expires_at
        return replace(
            newer,
            refresh_token=newer.refresh_token or self.refresh_token,
            refresh_expires_at=kept if newer.refresh_expires_at is None else newer.refresh_expires_at,
            scopes=self.scopes if newer.scopes is None else newer.scopes,
            application=self.application,
        )


@runtime_checkable
class Looking(Tokens, Protocol):
    """Tokens that are looked at: those of a probe."""

    async def look(self) -> Grant:
        """What is granted, with an access token that was given just now, where it can be had. Raises as ``current``."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens of a login that is tried. Nothing is refreshed."""

    grant: Grant = field(repr=False)

    async def current(self) -> str:
        """The access token."""
        return self.grant.access_token

    async def look(self) -> Grant:
        """What is held."""
        return self.grant

    async def renewed(self, refused: str) -> str:
        """There is no other. Raises ProviderUnauthorized."""
        del refused
        raise ProviderUnauthorized("The provider refused the access token")
