"""The address where providers tell of changes: answered at once, whatever comes, and whatever the database does."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from polydex import log, metrics
from polydex.api.routes.push import MAX_BODY
from polydex.engine import push
from polydex.engine.context import Settings
from polydex.testing.channels import notification
from polydex.testing.world import Character
from tests.compat.serve import LOGIN, Served, serving
from tests.contract.server.house import House, open_house, person

SETTINGS = Settings(public_url="https://polydex.example.com")
PATH = "/push/memory"
FORGED = f"pdx-1-{'A' * 43}"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, settings=SETTINGS) as opened:
        opened.village.character = Character(push=True)
        yield opened


async def watched(house: House) -> str:
    """The secret of an account's address book, whose provider tells of changes."""
    await house.ready()
    await house.watches.run_due()
    await house.watches.wait_idle()
    [channel] = house.village.world("me@example.org").channels.living.values()
    return channel.secret


async def test_a_notification_is_taken(house: House) -> None:
    secret = await watched(house)
    answer = await house.anyone.send("POST", PATH, notification((secret, "changed")))
    assert (answer.status, answer.body) == (202, b"")
    assert house.hints.waiting == 1


async def test_who_forges_learns_nothing(house: House) -> None:
    secret = await watched(house)
    answers = [
        await house.anyone.send("POST", PATH, notification((each, "changed")))
        for each in (secret, FORGED, "", "x" * 9999)
    ]
    seen = [(answer.status, answer.body, sorted(answer.headers)) for answer in answers]
    assert seen == [seen[0]] * 4
    assert house.hints.waiting == 1


async def test_the_address_is_tried_before_anything_is_stored(house: House) -> None:
    answer = await house.anyone.send("POST", f"{PATH}?hello=Validation%3A+Testing+42+%C3%A9", b"")
    assert (answer.status, answer.body.decode()) == (200, "Validation: Testing 42 é")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_nothing_that_is_sent_back_means_anything_to_a_browser(house: House) -> None:
    answer = await house.anyone.send("POST", f"{PATH}?hello=%3Cscript%3Ealert(%22x%22)%26%27%3C/script%3E", b"")
    assert answer.body == b"&lt;script&gt;alert(&quot;x&quot;)&amp;&#x27;&lt;/script&gt;"


async def test_who_is_no_provider_is_not_found(house: House) -> None:
    for name in ("carddav", "Memory", "memory%00", "a" * 41, "m.y", "memory/x"):
        for query in ("", "?hello=x"):
            answer = await house.anyone.send("POST", f"/push/{name}{query}", notification())
            assert answer.status in (400, 404), name
            assert b"x" not in answer.body or answer.code in ("notFound", "badRequest")
    assert (await house.anyone.send("GET", f"{PATH}?hello=x")).status == 405


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"{}", b"\x00\xff" * 1000, b"[" * 500_000, b'{"notices":[' + b'{"secret":"' * 9], ids=len
)
async def test_what_is_no_notification_is_refused(house: House, body: bytes) -> None:
    answer = await house.anyone.send("POST", PATH, body)
    assert (answer.status, answer.code, answer.json["message"]) == (400, "badRequest", "This is no notification")


async def test_a_notification_is_a_megabyte_at_most(house: House) -> None:
    secret = await watched(house)
    told = notification((secret, "changed"))
    most = told + b" " * (MAX_BODY - len(told))
    assert (await house.anyone.send("POST", PATH, most)).status == 202
    assert (await house.anyone.send("POST", PATH, most + b" ")).status == 413
    assert (await house.anyone.send("POST", PATH, chunks=[most, b" "])).status == 413


async def test_a_full_notification_of_strangers_is_judged(house: House) -> None:
    strangers = notification(*((f"pdx-{number}-{'A' * 43}", "changed") for number in range(1, 10_000)))
    assert len(strangers) < MAX_BODY
    assert (await house.anyone.send("POST", PATH, strangers)).status == 202
    assert house.hints.waiting == 0


async def test_it_asks_for_no_credentials_and_gives_none(house: House) -> None:
    secret = await watched(house)
    key = push.secret_key(house.ctx.keys)
    assert push.source_of(key, "memory", secret) == 1
    for target in ("/v1/contacts", "/v1/account"):
        answer = await house.anyone.having({"Authorization": f"Bearer {secret}"}).get(target)
        assert answer.status == 401


async def test_the_account_shows_whether_its_provider_tells(house: House) -> None:
    client = await house.ready()
    waiting = (await client.get("/v1/account")).json["sync"]["sources"][0]["push"]
    assert (waiting["active"], waiting["code"]) == (False, "push.waiting")
    house.village.world("me@example.org").channels.refuses = True
    await house.watches.run_due()
    await house.watches.wait_idle()
    refused = (await client.get("/v1/account")).json["sync"]["sources"][0]["push"]
    assert refused == {
        "active": False, "code": "provider.rejected", "message": "The provider does not reach the address",
    }  # fmt: skip
    house.village.world("me@example.org").channels.refuses = False
    house.clock.advance(60)
    await house.watches.run_due()
    await house.watches.wait_idle()
    active = (await client.get("/v1/account")).json["sync"]["sources"][0]["push"]
    assert active["active"] is True
    assert active["until"].startswith("2023-11-21T")


