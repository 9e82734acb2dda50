"""The machine over the made-up provider, whose habits are those of many real ones."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import currently_in_test_context, note, strategies as st
from hypothesis.stateful import initialize

from polydex.core.contact import Contact
from polydex.testing import document as documents
from polydex.testing.contract import content
from polydex.testing.gates import Gates
from polydex.testing.memory import MemoryProvider
from polydex.testing.world import Fault, MemoryWorld
from tests.machine.application import Home, founded
from tests.machine.characters import CHARACTERS
from tests.machine.machine import SETTINGS
from tests.machine.surroundings import Surroundings

BOOK, OTHER = "main", "other"


class MemoryMachine(Surroundings):
    """See ``Machine``."""

    photo: ClassVar[dict[str, str]] = {"content": "aGVsbG8=", "mimeType": "image/png"}

    @initialize(
        name=st.sampled_from(sorted(CHARACTERS)),
        first=st.integers(0, 6),
        lag=st.sampled_from([0.0, 0.5, 1.0]),
        warm=st.booleans(),
    )
    def begin(self, name: str, first: int, lag: float = 0.0, warm: bool = False) -> None:
        if currently_in_test_context():
            note(f"provider: {name}")
        clock = self._clock
        self.world = MemoryWorld(clock, CHARACTERS[name])
        self.other = MemoryWorld(clock, CHARACTERS[name])
        self.provider = MemoryProvider({BOOK: self.world, OTHER: self.other})
        self.home = Home(self.folder, self.loop, self.provider, SETTINGS)
        for _ in range(first):
            self.world.put(self._contact())
        self.other.put(self._contact())
        self.world.lag = lag * self.world.character.read_lag
        self.open_account(founded("memory", [BOOK, OTHER], self._clock()), warm=warm)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            for world in (getattr(self, "world", None), getattr(self, "other", None)):
                self.happened.update(world.happened if world else {})

    # --- see Machine --------------------------------------------------------------------------------------------

    @property
    def gates(self) -> Gates:
        return self.world.gates

    def strike(self, verb: str, fault: Fault | None, *, skip: int = 0) -> None:
        if fault is not None:
            self.world.faults.extendleft([(verb, fault), *[(verb, Fault.NONE)] * skip])

    def new_version(self) -> bool:
        newer = self.provider.mapping_version == 1
        self.provider.mapping_version = 2
        return newer

    def calm(self) -> None:
        for world in (self.world, self.other):
            world.faults.clear()
            world.unreadable.clear()
            if world.blackout:
                # What a list kept to itself is in no change feed either: a provider that recovers has to say so.
                world.blackout = False
                world.expire_cursors()
            if self.refused:
                # What the owner kept is gone at the provider; the next full list shows it, and then the owner agrees.
                world.expire_cursors()
            world.lag = 0.0
            world.refuses_photos = False
            world.gates.open()

    def last_change(self) -> int:
        return max((event.at for world in (self.world, self.other) for event in world.events(0, 10**9)), default=0)

    def truth(self) -> dict[str, Contact | None]:
        seen = {
            key: self.world.contact_of(document, self.provider.mapping_version)
            for key, document in self.world.state().items()
        }
        return {key: content(contact) for key, contact in seen.items() if contact is not None}

    def ever(self, *, nick: str | None = None, notes: str | None = None) -> bool:
        for versions in self.world.history.values():
            for version in versions:
                contact = documents.contact_of(version.document, 1) if version.document else None
                if contact is not None and nick in (None, contact.nick_name) and notes in (None, contact.notes):
                    return True
        return False

    @property
    def finds_marks(self) -> bool:
        return self.world.character.marks

    def demand_what_was_written(self) -> None:
        self._demand_nothing_doubled()
        self._demand_no_photo_forgotten()

    def _demand_nothing_doubled(self) -> None:
        """No create has made a second contact beside the first one, however often it was sent again.

        Where somebody else has deleted the first before we have ever seen it, the same request makes it anew.
        """
        began: dict[str, dict[str, int]] = {}
        for versions in self.world.history.values():
            for version in versions:
                nick = documents.full_contact(version.document).nick_name if version.document else None
                if nick is not None and version.document is not None:
                    uids = began.setdefault(nick, {})
                    uid = version.document["uid"]
                    uids[uid] = min(version.position, uids.get(uid, version.position))
        for nick in self.created:
            for uid, position in began.get(nick, {}).items():
                before = self.world.state(position - 1).values()
                others = [document for document in before if documents.full_contact(document).nick_name == nick]
                assert others == [], f"{nick} was created more than once: {uid}"

    def _demand_no_photo_forgotten(self) -> None:
        """A create that was to have a photo has got it, unless that was refused, or somebody wrote the contact before."""
        for nick in self.pictured if not self.restored else ():  # a backup may know nothing of what is to be done
            for versions in self.world.history.values():
                ours = [version for version in versions if version.document and _nick(version.document) == nick]
                if len(ours) == len(versions) == 1 and versions[0].document is not None:
                    assert documents.photo_of(versions[0].document) is not None, f"{nick} has lost its photo"


def _nick(document: documents.Document) -> str | None:
    return documents.full_contact(document).nick_name
