"""The ids of Exchange: of one item there are several, and the ordinary one changes when the item moves.

``AAMk...`` (work) and ``AQMk...`` (personal) are ordinary, ``AAkA...`` immutable; all end in ``=`` and are safe in a URL.
See https://learn.microsoft.com/graph/outlook-immutable-id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from polydex_sandbox.microsoft.errors import GraphError, malformed_id

_KEY = b"polydex sandbox"
_LENGTH = 44
"""Bytes; so that the text ends in one ``=``."""


@dataclass(frozen=True)
class Id:
    """What an id says.

    Attributes:
        form: `REST`, `IMMUTABLE`, `ENTRY`, `IMMUTABLE_ENTRY`, `FOLDER`.
        mailbox: 16 bytes of whose it is.
        key: number of the item, or folder, in its mailbox.
        home: how often the item had moved; 0 in an immutable id.
    """

    form: str
    mailbox: bytes
    key: int
    home: int = 0


REST, IMMUTABLE, ENTRY, IMMUTABLE_ENTRY, FOLDER = (
    "restId",
    "restImmutableEntryId",
    "entryId",
    "immutableEntryId",
    "folder",
)

# The first bytes of real ids; the second of each pair is that of personal mailboxes.
_HEADS = {
    REST: (b"\x00\x03\x24\x00", b"\x01\x03\x24\x00"),
    FOLDER: (b"\x00\x03\x24\x01", b"\x01\x03\x24\x01"),
    IMMUTABLE: (b"\x00\x09\x00\x2e", b"\x01\x09\x00\x2e"),
    ENTRY: (b"\x00\x00\x00\x00", b"\x00\x00\x00\x01"),
    IMMUTABLE_ENTRY: (b"\x00\x00\x00\x02", b"\x00\x00\x00\x03"),
}
_FORMS = {head: form for form, heads in _HEADS.items() for head in heads}


def write(known: Id, *, personal: bool = False) -> str:
    """The text of an id."""
    content = _HEADS[known.form][personal] + known.mailbox + known.key.to_bytes(6) + known.home.to_bytes(4)
    return base64.urlsafe_b64encode(content + _seal(content)).decode()


def read(text: str) -> Id:
    """What an id says. Raises GraphError: it is none."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raise malformed_id() from None
    form = _FORMS.get(raw[:4])
    # Every id has one text: bits that say nothing, and the other alphabet, are no part of it.
    same = base64.urlsafe_b64encode(raw).decode() == text
    if form is None or not same or len(raw) != _LENGTH or not hmac.compare_digest(_seal(raw[:30]), raw[30:]):
        raise malformed_id()
    return Id(form, raw[4:20], int.from_bytes(raw[20:26]), int.from_bytes(raw[26:30]))


def _seal(content: bytes) -> bytes:
    return hashlib.blake2b(content, key=_KEY, digest_size=_LENGTH - 30).digest()


def unknown(text: str) -> GraphError:
    """An id of another mailbox; the status is unconfirmed."""
    return GraphError(400, "ErrorInvalidMailboxItemId", f"Item '{text}' doesn't belong to the targeted mailbox.")
