"""Whether a contact is what a create has made, by what every mailbox keeps: some lose all extended properties, the mark among them.

Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.read import read
from polydex.core.contact import Contact, Email, content

_EXTENDED = "singleValueExtendedProperties"
_MADE_UP = ("displayName", "fileAs")
"""What Exchange makes of the rest, unless it is sent."""


def may_be(raw: bytes, draft: Contact) -> bool:
    """Whether a document has the fields of Graph's own that a create of this draft would have sent.

    Raises BadRequest, FieldUnsupported, as the create.
    """
    sent = msgspec.json.decode(create(draft, None, {}).body, type=dict[str, Any])
    there = msgspec.json.decode(wire.document(raw).contact, type=dict[str, Any])
    for name in _MADE_UP:
        if not sent.get(name):
            there.pop(name, None)
    return _kept(there) == _kept(sent)


def _kept(fields: dict[str, Any]) -> Contact:
    """The contact without what may be lost, or made up: extended properties, the photo, names of e-mail addresses."""
    bare = {**fields, "id": "-", _EXTENDED: []}
    found = content(read(wire.Document.of(msgspec.json.encode(bare)).encode()).contact)
    return msgspec.structs.replace(
        found, email_addresses=tuple(Email(address=email.address) for email in found.email_addresses)
    )
