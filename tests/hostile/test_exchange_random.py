"""Several oddities of Exchange at once (see tests/hostile/story.py)."""

import random
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from polydex_sandbox.exchange.quirks import CATALOGUE
from tests.exchange.home import ExchangeHome, exchange_home
from tests.hostile.story import Choice, Story, each_seed
from tests.pictures import jpeg

CHOICES: tuple[Choice, ...] = (
    ("exchange-slow", {"seconds": 0.01}),
    ("exchange-drop-before", {"probability": 0.15}),
    ("exchange-drop-after", {"probability": 0.15}),
    ("exchange-server-busy", {"probability": 0.1}),
    ("exchange-server-busy", {"probability": 0.1, "status": 200, "backOff": 20_000}),
    ("exchange-unavailable", {"probability": 0.1}),
    ("exchange-unavailable", {"probability": 0.15, "status": 504}),
    ("exchange-timeout", {"probability": 0.15}),
    ("exchange-internal-error", {"probability": 0.15, "status": 500}),
    ("exchange-internal-error", {"probability": 0.15, "code": "ErrorMailboxStoreUnavailable"}),
    ("exchange-too-many-connections", {"probability": 0.1}),
    ("exchange-batch-stopped", {}),
    ("exchange-item-unreadable", {}),
    ("exchange-conflict", {}),
    ("exchange-stale-answer", {}),
    ("exchange-illegal-characters", {}),
    ("exchange-legacy-addresses", {}),
    ("exchange-photo-lost", {}),
    ("exchange-sync-state-invalid", {}),
    ("exchange-sync-ghost", {}),
)
ELSEWHERE = {
    "exchange-password-expired": "test_exchange_write.py: it is no failure that passes",
    "exchange-version-refused": "test_writes.py: it is no failure that passes",
}
"""Quirks that are not drawn here, and why."""
ALWAYS = {quirk.id for quirk in CATALOGUE if quirk.always}


def test_every_quirk_of_the_sandbox_is_played() -> None:
    drawn = {name for name, _ in CHOICES}
    assert drawn | ELSEWHERE.keys() | ALWAYS == {quirk.id for quirk in CATALOGUE}
    assert not drawn & ELSEWHERE.keys()


@dataclass
class ExchangeStory(Story):
    """One run.

    Attributes:
        folder: id of another folder.
    """

    home: ExchangeHome
    folder: str = field(kw_only=True)
    changes: ClassVar = ("phones", "photo")
    creating: ClassVar = {"emailAddresses": [{"address": "ours@example.com"}]}

    async def theirs(self) -> None:
        """One act of the user, in Outlook. Whoever moves has another id afterwards."""
        world = self.home.world
        here = await self.home.entries()
        kind = self.rng.choice(("add", "add", "edit", "edit", "remove", "move", "back", "restore", "picture", "list"))
        self.log.append(f"they {kind}")
        one = self.rng.choice(here)["id"] if here else None
        match kind:
            case "add":
                note = f"theirs {self.fresh()}"
                [made] = await world.seed({"GivenName": f"Person {self.number}", "Body": note})
                self.notes[made] = note
            case "edit" if one:
                note = f"theirs {self.fresh()}"
                await self.home.edit(one, Body=note)
                self.notes[one] = note
            case "remove" if one:
                await world.ask("DELETE", f"contacts/{quote(one)}")
                self.notes.pop(one, None)
            case "move" if one:
                await self._move(one, self.folder)
            case "back":
                away = (await world.ask("GET", f"contacts?folder={quote(self.folder)}"))["contacts"]
                if away:
                    await self._move(self.rng.choice(away)["id"], "contacts")
            case "restore":
                deleted = (await world.ask("GET", "deleted"))["contacts"]
                for gone in [gone for gone in deleted if gone["kind"] == "Contact"][:1]:
                    restored = await self._move(gone["id"], "contacts")
                    if gone.get("Body", "").startswith("theirs"):
                        self.notes[restored] = gone["Body"]
            case "picture" if one:
                await world.ask("PUT", f"contacts/{quote(one)}/photo", jpeg(self.rng.choice(("green", "white"))))
            case "list":
                await world.ask("POST", "items", {"kind": "DistributionList", "name": f"List {self.fresh()}"})

    async def _move(self, key: str, folder: str) -> str:
        moved: str = (await self.home.world.ask("POST", f"contacts/{quote(key)}/move", {"folder": folder}))["id"]
        if key in self.notes:
            self.notes[moved] = self.notes.pop(key)
        return moved

    async def noted(self) -> dict[str, str | None]:
        return {one["id"]: one.get("Body") for one in (await self.home.world.ask("GET", "contacts"))["contacts"]}

    def unguarded(self, method: str, path: str) -> bool:
        """DeleteItem compares no change key; a photo that comes or goes neither."""
        return path in ("DeleteItem", "CreateAttachment", "DeleteAttachment")

    def change(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        change: dict[str, Any] = {"nickName": f"nick {self.fresh()}"}
        if kind == "phones":
            change |= {"phoneNumbers": [{"number": str(self.number), "type": "mobile"}]}
        elif kind == "photo":
            content = b64encode(jpeg(self.rng.choice(("red", "blue")))).decode()
            change |= {"photo": {"content": content, "mimeType": "image/jpeg"}}
        return change

    async def shown(self) -> list[tuple[Any, ...]]:
        """The last is whether there is a photo."""
        return sorted((tuple(one) for one in await self.home.there()), key=str)

    def more(self, record: dict[str, Any]) -> object:
        return record["hasPhoto"]


@pytest.mark.soak
@each_seed
async def test_several_oddities_at_once(seed: int) -> None:
    rng = random.Random(seed)
    quirks = rng.sample(CHOICES, rng.randint(0, 4))
    async with exchange_home(server=rng.choice(("2013", "2016")), odd=True) as home:
        await home.pull()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await ExchangeStory(home, await home.consumer(), rng, folder=folder).play(quirks, ALWAYS, seed)
