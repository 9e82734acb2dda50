"""What Exchange makes of a contact by itself: its names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polydex_sandbox.exchange import properties as known
from polydex_sandbox.properties import Property

Properties = Mapping[Property, Any]


def completed(given: Properties) -> dict[Property, Any]:
    """A new contact with the names that it was not given. What Exchange does here is unconfirmed in its details."""
    made = dict(given)
    if not made.get(known.DISPLAY_NAME) and (name := display_name(made)):
        made[known.DISPLAY_NAME] = name
    if known.FILE_AS not in made and (filed := filed_as(made)):
        made[known.FILE_AS] = filed
    if known.SUBJECT not in made and (subject := made.get(known.DISPLAY_NAME)):
        made[known.SUBJECT] = subject
    return made


def refiled(before: Properties, changed: dict[Property, Any], touched: set[Property]) -> None:
    """Names that follow others: FileAs as its mapping says, Subject the display name. `changed` is changed."""
    if known.FILE_AS not in touched and changed.get(known.FILE_AS_MAPPING, "0") not in ("0", "65535"):
        filed = filed_as(changed)
        if filed is None:
            changed.pop(known.FILE_AS, None)
        else:
            changed[known.FILE_AS] = filed
    follows = before.get(known.SUBJECT) == before.get(known.DISPLAY_NAME)
    if known.DISPLAY_NAME in touched and known.SUBJECT not in touched and follows:
        if known.DISPLAY_NAME in changed:
            changed[known.SUBJECT] = changed[known.DISPLAY_NAME]
        else:
            changed.pop(known.SUBJECT, None)


def display_name(fields: Properties) -> str | None:
    """Of the name's parts, else of the company or the first e-mail address."""
    parts = _joined(fields, known.GIVEN_NAME, known.MIDDLE_NAME, known.SURNAME, known.GENERATION)
    return parts or fields.get(known.COMPANY) or _first_address(fields)


def filed_as(fields: Properties) -> str | None:
    """As the mapping says, or ``Surname, Given Middle``. See [MS-OXOCNTC] 2.2.1.1.12."""
    word = known.CHOICES["contacts:FileAsMapping"][1].get(fields.get(known.FILE_AS_MAPPING, ""), "None")
    first = _joined(fields, known.GIVEN_NAME, known.MIDDLE_NAME)
    last, company = fields.get(known.SURNAME, ""), fields.get(known.COMPANY, "")
    comma = ", ".join(part for part in (last, first) if part)
    space = _spaced(last, first)
    together = f"{last}{first}"
    suffix = fields.get(known.GENERATION, "")
    made = {
        "FirstSpaceLast": _spaced(first, last, suffix),
        "Company": company,
        "LastCommaFirstCompany": _lines(comma, company),
        "CompanyLastFirst": _lines(company, together),
        "LastFirst": together,
        "LastFirstCompany": _lines(together, company),
        "CompanyLastCommaFirst": _lines(company, comma),
        "LastFirstSuffix": _spaced(together, suffix),
        "LastSpaceFirstCompany": _lines(space, company),
        "CompanyLastSpaceFirst": _lines(company, space),
        "LastSpaceFirst": space,
        "DisplayName": fields.get(known.DISPLAY_NAME, ""),
        "FirstName": fields.get(known.GIVEN_NAME, ""),
        "LastFirstMiddleSuffix": _spaced(last, first, suffix),
        "LastName": last,
        "Empty": "",
    }.get(word, comma)
    if word in ("None", "LastCommaFirst"):
        made = made or company or _first_address(fields) or ""
    return made or None


def _joined(fields: Properties, *names: Property) -> str:
    return _spaced(*(fields.get(name, "") for name in names))


def _spaced(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _lines(*parts: str) -> str:
    return "\r\n".join(part for part in parts if part)


def _first_address(fields: Properties) -> str | None:
    return next((fields[slot["address"]] for slot in known.EMAILS.values() if fields.get(slot["address"])), None)
