"""CreateItem: new contacts (learn.microsoft.com, web-service-reference/createitem-operation-contact)."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, folder_ids, only_item, read_item_id, request
from polydex.connectors.exchange.wire import M
from polydex.connectors.exchange.xml import Element


def payload(folder: str, items: Sequence[Element]) -> Element:
    """Args:
    folder: its id, or distinguished name.
    items: ``t:Contact``, at least one; each is answered by a response message of its own, in this order.
    """
    made = request("CreateItem", MessageDisposition="SaveOnly")
    folder_ids(made, M + "SavedItemFolderId", (folder,))
    within = etree.SubElement(made, M + "Items")
    within.extend(items)
    return made


def parse(message: Element) -> ItemId:
    """The new item."""
    return read_item_id(only_item(message))
