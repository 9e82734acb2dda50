"""A contact folder that answers as a test wants it: pages of changes by the state that is asked with, and items by their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from polydex.connectors.exchange.wire import S, T
from polydex.connectors.exchange.xml import parse
from polydex.core.ids import RemoteKey, Rev
from tests.exchange import contract
from tests.microsoft.scripted import Asked, Reply
from tests.unit.exchange.answers import answered, failed, fault, success

START = ""
"""The state of who asks for the first time."""


def created(*keys: str, version: str = "1", kind: str = "Contact") -> str:
    """Entries of a list."""
    item = '<t:Create><t:{0}><t:ItemId Id="{1}" ChangeKey="{2}"/></t:{0}></t:Create>'
    return "".join(item.format(kind, key, version) for key in keys)


def deleted(*keys: str) -> str:
    return "".join(f'<t:Delete><t:ItemId Id="{key}" ChangeKey="1"/></t:Delete>' for key in keys)


@dataclass
class ContactFolder:
    """What is answered.

    Attributes:
        pages: state -> the entries that follow it, the next state, and whether that is all.
        versions: ChangeKeys of items by their keys; 1 of whom is not here.
        codes: response codes of items that cannot be read.
        poison: keys; a request that names one of them is answered by ``broken`` as a whole.
        most: longer pages of changes than these take too much time; None: none does.
        stops: of several items only the first is looked at.
        swapped: the first two of several are answered in the wrong order.
        busy: so many more reads are answered before the server is busy; None: it never is.
        reads: the keys that were asked for together, in order.
        states: that were asked with, in order.
        names: operations, in order.
    """

    pages: dict[str, tuple[str, str, bool]]
    versions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    broken: Reply = field(default_factory=lambda: Reply(fault("ErrorInternalServerError"), 500))
    everybody: tuple[str, ...] = ()
    most: int | None = None
    stops: bool = False
    swapped: bool = False
    busy: int | None = None
    reads: list[list[str]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if contract.present():
            contract.request(asked.body)
        [operation] = parse(asked.body).iterfind(f"{S}Body/*")
        name = etree.QName(operation).localname
        self.names.append(name)
        if name == "SyncFolderItems":
            if self.most is not None and int(operation.findtext("{*}MaxChangesReturned") or 0) > self.most:
                return Reply(answered(name, failed(name, "ErrorTimeoutExpired", extra="<m:SyncState/>")))
            return self._changes(operation.findtext("{*}SyncState") or START)
        if name == "FindItem":
            items = "".join(f'<t:Contact><t:ItemId Id="{key}" ChangeKey="1"/></t:Contact>' for key in self.everybody)
            root = f'<m:RootFolder IncludesLastItemInRange="true"><t:Items>{items}</t:Items></m:RootFolder>'
            return Reply(answered(name, success(name, root)))
        keys = [item.get("Id") or "" for item in operation.iter(T + "ItemId")]
        self.reads.append(keys)
        if self.busy is not None:
            self.busy -= 1
            if self.busy < 0:
                return Reply(fault("ErrorServerBusy"), 500)
        if self.poison.intersection(keys):
            return self.broken
        told = [self._item(key) for key in keys]
        if self.stops:
            told[1:] = [failed("GetItem", "ErrorBatchProcessingStopped", response_class="Warning")] * (len(keys) - 1)
        if self.swapped:
            told[:2] = reversed(told[:2])
        return Reply(answered("GetItem", *told))

    def _changes(self, state: str) -> Reply:
        self.states.append(state)
        if state not in self.pages:
            return Reply(
                answered(
                    "SyncFolderItems", failed("SyncFolderItems", "ErrorInvalidSyncStateData", extra="<m:SyncState/>")
                )
            )
        entries, following, last = self.pages[state]
        content = (
            f"<m:SyncState>{following}</m:SyncState><m:IncludesLastItemInRange>{str(last).lower()}"
            f"</m:IncludesLastItemInRange><m:Changes>{entries}</m:Changes>"
        )
        return Reply(answered("SyncFolderItems", success("SyncFolderItems", content)))

    def _item(self, key: str) -> str:
        if key in self.codes:
            return failed("GetItem", self.codes[key], extra="<m:Items/>")
        version = self.versions.get(key, "1")
        return success(
            "GetItem",
            f'<m:Items><t:Contact><t:ItemId Id="{key}" ChangeKey="{version}"/><t:GivenName>{key}</t:GivenName>'
            "</t:Contact></m:Items>",
        )


@dataclass
class Engine:
    """What the engine lends to a pull. ``revisions``: of what is stored."""

    revisions: dict[RemoteKey, Rev] = field(default_factory=dict)
    stamps: int = 0

    async def known(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Rev]:
        await asyncio.sleep(0)
        return {key: self.revisions[key] for key in keys if key in self.revisions}

    async def stamp(self) -> int:
        self.stamps += 1
        return self.stamps
