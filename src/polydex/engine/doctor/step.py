"""A step of the examination: what was looked at, how it is, and how to mend it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from polydex.core.errors import PolydexError
from polydex.core.ids import AccountId

T = TypeVar("T")


class State(Enum):
    """OK, WARNING (works, and may not for long), FAILED, SKIPPED (could not be looked at)."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. No secret and no contact data in it.

    Attributes:
        name: for programs, such as ``folder.mode``; of an account such as ``account.login``.
        found: one sentence; of a skipped step why it was skipped.
        mend: one sentence with the exact command or setting; empty when there is nothing to mend.
        account: number of the account that it is about.
    """

    name: str
    state: State
    found: str
    mend: str = ""
    account: AccountId | None = None


def ok(name: str, found: str) -> Step:
    return Step(name, State.OK, found)


def warning(name: str, found: str, mend: str) -> Step:
    return Step(name, State.WARNING, found, mend)


def failed(name: str, found: str, mend: str) -> Step:
    return Step(name, State.FAILED, found, mend)


def skipped(name: str, because: str) -> Step:
    return Step(name, State.SKIPPED, because)


def passed(steps: Iterable[Step]) -> bool:
    """Whether nothing failed: what comes after may be looked at."""
    return all(step.state is not State.FAILED for step in steps)


async def in_thread(work: Callable[[], T]) -> T:
    """Run what blocks in a thread of its own: one that never comes back (a dead network file system) holds up nobody,
    not even the end of the process.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="polydex-doctor").start()
    return await asyncio.wrap_future(done)


def told(error: PolydexError) -> str:
    """Message and, for the operator, the place."""
    return error.message if not error.detail or error.detail in error.message else f"{error.message} ({error.detail})"


def sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return f"{text}."


def span(seconds: float) -> str:
    """A length of time for people: "40 seconds", "3 hours"."""
    seconds = round(abs(seconds))
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}s"
    return f"{seconds} seconds"


def size(number: int) -> str:
    """Bytes for people."""
    for name, unit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number} bytes"
