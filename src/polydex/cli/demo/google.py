"""A Google account in the sandbox of the demonstration, and the user's phone to look and edit behind the product's back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from polydex.cli.demo.sandbox import control

COUNT = 250
EMAIL = "demo@example.com"
WEEK = 8 * 86_400
"""Seconds, a day more than Google's sync tokens live."""

_ORIGINAL = {
    "names": [{"givenName": "Olive", "familyName": "Original"}],
    "phoneNumbers": [{"value": "+1 202-555-0143", "type": "Boat house"}],
    "events": [{"type": "anniversary", "date": {"year": 2011, "month": 6, "day": 4}}],
    "imClients": [{"username": "olive", "protocol": "jabber", "type": "home"}],
    "relations": [{"person": "Kim", "type": "child"}],
    "userDefined": [{"key": "Shoe size", "value": "41"}],
    "clientData": [{"key": "another-program", "value": "keep me"}],
}
"""A contact full of what the public interface does not have."""


@dataclass(frozen=True, slots=True)
class Phone:
    """The user's phone: the control API of the sandbox (docs/reference/sandbox.md).

    Attributes:
        url: of the sandbox.
        tokens: access and refresh token of the account.
        original: resource name of the contact with everything that the public interface does not have.
    """

    url: str
    tokens: tuple[str, str] = field(repr=False)
    original: str

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Every contact as it truly is, by resource name."""
        return {person["resourceName"]: person for person in self._book("GET", "contacts")["people"]}

    def contact(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._book("GET", f"contacts/{name.removeprefix('people/')}")
        return found

    def edit(self, name: str, fields: dict[str, Any]) -> None:
        self._book("PATCH", f"contacts/{name.removeprefix('people/')}", fields)

    def delete(self, name: str) -> None:
        self._book("DELETE", f"contacts/{name.removeprefix('people/')}")

    def wait(self, seconds: int) -> None:
        """Let time pass at Google."""
        control(self.url, "POST", "clock", {"advance": seconds})

    def _book(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, f"accounts/{EMAIL}/google/{path}", body)


def fill(url: str) -> Phone:
    """An account with made-up contacts. Raises ConfigInvalid."""
    account = control(url, "POST", "accounts", {"email": EMAIL, "name": "Demo"})
    book = f"accounts/{EMAIL}/google/contacts"
    control(url, "POST", book, {"count": COUNT - 1, "seed": 1})
    (original,) = control(url, "POST", book, {"people": [_ORIGINAL]})["resourceNames"]
    return Phone(url, (account["accessToken"], account["refreshToken"]), original)
