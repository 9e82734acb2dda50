"""Holding calls in flight, so that a test decides the order in which they reach the provider and come back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """A point that a provider call passes.

    Attributes:
        verb: ``fetch``, ``create``, ``find_mark``, ``update``, ``delete``, ``photo``, ``identify``, ``watch``,
            ``unwatch``, ``listen`` or ``list`` (one page of a pull).
        point: ``ask`` before the provider acts, ``gap`` between the two halves of a checked write, ``answer`` after.
        key: the record's key, mark or cursor, or the channel's id.
    """

    verb: str
    point: Literal["ask", "gap", "answer"]
    key: str = ""


@dataclass(eq=False)
class Held:
    """A call that waits at a gate."""

    step: Step
    opened: asyncio.Future[None] = field(repr=False)


class Gates:
    """Gates that are open until ``hold`` names steps to stop at.

    ``waiting`` lists the held calls, in the order in which they arrived.
    """

    def __init__(self) -> None:
        self.waiting: list[Held] = []
        self._held: list[tuple[str, str]] = []

    def hold(self, verb: str = "*", point: str = "*") -> None:
        """Stop every later call of ``verb`` at ``point`` (``*``: any)."""
        self._held.append((verb, point))

    def let(self, verb: str, point: str) -> None:
        """Take back one ``hold``, and let go of those whom nothing else holds."""
        self._held.remove((verb, point))
        for held in list(self.waiting):
            if not self._holds(held.step):
                self.release(held)

    def open(self) -> None:
        """Hold nothing any more, and let everybody go."""
        self._held.clear()
        while self.waiting:
            self.release(self.waiting[0])

    def release(self, held: Held) -> None:
        """Let one call go on."""
        self.waiting.remove(held)
        if not held.opened.done():
            held.opened.set_result(None)

    async def reached(self, verb: str, point: str, *, turns: int = 10_000) -> Held:
        """The first call held at this step, as soon as there is one.

        Raises:
            AssertionError: nobody came within so many turns of the event loop.
        """
        for turn in range(turns):
            for held in self.waiting:
                if held.step.verb == verb and held.step.point == point:
                    return held
            # Database work runs in threads: give them the processor once the loop has nothing left to do.
            await asyncio.sleep(0 if turn < 100 else 0.001)
        raise AssertionError(f"no call reached {verb}/{point}; waiting: {[held.step for held in self.waiting]}")

    async def pass_through(self, step: Step) -> None:
        """Called by the memory connector at every step."""
        if not self._holds(step):
            return
        held = Held(step, asyncio.get_running_loop().create_future())
        self.waiting.append(held)
        try:
            await held.opened
        finally:
            if held in self.waiting:
                self.waiting.remove(held)

    def _holds(self, step: Step) -> bool:
        return any(verb in ("*", step.verb) and point in ("*", step.point) for verb, point in self._held)
