"""First synchronisation and a poll without changes, through the real connector and engine, beside their floors."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bench.responder import BOOK
from polydex.connectors.carddav.provider import CARDDAV
from polydex.engine.context import Context, Settings, secret_context
from polydex.engine.keys import Keys
from polydex.engine.pull import Pulls
from polydex.net.client import Net
from polydex.store import accounts, apps, sources
from polydex.store.accounts import Account, Details
from polydex.store.db import Database, Tx
from polydex.store.sources import Source
from polydex.store.sqlite import open_sqlite

COUNT = 10_000
BATCH = 100
POLLS = 50


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def responder(count: int) -> AsyncIterator[str]:
    """The static server in a process of its own; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-m", "bench.responder", str(port), str(count)])  # noqa: ASYNC220
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


async def floor(url: str, count: int) -> tuple[float, float]:
    """(wall, CPU) seconds of a loop that only downloads the listing and the same multigets, two at once."""
    wall, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession() as session:
        async with session.request("PROPFIND", url + BOOK, headers={"Depth": "1"}) as answer:
            await answer.read()
        gate = asyncio.Semaphore(2)

        async def batch(start: int) -> None:
            hrefs = "".join(f"<D:href>{BOOK}{n}.vcf</D:href>" for n in range(start, min(start + BATCH, count)))
            async with gate, session.request("REPORT", url + BOOK, data=f'<x xmlns:D="DAV:">{hrefs}</x>') as answer:
                assert len(await answer.read()) > 100 * min(BATCH, count - start)

        await asyncio.gather(*(batch(start) for start in range(0, count, BATCH)))
    return time.perf_counter() - wall, time.process_time() - cpu


async def furnish(db: Database, keys: Keys, url: str) -> tuple[Account, Source]:
    """One account with the static book."""

    def connect(tx: Tx) -> tuple[Account, Source]:
        app = apps.create(tx, "bench", "bench", b"hash", b"signing", now_ms())
        details = Details("CardDAV", frozenset({"Contacts.ReadWrite"}), login="bench", server_url=url + "/")
        account = accounts.upsert(tx, app.id, CARDDAV.name, "bench", details, now_ms())
        accounts.set_secret(tx, account.id, keys.encrypt(b"secret", secret_context(account.id)), now_ms())
        number = sources.add(tx, account.id, BOOK, "Book", is_default=True, read_only=False)
        found, source = accounts.get(tx, account.id), sources.get(tx, number)
        assert found is not None
        assert source is not None
        return found, source

    return await db.write(connect)


async def measure(count: int) -> None:
    """Print wall and CPU of a first synchronisation and of a poll without changes, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with responder(count) as url, Net(allow_private="127.0.0.0/8") as net:
            down, down_cpu = await floor(url, count)
            db = open_sqlite(Path(folder) / "bench.db", clock=now_ms)
            keys = Keys.generate()
            ctx = Context(db, keys, now_ms, {CARDDAV.name: CARDDAV}, net, Settings(), "bench", secrets.token_bytes)
            _, source = await furnish(db, keys, url)
            pulls = Pulls(ctx)
            wall, cpu = time.perf_counter(), time.process_time()
            await pulls.ensure(source.id, now_ms(), 600)
            first, first_cpu = time.perf_counter() - wall, time.process_time() - cpu
            await asyncio.sleep(2.5)  # a token proves nothing before a clock of whole seconds has moved on
            for _ in range(2):
                await pulls.ensure(source.id, now_ms(), 600)
                await asyncio.sleep(0.01)
            cpu = time.process_time()
            for _ in range(POLLS):
                await pulls.ensure(source.id, now_ms(), 600)
                await asyncio.sleep(0.002)
            poll_cpu = (time.process_time() - cpu) / POLLS
            await db.close()
    print(f"first sync of {count:>6} cards: {first:6.2f} s wall, {first_cpu:6.2f} s CPU; "
          f"download only {down:5.2f} s wall, {down_cpu:5.2f} s CPU; ratio {first / down:5.2f}")  # fmt: skip
    print(f"poll without changes, {count:>6} cards: {poll_cpu * 1000:6.2f} ms CPU")


def main() -> None:
    """Run everything."""
    for count in (1_000, COUNT):
        asyncio.run(measure(count))


if __name__ == "__main__":
    main()
