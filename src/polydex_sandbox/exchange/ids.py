"""The ids of Exchange: opaque, case-sensitive, of about 150 characters; an item that moves gets a new one.

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-identifiers-in-exchange.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from polydex_sandbox.exchange.errors import empty_id, malformed_id

ITEM, FOLDER, ATTACHMENT = b"\x00\x46\x00", b"\x00\x2e\x00", b"\x00\x5a\x00"
_HEAD = b"\x00\x03\x24\x00"
_KEY = b"polydex sandbox"
_SEAL = 12
_LENGTHS = {ITEM: 70, FOLDER: 46, ATTACHMENT: 90}
"""Bytes behind the kind, which it tells: of an id's text so come 152 characters of an item's and 120 of a folder's.

DavMail takes a name for the id of an item from 140 characters on (``EwsExchangeSession.java``, isItemId).
"""


@dataclass(frozen=True)
class Id:
    """What an id says.

    Attributes:
        kind: `ITEM`, `FOLDER`, `ATTACHMENT`.
        mailbox: whose it is.
        key: number of the item or folder in its mailbox.
        folder: key of the item's folder; 0 in the id of a folder.
        attachment: number of the attachment; 0 in other ids.
    """

    kind: bytes
    mailbox: UUID
    key: int
    folder: int = 0
    attachment: int = 0


def raw(known: Id) -> bytes:
    """The bytes of an id, as every format has them."""
    body = known.mailbox.bytes + known.folder.to_bytes(6) + known.key.to_bytes(6) + known.attachment.to_bytes(4)
    sealed = _seal(known.kind + body)
    return known.kind + (sealed + body).ljust(_LENGTHS[known.kind], b"\x00")


def unpacked(content: bytes) -> Id:
    """Raises EwsError: it is no id."""
    kind, seal, body = content[:3], content[3 : 3 + _SEAL], content[3 + _SEAL :]
    if len(body) + _SEAL != _LENGTHS.get(kind) or any(body[32:]):
        raise malformed_id()
    body = body[:32]
    if not hmac.compare_digest(_seal(kind + body), seal):
        raise malformed_id()
    folder, key, attachment = (int.from_bytes(body[place]) for place in (slice(16, 22), slice(22, 28), slice(28, 32)))
    return Id(kind, UUID(bytes=body[:16]), key, folder, attachment)


@lru_cache(maxsize=65_536)
def write(known: Id) -> str:
    """The text of an id, as answers have it."""
    return base64.b64encode(_HEAD + str(known.mailbox).encode() + raw(known)).decode()


def read(text: str) -> Id:
    """What an id says. Raises EwsError: it is none."""
    if not text:
        raise empty_id()
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise malformed_id() from None
    # Every id has one text: bits that say nothing are no part of it.
    if content[:4] != _HEAD or base64.b64encode(content).decode() != text:
        raise malformed_id()
    return unpacked(content[40:])


def _seal(content: bytes) -> bytes:
    return hmac.digest(_KEY, content, hashlib.sha256)[:_SEAL]
