"""One process answers, another works, and Microsoft tells of changes: whichever of them is killed, they come as before.

Nothing is polled here within a day: what comes, Microsoft has told of.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crash.checks import agreed
from tests.crash.consumer import Consumer, until_ready
from tests.crash.home import Home
from tests.crash.microsoft_book import MicrosoftBook
from tests.servers import sandbox
from tests.servers.process import LOOPBACK
from tests.servers.proxy import BlackHole, Fault, Held, Proxy, proxy_to

NEVER = {"POLYDEX_POLL_INTERVAL": "604800", "POLYDEX_WATCHED_POLL_INTERVAL": "86400", "POLYDEX_FRESHNESS": "86400"}
MOMENTS = [pytest.param(BlackHole(), 0, id="before-microsoft-acts"), pytest.param(Held(), 1, id="before-the-answer")]
"""When a process is killed that has asked Microsoft, and what Microsoft has done until then."""
LONGEST = 4200 * 60_000
"""Milliseconds that a subscription lives without us."""


async def so(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - other processes work
            await asyncio.sleep(0.05)


@dataclass
class Shop:
    """An installation of two processes, with one account.

    Attributes:
        proxy: between the worker and Microsoft.
        names: of the contacts that there have to be.
    """

    book: MicrosoftBook
    api: Home
    worker: Home
    proxy: Proxy
    names: list[str] = field(default_factory=list)

    def subscriptions(self) -> dict[str, int]:
        """The ids of those that live at Microsoft, and until when; unix milliseconds."""
        found = self.book.sandbox.control("GET", f"/accounts/{self.book.account}/microsoft/subscriptions")
        return {one["id"]: one["expires"] for one in found["subscriptions"]}

    def asked(self, verb: str) -> int:
        """How often Microsoft has answered a request about a subscription."""
        query = f"account={self.book.account}&method={verb}&path=/v1.0/subscriptions"
        return len(self.book.sandbox.control("GET", f"/requests?{query}")["requests"])

    async def killed_while_it_asks(self, verb: str, fault: Fault) -> None:
        """Start the worker, and kill it while its request is on the way, or the answer to it."""
        self.proxy.played, before = 0, self.asked(verb)
        self.proxy.play(fault, request=f"{verb} /v1.0/subscriptions".encode())
        assert await self.worker.start()

        async def under_way() -> bool:
            return self.proxy.played > 0 and (fault == BlackHole() or self.asked(verb) > before)

        await so(under_way)
        await self.worker.kill()
        self.proxy.heal()

    async def pushed(self) -> bool:
        """Whether Microsoft tells of changes, as the account's owner sees it."""
        answer = await self.api.ask("GET", "/v1/account")
        push = answer.json["sync"]["sources"][0].get("push")
        return bool(push) and push["active"]

    async def settled(self) -> bool:
        """Nothing is to be done about the subscription for now."""
        ((channel, due, owner),) = self.api.look("SELECT channel, due_at, lease_owner FROM watch")
        return channel is not None and due > time.time() * 1000 and owner is None

    async def refused(self) -> bool:
        """An attempt to get a subscription has failed."""
        return self.api.look("SELECT 1 FROM watch WHERE fails > 0 AND lease_owner IS NULL") == [(1,)]

    def used(self) -> str:
        """The id of the subscription that we know."""
        return str(self.api.look("SELECT channel FROM watch")[0][0])

    async def at_rest(self) -> bool:
        """No pull runs, and none is due."""
        later = time.time() * 1000 + 60_000
        return self.api.look("SELECT 1 FROM source WHERE lease_until = 0 AND due_at > ?", later) == [(1,)]

    async def arrives(self, name: str) -> None:
        """The user adds a contact in Outlook; it comes, and nothing but a notification can have been the reason."""
        await so(self.at_rest)
        (before,) = self.api.look("SELECT pull_at FROM watch")[0]
        await self.book.add(name, "first")
        await self.arrived(name)
        assert self.api.look("SELECT pull_at > ? FROM watch", before) == [(1,)]

    async def arrived(self, name: str) -> None:
        self.names.append(name)

        async def shown() -> bool:
            answer = await self.api.ask("GET", "/v1/contacts")
            return name in {record["name"]["displayName"] for record in answer.json["records"]}

        await so(shown)

    async def all_is_well(self) -> None:
        """Every contact is there once, on both sides."""
        consumer = Consumer(self.api)
        await until_ready(consumer)
        there = await agreed(self.api, self.book, consumer)
        assert sorted(record["name"]["displayName"] for record in there.values()) == sorted(self.names)
        assert self.api.events("worker.fault", "watch.fault", "hints.fault", "pull.fault") == []


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """The process that answers runs; the worker does not yet."""
    async with contextlib.AsyncExitStack() as stack:
        book = MicrosoftBook.new(stack.enter_context(sandbox.serve()))
        await book.fill(["Ada", "Grace"])
        proxy = await stack.enter_async_context(proxy_to(book.server))
        api = Home(tmp_path, book, data=tmp_path / "data", role="api", url=proxy.url(book.server))
        api.more = {**NEVER, "POLYDEX_PUBLIC_URL": f"http://{LOOPBACK}:{api.port}"}
        await api.connect()
        worker = api.beside("worker")
        stack.push_async_callback(worker.kill)
        stack.push_async_callback(api.kill)
        assert await api.start()
        yield Shop(book, api, worker, proxy, ["Ada", "Grace"])


