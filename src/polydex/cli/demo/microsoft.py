"""A Microsoft mailbox in the sandbox of the demonstration, and the user's Outlook to look and edit behind the product's back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from polydex.cli.demo.sandbox import control

COUNT = 250
EMAIL = "office@example.com"

_ORIGINAL = {
    "givenName": "Orson",
    "surname": "Original",
    "imAddresses": ["sip:orson@example.com"],
    "children": ["Kim", "Robin"],
    "profession": "Lighthouse keeper",
    "initials": "O.O.",
    "emailAddresses": [{"name": "Orson at work", "address": "orson@example.com"}],
}
"""A contact full of what the public interface does not have."""


@dataclass(frozen=True, slots=True)
class MicrosoftOutlook:
    """See ``outlook_tour.Outlook``.

    Attributes:
        url: of the sandbox.
        refresh_token: of the account.
    """

    url: str
    refresh_token: str = field(repr=False)
    original: str
    service: str = "Microsoft"
    count: int = COUNT
    kept: tuple[str, ...] = ("imAddresses", "children", "profession", "initials", "emailAddresses")

    @property
    def credentials(self) -> dict[str, str]:
        return {"serviceType": "Office365", "authString2": self.refresh_token}

    def contacts(self) -> dict[str, dict[str, Any]]:
        return {contact["id"]: contact for contact in self._mailbox("GET", "contacts")["contacts"]}

    def contact(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._mailbox("GET", f"contacts/{key}")
        return found

    def note(self, key: str) -> str:
        return str(self.contact(key).get("personalNotes"))

    def addresses(self, key: str) -> int:
        return len(self.contact(key)["emailAddresses"])

    def rename(self, key: str, nickname: str) -> None:
        self._mailbox("PATCH", f"contacts/{key}", {"nickName": nickname})

    def delete(self, key: str) -> None:
        self._mailbox("DELETE", f"contacts/{key}")

    def lose_sync_state(self) -> None:
        control(self.url, "PUT", f"accounts/{EMAIL}/quirks/graph-sync-state-expired", {"count": 1})

    def _mailbox(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, f"accounts/{EMAIL}/microsoft/{path}", body)


def fill(url: str) -> MicrosoftOutlook:
    """An account with made-up contacts. Raises ConfigInvalid."""
    account = control(url, "POST", "accounts", {"email": EMAIL, "name": "Office"})
    mailbox = f"accounts/{EMAIL}/microsoft/contacts"
    control(url, "POST", mailbox, {"count": COUNT - 1, "seed": 1})
    (original,) = control(url, "POST", mailbox, {"contacts": [_ORIGINAL]})["ids"]
    return MicrosoftOutlook(url, account["microsoftRefreshToken"], original)
