"""Short ways to make contacts in tests, as Graph answers them."""

from __future__ import annotations

from typing import Any

import msgspec

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.edit import Edited, edit
from polydex.connectors.microsoft.read import read
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact
from polydex.core.patch import Patch
from tests.microsoft.contract import check
from tests.microsoft.store import CONTACT, EXTENDED, Graph

Json = dict[str, Any]

BLANK: Json = {
    "@odata.etag": 'W/"v1"',
    "id": "AAMk1=",
    "changeKey": "v1",
    "createdDateTime": "2024-05-06T07:08:09Z",
    "lastModifiedDateTime": "2024-05-06T07:08:10Z",
}


def ids(**values: str) -> list[Json]:
    """Extended properties by the names of their constants in ``mapi``, their ids in another case, as Graph has them."""
    return [{"id": getattr(mapi, name).replace("0x3A", "0x3a"), "value": value} for name, value in values.items()]


def bag(**content: Any) -> str:
    return msgspec.json.encode({"v": 1, **content}).decode()


def graph(extended: list[Json] | None = None, **fields: Any) -> Json:
    """A contact with these properties."""
    contact = BLANK | fields | ({EXTENDED: extended} if extended else {})
    check(CONTACT, contact, "a contact")
    return contact


def raw(contact: Json, photo: Json | None = None) -> bytes:
    encoded = None if photo is None else msgspec.json.encode(photo)
    return wire.Document.of(msgspec.json.encode(contact), encoded).encode()


def contact(of: Json, photo: Json | None = None) -> Contact:
    return read(raw(of, photo)).contact


def edited(of: Json, patch: Patch) -> Edited:
    return edit(raw(of), patch, contact(of))


def sent(of: Json, patch: Patch) -> Json:
    """The body of the PATCH, ``{}`` for none."""
    body = edited(of, patch).body
    decoded: Json = {} if body is None else msgspec.json.decode(body)
    check(CONTACT, decoded, "PATCH", writable=True)
    return decoded


def after(of: Json, patch: Patch) -> Json:
    body = sent(of, patch)
    return Graph().update(of, body) if body else of


def made(draft: Contact, mark: str | None = None, **native: str) -> Json:
    body: Json = msgspec.json.decode(create(draft, mark, native).body)
    check(CONTACT, body, "POST", writable=True)
    return body
