"""J16, where mapping needs more than the document: the names of labels, which change without any contact being written."""

from __future__ import annotations

import asyncio
from typing import Any

from polydex.core.ids import RemoteKey
from polydex.store import rows
from polydex.store.contacts import UNMAPPED
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


def verbs(home: Home) -> list[str]:
    return [verb for verb, _ in home.world.calls]


async def keywords(home: Home) -> dict[str, Any]:
    return {nick: record.get("keywords") for nick, record in (await home.records()).items()}


async def nothing_unmapped(home: Home) -> bool:
    source = await home.source()
    version = home.provider.mapping_version
    return source.mapping_version == version and not await home.db.read(rows.outdated, source.id, version, 0, 10)


async def with_labels(make_home: Furnish, **habits: Any) -> Home:
    home = await make_home(labels=True, **habits)
    home.world.put(named("ada", keywords=("friends",)), "k1")
    home.world.put(named("bo", keywords=("work", "friends")), "k2")
    home.world.put(named("cy", keywords=("work",)), "k3")
    home.world.put(named("dan"), "k4")
    return home


async def test_a_renamed_label_that_nobody_hears_of(make_home: Furnish) -> None:
    """In the same pull, out of what is stored, and exactly the contacts that differ."""
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    assert await keywords(home) == {"ada": ["friends"], "bo": ["work", "friends"], "cy": ["work"], "dan": None}
    home.world.rename_label("friends", "family")
    home.world.calls.clear()
    await home.pull()
    await consumer.follow()
    assert await keywords(home) == {"ada": ["family"], "bo": ["work", "family"], "cy": ["work"], "dan": None}
    assert sorted(consumer.copy[contact]["nickName"] for contact in consumer.brought) == ["ada", "bo"]
    assert set(verbs(home)) == {"labels", "list"}
    assert await nothing_unmapped(home)


async def test_a_renamed_label_beside_changes_of_the_contacts_themselves(make_home: Furnish) -> None:
    home = await with_labels(make_home, page_size=1)
    consumer = await (await home.consumer()).follow()
    home.world.rename_label("friends", "family")
    home.world.put(named("ada", notes="n", keywords=("family", "new")), "k1")
    home.world.remove("k2")
    home.world.put(named("eve", keywords=("family",)), "k5")
    await home.pull()
    await consumer.follow()
    assert await keywords(home) == {"ada": ["family", "new"], "cy": ["work"], "dan": None, "eve": ["family"]}
    assert sorted(consumer.copy[contact]["nickName"] for contact in consumer.brought) == ["ada", "eve"]
    assert await nothing_unmapped(home)


async def test_a_new_label_that_journals_every_contact(make_home: Furnish) -> None:
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    home.world.label("nobody has it")
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
    assert await nothing_unmapped(home)


async def test_a_tag_that_says_that_nothing_has_changed(make_home: Furnish) -> None:
    home = await with_labels(make_home, delta=False, ctag=True)
    await home.pull()
    home.world.rename_label("friends", "family")
    await home.pull()
    assert (await keywords(home))["ada"] == ["family"]


async def test_a_first_walk_that_maps_everything_twice(make_home: Furnish) -> None:
    home = await with_labels(make_home, page_size=1)
    home.world.happened.clear()
    await home.pull()
    await home.pull()
    assert home.world.happened["mapped anew"] == 0
    assert (await home.source()).context is not None
    assert await nothing_unmapped(home)


async def test_a_contact_written_before_the_first_walk_that_keeps_its_old_labels(make_home: Furnish) -> None:
    """The walk brings the revision that is known already, under another name of the label."""
    home = await with_labels(make_home)
    await home.create(nickName="eve", keywords=["friends"])
    home.world.rename_label("friends", "family")
    await home.pull()
    assert (await keywords(home))["eve"] == ["family"]
    assert await nothing_unmapped(home)


async def test_a_write_under_way_that_brings_back_the_old_name(make_home: Furnish) -> None:
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    ada = await home.id_of("ada")
    home.world.gates.hold("update", "ask")
    work = asyncio.create_task(home.update(ada, notes="n"))
    await home.world.gates.reached("update", "ask")
    home.world.rename_label("friends", "family")
    await home.pull()
    home.world.gates.open()
    await work
    source = await home.source()
    stored = await home.db.read(rows.by_key, source.id, RemoteKey("k1"))
    assert stored is not None
    assert [row.row for row in await home.db.read(rows.outdated, source.id, 1, 0, 10)] == [stored.row]
    assert source.mapping_version == UNMAPPED
    assert source.due_at is not None
    assert source.due_at <= home.clock()
    await home.later(1)
    assert (await keywords(home))["ada"] == ["family"]
    await consumer.follow()
    assert consumer.copy[ada]["keywords"] == ["family"]
    assert consumer.copy[ada]["notes"] == "n"
    assert await nothing_unmapped(home)