async def test_what_one_process_is_told_the_other_pulls(shop: Shop) -> None:
    assert await shop.worker.start()
    await so(shop.pushed)
    await shop.arrives("Mary")
    assert [*shop.subscriptions()] == [shop.used()]
    await shop.all_is_well()


@pytest.mark.parametrize(("fault", "done"), MOMENTS)
async def test_a_worker_that_is_killed_while_it_asks_for_a_subscription_asks_again(
    shop: Shop, fault: Fault, done: int
) -> None:
    kills = 2
    for _ in range(kills):
        await shop.killed_while_it_asks("POST", fault)
    assert await shop.worker.start()
    await so(shop.pushed)
    await shop.arrives("Mary")
    living = shop.subscriptions()
    # One for each kill in that very moment, of which nobody knows, and which ends by itself: what both tell is one pull.
    assert len(living) == 1 + kills * done
    assert shop.used() in living
    assert max(living.values()) <= time.time() * 1000 + LONGEST
    await shop.all_is_well()


@pytest.mark.parametrize(("fault", "done"), MOMENTS)
async def test_a_worker_that_is_killed_while_it_renews_a_subscription_renews_it_again(
    shop: Shop, fault: Fault, done: int
) -> None:
    assert await shop.worker.start()
    await so(shop.pushed)
    await shop.worker.kill()
    first = shop.used()
    shop.api.change("UPDATE watch SET due_at = 0")  # half of its life is over
    await shop.killed_while_it_asks("PATCH", fault)
    assert shop.asked("PATCH") == done
    assert shop.api.look("SELECT due_at FROM watch") == [(0,)]
    assert await shop.worker.start()
    await so(shop.settled)
    assert (shop.asked("PATCH"), shop.asked("POST")) == (done + 1, 1)
    assert [*shop.subscriptions()] == [shop.used()] == [first]
    await shop.arrives("Mary")
    await shop.all_is_well()


async def test_while_nobody_answers_microsoft_gives_no_subscription_and_then_does(shop: Shop) -> None:
    await shop.api.kill()
    assert await shop.worker.start()
    await so(shop.refused)
    assert shop.subscriptions() == {}
    assert await shop.api.start()
    shop.api.change("UPDATE watch SET due_at = 0")  # the half minute is over
    await so(shop.pushed)
    await shop.arrives("Mary")
    assert [*shop.subscriptions()] == [shop.used()]
    await shop.all_is_well()


async def test_what_is_told_while_nobody_answers_is_told_again(shop: Shop) -> None:
    assert await shop.worker.start()
    await so(shop.pushed)
    await so(shop.at_rest)
    await shop.api.kill()
    await shop.book.add("Mary", "first")
    settled = shop.book.sandbox.control("POST", "/microsoft/notifications", {})
    assert settled["waiting"] > 0
    assert await shop.api.start()
    shop.book.sandbox.control("POST", "/clock", {"advance": 10})  # after which Microsoft tries again
    await shop.arrived("Mary")
    assert [*shop.subscriptions()] == [shop.used()]
    await shop.all_is_well()


async def test_what_was_told_to_a_process_that_is_killed_comes_with_the_next_pull(shop: Shop) -> None:
    """The one gap that ADR 22 names: taken, and not written down yet. Nothing is worse than late."""
    assert await shop.worker.start()
    await so(shop.pushed)
    await so(shop.at_rest)
    with contextlib.closing(sqlite3.connect(shop.api.database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")  # as long as this lasts, nobody writes
        await shop.book.add("Mary", "first")
        assert shop.book.sandbox.control("POST", "/microsoft/notifications", {})["waiting"] == 0
        await shop.api.kill()
        other.execute("ROLLBACK")
    shop.names.append("Mary")
    assert await shop.api.start()
    await shop.arrives("Emmy")
    assert [*shop.subscriptions()] == [shop.used()]
    await shop.all_is_well()
