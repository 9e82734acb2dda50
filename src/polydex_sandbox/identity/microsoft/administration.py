"""What the administrators of directories have decided: which applications are there, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Installed:
    """An application in a directory (its service principal).

    Attributes:
        roles: application permissions that were granted, by their short names.
        scopes: delegated permissions that were granted for all users of the directory, by their short names.
    """

    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass
class Administration:
    """Of all directories, in memory.

    Attributes:
        restricted: the directories whose users may not consent for themselves, by GUID.
    """

    restricted: set[str] = field(default_factory=set)
    _installed: dict[tuple[str, str], Installed] = field(default_factory=dict)

    def installed(self, tenant: str, client_id: str) -> Installed | None:
        return self._installed.get((tenant, client_id))

    def install(self, tenant: str, client_id: str) -> Installed:
        """It is there from now on, with what it was granted before."""
        return self._installed.setdefault((tenant, client_id), Installed())

    def grant(self, tenant: str, client_id: str, roles: Iterable[str], scopes: Iterable[str]) -> None:
        """In place of what was granted before."""
        self._installed[tenant, client_id] = Installed(tuple(roles), tuple(scopes))

    def remove(self, tenant: str, client_id: str) -> None:
        """The application is not in the directory any more."""
        self._installed.pop((tenant, client_id), None)

    def of(self, tenant: str) -> dict[str, Installed]:
        """Client id -> what is there."""
        return {client: found for (where, client), found in self._installed.items() if where == tenant}
