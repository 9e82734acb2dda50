"""Several oddities of a provider at once, edits by the user at any moment, writes of ours and pulls, drawn by a seed.

At the end the mirror is what the provider has, and on the way nothing was overwritten, doubled or given another id. A
failure names its seed: ``pytest -k "seed-17"`` plays it again.
"""

import contextlib
import random
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from polydex.core.errors import PolydexError, ProviderThrottled, ProviderTimeout, ProviderUnavailable
from tests.contract.engine.home import Consumer
from tests.providers.home import SandboxHome
from tests.soak import SOAK

SEEDS = 2_000 if SOAK else 12
STEPS = 14
Choice = tuple[str, dict[str, Any]]
"""A quirk and how it is switched on."""

each_seed = pytest.mark.parametrize("seed", range(SEEDS), ids=lambda seed: f"seed-{seed}")


@dataclass
class Story(ABC):
    """One run.

    Attributes:
        notes: key of a contact -> what the user last wrote into its notes.
        created: nickname of a create of ours -> whether it was confirmed.
        deleting: notes of the contact that a delete of ours may hit.
        lost: what went wrong on the way.
        changes: kinds of updates of ours besides a plain one, for ``change``.
        creating: what a new contact of ours has besides its nickname.
    """

    changes: ClassVar[tuple[str, ...]]
    creating: ClassVar[dict[str, Any]]

    home: SandboxHome
    consumer: Consumer
    rng: random.Random
    number: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    created: dict[str, bool] = field(default_factory=dict)
    deleting: str | None = None
    lost: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    # --- what each provider does in its own way -------------------------------------------------------------------

    @abstractmethod
    async def theirs(self) -> None:
        """One act of the user, elsewhere."""

    @abstractmethod
    async def noted(self) -> dict[str, str | None]:
        """The notes of every contact by its key, as they truly are."""

    @abstractmethod
    def unguarded(self, method: str, path: str) -> bool:
        """Whether a request is compared with no etag."""

    @abstractmethod
    def change(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """The members of an update of a record; ``kind``: one of ``changes``, or ``update``."""

    @abstractmethod
    async def shown(self) -> list[tuple[Any, ...]]:
        """What the contacts at the provider look like: given name, nickname, notes, and one more."""

    @abstractmethod
    def more(self, record: dict[str, Any]) -> object:
        """The last of these, of a record of the API."""

    # --- the user -------------------------------------------------------------------------------------------------

    def fresh(self) -> int:
        self.number += 1
        return self.number

    async def before(self, method: str, path: str) -> None:
        """Before each request: now and then the user is faster. Not before one that no etag guards."""
        if self.rng.random() < 0.06 and not self.unguarded(method, path):
            await self.theirs()

    async def check(self) -> None:
        """What the user wrote last is still there, whatever we have written since."""
        there = await self.noted()
        for key, note in list(self.notes.items()):
            if key not in there:
                if note != self.deleting:
                    self.lost.append(f"the contact with the note {note} was deleted")
                del self.notes[key]
            elif there[key] != note:
                self.lost.append(f"the note {note} was overwritten")

    # --- us -------------------------------------------------------------------------------------------------------

    async def ours(self) -> None:
        """One request of an API client, who may know an older version."""
        if self.rng.random() < 0.6:
            with contextlib.suppress(PolydexError):
                await self.consumer.follow()
        known = sorted(
            self.consumer.copy.values(), key=lambda record: (str(record.get("notes")), str(record.get("nickName")))
        )
        kind = self.rng.choice(("create", "update", "update", *self.changes, "delete"))
        self.log.append(f"we {kind}")
        if kind == "create" or not known:
            await self._create()
            return
        record = self.rng.choice(known)
        if kind == "delete":
            self.deleting = str(record.get("notes"))
            with contextlib.suppress(PolydexError):
                await self.home.writer.delivered(
                    await self.home.writer.delete(self.home.account, record["id"], record["etag"])
                )
            await self.check()
            return
        change = self.change(kind, record)
        with contextlib.suppress(PolydexError):
            await self.home.update(record["id"], record["etag"], **change)

    async def _create(self) -> None:
        nick = f"ours {self.fresh()}"
        self.created[nick] = False
        try:
            await self.home.create(nickName=nick, **self.creating)
        except (ProviderTimeout, ProviderUnavailable):  # those leave it open
            return
        except PolydexError as error:
            del self.created[nick]
            if not isinstance(error, ProviderThrottled):
                self.lost.append(f"a create was refused: {type(error).__name__} {error.message}")
        else:
            self.created[nick] = True

    def mirrored(self) -> list[tuple[Any, ...]]:
        """What ``shown`` gives, of the copy of an API client."""
        records = self.consumer.copy.values()
        return sorted(
            (
                (one.get("name", {}).get("givenName"), one.get("nickName"), one.get("notes"), self.more(one))
                for one in records
            ),
            key=str,
        )

    # --- the whole ------------------------------------------------------------------------------------------------

    async def play(self, quirks: Sequence[Choice], always: Collection[str], seed: int) -> None:
        """From the first edits of the user to the end, with what has to hold then.

        Args:
            quirks: what is odd.
            always: quirks that take no probability.
            seed: of the others.
        """
        home, spoiler = self.home, self.home.world.spoiler
        for _ in range(self.rng.randint(0, 6)):
            await self.theirs()
        await home.rest()
        for name, given in quirks:
            when = {} if name in always else {"probability": 0.4, "seed": seed}
            await home.world.quirk(name, **{**when, **given})
        spoiler.before = self.before
        for _ in range(STEPS):
            await self._step()
            await self.check()
        spoiler.before = None
        await home.world.calm()
        await home.rest()
        await home.rest()
        await self.consumer.follow()
        told = f"{quirks}\n" + "\n".join(self.log)
        assert self.lost == [], told
        assert self.mirrored() == await self.shown(), told
        nicks = [nick for _, nick, _, _ in await self.shown()]
        assert all(nicks.count(nick) <= 1 for nick in self.created), told

    async def _step(self) -> None:
        match self.rng.choice(("ours", "ours", "theirs", "pull", "time")):
            case "ours":
                await self.ours()
            case "theirs":
                await self.theirs()
            case "pull":
                self.log.append("pull")
                with contextlib.suppress(PolydexError):
                    await self.home.pull()
            case _:
                self.home.clock.advance(self.rng.choice((1, 10, 100, 1000, 100_000)))
