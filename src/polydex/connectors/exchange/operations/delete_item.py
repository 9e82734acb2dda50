"""DeleteItem: to the folder of what is deleted (learn.microsoft.com, web-service-reference/deleteitem-operation)."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, item_id, request
from polydex.connectors.exchange.wire import M
from polydex.connectors.exchange.xml import Element


def payload(items: Sequence[ItemId]) -> Element:
    """At least one; each is answered by a response message of its own, in this order, which has nothing in it.

    The user finds them in Deleted Items, as after a deletion in Outlook. A version is not compared.
    """
    made = request("DeleteItem", DeleteType="MoveToDeletedItems")
    ids = etree.SubElement(made, M + "ItemIds")
    for item in items:
        item_id(ids, item)
    return made