async def test_a_read_under_way_that_brings_back_the_old_name(make_home: Furnish) -> None:
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    ada = await home.id_of("ada")
    home.world.gates.hold("fetch", "answer")
    reading = asyncio.create_task(home.reader.get(home.account, ada, no_cache=True))
    await home.world.gates.reached("fetch", "answer")
    home.world.rename_label("friends", "family")
    home.world.gates.hold("labels", "answer")
    pulling = asyncio.create_task(home.pull())
    await home.world.gates.reached("labels", "answer")
    home.world.gates.open()
    await asyncio.gather(reading, pulling, return_exceptions=True)
    await home.later(1)
    await home.later(1)
    assert (await keywords(home))["ada"] == ["family"]
    assert (await consumer.follow()).copy[ada]["keywords"] == ["family"]
    assert await nothing_unmapped(home)


async def test_a_batch_under_way_that_brings_back_the_old_names(make_home: Furnish) -> None:
    home = await with_labels(make_home, batch=3)
    await home.pull()
    dan, ada, bo = [await home.id_of(nick) for nick in ("dan", "ada", "bo")]
    home.world.gates.hold("update", "ask")
    home.world.gates.hold("update_many", "ask")
    first = asyncio.create_task(home.update(dan, notes="n"))
    held = await home.world.gates.reached("update", "ask")
    rest = [asyncio.create_task(home.update(contact, notes="n")) for contact in (ada, bo)]
    await asyncio.sleep(0.05)
    home.world.gates.release(held)
    await home.world.gates.reached("update_many", "ask")
    home.world.rename_label("friends", "family")
    await home.pull()
    home.world.gates.open()
    await asyncio.gather(first, *rest)
    await home.later(1)
    assert await keywords(home) == {"ada": ["family"], "bo": ["work", "family"], "cy": ["work"], "dan": None}
    assert await nothing_unmapped(home)


async def test_a_pull_that_dies_before_everything_is_mapped_anew(make_home: Furnish) -> None:
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    home.world.unreadable.add("k4")
    home.world.put(named("dan, changed"), "k4")
    home.world.rename_label("friends", "family")
    home.world.gates.hold("fetch", "ask")
    home.clock.advance(1)
    pulling = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock(), 10))
    await home.world.gates.reached("fetch", "ask")  # the page is in the mirror, with the new names
    await home.pulls.stop(0)
    home.world.gates.open()
    home.world.unreadable.clear()
    assert (await home.source()).mapping_version == UNMAPPED
    assert (await keywords(home))["ada"] == ["friends"]
    second = home.sibling()
    await second.pull()
    await asyncio.gather(pulling, return_exceptions=True)
    assert (await keywords(home))["ada"] == ["family"]
    await consumer.follow()
    assert sorted(consumer.copy[contact]["nickName"] for contact in consumer.brought) == ["ada", "bo", "dan, changed"]
    assert await nothing_unmapped(home)


async def test_a_label_renamed_and_back_within_one_pull(make_home: Furnish) -> None:
    """The walk is broken off and begun again: the second one maps as before the first, and says nothing of it."""
    home = await with_labels(make_home, page_size=1)
    await home.pull()
    for key, nick in (("k1", "ada"), ("k3", "cy")):
        home.world.put(named(nick, notes="n", keywords=("friends",)), key)
    home.world.rename_label("friends", "family")
    home.world.gates.hold("list", "ask")
    pulling = asyncio.create_task(home.pull())
    home.world.gates.release(await home.world.gates.reached("list", "ask"))
    await home.world.gates.reached("list", "ask")
    home.world.rename_label("family", "friends")
    home.world.break_walks()
    home.world.put(named("bo", notes="n", keywords=("friends",)), "k2")
    home.world.gates.open()
    await pulling
    assert await keywords(home) == {"ada": ["friends"], "bo": ["friends"], "cy": ["friends"], "dan": None}
    assert await nothing_unmapped(home)


async def test_a_write_that_makes_a_label(make_home: Furnish) -> None:
    home = await with_labels(make_home)
    consumer = await (await home.consumer()).follow()
    written = await home.update(await home.id_of("dan"), keywords=["chess", "friends"])
    assert (await keywords(home))["dan"] == ["chess", "friends"]
    await consumer.follow()
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
    assert consumer.copy[written.id]["keywords"] == ["chess", "friends"]
    assert await nothing_unmapped(home)


async def test_a_label_that_is_gone_again_before_a_pull_has_seen_it(make_home: Furnish) -> None:
    """The answer of the write had it; the labels that the next pull finds are those of before."""
    home = await with_labels(make_home)
    await home.pull()
    await home.update(await home.id_of("dan"), keywords=["short-lived"])
    assert (await keywords(home))["dan"] == ["short-lived"]
    home.world.labels = {label: name for label, name in home.world.labels.items() if name != "short-lived"}
    await home.later(1)
    assert (await keywords(home))["dan"] is None
    assert await nothing_unmapped(home)
