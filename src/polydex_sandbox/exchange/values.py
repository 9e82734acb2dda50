"""The extended properties of an item as they are read: those that are kept, and those that Exchange computes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.exchange import ids, properties
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.properties import Property


def time(milliseconds: int) -> str:
    """As answers have it: to the second, in UTC."""
    return rfc3339(milliseconds, 0)


def size(item: Item) -> int:
    """About as many bytes as Exchange would count."""
    kept = sum(len(str(value)) * 2 + 16 for value in item.properties.values())
    return 500 + kept + sum(len(one.content) for one in item.attachments)


_COMPUTED: dict[Property, Callable[[Item, Mailbox], str]] = {
    properties.HAS_PICTURE: lambda item, _box: "true" if item.photo else "false",
    properties.tag(0x0E08, "Integer"): lambda item, _box: str(size(item)),
    properties.tag(0x0E1B, "Boolean"): lambda item, _box: "true" if item.attachments else "false",
    properties.tag(0x0E23, "Integer"): lambda item, _box: str(item.key),
    properties.tag(0x0E07, "Integer"): lambda item, _box: "1" if item.read else "0",
    properties.tag(0x3007, "SystemTime"): lambda item, _box: time(item.created),
    properties.tag(0x3008, "SystemTime"): lambda item, _box: time(item.at),
    properties.tag(0x0E06, "SystemTime"): lambda item, _box: time(item.created),
    properties.tag(0x3FFA): lambda _item, box: box.account.name,
    properties.tag(0x3FF8): lambda _item, box: box.account.name,
    properties.tag(0x0FFF, "Binary"): lambda item, box: _b64(
        b"\x00\x00\x00\x00" + ids.raw(ids.read(box.item_id(item)))
    ),
    properties.tag(0x300B, "Binary"): lambda item, box: _b64(box.guid.bytes[:10] + item.key.to_bytes(6)),
    properties.tag(0x65E2, "Binary"): lambda item, box: _b64(box.guid.bytes + item.seq.to_bytes(6)),
    properties.tag(0x670E): lambda item, box: f"http://{box.account.email}/{item.folder}/{item.key}.EML",
}
"""What cannot be written: tags of [MS-OXPROPS], by their meaning there."""

READ_ONLY = frozenset(_COMPUTED) - {properties.HAS_PICTURE}
"""That there is a picture can be written, and says nothing: DavMail does so."""


def value(item: Item, mailbox: Mailbox, known: Property) -> Any:
    """Of an extended property: a text, or a list of texts; None when the item has it not."""
    computed = _COMPUTED.get(known)
    return item.properties.get(known) if computed is None else computed(item, mailbox)


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
