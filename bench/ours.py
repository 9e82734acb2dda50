"""One synchronisation and then polls, in a process of its own, as the server does them. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import uvloop

from polydex import log
from polydex.app import Polydex, Role, collect_rarely, open_app
from polydex.config import Config
from polydex.core.ids import AccountId, SourceId
from polydex.store import rows, sources

POLLS = 100
SETTLING_SECONDS = 2.5
"""A token proves nothing before a clock of whole seconds has moved on."""


async def measure(app: Polydex, account: AccountId, polls: int, counter: str) -> dict[str, float]:
    """Seconds of the first synchronisation, and of one poll without changes.

    ``counter``: a URL that tells how many requests the server has had; asked when there are polls.
    """
    source = await app.ctx.db.read(sources.default, account)
    assert source is not None
    began, wall, cpu = app.ctx.clock(), time.perf_counter(), time.process_time()
    await _pull(app, source.id)
    found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["contacts"] = await app.ctx.db.read(rows.count_shown, source.id)
    after = await app.ctx.db.read(sources.get, source.id)
    assert after is not None
    assert after.ready_at is not None
    found["ready"] = (after.ready_at - began) / 1000
    if polls:
        await asyncio.sleep(SETTLING_SECONDS)
        for _ in range(3):
            await _pull(app, source.id)
        requests = _count(counter)
        wall, cpu = 0.0, time.process_time()
        for _ in range(polls):
            began = time.perf_counter()
            await _pull(app, source.id)
            wall += time.perf_counter() - began
        found |= {"poll_wall": wall / polls, "poll_cpu": (time.process_time() - cpu) / polls}
        found["poll_requests"] = (_count(counter) - requests) / polls
    return found


def _count(counter: str) -> int:
    with urlopen(counter, timeout=10) as answer:  # noqa: S310 - the responder's
        return int(answer.read())


async def _pull(app: Polydex, source: SourceId) -> None:
    """A pull that begins now: a pull within the same millisecond would count as done already."""
    await asyncio.sleep(0.002)
    await app.pulls.ensure(source, app.ctx.clock(), 600)


async def run(folder: Path, account: int, polls: int, counter: str) -> dict[str, float]:
    """Open the folder and measure."""
    loopback = {"POLYDEX_DATA_DIR": str(folder), "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
    async with open_app(Config.load({**os.environ, **loopback}), Role.TOOL) as app:
        collect_rarely()
        return await measure(app, AccountId(account), polls, counter)


if __name__ == "__main__":
    log.setup("error")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))))
