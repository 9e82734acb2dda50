"""Several oddities of Google at once (see tests/hostile/story.py)."""

import random
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from polydex_sandbox.google.quirks import CATALOGUE
from tests.google.home import GoogleHome, google_home
from tests.hostile.story import Choice, Story, each_seed

CHOICES: tuple[Choice, ...] = (
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
    "google-forbidden": "test_writes.py: it is no failure that passes",
}
"""Quirks that are not drawn here, and why."""
ALWAYS = {quirk.id for quirk in CATALOGUE if quirk.always}


def test_every_quirk_of_the_sandbox_is_played() -> None:
    drawn = {name for name, _ in CHOICES}
    assert drawn | ELSEWHERE.keys() == {quirk.id for quirk in CATALOGUE}
    assert not drawn & ELSEWHERE.keys()


@dataclass
class GoogleStory(Story):
    """The keys of contacts are the ids of their sources: their names change."""

    home: GoogleHome
    changes: ClassVar = ("keywords",)
    creating: ClassVar = {"keywords": ["Word 1"]}

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

    async def noted(self) -> dict[str, str | None]:
        return {_source_of(person): self.home.shown(person).notes for person in await self.home.world.people()}

    def unguarded(self, method: str, path: str) -> bool:
        return path.endswith((":deleteContact", ":batchDeleteContacts", ":updateContactPhoto"))

    def change(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        nick = {"nickName": f"nick {self.fresh()}"}
        if kind == "keywords":
            return {"keywords": [*record.get("keywords", ()), f"Word {self.rng.randint(1, 3)}"]}
        return nick

    async def shown(self) -> list[tuple[Any, ...]]:
        """The last are the labels."""
        groups = {one["resourceName"]: one for one in (await self.home.world.ask("GET", "groups"))["groups"]}
        found: list[tuple[Any, ...]] = []
        for person in await self.home.world.people():
            memberships = (one["contactGroupMembership"]["contactGroupResourceName"] for one in person["memberships"])
            labels = sorted(groups[name]["name"] for name in memberships if not groups[name]["system"])
            given_name, nickname, notes, _ = self.home.shown(person)
            found.append((given_name, nickname, notes, labels))
        return sorted(found, key=str)

    def more(self, record: dict[str, Any]) -> object:
        return sorted(record.get("keywords", ()))


def _source_of(person: dict[str, Any]) -> str:
    sources = person["metadata"]["sources"]
    return next(str(source["id"]) for source in sources if source["type"] == "CONTACT")


def _path(person: dict[str, Any]) -> str:
    return f"contacts/{person['resourceName'].removeprefix('people/')}"


@pytest.mark.soak
@each_seed
async def test_several_oddities_at_once(seed: int) -> None:
    rng = random.Random(seed)
    quirks = rng.sample(CHOICES, rng.randint(0, 4))
    async with google_home() as home:
        await home.pull()
        await GoogleStory(home, await home.consumer(), rng).play(quirks, ALWAYS, seed)
