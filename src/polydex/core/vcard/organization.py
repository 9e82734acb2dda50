"""ORG, TITLE and X-PHONETIC-ORG: the company and the place in it."""

from __future__ import annotations

from polydex.core.contact import Company, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import components, escape
from polydex.core.vcard.lines import Line

_UNITS = ("name", "department", "office_location")
"""In the order of ORG; the third is Evolution's convention, further units are kept and not shown."""


def read(card: Card) -> Company | None:
    """The company, or None."""
    name = department = office = None
    line = card.first("ORG")
    if line is not None:
        units = card.texts(line)[:3]
        name, department, office = units + [None] * (3 - len(units))
    title = card.first("TITLE")
    job = text(card.text(title)) if title is not None else None
    phonetic = card.first("X-PHONETIC-ORG")
    yomi = text(card.text(phonetic)) if phonetic is not None else None
    if not (name or department or office or job or yomi):
        return None
    return Company(name=name, department=department, office_location=office, job_title=job, yomi_company_name=yomi)


def edit(card: Card, before: Company, wanted: Company) -> None:
    """Change the parts that differ from what the card says (``before``)."""
    changes = {
        place: value for place, part in enumerate(_UNITS) if (value := getattr(wanted, part)) != getattr(before, part)
    }
    if changes:
        _edit_org(card, changes)
    if wanted.job_title != before.job_title:
        _edit_first(card, "TITLE", None if wanted.job_title is None else card.escape(wanted.job_title))
    if wanted.yomi_company_name != before.yomi_company_name:
        card.set_text("X-PHONETIC-ORG", wanted.yomi_company_name)


def _edit_org(card: Card, changes: dict[int, str | None]) -> None:
    line = card.first("ORG")
    units = components(line.value) if line is not None else []
    units += [""] * (max(changes) + 1 - len(units))
    for place, value in changes.items():
        units[place] = escape(value or "", old=card.old)
    while units and not units[-1]:
        units.pop()
    _edit_first(card, "ORG", ";".join(units) or None)


def _edit_first(card: Card, name: str, value: str | None) -> None:
    """Set or clear the first of several lines; cleared, it stays as an empty one, or the next would take its place."""
    line = card.first(name)
    if line is None:
        if value is not None:
            card.insert(Line.make(name, value, card.version))
    elif value is None and len(card.all(name)) == 1:
        card.remove(line)
    else:
        card.replace(line, line.revised(card.version, value=value or ""))
