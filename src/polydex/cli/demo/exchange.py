"""An Exchange mailbox in the sandbox of the demonstration, and the user's Outlook to look and edit behind the product's back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from polydex.cli.demo.sandbox import control

COUNT = 250
EMAIL = "press@example.com"

_PASSWORD = "a password of the demonstration"  # noqa: S105 - of an account that ends with the demonstration
_ORIGINAL = {
    "GivenName": "Orson",
    "Surname": "Original",
    "ImAddresses": {"ImAddress1": "sip:orson@example.com"},
    "Children": ["Kim", "Robin"],
    "Profession": "Lighthouse keeper",
    "Initials": "O.O.",
    "PhoneNumbers": {"CarPhone": "+1 202-555-0123"},
}
"""A contact full of what the public interface does not have, or knows under another name."""


@dataclass(frozen=True, slots=True)
class ExchangeOutlook:
    """See ``outlook_tour.Outlook``.

    Attributes:
        url: of the sandbox.
    """

    url: str
    original: str
    password: str = field(default=_PASSWORD, repr=False)
    service: str = "Exchange"
    count: int = COUNT
    kept: tuple[str, ...] = ("ImAddresses", "Children", "Profession", "Initials", "PhoneNumbers")

    @property
    def credentials(self) -> dict[str, str]:
        return {"serviceType": "EWS", "loginString": EMAIL, "password": self.password, "serverUrl": self.url}

    def contacts(self) -> dict[str, dict[str, Any]]:
        return {contact["id"]: contact for contact in self._mailbox("GET", "contacts")["contacts"]}

    def contact(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._mailbox("GET", f"contacts/{key}")
        return found

    def note(self, key: str) -> str:
        return str(self.contact(key).get("Body"))

    def addresses(self, key: str) -> int:
        return len(self.contact(key)["EmailAddresses"])

    def rename(self, key: str, nickname: str) -> None:
        self._mailbox("PATCH", f"contacts/{key}", {"Nickname": nickname})

    def delete(self, key: str) -> None:
        self._mailbox("DELETE", f"contacts/{key}")

    def lose_sync_state(self) -> None:
        control(self.url, "PUT", f"accounts/{EMAIL}/quirks/exchange-sync-state-invalid", {"count": 1})

    def _mailbox(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, f"accounts/{EMAIL}/exchange/{path}", body)


def fill(url: str) -> ExchangeOutlook:
    """An account with made-up contacts. Raises ConfigInvalid."""
    control(url, "POST", "accounts", {"email": EMAIL, "name": "Press", "exchange": {"password": _PASSWORD}})
    mailbox = f"accounts/{EMAIL}/exchange/contacts"
    control(url, "POST", mailbox, {"count": COUNT - 1, "seed": 1})
    (original,) = control(url, "POST", mailbox, {"contacts": [_ORIGINAL]})["ids"]
    return ExchangeOutlook(url, original)
