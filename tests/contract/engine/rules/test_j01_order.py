"""J1: observations are applied by when they were asked, not by when they came back."""

from __future__ import annotations

import asyncio

import pytest

from polydex.core.errors import NotFound, ProviderTimeout
from polydex.core.ids import RemoteKey
from polydex.engine import apply
from polydex.engine.news import News
from polydex.store import rows
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named

HABITS = pytest.mark.parametrize("revisions", ["counter", "hash"])


async def mirror_is_the_provider(home: Home) -> None:
    """Nothing is left to verify, and the list shows what is there."""
    truth = {str(contact.nick_name): contact.notes for contact in home.world.contacts().values()}
    assert {nick: record.get("notes") for nick, record in (await home.records()).items()} == truth
    assert await home.db.read(rows.count_doubtful, (await home.source()).id) == 0


@HABITS
async def test_a_late_answer_of_a_write_over_a_newer_pull(make_home: Furnish, revisions: str) -> None:
    home = await make_home(revisions=revisions)
    key = home.world.put(named("ada"))
    await home.pull()
    contact = await home.id_of("ada")
    home.world.gates.hold("update", "answer")
    write = asyncio.create_task(home.update(contact, notes="ours"))
    await home.world.gates.reached("update", "answer")
    home.world.put(named("ada", notes="newer, from the phone"), key)
    await home.pull()
    home.world.gates.open()
    written = await write
    assert b"newer, from the phone" in written.record
    await mirror_is_the_provider(home)


async def test_a_late_answer_of_a_read_over_a_newer_pull(home: Home) -> None:
    key = home.world.put(named("ada", notes="old"))
    await home.pull()
    contact = await home.id_of("ada")
    home.world.gates.hold("fetch", "answer")
    read = asyncio.create_task(home.reader.get(home.account, contact, no_cache=True))
    await home.world.gates.reached("fetch", "answer")
    home.world.put(named("ada", notes="new"), key)
    await home.pull()
    home.world.gates.open()
    await read
    await home.later(1)
    await mirror_is_the_provider(home)


async def test_an_older_answer_over_a_revision_that_was_only_compared(make_home: Furnish) -> None:
    """Changed and changed back: the pull finds nothing new, and still it is the newer of the two."""
    home = await make_home(revisions="hash", documents_in_list=False, delta=False)
    key = home.world.put(named("ada", notes="as before"))
    await home.pull()
    contact = await home.id_of("ada")
    home.world.put(named("ada", notes="in between"), key)
    home.world.gates.hold("fetch", "answer")
    read = asyncio.create_task(home.reader.get(home.account, contact, no_cache=True))
    await home.world.gates.reached("fetch", "answer")
    home.world.put(named("ada", notes="as before"), key)
    await home.pull()
    home.world.gates.open()
    await read
    assert (await home.records())["ada"]["notes"] == "as before"
    await home.later(1)
    await mirror_is_the_provider(home)


async def test_a_contact_created_during_a_walk_swept_away(make_home: Furnish) -> None:
    home = await make_home(delta=False)
    home.world.put(named("ada"))
    await home.pull()
    consumer = await (await home.consumer()).follow()
    home.world.gates.hold("list", "answer")
    walk = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    await home.create(nickName="bo")
    home.world.gates.open()
    await walk
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada", "bo"], [])
    await mirror_is_the_provider(home)


