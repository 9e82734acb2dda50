"""An event loop in which time passes only when it is told to: every interleaving can be played again."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from polydex.testing.clock import START

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Never sleeps: with nothing to do it moves the time on to the next timer, or stops the loop."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        loop = self.loop
        if timeout is not None and loop.now + timeout <= loop.limit:
            loop.now += timeout
        else:
            loop.stop()
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Attributes: ``now`` and ``limit`` are seconds; time does not pass ``limit``."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now = 0.0
        self.limit = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def clock(self) -> int:
        """Unix milliseconds."""
        return START + round(self.now * 1000)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # runs at once, in this thread
        """At once, in place of a thread: when that would come back nobody could say."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            done.set_exception(error)
        return done

    def settle(self) -> None:
        """Run until everybody waits for something that will not happen by itself now."""
        self.limit = self.now
        self.run_forever()

    def advance(self, seconds: float) -> None:
        """Let time pass, from one timer to the next."""
        self.limit = end = self.now + seconds
        self.run_forever()
        self.now = end
        self.settle()

    def finish(self, coroutine: Coroutine[Any, Any, T], *, within: float = 1e6) -> T:
        """Run to the end, letting time pass as needed; AssertionError when it waits for something that never comes."""
        task = self.create_task(coroutine)
        self.limit = self.now + within
        task.add_done_callback(lambda _: self.stop())
        self.run_forever()
        if not task.done():
            task.cancel()
            self.settle()
            raise AssertionError(f"{coroutine!r} waits for ever")
        return task.result()
