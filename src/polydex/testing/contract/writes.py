"""What single reads and writes must do."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from polydex.connectors.base import Absent, Found, Guard, Record, Unknown
from polydex.core import vcard
from polydex.core.contact import Company, Contact, Name, Photo
from polydex.core.errors import RecordNotFound, Stale
from polydex.core.fields import Field, Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import CompanyPatch, NamePatch, Patch, diff
from polydex.testing.contract.samples import ALICE, BOB, FULL, OTHER_PNG, PNG, content
from polydex.testing.contract.world import World, seen

FIELDS = sorted(field for field in Field if field not in (Field.NATIVE_PROPERTIES, Field.PHOTO))
AWKWARD = (
    "Nguyễn Thị Ánh",
    "محمد بن سلمان",
    "山田 太郎",
    "👩‍👩‍👧 family",
    "semi;colon, comma \\ backslash",
    "100% <b>&amp;</b> \"quoted\" 'single'",
    "x" * 200,
    "é" * 76,
)


async def created(world: World, contact: Contact, mark: str | None = None) -> Record:
    """A contact made through the connector, at rest."""
    record = await world.connector.create(contact, mark)
    await world.settle()
    return record


async def fetched(world: World, key: RemoteKey) -> Contact:
    """The content as a direct read gives it."""
    contact = content((await world.connector.fetch(key)).contact)
    assert contact is not None
    return contact


def assert_same_but(world: World, got: Contact | None, sent: Contact, losses: tuple[Loss, ...]) -> None:
    """Every top-level field arrived as it was sent, but for those in which a loss was announced."""
    here, there = seen(world, got, sent), content(sent)
    assert here is not None
    assert there is not None
    lost = {loss.path.removeprefix("$.").split(".")[0].split("[")[0] for loss in losses}
    for field in Field:
        if field is not Field.NATIVE_PROPERTIES and field.value not in lost:
            assert getattr(here, field.attribute) == getattr(there, field.attribute), field.value


def only(field: Field, contact: Contact) -> dict[str, Any]:
    """One field of a contact, as keyword arguments."""
    return {field.attribute: getattr(contact, field.attribute)}


def patch_of(field: Field, contact: Contact) -> Patch:
    """A patch that sets one field as the contact has it."""
    value = getattr(contact, field.attribute)
    if isinstance(value, Name):
        value = NamePatch(**msgspec.structs.asdict(value))
    elif isinstance(value, Company):
        value = CompanyPatch(**msgspec.structs.asdict(value))
    return Patch(**{field.attribute: value})


class WriteContract:
    """Reading and writing one contact."""

    async def test_identify_is_stable(self, world: World) -> None:
        first = await world.connector.identify()
        assert first.subject
        await world.put(ALICE)
        assert (await world.connector.identify()).subject == first.subject

    async def test_fetch_of_a_missing_key(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.remove(key)
        await world.settle()
        with pytest.raises(RecordNotFound):
            await world.connector.fetch(key)

    # --- create -------------------------------------------------------------------------------------------------

    async def test_create_gives_the_record_that_is_there(self, world: World) -> None:
        record = await created(world, ALICE)
        again = await world.connector.fetch(record.key)
        assert await world.keys() == {record.key}
        assert content(record.contact) == content(again.contact)
        assert seen(world, record.contact, ALICE) == content(ALICE)
        assert record.raw == again.raw
        assert record.rev in (again.rev, None)

    async def test_create_keeps_every_field_but_the_announced_losses(self, world: World) -> None:
        announced = world.connector.losses(FULL)
        record = await created(world, FULL)
        assert {loss.path for loss in record.losses} == {loss.path for loss in announced}
        assert_same_but(world, record.contact, FULL, announced)
        assert_same_but(world, (await world.connector.fetch(record.key)).contact, FULL, announced)

    async def test_nothing_is_lost_of_a_plain_contact(self, world: World) -> None:
        assert world.connector.losses(ALICE) == ()
        assert (await created(world, ALICE)).losses == ()

    @pytest.mark.parametrize("text", AWKWARD)
    async def test_awkward_text_comes_back(self, world: World, text: str) -> None:
        contact = Contact(name=Name(display_name=text, family_name=text), notes=f"{text}\n{text}")
        record = await created(world, contact)
        assert seen(world, await fetched(world, record.key), contact) == content(contact)

    async def test_two_creates_of_the_same_content_are_two_contacts(self, world: World) -> None:
        first, second = await created(world, ALICE, "mark-1"), await created(world, ALICE, "mark-2")
        assert first.key != second.key
        assert await world.keys() == {first.key, second.key}

    async def test_the_same_mark_twice_is_one_contact(self, world: World) -> None:
        first = await created(world, ALICE, "mark-1")
        if world.connector.caps.marks:
            second = await created(world, ALICE, "mark-1")
            assert second.key == first.key
            assert second.mark == first.mark == "mark-1"
        assert await world.keys() == {first.key}

    async def test_find_mark(self, world: World) -> None:
        record = await created(world, ALICE, "mark-1")
        found = await world.connector.find_mark("mark-1")
        absent = await world.connector.find_mark("mark-2")
        if world.connector.caps.marks:
            assert isinstance(found, Found)
            assert found.record.key == record.key
            assert seen(world, found.record.contact, ALICE) == content(ALICE)
            assert absent == Absent()
        else:
            assert (found, absent) == (Unknown(), Unknown())

    async def test_a_mark_outlives_an_update_by_us_and_by_others(self, world: World) -> None:
        record = await created(world, ALICE, "mark-1")
        await world.connector.update(await world.connector.fetch(record.key), Patch(notes="changed"))
        await world.add_alien_data(record.key)
        await world.settle()
        found = await world.connector.find_mark("mark-1")
        assert not world.connector.caps.marks or (isinstance(found, Found) and found.record.key == record.key)

    # --- update -------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.value))
    async def test_each_field_can_be_set_and_cleared_by_itself(self, world: World, field: Field) -> None:
        full = Contact(name=BOB.name, **only(field, FULL)) if field is not Field.NAME else Contact(name=FULL.name)
        losses = world.connector.losses(full)
        bare = Contact(name=BOB.name)
        record = await created(world, bare)
        was_set = await world.connector.update(await world.connector.fetch(record.key), patch_of(field, full))
        assert_same_but(world, was_set.contact, full, losses)
        assert_same_but(world, await fetched(world, record.key), full, losses)
        if field is not Field.NAME:
            cleared = await world.connector.update(await world.connector.fetch(record.key), patch_of(field, Contact()))
            assert seen(world, cleared.contact, bare) == content(bare)
            assert seen(world, await fetched(world, record.key), bare) == content(bare)

    async def test_the_losses_of_a_change_are_announced(self, world: World) -> None:
        base = await world.connector.fetch((await created(world, ALICE)).key)
        assert base.contact is not None
        assert world.connector.losses(base.contact, base) == ()
        patch = diff(base.contact, FULL)
        announced = world.connector.losses(patch.apply(base.contact), base)
        changed = await world.connector.update(base, patch)
        assert {loss.path for loss in changed.losses} == {loss.path for loss in announced}
        # What is there already is no loss a second time, even when it is sent again with something else.
        base = await world.connector.fetch(base.key)
        assert base.contact is not None
        again = msgspec.structs.replace(base.contact, notes="new")
        assert {loss.path for loss in world.connector.losses(again, base)} <= {"$.notes"}

    async def test_update_leaves_the_other_fields(self, world: World) -> None:
        losses = world.connector.losses(FULL)
        record = await created(world, FULL)
        before = await fetched(world, record.key)
        await world.connector.update(await world.connector.fetch(record.key), Patch(notes="new"))
        after = await fetched(world, record.key)
        assert after == msgspec.structs.replace(before, notes="new")
        assert_same_but(world, after, msgspec.structs.replace(FULL, notes="new"), losses)

    async def test_update_of_one_part_of_the_name_leaves_the_others(self, world: World) -> None:
        record = await created(world, BOB)
        patch = Patch(name=NamePatch(given_name="Robert", display_name="Robert Sample"))
        await world.connector.update(await world.connector.fetch(record.key), patch)
        expected = Name(display_name="Robert Sample", given_name="Robert", family_name="Sample")
        assert (await fetched(world, record.key)).name == expected

    async def test_update_answers_with_the_record_that_is_there(self, world: World) -> None:
        record = await created(world, ALICE)
        base = await world.connector.fetch(record.key)
        updated = await world.connector.update(base, Patch(notes="new"))
        await world.settle()
        again = await world.connector.fetch(record.key)
        assert (updated.key, updated.raw) == (again.key, again.raw)
        assert updated.rev in (again.rev, None)
        assert again.rev is None or again.rev != base.rev

    async def test_the_answer_of_an_update_is_a_base_for_the_next(self, world: World) -> None:
        record = await created(world, ALICE)
        for number in range(3):
            record = await world.connector.update(record, Patch(notes=f"note {number}"))
        assert (await fetched(world, record.key)).notes == "note 2"

    async def test_an_empty_patch_changes_nothing(self, world: World) -> None:
        record = await created(world, FULL)
        base = await world.connector.fetch(record.key)
        await world.connector.update(base, Patch())
        again = await world.connector.fetch(record.key)
        assert (again.raw, again.rev) == (base.raw, base.rev)

    async def test_setting_what_is_there_changes_no_content(self, world: World) -> None:
        record = await created(world, FULL)
        before = await fetched(world, record.key)
        await world.connector.update(await world.connector.fetch(record.key), Patch(notes=before.notes))
        assert await fetched(world, record.key) == before

    async def test_alien_data_outlives_an_update_of_every_field(self, world: World) -> None:
        key = await world.put(BOB)
        await world.add_alien_data(key)
        await world.settle()
        alien = await world.alien_data(key)
        assert alien
        for field in FIELDS:
            await world.connector.update(await world.connector.fetch(key), patch_of(field, FULL))
        assert await world.alien_data(key) == alien
        assert_same_but(world, (await world.connector.fetch(key)).contact, FULL, world.connector.losses(FULL))

    async def test_a_stale_base_is_refused(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        base = await world.connector.fetch(key)
        await world.put(BOB, key)
        if world.connector.caps.update_guard is Guard.NONE:
            await world.connector.update(base, Patch(notes="forced"))
            assert (await fetched(world, key)).notes == "forced"
        else:
            with pytest.raises(Stale):
                await world.connector.update(base, Patch(notes="too late"))
            assert seen(world, await fetched(world, key), BOB) == content(BOB)

    async def test_an_update_never_brings_back_what_is_gone(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        base = await world.connector.fetch(key)
        await world.remove(key)
        with pytest.raises((RecordNotFound, Stale)):
            await world.connector.update(base, Patch(notes="too late"))
        assert await world.keys() == set()

    async def test_of_two_writers_at_once_exactly_one_wins(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        base = await world.connector.fetch(key)
        writers = (world.connector.update(base, Patch(notes=note)) for note in ("first", "second"))
        outcomes = await asyncio.gather(*writers, return_exceptions=True)
        won = [outcome for outcome in outcomes if isinstance(outcome, Record)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, Stale)]
        assert len(won) + len(lost) == 2
        if world.connector.caps.update_guard is Guard.ENFORCED:
            assert len(won) == 1
        notes = (await fetched(world, key)).notes
        assert notes in {record.contact.notes for record in won if record.contact}

    # --- delete -------------------------------------------------------------------------------------------------

    async def test_delete(self, world: World) -> None:
        gone, stays = await created(world, ALICE), await created(world, BOB)
        await world.connector.delete(gone.key, (await world.connector.fetch(gone.key)).rev)
        assert await world.keys() == {stays.key}

    async def test_delete_without_a_revision(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        await world.connector.delete(key, None)
        assert await world.keys() == set()

    async def test_delete_of_what_is_gone_already_is_success(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        rev = (await world.connector.fetch(key)).rev
        await world.remove(key)
        await world.connector.delete(key, rev)
        await world.connector.delete(key, None)
        assert await world.keys() == set()

    async def test_a_stale_delete_is_refused(self, world: World) -> None:
        key = await world.put(ALICE)
        await world.settle()
        rev = (await world.connector.fetch(key)).rev
        await world.put(BOB, key)
        if world.connector.caps.delete_guard is Guard.NONE or rev is None:
            await world.connector.delete(key, rev)
            assert await world.keys() == set()
        else:
            with pytest.raises(Stale):
                await world.connector.delete(key, Rev(rev))
            assert seen(world, await fetched(world, key), BOB) == content(BOB)

    # --- photos -------------------------------------------------------------------------------------------------

    async def test_a_photo_can_be_set_replaced_and_removed(self, world: World) -> None:
        with_photo = msgspec.structs.replace(ALICE, photo=Photo.of(PNG, "image/png"))
        record = await created(world, with_photo)
        if not world.connector.caps.photos:
            assert {loss.path for loss in record.losses} == {"$.photo"}
            assert seen(world, await fetched(world, record.key), ALICE) == content(ALICE)
            return
        assert record.losses == ()
        for picture in (PNG, OTHER_PNG):
            base = await world.connector.fetch(record.key)
            await world.connector.update(base, Patch(photo=Photo.of(picture, "image/png")))
            base = await world.connector.fetch(record.key)
            assert base.contact is not None
            assert base.contact.photo is not None
            assert base.contact.photo.content is None, "a record carries the photo by its hash"
            assert base.contact.photo.hash == Photo.of(picture).hash
            photo = await world.connector.photo(base)
            assert photo is not None
            assert photo.content == picture
        await world.connector.update(await world.connector.fetch(record.key), Patch(photo=None))
        after = await world.connector.fetch(record.key)
        assert seen(world, after.contact, ALICE) == content(ALICE)
        assert await world.connector.photo(after) is None

    async def test_a_photo_outlives_an_update_of_something_else(self, world: World) -> None:
        record = await created(world, msgspec.structs.replace(ALICE, photo=Photo.of(PNG, "image/png")))
        before = await fetched(world, record.key)
        await world.connector.update(await world.connector.fetch(record.key), Patch(notes="new"))
        assert await fetched(world, record.key) == msgspec.structs.replace(before, notes="new")

    async def test_what_a_vcard_says_besides_is_kept_where_the_documents_are_vcards(self, world: World) -> None:
        alien = b"X-ALIEN;X-P=1:kept as it is\r\nitem9.X-ABDATE:2001-02-03\r\nitem9.X-ABLabel:Day\r\nEND:VCARD"
        document = vcard.create(ALICE, uid="elsewhere", mark="another").raw.replace(b"END:VCARD", alien)
        announced = world.connector.losses(ALICE, None, document)
        record = await world.connector.create(ALICE, "mark", None, document)
        await world.settle()
        fetched = await world.connector.fetch(record.key)
        assert_same_but(world, fetched.contact, ALICE, announced)
        kept = world.connector.native(fetched.raw, ("X-ALIEN", "X-ABDATE"))
        expected = {"X-ALIEN": "kept as it is", "X-ABDATE": "2001-02-03"}
        assert kept == (expected if world.connector.caps.vcards else {})
        again = await world.connector.create(ALICE, "mark", None, document)
        assert again.key == record.key or not world.connector.caps.marks

    # --- the pure part --------------------------------------------------------------------------------------------

    async def test_remap_reads_a_stored_document_as_it_was_read_before(self, world: World) -> None:
        for contact in (ALICE, FULL):
            record = await created(world, contact)
            record = await world.connector.fetch(record.key)
            again = world.connector.remap(record.raw, record.key, record.rev)
            assert (again.key, again.rev, again.raw) == (record.key, record.rev, record.raw)
            assert (again.contact, again.uid, again.stable_key, again.mark) == (
                record.contact,
                record.uid,
                record.stable_key,
                record.mark,
            )

    async def test_an_unknown_native_property_is_left_out(self, world: World) -> None:
        record = await created(world, ALICE)
        assert world.connector.native(record.raw, ("x-no-such-property",)) == {}
