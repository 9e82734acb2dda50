"""The names that a contact needs and nobody has set: Outlook lists contacts by ``FileAs``, and shows ``DisplayName``."""

from __future__ import annotations

from polydex.core.contact import Company, Contact, Name


def display_name(contact: Contact) -> str | None:
    """Of the parts of the name, else of the company, else the first e-mail address, as Exchange would make it."""
    name = contact.name or Name()
    return _joined(name.given_name, name.middle_name, name.family_name, name.suffix) or _other(contact)


def file_as(contact: Contact) -> str | None:
    """``Family, Given Middle``, Outlook's default, else as the display name."""
    name = contact.name or Name()
    first = _joined(name.given_name, name.middle_name)
    parts = [part for part in (name.family_name, first) if part]
    return ", ".join(parts) or name.display_name or _other(contact)


def _other(contact: Contact) -> str | None:
    company = (contact.company or Company()).name
    return company or next((email.address for email in contact.email_addresses if email.address), None)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
