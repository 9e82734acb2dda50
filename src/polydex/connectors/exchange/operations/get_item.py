"""GetItem: items as they are now (learn.microsoft.com, web-service-reference/getitem-operation)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, item_id, only_item, request
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.ids import RemoteKey


def payload(keys: Sequence[RemoteKey], shape: Element | None = None) -> Element:
    """Args:
    keys: of at least one item.
    shape: the ``m:ItemShape`` that names what is asked for; None: the ids alone.
    """
    made = request("GetItem")
    made.append(id_only() if shape is None else deepcopy(shape))
    ids = etree.SubElement(made, M + "ItemIds")
    for key in keys:
        item_id(ids, ItemId(key))
    return made


def parse(message: Element) -> Element:
    """The item, as ``t:Contact`` or ``t:DistributionList``."""
    return only_item(message)


def id_only() -> Element:
    """The ``m:ItemShape`` that asks for ``t:ItemId`` alone."""
    shape = etree.Element(M + "ItemShape")
    etree.SubElement(shape, T + "BaseShape").text = "IdOnly"
    return shape
