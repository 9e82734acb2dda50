"""Subscriptions and connections that are held open, apart from the mailbox that they are about."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange import subscriptions as limits
from polydex_sandbox.exchange.events import Event, Reference
from polydex_sandbox.exchange.streaming import HEARTBEAT, Notice, Streams
from polydex_sandbox.exchange.subscriptions import (
    ALONE,
    MINUTE,
    ExceededSubscriptionCount,
    ExpiredSubscription,
    InvalidWatermark,
    Subscription,
    SubscriptionAccessDenied,
    SubscriptionNotFound,
    Subscriptions,
)
from tests.providers.serving import serving

CONTACTS, OTHER = (Reference("FolderId", name, "K") for name in ("contacts", "other"))
ITEM = Reference("ItemId", "i1", "K1")
CREATED = Event("CreatedEvent", 1, ITEM, CONTACTS)
MOVED = Event("MovedEvent", 2, replace(ITEM, id="i2"), OTHER, ITEM, CONTACTS)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_767_225_600_000, frozen=True)


@pytest.fixture
def all_of_them(clock: Clock) -> Subscriptions:
    return Subscriptions(clock.now, Random(0))


def pull(
    every: Subscriptions, minutes: int = 10, kinds: tuple[str, ...] = ("CreatedEvent", "MovedEvent")
) -> Subscription:
    return every.subscribe("1", "box", ["contacts"], kinds, minutes)


def test_events_wait_to_be_fetched(all_of_them: Subscriptions) -> None:
    one = pull(all_of_them)
    start = one.watermark(0)
    assert all_of_them.fetch(one, start) == []
    for event in (CREATED, MOVED):
        all_of_them.publish("box", event)
    (first, created), (second, moved) = all_of_them.fetch(one, start)
    assert (created, moved) == (CREATED, MOVED)
    # Until they are confirmed by their watermark they are told again.
    assert len(all_of_them.fetch(one, start)) == 2
    assert all_of_them.fetch(one, first) == [(second, MOVED)]
    with pytest.raises(InvalidWatermark):
        all_of_them.fetch(one, start)
    assert all_of_them.fetch(one, second) == []
    for watermark in ("", "x", pull(all_of_them).watermark(0)):
        with pytest.raises(InvalidWatermark):
            all_of_them.fetch(one, watermark)


def test_what_is_heard(all_of_them: Subscriptions) -> None:
    one, everything = (
        pull(all_of_them, kinds=("MovedEvent",)),
        all_of_them.subscribe("1", "box", None, ["MovedEvent"], 1),
    )
    elsewhere = replace(MOVED, parent=OTHER, old_parent=OTHER)
    for event in (CREATED, MOVED, elsewhere, Event("MovedEvent", 3, CONTACTS, OTHER, CONTACTS, OTHER)):
        all_of_them.publish("box", event)
    all_of_them.publish("another box", MOVED)
    assert [event.at for event in one.waiting] == [2, 3]
    assert [event.at for event in everything.waiting] == [2, 2, 3]


def test_life(all_of_them: Subscriptions, clock: Clock) -> None:
    one = pull(all_of_them, minutes=10)
    clock.advance(9 * MINUTE)
    all_of_them.fetch(all_of_them.find("1", one.id), one.watermark(0))
    clock.advance(10 * MINUTE - 1)
    assert all_of_them.find("1", one.id, streaming=False) is one
    clock.advance(1)
    with pytest.raises(ExpiredSubscription):
        all_of_them.find("1", one.id)
    clock.advance(10 * MINUTE)
    all_of_them.publish("box", CREATED)
    with pytest.raises(SubscriptionNotFound):
        all_of_them.find("1", one.id)


def test_whose_it_is(all_of_them: Subscriptions) -> None:
    one = pull(all_of_them)
    with pytest.raises(SubscriptionAccessDenied):
        all_of_them.find("2", one.id)
    with pytest.raises(SubscriptionNotFound):
        all_of_them.find("1", one.id, streaming=True)
    all_of_them.drop(one)
    with pytest.raises(SubscriptionNotFound):
        all_of_them.find("1", one.id)
    pull(all_of_them)
    all_of_them.forget("1")
    assert all_of_them.of("1") == []


def test_how_many(all_of_them: Subscriptions) -> None:
    for _ in range(limits.MOST):
        pull(all_of_them)
    with pytest.raises(ExceededSubscriptionCount):
        pull(all_of_them)
    assert all_of_them.subscribe("2", "box", None, [], 1).account == "2"


class Held:
    """An application that holds connections open, and a client of it."""

    def __init__(self, every: Subscriptions, clock: Clock) -> None:
        self.every, self.clock = every, clock
        self.streams = Streams(every, clock.now)
        self.app = Starlette(routes=[Route("/{minutes:int}", self.answer, methods=["POST"])])
        self.http = httpx.AsyncClient()
        self.url = ""

    async def answer(self, request: Request) -> Response:
        chosen = [self.every.find("1", name, streaming=True) for name in await request.json()]
        minutes = request.path_params["minutes"]
        return self.streams.response("1", chosen, minutes, _written, "text/plain")

    def subscribe(self) -> Subscription:
        return self.every.subscribe("1", "box", None, ["CreatedEvent", "MovedEvent"])

    @contextlib.asynccontextmanager
    async def connected(self, *chosen: Subscription, minutes: int = 1) -> AsyncIterator[AsyncIterator[str]]:
        """The lines that come over a connection; the first one, that it is open, is taken."""
        names = [one.id for one in chosen]
        async with self.http.stream("POST", f"{self.url}/{minutes}", json=names, timeout=30) as answer:
            lines = answer.aiter_lines()
            assert json.loads(await anext(lines))["status"] == "OK"
            yield lines


def _written(notice: Notice) -> bytes:
    told = [(one.id, [event.at for _, event in found]) for one, found in notice.told]
    said = {"told": told, "lost": list(notice.lost), "status": notice.status}
    return json.dumps(said | ({"taken": list(notice.taken)} if notice.taken else {})).encode() + b"\n"


@pytest.fixture
async def held(all_of_them: Subscriptions, clock: Clock) -> AsyncIterator[Held]:
    made = Held(all_of_them, clock)
    async with serving(made.app) as made.url, made.http:
        yield made


async def told(lines: AsyncIterator[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(await anext(lines))
    return found


async def test_a_stream(held: Held) -> None:
    one, other = held.subscribe(), held.subscribe()
    held.every.publish("box", CREATED)
    held.every.take(other)
    async with held.connected(one, other) as lines:
        assert held.streams.open("1") == 1
        # What happened before the connection was there waits for it.
        assert await told(lines) == {"told": [[one.id, [1]]], "lost": [], "status": None}
        held.every.publish("box", MOVED)
        assert await told(lines) == {"told": [[one.id, [2]], [other.id, [2]]], "lost": [], "status": None}
        held.clock.advance(HEARTBEAT)
        assert await told(lines) == {"told": [], "lost": [], "status": "OK"}
        held.every.drop(one)
        assert await told(lines) == {"told": [], "lost": [one.id], "status": None}
        held.clock.advance(MINUTE - HEARTBEAT)
        assert await told(lines) == {"told": [], "lost": [], "status": "Closed"}
        with pytest.raises(StopAsyncIteration):
            await anext(lines)
    async with asyncio.timeout(60):
        while held.streams.open("1"):  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)


async def test_a_stream_ends_with_its_last_subscription(held: Held) -> None:
    one = held.subscribe()
    async with held.connected(one) as lines:
        held.every.drop(one)
        assert await told(lines) == {"told": [], "lost": [one.id], "status": None}
        assert (await told(lines))["status"] == "Closed"


async def test_another_connection_takes_over(held: Held) -> None:
    one = held.subscribe()
    async with held.connected(one) as lines, held.connected(one) as newer:
        assert (await told(lines))["taken"] == [one.id]
        assert (await told(lines))["status"] == "Closed"
        held.every.publish("box", CREATED)
        assert (await told(newer))["told"] == [[one.id, [1]]]


async def test_life_without_a_connection(held: Held) -> None:
    one = held.subscribe()
    async with held.connected(one, minutes=30) as lines:
        held.clock.advance(29 * MINUTE)
        assert (await told(lines))["status"] == "OK"
        assert held.every.find("1", one.id) is one
        held.clock.advance(MINUTE)
        assert (await told(lines))["status"] == "Closed"
        with pytest.raises(StopAsyncIteration):
            await anext(lines)
    assert one.expires == held.clock.now() + ALONE * MINUTE
    held.clock.advance(ALONE * MINUTE)
    with pytest.raises(ExpiredSubscription):
        held.every.find("1", one.id)
