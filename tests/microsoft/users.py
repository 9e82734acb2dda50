"""Users of a sandbox that runs as a process of its own, as the settings of Polydex and the control API know them."""

from __future__ import annotations

from typing import Any

from tests.providers.users import SandboxUser, Service
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


class User(SandboxUser):
    """Somebody with a Microsoft account."""

    def grants(self, **given: Any) -> str:
        """The user lets a client in (``clientId``, by default the sandbox' own): a refresh token.

        ``scopes``: what they consent to, and nothing else, in place of all that it asks for.
        """
        if "scopes" in given:
            self.control("DELETE", "/microsoft/grants")
        return str(self.control("POST", "/microsoft/refreshTokens", given)["refreshToken"])

    def strictly(self) -> None:
        """Each of this user's refresh tokens is good for one use from now on."""
        self.control("PUT", f"/quirks/{STRICT}", {})

    def withdraws(self) -> None:
        """The user takes the access of every client away, and their sessions with it."""
        self.control("DELETE", "/microsoft/grants")
        self.control("POST", "/tokens/revoke", {})

    def writes_down(self, given_name: str, family_name: str) -> None:
        contact = {"givenName": given_name, "surname": family_name}
        self.control("POST", "/microsoft/contacts", {"contacts": [contact]})

    def knows(self) -> list[str]:
        return [contact["givenName"] for contact in self.control("GET", "/microsoft/contacts")["contacts"]]


def admit(sandbox: SandboxServer, *roles: str, client: str = CLIENT, tenant: str = TENANT) -> None:
    """The administrator of a tenant lets an application itself in."""
    sandbox.control("PUT", f"/microsoft/tenants/{tenant}/clients/{client}", {"roles": list(roles)})


MICROSOFT = Service("microsoft", "Office365", User, settings, SECRET, withdrawn="withdrawn")