async def test_what_comes_is_counted(house: House) -> None:
    secret = await watched(house)
    before = figures()
    for body in (notification((secret, "changed")), notification((secret, "changed"), (FORGED, "ended")), b"x"):
        await house.anyone.send("POST", PATH, body)
    await house.anyone.send("POST", f"{PATH}?hello=x", b"")
    more = {name: count - before.get(name, 0) for name, count in figures().items() if count != before.get(name, 0)}
    assert more == {"accepted": 1, "merged": 1, "forged": 1, "malformed": 1, "handshake": 1}


def figures() -> dict[str, float]:
    """What ``/metrics`` says of notifications."""
    lines = metrics.render().decode().splitlines()
    found = (line.partition("{outcome=") for line in lines if line.startswith("polydex_hints_total"))
    return {rest.split('"')[1]: float(rest.split()[-1]) for _, _, rest in found}


async def test_nothing_of_it_is_logged(house: House) -> None:
    secret = await watched(house)
    stream = io.StringIO()
    log.setup("debug", stream)
    try:
        for body in (notification((secret, "changed")), notification((FORGED, "changed")), b"a person@example.org"):
            await house.anyone.send("POST", f"{PATH}?name=a%20person", body)
        await house.anyone.send("POST", f"{PATH}?hello=a%20token", b"")
    finally:
        log.setup()
    logged = stream.getvalue()
    assert logged.count("/push/{provider}") == 4
    for hidden in (secret, FORGED, "person", "token", "hello"):
        assert hidden not in logged


# --- a real server ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(public_url="https://polydex.example.com", poll_interval=1e6, watched_poll_interval=1e6)
    async with serving(tmp_path, contacts=1, settings=settings, character=Character(push=True)) as found:
        yield found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def so(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other threads and tasks
            await asyncio.sleep(0.02)


async def told(served: Served, session: aiohttp.ClientSession) -> None:
    """Bring everything that the provider has told to the server."""
    channels = served.house.village.world(LOGIN).channels
    while channels.told:
        _, body = channels.told.pop()
        async with session.post(f"{served.url}{PATH}", data=body) as answer:
            assert (answer.status, await answer.read()) == (202, b"")


async def contacts(served: Served, session: aiohttp.ClientSession) -> int:
    """How many contacts the mirror has."""
    async with session.get(f"{served.url}/v1/contacts", headers={"Authorization": f"Bearer {served.token}"}) as answer:
        return int((await answer.json())["length"])


async def arrives(served: Served, session: aiohttp.ClientSession) -> None:
    """The second contact comes into the mirror."""
    async with asyncio.timeout(60):
        while await contacts(served, session) < 2:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)


async def quiet(served: Served) -> None:
    """The channel is there, and the pull that comes with it has ended."""
    house, world = served.house, served.house.village.world(LOGIN)
    await so(lambda: bool(world.channels.living))
    await so(lambda: sum(verb == "list" for verb, _ in world.calls) >= 2)
    await house.watches.wait_idle()
    await house.pulls.wait_idle()
    world.channels.told.clear()


async def test_a_change_comes_by_itself(served: Served, session: aiohttp.ClientSession) -> None:
    await quiet(served)
    served.house.village.world(LOGIN).put(person(7))
    await told(served, session)
    await arrives(served, session)


async def test_while_the_database_is_locked_the_answer_comes_and_the_pull_follows(
    served: Served, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await quiet(served)
    world = served.house.village.world(LOGIN)
    with contextlib.closing(sqlite3.connect(tmp_path / "polydex.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        world.put(person(7))
        for _ in range(3):
            world.channels.tell()
        await told(served, session)
        async with session.post(f"{served.url}{PATH}?hello=still+there") as answer:
            assert (answer.status, await answer.text()) == (200, "still there")
        pulls = list(world.calls)
        await asyncio.sleep(0.1)
        assert world.calls == pulls
        other.execute("ROLLBACK")
    await arrives(served, session)


async def test_a_flood_is_answered_and_pulls_little(served: Served, session: aiohttp.ClientSession) -> None:
    await quiet(served)
    world = served.house.village.world(LOGIN)
    [channel] = world.channels.living.values()
    before = sum(verb == "list" for verb, _ in world.calls)
    bodies = [notification((channel.secret, kind)) for kind in ("changed", "renew", "ended")] * 100

    async def send(body: bytes) -> int:
        async with session.post(f"{served.url}{PATH}", data=body) as answer:
            return answer.status

    assert {*await asyncio.gather(*map(send, bodies))} == {202}
    await so(lambda: sum(verb == "list" for verb, _ in world.calls) > before)
    assert sum(verb == "list" for verb, _ in world.calls) < before + 100
    assert world.channels.made == 1
