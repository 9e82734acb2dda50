"""J16: what counts as a change is what a client could have written, and the photo; nothing derived."""

from __future__ import annotations

import hashlib
import json

from polydex.connectors.base import Guard
from polydex.core.contact import Phone, Photo
from polydex.core.ids import RemoteKey
from polydex.engine import apply
from polydex.engine.accounts import Accounts
from polydex.store import rows
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


def photo(content: bytes) -> Photo:
    return Photo(content=content, mime_type="image/png", hash=hashlib.sha256(content).hexdigest())


async def test_the_journal_full_of_what_clients_cannot_see(home: Home) -> None:
    """Another revision, another time, another member of the document: the same contact."""
    key = home.world.put(named("ada", phone_numbers=(Phone(number="+49 30 1234567"),)))
    consumer = await (await home.consumer()).follow()
    [before] = consumer.copy.values()
    home.clock.advance(1000)
    home.world.put(named("ada", phone_numbers=(Phone(number="+49 30 1234567"),)), key, colour="green")
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
    [record] = (await home.records()).values()
    assert record == before
    stored = await home.db.read(rows.by_key, (await home.source()).id, RemoteKey(key))
    assert stored is not None
    assert b"green" in (stored.raw or b"")


async def test_another_photo_that_nobody_hears_of(home: Home) -> None:
    key = home.world.put(named("ada", photo=photo(b"one")))
    consumer = await (await home.consumer()).follow()
    [contact] = consumer.copy
    etag = consumer.copy[contact]["etag"]
    home.world.put(named("ada", photo=photo(b"two")), key)
    await home.pull()
    await consumer.follow()
    assert consumer.brought == [contact]
    assert consumer.copy[contact]["etag"] != etag


async def test_a_new_mapping_that_journals_every_contact_or_none(home: Home) -> None:
    """The second mapping shows a remark as the notes of a contact that has none."""
    home.world.put(named("ada", notes="plain"), remark="not shown")
    home.world.put(named("bo"), remark="shown from now on")
    home.world.put(named("cy"))
    consumer = await (await home.consumer()).follow()
    before = {record["nickName"]: record["etag"] for record in consumer.copy.values()}
    home.world.calls.clear()
    home.provider.mapping_version = 2
    await home.pull()
    await consumer.follow()
    after = {record["nickName"]: record["etag"] for record in consumer.copy.values()}
    assert [consumer.copy[contact]["notes"] for contact in consumer.brought] == ["shown from now on"]
    assert {nick for nick in before if before[nick] != after[nick]} == {"bo"}
    assert all(verb != "fetch" for verb, _ in home.world.calls)  # out of what is stored
    source = await home.source()
    assert source.mapping_version == 2
    assert await home.db.read(rows.outdated, source.id, 2, 0, 10) == []


async def test_a_new_mapping_that_undoes_a_write_made_meanwhile(make_home: Furnish) -> None:
    """Documents were read, then a client wrote, then what was mapped is applied; there are no revisions to tell."""
    home = await make_home(revisions="missing", update_guard=Guard.CHECKED, delete_guard=Guard.CHECKED)
    home.world.put(named("ada"))
    await home.pull()
    source = await home.source()
    home.provider.mapping_version = 2
    [stored] = await home.db.read(rows.outdated, source.id, 2, 0, 10)
    mapped = home.ctx.connector(home.account, source).remap(stored.raw or b"", stored.key, stored.rev)
    await home.update(str(stored.public_id), notes="meanwhile")
    await home.db.write(apply.remap, home.ctx.target(home.account, source), [(stored, mapped)], home.clock())
    assert (await home.records())["ada"]["notes"] == "meanwhile"
    now = await home.db.read(rows.at, stored.row)
    assert now is not None
    assert b"meanwhile" in (now.raw or b"")


async def test_a_contact_left_under_the_old_mapping_because_it_was_seen_meanwhile(home: Home) -> None:
    """The source is mapped anew only when every row is."""
    home.world.put(named("ada"), remark="shown from now on")
    await home.pull()
    source = await home.source()
    home.provider.mapping_version = 2
    [stored] = await home.db.read(rows.outdated, source.id, 2, 0, 10)
    mapped = home.ctx.connector(home.account, source).remap(stored.raw or b"", stored.key, stored.rev)
    home.provider.mapping_version = 1
    await home.reader.get(home.account, str(stored.public_id), no_cache=True)  # by a process of the old version
    home.provider.mapping_version = 2
    await home.db.write(apply.remap, home.ctx.target(home.account, source), [(stored, mapped)], home.clock())
    assert len(await home.db.read(rows.outdated, source.id, 2, 0, 10)) == 1
    await home.pull()
    assert (await home.records())["ada"]["notes"] == "shown from now on"
    assert (await home.source()).mapping_version == 2


async def test_a_contact_whose_deletion_waits_kept_for_ever_by_a_new_mapping(home: Home) -> None:
    """Mapping a stored document anew says nothing about whether the provider still has it."""
    for number in range(30):
        home.world.put(named(f"n{number}"), f"k{number}", remark="shown from now on")
    consumer = await (await home.consumer()).follow()
    for number in range(25):
        home.world.remove(f"k{number}")
    await home.pull()
    home.provider.mapping_version = 2
    await home.pull()
    assert await Accounts(home.ctx).approve(home.account.id) == 25
    await home.later(1)
    await consumer.follow()
    assert len(consumer.copy) == 5
    assert {record["notes"] for record in consumer.copy.values()} == {"shown from now on"}


async def test_a_doubt_forgotten_because_of_a_new_mapping(home: Home) -> None:
    home.world.put(named("ada"), "k1", remark="shown from now on")
    await home.pull()
    home.world.put(named("ada changed"), "k1")
    home.world.unreadable.add("k1")
    await home.pull()
    home.provider.mapping_version = 2
    await home.pull()
    assert (await home.records())["ada"]["notes"] == "shown from now on"
    home.world.unreadable.clear()
    await home.later(400)
    assert list(await home.records()) == ["ada changed"]


async def test_a_change_that_looks_like_a_creation(home: Home) -> None:
    """The number of the creation stays, whatever happens to the contact afterwards."""
    key = home.world.put(named("ada"))
    await home.pull()
    first = await home.db.read(rows.by_key, (await home.source()).id, RemoteKey(key))
    home.world.put(named("ada", notes="n"), key)
    await home.pull()
    second = await home.db.read(rows.by_key, (await home.source()).id, RemoteKey(key))
    assert first is not None
    assert second is not None
    assert first.created_seq == first.seq == second.created_seq
    assert second.seq == (first.seq or 0) + 1
    assert json.loads(second.body or b"")["notes"] == "n"
