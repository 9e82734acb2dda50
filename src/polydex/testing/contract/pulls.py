"""What a pull must bring: everything, exactly, and again what changed while it ran."""

from __future__ import annotations

import msgspec
import pytest

from polydex.connectors.base import Page
from polydex.core.contact import Contact, Name
from polydex.core.ids import RemoteKey
from polydex.core.patch import Patch
from polydex.testing.contract.mirror import Mirror
from polydex.testing.contract.samples import ALICE, BOB, FULL, content
from polydex.testing.contract.world import World, seen

MORE_THAN_A_BATCH = 103


def numbered(number: int) -> Contact:
    return Contact(name=Name(display_name=f"Person {number}", given_name="Person", family_name=str(number)))


async def assert_is_truth(mirror: Mirror, world: World) -> None:
    """The mirror holds every record of the provider, as a direct read shows it, and nothing else."""
    assert mirror.records.keys() == await world.keys()
    for key, record in mirror.records.items():
        fetched = await world.connector.fetch(key)
        assert content(record.contact) == content(fetched.contact)


class PullContract:
    """Snapshots and deltas."""

    async def test_the_first_pull_of_an_empty_source_is_a_complete_snapshot(self, world: World) -> None:
        pulled = await Mirror(world.connector).pull()
        assert pulled.pages[-1].mode == "snapshot"
        assert pulled.seen == set()

    async def test_a_snapshot_brings_every_contact_once_and_a_cursor(self, world: World) -> None:
        keys = {await world.put(contact) for contact in (ALICE, BOB, FULL)}
        await world.settle()
        mirror = Mirror(world.connector)
        pulled = await mirror.pull()
        assert {page.mode for page in pulled.pages} == {"snapshot"}
        assert set(pulled.changed) == keys
        assert mirror.cursor is not None or not world.connector.caps.delta
        await assert_is_truth(mirror, world)

    async def test_a_pulled_record_is_the_record_that_a_fetch_gives(self, world: World) -> None:
        key = await world.put(FULL)
        await world.settle()
        record = (await Mirror(world.connector).pull()).changed[key]
        fetched = await world.connector.fetch(key)
        assert (record.raw, record.contact, record.uid, record.stable_key) == (
            fetched.raw,
            fetched.contact,
            fetched.uid,
            fetched.stable_key,
        )
        assert record.rev in (fetched.rev, None)

    async def test_more_contacts_than_a_batch_all_arrive(self, world: World) -> None:
        keys = {await world.put(numbered(number)) for number in range(MORE_THAN_A_BATCH)}
        await world.settle()
        mirror = Mirror(world.connector)
        pulled = await mirror.pull()
        assert pulled.seen == keys
        assert all(page.total in (None, MORE_THAN_A_BATCH) for page in pulled.pages)
        names = {record.contact.name for record in mirror.records.values() if record.contact}
        assert len(names) == MORE_THAN_A_BATCH

    async def test_a_pull_without_changes_brings_nothing_new(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        mirror = Mirror(world.connector)
        before = (await mirror.pull()).changed[key]
        pulled = await mirror.pull()
        assert pulled.removed == set()
        assert [record.raw for record in pulled.changed.values()] in ([], [before.raw])
        assert not world.connector.caps.delta or not pulled.changed
        await assert_is_truth(mirror, world)

    async def test_a_delta_brings_creations_updates_and_removals_exactly(self, world: World) -> None:
        stays, edited, removed = [await world.put(numbered(number)) for number in range(3)]
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        created = await world.put(ALICE)
        await world.put(BOB, edited)
        await world.remove(removed)
        await world.settle()
        pulled = await mirror.pull()
        await assert_is_truth(mirror, world)
        assert mirror.records.keys() == {stays, edited, created}
        if world.connector.caps.delta and pulled.pages[-1].mode == "delta":
            assert set(pulled.changed) == {edited, created}
            assert pulled.removed == {removed}

    async def test_many_changes_arrive_over_several_pages(self, world: World) -> None:
        keys = [await world.put(numbered(number)) for number in range(12)]
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        for number, key in enumerate(keys):
            if number % 3:
                await world.put(numbered(100 + number), key)
            else:
                await world.remove(key)
        await world.settle()
        await mirror.pull()
        await assert_is_truth(mirror, world)

    async def test_created_and_removed_between_two_pulls(self, world: World) -> None:
        mirror = Mirror(world.connector)
        await mirror.pull()
        await world.remove(await world.put(ALICE))
        await world.settle()
        assert not (await mirror.pull()).changed
        await assert_is_truth(mirror, world)

    async def test_removed_and_put_back_under_the_same_key(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        await world.remove(key)
        await world.put(BOB, key)
        await world.settle()
        await mirror.pull()
        assert seen(world, mirror.records[key].contact, BOB) == content(BOB)
        await assert_is_truth(mirror, world)

    async def test_the_removal_of_everything(self, world: World) -> None:
        keys = [await world.put(contact) for contact in (ALICE, BOB)]
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        for key in keys:
            await world.remove(key)
        await world.settle()
        await mirror.pull()
        assert mirror.records == {}

    async def test_our_own_writes_are_in_the_next_delta_or_known_already(self, world: World) -> None:
        removed = await world.put(BOB)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        created = await world.connector.create(ALICE, "own-writes")
        await world.settle()
        await world.connector.update(await world.connector.fetch(created.key), Patch(notes="by us"))
        await world.connector.delete(removed, None)
        await world.settle()
        await mirror.pull()
        await assert_is_truth(mirror, world)

    async def test_a_snapshot_over_known_records_still_names_every_one(self, world: World) -> None:
        same, edited, removed = [await world.put(numbered(number)) for number in range(3)]
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        await world.put(BOB, edited)
        await world.remove(removed)
        added = await world.put(ALICE)
        await world.settle()
        mirror.cursor = None
        pulled = await mirror.pull()
        assert pulled.pages[-1].mode == "snapshot"
        assert pulled.seen == {same, edited, added}
        assert {edited, added} <= pulled.changed.keys()
        await assert_is_truth(mirror, world)

    async def test_an_edit_of_a_listed_contact_during_the_walk_comes_with_the_next_pull(self, world: World) -> None:
        """J2: the cursor of a snapshot is as of the walk's start."""
        for number in range(4):
            await world.put(numbered(number))
        await world.settle()
        mirror = Mirror(world.connector)
        edited: list[RemoteKey] = []

        async def edit_the_first_listed(page: Page) -> None:
            if page.changed and not edited:
                edited.append(page.changed[0].key)
                await world.put(ALICE, edited[0])

        await mirror.pull(after_page=edit_the_first_listed)
        await world.settle()
        pulled = await mirror.pull()
        brought = seen(world, mirror.records[edited[0]].contact, ALICE) == content(ALICE)
        assert brought or not world.connector.caps.trusts_snapshot_cursor
        if brought:
            assert edited[0] in pulled.changed

    async def test_what_is_created_and_removed_during_a_walk_is_right_after_the_next_pull(self, world: World) -> None:
        keys = [await world.put(numbered(number)) for number in range(4)]
        await world.settle()
        mirror = Mirror(world.connector)
        pages = 0

        async def interfere(_: Page) -> None:
            nonlocal pages
            pages += 1
            if pages == 1:
                await world.put(ALICE)
                await world.remove(keys[0])
                await world.remove(keys[-1])

        await mirror.pull(after_page=interfere)
        await world.settle()
        await mirror.pull()
        if not world.connector.caps.trusts_snapshot_cursor:
            mirror.cursor = None
            await mirror.pull()
        await assert_is_truth(mirror, world)

    async def test_a_cursor_can_be_used_again(self, world: World) -> None:
        """After a crash the engine asks from the last stored cursor."""
        await world.put(ALICE)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        cursor = mirror.cursor
        key = await world.put(BOB)
        await world.settle()
        first = await mirror.pull()
        mirror.cursor = cursor
        again = await mirror.pull()
        assert key in first.changed
        assert key in again.seen
        await assert_is_truth(mirror, world)

    async def test_an_expired_cursor_loses_nothing(self, world: World) -> None:
        edited, removed = await world.put(ALICE), await world.put(BOB)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        await world.put(FULL, edited)
        await world.remove(removed)
        await world.put(BOB)
        await world.settle()
        if mirror.cursor is not None:
            mirror.cursor = await world.expired(mirror.cursor)
        await mirror.pull()
        await assert_is_truth(mirror, world)

    async def test_a_moved_record_is_found_under_its_new_key_only(self, world: World) -> None:
        """J7: it is reported as renamed, or has the same stable key or uid; or else it is a removal and a new record."""
        key = await world.put(ALICE)
        await world.put(BOB)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        new_key = await world.move(key)
        assert new_key != key
        await world.settle()
        await mirror.pull()
        assert key not in mirror.records
        assert seen(world, mirror.records[new_key].contact, ALICE) == content(ALICE)
        await assert_is_truth(mirror, world)

    @pytest.mark.parametrize("mode", ["delta", "snapshot"])
    async def test_a_moved_record_is_recognised(self, world: World, mode: str) -> None:
        """J7: by a stable key or the uid, in a snapshot as in a delta; several at once, and moved and edited at once."""
        keys = [await world.put(numbered(number)) for number in range(5)]
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        before = dict(mirror.who)
        moved = {key: await world.move(key) for key in keys[:3]}
        await world.put(ALICE, moved[keys[0]])
        await world.remove(keys[3])
        await world.settle()
        if mode == "snapshot":
            mirror.cursor = None
        pulled = await mirror.pull()
        assert mirror.records.keys() == {*moved.values(), keys[4]}
        assert mirror.who[keys[4]] == before[keys[4]]
        for old, new in moved.items():
            record = mirror.records[new]
            renamed = any((old, new) in page.renamed for page in pulled.pages)
            if renamed or record.stable_key is not None or record.uid is not None:
                assert mirror.who[new] == before[old]
        await assert_is_truth(mirror, world)

    async def test_a_key_that_comes_back_after_a_move(self, world: World) -> None:
        """The record has gone on under its new key: what then lies under the old one is another record."""
        key = await world.put(ALICE)
        await world.settle()
        mirror = Mirror(world.connector)
        await mirror.pull()
        new_key = await world.move(key)
        await world.settle()
        await mirror.pull()
        moved = mirror.who[new_key]
        await world.put(BOB, key)
        await world.settle()
        mirror.cursor = None
        await mirror.pull()
        assert mirror.records.keys() == {key, new_key}
        assert mirror.who[new_key] == moved != mirror.who[key]
        await assert_is_truth(mirror, world)

    async def test_two_walks_at_once_do_not_disturb_each_other(self, world: World) -> None:
        """A connector keeps nothing between its calls."""
        for number in range(5):
            await world.put(numbered(number))
        await world.settle()
        first, second = Mirror(world.connector), Mirror(world.connector)

        async def let_the_other_run(_: Page) -> None:
            if second.cursor is None and not second.records:
                await second.pull()

        await first.pull(after_page=let_the_other_run)
        await assert_is_truth(first, world)
        await assert_is_truth(second, world)

    async def test_alien_data_comes_with_the_document(self, world: World) -> None:
        key = await world.put(ALICE)
        plain = await world.connector.fetch(key) if not world.connector.caps.create_lag else None
        await world.add_alien_data(key)
        await world.settle()
        record = (await Mirror(world.connector).pull()).changed[key]
        assert record.raw != (plain.raw if plain else b"")
        assert msgspec.structs.asdict(record.contact or Contact())["name"] == ALICE.name
