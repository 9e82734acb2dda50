"""UpdateItem: changes of single properties (learn.microsoft.com, web-service-reference/updateitem-operation-contact)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, item_id, only_item, read_item_id, request
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element


@dataclass(frozen=True, slots=True)
class Change:
    """Of one item.

    Attributes:
        item: with the version that is changed: another one is refused with ErrorIrresolvableConflict.
        updates: ``t:SetItemField`` and ``t:DeleteItemField``, at least one.
    """

    item: ItemId
    updates: Sequence[Element]


def payload(changes: Sequence[Change]) -> Element:
    """At least one; each is answered by a response message of its own, in this order.

    ``NeverOverwrite``: by default Exchange merges two changes, and says nothing.
    """
    made = request("UpdateItem", ConflictResolution="NeverOverwrite", MessageDisposition="SaveOnly")
    within = etree.SubElement(made, M + "ItemChanges")
    for change in changes:
        one = etree.SubElement(within, T + "ItemChange")
        item_id(one, change.item)
        etree.SubElement(one, T + "Updates").extend(change.updates)
    return made


def parse(message: Element) -> ItemId:
    """The item with its new version."""
    return read_item_id(only_item(message))
