"""What is taken for true of Exchange's lists, in a folder of this run: what SyncFolderItems tells, and FindItem finds."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from polydex.connectors.base import Absent, Found
from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.operations import sync_folder_items
from polydex.connectors.exchange.operations.sync_folder_items import Changes
from polydex.core.errors import RecordNotFound
from polydex.core.ids import Cursor, RemoteKey
from polydex.testing.contract import Mirror
from tests.live.account import Made
from tests.live.exchange_account import LiveAccount, cleaned


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    """In a folder of its own, which goes with all that is in it."""
    async with cleaned(made) as account:
        account.folder = (await account.add_folder()).id
        yield account


async def told(live: LiveAccount, state: str | None, most: int = 512) -> Changes:
    async with live.api() as api:
        payload = sync_folder_items.payload(live.folder, state, most)
        return sync_folder_items.parse(await api.one(payload, step="Exchange list", idempotent=True))


async def add(live: LiveAccount, name: str) -> RemoteKey:
    return await live.add(display_name=f"{name} {live.family}", given_name=name)


async def test_the_folder_is_an_address_book(live: LiveAccount) -> None:
    _, books = await live.provider.discover(live.net, live.credentials)
    [book] = [book for book in books if book.key == live.folder]
    assert (book.name, book.default, book.read_only) == (live.family, False, False)


async def test_the_newest_come_first_and_pages_go_on(live: LiveAccount) -> None:
    keys = [await add(live, name) for name in ("Ann", "Ben", "Cat")]
    seen, state, last = [], None, False
    while not last:
        page = await told(live, state, 1)
        seen += [entry.item.key for entry in page.entries]
        state, last = page.state, page.last
    assert seen == keys[::-1]
    assert (await told(live, state)).entries == ()


async def test_who_changes_while_a_walk_goes_on_is_told_again(live: LiveAccount) -> None:
    """``trusts_snapshot_cursor``: a state holds which version it has told of."""
    keys = [await add(live, name) for name in ("Ann", "Ben", "Cat")]
    page = await told(live, None, 1)
    [first] = page.entries
    await live.nickname(first.item.key, "changed")
    other = next(key for key in keys if key != first.item.key)
    await live.nickname(other, "changed, too")
    versions = {first.item.key: first.item.rev}
    while not page.last:
        page = await told(live, page.state, 1)
        versions |= {entry.item.key: entry.item.rev for entry in page.entries}
    assert versions == {key: (await live.connector.fetch(key)).rev for key in keys}
    assert (await told(live, page.state)).entries == ()


async def test_who_comes_and_goes_between_two_pulls_is_never_told_of(live: LiveAccount) -> None:
    """``tells_brief``."""
    stays, goes = await add(live, "Ann"), await add(live, "Ben")
    state = (await told(live, None)).state
    brief = await add(live, "Cat")
    await live.remove(brief)
    await live.remove(goes)
    await live.nickname(stays, "A.")
    entries = {entry.item.key: entry.gone for entry in (await told(live, state)).entries}
    assert entries == {stays: False, goes: True}


async def test_who_moves_gets_another_id_and_is_gone_from_here(live: LiveAccount) -> None:
    key = await add(live, "Ann")
    state = (await told(live, None)).state
    moved = await live.move(key, await live.add_folder(" 2"))
    assert moved != key
    with pytest.raises(RecordNotFound):
        await live.connector.fetch(key)
    [entry] = (await told(live, state)).entries
    assert (entry.item.key, entry.gone) == (key, True)


async def test_a_state_that_is_none_begins_a_full_walk(live: LiveAccount) -> None:
    key = await add(live, "Ann")
    mirror = Mirror(live.connector)
    await mirror.pull()
    assert mirror.cursor is not None
    mirror.cursor = Cursor(json.dumps({**json.loads(mirror.cursor), "state": "H4sIforgotten="}))
    await mirror.pull()
    assert set(mirror.records) == {key}


async def test_a_mark_is_found_at_once_also_of_who_was_moved(live: LiveAccount, made: Made) -> None:
    """``mark_lag`` is for creates that are under way, and not for searches."""
    connector = live.connector
    record = made(await connector.create(live.contact("Dan"), mark := f"mark-{live.family}"))
    found = await connector.find_mark(mark)
    assert isinstance(found, Found)
    assert found.record.key == record.key
    assert isinstance(await connector.find_mark(mark + "-none"), Absent)
    moved = await live.move(record.key, await live.add_folder(" 2"))
    found = await connector.find_mark(mark)
    assert isinstance(found, Found)
    assert (found.record.key, found.record.mark) == (moved, mark)
    assert live.folder != DEFAULT


async def test_exchange_tells_that_something_has_changed(live: LiveAccount) -> None:
    line = live.connector.listen()
    async with contextlib.aclosing(line), asyncio.timeout(live.wait):
        await anext(line)  # it listens
        await add(live, "Eve")
        await anext(line)
