"""Ids of items, folders and attachments, and how requests name them. Pure."""

from __future__ import annotations

from typing import Final

import msgspec
from lxml import etree

from polydex.connectors.exchange.wire import NSMAP, M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey, Rev

DISTINGUISHED: Final = frozenset({"contacts", "deleteditems", "msgfolderroot"})
"""Folders that are named, and not by an id: an id is base64 and longer than any of these."""
_ITEM_ID: Final = T + "ItemId"


class ItemId(msgspec.Struct, frozen=True, gc=False):
    """An item, and the version of it that is known.

    Attributes:
        key: ``ItemId/@Id``. Its letters' case matters; it changes when the item moves to another folder.
        rev: ``@ChangeKey``, another one after each change.
    """

    key: RemoteKey
    rev: Rev | None = None


def folder_ids(parent: Element, tag: str, folders: tuple[str, ...]) -> None:
    """Add the element of that name to a request, with these folders in it: ids, or distinguished names."""
    within = etree.SubElement(parent, tag)
    for folder in folders:
        kind = "DistinguishedFolderId" if folder in DISTINGUISHED else "FolderId"
        etree.SubElement(within, T + kind, Id=folder)


def item_id(parent: Element, item: ItemId, tag: str = T + "ItemId") -> None:
    """Add an item to a request, with the version of it where that is known."""
    made = etree.SubElement(parent, tag, Id=item.key)
    if item.rev is not None:
        made.set("ChangeKey", item.rev)


def read_item_id(item: Element) -> ItemId:
    """The id of an item, as ``t:Contact``. Raises ProviderMalformed."""
    found = next(iter(item), None)  # the first one in nearly all
    if found is None or found.tag != _ITEM_ID:
        found = item.find(_ITEM_ID)
    key = None if found is None else found.get("Id")
    if found is None or not key:
        raise ProviderMalformed("Exchange: an item has no id")
    rev = found.get("ChangeKey")
    return ItemId(RemoteKey(key), Rev(rev) if rev else None)


def request(name: str, **attributes: str) -> Element:
    """The element of an operation."""
    return etree.Element(M + name, attributes, NSMAP)


def only_item(message: Element) -> Element:
    """The one item in a response message. Raises ProviderMalformed."""
    found = message.find(M + "Items")
    if found is None or len(found) != 1:
        raise ProviderMalformed("Exchange: an answer has no item, or more than one")
    return found[0]
