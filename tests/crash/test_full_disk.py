"""A disk without room: it is said, nothing is lost or doubled, reads go on, and all of it goes on when there is room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polydex.core.errors import StoreFailed
from polydex.store.sqlite import open_sqlite
from tests.crash.book import Book
from tests.crash.checks import agreed
from tests.crash.conftest import Places
from tests.crash.consumer import Consumer, until_ready
from tests.crash.disk import Disk, small_disk
from tests.crash.home import Answer, Home
from tests.fixtures import clock
from tests.servers.proxy import Held, proxy_to

Homes = Callable[[Book], Home]
FULL = "the disk is full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        with small_disk(tmp_path / "disk", megabytes=32) as made:
            yield made
    except OSError as error:
        pytest.skip(str(error))


async def running_on(disk: Disk, home: Home) -> tuple[Home, Consumer]:
    """An installation on this disk, synchronised, and a consumer that has followed."""
    home.data = disk.path / "data"
    await home.connect()
    assert await home.start()
    consumer = Consumer(home)
    await until_ready(consumer)
    await consumer.follow()
    return home, consumer


def refused(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "storage.unavailable"), answer
    assert FULL in answer.json["message"]
    assert int(answer.headers["retry-after"]) > 0
    assert set(answer.json) == {"code", "message", "requestId"}


async def is_ready(home: Home) -> None:
    """The server says so by itself, after some seconds at most."""
    for _ in range(100):
        if (await home.ask("GET", "/ready")).status == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("not ready although there is room")


async def test_a_write_that_cannot_be_noted_is_never_sent(disk: Disk, place: Places, homes: Homes) -> None:
    book = place("radicale")
    await book.fill(f"Person {number}" for number in range(50))
    home, consumer = await running_on(disk, homes(book))
    before = await book.shown()
    first = next(iter(consumer.copy))
    writes: list[tuple[str, str, Any]] = [
        ("POST", "/v1/contacts", {"nickName": "new", "notes": "x" * 50_000}),
        ("POST", "/v1/contacts", {"nickName": "small"}),
        ("PATCH", f"/v1/contacts/{first}", {"notes": "changed"}),
        ("DELETE", f"/v1/contacts/{first}", None),
    ]
    disk.fill()
    for write in writes:
        refused(await home.ask(*write))
    ready = await home.ask("GET", "/ready")
    assert ready.status == 503
    assert ready.json["message"].startswith("Not ready: database: ")
    assert FULL in ready.json["message"]
    assert await book.shown() == before
    assert home.look("SELECT count(*) FROM intent") == [(0,)]
    # What needs no room goes on: the contacts as they are known, with their age, and the feeds from tokens of before.
    answer = await home.ask("GET", f"/v1/contacts/{first}")
    assert (answer.status, answer.json["id"], "age" in answer.headers) == (200, first, True)
    assert (await home.ask("GET", "/v1/contacts?limit=1000")).json["length"] == 50
    await consumer.follow()
    assert len(consumer.copy) == 50
    failures = home.events("storage.failed")
    assert {event["path"] for event in failures} == {str(home.database)}
    assert all(FULL in event["cause"] for event in failures)
    assert home.events("http.fault", "worker.fault", "pull.fault") == []
    process = home.process
    disk.make_room()
    await is_ready(home)
    for write in writes:
        assert (await home.ask(*write)).status in (200, 201)
    contacts = await agreed(home, book, consumer)
    assert sorted(record["nickName"] for record in contacts.values() if "nickName" in record) == ["new", "small"]
    assert first not in contacts
    assert home.process is process


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE"])
async def test_a_write_whose_answer_cannot_be_stored_is_found_out(
    verb: str, disk: Disk, place: Places, homes: Homes
) -> None:
    book = place("radicale")
    await book.fill(["Ada", "Bob"])
    async with proxy_to(book.server) as proxy:
        home = homes(book)
        home.url = proxy.url(book.server)
        home, consumer = await running_on(disk, home)
        first = next(iter(consumer.copy))
        path = "/v1/contacts" if verb == "POST" else f"/v1/contacts/{first}"
        body = None if verb == "DELETE" else {"notes": "x" * 200_000}
        headers = None if verb == "POST" else {"If-Match": consumer.copy[first]["etag"]}
        proxy.play(Held(), times=1, request=b"DELETE " if verb == "DELETE" else b"PUT ")
        writing = asyncio.create_task(home.ask(verb, path, body, headers))
        async with asyncio.timeout(30):
            while proxy.played == 0:  # noqa: ASYNC110 - the proxy tells by a number
                await asyncio.sleep(0.01)
        disk.fill()
        # Not even the log has room for what the answer brings; but SQLite may find some in what is there already.
        proxy.release()
        answer = await writing
        if answer.status != (201 if verb == "POST" else 200):
            refused(answer)
        disk.make_room()
        await is_ready(home)
        again = await home.ask(verb, path, body, headers) if answer.status == 503 else answer
        assert again.status == (201 if verb == "POST" else 200), again
        contacts = await agreed(home, book, consumer)
        assert len(contacts) == {"POST": 3, "PATCH": 2, "DELETE": 1}[verb]
        assert len([record for record in contacts.values() if len(record["notes"]) == 200_000]) == (verb != "DELETE")


async def test_a_first_synchronisation_goes_on_when_there_is_room(disk: Disk, place: Places, homes: Homes) -> None:
    book = place("radicale")
    await book.fill(f"Person {number}" for number in range(1000))
    home = homes(book)
    home.data = disk.path / "data"
    await home.connect()
    disk.fill(leave=1_200_000)
    assert await home.start()
    refused(await home.ask("POST", "/v1/contacts/sync"))
    assert (await home.ask("GET", "/health")).status == 200
    assert (await home.ask("GET", "/v1/contacts")).status == 503
    assert home.look("SELECT ready_at FROM source") == [(None,)]
    disk.make_room()
    async with asyncio.timeout(60):  # nobody asks for it
        while home.look("SELECT ready_at FROM source") == [(None,)]:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.1)
    consumer = Consumer(home)
    await until_ready(consumer)
    assert len(await agreed(home, book, consumer)) == 1000
    assert home.events("pull.crashed", "pull.fault", "worker.fault") == []


async def test_what_others_change_arrives_when_there_is_room(disk: Disk, place: Places, homes: Homes) -> None:
    book = place("radicale")
    await book.fill(f"Person {number}" for number in range(100))
    home, consumer = await running_on(disk, homes(book))
    before = dict(consumer.copy)
    disk.fill()
    cards = await book.cards()
    for stored in cards[:5]:
        await book.edit(stored, "changed meanwhile" * 1000)
    await book.remove(cards[6])
    await book.move(cards[7])
    await consumer.follow()
    assert consumer.copy == before
    disk.make_room()
    after = await agreed(home, book, consumer)
    assert len(after) == 99
    assert after.keys() < before.keys()


async def test_beginning_without_room_says_so(disk: Disk, place: Places, homes: Homes) -> None:
    book = place("radicale")
    home = homes(book)
    home.data = disk.path / "data"
    disk.fill()
    code, _, told = await home.run("apps", "create", "tests", "--json")
    assert (code, json.loads(told)["code"]) == (2, "config.invalid")
    assert "No space left on device" in json.loads(told)["message"]
    disk.make_room()
    await home.connect()
    disk.fill()
    code, _, told = await home.run("serve", "--port", str(home.port), "--json")
    last = json.loads(told.splitlines()[-1])
    assert (code, last["code"]) == (5, "storage.unavailable"), told
    assert FULL in last["message"]
    assert str(home.database) in last["message"]
    disk.make_room()
    assert await home.start()
    await until_ready(Consumer(home))


def test_an_upgrade_without_room_for_its_copy_changes_nothing(disk: Disk, tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "0001_first.sql").write_text("CREATE TABLE account (id {id}, seq BIGINT, generation BIGINT);")
    path = disk.path / "polydex.db"
    asyncio.run(open_sqlite(path, clock=clock, migrations=steps).close())
    (steps / "0002_more.sql").write_text("CREATE TABLE more (id {id});")
    disk.fill(leave=150_000)
    disk.fill(leave=60_000)
    before = path.read_bytes()
    with pytest.raises(StoreFailed, match=r"polydex\.db|backups"):
        open_sqlite(path, clock=clock, migrations=steps)
    assert path.read_bytes() == before
    assert list(disk.path.glob("backups/*")) == []
    disk.make_room()
    asyncio.run(open_sqlite(path, clock=clock, migrations=steps).close())
    assert len(list(disk.path.glob("backups/polydex-schema1-*.db"))) == 1


async def test_a_log_that_cannot_be_written_stops_nothing(place: Places, homes: Homes) -> None:
    book = place("radicale")
    await book.fill(["Ada"])
    home = await homes(book).connect()
    assert await home.start(stderr=Path("/dev/full"))
    consumer = Consumer(home)
    await until_ready(consumer)
    assert (await home.ask("POST", "/v1/contacts", {"nickName": "Bob"})).status == 201
    assert (await home.ask("GET", "/nothing")).status == 404
    await book.add("Eve", "of another client")
    assert len(await agreed(home, book, consumer)) == 3
    # The loop of background work is alive.
    async with asyncio.timeout(30):
        home.change("UPDATE source SET due_at = 0, pulled_at = 0")
        while home.look("SELECT pulled_at FROM source") == [(0,)]:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.1)
    assert await home.stop() == 0
