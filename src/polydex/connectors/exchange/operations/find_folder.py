"""FindFolder: the contact folders below others (learn.microsoft.com, web-service-reference/findfolder-operation)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from polydex.connectors.exchange.ids import folder_ids, request
from polydex.connectors.exchange.operations.folders import Folder, read_folder, shape
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed

CLASS: Final = "IPF.Contact"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found below one folder. ``last``: there are no others."""

    folders: tuple[Folder, ...]
    last: bool


def payload(*below: str, most: int) -> Element:
    """Args:
    below: ids or distinguished names; each is answered by a response message of its own, in this order.
    most: folders, per answer.
    """
    made = request("FindFolder", Traversal="Deep")
    shape(made)
    etree.SubElement(made, M + "IndexedPageFolderView", MaxEntriesReturned=str(most), Offset="0", BasePoint="Beginning")
    contains = etree.SubElement(
        etree.SubElement(made, M + "Restriction"),
        T + "Contains",
        ContainmentMode="Prefixed",
        ContainmentComparison="IgnoreCase",
    )
    etree.SubElement(contains, T + "FieldURI", FieldURI="folder:FolderClass")
    etree.SubElement(contains, T + "Constant", Value=CLASS)
    folder_ids(made, M + "ParentFolderIds", below)
    return made


def parse(message: Element) -> Found:
    """The folders."""
    root = message.find(M + "RootFolder")
    if root is None:
        raise ProviderMalformed("Exchange: a search for folders has no result")
    folders = root.find(T + "Folders")
    last = root.get("IncludesLastItemInRange")
    return Found(
        tuple(read_folder(folder) for folder in folders) if folders is not None else (),
        last is None or last in ("true", "1"),
    )
