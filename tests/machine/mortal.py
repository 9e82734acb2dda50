"""Database and connectors that can die: at a chosen point everything after it has never happened.

A crash is a BaseException, so that no handler of failures sees it, and from then on the dead application can do
nothing more: not write, not call, not even clean up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from polydex.connectors.base import (
    Batching,
    Capabilities,
    Connector,
    Identity,
    MarkAnswer,
    New,
    Page,
    Record,
    SourceInfo,
    Walk,
)
from polydex.connectors.provider import Credentials, Probe, Provider
from polydex.core.contact import Contact, Photo
from polydex.core.errors import PolydexError
from polydex.core.fields import Loss
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.patch import Patch
from polydex.store.db import Tx
from polydex.store.epochs import HighWater
from polydex.store.sqlite_session import SqliteSession

P = ParamSpec("P")
T = TypeVar("T")


class Killed(BaseException):
    """The process is gone."""


class Life:
    """Of one process. ``fuse``: the number of points that it still passes; None for any number."""

    def __init__(self) -> None:
        self.dead = False
        self.fuse: int | None = None

    def point(self) -> None:
        """Before and after everything that others can see."""
        if self.fuse is not None and not self.dead:
            self.fuse -= 1
            self.dead = self.fuse < 0
        if self.dead:
            raise Killed


class MortalDatabase:
    """The real SQLite file, one connection, each transaction at once: so the order of transactions is repeatable."""

    def __init__(self, path: Path, life: Life) -> None:
        self._life = life
        self._session = SqliteSession(path, HighWater(path), busy_seconds=0.0)
        # No power fails here; what a process has committed stays.
        self._session._connection.execute("PRAGMA synchronous = OFF")

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._life.point()
        await asyncio.sleep(0)
        self._life.point()
        result = self._session.write(lambda tx: fn(tx, *args, **kwargs))
        self._life.point()
        await asyncio.sleep(0)
        return result

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._life.dead:
            raise Killed
        await asyncio.sleep(0)
        result = self._session.read(lambda tx: fn(tx, *args, **kwargs))
        await asyncio.sleep(0)
        if self._life.dead:
            raise Killed
        return result

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.read(fn, *args, **kwargs)

    async def close(self) -> None:
        self.shut()

    def shut(self) -> None:
        """Close the file."""
        self._session.close()

    def peek(self, fn: Callable[[Tx], T]) -> T:
        """Read at once, for a test that wants to know."""
        return self._session.read(fn)


class MortalConnector:
    """A connector of a process that may die before a call leaves, or before its answer is heard."""

    def __init__(self, inner: Connector, life: Life) -> None:
        self._inner, self._life = inner, life

    @property
    def caps(self) -> Capabilities:
        return self._inner.caps

    async def identify(self) -> Identity:
        return await self._mortal(self._inner.identify())

    async def fetch(self, key: RemoteKey) -> Record:
        return await self._mortal(self._inner.fetch(key))

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str] | None = None,
        document: bytes | None = None,
        *,
        fresh: bool = False,
    ) -> Record:
        return await self._mortal(self._inner.create(draft, mark, native, document, fresh=fresh))

    async def find_mark(self, mark: str) -> MarkAnswer:
        return await self._mortal(self._inner.find_mark(mark))

    async def update(self, base: Record, patch: Patch) -> Record:
        return await self._mortal(self._inner.update(base, patch))

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        await self._mortal(self._inner.delete(key, rev))

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        return await self._mortal(self._batching.create_many(new))

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        return await self._mortal(self._batching.update_many(changes))

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        return await self._mortal(self._batching.delete_many(keys))

    @property
    def _batching(self) -> Batching:
        assert isinstance(self._inner, Batching)
        return self._inner

    async def photo(self, record: Record) -> Photo | None:
        return await self._mortal(self._inner.photo(record))

    async def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        self._life.point()
        async for page in self._inner.pull(cursor, walk, resume=resume):
            self._life.point()
            yield page
            self._life.point()

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        return self._inner.remap(raw, key, rev)

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        return self._inner.losses(draft, base, document)

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        return self._inner.native(raw, names)

    async def _mortal(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            self._life.point()
        except Killed:
            call.close()
            raise
        try:
            return await call
        finally:
            self._life.point()


class MortalProvider:
    """A provider whose connectors are mortal."""

    def __init__(self, inner: Provider, life: Life) -> None:
        self._inner, self._life = inner, life
        self.name = inner.name
        self.services = inner.services

    @property
    def mapping_version(self) -> int:
        return self._inner.mapping_version

    def configured(self, options: Mapping[str, str]) -> MortalProvider:
        return MortalProvider(self._inner.configured(options), self._life)

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        return self._inner.prepare(service, credentials)

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        return await self._inner.discover(net, credentials)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> MortalConnector:
        return MortalConnector(self._inner.connect(net, credentials, source_key, options, context), self._life)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return self._inner.probe(net, credentials, source_key)
