"""Several oddities of Microsoft at once (see tests/hostile/story.py)."""

import random
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from polydex_sandbox.microsoft.quirks import CATALOGUE, NOTIFICATIONS
from tests.hostile.story import Choice, Story, each_seed
from tests.microsoft.home import GraphHome, graph_home
from tests.pictures import jpeg

CHOICES: tuple[Choice, ...] = (
    ("graph-sync-state-expired", {}),
    ("graph-sync-state-expired", {"code": "resyncRequired", "status": 400, "on": "deltaLink", "location": True}),
    ("graph-delta-repeats", {"probability": 1}),
    ("graph-delta-replays", {"probability": 1}),
    ("graph-delta-empty-page", {}),
    ("graph-delta-endless", {}),
    ("graph-delta-lag", {"probability": 1, "seconds": 60}),
    ("graph-throttled", {"probability": 0.1}),
    ("graph-throttled", {"probability": 0.1, "retryAfter": 20}),
    ("graph-unavailable", {"probability": 0.15}),
    ("graph-unavailable", {"probability": 0.15, "status": 504}),
    ("graph-unavailable", {"probability": 0.15, "status": 509, "retryAfter": 1}),
    ("graph-slow", {"seconds": 0.01}),
    ("graph-drop-before", {"probability": 0.15}),
    ("graph-drop-after", {"probability": 0.15}),
    ("graph-fresh-id-unknown", {"probability": 1, "seconds": 30}),
    ("graph-spurious-conflict", {}),
    ("graph-create-drops-properties", {"probability": 0.5, "everywhere": True}),
    ("graph-stale-answer", {}),
    ("graph-email-names", {"probability": 1}),
    ("graph-photo-not-stored", {}),
    ("graph-folder-in-path", {"checked": True}),
    ("graph-deleted-item-answers", {"probability": 1}),
    ("graph-null-keeps-property", {"probability": 1}),
)
ELSEWHERE = {
    "graph-given-name-required": "test_graph_write.py: it is no failure that passes",
    "graph-forbidden": "test_writes.py: it is no failure that passes",
    "graph-token-refused": "test_writes.py: it is no failure that passes",
    "graph-no-mailbox": "test_graph_pull.py: it is no failure that passes",
    "graph-endless-missed": "a notification",
}
"""Quirks that are not drawn here, and why."""
ALWAYS = {quirk.id for quirk in CATALOGUE if quirk.always}
TOLD = {quirk.id for quirk in CATALOGUE if quirk.methods and NOTIFICATIONS in quirk.methods}
"""Those of notifications: nothing of what a pull brings depends on them."""


def test_every_quirk_of_the_sandbox_is_played() -> None:
    drawn = {name for name, _ in CHOICES}
    assert drawn | ELSEWHERE.keys() | TOLD == {quirk.id for quirk in CATALOGUE}
    assert not drawn & (ELSEWHERE.keys() | TOLD)


@dataclass
class GraphStory(Story):
    """One run.

    Attributes:
        folder: id of another folder.
        copied: ids of contacts that live on as copies: back out of Deleted Items they would be there twice.
    """

    home: GraphHome
    folder: str = field(kw_only=True)
    copied: set[str] = field(default_factory=set)
    changes: ClassVar = ("bag", "photo")
    creating: ClassVar = {"phoneNumbers": [{"number": "7", "type": "workMobile"}]}

    async def theirs(self) -> None:
        """One act of the user, in Outlook."""
        world = self.home.world
        here = await world.contacts()
        away = (await world.ask("GET", f"contacts?folder={self.folder}"))["contacts"]
        kind = self.rng.choice(("add", "add", "edit", "edit", "remove", "move", "back", "restore", "copy"))
        self.log.append(f"they {kind}")
        one = self.rng.choice(here)["id"] if here else None
        match kind:
            case "add":
                note = f"theirs {self.fresh()}"
                [made] = await world.seed({"givenName": f"Person {self.number}", "personalNotes": note})
                self.notes[made] = note
            case "edit" if one:
                note = f"theirs {self.fresh()}"
                await self.home.edit(one, personalNotes=note)
                self.notes[one] = note
            case "remove" if one:
                await world.remove(one)
                self.notes.pop(one, None)
            case "move" if one:
                await world.ask("POST", f"contacts/{one}/move", {"folder": self.folder})
            case "back" if away:
                await world.ask("POST", f"contacts/{self.rng.choice(away)['id']}/move", {"folder": "contacts"})
            case "copy" if one:
                copy = await world.move(one)
                self.copied.add(one)
                if one in self.notes:
                    self.notes[copy] = self.notes.pop(one)
            case "restore":
                deleted = (await world.ask("GET", "deleted"))["contacts"]
                for gone in [gone for gone in deleted if gone["id"] not in self.copied][:1]:
                    await world.ask("POST", f"contacts/{gone['id']}/restore", {})
                    if gone.get("personalNotes", "") and gone["personalNotes"].startswith("theirs"):
                        self.notes[gone["id"]] = gone["personalNotes"]

    async def noted(self) -> dict[str, str | None]:
        return {one["id"]: one["personalNotes"] for one in (await self.home.world.ask("GET", "contacts"))["contacts"]}

    def unguarded(self, method: str, path: str) -> bool:
        return method == "PUT"

    def change(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        change: dict[str, Any] = {"nickName": f"nick {self.fresh()}"}
        if kind == "bag":
            change |= {"phoneNumbers": [{"number": str(self.number), "type": "workMobile"}]}
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
    async with graph_home(personal=rng.random() < 0.5) as home:
        await home.pull()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await GraphStory(home, await home.consumer(), rng, folder=folder).play(quirks, ALWAYS, seed)
