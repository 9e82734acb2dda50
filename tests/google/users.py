"""Users of a sandbox that runs as a process of its own, as the settings of Polydex and the control API know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.sandbox import SandboxServer

CLIENT = "1000000000-sandbox.apps.googleusercontent.com"
SECRET = "GOCSPX-sandbox"
CONTACTS = "https://www.googleapis.com/auth/contacts"


def settings(google: SandboxServer) -> dict[str, str]:
    """The settings that point Polydex at a sandbox."""
    return {
        "POLYDEX_GOOGLE_API_URL": google.url,
        "POLYDEX_GOOGLE_TOKEN_URL": f"{google.url}/token",
        "POLYDEX_GOOGLE_REVOKE_URL": f"{google.url}/revoke",
        "POLYDEX_GOOGLE_CLIENT_ID": CLIENT,
        "POLYDEX_GOOGLE_CLIENT_SECRET": SECRET,
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }


@dataclass
class User:
    """Somebody with a Google account."""

    sandbox: SandboxServer
    email: str
    id: str

    @classmethod
    def new(cls, google: SandboxServer) -> User:
        made = google.new_account(name="Ada Example")
        return cls(google, made["email"], made["id"])

    def control(self, method: str, path: str, given: Any = None) -> Any:
        return self.sandbox.control(method, f"/accounts/{self.id}{path}", given)

    def grants(self, **given: Any) -> str:
        """The user lets a client in (``clientId``, by default the sandbox' own): a refresh token."""
        return str(self.control("POST", "/refreshTokens", given)["refreshToken"])

    def access(self, **given: Any) -> str:
        """An access token alone."""
        return str(self.control("POST", "/tokens", given)["accessToken"])

    def withdraws(self) -> None:
        """The user takes the access of every client away."""
        self.control("DELETE", "/grants")

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Requests of this user below a path, the oldest first."""
        return list(self.sandbox.control("GET", f"/requests?account={self.id}&path={path}")["requests"])
