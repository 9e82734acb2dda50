"""Documents, and the names of properties in a URL."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from polydex.connectors.microsoft import wire
from polydex.connectors.outlook import mapi
from polydex.core.errors import ProviderMalformed


def test_a_document_keeps_the_answers_byte_for_byte() -> None:
    contact, photo = b'{ "id":"AAMk=",\n"birthday": null }', b'{"id" : "240X240"}'
    raw = wire.Document.of(contact, photo).encode()
    assert raw == b'{"contact":' + contact + b',"photo":' + photo + b"}"
    parts = wire.document(raw)
    assert (bytes(parts.contact), bytes(parts.photo)) == (contact, photo)
    bare = wire.Document.of(contact).encode()
    assert (bare, bytes(wire.document(bare).photo)) == (b'{"contact":' + contact + b"}", b"")
    assert wire.decoded(raw) == wire.Decoded(wire.Contact(id="AAMk="), wire.Photo(id="240X240"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        b'{"contact":[]}',
        b'{"contact":{"id":1}}',
        b'{"contact":{"id":"\xff"}}',
        b'{"contact":' + b"[" * 100_000,
        b'{"contact":{},"photo":7}',
    ],
)
def test_what_is_no_document_is_told_without_its_content(raw: bytes) -> None:
    with pytest.raises(ProviderMalformed) as told:
        wire.decoded(raw)
    assert str(told.value) == "Microsoft Graph: a contact cannot be understood"


def test_extended_properties_are_found_whatever_case_their_ids_come_in() -> None:
    raw = wire.Document.of(
        b'{"singleValueExtendedProperties":[null,{"id":"String 0x3a1f","value":"1"},{"id":"STRING 0X3A1F","value":"2"},'
        b'{"value":"3"},{"id":"String 0x3a21","value":null},'
        b'{"id":"boolean {00062004-0000-0000-c000-000000000046} id 0x8015","value":"True"}]}'
    ).encode()
    contact = wire.decoded(raw).contact
    assert contact.extended() == {mapi.OTHER_PHONE.lower(): "1", mapi.HAS_PICTURE.lower(): "True"}
    assert wire.has_picture(contact)
    assert not wire.has_picture(wire.Contact())


def test_the_expansion_names_every_property_within_the_limit_of_odata() -> None:
    named = re.findall(r"id eq '([^']+)'", wire.EXPAND)
    assert named == list(wire.EXTENDED)
    assert len({name.lower() for name in named}) == len(named)
    # Of each comparison three nodes, and one for each "or" between them.
    assert 3 * len(named) + len(named) - 1 <= 100
    pattern = r"(String|Boolean) (0x3A[0-9A-F]{2}|\{[0-9a-f-]{36}\} (Id 0x80[0-9A-F]{2}|Name Polydex\w+))"
    assert all(re.fullmatch(pattern, name) for name in named)


def test_our_properties_are_named_for_ever() -> None:
    """Mailboxes have them under these names: another name would lose what is there."""
    assert mapi.OVERFLOW == "String {aa59d48a-551f-427a-9156-8aa86e3dbbc7} Name PolydexOverflow"
    assert mapi.MARK == "String {aa59d48a-551f-427a-9156-8aa86e3dbbc7} Name PolydexMark"
    assert UUID(mapi.GUID).version == 4


def test_a_mark_cannot_break_out_of_its_filter() -> None:
    assert wire.mark_filter("o'brien") == (
        "singleValueExtendedProperties/Any(ep: ep/id eq"
        " 'String {aa59d48a-551f-427a-9156-8aa86e3dbbc7} Name PolydexMark' and ep/value eq 'o''brien')"
    )
