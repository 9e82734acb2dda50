"""Laws of the vCard room: what is written is read back, what is not named stays byte for byte, nothing is injected."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
from hypothesis import example, given, settings, strategies as st

from polydex.core import vcard
from polydex.core.contact import (
    AddressType,
    Contact,
    Email,
    Name,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    UrlType,
    content,
    normal,
)
from polydex.core.errors import ProviderMalformed
from polydex.core.fields import Field
from polydex.core.patch import Patch, diff
from polydex.core.vcard.emails import plain_type
from polydex.core.vcard.lines import fold, parse, render
from polydex.core.vcard.names import UNNAMED, invented
from tests.strategies import contacts, patches, words
from tests.unit.vcard.corpus import CARDS

VERSIONS = st.sampled_from(("3.0", "4.0"))
REV = "2024-05-06T07:08:09Z"
OWNERS = {
    "N": Field.NAME,
    "FN": Field.NAME,
    "X-PHONETIC-FIRST-NAME": Field.NAME,
    "X-PHONETIC-LAST-NAME": Field.NAME,
    "NICKNAME": Field.NICK_NAME,
    "X-EVOLUTION-FILE-AS": Field.FILE_AS,
    "SORT-STRING": Field.FILE_AS,
    "ORG": Field.COMPANY,
    "TITLE": Field.COMPANY,
    "X-PHONETIC-ORG": Field.COMPANY,
    "BDAY": Field.BIRTHDAY,
    "CATEGORIES": Field.KEYWORDS,
    "NOTE": Field.NOTES,
    "EMAIL": Field.EMAIL_ADDRESSES,
    "TEL": Field.PHONE_NUMBERS,
    "ADR": Field.ADDRESSES,
    "LABEL": Field.ADDRESSES,
    "X-ABADR": Field.ADDRESSES,
    "URL": Field.URLS,
    "X-EVOLUTION-BLOG-URL": Field.URLS,
    "PHOTO": Field.PHOTO,
    "X-ABCROP-RECTANGLE": Field.PHOTO,
    "X-ABRELATEDNAMES": Field.RELATIONS,
    "RELATED": Field.RELATIONS,
    "X-EVOLUTION-MANAGER": Field.RELATIONS,
    "X-EVOLUTION-ASSISTANT": Field.RELATIONS,
    "X-EVOLUTION-SPOUSE": Field.RELATIONS,
}


def typed(contact: Contact) -> Contact:
    """With the types that a missing one means."""
    replace = msgspec.structs.replace
    return replace(
        contact,
        phone_numbers=tuple(replace(p, type=p.type or PhoneType.OTHER) for p in contact.phone_numbers),
        addresses=tuple(replace(a, type=a.type or AddressType.OTHER) for a in contact.addresses),
        urls=tuple(replace(u, type=u.type or UrlType.OTHER) for u in contact.urls),
    )


def kept(contact: Contact) -> Contact:
    """The contact as a vCard keeps it: types filled in, relations once and with a type, with a display name."""
    replace = msgspec.structs.replace
    contact = typed(normal(contact))
    contact = replace(
        contact,
        email_addresses=tuple(replace(e, type=plain_type(e.type)) for e in contact.email_addresses),
        relations=tuple(dict.fromkeys(relation for relation in contact.relations if relation.type is not None)),
    )
    name = contact.name or Name()
    display = name.display_name or invented(contact) or UNNAMED
    return content(replace(contact, name=replace(name, display_name=display)))


def contact_in(raw: bytes) -> Contact:
    contact = vcard.read(raw).contact
    assert contact is not None
    return content(contact)


def labels(raw: bytes) -> set[str]:
    return {line.group.lower() for line in parse(raw) if line.name == "X-ABLABEL"}


def untouched(raw: bytes, fields: frozenset[Field]) -> Counter[str]:
    """The lines that no change of these fields may touch."""
    lines = parse(raw)
    owners = {line.group.lower(): OWNERS.get(line.name) for line in lines if line.group and line.name != "X-ABLABEL"}
    result: Counter[str] = Counter()
    for line in lines:
        owner = owners.get(line.group.lower()) if line.name == "X-ABLABEL" else OWNERS.get(line.name)
        if owner not in fields and line.name != "REV":
            result[line.source.rstrip("\r\n")] += 1  # a last line that was cut off gets an ending
    return result


@given(contacts(), VERSIONS)
def test_what_is_created_is_read_back(draft: Contact, version: str) -> None:
    edited = vcard.create(draft, uid="u-1", mark="m-1", version=version, rev=REV)
    reading = vcard.read(edited.raw)
    assert contact_in(edited.raw) == kept(draft)
    assert (reading.uid, reading.mark, reading.version) == ("u-1", "m-1", version)
    untyped = {f"$.relations[{at}]" for at, relation in enumerate(draft.relations) if relation.type is None}
    assert untyped <= {loss.path for loss in edited.losses}


@given(contacts(), VERSIONS)
@example(Contact(relations=(Relation(name="A"), Relation(name="B", type=RelationType.SPOUSE))), "3.0")
@example(Contact(email_addresses=(Email(address="a@example.com", type="_$!<Home>!$_", name="A"),)), "4.0")
@example(Contact(birthday="circa 1990", photo=Photo(hash="0" * 64)), "3.0")
@example(Contact(photo=Photo.of(b"x", "image/png", "a.png")), "4.0")
def test_what_differs_is_announced_and_what_is_announced_differs(draft: Contact, version: str) -> None:
    edited = vcard.create(draft, uid="u-1", mark=None, version=version)
    stored = contact_in(edited.raw)
    wanted = typed(normal(draft))
    if wanted.name is None or wanted.name.display_name is None:  # one is made up: nothing that was sent is lost
        display = (stored.name or Name()).display_name
        wanted = msgspec.structs.replace(
            wanted, name=msgspec.structs.replace(wanted.name or Name(), display_name=display)
        )
    differing = {field.value for field in diff(wanted, stored).fields()}
    announced = {re.split(r"[.\[]", loss.path.removeprefix("$."))[0] for loss in edited.losses}
    assert differing <= announced
    gone = {loss.path for loss in edited.losses if loss.kept is None} - {"$.photo.name"}
    assert {re.split(r"[.\[]", path.removeprefix("$."))[0] for path in gone} <= differing
    # The same prediction for the same draft, whatever the identity of the card.
    assert vcard.create(draft, uid="losses", mark="m", version=version, rev=REV).losses == edited.losses


@given(contacts(), VERSIONS)
def test_a_created_card_is_strict(draft: Contact, version: str) -> None:
    raw = vcard.create(draft, uid="u-1", mark=None, version=version, rev=REV).raw
    assert raw.endswith(b"\r\nEND:VCARD\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    for physical in raw.split(b"\r\n"):
        assert len(physical) <= 75
        physical.decode()  # no character is cut
    assert raw.count(b"\r\nFN:") == 1
    assert raw.count(b"\r\nN:") == 1 or version == "4.0"


@given(contacts(most=4), contacts(most=4), VERSIONS, st.data())
def test_an_edit_gives_the_target_and_leaves_the_rest(
    start: Contact, other: Contact, version: str, data: st.DataObject
) -> None:
    raw = vcard.create(start, uid="u-1", mark="m", version=version, rev=REV, native={"X-KEEP": "this\nand this"}).raw
    before = contact_in(raw)
    target = mixed(before, other, data)
    patch = diff(before, target)
    edited = vcard.edit(raw, patch, base=before, rev="2025-01-01T00:00:00Z")
    assert contact_in(edited.raw) == kept(target)
    assert untouched(edited.raw, patch.fields()) == untouched(raw, patch.fields())
    assert not labels(edited.raw) - {line.group.lower() for line in parse(edited.raw) if line.name != "X-ABLABEL"}


@given(st.sampled_from(sorted(CARDS)), contacts(most=4), st.data())
def test_an_edit_of_a_foreign_card_gives_the_target_and_leaves_the_rest(
    card: str, other: Contact, data: st.DataObject
) -> None:
    raw = CARDS[card]
    reading = vcard.read(raw)
    if reading.contact is None:
        return
    before = content(reading.contact)
    target = mixed(before, other, data)
    patch = diff(before, target)
    edited = vcard.edit(raw, patch, base=before, rev="2025-01-01T00:00:00Z")
    if content(kept(before)) == kept(target):
        return  # nothing to keep apart: only a display name was cleared that would be made again
    assert contact_in(edited.raw) == kept(target)
    lost = untouched(raw, patch.fields() | {Field.NAME}) - untouched(edited.raw, patch.fields() | {Field.NAME})
    assert not lost


def mixed(before: Contact, other: Contact, data: st.DataObject) -> Contact:
    """``before`` with some members of ``other``; lists keep some of their entries, in another order."""
    changes: dict[str, object] = {}
    for member in data.draw(st.sets(st.sampled_from(Contact.__struct_fields__), max_size=4)):
        value, stored = getattr(other, member), getattr(before, member)
        if isinstance(value, tuple) and stored:
            value = tuple(data.draw(st.permutations(stored + value)))[: data.draw(st.integers(0, 5))]
            if member == "keywords":
                value = tuple(dict.fromkeys(value))
        changes[member] = value
    return normal(msgspec.structs.replace(before, **changes))


@given(contacts(), patches(native=True), VERSIONS)
def test_any_patch_is_carried_out(start: Contact, patch: Patch, version: str) -> None:
    raw = vcard.create(start, uid="u-1", mark=None, version=version).raw
    before = contact_in(raw)
    edited = vcard.edit(raw, patch, base=before, rev=None)
    assert contact_in(edited.raw) == kept(patch.apply(before))


@given(contacts(), VERSIONS)
def test_a_patch_that_changes_nothing_gives_the_same_bytes(start: Contact, version: str) -> None:
    raw = vcard.create(start, uid="u-1", mark=None, version=version, rev=REV).raw
    contact = vcard.read(raw).contact
    assert contact is not None
    everything = Patch(
        **{
            member: getattr(contact, member)
            for member in Contact.__struct_fields__
            if member not in ("name", "company")
        },
        name=diff(Contact(), contact).name,
        company=diff(Contact(), contact).company,
    )
    assert vcard.edit(raw, everything, base=contact, rev="2025-01-01T00:00:00Z").raw is raw


@given(st.text(), VERSIONS)
@example("a\r\nEMAIL:evil@example.com\r\nEND:VCARD", "3.0")
@example("a\nEMAIL:evil@example.com", "4.0")
@example("\rEMAIL:evil@example.com", "3.0")
@example("_$!<Other>!$_", "3.0")
@example("_$!<>!$_", "4.0")
@example("\u2028EMAIL:x\x85TEL:1\x0bURL:2", "3.0")
def test_no_text_becomes_another_property(value: str, version: str) -> None:
    draft = Contact(name=Name(display_name=value, given_name=value), notes=value, file_as=value)
    draft = msgspec.structs.replace(draft, email_addresses=(Email(address=value, name=value, type=value),))
    raw = vcard.create(draft, uid=value, mark=value, version=version, native={"X-N": value}).raw
    names = {line.name for line in parse(raw)}
    assert names <= {
        *("BEGIN", "VERSION", "PRODID", "UID", "X-POLYDEX-MARK", "N", "FN", "NOTE", "X-EVOLUTION-FILE-AS"),
        *("EMAIL", "X-ABLABEL", "X-N", "END"),
    }
    assert contact_in(raw).email_addresses == kept(draft).email_addresses


@given(st.binary())
def test_any_bytes_are_rendered_as_they_were(raw: bytes) -> None:
    assert render(parse(raw)) == raw


@given(st.lists(st.sampled_from((*b'aA;:="\\,. \t\r\n^\xc3\xa4\x80', *b"TYPE")), max_size=60).map(bytes))
@settings(max_examples=300)
def test_any_junk_within_a_card_is_read_and_survives_an_edit(junk: bytes) -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nN:;Ann;;;\r\nTEL" + junk + b"\r\nX-END:1\r\nEND:VCARD\r\n"
    base = vcard.read(raw).contact
    assert base is not None
    edited = vcard.edit(raw, Patch(nick_name="Nick"), base=base, rev=None)
    assert edited.raw.replace(b"NICKNAME:Nick\r\n", b"") == raw


@given(st.binary(max_size=40))
def test_what_is_no_card_is_refused(raw: bytes) -> None:
    if re.search(rb"BEGIN:VCARD", raw, re.IGNORECASE):
        return
    try:
        vcard.read(raw)
    except ProviderMalformed:
        return
    raise AssertionError("read something that is no card")


@given(words.filter(lambda text: "\r" not in text and "\n" not in text))
def test_folds_are_undone(text: str) -> None:
    text = "NOTE:" + text.encode("utf-8", "ignore").decode()
    folded = fold(text)
    assert all(len(line.encode()) <= 75 for line in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == text + "\r\n"
