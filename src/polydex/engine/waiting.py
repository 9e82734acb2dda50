"""Writes that wait for their account's turn: those of one kind travel together, where the provider takes several.

A ride is what has one turn together. It is open for as long as it waits; whoever comes then may get on, as long as
there is room and nothing about the same contact would be overtaken. Which process a write came to is no matter of
order, and so only the writes of this process ride together (J11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from polydex.core.ids import AccountId
from polydex.engine.errand import Errand, Written
from polydex.engine.turns import Turns
from polydex.store.accounts import Account

Carry = Callable[[Account, Sequence[Errand]], Awaitable[None]]
"""Carries errands of one kind out, and answers each."""


@dataclass(eq=False)
class _Ride:
    account: Account
    errands: list[Errand] = field(default_factory=list)

    def takes(self, account: Account, errand: Errand, room: int) -> bool:
        """Whether it may get on. ``account`` is as it was read for the errand: other credentials, another ride."""
        return len(self.errands) < room and self.errands[0].verb == errand.verb and self.account == account

    def is_about(self, what: str) -> bool:
        return bool(what) and any(errand.about == what for errand in self.errands)

    @property
    def awaited(self) -> list[Errand]:
        """Those that have no answer yet, and that somebody waits for."""
        return [errand for errand in self.errands if errand.awaited]


class Waiting:
    """The rides of this process.

    Args:
        turns: of the accounts.
        carry: what a ride does when it has the turn.
    """

    def __init__(self, turns: Turns, carry: Carry) -> None:
        self._turns, self._carry = turns, carry
        self._rides: dict[AccountId, list[_Ride]] = {}  # that have not set out yet, in their order
        self._tasks: dict[_Ride, asyncio.Task[None]] = {}

    async def served(self, account: Account, errand: Errand, room: int) -> Written:
        """The outcome of an errand; ``room``: how many may travel together. The caller bounds the time.

        A ride goes on for as long as somebody waits for one of its errands.
        """
        ride = self._board(account, errand, room)
        try:
            return await errand.answer
        except asyncio.CancelledError:
            task = self._tasks.get(ride)
            if task is not None and not ride.awaited:
                self._close(ride)  # who comes while it ends must not get on
                task.cancel()
                await asyncio.wait([task])
            raise

    async def finished(self) -> None:
        """Return when no ride is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def _board(self, account: Account, errand: Errand, room: int) -> _Ride:
        rides = self._rides.setdefault(account.id, [])
        for ride in reversed(rides):
            if ride.is_about(errand.about):
                break  # that one goes first
            if ride.takes(account, errand, room):
                ride.errands.append(errand)
                return ride
        ride = _Ride(account, [errand])
        rides.append(ride)
        task = self._tasks[ride] = asyncio.create_task(self._run(ride))
        task.add_done_callback(lambda _: self._end(ride))
        return ride

    async def _run(self, ride: _Ride) -> None:
        try:
            async with self._turns.turn(ride.account.id):
                self._close(ride)
                if ride.awaited:
                    await self._carry(ride.account, ride.awaited)
        except Exception as error:  # noqa: BLE001 - told to those who wait
            for errand in ride.awaited:
                errand.answer.set_exception(error)

    def _end(self, ride: _Ride) -> None:
        self._close(ride)
        del self._tasks[ride]
        for errand in ride.awaited:  # cut off: the intents tell how far it came
            errand.answer.cancel()

    def _close(self, ride: _Ride) -> None:
        """Nobody gets on any more."""
        rides = self._rides.get(ride.account.id, [])
        if ride in rides:
            rides.remove(ride)
        if not rides:
            self._rides.pop(ride.account.id, None)
