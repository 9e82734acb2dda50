"""What several writes in one call must do, where ``caps.batch`` says that a provider takes them (``Batching``)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from polydex.connectors.base import Batching, Found, Guard, New, Record
from polydex.core.contact import Contact, Name
from polydex.core.errors import PolydexError, RecordNotFound, Stale
from polydex.core.ids import RemoteKey
from polydex.core.patch import NamePatch, Patch
from polydex.testing.contract.samples import ALICE, BOB, FULL, content
from polydex.testing.contract.world import World, seen
from polydex.testing.contract.writes import assert_same_but, created, fetched

MANY = 25
"""Contacts in a full call at most, so that a real provider is not filled by the tests."""


def offered(world: World) -> Batching | None:
    """The connector, if it takes at least three writes in one call: else there is nothing to show."""
    connector = world.connector
    assert connector.caps.batch == 1 or isinstance(connector, Batching)
    return connector if connector.caps.batch >= 3 and isinstance(connector, Batching) else None


def records(answers: Sequence[Record | PolydexError]) -> list[Record]:
    """The answers, every one of which is a record."""
    kept = [answer for answer in answers if isinstance(answer, Record)]
    assert len(kept) == len(answers), answers
    return kept


async def three(world: World) -> list[Record]:
    """Three contacts at rest, as a direct read gives them."""
    keys = [(await created(world, contact)).key for contact in (ALICE, BOB, Contact(name=Name(given_name="Cy")))]
    return [await world.connector.fetch(key) for key in keys]


class BatchContract:
    """Several writes at once, each of which goes its own way."""

    async def test_many_are_created_as_one_is(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        announced = world.connector.losses(FULL)
        drafts = (ALICE, FULL, ALICE)
        new = [New(draft, f"mark-{number}") for number, draft in enumerate(drafts)]
        made = records(await connector.create_many(new))
        await world.settle()
        assert await world.keys() == {record.key for record in made}
        assert len(await world.keys()) == 3, "the same content twice is two contacts"
        for draft, record in zip(drafts, made, strict=True):
            again = await world.connector.fetch(record.key)
            assert_same_but(world, record.contact, draft, announced)
            assert content(again.contact) == content(record.contact)
            assert record.raw == again.raw
            assert record.rev in (again.rev, None)
        plain = len(world.connector.losses(ALICE))
        assert [len(record.losses) for record in made] == [plain, len(announced), plain]

    async def test_each_of_many_is_found_by_its_own_mark(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        made = records(await connector.create_many([New(ALICE, "mark-1"), New(BOB, "mark-2")]))
        await world.settle()
        for number, record in enumerate(made, 1):
            found = await world.connector.find_mark(f"mark-{number}")
            assert not world.connector.caps.marks or (isinstance(found, Found) and found.record.key == record.key)
        assert len({record.key for record in made}) == 2

    async def test_what_carries_one_of_the_marks_already_is_given_back(self, world: World) -> None:
        if (connector := offered(world)) is None or not world.connector.caps.marks:
            return
        [there] = records(await connector.create_many([New(ALICE, "mark-2", fresh=True)]))
        await world.settle()
        new = [New(BOB, "mark-1"), New(ALICE, "mark-2"), New(BOB, "mark-3", fresh=True)]
        made = records(await connector.create_many(new))
        assert made[1].key == there.key
        assert [seen(world, record.contact, BOB) for record in made] == [content(BOB), content(ALICE), content(BOB)]
        await world.settle()
        assert await world.keys() == {record.key for record in made}
        assert len(await world.keys()) == 3

    async def test_as_many_as_are_promised(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        count = min(world.connector.caps.batch, MANY)
        names = [f"Number {number}" for number in range(count)]
        drafts = [Contact(name=Name(given_name=name)) for name in names]
        made = records(await connector.create_many([New(draft, f"m{at}") for at, draft in enumerate(drafts)]))
        await world.settle()
        assert [record.contact.name.given_name for record in made if record.contact and record.contact.name] == names
        bases = [await world.connector.fetch(record.key) for record in made]
        patch = Patch(name=NamePatch(family_name="Counted"))
        changed = records(await connector.update_many([(base, patch) for base in bases]))
        assert [record.key for record in changed] == [record.key for record in made]
        assert {record.contact.name.family_name for record in changed if record.contact and record.contact.name} == {
            "Counted"
        }
        await world.settle()
        bases = [await world.connector.fetch(record.key) for record in made]
        assert await connector.delete_many([(base.key, base.rev) for base in bases]) == [None] * count
        assert await world.keys() == set()

    async def test_many_are_changed_each_in_its_own_way(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, cy = await three(world)
        await world.add_alien_data(bob.key)
        await world.settle()
        alien = await world.alien_data(bob.key)
        bob = await world.connector.fetch(bob.key)
        changes = [
            (alice, Patch(notes="new")),
            (bob, Patch(name=NamePatch(given_name="Robert"))),
            (cy, Patch(nick_name="cy", birthday="1990-01-02")),
        ]
        changed = records(await connector.update_many(changes))
        await world.settle()
        for (base, patch), record in zip(changes, changed, strict=True):
            assert base.contact is not None
            expected = content(patch.apply(base.contact))
            again = await world.connector.fetch(base.key)
            assert content(record.contact) == content(again.contact) == expected
            assert (record.key, record.raw) == (again.key, again.raw)
            assert record.rev in (again.rev, None)
            assert again.rev is None or again.rev != base.rev
        assert await world.alien_data(bob.key) == alien
        [once_more] = records(await connector.update_many([(changed[0], Patch(notes="newer"))]))
        assert seen(world, once_more.contact, ALICE) == content(msgspec.structs.replace(ALICE, notes="newer"))

    async def test_an_empty_change_among_many_changes_nothing(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, _ = await three(world)
        records(await connector.update_many([(alice, Patch()), (bob, Patch(notes="new"))]))
        again = await world.connector.fetch(alice.key)
        assert (again.raw, again.rev) == (alice.raw, alice.rev)
        assert (await fetched(world, bob.key)).notes == "new"

    async def test_a_stale_base_among_many_is_refused_alone(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, cy = await three(world)
        await world.put(BOB, alice.key)
        await world.settle()
        answers = await connector.update_many([(base, Patch(notes="ours")) for base in (cy, alice, bob)])
        if world.connector.caps.update_guard is Guard.NONE:
            records(answers)
        else:
            assert isinstance(answers[1], Stale)
            records([answers[0], answers[2]])
            assert seen(world, await fetched(world, alice.key), BOB) == content(BOB)
        assert (await fetched(world, cy.key)).notes == (await fetched(world, bob.key)).notes == "ours"

    async def test_one_that_is_gone_among_many_is_not_brought_back(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, cy = await three(world)
        await world.remove(bob.key)
        await world.settle()
        answers = await connector.update_many([(base, Patch(notes="ours")) for base in (alice, bob, cy)])
        assert isinstance(answers[1], RecordNotFound | Stale)
        records([answers[0], answers[2]])
        assert await world.keys() == {alice.key, cy.key}
        assert (await fetched(world, alice.key)).notes == (await fetched(world, cy.key)).notes == "ours"

    async def test_many_are_deleted_and_what_is_gone_already_is_success(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, cy = await three(world)
        stays = await created(world, FULL)
        await world.remove(bob.key)
        await world.settle()
        keys = [(alice.key, alice.rev), (bob.key, bob.rev), (cy.key, None)]
        assert list(await connector.delete_many(keys)) == [None, None, None]
        assert await world.keys() == {stays.key}

    async def test_a_stale_delete_among_many_is_refused_alone(self, world: World) -> None:
        if (connector := offered(world)) is None:
            return
        alice, bob, cy = await three(world)
        await world.put(BOB, alice.key)
        await world.settle()
        answers = await connector.delete_many([(base.key, base.rev) for base in (bob, alice, cy)])
        left: set[RemoteKey] = set()
        if world.connector.caps.delete_guard is not Guard.NONE and alice.rev is not None:
            assert isinstance(answers[1], Stale)
            left = {alice.key}
        assert [answers[0], answers[2]] == [None, None]
        assert await world.keys() == left
