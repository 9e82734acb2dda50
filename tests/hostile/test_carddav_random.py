"""Several misbehaviours at once, edits by others at any moment, writes of ours and pulls, drawn by a seed.

At the end the mirror is the server, and on the way nothing was overwritten, doubled or given another id. A failure names
its seed: ``pytest -k "seed-17"`` plays it again.
"""

import contextlib
import random
from dataclasses import dataclass, field, replace

import pytest

from polydex.core import vcard
from polydex.core.contact import Contact, Name
from polydex.core.errors import PolydexError, ProviderTimeout, ProviderUnavailable
from tests.contract.engine.home import Consumer
from tests.hostile.dav_home import DavHome, dav_home
from tests.servers.hostile import Vices
from tests.soak import SOAK

SEEDS = 3_000 if SOAK else 40
FOUND = (159,)
"""Seeds of the long run that have found something once."""
STEPS = 14

# One of these is one way to misbehave; up to four come together.
CHOICES: tuple[dict[str, object], ...] = (
    {"no_etag_on_put": True},
    {"wrong_etag_on_put": True},
    {"rewrites_cards": True},
    {"silent_full_list": True},
    {"multiget_404": True},
    {"no_multiget": True},
    {"multiget_limit": 2},
    {"ignores_if_none_match": True},
    {"ignores_if_match": True},
    {"ignores_if_match_on_delete": True},
    {"drops_connections": True},
    {"etag_style": "W/{}"},
    {"etag_style": "-", "compares_verbatim": True},
    {"no_etags": True},
    {"coarse_tokens": True},
    {"coarse_etags": True},
    {"counting_etags": True},
    {"converts_to_3": True},
    {"no_sync": True},
    {"no_ctag": True},
    {"hides_token": True},
    {"truncates": 2},
    {"truncates": 3, "truncates_listing": True},
    {"href_style": "absolute"},
    {"href_style": "foreign"},
    {"href_style": "escaped"},
    {"href_style": "relative"},
    {"lists_itself": True},
    {"redirects": True},
    {"renames_on_put": True},
    {"renames_on_put": True, "tells_location": True},
    {"no_query": True},
    {"uid_conflicts": True},
    {"uid_conflicts": True, "conflict_href": False},
    {"drops_after_put": 2},
    {"html_errors": True},
)


def vices_of(rng: random.Random) -> Vices:
    """Up to four misbehaviours that one server can have."""
    vices = Vices()
    for choice in rng.sample(CHOICES, rng.randint(0, 4)):
        vices = replace(vices, **choice)  # type: ignore[arg-type]  # by name
    if vices.truncates_listing and vices.no_sync:
        vices.truncates_listing = False  # nobody could list such a book
    return vices


