"""The memory connector keeps the contract, in every character that a provider may have."""

import asyncio
import contextlib
from typing import Any

import msgspec
import pytest

from polydex.connectors.base import Guard
from polydex.connectors.provider import Credentials, Handshake, Notice
from polydex.core.contact import Contact
from polydex.core.errors import (
    CursorExpired,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.fields import ALL_FIELDS, Field
from polydex.core.ids import Cursor, RemoteKey
from polydex.core.patch import Patch
from polydex.testing import document as documents
from polydex.testing.channels import notified
from polydex.testing.clock import FakeClock
from polydex.testing.contract import (
    ALICE,
    BOB,
    FULL,
    ConnectorContract,
    LineContract,
    Mirror,
    UnreadableContract,
    WatchContract,
    content,
)
from polydex.testing.memory import MemoryConnector, MemoryProvider
from polydex.testing.world import Character, Fault, MemoryWorld

LIST_LAG, MARK_LAG, CREATE_LAG = 3.0, 5.0, 4.0

CHARACTERS = {
    "perfect": Character(),
    "small pages": Character(page_size=2),
    "no resume": Character(page_size=2, resume="none"),
    "cut resume cursors": Character(page_size=2, resume="cut"),
    "hash revisions": Character(revisions="hash"),
    "no revisions": Character(revisions="missing", update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED),
    "flaky revisions": Character(revisions="flaky", update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED),
    "nobody compares": Character(update_guard=Guard.NONE, delete_guard=Guard.NONE),
    "lists of revisions": Character(documents_in_list=False, page_size=3),
    "snapshots only": Character(delta=False),
    "snapshots of revisions, with a tag": Character(delta=False, ctag=True, documents_in_list=False, page_size=2),
    "repeats itself": Character(repeats=True, page_size=3),
    "dishonest cursor": Character(honest_cursor=False, page_size=2),
    "slow": Character(read_lag=LIST_LAG, mark_lag=MARK_LAG, create_lag=CREATE_LAG),
    "moves by stable key": Character(renames="stable"),
    "moves by uid": Character(renames="uid"),
    "moves are something new": Character(renames="none"),
    "no marks": Character(marks=False),
    "batches": Character(batch=7),
    "batches, checked": Character(batch=7, update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED),
    "batches, nobody compares": Character(batch=3, update_guard=Guard.NONE, delete_guard=Guard.NONE, marks=False),
    "batches, slow": Character(batch=3, read_lag=LIST_LAG, mark_lag=MARK_LAG, create_lag=CREATE_LAG),
    "photos apart": Character(photo_apart=True, batch=3),
    "labels": Character(labels=True, batch=3),
    "push": Character(push=True),
    "streams": Character(streams=True),
    "labels, snapshots with a tag": Character(labels=True, delta=False, ctag=True, page_size=2),
    "few fields": Character(
        photos=False, writable=ALL_FIELDS - {Field.RELATIONS, Field.KEYWORDS, Field.NICK_NAME, Field.BIRTHDAY}
    ),
}


class Phone:
    """Another client of a memory world."""

    def __init__(self, character: Character) -> None:
        self.clock = FakeClock()
        self.truth = MemoryWorld(self.clock, character)
        self.truth.lag = character.read_lag
        self.connector = MemoryConnector(self.truth)
        self.push_url = "https://polydex.example.com/push/memory"

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        return RemoteKey(self.truth.put(contact, key))

    async def remove(self, key: RemoteKey) -> None:
        self.truth.remove(key)

    async def move(self, key: RemoteKey) -> RemoteKey:
        self.truth.move(key, f"{key}-moved")
        return RemoteKey(f"{key}-moved")

    async def add_alien_data(self, key: RemoteKey) -> None:
        document = self.truth.find(key) or {}
        contact = {**document["contact"], "shoeSize": 43}
        self.truth.put_document(key, {**document, "contact": contact, "pets": ["cat", {"name": "Rex"}]})

    async def alien_data(self, key: RemoteKey) -> object:
        document = self.truth.find(key) or {}
        return {"pets": document.get("pets"), "shoeSize": document["contact"].get("shoeSize")}

    async def keys(self) -> set[RemoteKey]:
        return {RemoteKey(key) for key in self.truth.state()}

    async def expired(self, cursor: Cursor) -> Cursor:
        self.truth.expire_cursors()
        return cursor

    async def settle(self) -> None:
        self.clock.advance(60)

    async def spoil(self, key: RemoteKey) -> None:
        self.truth.unreadable.add(key)

    async def heal(self, key: RemoteKey) -> None:
        self.truth.unreadable.discard(key)

    async def channels(self) -> set[str]:
        return set(self.truth.channels.living)

    async def end_channels(self) -> None:
        self.truth.channels.end()

    async def told(self) -> list[Notice]:
        notices: list[Notice] = []
        for url, body in self.truth.channels.told:
            assert url == self.push_url
            heard = notified({}, body)
            assert not isinstance(heard, Handshake)
            notices += heard
        return notices

    async def lines(self, wanted: int) -> None:
        assert len(self.truth.lines.open) == wanted

    async def end_lines(self) -> None:
        self.truth.lines.end()


class TestMemory(ConnectorContract, UnreadableContract):
    @pytest.fixture(params=list(CHARACTERS.values()), ids=list(CHARACTERS))
    def world(self, request: pytest.FixtureRequest) -> Phone:
        return Phone(request.param)


class TestMemoryPush(WatchContract):
    @pytest.fixture
    def world(self) -> Phone:
        return phone(push=True)


class TestMemoryLines(LineContract):
    @pytest.fixture
    def world(self) -> Phone:
        return phone(streams=True)


# --- the misbehaviour is there, too: a double that never misbehaves proves nothing --------------------------------


def phone(**habits: Any) -> Phone:
    return Phone(Character(**habits))


async def test_a_lost_reply_has_acted() -> None:
    world = phone()
    world.truth.faults.append(("create", Fault.LOST))
    with pytest.raises(ProviderTimeout):
        await world.connector.create(ALICE, "m")
    assert [content(contact) for contact in world.truth.contacts().values()] == [content(ALICE)]
    assert len(world.truth.marked("m")) == 1


@pytest.mark.parametrize(("fault", "sent"), [(Fault.REFUSED, False), (Fault.FAILED, True)])
async def test_a_call_that_fails_has_not_acted(fault: Fault, sent: bool) -> None:
    world = phone()
    world.truth.faults.append(("create", fault))
    with pytest.raises(ProviderUnavailable) as caught:
        await world.connector.create(ALICE, "m")
    assert caught.value.sent is sent
    assert world.truth.state() == {}


async def test_a_lagging_list_does_not_know_of_a_fresh_write() -> None:
    world = phone(read_lag=LIST_LAG)
    key = await world.put(ALICE)
    assert (await Mirror(world.connector).pull()).seen == set()
    assert (await world.connector.fetch(key)).key == key
    world.clock.advance(LIST_LAG)
    assert (await Mirror(world.connector).pull()).seen == {key}


async def test_a_fresh_record_is_not_found_and_not_deleted() -> None:
    world = phone(create_lag=CREATE_LAG)
    record = await world.connector.create(ALICE, None)
    with pytest.raises(RecordNotFound):
        await world.connector.fetch(record.key)
    await world.connector.delete(record.key, None)
    world.clock.advance(CREATE_LAG)
    assert (await world.connector.fetch(record.key)).contact == record.contact


async def test_a_fresh_mark_is_not_found_and_not_recognised() -> None:
    world = phone(mark_lag=MARK_LAG)
    await world.connector.create(ALICE, "m")
    await world.connector.create(ALICE, "m")
    assert len(world.truth.marked("m")) == 2


async def test_a_dishonest_cursor_loses_an_edit_made_during_the_walk() -> None:
    world = phone(honest_cursor=False, page_size=1)
    first = await world.put(ALICE)
    await world.put(BOB)
    mirror = Mirror(world.connector)

    async def edit(page: object) -> None:
        if not world.truth.calls.count(("edit", first)):
            world.truth.calls.append(("edit", first))
            await world.put(FULL, first)

    await mirror.pull(after_page=edit)
    await mirror.pull()
    assert content(mirror.records[first].contact) == content(ALICE)


async def test_content_hashes_do_not_tell_a_record_that_was_put_back() -> None:
    world = phone(revisions="hash")
    key = await world.put(ALICE)
    before = await world.connector.fetch(key)
    document = world.truth.find(key)
    assert document is not None
    await world.remove(key)
    world.truth.put_document(key, document)
    assert (await world.connector.fetch(key)).rev == before.rev


async def test_repetitions() -> None:
    world = phone(repeats=True, page_size=2)
    for contact in (ALICE, BOB, FULL):
        await world.put(contact)
    pulled = await Mirror(world.connector).pull()
    assert [len(page.changed) for page in pulled.pages] == [4, 4, 2]


async def test_a_cut_resume_cursor_is_refused() -> None:
    world = phone(resume="cut", page_size=1)
    for contact in (ALICE, BOB):
        await world.put(contact)
    pulled = await Mirror(world.connector).pull()
    with pytest.raises(CursorExpired):
        await anext(world.connector.pull(pulled.pages[0].cursor, Mirror(world.connector), resume=True))


async def test_a_walk_goes_on_from_its_resume_cursor() -> None:
    world = phone(page_size=1)
    keys = [await world.put(contact) for contact in (ALICE, BOB, FULL)]
    pulled = await Mirror(world.connector).pull()
    rest = [page async for page in world.connector.pull(pulled.pages[0].cursor, Mirror(world.connector), resume=True)]
    assert [record.key for page in rest for record in page.changed] == keys[1:]
    assert rest[-1].cursor == pulled.pages[-1].cursor


async def test_a_blackout_lists_nothing() -> None:
    world = phone()
    key = await world.put(ALICE)
    world.truth.blackout = True
    assert (await Mirror(world.connector).pull()).seen == set()
    assert (await world.connector.fetch(key)).key == key


async def test_a_checked_guard_has_a_gap() -> None:
    world = phone(update_guard=Guard.CHECKED)
    key = await world.put(ALICE)
    base = await world.connector.fetch(key)
    world.truth.gates.hold("update", "gap")
    update = asyncio.ensure_future(world.connector.update(base, Patch(notes="ours")))
    held = await world.truth.gates.reached("update", "gap")
    await world.put(BOB, key)
    world.truth.gates.release(held)
    assert content((await update).contact) == content(msgspec.structs.replace(ALICE, notes="ours"))


async def test_a_group_is_no_contact() -> None:
    world = phone()
    world.truth.put_document("g", {"uid": "g", "kind": "group", "contact": {}})
    record = (await Mirror(world.connector).pull()).changed[RemoteKey("g")]
    assert record.contact is None
    assert world.truth.contacts() == {}


async def test_a_newer_mapping_reads_the_remark() -> None:
    world = phone()
    key = world.truth.put(ALICE, remark="met at a concert")
    raw = documents.encode(world.truth.find(key) or {})
    provider = MemoryProvider({"book": world.truth}, mapping_version=2)
    credentials = provider.prepare("Memory", Credentials(login="a", password="secret"))
    old = world.connector.remap(raw, RemoteKey(key), None).contact
    new = provider.connect(None, credentials, "book", {}).remap(raw, RemoteKey(key), None).contact
    assert old is not None
    assert new is not None
    assert (old.notes, new.notes) == (None, "met at a concert")


async def test_a_channel_that_is_not_renewed_ends() -> None:
    world = phone(push=True, channel_life=60.0)
    first = await world.connector.watch(world.push_url, "secret", None)
    world.clock.advance(60)
    assert await world.channels() == set()
    assert (await world.connector.watch(world.push_url, "secret", first)).id != first.id


async def test_a_line_that_breaks_and_one_too_many() -> None:
    world = phone(streams=True)
    world.truth.lines.room = 1
    async with contextlib.aclosing(world.connector.listen()) as told:
        await anext(told)
        with pytest.raises(ProviderThrottled):
            await anext(world.connector.listen())
        world.truth.lines.cut()
        with pytest.raises(ProviderUnavailable):
            await anext(told)
    await world.lines(0)


async def test_an_address_that_is_refused() -> None:
    world = phone(push=True)
    world.truth.channels.refuses = True
    with pytest.raises(ProviderRejected):
        await world.connector.watch(world.push_url, "secret", None)
    assert await world.channels() == set()


async def test_the_way_to_an_address_book_is_tried_step_by_step() -> None:
    world = phone()
    provider = MemoryProvider({"book": world.truth})

    async def steps(password: str, key: str | None) -> list[tuple[str, bool]]:
        credentials = Credentials(login="a", password=password)
        return [(probe.step, probe.error is None) async for probe in provider.probe(None, credentials, key)]

    assert await steps("secret", "book") == await steps("secret", None) == [("login", True), ("book", True)]
    assert await steps("secret", "gone") == [("login", True), ("book", False)]
    assert await steps("wrong", "book") == [("login", False)]
    assert set(world.truth.contacts()) == set()
