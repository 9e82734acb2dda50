"""Looks of the event loop: one snapshot of SQLite for everything that is looked at in one turn of the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from polydex.core.errors import StoreFailed
from polydex.store.db import Tx
from polydex.store.sqlite_session import SqliteSession
from polydex.store.sqlite_tx import SqliteTx

T = TypeVar("T")


class SqliteGlance:
    """A session of the event loop's own; opened with the first look, and again when it is broken. See Glance.

    To begin and to end a snapshot costs as much as a look, so the looks of one turn of the loop share one. None of them
    sees less than it should: the end is put in the loop's queue before the snapshot is begun, and whoever learns of a
    later commit (from the thread that made it, or from a socket) is queued behind that.
    """

    def __init__(self, open_session: Callable[[], SqliteSession]) -> None:
        self._open = open_session
        self._session: SqliteSession | None = None
        self._snapshot: SqliteTx | None = None
        self._closed = False

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on the snapshot of this turn. Raises StoreFailed, also where others would have to be waited for."""
        session = self._session
        if session is None or session.broken or self._snapshot is None:
            session, self._snapshot = self._begin()
        try:
            return session.within(self._snapshot, fn)
        except BaseException:
            self._end()  # some errors have ended it already
            raise

    def close(self) -> None:
        """Close; a second call does nothing."""
        self._closed = True
        self._drop()

    def _begin(self) -> tuple[SqliteSession, SqliteTx]:
        if self._closed:
            raise StoreFailed(detail="the database is closed")
        session = self._session
        if session is None or session.broken:
            self._drop()
            session = self._session = self._open()
        asyncio.get_running_loop().call_soon(self._end)
        return session, session.begin()

    def _end(self) -> None:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None and self._session is not None:
            self._session.end(snapshot)

    def _drop(self) -> None:
        self._end()
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                session.close()
