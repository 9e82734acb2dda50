"""Users of a sandbox that runs as a process of its own, and the services whose accounts they have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from tests.servers.sandbox import SandboxServer


@dataclass
class SandboxUser(ABC):
    """Somebody with an account."""

    sandbox: SandboxServer
    email: str
    id: str

    @classmethod
    def new(cls, sandbox: SandboxServer, **given: Any) -> Self:
        made = sandbox.new_account(name="Ada Example", **given)
        return cls(sandbox, made["email"], made["id"])

    def control(self, method: str, path: str, given: Any = None) -> Any:
        return self.sandbox.control(method, f"/accounts/{self.id}{path}", given)

    @abstractmethod
    def grants(self, **given: Any) -> str:
        """The user lets a client in (``clientId``, by default the sandbox' own): a refresh token."""

    def access(self, **given: Any) -> str:
        """An access token alone."""
        return str(self.control("POST", "/tokens", given)["accessToken"])

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Requests of this user below a path, the oldest first."""
        return list(self.sandbox.control("GET", f"/requests?account={self.id}&path={path}")["requests"])

    @abstractmethod
    def strictly(self) -> None:
        """Each of this user's refresh tokens is good for one use from now on, where the service knows of that."""

    @abstractmethod
    def withdraws(self) -> None:
        """The user takes the access of every client away."""

    @abstractmethod
    def writes_down(self, given_name: str, family_name: str) -> None:
        """The user adds a contact."""

    @abstractmethod
    def knows(self) -> list[str]:
        """The given names of the user's contacts."""


@dataclass(frozen=True)
class Service:
    """Accounts of one provider, as Polydex calls them.

    Attributes:
        name: at the command line.
        service_type: in the API.
        user: who has one.
        settings: those that point Polydex at a sandbox.
        secret: of the OAuth client in the settings.
        withdrawn: what an account whose access was withdrawn says of it, in a word.
    """

    name: str
    service_type: str
    user: type[SandboxUser]
    settings: Callable[[SandboxServer], dict[str, str]]
    secret: str
    withdrawn: str
