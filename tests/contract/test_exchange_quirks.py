"""The connector on a sandbox that plays every oddity: pulls and writes come to the truth in the end, and nobody is doubled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from polydex.connectors.base import Absent, Found, Record
from polydex.core.contact import Contact, Name, Photo
from polydex.core.errors import ProviderError, RecordNotFound, Stale
from polydex.core.patch import Patch
from polydex.testing.contract import ALICE, Mirror, content
from tests.exchange.world import ExchangeWorld, exchange_world
from tests.pictures import jpeg

QUIRKS: list[tuple[str, dict[str, Any]]] = [
    ("exchange-drop-before", {}),
    ("exchange-drop-after", {}),
    ("exchange-server-busy", {"status": 200, "backOff": 0}),
    ("exchange-server-busy", {"status": 500, "backOff": 297_749}),
    *(("exchange-unavailable", {"status": status}) for status in (500, 503, 504)),
    ("exchange-timeout", {"status": 200}),
    ("exchange-timeout", {"status": 500}),
    ("exchange-internal-error", {"code": "ErrorInternalServerError", "status": 500}),
    ("exchange-internal-error", {"code": "ErrorMailboxStoreUnavailable", "status": 200}),
    ("exchange-too-many-connections", {}),
    ("exchange-password-expired", {}),
    ("exchange-version-refused", {}),
    ("exchange-batch-stopped", {}),
    ("exchange-item-unreadable", {"code": "ErrorItemCorrupt"}),
    ("exchange-conflict", {}),
    ("exchange-stale-answer", {}),
    ("exchange-illegal-characters", {}),
    ("exchange-sync-state-invalid", {}),
    ("exchange-sync-ghost", {}),
]
PEOPLE = 110
"""More than one request takes."""


@pytest.fixture
async def world() -> AsyncIterator[ExchangeWorld]:
    async with exchange_world(odd=True) as world:
        yield world


async def follow(world: ExchangeWorld, mirror: Mirror) -> None:
    """Pull until it succeeds, as the engine would; who was deferred is fetched."""
    for _ in range(60):
        try:
            pulled = await mirror.pull()
        except ProviderError:
            await world.settle()
            continue
        for key in pulled.deferred:
            with contextlib.suppress(RecordNotFound):
                mirror.records[key] = await fetched(world, key)
        return
    pytest.fail("the pull never succeeds")


async def fetched(world: ExchangeWorld, key: Any) -> Record:
    for _ in range(60):
        try:
            return await world.connector.fetch(key)
        except RecordNotFound:
            raise
        except ProviderError:
            await world.settle()
    pytest.fail("the fetch never succeeds")


async def assert_is_truth(world: ExchangeWorld, mirror: Mirror) -> None:
    await world.calm()
    await world.settle()
    assert mirror.records.keys() == await world.keys()
    for key, record in list(mirror.records.items())[::23]:
        assert content(record.contact) == content((await world.connector.fetch(key)).contact)


@pytest.mark.parametrize(("quirk", "given"), QUIRKS)
async def test_pulls_bring_the_truth(world: ExchangeWorld, quirk: str, given: dict[str, Any]) -> None:
    keys = await world.seed(*({"GivenName": f"Person {number}"} for number in range(PEOPLE)))
    await world.quirk(quirk, probability=0.3, seed=7, **given)
    mirror = Mirror(world.connector)
    await follow(world, mirror)
    for number, key in enumerate(keys[:12]):
        if number % 3:
            await world.edit(key, {"Nickname": f"N{number}"})
        else:
            await world.remove(key)
    await world.put(ALICE)
    await follow(world, mirror)
    await assert_is_truth(world, mirror)


@pytest.mark.parametrize(("quirk", "given"), QUIRKS)
async def test_creates_are_there_once(world: ExchangeWorld, quirk: str, given: dict[str, Any]) -> None:
    await world.quirk(quirk, probability=0.5, seed=3, **given)
    for number in range(5):
        draft = Contact(name=Name(given_name=f"Person {number}"))
        await created(world, draft, f"mark-{number}")
    await world.calm()
    assert sorted(one["GivenName"] for one in await world.contacts()) == [f"Person {number}" for number in range(5)]


async def created(world: ExchangeWorld, draft: Contact, mark: str) -> None:
    """As the engine does it: after a failure that may have been none the mark is looked for (J10)."""
    for _ in range(60):
        try:
            await world.connector.create(draft, mark, fresh=True)
            return
        except ProviderError as error:
            await world.settle()
            if not error.sent:
                continue
        for _ in range(60):
            try:
                answer = await world.connector.find_mark(mark)
            except ProviderError:
                await world.settle()
                continue
            if isinstance(answer, Found):
                return
            if isinstance(answer, Absent):
                break
            await world.settle()
    pytest.fail("the create never succeeds")


@pytest.mark.parametrize(("quirk", "given"), QUIRKS)
async def test_updates_are_all_or_nothing_or_open(world: ExchangeWorld, quirk: str, given: dict[str, Any]) -> None:
    key = await world.put(ALICE)
    await world.quirk(quirk, probability=0.5, seed=5, **given)
    for number in range(4):
        base = await fetched(world, key)
        try:
            changed = await world.connector.update(base, Patch(nick_name=f"N{number}"))
        except ProviderError as error:
            await world.settle()
            [there] = await world.contacts()
            if not error.sent or isinstance(error, Stale):
                assert there.get("Nickname") != f"N{number}"
        else:
            assert changed.contact is not None
            assert changed.contact.nick_name == f"N{number}"
    await world.calm()
    assert len(await world.contacts()) == 1


@pytest.mark.parametrize("kept", [False, True])
async def test_a_photo_that_is_not_stored_is_told(world: ExchangeWorld, *, kept: bool) -> None:
    await world.quirk("exchange-photo-lost", kept=kept)
    photo = Photo.of(jpeg("red"), "image/jpeg")
    made = await world.connector.create(Contact(name=Name(given_name="Ada"), photo=photo), None)
    assert [loss.path for loss in made.losses] == ["$.photo"]
    await world.ask("PUT", f"contacts/{made.key}/photo", jpeg("blue"))
    changed = await world.connector.update(await world.connector.fetch(made.key), Patch(photo=photo, notes="new"))
    assert [loss.path for loss in changed.losses] == ["$.photo"]
    [there] = await world.contacts()
    assert there["Body"] == "new"


async def test_a_pull_that_is_left_in_the_middle_lets_go_of_its_connection(world: ExchangeWorld) -> None:
    await world.seed(*({"GivenName": f"Person {number}"} for number in range(600)))
    pages = world.connector.pull(None, Mirror(world.connector))
    first = await anext(pages)
    assert not first.last
    closing = getattr(pages, "aclose", None)
    assert closing is not None
    async with asyncio.timeout(10):
        await closing()
