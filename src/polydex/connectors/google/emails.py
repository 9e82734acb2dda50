"""emailAddresses."""

from __future__ import annotations

from polydex.connectors.google import wire
from polydex.connectors.google.entries import assign, is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import Email, text


def read(entries: tuple[wire.Email, ...] | None) -> tuple[Email, ...]:
    """The e-mail addresses in Google's order."""
    if not entries:
        return ()
    return tuple([email for entry in entries if is_own(entry) and (email := EMAILS.value(entry)) is not None])


class Emails:
    """How e-mail addresses stand in a person (see :class:`polydex.connectors.google.entries.Kind`)."""

    field = "emailAddresses"
    entry = wire.Email

    def value(self, entry: wire.Email) -> Email | None:
        address = text(entry.value)
        if address is None:
            return None
        return Email(address=address, name=text(entry.display_name), type=text(entry.type))

    def plain(self, value: Email) -> Email:
        return value

    def key(self, value: Email) -> object:
        return (value.address or "").casefold()

    def type(self, value: Email) -> object:
        return value.type

    def revise(self, item: Item, before: Email | None, after: Email) -> None:
        before = before or Email()
        if after.address != before.address:
            item["value"] = after.address
        if after.type != before.type:
            assign(item, "type", after.type)
        if after.name != before.name:
            assign(item, "displayName", after.name)


EMAILS = Emails()
