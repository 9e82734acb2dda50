"""Several oddities of Google at once, edits by the user at any moment, writes of ours and pulls, drawn by a seed.

At the end the mirror is what Google has, and on the way nothing was overwritten, doubled or given another id. A failure
names its seed: ``pytest -k "seed-17"`` plays it again.
"""

import contextlib
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from polydex.core.errors import PolydexError, ProviderThrottled, ProviderTimeout, ProviderUnavailable
from polydex_sandbox.google.quirks import CATALOGUE
from tests.contract.engine.home import Consumer
from tests.google.home import GoogleHome, google_home
from tests.soak import SOAK

SEEDS = 2_000 if SOAK else 12
STEPS = 14
CHOICES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("google-sync-token-expired", {"variant": "410"}),
    ("google-sync-token-expired", {"variant": "INVALID_ARGUMENT", "details": False}),
    ("google-propagation-delay", {"seconds": 120, "probability": 1}),
    ("google-propagation-delay", {"seconds": 300}),
    ("google-read-quota", {"probability": 0.1}),
    ("google-write-quota", {"probability": 0.1}),
    ("google-full-sync-quota", {"count": 2}),
    ("google-rate-limit-403", {"probability": 0.1}),
    ("google-unavailable", {"probability": 0.2}),
    ("google-unavailable", {"probability": 0.2, "retryAfter": 1}),
    ("google-slow", {"seconds": 0.01}),
    ("google-drop-before", {"probability": 0.2}),
    ("google-drop-after", {"probability": 0.2}),
    ("google-recompressed-photo", {}),
    ("google-etag-changes", {"probability": 1}),
    ("google-no-source-etag", {"probability": 1}),
    ("google-spurious-precondition", {}),
    ("google-source-etag-refused", {"probability": 1}),
    ("google-list-etag-refused", {"probability": 1}),
    ("google-no-next-sync-token", {}),
    ("google-duplicate-between-pages", {"probability": 1}),
    ("google-page-token-expires", {}),
    ("google-renames", {}),
    ("google-group-rename-is-silent", {"members": True}),
)
ELSEWHERE = {
    "google-sync-token-expires": "test_google_pull.py: the days that a sync token lives",
    "google-default-photo": "always there",
    "google-stale-search": "we do not search",
    "google-forbidden": "test_google_write.py: it is no failure that passes",
}
"""Quirks that are not drawn here, and why."""
ALWAYS = {quirk.id for quirk in CATALOGUE if quirk.always}


def test_every_quirk_of_the_sandbox_is_played() -> None:
    drawn = {name for name, _ in CHOICES}
    assert drawn | ELSEWHERE.keys() == {quirk.id for quirk in CATALOGUE}
    assert not drawn & ELSEWHERE.keys()


