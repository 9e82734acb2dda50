"""SyncFolderItems: what has changed in a folder (learn.microsoft.com, web-service-reference/syncfolderitems-operation)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, folder_ids, read_item_id, request
from polydex.connectors.exchange.operations.get_item import id_only
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed

MOST: Final = 512
"""``MaxChangesReturned`` (types.xsd, MaxSyncChangesReturnedType)."""
_CONTACT: Final = T + "Contact"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one item.

    Attributes:
        item: its id; with the version of it, unless it is gone.
        gone: it was deleted, or moved to another folder.
        element: as it came, of what is no contact, such as ``t:DistributionList``.
    """

    item: ItemId
    gone: bool = False
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """One page.

    Attributes:
        entries: in the order in which they came: the newest first.
        state: what to ask with for what comes after.
        last: there is nothing else now.
    """

    entries: tuple[Entry, ...]
    state: str
    last: bool


def payload(folder: str, state: str | None, most: int = MOST) -> Element:
    """Args:
    folder: its id, or distinguished name.
    state: as ``Changes.state`` gave it; None: everything.
    most: changes.
    """
    made = request("SyncFolderItems")
    made.append(id_only())
    folder_ids(made, M + "SyncFolderId", (folder,))
    if state is not None:
        etree.SubElement(made, M + "SyncState").text = state
    etree.SubElement(made, M + "MaxChangesReturned").text = str(most)
    etree.SubElement(made, M + "SyncScope").text = "NormalItems"
    return made


def parse(message: Element) -> Changes:
    """What has changed."""
    state = message.findtext(M + "SyncState")
    last = message.findtext(M + "IncludesLastItemInRange")
    if not state or last is None:
        raise ProviderMalformed("Exchange: the list of changes has no state")
    entries = []
    for change in message.iterfind(f"{M}Changes/*"):
        if change.tag in (T + "Create", T + "Update"):
            entries.append(_entry(change))
        elif change.tag == T + "Delete":
            entries.append(Entry(ItemId(read_item_id(change).key), gone=True))
        # ReadFlagChange: whether somebody has opened it is nothing of a contact.
    return Changes(tuple(entries), state, last.strip() in ("true", "1"))


def _entry(change: Element) -> Entry:
    if len(change) != 1:
        raise ProviderMalformed("Exchange: a change has no item")
    item = change[0]
    return Entry(read_item_id(item), element=None if item.tag == _CONTACT else item)
