"""Users of a sandbox that runs as a process of its own, as the settings of Polydex and the control API know them."""

from __future__ import annotations

from typing import Any

from tests.providers.users import SandboxUser, Service
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


class User(SandboxUser):
    """Somebody with a Google account."""

    def grants(self, **given: Any) -> str:
        """The user lets a client in (``clientId``, by default the sandbox' own): a refresh token."""
        return str(self.control("POST", "/refreshTokens", given)["refreshToken"])

    def strictly(self) -> None:
        """They are good for many at Google."""

    def withdraws(self) -> None:
        """The user takes the access of every client away."""
        self.control("DELETE", "/grants")

    def writes_down(self, given_name: str, family_name: str) -> None:
        person = {"names": [{"givenName": given_name, "familyName": family_name}]}
        assert len(self.control("POST", "/google/contacts", {"people": [person]})["resourceNames"]) == 1

    def knows(self) -> list[str]:
        return [person["names"][0]["givenName"] for person in self.control("GET", "/google/contacts")["people"]]


GOOGLE = Service("google", "Google", User, settings, SECRET, withdrawn="revoked")