@dataclass
class Story:
    """One run.

    Attributes:
        marks: file name -> what the last other client wrote into the card's notes.
        removed: file name -> what others deleted.
        created: nickname of a create of ours -> whether it was confirmed.
        deleting: the cards one of which a delete of ours may hit.
        lost: what went wrong on the way.
    """

    home: DavHome
    consumer: Consumer
    rng: random.Random
    number: int = 0
    marks: dict[str, str] = field(default_factory=dict)
    removed: dict[str, bytes] = field(default_factory=dict)
    created: dict[str, bool] = field(default_factory=dict)
    deleting: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    # --- other clients ----------------------------------------------------------------------------------------

    def theirs(self) -> None:
        """One edit by another client."""
        names = sorted(self.home.server.cards)
        kind = self.rng.choice(("add", "add", "edit", "edit", "remove", "move", "put back", "group", "prune"))
        self.log.append(f"they {kind}")
        self._tell_versions_apart()
        match kind:
            case "add":
                self._put(f"their {self.fresh()}.vcf", self._card(self.number))
            case "edit" if names:
                name = self.rng.choice(names)
                self._put(name, self._noted(self.home.server.cards[name].raw))
            case "remove" if names:
                self._remove(self.rng.choice(names))
            case "move" if names:
                name = self.rng.choice(names)
                raw, mark = self.home.server.cards[name].raw, self.marks.get(name)
                self._remove(name)
                del self.removed[name]
                self._put(f"moved é {self.fresh()}.vcf", raw, mark)
            case "put back" if self.removed and self._versions_differ():
                name = self.rng.choice(sorted(self.removed))
                if name not in self.home.server.cards:
                    self._put(name, self._noted(self.removed.pop(name)))
            case "group":
                raw = self._card(self.fresh()).replace(b"END:VCARD", b"X-ADDRESSBOOKSERVER-KIND:group\r\nEND:VCARD")
                self._put(f"group {self.number}.vcf", raw)
            case "prune" if not self.home.server.vices.coarse_tokens:
                self.home.server.prune()
        self._tell_versions_apart()

    def _tell_versions_apart(self) -> None:
        if self.home.server.vices.coarse_etags:  # two versions under one ETag cannot be told apart by anyone
            self.home.server.later(2)

    def _versions_differ(self) -> bool:
        """Whether a card that is put back can be told from the one before (see the README of the connector)."""
        vices = self.home.server.vices
        return not (vices.counting_etags and (vices.coarse_tokens or vices.no_sync))

    def _put(self, name: str, raw: bytes, mark: str | None = None) -> None:
        note = vcard.read(raw).contact
        self.home.server.put(name, raw)
        self.marks[name] = mark or (note.notes if note and note.notes else "")

    def _remove(self, name: str) -> None:
        self.removed[name] = self.home.server.cards[name].raw
        self.home.server.remove(name)
        self.marks.pop(name, None)

    def _card(self, number: int) -> bytes:
        contact = Contact(name=Name(display_name=f"Person {number}"), notes=f"theirs {number}")
        return vcard.create(contact, uid=f"uid-{number}", mark=None).raw

    def _noted(self, raw: bytes) -> bytes:
        lines = [line for line in raw.split(b"\r\n") if not line.startswith(b"NOTE")]
        lines.insert(-2, f"NOTE:theirs {self.fresh()}".encode())
        return b"\r\n".join(lines)

    def fresh(self) -> int:
        self.number += 1
        return self.number

    # --- the server's side of our writes ------------------------------------------------------------------------

    def watch(self, method: str, path: str) -> None:
        """Before each request: now and then somebody is faster; and nothing is overwritten that was not seen."""
        vices = self.home.server.vices
        heeds = not (vices.ignores_if_match or vices.ignores_if_match_on_delete or vices.coarse_etags or vices.no_etags)
        if self.rng.random() < 0.08 and (heeds or method not in ("PUT", "DELETE")):
            self.theirs()

    def check(self) -> None:
        """What others wrote last is still there, whatever we have written since."""
        for name, mark in self.marks.items():
            card = self.home.server.cards.get(name)
            if card is None:
                if name not in self.deleting:
                    self.lost.append(f"{name} was deleted")
            elif mark and f"NOTE:{mark}".encode() not in card.raw.replace(b"\r\n ", b""):
                self.lost.append(f"the note of {name} was overwritten")

    # --- us -------------------------------------------------------------------------------------------------------

    async def ours(self) -> None:
        """One request of an API client, who may know an older version."""
        if self.rng.random() < 0.6:
            with contextlib.suppress(PolydexError):
                await self.consumer.follow()
        # By what they say, not by their ids, which are others in every run.
        known = sorted(
            self.consumer.copy.values(), key=lambda record: (str(record.get("name")), str(record.get("notes")))
        )
        kind = self.rng.choice(("create", "update", "update", "delete"))
        self.log.append(f"we {kind}")
        if kind == "create" or not known:
            await self._create()
            return
        record = self.rng.choice(known)
        if kind == "update":
            with contextlib.suppress(PolydexError):
                await self.home.update(record["id"], record["etag"], nickName=f"nick {self.fresh()}")
            return
        await self._delete(record)

    async def _create(self) -> None:
        nick = f"ours {self.fresh()}"
        self.created[nick] = False
        try:
            await self.home.create(nickName=nick, notes="by us")
        except PolydexError as error:
            if not isinstance(error, ProviderTimeout | ProviderUnavailable):  # those leave it open
                del self.created[nick]
                self.lost.append(f"a create was refused: {type(error).__name__} {error.message}")
        else:
            self.created[nick] = True

    async def _delete(self, record: dict[str, object]) -> None:
        note = record.get("notes")
        self.deleting = {name for name, mark in self.marks.items() if mark == note}
        with contextlib.suppress(PolydexError):
            await self.home.writer.delivered(
                await self.home.writer.delete(self.home.account, str(record["id"]), str(record["etag"]))
            )
        self.check()
        for name in self.deleting - self.home.server.cards.keys():
            self.marks.pop(name, None)
        self.deleting = set()


def shown(home: DavHome) -> list[tuple[str | None, str | None, str | None]]:
    """What the server's contacts look like."""
    readings = (vcard.read(home.server.shown(name)).contact for name in home.server.cards)
    return sorted(
        ((c.name.display_name if c.name else None, c.notes, c.nick_name) for c in readings if c is not None), key=str
    )


def mirrored(consumer: Consumer) -> list[tuple[str | None, str | None, str | None]]:
    """The same of the copy of an API client."""
    records = consumer.copy.values()
    return sorted(((r.get("name", {}).get("displayName"), r.get("notes"), r.get("nickName")) for r in records), key=str)


@pytest.mark.soak
@pytest.mark.parametrize("seed", sorted({*FOUND, *range(SEEDS)}), ids=lambda seed: f"seed-{seed}")
async def test_several_misbehaviours_at_once(seed: int) -> None:
    rng = random.Random(seed)
    vices = vices_of(rng)
    async with dav_home(vices) as home:
        await home.pull()
        story = Story(home, await home.consumer(), rng)
        for _ in range(rng.randint(0, 6)):
            story.theirs()
        await home.rest()
        home.server.before = story.watch
        for _ in range(STEPS):
            match rng.choice(("ours", "ours", "theirs", "pull", "time")):
                case "ours":
                    await story.ours()
                case "theirs":
                    story.theirs()
                case "pull":
                    story.log.append("pull")
                    with contextlib.suppress(PolydexError):
                        await home.pull()
                case _:
                    home.server.later(rng.randint(0, 3))
            story.check()
        home.server.before = None
        await home.rest()
        await story.consumer.follow()
        told = f"{vices}\n" + "\n".join(story.log)
        assert story.lost == [], told
        assert mirrored(story.consumer) == shown(home), told
        nicks = [nick for _, _, nick in shown(home)]
        assert all(nicks.count(nick) <= 1 for nick in story.created), told
