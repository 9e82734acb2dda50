"""J8: every source is a world of its own, and the default one is chosen once."""

from __future__ import annotations

import json

import pytest

from polydex.core.errors import Internal
from polydex.core.ids import RemoteKey
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.store import rows, sources
from polydex.store.sources import Source
from polydex.testing.world import Character, MemoryWorld
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import BOOK, Home, named

OTHER = "other"
SPEC = AccountSpec(service_type="Memory", login="someone", password="secret")


async def with_another_book(home: Home, **habits: object) -> MemoryWorld:
    """A second address book of the same account, that clients do not see."""
    world = MemoryWorld(home.clock, Character(**habits))  # type: ignore[arg-type]  # by name
    home.provider.books[OTHER] = world
    await home.db.write(sources.add, home.account.id, OTHER, "Other", is_default=False, read_only=False)
    return world


async def other(home: Home) -> Source:
    [found] = [s for s in await home.db.read(sources.of_account, home.account.id) if s.key == OTHER]
    return found


async def pull_both(home: Home) -> None:
    await home.pull()
    await home.pulls.ensure((await other(home)).id, home.clock(), 10)


@pytest.mark.parametrize("delta", [True, False])
async def test_a_removal_or_a_sweep_in_one_book_that_reaches_another(make_home: Furnish, delta: bool) -> None:
    home = await make_home(delta=delta)
    world = await with_another_book(home, delta=delta)
    for book in (home.world, world):
        for number in range(3):
            book.put(named(f"n{number}"), f"k{number}")
    await home.pull()  # so that the walks of the two have different numbers
    await pull_both(home)
    consumer = await (await home.consumer()).follow()
    world.remove("k1")
    home.world.remove("k2")
    await pull_both(home)
    await consumer.follow()
    assert consumer.names == ["n0", "n1"]
    assert await home.db.read(rows.count_live, (await other(home)).id) == 2
    assert await home.db.read(rows.count_live, (await home.source()).id) == 2


async def test_one_key_in_two_books_taken_for_one_contact(home: Home) -> None:
    world = await with_another_book(home)
    home.world.put(named("ada"), "k1")
    world.put(named("someone else"), "k1")
    await pull_both(home)
    ids = [
        stored.public_id
        for source in await home.db.read(sources.of_account, home.account.id)
        if (stored := await home.db.read(rows.by_key, source.id, RemoteKey("k1"))) is not None
    ]
    assert len(set(ids)) == 2


async def test_contacts_of_a_book_that_is_not_shown_in_the_feeds(home: Home) -> None:
    world = await with_another_book(home)
    home.world.put(named("ada"))
    await pull_both(home)
    consumer = await (await home.consumer()).follow()
    world.put(named("hidden"), "k1")
    await pull_both(home)
    world.remove("k1")
    await pull_both(home)
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada"], [])
    assert [json.loads(body)["nickName"] for body in (await home.reader.page(home.account, limit=9)).bodies] == ["ada"]


async def test_a_contact_that_moved_to_another_book_still_shown(make_home: Furnish) -> None:
    """It is a tombstone here and a new row there, whatever uid the two have."""
    home = await make_home(renames="uid")
    world = await with_another_book(home, renames="uid")
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    await pull_both(home)
    consumer = await (await home.consumer()).follow()
    document = home.world.find("k1")
    assert document is not None
    world.put_document("k1", document)
    home.world.remove("k1")
    await pull_both(home)
    await consumer.follow()
    assert consumer.names == ["bo"]
    there = await home.db.read(rows.by_key, (await other(home)).id, RemoteKey("k1"))
    assert there is not None
    assert there.live
    assert there.public_id not in consumer.gone


async def test_a_default_book_chosen_anew_when_the_account_is_connected_again(home: Home) -> None:
    """The provider shows another one first by now; every id and every token is of the old one."""
    accounts = Accounts(home.ctx)
    home.provider.books = {OTHER: home.world, BOOK: home.world}
    saved = await accounts.upsert(home.account.app, SPEC)
    assert saved.account_id == home.account.id
    assert (await home.source()).key == BOOK
    assert [source.is_default for source in await home.db.read(sources.of_account, home.account.id)] == [True, False]


async def test_another_book_shown_in_place_of_a_default_that_is_missing(home: Home) -> None:
    await with_another_book(home)
    await home.pull()
    await home.db.write(lambda tx: tx.run("UPDATE source SET is_default = 0"))
    home.provider.books = {"a new one": home.world, **home.provider.books}
    for ask in (
        home.reader.page(home.account, limit=5),
        home.reader.start(home.account),
        home.writer.create(home.account, b'{"nickName": "ada"}'),
        Accounts(home.ctx).upsert(home.account.app, SPEC),
    ):
        with pytest.raises(Internal):
            await ask
    assert await home.db.read(sources.default, home.account.id) is None
    assert home.world.contacts() == {}
