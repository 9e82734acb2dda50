"""Canonical phone numbers: E.164 (ITU-T), computed only where a number says by itself, or by its region, what it means.

A canonical form is derived: it is never part of a contact's content or ETag.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from polydex.core.contact import Contact


def with_canonical_forms(contact: Contact, region: str | None = None) -> Contact:
    """The contact with ``canonicalForm`` on every number that can be understood.

    Args:
        contact: in normal form.
        region: two letters (ISO 3166) for numbers without ``+``; None: those have no canonical form.
    """
    numbers = contact.phone_numbers
    if not numbers:
        return contact
    region = region.upper() if region else None
    done = tuple(
        phone
        if phone.number is None or phone.canonical_form == (form := canonical(phone.number, region))
        else msgspec.structs.replace(phone, canonical_form=form)
        for phone in numbers
    )
    return msgspec.structs.replace(contact, phone_numbers=done)


def canonical(number: str, region: str | None = None) -> str | None:
    """E.164 as ``+41446681800``; None when the number cannot be understood, or has no country code and no region."""
    number = number.strip()
    if not number.startswith(("+", "\uff0b", "tel:+")) and region is None:
        return None
    return _canonical(number.removeprefix("tel:"), region)


@lru_cache(maxsize=8192)
def _canonical(number: str, region: str | None) -> str | None:
    import phonenumbers  # its tables take memory and time that an idle process need not pay

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    form: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return form
