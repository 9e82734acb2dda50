"""Several oddities of Microsoft at once, edits by the user at any moment, writes of ours and pulls, drawn by a seed.

At the end the mirror is what Microsoft has, and on the way nothing was overwritten, doubled or given another id. A failure
names its seed: ``pytest -k "seed-17"`` plays it again.
"""

import contextlib
import random
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest

from polydex.core.errors import PolydexError, ProviderThrottled, ProviderTimeout, ProviderUnavailable
from polydex_sandbox.microsoft.quirks import CATALOGUE, NOTIFICATIONS
from tests.contract.engine.home import Consumer
from tests.hostile.test_graph_write import jpeg
from tests.microsoft.home import GraphHome, graph_home
from tests.soak import SOAK

SEEDS = 2_000 if SOAK else 12
STEPS = 14
CHOICES: tuple[tuple[str, dict[str, Any]], ...] = (
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
    "graph-forbidden": "test_graph_write.py: it is no failure that passes",
    "graph-token-refused": "test_graph_write.py: it is no failure that passes",
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
class Story:
    """One run.

    Attributes:
        notes: id of a contact -> what the user last wrote into its notes.
        created: nickname of a create of ours -> whether it was confirmed.
        deleting: notes of the contact that a delete of ours may hit.
        lost: what went wrong on the way.
        folder: id of another folder.
        copied: ids of contacts that live on as copies: back out of Deleted Items they would be there twice.
    """

    home: GraphHome
    consumer: Consumer
    rng: random.Random
    folder: str
    number: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    created: dict[str, bool] = field(default_factory=dict)
    deleting: str | None = None
    lost: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    copied: set[str] = field(default_factory=set)

    def fresh(self) -> int:
        self.number += 1
        return self.number

    # --- the user -----------------------------------------------------------------------------------------------

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

    async def before(self, method: str, path: str) -> None:
        """Before each request: now and then the user is faster. Not before one that no etag guards."""
        unguarded = method == "PUT"
        if self.rng.random() < 0.06 and not unguarded:
            await self.theirs()

    async def check(self) -> None:
        """What the user wrote last is still there, whatever we have written since."""
        there = {one["id"]: one for one in (await self.home.world.ask("GET", "contacts"))["contacts"]}
        for key, note in list(self.notes.items()):
            if key not in there:
                if note != self.deleting:
                    self.lost.append(f"the contact with the note {note} was deleted")
                del self.notes[key]
            elif there[key]["personalNotes"] != note:
                self.lost.append(f"the note {note} was overwritten")

    # --- us -----------------------------------------------------------------------------------------------------

    async def ours(self) -> None:
        """One request of an API client, who may know an older version."""
        if self.rng.random() < 0.6:
            with contextlib.suppress(PolydexError):
                await self.consumer.follow()
        known = sorted(
            self.consumer.copy.values(), key=lambda record: (str(record.get("notes")), str(record.get("nickName")))
        )
        kind = self.rng.choice(("create", "update", "update", "bag", "photo", "delete"))
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
        change: dict[str, Any] = {"nickName": f"nick {self.fresh()}"}
        if kind == "bag":
            change |= {"phoneNumbers": [{"number": str(self.number), "type": "workMobile"}]}
        elif kind == "photo":
            content = b64encode(jpeg(self.rng.choice(("red", "blue")))).decode()
            change |= {"photo": {"content": content, "mimeType": "image/jpeg"}}
        with contextlib.suppress(PolydexError):
            await self.home.update(record["id"], record["etag"], **change)

    async def _create(self) -> None:
        nick = f"ours {self.fresh()}"
        self.created[nick] = False
        try:
            await self.home.create(nickName=nick, phoneNumbers=[{"number": "7", "type": "workMobile"}])
        except (ProviderTimeout, ProviderUnavailable):  # those leave it open
            return
        except PolydexError as error:
            del self.created[nick]
            if not isinstance(error, ProviderThrottled):
                self.lost.append(f"a create was refused: {type(error).__name__} {error.message}")
        else:
            self.created[nick] = True


async def shown(home: GraphHome) -> list[tuple[Any, ...]]:
    """What the contacts at Microsoft look like."""
    return sorted(
        (
            (one["givenName"], one["personalNotes"] or None, one["nickName"], one["photo"] is not None)
            for one in await home.world.contacts()
        ),
        key=str,
    )


def mirrored(consumer: Consumer) -> list[tuple[Any, ...]]:
    """The same of the copy of an API client."""
    return sorted(
        (
            (
                record.get("name", {}).get("givenName"),
                record.get("notes"),
                record.get("nickName"),
                record["hasPhoto"],
            )
            for record in consumer.copy.values()
        ),
        key=str,
    )


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(SEEDS), ids=lambda seed: f"seed-{seed}")
async def test_several_oddities_at_once(seed: int) -> None:
    rng = random.Random(seed)
    quirks = rng.sample(CHOICES, rng.randint(0, 4))
    async with graph_home(personal=rng.random() < 0.5) as home:
        await home.pull()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        story = Story(home, await home.consumer(), rng, folder)
        for _ in range(rng.randint(0, 6)):
            await story.theirs()
        await home.rest()
        for name, given in quirks:
            when = {} if name in ALWAYS else {"probability": 0.4, "seed": seed}
            await home.world.quirk(name, **{**when, **given})
        home.world.spoiler.before = story.before
        for _ in range(STEPS):
            match rng.choice(("ours", "ours", "theirs", "pull", "time")):
                case "ours":
                    await story.ours()
                case "theirs":
                    await story.theirs()
                case "pull":
                    story.log.append("pull")
                    with contextlib.suppress(PolydexError):
                        await home.pull()
                case _:
                    home.clock.advance(rng.choice((1, 10, 100, 1000, 100_000)))
            await story.check()
        home.world.spoiler.before = None
        await home.world.calm()
        await home.rest()
        await home.rest()
        await story.consumer.follow()
        told = f"{quirks}\n" + "\n".join(story.log)
        assert story.lost == [], told
        assert mirrored(story.consumer) == await shown(home), told
        nicks = [nick for _, _, nick, _ in await shown(home)]
        assert all(nicks.count(nick) <= 1 for nick in story.created), told
