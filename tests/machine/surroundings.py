"""What goes on around the application: the user's other devices, and the provider with its moods."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from polydex.core.contact import Contact, Name
from polydex.core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderRejected
from polydex.testing.world import Fault, MemoryWorld
from tests.machine.machine import FEW, LABELS, MANY, NAMES, PLAIN, Machine

VERBS = st.sampled_from(["list", "fetch", "create", "update", "delete", "find_mark", "*"])


class Surroundings(Machine):
    """Rules about two address books of one made-up provider.

    Attributes:
        world, other: the address book that clients see, and another one.
    """

    world: MemoryWorld
    other: MemoryWorld

    # --- other clients of the provider --------------------------------------------------------------------------

    @rule(number=FEW)
    def phone_puts(self, number: int) -> None:
        self.world.put(self._contact(), f"p{number}")

    @rule(number=MANY)
    def phone_edits(self, number: int) -> None:
        if key := self._key(number):
            self.world.put(self._contact(), key)

    @rule(number=MANY)
    def phone_removes(self, number: int) -> None:
        if key := self._key(number):
            self.world.remove(key)

    @rule(number=MANY, to=FEW)
    def phone_does_all_kinds_of_things(self, number: int, to: int) -> None:
        self.phone_edits(number=number)
        self.phone_removes(number=number + 1)
        self.phone_moves(number=number + 2, to=to)
        self.phone_puts(number=to + 1)

    @rule(number=MANY, how_far=FEW)
    def phone_puts_back(self, number: int, how_far: int) -> None:
        """An older version of a record, be it there or not: where revisions are hashes, its revision comes back."""
        keys = sorted(self.world.history)
        if keys:
            key = keys[number % len(keys)]
            versions = [version.document for version in self.world.history[key] if version.document is not None]
            document = versions[how_far % len(versions)]
            elsewhere = {other["uid"] for there, other in self.world.state().items() if there != key}
            if self.world.character.renames != "stable" or document["uid"] not in elsewhere:
                self.world.put_document(key, document)  # where ids are immutable, no two records have one

    @rule(number=MANY, to=FEW)
    def phone_moves(self, number: int, to: int) -> None:
        if key := self._key(number):
            self.world.move(key, f"p{to}")

    @rule(number=MANY)
    def phone_makes_a_group_or_a_contact(self, number: int) -> None:
        if key := self._key(number):
            document = dict(self.world.find(key) or {})
            if document.pop("kind", None) is None:
                document["kind"] = "group"
            self.world.put_document(key, document)

    @rule(number=MANY)
    def phone_touches_what_is_not_modelled(self, number: int) -> None:
        if key := self._key(number):
            self.values += 1
            self.world.put_document(key, {**(self.world.find(key) or {}), "remark": f"r{self.values % 3}"})

    @rule(number=FEW, to=FEW)
    def phone_renames_a_label(self, number: int, to: int) -> None:
        """No contact is written by it, and no change feed tells."""
        self.values += 1
        names = sorted(self.world.labels.values())
        if names:
            self.world.rename_label(names[number % len(names)], f"{LABELS[to % 3]}{self.values % 4}")

    @rule()
    def phone_adds_many(self) -> None:
        for _ in range(24):
            self.world.put(self._contact())

    @rule(keep=st.integers(0, 3))
    def phone_removes_nearly_all(self, keep: int) -> None:
        for key in list(self.world.state())[keep:]:
            self.world.remove(key)

    @rule(number=FEW, remove=st.booleans())
    def phone_edits_the_other_book(self, number: int, remove: bool) -> None:
        if remove:
            self.other.remove(f"p{number}")
        else:
            self.other.put(self._contact(), f"p{number}")

    # --- the provider's moods -----------------------------------------------------------------------------------

    @rule(verb=VERBS, fault=PLAIN)
    def fault(self, verb: str, fault: Fault) -> None:
        self.world.faults.append((verb, fault))

    @rule()
    def cursors_expire(self) -> None:
        self.world.expire_cursors()

    @rule()
    def page_tokens_expire(self) -> None:
        self.world.break_walks()

    @rule(refusal=st.sampled_from([ProviderMalformed, ProviderForbidden, ProviderRejected]))
    def unreadable_records_are_refused_otherwise(self, refusal: type[ProviderError]) -> None:
        self.world.refusal = refusal

    @rule(on=st.booleans())
    def blackout(self, on: bool) -> None:
        if self.world.blackout and not on:
            self.world.expire_cursors()  # what a list kept to itself is in no change feed either
        self.world.blackout = on

    @rule(number=MANY)
    def unreadable(self, number: int) -> None:
        if key := self._key(number):
            self.world.unreadable ^= {key}

    @rule(share=st.sampled_from([0.0, 0.5, 1.0]))
    def lists_lag(self, share: float) -> None:
        self.world.lag = share * self.world.character.read_lag

    @rule(verb=VERBS, point=st.sampled_from(["ask", "gap", "answer", "*"]))
    def hold(self, verb: str, point: str) -> None:
        self.world.gates.hold(verb, point)

    @rule(number=FEW)
    def release(self, number: int) -> None:
        waiting = self.world.gates.waiting
        if waiting:
            self.world.gates.release(waiting[number % len(waiting)])
            self._settle()

    @rule()
    def release_all(self) -> None:
        self.world.gates.open()
        self._settle()

    # --- which ------------------------------------------------------------------------------------------------

    def _key(self, number: int) -> str | None:
        keys = list(self.world.state())
        return keys[number % len(keys)] if keys else None

    def _contact(self) -> Contact:
        self.values += 1
        # Few different contents, so that a content hash comes back.
        keywords = (LABELS[self.values % 3],) if self.values % 2 else ()
        return Contact(
            name=Name(given_name=NAMES[self.values % 4], family_name=f"Phone{self.values % 3}"), keywords=keywords
        )
