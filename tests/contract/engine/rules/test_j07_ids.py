"""J7: an id is for ever of one contact, and a contact keeps its id for as long as anything tells that it is the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from polydex.connectors.base import Record
from polydex.core.ids import RemoteKey, Rev, StableKey, contact_id
from polydex.engine import apply
from polydex.engine.news import News
from polydex.store.sqlite import open_sqlite
from polydex.testing import document as documents
from polydex.testing.clock import FakeClock
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import BOOK, Consumer, Home, furnish, named


def nth(home: Home, key: str, n: int) -> str:
    return str(contact_id(home.ctx.keys.ids, home.account.id, BOOK, StableKey(key), n))


async def observe(home: Home, **what: object) -> None:
    """Apply an observation made at this moment."""
    asked = await home.db.read(apply.stamp, home.account.id, home.account.generation)
    news = News(asked=asked, asked_ms=home.clock(), walk=(await home.source()).walk_id, **what)  # type: ignore[arg-type]  # by name
    await home.db.write(apply.apply, home.ctx.target(home.account, await home.source()), news, home.clock())


def record(key: str, nick: str, rev: str = "1") -> Record:
    raw = documents.encode(documents.new(named(nick), uid=f"uid of {nick}"))
    return Record(RemoteKey(key), Rev(rev), raw, named(nick))


async def test_an_id_that_was_deleted_served_again_when_its_key_comes_back(home: Home) -> None:
    """Each time under the smallest number never used; tombstones count as used."""
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    for n in range(3):
        assert list(consumer.copy) == [nth(home, "k1", n)]
        home.world.remove("k1")
        await home.pull()
        await consumer.follow()
        home.world.put(named("ada"), "k1")
        await home.pull()
        await consumer.follow()
    assert consumer.gone == [nth(home, "k1", n) for n in range(3)]


async def test_an_id_that_was_deleted_served_again_after_it_was_a_group_for_a_while(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    document = home.world.find("k1")
    assert document is not None
    home.world.put_document("k1", {**document, "kind": "group"})
    await home.pull()
    await consumer.follow()
    assert consumer.gone == [nth(home, "k1", 0)]
    home.world.put_document("k1", document)
    await home.pull()
    await consumer.follow()
    assert list(consumer.copy) == [nth(home, "k1", 1)]


async def test_other_ids_after_a_lost_mirror_was_built_again(home: Home, tmp_path: Path, clock: FakeClock) -> None:
    for number in range(3):
        home.world.put(named(f"n{number}"))
    before = await (await home.consumer()).follow()
    database = open_sqlite(tmp_path / "rebuilt.db", clock=clock)
    rebuilt = await furnish(database, clock, world=home.world, keys=home.ctx.keys)
    assert rebuilt.account.id == home.account.id
    after = await (await rebuilt.consumer()).follow()
    await database.close()
    assert after.copy.keys() == before.copy.keys()


async def moved(home: Home, old: str, new: str) -> tuple[Consumer, str]:
    """A contact moves; the consumer after it, and the id before."""
    home.world.put(named("ada"), old)
    consumer = await (await home.consumer()).follow()
    before = await home.id_of("ada")
    home.world.move(old, new)
    await home.pull()
    return await consumer.follow(), before


@pytest.mark.parametrize("new", ["a", "z"])
@pytest.mark.parametrize(
    "habits",
    [
        {"renames": "reported"},
        {"renames": "stable"},
        {"renames": "stable", "delta": False},
        {"renames": "uid"},
        {"renames": "uid", "page_size": 1},
        {"renames": "uid", "delta": False, "documents_in_list": False},
        {"renames": "uid", "delta": False, "documents_in_list": False, "page_size": 1},
    ],
    ids=str,
)
async def test_a_moved_contact_deleted_and_created_anew(
    make_home: Furnish, habits: dict[str, object], new: str
) -> None:
    home = await make_home(**habits)
    home.world.put(named("bo"), "b")
    consumer, before = await moved(home, "m", new)
    assert consumer.gone == []
    assert consumer.names == ["ada", "bo"]
    assert await home.id_of("ada") == before


async def test_two_contacts_that_share_a_uid_taken_for_each_other(make_home: Furnish) -> None:
    home = await make_home(renames="uid")
    for nick in ("ada", "bo"):
        home.world.put_document(nick, documents.new(named(nick), uid="the same"))
    consumer = await (await home.consumer()).follow()
    before = set(consumer.copy)
    home.world.remove("ada")
    home.world.remove("bo")
    home.world.put_document("cy", documents.new(named("cy"), uid="the same"))
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["cy"]
    assert set(consumer.gone) == before


async def test_a_copy_with_the_uid_of_a_contact_that_stays_taken_for_it(make_home: Furnish) -> None:
    """A uid joins a removed key and a new one; two that are there are two."""
    home = await make_home(renames="uid")
    home.world.put_document("k1", documents.new(named("ada"), uid="the same"))
    consumer = await (await home.consumer()).follow()
    home.world.put_document("k2", documents.new(named("copy"), uid="the same"))
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["ada", "copy"]
    assert consumer.gone == []


async def test_a_contact_that_came_back_lost_to_a_copy_of_it(home: Home) -> None:
    """Reported as removed, then named again by a later page of the walk, and a copy with its uid beside it."""
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    await observe(home, changed=(msgspec.structs.replace(record("k1", "ada", "2"), uid="u"),))
    await observe(home, removed=(RemoteKey("k1"),))
    back, copy = (
        msgspec.structs.replace(record(key, nick, "3"), uid="u") for key, nick in (("k1", "ada"), ("k2", "copy"))
    )
    await observe(home, changed=(back, copy))
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada", "copy"], [])


async def test_another_contact_under_a_key_that_was_left_taken_for_the_one_that_left(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    ada = await home.id_of("ada")
    home.world.move("k1", "k2")
    home.world.put(named("bo"), "k1")
    await home.pull()
    await consumer.follow()
    assert consumer.gone == []
    assert {record["nickName"]: contact for contact, record in consumer.copy.items()} == {
        "ada": ada,
        "bo": nth(home, "k1", 1),
    }


async def test_renames_in_a_chain(home: Home) -> None:
    for nick in ("ada", "bo"):
        home.world.put(named(nick), nick)
    consumer = await (await home.consumer()).follow()
    before = {nick: await home.id_of(nick) for nick in ("ada", "bo")}
    home.world.move("bo", "free")
    home.world.move("ada", "bo")
    home.world.move("free", "ada")
    await home.pull()
    await consumer.follow()
    assert consumer.gone == []
    assert {nick: await home.id_of(nick) for nick in ("ada", "bo")} == before


async def test_a_rename_onto_a_live_contact_leaving_two(home: Home) -> None:
    """A merge: the one that moved is a tombstone, the one that was there keeps its id."""
    for nick in ("ada", "bo"):
        home.world.put(named(nick), nick)
    consumer = await (await home.consumer()).follow()
    before = {nick: await home.id_of(nick) for nick in ("ada", "bo")}
    home.world.move("ada", "bo")
    await home.pull()
    await consumer.follow()
    assert consumer.gone == [before["ada"]]
    assert {contact: record["nickName"] for contact, record in consumer.copy.items()} == {before["bo"]: "ada"}


async def test_a_rename_onto_a_key_that_a_merge_has_left_stopping_the_account(home: Home) -> None:
    """Once round in one page: the contact that was merged away has freed the key that the other one takes."""
    for key, nick in (("k1", "ada"), ("k3", "bo")):
        home.world.put(named(nick), key)
    consumer = await (await home.consumer()).follow()
    before = {nick: await home.id_of(nick) for nick in ("ada", "bo")}
    home.world.move("k1", "k3")
    home.world.move("k3", "k5")
    home.world.move("k5", "k1")
    await home.pull()
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada"], [before["ada"]])
    assert list(consumer.copy) == [before["bo"]]


async def test_a_rename_onto_a_tombstone_losing_the_id_of_the_one_that_moves(home: Home) -> None:
    for nick in ("ada", "bo"):
        home.world.put(named(nick), nick)
    consumer = await (await home.consumer()).follow()
    before = {nick: await home.id_of(nick) for nick in ("ada", "bo")}
    home.world.remove("bo")
    await home.pull()
    home.world.move("ada", "bo")
    await home.pull()
    await consumer.follow()
    assert consumer.gone == [before["bo"]]
    assert list(consumer.copy) == [before["ada"]]


async def test_a_rename_of_a_tombstone_bringing_its_id_back(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    [before] = consumer.copy
    home.world.remove("k1")
    await home.pull()
    home.world.put(named("ada"), "k1")
    home.world.move("k1", "k2")
    await home.pull()
    await consumer.follow()
    assert consumer.gone == [before]
    assert list(consumer.copy) == [nth(home, "k2", 0)]


async def test_a_contact_that_moved_and_was_then_deleted_kept_for_ever(home: Home) -> None:
    """Both in one page: it is removed under its new key."""
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    consumer = await (await home.consumer()).follow()
    ada = await home.id_of("ada")
    home.world.move("k1", "k3")
    home.world.remove("k3")
    await home.pull()
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["bo"], [ada])


async def test_a_page_that_removes_the_key_that_it_renames(home: Home) -> None:
    """Renames come before removals: the contact lives on under its new key."""
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    [before] = consumer.copy
    await observe(
        home,
        renamed=((RemoteKey("k1"), RemoteKey("k2")),),
        removed=(RemoteKey("k1"),),
        changed=(record("k2", "ada", "2"),),
    )
    await consumer.follow()
    assert consumer.gone == []
    assert list(consumer.copy) == [before]


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize("readable", [True, False])
async def test_an_address_that_passes_to_another_record_takes_its_contact_along(
    make_home: Furnish, delta: bool, readable: bool
) -> None:
    """The new record was taken for the old one; when that came under its new address, the new one was forgotten."""
    home = await make_home(renames="stable", delta=delta)
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    ada = await home.id_of("ada")
    home.world.move("k1", "k2")
    home.world.put(named("bo"), "k1")
    if not readable:
        home.world.unreadable.add("k2")
    await home.pull()
    home.world.unreadable.clear()
    await home.later(400)
    await consumer.follow()
    assert sorted(consumer.names) == ["ada", "bo"]
    assert await home.id_of("bo") != ada
    assert (await home.id_of("ada") == ada) is readable
