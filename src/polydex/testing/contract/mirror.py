"""The plainest follower of a pull, without concurrency: what it holds afterwards must be the truth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    """Follows one source. Is itself the Walk that it lends."""

    connector: Connector
    records: dict[RemoteKey, Record] = field(default_factory=dict)
    cursor: Cursor | None = None
    counter: int = 0

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
        began = self.counter
        async for page in self.connector.pull(cursor, self):
            assert not (pages and pages[-1].last), "a page came after the last one"
            assert page.asked is not None, "a page does not say when it was asked for"
            assert began < page.asked <= self.counter, "a page's stamp is not of this walk"
            pages.append(page)
            self._apply(page)
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

    def _apply(self, page: Page) -> None:
        for old, new in page.renamed:
            if old in self.records:
                self.records[new] = self.records.pop(old)
        for key in page.removed:
            self.records.pop(key, None)
        for record in page.changed:
            self.records[record.key] = record
        for key, rev in page.unchanged:
            assert key in self.records, "a record was called unchanged that was never known"
            assert self.records[key].rev == rev, "a record was called unchanged that has another revision"
