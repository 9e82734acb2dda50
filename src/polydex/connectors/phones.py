"""Canonical phone numbers: E.164 (ITU-T), computed only where a number says by itself, or by its region, what it means.

A canonical form is derived: it is never part of a contact's content or ETag.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from polydex.core.contact import Contact, Phone


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
    done = tuple([_with_form(phone, region) for phone in numbers])
    return msgspec.structs.replace(contact, phone_numbers=done)


def _with_form(phone: Phone, region: str | None) -> Phone:
    form = None if phone.number is None else canonical(phone.number, region)
    if phone.number is None or form == phone.canonical_form:
        return phone
    return Phone(number=phone.number, type=phone.type, canonical_form=form)


def canonical(number: str, region: str | None = None) -> str | None:
    """E.164 as ``+41446681800``; None when the number cannot be understood, or has no country code and no region."""
    number = number.strip()
    if not number.startswith(("+", "\uff0b", "tel:+")) and region is None:
        return None
    return _canonical(number.removeprefix("tel:"), region)


def _canonical(number: str, region: str | None) -> str | None:
    # Nearly every number with a country code is only digits and separators; understanding it in full costs ten times
    # as much, most of a card's mapping.
    if _INTERNATIONAL.fullmatch(number):
        digits = number.encode().translate(None, _SEPARATORS).decode()
        for length in (2, 3, 1):  # of the calling code; no code is the beginning of another one
            plan = _plan(digits[:length])
            if plan is not None:
                national = digits[length:]
                plain = len(national) in plan.lengths and national.strip("0")
                if plain and not (plan.prefix and plan.prefix.match(national)):
                    return "+" + digits
                break
    return _parsed(number, region)


_INTERNATIONAL = re.compile(r"\+[1-9][0-9 ()-]{4,30}[0-9]", re.ASCII)
_SEPARATORS = b"+ ()-"


class _Plan(msgspec.Struct, frozen=True):
    """What tells that a national number stands as it is dialled.

    Attributes:
        lengths: that a national number can have, with or without its area code.
        prefix: what is taken off the front of a national number, or rewritten.
    """

    lengths: frozenset[int]
    prefix: re.Pattern[str] | None


@lru_cache(maxsize=1024)
def _plan(code: str) -> _Plan | None:
    """The numbering plan behind a calling code, as ``phonenumbers`` has it; None when there is no such code."""
    import phonenumbers

    number = int(code)
    if number not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return None
    region = phonenumbers.region_code_for_country_code(number)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(number, region)
    general = metadata.general_desc if metadata is not None else None
    if metadata is None or general is None:
        return None
    lengths = {*general.possible_length, *general.possible_length_local_only}
    prefix = metadata.national_prefix_for_parsing
    return _Plan(frozenset(lengths), re.compile(prefix) if prefix else None)


@lru_cache(maxsize=8192)
def _parsed(number: str, region: str | None) -> str | None:
    import phonenumbers  # its tables take memory and time that an idle process need not pay

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    form: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return form
