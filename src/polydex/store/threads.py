"""Threads that each own one connection and share a queue: what makes a Database of blocking drivers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from polydex.core.errors import StoreFailed
from polydex.store.db import Tx

P = ParamSpec("P")
T = TypeVar("T")


class Session(Protocol):
    """One connection, used by one thread."""

    @property
    def broken(self) -> bool:
        """Not to be used again; the next job gets a new session."""
        ...

    def write(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` in a transaction that may write."""
        ...

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on one snapshot."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


S = TypeVar("S", bound=Session)


class Threads(Generic[S]):
    """``size`` threads; each opens its session with its first job, and again when it is broken."""

    def __init__(self, name: str, size: int, open_session: Callable[[], S]) -> None:
        self._open = open_session
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[S], Any]] | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        # Daemons: a process that ends without close() loses no committed transaction, and should not hang.
        self._threads = [
            threading.Thread(target=self._work, name=f"polydex-{name}-{number}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Callable[[S], T]) -> Future[T]:
        """Queue a job; jobs are begun in this order. Raises StoreFailed after close."""
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise StoreFailed(detail="the database is closed")
            self._queue.put((future, job))
        return future

    def close(self) -> None:
        """Run what is queued, then end the threads. Blocks; a second call waits, too."""
        with self._gate:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        session: S | None = None
        while (item := self._queue.get()) is not None:
            future, job = item
            if future.set_running_or_notify_cancel():
                try:
                    if session is None:
                        session = self._open()
                    result = job(session)
                except StopIteration as error:
                    # A future refuses StopIteration, which would end the coroutine that waits for it.
                    future.set_exception(RuntimeError(f"a transaction raised {error!r}"))
                except BaseException as error:  # noqa: BLE001 - as follows
                    # Whatever it is, it belongs to the caller; the thread lives on.
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            if session is not None and session.broken:
                with contextlib.suppress(Exception):
                    session.close()
                session = None
            del item, future, job
        if session is not None:
            session.close()


class Glance(Protocol):
    """A connection of the event loop's own, for looks that cannot wait."""

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on one snapshot. Raises StoreFailed, also where another process would have to be waited for."""
        ...

    def close(self) -> None:
        """Close; a second call does nothing."""
        ...


class ThreadedDatabase(Generic[S]):
    """A Database over threads; ``writers`` and ``readers`` may be the same. ``glance``: for looks that cannot wait."""

    def __init__(self, writers: Threads[S], readers: Threads[S], glance: Glance | None = None) -> None:
        self._writers = writers
        self._readers = readers
        self._glance = glance

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``fn(tx, ...)`` in a transaction that may write.

        Once called it is carried out. A caller that is cancelled is held until the transaction has ended, so that
        whatever it does while it unwinds comes after; then CancelledError goes on, caused by the transaction's error
        if it had one.
        """
        call = _bind(fn, args, kwargs)
        ended = asyncio.wrap_future(self._writers.submit(lambda session: session.write(call)))
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError as cancelled:
            while not ended.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([ended])
            if not ended.cancelled() and (error := ended.exception()) is not None:
                raise cancelled from error
            raise

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``fn(tx, ...)`` on one consistent snapshot, without writing. Not begun when the caller is gone."""
        call = _bind(fn, args, kwargs)
        return await asyncio.wrap_future(self._readers.submit(lambda session: session.read(call)))

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``; at once where there is a glance. What it cannot do is left to a thread, which may wait."""
        if self._glance is not None:
            try:
                return self._glance.read(_bind(fn, args, kwargs))
            except StoreFailed:
                pass  # told below, if it is still so
        return await self.read(fn, *args, **kwargs)

    async def close(self) -> None:
        """Finish what runs and what is queued, then close."""
        if self._glance is not None:
            self._glance.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.close()
        self._writers.close()


def _bind(fn: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> Callable[[Tx], T]:
    return lambda tx: fn(tx, *args, **kwargs)
