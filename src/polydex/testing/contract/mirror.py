"""The plainest follower of a pull, without concurrency: what it holds afterwards must be the truth."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from polydex.connectors.base import Connector, Page, Record
from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor, RemoteKey, Rev


@dataclass(frozen=True)
class Pulled:
    """One complete walk."""

    pages: tuple[Page, ...]

    @property
    def changed(self) -> dict[RemoteKey, Record]:
        """The records with their documents, each as it came last."""
        return {record.key: record for page in self.pages for record in page.changed}

    @property
    def removed(self) -> set[RemoteKey]:
        """The keys said to be gone."""
        return {key for page in self.pages for key in page.removed}

    @property
    def unchanged(self) -> dict[RemoteKey, Rev]:
        """What was only compared."""
        return {key: rev for page in self.pages for key, rev in page.unchanged}

    @property
    def deferred(self) -> set[RemoteKey]:
        """What could not be read."""
        return {entry.key for page in self.pages for entry in page.deferred}

    @property
    def seen(self) -> set[RemoteKey]:
        """Everything that exists, as far as this walk says."""
        return self.changed.keys() | self.unchanged.keys() | self.deferred


@dataclass
class Mirror:
    """Follows one source. Is itself the Walk that it lends.

    Attributes:
        records: what is there, by key.
        who: for each key a number that a record keeps when it gets another key (JOURNAL.md, J7).
        cursor: of the last complete walk.
    """

    connector: Connector
    records: dict[RemoteKey, Record] = field(default_factory=dict)
    who: dict[RemoteKey, int] = field(default_factory=dict)
    cursor: Cursor | None = None
    counter: int = 0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def known(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Rev]:
        revs = {key: self.records[key].rev for key in keys if key in self.records}
        return {key: rev for key, rev in revs.items() if rev is not None}

    async def stamp(self) -> int:
        self.counter += 1
        return self.counter

    async def pull(self, *, after_page: Callable[[Page], Awaitable[None]] | None = None) -> Pulled:
        """One walk, from the cursor if there is one; from the start when the provider refuses it."""
        try:
            return await self._walk(self.cursor, after_page)
        except CursorExpired:
            return await self._walk(None, after_page)

    async def _walk(self, cursor: Cursor | None, after_page: Callable[[Page], Awaitable[None]] | None) -> Pulled:
        pages: list[Page] = []
        gone: dict[RemoteKey, Record] = {}
        began = self.counter
        async for page in self.connector.pull(cursor, self):
            assert not (pages and pages[-1].last), "a page came after the last one"
            assert page.asked is not None, "a page does not say when it was asked for"
            assert began < page.asked <= self.counter, "a page's stamp is not of this walk"
            pages.append(page)
            assert page.listing is None or page.mode == "snapshot", "a delta lists nothing"
            assert page.listing is None or pages[0].listing is not None, "a listing comes first"
            self._apply(page, gone)
            if after_page is not None:
                await after_page(page)
        assert pages, "a walk has at least one page"
        assert pages[-1].last, "a walk ends with a page that is marked as the last"
        pulled = Pulled(tuple(pages))
        if pages[-1].mode == "snapshot":
            for key in self.records.keys() - pulled.seen:
                del self.records[key]
        self.cursor = pages[-1].cursor
        return pulled

    def _apply(self, page: Page, gone: dict[RemoteKey, Record]) -> None:
        """Apply a page; ``gone``: what this walk has said to be gone so far."""
        for old, new in page.renamed:
            if old in self.records:
                self._move(old, new, self.records.pop(old))
        absent = self.records.keys() - page.listing if page.listing is not None else ()
        for key in (*page.removed, *absent):
            if key in self.records:
                gone[key] = self.records.pop(key)
        for record in page.changed:
            if record.key not in self.records:
                self._arrive(record, gone)
            self.records[record.key] = record
        for key, rev in page.unchanged:
            assert key in self.records, "a record was called unchanged that was never known"
            assert self.records[key].rev == rev, "a record was called unchanged that has another revision"

    def _arrive(self, record: Record, gone: dict[RemoteKey, Record]) -> None:
        """A new key: a record that had another one, or a new record."""
        if record.stable_key is not None:
            same = [key for key, old in (self.records | gone).items() if old.stable_key == record.stable_key]
        else:
            same = [key for key, old in gone.items() if record.uid is not None and old.uid == record.uid]
        if len(same) == 1 and same[0] != record.key:
            gone.pop(same[0], None)
            self._move(same[0], record.key, record)
        else:
            self.who[record.key] = next(self._numbers)

    def _move(self, old: RemoteKey, new: RemoteKey, record: Record) -> None:
        self.records.pop(old, None)
        self.records[new] = record
        self.who[new] = self.who.pop(old) if old in self.who else next(self._numbers)
