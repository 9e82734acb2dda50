"""Access tokens: whose they are, what they allow, how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

LIFETIME = 3_599_000
"""Milliseconds that an access token of Google lives: ``expires_in`` is 3599 (RFC 6749 leaves it to the server)."""


@dataclass(frozen=True)
class Grant:
    """What an access token stands for.

    Attributes:
        token: the token itself.
        account_id: whose it is; "" when it is the application's own (client credentials).
        scopes: what it allows, each a whole scope (``https://www.googleapis.com/auth/contacts``,
            ``https://graph.microsoft.com/Contacts.ReadWrite``); of an application its roles, written in the same way.
        expires: Unix milliseconds.
        client_id: the application that it was given to.
        origin: the refresh token or code that it came of; "" when there was none.
        tenant: the directory of Microsoft's that gave it, a GUID: an application's reaches every mailbox there; "" for a
            token that Microsoft did not give.
    """

    token: str
    account_id: str
    scopes: frozenset[str]
    expires: int
    client_id: str
    origin: str = ""
    tenant: str = ""

    @property
    def application(self) -> bool:
        """Whether it is the application's own, and no user's."""
        return not self.account_id


class Identity(Protocol):
    """Who a bearer token speaks for; all that a provider of the sandbox knows of authentication."""

    def access(self, token: str) -> Grant | None:
        """The token's grant, also when it has expired; None when there is no such token or it was revoked."""


class AccessTokens:
    """An `Identity` in memory."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._grants: dict[str, Grant] = {}

    def access(self, token: str) -> Grant | None:
        return self._grants.get(token)

    def issue(
        self,
        account_id: str,
        scopes: Iterable[str],
        *,
        now: int,
        client_id: str,
        token: str | None = None,
        lifetime: int = LIFETIME,
        origin: str = "",
        tenant: str = "",
    ) -> Grant:
        """A new token, or the given one; lifetime in milliseconds."""
        token = token or f"ya29.sandbox-{self._random.getrandbits(160):040x}"
        grant = Grant(token, account_id, frozenset(scopes), now + lifetime, client_id, origin, tenant)
        self._grants[token] = grant
        return grant

    def expire(self, token: str, now: int) -> None:
        """From now on it is refused as expired. Raises KeyError."""
        self._grants[token] = replace(self._grants[token], expires=now)

    def revoke(self, token: str) -> None:
        """From now on it is unknown. Raises KeyError."""
        del self._grants[token]

    def of(self, account_id: str) -> Iterator[Grant]:
        return iter([grant for grant in self._grants.values() if grant.account_id == account_id])
