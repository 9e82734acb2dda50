"""FindItem: which items of a folder have a property (learn.microsoft.com, web-service-reference/finditem-operation).

Only ids are taken from it: strings are cut off, and there are no bodies (ews-javascript-api#429).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, folder_ids, read_item_id, request
from polydex.connectors.exchange.operations.get_item import id_only
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one folder.

    Attributes:
        items: their ids.
        last: there are no others.
    """

    items: tuple[ItemId, ...]
    last: bool


def payload(
    folders: Sequence[str], *, most: int, property_: Element | None = None, values: Sequence[str] = ()
) -> Element:
    """Args:
    folders: ids or distinguished names; each is answered by a response message of its own.
    most: items, per folder.
    property_: as ``t:ExtendedFieldURI``; None: any item.
    values: of which the property has to have one.
    """
    made = request("FindItem", Traversal="Shallow")
    made.append(id_only())
    etree.SubElement(made, M + "IndexedPageItemView", MaxEntriesReturned=str(most), Offset="0", BasePoint="Beginning")
    if property_ is not None:
        restriction = etree.SubElement(made, M + "Restriction")
        within = restriction if len(values) == 1 else etree.SubElement(restriction, T + "Or")
        for value in values:
            equal = etree.SubElement(within, T + "IsEqualTo")
            equal.append(deepcopy(property_))
            etree.SubElement(etree.SubElement(equal, T + "FieldURIOrConstant"), T + "Constant", Value=value)
    folder_ids(made, M + "ParentFolderIds", tuple(folders))
    return made


def parse(message: Element) -> Found:
    """What is there."""
    root = message.find(M + "RootFolder")
    if root is None:
        raise ProviderMalformed("Exchange: a search has no result")
    items = root.find(T + "Items")
    last = root.get("IncludesLastItemInRange")
    return Found(
        tuple(read_item_id(item) for item in items) if items is not None else (), last is None or last in ("true", "1")
    )
