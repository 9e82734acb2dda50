"""Reads of one contact and of lists, on both engines."""

from __future__ import annotations

import json

import pytest

from polydex.core.contact import Email, Name, Phone
from polydex.core.errors import NotFound, ProviderUnavailable
from polydex.testing.world import Fault
from tests.contract.engine.home import Home, named


async def ids(home: Home, **filters: object) -> list[str]:
    page = await home.reader.page(home.account, limit=100, **filters)  # type: ignore[arg-type]  # by name
    return [json.loads(body)["nickName"] for body in page.bodies]


async def test_a_contact_from_the_mirror_and_from_the_provider(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    [body] = (await home.reader.page(home.account, limit=10)).bodies
    contact_id = json.loads(body)["id"]
    home.clock.advance(5)
    served = await home.reader.get(home.account, contact_id)
    assert (served.body, served.age) == (body, 5)
    home.world.put(named("bo"), key)
    assert (await home.reader.get(home.account, contact_id)).body == body
    forced = await home.reader.get(home.account, contact_id, no_cache=True)
    assert (json.loads(forced.body)["nickName"], forced.age) == ("bo", None)
    home.clock.advance(1000)
    home.world.put(named("cy"), key)
    assert json.loads((await home.reader.get(home.account, contact_id)).body)["nickName"] == "cy"


async def test_with_the_provider_down(home: Home) -> None:
    home.world.put(named("ada"))
    await home.pull()
    [body] = (await home.reader.page(home.account, limit=10)).bodies
    contact_id = json.loads(body)["id"]
    home.clock.advance(1000)
    home.world.faults.append(("fetch", Fault.REFUSED))
    served = await home.reader.get(home.account, contact_id)
    assert (served.body, served.age) == (body, 1000)
    home.world.faults.append(("fetch", Fault.REFUSED))
    with pytest.raises(ProviderUnavailable):
        await home.reader.get(home.account, contact_id, no_cache=True)


async def test_no_cache_pulls_although_the_last_pull_is_fresh(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    home.clock.advance(1)
    home.world.put(named("bo"))
    assert len((await home.reader.page(home.account, limit=10)).bodies) == 1
    forced = await home.reader.updated(
        home.account, delta_token=consumer.updated, page_token=None, limit=None, no_cache=True
    )
    assert [json.loads(body)["nickName"] for body in forced.bodies] == ["bo"]
    home.clock.advance(1)
    home.world.put(named("cy"))
    assert len((await home.reader.page(home.account, limit=10, no_cache=True)).bodies) == 3
    home.clock.advance(1)
    gone = next(iter(home.world.contacts()))
    home.world.remove(gone)
    feed = await home.reader.deleted(home.account, delta_token=consumer.deleted, page_token=None, no_cache=True)
    assert len(feed.bodies) == 1


async def test_no_cache_is_never_answered_from_the_mirror(home: Home) -> None:
    home.world.put(named("ada"))
    await home.pull()
    home.clock.advance(1)
    home.world.faults.append(("list", Fault.REFUSED))
    with pytest.raises(ProviderUnavailable):
        await home.reader.page(home.account, limit=10, no_cache=True)


async def test_a_contact_that_is_gone(home: Home) -> None:
    key = home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    home.world.remove(key)
    [contact_id] = consumer.copy
    with pytest.raises(NotFound):
        await home.reader.get(home.account, contact_id, no_cache=True)
    await consumer.follow()
    assert consumer.gone == [contact_id]
    with pytest.raises(NotFound):
        await home.reader.get(home.account, "nobody")


async def test_filters(home: Home) -> None:
    home.world.put(
        named(
            "ada",
            name=Name(given_name="Zoë", family_name="Müller-Ångström"),
            email_addresses=(Email(address="Zoe@Example.com"),),
            phone_numbers=(Phone(number="+49 30 1234567"),),
            notes="likes cheese",
        )
    )
    home.world.put(named("bo", phone_numbers=(Phone(number="030 1234567"),)))
    home.world.put(named("cy"))
    await home.pull()
    assert await ids(home, q="zoe mull") == ["ada"]
    assert await ids(home, q="CHEE") == ["ada"]
    assert await ids(home, q="zoe nobody") == []
    assert await ids(home, email="zoe@example.COM") == ["ada"]
    assert await ids(home, email="zoe@example") == []
    assert await ids(home, phone="1234567") == ["ada", "bo"]
    assert await ids(home, phone="7654321") == []
    home.clock.advance(10)
    since = home.clock()
    home.world.put(named("dee"))
    await home.pull()
    assert await ids(home, modified_since=since) == ["dee"]
    assert await ids(home, q="!!!") == []
