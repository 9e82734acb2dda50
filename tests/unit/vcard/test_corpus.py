"""Cards as real programs write them: what they mean, and that an update of one field touches that field's lines alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from polydex.core import vcard
from polydex.core.contact import (
    Address,
    AddressType,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
    without_photo_content,
)
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from polydex.core.vcard.lines import Line, parse, render
from tests.unit.vcard.corpus import CARDS, FOLDER

CONTACTS = {name: found for name, raw in CARDS.items() if (found := vcard.read(raw).contact) is not None}
GROUPS = sorted(CARDS.keys() - CONTACTS.keys())
LABELS = ("X-ABLABEL",)
PHOTO = Photo.of(b"\xff\xd8\xff\xe0 another", "image/jpeg")

Update = Callable[[Contact], Patch]
UPDATES: dict[str, tuple[Update, tuple[str, ...]]] = {
    "given name": (lambda _: Patch(name=NamePatch(given_name="New")), ("N",)),
    "family name": (lambda _: Patch(name=NamePatch(family_name="New")), ("N",)),
    "display name": (lambda _: Patch(name=NamePatch(display_name="New")), ("FN",)),
    "phonetic name": (lambda _: Patch(name=NamePatch(yomi_given_name="n")), ("X-PHONETIC-FIRST-NAME", "N")),
    "nick name": (lambda _: Patch(nick_name="New"), ("NICKNAME",)),
    "no nick name": (lambda _: Patch(nick_name=None), ("NICKNAME",)),
    "file as": (lambda _: Patch(file_as="New"), ("X-EVOLUTION-FILE-AS",)),
    "company": (lambda _: Patch(company=CompanyPatch(name="New")), ("ORG",)),
    "department": (lambda _: Patch(company=CompanyPatch(department="New")), ("ORG",)),
    "job title": (lambda _: Patch(company=CompanyPatch(job_title="New")), ("TITLE",)),
    "phonetic company": (lambda _: Patch(company=CompanyPatch(yomi_company_name="n")), ("X-PHONETIC-ORG",)),
    "no company": (lambda _: Patch(company=None), ("ORG", "TITLE", "X-PHONETIC-ORG")),
    "birthday": (lambda _: Patch(birthday="2001-02-03"), ("BDAY",)),
    "no birthday": (lambda _: Patch(birthday=None), ("BDAY",)),
    "notes": (lambda _: Patch(notes="New\nlines"), ("NOTE",)),
    "no notes": (lambda _: Patch(notes=None), ("NOTE",)),
    "keyword added": (lambda c: Patch(keywords=(*c.keywords, "New")), ("CATEGORIES",)),
    "no keywords": (lambda _: Patch(keywords=()), ("CATEGORIES",)),
    "photo": (lambda _: Patch(photo=PHOTO), ("PHOTO", "X-ABCROP-RECTANGLE")),
    "no photo": (lambda _: Patch(photo=None), ("PHOTO", "X-ABCROP-RECTANGLE")),
    "email added": (
        lambda c: Patch(email_addresses=(*c.email_addresses, Email(address="new@example.com", type="New"))),
        ("EMAIL",),
    ),
    "no email": (lambda _: Patch(email_addresses=()), ("EMAIL",)),
    "phone added": (
        lambda c: Patch(phone_numbers=(*c.phone_numbers, Phone(number="0", type=PhoneType.PAGER))),
        ("TEL",),
    ),
    "first phone removed": (lambda c: Patch(phone_numbers=c.phone_numbers[1:]), ("TEL",)),
    "phones reversed": (lambda c: Patch(phone_numbers=c.phone_numbers[::-1]), ("TEL",)),
    "address added": (
        lambda c: Patch(addresses=(*c.addresses, Address(street="New", type=AddressType.OTHER))),
        ("ADR", "LABEL"),
    ),
    "no addresses": (lambda _: Patch(addresses=()), ("ADR", "LABEL", "X-ABADR")),
    "url added": (
        lambda c: Patch(urls=(*c.urls, Url(href="https://new.example.com", type=UrlType.HOME_PAGE))),
        ("URL",),
    ),
    "no urls": (lambda _: Patch(urls=()), ("URL", "X-EVOLUTION-BLOG-URL")),
    "relation added": (
        lambda c: Patch(relations=(*c.relations, Relation(name="New", type=RelationType.MANAGER))),
        ("X-ABRELATEDNAMES", "RELATED"),
    ),
    "no relations": (
        lambda _: Patch(relations=()),
        ("X-ABRELATEDNAMES", "RELATED", "X-EVOLUTION-MANAGER", "X-EVOLUTION-ASSISTANT", "X-EVOLUTION-SPOUSE"),
    ),
    "native property": (lambda _: Patch(native_properties={"X-NEW": "a\nb"}), ("X-NEW",)),
}
ADDING = sorted(name for name in UPDATES if name.endswith("added"))


def changed(raw: bytes, result: bytes) -> tuple[list[Line], list[Line]]:
    """The lines that went and those that came, wherever they stand."""
    before, after = parse(raw), parse(result)
    old, new = (Counter(ending(line) for line in lines) for lines in (before, after))
    gone, come = old - new, new - old
    return [line for line in before if ending(line) in gone], [line for line in after if ending(line) in come]


def ending(line: Line) -> str:
    """The line without its ending: a last line that was cut off gets one when another follows it."""
    return line.source.rstrip("\r\n")


def others(raw: bytes, names: tuple[str, ...]) -> list[str]:
    """The lines that are none of these properties, in order."""
    lines = parse(raw)
    return [ending(line) for line in lines if not owned(line, lines, names)]


def owned(line: Line, lines: list[Line], names: tuple[str, ...]) -> bool:
    """Whether the line is one of these properties, or the label of nothing else."""
    if line.name not in LABELS:
        return line.name in names
    group = [other.name for other in lines if other.group.lower() == line.group.lower() and other.name not in LABELS]
    return all(name in names for name in group)


def test_every_card_is_there() -> None:
    assert len(CARDS) >= 20
    assert GROUPS == ["group-v4", "icloud-group"]


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_card_is_rendered_as_it_was(name: str) -> None:
    assert render(parse(CARDS[name])) == CARDS[name]


@pytest.mark.parametrize("name", sorted(CARDS))
def test_the_meaning_of_a_card(name: str) -> None:
    reading = vcard.read(CARDS[name])
    expected = json.loads((FOLDER / f"{name}.json").read_bytes())
    stored = reading.contact and without_photo_content(reading.contact)
    assert stored == msgspec.convert(expected.pop("contact"), Contact | None)
    assert expected == {
        "version": reading.version,
        "uid": reading.uid,
        "createdMs": reading.created_ms,
        "modifiedMs": reading.modified_ms,
        "photoUri": reading.photo_uri,
    }


@pytest.mark.parametrize("name", sorted(CONTACTS))
@pytest.mark.parametrize("update", sorted(UPDATES))
def test_an_update_of_one_field_touches_its_lines_alone(name: str, update: str) -> None:
    raw, base = CARDS[name], CONTACTS[name]
    make, names = UPDATES[update]
    patch = make(base)
    edited = vcard.edit(raw, patch, base=base, rev="2030-01-02T03:04:05Z")
    result = vcard.read(edited.raw).contact
    assert result is not None
    wanted = patch.apply(base)
    if edited.raw == raw:
        assert wanted == base
        return
    had = {line.name for line in parse(raw)}
    completed = tuple(one for one in ("N", "FN") if one not in had)  # what a complete card needs
    assert others(edited.raw, (*names, *completed, "REV")) == others(raw, (*names, "REV"))
    come = changed(raw, edited.raw)[1]
    assert len([line for line in come if line.name == "REV"]) == ("REV" in had)
    if "N" not in completed or wanted.name is not None:
        assert msgspec.structs.replace(result, name=None) == msgspec.structs.replace(wanted, name=None)
        assert (wanted.name or Name()).display_name in (None, (result.name or Name()).display_name)


@pytest.mark.parametrize("name", sorted(CONTACTS))
@pytest.mark.parametrize("update", ADDING)
def test_an_added_entry_leaves_the_others_as_they_are(name: str, update: str) -> None:
    raw, base = CARDS[name], CONTACTS[name]
    edited = vcard.edit(raw, UPDATES[update][0](base), base=base, rev=None)
    gone, come = changed(raw, edited.raw)
    # One line holds all keywords; a merely formatted address becomes a structured one (see test_editing.py).
    assert [line.source for line in gone if line.name not in ("CATEGORIES", "LABEL")] == []
    completed = {"N", "FN", "X-ABLABEL"} | ({"ADR"} if gone and gone[0].name == "LABEL" else set())
    assert len([line for line in come if line.name not in completed]) == ("ADR" not in completed)


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_no_contact(name: str) -> None:
    assert vcard.read(CARDS[name]).contact is None
    assert vcard.native(CARDS[name], ("FN",)) in ({"FN": "Friends"}, {"FN": "Crew"})
