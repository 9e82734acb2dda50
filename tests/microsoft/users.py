"""Users of a sandbox that runs as a process of its own, as the settings of Polydex and the control API know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.sandbox import SandboxServer

CLIENT = "5a9db0c5-0000-4000-8000-c0ffee00c11e"
SECRET = "sbx8Q~sandbox-secret"
TENANT = "c0ffee00-5a4d-4b0c-8d0e-5a9db0c50001"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
STRICT = "identity-microsoft-strict-rotation"


def settings(sandbox: SandboxServer, tenant: str = "common") -> dict[str, str]:
    """The settings that point Polydex at a sandbox."""
    return {
        "POLYDEX_GRAPH_API_URL": sandbox.url,
        "POLYDEX_MICROSOFT_TOKEN_URL": f"{sandbox.url}/{tenant}/oauth2/v2.0/token",
        "POLYDEX_MICROSOFT_CLIENT_ID": CLIENT,
        "POLYDEX_MICROSOFT_CLIENT_SECRET": SECRET,
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }


@dataclass
class User:
    """Somebody with a Microsoft account."""

    sandbox: SandboxServer
    email: str
    id: str

    @classmethod
    def new(cls, sandbox: SandboxServer, **given: Any) -> User:
        made = sandbox.new_account(name="Ada Example", **given)
        return cls(sandbox, made["email"], made["id"])

    def control(self, method: str, path: str, given: Any = None) -> Any:
        return self.sandbox.control(method, f"/accounts/{self.id}{path}", given)

    def grants(self, **given: Any) -> str:
        """The user lets a client in (``clientId``, by default the sandbox' own): a refresh token.

        ``scopes``: what they consent to, and nothing else, in place of all that it asks for.
        """
        if "scopes" in given:
            self.control("DELETE", "/microsoft/grants")
        return str(self.control("POST", "/microsoft/refreshTokens", given)["refreshToken"])

    def access(self, **given: Any) -> str:
        """An access token alone."""
        return str(self.control("POST", "/tokens", given)["accessToken"])

    def strictly(self) -> None:
        """Each of this user's refresh tokens is good for one use from now on."""
        self.control("PUT", f"/quirks/{STRICT}", {})

    def withdraws(self) -> None:
        """The user takes the access of every client away, and their sessions with it."""
        self.control("DELETE", "/microsoft/grants")
        self.control("POST", "/tokens/revoke", {})

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Requests of this user below a path, the oldest first."""
        return list(self.sandbox.control("GET", f"/requests?account={self.id}&path={path}")["requests"])


def admit(sandbox: SandboxServer, *roles: str, client: str = CLIENT, tenant: str = TENANT) -> None:
    """The administrator of a tenant lets an application itself in."""
    sandbox.control("PUT", f"/microsoft/tenants/{tenant}/clients/{client}", {"roles": list(roles)})