@dataclass
class Story:
    """One run.

    Attributes:
        notes: id of a contact -> what the user last wrote into its notes.
        created: nickname of a create of ours -> whether it was confirmed.
        deleting: notes of the contact that a delete of ours may hit.
        lost: what went wrong on the way.
    """

    home: GoogleHome
    consumer: Consumer
    rng: random.Random
    number: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    created: dict[str, bool] = field(default_factory=dict)
    deleting: str | None = None
    lost: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def fresh(self) -> int:
        self.number += 1
        return self.number

    # --- the user -----------------------------------------------------------------------------------------------

    async def theirs(self) -> None:
        """One act of the user, on the phone."""
        world = self.home.world
        people = await world.people()
        kind = self.rng.choice(("add", "add", "edit", "edit", "remove", "rename", "restore", "merge", "label", "link"))
        self.log.append(f"they {kind}")
        person = self.rng.choice(people) if people else None
        match kind:
            case "add":
                note = f"theirs {self.fresh()}"
                body = {"names": [{"givenName": f"Person {self.number}"}], "biographies": [{"value": note}]}
                [name] = (await world.ask("POST", "contacts", {"people": [body]}))["resourceNames"]
                self.notes[await self._source(name)] = note
            case "edit" if person:
                note = f"theirs {self.fresh()}"
                await self.home.edit(person["resourceName"], biographies=[{"value": note}])
                self.notes[_source_of(person)] = note
            case "remove" if person:
                await world.ask("DELETE", _path(person))
                self.notes.pop(_source_of(person), None)
            case "rename" if person:
                await world.ask("POST", f"{_path(person)}/rename", {})
            case "restore":
                for gone in (await world.ask("GET", "trash"))["people"][:1]:
                    back = await world.ask("POST", f"{_path(gone)}/restore", {})
                    if "biographies" in back:
                        self.notes[_source_of(back)] = back["biographies"][0]["value"]
            case "merge" if len(people) > 1:
                into, away = self.rng.sample(people, 2)
                await world.ask("POST", f"{_path(into)}/merge", {"with": away["resourceName"]})
                self.notes.pop(_source_of(away), None)
            case "label" if person:
                made = await world.ask("POST", "groups", {"name": f"Label {self.fresh()}"})
                path = f"groups/{made['resourceName'].removeprefix('contactGroups/')}"
                await world.ask("PATCH", path, {"add": [person["resourceName"]]})
                if self.rng.random() < 0.5:
                    await world.ask("PATCH", path, {"name": f"Label {self.fresh()}"})
            case "link" if person:
                profile = {"names": [{"givenName": "Public"}]}
                await world.ask("PUT", f"{_path(person)}/profile", {"person": profile, "rename": True})

    async def _source(self, name: str) -> str:
        return _source_of(await self.home.world.ask("GET", f"contacts/{name.removeprefix('people/')}"))

    async def before(self, path: str) -> None:
        """Before each request: now and then the user is faster. Not before a removal: Google compares no etag there."""
        unguarded = path.endswith((":deleteContact", ":batchDeleteContacts", ":updateContactPhoto"))
        if self.rng.random() < 0.06 and not unguarded:
            await self.theirs()

    async def check(self) -> None:
        """What the user wrote last is still there, whatever we have written since."""
        people = {_source_of(person): person for person in await self.home.world.people()}
        for source, note in list(self.notes.items()):
            if source not in people:
                if note != self.deleting:
                    self.lost.append(f"the contact with the note {note} was deleted")
                del self.notes[source]
            elif people[source].get("biographies", [{}])[0].get("value") != note:
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
        kind = self.rng.choice(("create", "update", "update", "keywords", "delete"))
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
        if kind == "keywords":
            change = {"keywords": [*record.get("keywords", ()), f"Word {self.rng.randint(1, 3)}"]}
        with contextlib.suppress(PolydexError):
            await self.home.update(record["id"], record["etag"], **change)

    async def _create(self) -> None:
        nick = f"ours {self.fresh()}"
        self.created[nick] = False
        try:
            await self.home.create(nickName=nick, keywords=["Word 1"])
        except (ProviderTimeout, ProviderUnavailable):  # those leave it open
            return
        except PolydexError as error:
            del self.created[nick]
            if not isinstance(error, ProviderThrottled):
                self.lost.append(f"a create was refused: {type(error).__name__} {error.message}")
        else:
            self.created[nick] = True


def _source_of(person: dict[str, Any]) -> str:
    sources = person["metadata"]["sources"]
    return next(str(source["id"]) for source in sources if source["type"] == "CONTACT")


def _path(person: dict[str, Any]) -> str:
    return f"contacts/{person['resourceName'].removeprefix('people/')}"


async def shown(home: GoogleHome) -> list[tuple[Any, ...]]:
    """What Google's contacts look like."""
    groups = {one["resourceName"]: one for one in (await home.world.ask("GET", "groups"))["groups"]}
    found: list[tuple[Any, ...]] = []
    for person in await home.world.people():
        own = {
            name: [one for one in person.get(name, ()) if one["metadata"]["source"]["type"] == "CONTACT"]
            for name in ("names", "biographies", "nicknames")
        }
        memberships = (one["contactGroupMembership"]["contactGroupResourceName"] for one in person["memberships"])
        labels = sorted(groups[name]["name"] for name in memberships if not groups[name]["system"])
        first = {name: entries[0] for name, entries in own.items() if entries}
        found.append(
            (
                first.get("names", {}).get("givenName"),
                first.get("biographies", {}).get("value"),
                first.get("nicknames", {}).get("value"),
                labels,
            )
        )
    return sorted(found, key=str)


def mirrored(consumer: Consumer) -> list[tuple[Any, ...]]:
    """The same of the copy of an API client."""
    return sorted(
        (
            (
                record.get("name", {}).get("givenName"),
                record.get("notes"),
                record.get("nickName"),
                sorted(record.get("keywords", ())),
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
    async with google_home() as home:
        await home.pull()
        story = Story(home, await home.consumer(), rng)
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
