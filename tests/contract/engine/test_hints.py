"""What a provider tells leads to a pull that begins after it, soon; and to no more of them than one in some seconds."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace

import pytest

from polydex import metrics
from polydex.connectors.provider import Notice
from polydex.core.errors import BadRequest, NotFound, StoreFailed
from polydex.core.ids import SourceId
from polydex.engine import push
from polydex.engine.hints import GAP, Hints
from polydex.engine.watches import Watches
from polydex.store import watches
from polydex.testing.channels import Kind, notification
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish, on_sqlite
from tests.contract.engine.disk import Full
from tests.contract.engine.home import Home, named, until

URL = "https://polydex.example.com"


@dataclass
class Ear:
    """A home with a living channel, and a process that listens."""

    home: Home
    hints: Hints

    @property
    def secret(self) -> str:
        [channel] = self.home.world.channels.living.values()
        return channel.secret

    @property
    def pulls(self) -> int:
        """How often the provider was asked for changes."""
        return sum(verb == "list" for verb, _ in self.home.world.calls)

    def hear(self, kind: Kind = "changed", secret: str | None = None) -> None:
        assert self.hints.hear("memory", {}, notification((secret or self.secret, kind))) is None

    async def work(self) -> None:
        """One round of everything."""
        await self.hints.flush()
        await self.home.pulls.run_due()
        await self.home.pulls.wait_idle()

    async def later(self, seconds: float) -> None:
        self.home.clock.advance(seconds)
        await self.work()

    def other(self, owner: str = "process-2") -> Ear:
        home = self.home.sibling(owner)
        return Ear(home, Hints(home.ctx))


@pytest.fixture
async def ear(make_home: Furnish) -> Ear:
    home = await make_home(push=True)
    home = home.sibling("process-1", public_url=URL)
    await home.pull()
    seeing = Watches(home.ctx)
    await seeing.run_due()
    await seeing.wait_idle()
    found = Ear(home, Hints(home.ctx))
    await found.later(GAP)
    home.world.calls.clear()
    home.world.channels.told.clear()
    return found


async def test_a_change_that_is_told_of_is_pulled(ear: Ear) -> None:
    ear.home.world.put(named("Ada"))
    [(url, body)] = ear.home.world.channels.told
    assert url == f"{URL}/push/memory"
    assert ear.hints.hear("memory", {}, body) is None
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]


@on_sqlite
async def test_a_hint_reaches_the_database_later(ear: Ear) -> None:
    before = await ear.home.source()
    ear.hear()
    assert await ear.home.source() == before
    assert ear.hints.waiting == 1
    await ear.hints.flush()
    assert ear.hints.waiting == 0
    assert (await ear.home.source()).due_at == ear.home.clock()


async def test_a_hint_during_a_pull_leads_to_another_pull(ear: Ear) -> None:
    """The change came after the provider had listed what there was (J5)."""
    gates = ear.home.world.gates
    gates.hold("list", "answer")
    ear.hear()
    await ear.hints.flush()
    await ear.home.pulls.run_due()
    await gates.reached("list", "answer")
    ear.home.world.put(named("Ada"))
    ear.hear()
    await ear.hints.flush()
    gates.open()
    await ear.home.pulls.wait_idle()
    await ear.work()
    assert ear.pulls == 1  # not at once
    await ear.later(GAP)
    assert ear.pulls == 2
    assert list(await ear.home.records()) == ["Ada"]


async def test_a_first_hint_during_a_pull_is_written_down(ear: Ear) -> None:
    """So that it outlives this process."""
    gates = ear.home.world.gates
    gates.hold("list", "answer")
    asking = asyncio.create_task(ear.home.pull())
    await gates.reached("list", "answer")
    ear.home.world.put(named("Ada"))
    ear.hear()
    await ear.hints.flush()
    assert ear.hints.waiting == 0
    gates.open()
    await asking
    await ear.home.pulls.wait_idle()
    await ear.home.pulls.run_due()
    await ear.home.pulls.wait_idle()
    assert list(await ear.home.records()) == ["Ada"]


async def test_a_flood_is_a_pull_in_some_seconds(ear: Ear) -> None:
    for _ in range(60):  # three times in a second, for twenty seconds
        for _ in range(50):
            ear.hear()
        await ear.later(1 / 3)
    assert 4 <= ear.pulls <= 20 / GAP + 1
    ear.home.world.put(named("Ada"))
    ear.hear()
    await ear.later(GAP)
    await ear.later(GAP)
    assert list(await ear.home.records()) == ["Ada"]
    done = ear.pulls
    await ear.later(3 * GAP)
    assert ear.pulls == done


async def test_a_flood_in_two_processes_is_no_more(ear: Ear) -> None:
    other = ear.other()
    for _ in range(60):
        ear.hear()
        other.hear()
        await ear.later(1 / 3)
        await other.work()
    assert ear.pulls <= 20 / GAP + 1


@on_sqlite
async def test_a_flood_breaks_no_back_off(ear: Ear) -> None:
    ear.home.world.faults.extend([("list", Fault.FAILED)] * 1000)
    ear.hear()
    await ear.work()
    for _ in range(150):
        ear.hear()
        await ear.later(2)
    # 300 seconds: 1 + 2 + 4 ... 128 and no more often, but for what was told while the first one ran.
    assert len(ear.home.world.faults) >= 1000 - 10
    ear.home.world.faults.clear()
    ear.home.world.put(named("Ada"))
    ear.hear()
    await ear.later(600)
    assert list(await ear.home.records()) == ["Ada"]


@pytest.mark.parametrize("seed", range(3))
async def test_no_hint_is_lost_whenever_it_comes(ear: Ear, seed: int) -> None:
    """Random changes, each told of once, at random moments of pulls; what is told of is there within some seconds."""
    chance = random.Random(seed)
    for turn in range(40):
        if chance.random() < 0.3:
            ear.home.world.gates.hold("list", chance.choice(["ask", "answer"]))
        ear.home.world.put(named(f"n{turn}"))
        ear.hear()
        if chance.random() < 0.7:
            await ear.hints.flush()
        await ear.home.pulls.run_due()
        await asyncio.sleep(0)
        ear.home.clock.advance(chance.choice([0.0, 0.5, GAP / 2, GAP]))
        if chance.random() < 0.5:
            ear.home.world.gates.open()
            await ear.home.pulls.wait_idle()
    ear.home.world.gates.open()
    await ear.home.pulls.wait_idle()
    for _ in range(3):
        await ear.later(GAP)
    assert len(await ear.home.records()) == 40


@on_sqlite
async def test_what_the_database_does_not_take_waits(ear: Ear) -> None:
    disk = Full(ear.home.db)
    hints = Hints(replace(ear.home.ctx, db=disk))
    disk.full = True
    for _ in range(3):
        assert hints.hear("memory", {}, notification((ear.secret, "changed"))) is None
        with pytest.raises(StoreFailed):
            await hints.flush()
    assert hints.waiting == 1
    disk.full = False
    await hints.flush()
    assert hints.waiting == 0
    assert (await ear.home.source()).due_at == ear.home.clock()


@on_sqlite
async def test_what_waits_at_the_end_is_written_down(ear: Ear) -> None:
    ear.hints.start()
    await asyncio.sleep(0)
    ear.hear()
    await ear.hints.stop(5.0)
    assert (await ear.home.source()).due_at == ear.home.clock()


@pytest.mark.parametrize("fails", [False, True])
async def test_what_waits_for_its_time_is_written_down_at_the_end(ear: Ear, *, fails: bool) -> None:
    """It would have to wait for the pull that runs, in a process that there is no longer."""
    gates, faults = ear.home.world.gates, ear.home.world.faults
    if fails:
        faults.append(("list", Fault.FAILED))
        ear.hear()
        await ear.work()
    ear.home.clock.advance(2)
    ear.hear()
    await ear.hints.flush()
    gates.hold("list", "answer")
    asking = asyncio.create_task(ear.home.pulls.ensure((await ear.home.source()).id, ear.home.clock(), 10.0))
    await gates.reached("list", "answer")
    ear.home.world.put(named("Ada"))
    ear.hear()
    await ear.hints.flush()
    assert ear.hints.waiting == 1
    await ear.hints.stop(5.0)
    assert ear.hints.waiting == 0
    gates.open()
    await asking
    await ear.home.pulls.wait_idle()
    await ear.later(0)
    assert list(await ear.home.records()) == ["Ada"]


@on_sqlite
async def test_however_much_waits_at_the_end_is_written_down(ear: Ear) -> None:
    key = push.secret_key(ear.home.ctx.keys)
    for number in range(1001, 2502):
        ear.hear(secret=push.secret(key, "memory", SourceId(number)))
    ear.hear()
    await ear.hints.stop(5.0)
    assert ear.hints.waiting == 0
    assert (await ear.home.source()).due_at == ear.home.clock()


@on_sqlite
async def test_a_process_that_listens_writes_down_what_it_hears(ear: Ear) -> None:
    disk = Full(ear.home.db)
    hints = Hints(replace(ear.home.ctx, db=disk))
    disk.full = True
    hints.start()
    hints.hear("memory", {}, notification((ear.secret, "changed")))
    await asyncio.sleep(0.01)
    assert hints.waiting == 1
    disk.full = False
    await until(lambda: hints.waiting == 0)
    await hints.stop(5.0)
    assert (await ear.home.source()).due_at == ear.home.clock()


@on_sqlite
async def test_a_process_that_listens_counts_what_is_watched(ear: Ear) -> None:
    ear.hints.start()
    await until(lambda: b'polydex_watches{state="active"} 1.0' in metrics.render())
    await ear.hints.stop(5.0)
    ear.home.world.channels.end()
    row = (await ear.home.source()).id
    await ear.home.db.write(watches.drop, row, "")
    other = ear.other()
    other.hints.start()
    await until(lambda: b'polydex_watches{state="active"} 0.0' in metrics.render())
    await other.hints.stop(5.0)


@on_sqlite
async def test_a_forged_secret_pulls_nothing(ear: Ear) -> None:
    source = (await ear.home.source()).id
    key = push.secret_key(ear.home.ctx.keys)
    for forged in ("", "x" * 128, ear.secret[:-1] + "!", push.secret(key, "other", source), f"pdx-{source}-{'A' * 43}"):
        ear.hear(secret=forged or " ")
    assert ear.hints.waiting == 0
    await ear.work()
    assert ear.pulls == 0


async def test_a_source_that_there_is_not_is_no_trouble(ear: Ear) -> None:
    key = push.secret_key(ear.home.ctx.keys)
    gone = SourceId(77)
    for kind in ("changed", "renew", "ended"):
        ear.hear(kind, push.secret(key, "memory", gone))
    ear.hear()
    await ear.hints.flush()
    assert ear.hints.waiting == 0
    assert (await ear.home.source()).due_at == ear.home.clock()


@on_sqlite
async def test_only_so_many_wait(ear: Ear) -> None:
    key = push.secret_key(ear.home.ctx.keys)
    hints = Hints(ear.home.ctx, bound=3)
    for number in range(1, 10):
        hints.hear("memory", {}, notification((push.secret(key, "memory", SourceId(number)), "changed")))
    assert hints.waiting == 3
    hints.hear("memory", {}, notification((push.secret(key, "memory", SourceId(1)), "ended")))
    await hints.flush()
    assert hints.waiting == 0


async def test_a_channel_that_has_ended_is_made_anew_and_pulled(ear: Ear) -> None:
    secret, [first] = ear.secret, ear.home.world.channels.living
    ear.home.world.channels.end()
    ear.home.world.put(named("Ada"))
    ear.home.clock.advance(60)
    ear.hear("ended", secret)
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]
    seeing = Watches(ear.home.ctx)
    assert await seeing.run_due() == 1
    await seeing.wait_idle()
    assert [*ear.home.world.channels.living] != [first]


@on_sqlite
@pytest.mark.parametrize("kind", ["renew", "ended"])
async def test_a_flood_about_a_channel_asks_rarely(ear: Ear, kind: Kind) -> None:
    """Replayed, it would have us renew all the time; and a channel that lives is not doubled by it."""
    seeing = Watches(ear.home.ctx)
    for _ in range(60):
        ear.hear(kind)
        await ear.later(1)
        await seeing.run_due()
        await seeing.wait_idle()
    renewals = sum(verb == "watch" for verb, _ in ear.home.world.calls)
    assert 1 <= renewals <= 3
    assert len(ear.home.world.channels.living) == 1
    assert ear.home.world.channels.made == 1
    row = await ear.home.db.read(watches.get, (await ear.home.source()).id)
    assert row is not None
    assert row.lives(URL, ear.home.clock()) or kind == "ended"


@on_sqlite
async def test_a_renewal_that_is_asked_for_pulls_nothing(ear: Ear) -> None:
    ear.home.clock.advance(60)
    ear.hear("renew")
    await ear.work()
    assert ear.pulls == 0
    row = await ear.home.db.read(watches.get, (await ear.home.source()).id)
    assert row is not None
    assert row.due_at == ear.home.clock()


@on_sqlite
async def test_who_tries_the_address_is_answered(ear: Ear) -> None:
    assert ear.hints.hear("memory", {"hello": "are you there"}, b"") == "are you there"
    assert ear.hints.waiting == 0


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"notices":[{"secret":1}]}', b'{"notices":7}', b"\xff", b"[" * 100_000]
)
@on_sqlite
async def test_what_is_no_notification_is_refused(ear: Ear, body: bytes) -> None:
    with pytest.raises(BadRequest):
        ear.hints.hear("memory", {}, body)


@on_sqlite
async def test_who_tells_nothing_is_not_found(ear: Ear) -> None:
    for name in ("carddav", "", "Memory"):
        with pytest.raises(NotFound):
            ear.hints.hear(name, {"hello": "x"}, notification((ear.secret, "changed")))


def test_no_secret_is_shown() -> None:
    assert "hidden" not in repr(Notice("hidden", "changed"))