async def test_a_deleted_contact_resurrected_by_a_page_in_flight(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    [contact] = consumer.copy
    home.world.expire_cursors()  # so that everything is listed
    home.world.gates.hold("list", "answer")
    walk = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    await home.writer.delete(home.account, contact, None)
    home.world.gates.open()
    await walk
    await consumer.follow()
    assert (consumer.names, consumer.gone) == ([], [contact])
    await mirror_is_the_provider(home)


async def test_an_edit_overwritten_by_a_page_in_flight(home: Home) -> None:
    home.world.put(named("ada"))
    await home.pull()
    contact = await home.id_of("ada")
    consumer = await (await home.consumer()).follow()
    home.world.expire_cursors()
    home.world.put(named("bo"))
    home.world.gates.hold("list", "answer")
    walk = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    await home.update(contact, notes="ours")
    home.world.gates.open()
    await walk
    await consumer.follow()
    assert consumer.copy[contact]["notes"] == "ours"
    await mirror_is_the_provider(home)


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
@pytest.mark.parametrize("answer", ["heard", "lost"])
async def test_a_lagging_list_undoing_our_write(make_home: Furnish, verb: str, answer: str) -> None:
    """The write is ours whether its answer was heard or found out later."""
    home = await make_home(read_lag=20.0)
    home.world.put(named("ada"))
    await home.pull()
    contact = await home.id_of("ada")
    home.clock.advance(100)
    home.world.lag = 20.0
    if answer == "lost":
        home.world.faults.append((verb, Fault.LOST))

    async def write() -> None:
        if verb == "create":
            await home.create(nickName="bo")
        elif verb == "update":
            await home.update(contact, notes="ours")
        else:
            await home.writer.delete(home.account, contact, None)

    if answer == "lost":
        with pytest.raises(ProviderTimeout):
            await write()
    await write()
    consumer = await (await home.consumer()).follow()
    now = dict(consumer.copy)
    home.world.expire_cursors()  # so that everything is listed, as it was before the write
    await home.pull()
    await consumer.follow()
    assert consumer.copy == now
    assert consumer.brought == []
    home.clock.advance(30)
    await home.pull()
    await consumer.follow()
    assert consumer.copy == now
    await mirror_is_the_provider(home)


async def test_a_zombie_from_a_late_answer_after_a_removal_of_what_was_never_known(make_home: Furnish) -> None:
    """The removal of an unknown key is remembered from its page on, not only from the end of the walk."""
    home = await make_home(page_size=1)
    await home.pull()
    home.world.gates.hold("create", "answer")
    write = asyncio.create_task(home.create(nickName="ada"))
    await home.world.gates.reached("create", "answer")
    [key] = home.world.contacts()
    home.world.remove(key)
    home.world.put(named("bo"))
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    home.world.gates.release(await home.world.gates.reached("create", "answer"))
    with pytest.raises(NotFound):
        await write
    home.world.gates.open()
    await walk
    consumer = await (await home.consumer()).follow()
    assert consumer.names == ["bo"]
    await mirror_is_the_provider(home)


async def test_a_late_answer_over_a_removal_that_its_walk_has_not_decided_yet(make_home: Furnish) -> None:
    """A delta names a removal once: an older answer must not pass over it between its page and the end of the walk."""
    home = await make_home(page_size=1)
    key = home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    [contact_id] = consumer.copy
    home.world.gates.hold("update", "answer")
    write = asyncio.create_task(home.update(contact_id, notes="new"))
    await home.world.gates.reached("update", "answer")
    home.world.remove(key)
    home.world.put(named("bo"))
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    while (await home.db.read(rows.gone_in_walk, (await home.source()).id, (await home.source()).walk_id))[0] == []:
        home.world.gates.release(await home.world.gates.reached("list", "ask"))
        await home.world.gates.reached("list", "ask")
    home.world.gates.release(await home.world.gates.reached("update", "answer"))
    with pytest.raises(NotFound):
        await write
    home.world.gates.open()
    await walk
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["bo"], [contact_id])
    await mirror_is_the_provider(home)


async def test_a_late_answer_about_a_deleted_contact_that_a_whole_walk_did_not_find_again(home: Home) -> None:
    """The tombstone is older than the answer, the walk that confirmed it is not."""
    key = home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    home.world.remove(key)
    await home.pull()
    source = await home.source()
    target = home.ctx.target(home.account, source)
    asked = await home.db.read(apply.stamp, home.account.id, home.account.generation)
    home.world.put(named("ada"), key)
    answer = News(
        asked=asked,
        asked_ms=home.clock(),
        changed=(await home.ctx.connector(home.account, source).fetch(RemoteKey(key)),),
        fetched=True,
    )
    home.world.remove(key)
    home.world.expire_cursors()  # a full list does not name what is gone
    await home.pull()
    await home.db.write(apply.apply, target, answer, home.clock())
    await home.later(400)
    await consumer.follow()
    assert consumer.names == []
    await mirror_is_the_provider(home)


@pytest.mark.parametrize("known", [True, False])
async def test_who_is_brought_back_by_a_fetch_is_listed_by_no_walk_before_one_tells_of_them(
    home: Home, known: bool
) -> None:
    """The number of the walk that saw them before they were gone, or heard that they are, says nothing."""
    await home.pull()
    key = home.world.put(named("ada"))
    if known:
        await home.pull()
    home.world.remove(key)
    await home.pull()
    source = await home.source()
    target = home.ctx.target(home.account, source)
    asked = await home.db.read(apply.stamp, home.account.id, home.account.generation)
    home.world.put(named("ada"), key)
    found = await home.ctx.connector(home.account, source).fetch(RemoteKey(key))
    answer = News(asked=asked, asked_ms=home.clock(), changed=(found,), fetched=True)
    assert await home.db.read(rows.unlisted, source.id) == []
    await home.db.write(apply.apply, target, answer, home.clock())
    assert len(await home.db.read(rows.unlisted, source.id)) == 1
    await home.pull()
    assert await home.db.read(rows.unlisted, source.id) == []
    await mirror_is_the_provider(home)


