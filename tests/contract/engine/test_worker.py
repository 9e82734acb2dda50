"""The loop behind all background work, by what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from polydex.engine.hints import Hints
from polydex.engine.pull import Pulls
from polydex.engine.streams import Streams
from polydex.engine.watches import Watches
from polydex.engine.worker import Worker
from polydex.store import watches
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, until

URL = "https://polydex.example.com"
HOUR, YEAR = 3600.0, 365 * 86_400.0


@asynccontextmanager
async def working(home: Home) -> AsyncIterator[Worker]:
    streams = Streams(home.ctx, Hints(home.ctx))
    worker = Worker(home.ctx, home.pulls, home.writer.recovery, Watches(home.ctx), streams)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop(5.0)
        await running


async def test_a_clock_that_was_wrong_stops_nothing(make_home: Furnish) -> None:
    """A machine that starts with a clock a year ahead pulls, is refused a channel, and dies; then its clock is right."""
    home = (await make_home(push=True)).sibling("process-1", public_url=URL)
    ctx = replace(home.ctx, owner="ahead", clock=lambda: home.clock() + round(YEAR * 1000))
    ahead, seeing = Pulls(ctx), Watches(ctx)
    home.world.channels.refuses = True
    await ahead.run_due()
    await ahead.wait_idle()
    await seeing.run_due()
    await seeing.wait_idle()
    home.world.channels.refuses = False
    home.world.calls.clear()
    source = await home.source()
    watch = await home.db.read(watches.get, source.id)
    assert watch is not None
    assert min(source.due_at or 0, watch.due_at or 0) > home.clock() + HOUR * 1000
    async with working(home):
        await until(lambda: {"list", "watch"} <= {verb for verb, _ in home.world.calls})


async def test_a_lease_of_a_clock_that_was_wrong_stops_no_pull(make_home: Furnish) -> None:
    home = await make_home()
    ctx = replace(home.ctx, owner="ahead", clock=lambda: home.clock() + round(YEAR * 1000))
    home.world.gates.hold("list", "ask")
    ahead = Pulls(ctx)
    await ahead.run_due()
    await home.world.gates.reached("list", "ask")  # and dies here
    home.world.calls.clear()
    source = await home.source()
    assert await home.pulls.run_due() == 1
    home.world.gates.open()
    await home.pulls.wait_idle()
    await ahead.wait_idle()
    after = await home.source()
    assert after.pulled_at == home.clock()
    assert after.due_at == home.clock() + round(home.ctx.settings.poll_interval * 1000)
    assert source.fence < after.fence


async def test_what_is_due_in_time_is_left_alone(make_home: Furnish) -> None:
    home = (await make_home()).sibling("process-1", poll_interval=7 * 86_400.0)
    await home.pull()
    before = await home.source()
    # This one is not, and shows that the worker has looked.
    await home.db.write(watches.want, before.id, home.clock() + round(YEAR * 1000))
    async with working(home), asyncio.timeout(10):
        while (watch := await home.db.read(watches.get, before.id)) is None or watch.due_at != home.clock():  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.01)
    assert await home.source() == before
