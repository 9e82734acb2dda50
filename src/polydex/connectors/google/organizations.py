"""organizations: one of them is the company; the others stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from polydex.connectors.google import wire
from polydex.connectors.google.entries import assign, is_own
from polydex.connectors.google.fields import Item, is_bare
from polydex.core.contact import Company, text

PARTS: Final = {
    "name": "name",
    "department": "department",
    "office_location": "location",
    "job_title": "title",
    "yomi_company_name": "phoneticName",
}
"""Ours -> Google's."""


def read(entries: tuple[wire.Organization, ...] | None) -> Company | None:
    """The company: the current organization, else the primary one, else the first."""
    if not entries:
        return None
    own = [entry for entry in entries if is_own(entry)]
    return _company(own[_chosen(own)]) if own else None


def _company(entry: wire.Organization) -> Company | None:
    company = Company(
        name=text(entry.name),
        department=text(entry.department),
        office_location=text(entry.location),
        job_title=text(entry.title),
        yomi_company_name=text(entry.phonetic_name),
    )
    return None if company == _NOBODY else company


_NOBODY = Company()


def _chosen(entries: Sequence[wire.Organization]) -> int:
    if len(entries) > 1:
        for at, entry in enumerate(entries):
            if entry.current:
                return at
        for at, entry in enumerate(entries):
            if entry.metadata is not None and (entry.metadata.primary or entry.metadata.source_primary):
                return at
    return 0


def edit(items: list[Item], before: Company, wanted: Company) -> list[Item]:
    """The contact's organizations with another company. One of which nothing is left goes."""
    entries = [msgspec.convert(item, wire.Organization) for item in items]
    place = _chosen(entries) if entries else 0
    item = dict(items[place]) if items else {}
    for part, member in PARTS.items():
        if getattr(wanted, part) != getattr(before, part):
            assign(item, member, getattr(wanted, part))
    kept = [] if is_bare(item) else [item]
    return [*items[:place], *kept, *items[place + 1 :]]