async def test_a_late_answer_under_a_key_that_the_contact_has_left(make_home: Furnish) -> None:
    """It would make a second row of the contact that lives on under its new key."""
    home = await make_home(renames="uid", page_size=1)
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    [contact_id] = consumer.copy
    home.world.gates.hold("update", "answer")
    write = asyncio.create_task(home.update(contact_id, notes="new"))
    await home.world.gates.reached("update", "answer")
    home.world.move("k1", "k2")
    home.world.put(named("bo"), "k9")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    while await home.db.read(rows.by_key, (await home.source()).id, RemoteKey("k2")) is None:
        home.world.gates.release(await home.world.gates.reached("list", "ask"))
        await home.world.gates.reached("list", "ask")
    home.world.gates.release(await home.world.gates.reached("update", "answer"))
    written = await write
    assert written.id == contact_id
    home.world.gates.open()
    await walk
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada", "bo"], [])
    assert consumer.copy[contact_id]["notes"] == "new"
    await mirror_is_the_provider(home)


async def second_page(home: Home) -> None:
    """Let the first page of a walk be applied, and hold the second one."""
    home.world.gates.hold("list", "ask")
    home.world.gates.release(await home.world.gates.reached("list", "ask"))
    await home.world.gates.reached("list", "ask")
    for _ in range(1000):  # the first one is written while the second one is asked for
        if (await home.source()).walk_mode in ("delta", "snapshot"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the first page is never stored")


async def test_a_late_answer_about_a_contact_that_a_whole_walk_did_not_find(home: Home) -> None:
    """There is no row to compare with: the last sweep stands for it."""
    await home.pull()
    home.world.gates.hold("create", "answer")
    write = asyncio.create_task(home.create(nickName="ada"))
    await home.world.gates.reached("create", "answer")
    [key] = home.world.contacts()
    home.world.remove(key)
    home.world.expire_cursors()  # a full list does not name what is gone
    await home.pull()
    home.world.gates.open()
    with pytest.raises(NotFound):
        await write
    consumer = await (await home.consumer()).follow()
    assert consumer.names == []
    await mirror_is_the_provider(home)


@pytest.mark.parametrize("documents_in_list", [True, False])
async def test_a_contact_put_back_with_the_same_content_taken_for_known(
    make_home: Furnish, documents_in_list: bool
) -> None:
    """Where revisions are hashes of the content, that of the tombstone would be equal."""
    home = await make_home(revisions="hash", documents_in_list=documents_in_list)
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    document = home.world.find("k1")
    assert document is not None
    home.world.remove("k1")
    await home.pull()
    tombstone = await home.db.read(rows.by_key, (await home.source()).id, RemoteKey("k1"))
    assert (tombstone and tombstone.live, tombstone and tombstone.rev) == (False, None)
    home.world.put_document("k1", document)
    home.world.expire_cursors()
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["ada"]
    await mirror_is_the_provider(home)


async def test_a_doubt_only_asks_and_changes_nothing(home: Home) -> None:
    """What is not believed leaves content, revision and journal alone, and makes a fetch due."""
    key = home.world.put(named("ada", notes="old"))
    await home.pull()
    contact = await home.id_of("ada")
    source = await home.source()
    home.world.gates.hold("fetch", "answer")
    read = asyncio.create_task(home.reader.get(home.account, contact, no_cache=True))
    await home.world.gates.reached("fetch", "answer")
    home.world.put(named("ada", notes="new"), key)
    await home.pull()
    before = await home.db.read(rows.by_key, source.id, RemoteKey(key))
    home.world.gates.open()
    await read
    after = await home.db.read(rows.by_key, source.id, RemoteKey(key))
    assert before is not None
    assert after is not None
    assert (after.rev, after.seq, after.touch, after.body) == (before.rev, before.seq, before.touch, before.body)
    assert after.verify_due is not None
    assert (await home.source()).due_at == home.clock()


async def test_a_lagging_list_that_undoes_a_write_whose_answer_came_late(make_home: Furnish) -> None:
    """A pull has brought the write before its answer did, so that the answer was not believed: it is our write still."""
    home = await make_home(read_lag=20.0)
    key = home.world.put(named("ada"))
    await home.pull()
    contact = await home.id_of("ada")
    home.clock.advance(60)
    home.world.gates.hold("update", "answer")
    work = asyncio.create_task(home.update(contact, notes="ours"))
    await home.world.gates.reached("update", "answer")
    await home.pull()
    home.world.gates.open()
    await work
    consumer = await (await home.consumer()).follow()
    home.world.lag = 15.0
    home.clock.advance(5)
    home.world.expire_cursors()
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
    assert (await home.records())["ada"]["notes"] == "ours"
    home.world.lag = 0.0
    await home.later(100)
    assert home.world.contacts()[key].notes == (await home.records())["ada"]["notes"] == "ours"
