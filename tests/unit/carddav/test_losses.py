"""What a vCard would not keep, told before anything is written: the same as after the write."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from polydex.connectors.base import Record
from polydex.connectors.carddav.connector import CardDavConnector
from polydex.connectors.carddav.mapping import record
from polydex.core import vcard
from polydex.core.contact import EMPTY, Contact, Email, Name, Photo, Relation, RelationType
from polydex.core.ids import RemoteKey
from polydex.core.patch import NamePatch, Patch

CARD = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Example;Ada;;;\r\nFN:Ada Example\r\n"
    b"EMAIL;X-UC-NAME=Ada:ada@example.com\r\nBDAY:1815-12-10\r\nEND:VCARD\r\n"
)


def connector() -> CardDavConnector:
    book: Any = None  # losses are told without the server
    return CardDavConnector(book, "https://dav.example.com/", "ada")


def stored() -> Record:
    return record(CARD, RemoteKey("/a.vcf"), None, None)


def paths(draft: Contact, base: Record | None = None) -> list[str]:
    return [loss.path for loss in connector().losses(draft, base)]


def changed(patch: Patch) -> Contact:
    known = stored().contact
    assert known is not None
    return patch.apply(known)


def picture(side: int) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(output, "PNG")
    return output.getvalue()


def test_of_a_new_contact() -> None:
    draft = Contact(
        name=Name(given_name="Ada"),
        relations=(Relation(name="Bo"), Relation(name="Cy", type=RelationType.SPOUSE)),
        email_addresses=(Email(address="a@example.com"), Email(address="b@example.com", name="B")),
        birthday="circa 1815",
    )
    assert paths(draft) == ["$.birthday", "$.relations[0]", "$.emailAddresses[1].name"]
    assert paths(EMPTY) == []


def test_a_photo_that_will_be_scaled_is_told() -> None:
    assert paths(Contact(photo=Photo.of(picture(2000)))) == ["$.photo.content"]
    assert paths(Contact(photo=Photo.of(picture(20)))) == []
    named = changed(Patch(photo=Photo.of(picture(2000), name="ada.png")))
    assert paths(named, stored()) == ["$.photo.content", "$.photo.name"]


def test_of_a_change_only_what_changes() -> None:
    base = stored()
    assert base.contact is not None
    assert base.contact.email_addresses == (Email(address="ada@example.com", name="Ada"),)
    assert paths(changed(Patch(notes="n")), base) == []
    both = (*base.contact.email_addresses, Email(address="b@example.com", name="B"))
    assert paths(changed(Patch(email_addresses=both)), base) == ["$.emailAddresses[1].name"]
    assert paths(changed(Patch(name=NamePatch(display_name=None))), base) == ["$.name.displayName"]


def test_they_are_those_of_the_write() -> None:
    base = stored()
    patch = Patch(relations=(Relation(name="Bo"),), birthday="circa 1815", name=NamePatch(display_name=None))
    assert base.contact is not None
    edited = vcard.edit(CARD, patch, base=base.contact, rev=None)
    assert edited.losses
    assert connector().losses(changed(patch), base) == edited.losses
