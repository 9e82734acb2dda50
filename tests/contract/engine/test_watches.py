"""Channels by which a provider tells of changes: made, renewed, made anew, ended; whatever fails, none is lost for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from polydex.core.errors import ProviderUnavailable, StoreFailed
from polydex.engine import owners, push, status
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.context import Context
from polydex.engine.push import Push
from polydex.engine.watches import GAP, LATEST, LEASE, LONGEST, RARELY, Watches
from polydex.store import accounts, epochs, watches
from polydex.store.watches import Watched
from polydex.testing.channels import Channel
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish, on_sqlite
from tests.contract.engine.disk import Full
from tests.contract.engine.home import Home, named, until

URL = "https://polydex.example.com"
LIFE = 600_000.0
EVERY = 1800.0


@dataclass
class Post:
    """A home whose provider tells of changes, and a process that sees to it."""

    home: Home
    ctx: Context
    watches: Watches

    @property
    def channels(self) -> dict[str, Channel]:
        return self.home.world.channels.living

    @property
    def asked(self) -> list[str]:
        """What the provider was asked about channels."""
        return [verb for verb, _ in self.home.world.calls if verb in ("watch", "unwatch")]

    async def due(self) -> int:
        """Do what is due, to the end."""
        begun = await self.watches.run_due()
        await self.watches.wait_idle()
        return begun

    async def later(self, seconds: float) -> int:
        self.home.clock.advance(seconds)
        return await self.due()

    async def row(self) -> Watched:
        found = await self.home.db.read(watches.get, (await self.home.source()).id)
        assert found is not None
        return found

    async def due_in(self) -> float:
        """Seconds until something is to be done."""
        row = await self.row()
        assert row.due_at is not None
        return (row.due_at - self.home.clock()) / 1000

    async def shown(self) -> Push | None:
        found = await self.home.db.read(status.read, self.home.account.id, self.home.clock())
        return found.sources[0].push

    async def next_pull(self) -> float:
        """Seconds until the address book is pulled."""
        source = await self.home.source()
        assert source.due_at is not None
        return (source.due_at - self.home.clock()) / 1000

    def other(self, owner: str = "process-2", *, random: Callable[[], float] | None = None, **settings: Any) -> Post:
        """Another process, with ``settings`` of its own."""
        ctx = replace(self.ctx, owner=owner, settings=replace(self.ctx.settings, **settings))
        ctx = replace(ctx, random=random or ctx.random)
        return Post(self.home, ctx, Watches(ctx))


Open = Callable[..., Any]


@pytest.fixture
def open_post(make_home: Furnish) -> Open:
    async def open_one(url: str = URL, **habits: Any) -> Post:
        home = await make_home(**{"push": True, "channel_life": LIFE, **habits})
        home = home.sibling("process-1", public_url=url, watched_poll_interval=EVERY)
        await home.pull()
        return Post(home, home.ctx, Watches(home.ctx))

    return open_one


@pytest.fixture
async def post(open_post: Open) -> Post:
    opened: Post = await open_post()
    return opened


async def alive(post: Post) -> str:
    """The id of the only channel, that lives here and there."""
    [name] = post.channels
    row = await post.row()
    assert row.channel == name
    assert row.lives(URL, post.home.clock())
    assert await post.shown() == Push(active=True, until=post.channels[name].expires_at)
    return name


async def test_a_channel_is_made(post: Post) -> None:
    assert await post.due() == 1
    channel = post.channels[await alive(post)]
    assert channel.url == f"{URL}/push/memory"
    assert len(channel.secret) <= 128
    source = (await post.home.source()).id
    assert push.source_of(push.secret_key(post.ctx.keys), "memory", channel.secret) == source
    assert await post.later(1) == 0


async def test_with_a_new_channel_comes_a_pull(post: Post) -> None:
    """What has changed between the last pull and the channel, nobody tells of."""
    assert await post.next_pull() > 0
    await post.due()
    assert await post.next_pull() <= 0


@on_sqlite
async def test_a_new_channel_breaks_no_back_off(post: Post) -> None:
    for _ in range(5):
        post.home.world.faults.append(("list", Fault.FAILED))
        await post.home.later(await post.next_pull())
    before = await post.next_pull()
    assert before == 2.0**5
    await post.due()
    await alive(post)
    assert await post.next_pull() == before


async def test_a_channel_is_renewed_at_half_its_life(post: Post) -> None:
    await post.due()
    name = await alive(post)
    await post.home.pull()
    before = await post.home.source()
    assert await post.later(LIFE / 2 - 2) == 0
    assert await post.later(1) == 1
    assert await alive(post) == name
    assert post.channels[name].expires_at == post.home.clock() + LIFE * 1000
    assert await post.home.source() == before  # nothing was missed, so nothing is pulled
    assert post.home.world.channels.made == 1


@on_sqlite
async def test_renewals_do_not_all_come_at_one_moment(post: Post) -> None:
    late = post.other(random=lambda: 0.999)
    await late.due()
    assert LIFE * 0.45 <= await late.due_in() < LIFE * 0.46


async def test_a_channel_that_the_provider_has_ended_is_made_anew(post: Post) -> None:
    await post.due()
    first = await alive(post)
    await post.home.pull()
    post.home.world.channels.end()
    await post.later(LIFE / 2)
    assert await alive(post) != first
    assert await post.next_pull() <= 0


@on_sqlite
async def test_after_a_long_stop_a_channel_that_ran_out_is_made_anew(post: Post) -> None:
    await post.due()
    first = await alive(post)
    post.home.clock.advance(LIFE * 3)
    assert not (await post.row()).lives(URL, post.home.clock())
    restarted = post.other("process-1")
    await restarted.due()
    assert await alive(restarted) != first


@on_sqlite
async def test_a_channel_of_a_provider_whose_life_is_nothing_is_not_asked_for_all_the_time(open_post: Open) -> None:
    post: Post = await open_post(channel_life=0.0)
    await post.due()
    assert await post.due_in() == GAP


@on_sqlite
async def test_a_channel_that_lives_for_ever_is_looked_at_now_and_then(open_post: Open) -> None:
    post = await open_post(channel_life=8000 * 366 * 86_400.0)
    await post.due()
    assert await post.due_in() == LATEST


@on_sqlite
async def test_failures_back_off(post: Post) -> None:
    pauses = []
    for _ in range(12):
        post.home.world.faults.append(("watch", Fault.FAILED))
        await post.due()
        pauses.append(await post.due_in())
        post.home.clock.advance(pauses[-1])
    assert pauses == [min(GAP * 2**turn, LONGEST) for turn in range(12)]
    assert await post.shown() == Push(active=False, code="provider.unavailable", message=ProviderUnavailable().message)
    await post.due()
    await alive(post)
    assert (await post.row()).fails == 0


@on_sqlite
async def test_back_offs_are_spread(post: Post) -> None:
    post.home.world.faults.append(("watch", Fault.FAILED))
    post.home.world.faults.append(("watch", Fault.FAILED))
    other = post.other(random=lambda: 0.5)
    await other.due()
    await other.later(await other.due_in())
    assert await other.due_in() == 2 * GAP * 0.875


@on_sqlite
async def test_an_address_that_is_refused_is_tried_rarely_and_told_of(post: Post) -> None:
    post.home.world.channels.refuses = True
    pauses = []
    for _ in range(15):
        await post.due()
        pauses.append(await post.due_in())
        post.home.clock.advance(pauses[-1])
    assert pauses == [min(GAP * 2**turn, RARELY) for turn in range(15)]
    shown = await post.shown()
    assert shown is not None
    assert (shown.active, shown.code) == (False, "provider.rejected")
    assert shown.message == "The provider does not reach the address"
    post.home.world.channels.refuses = False
    await post.due()
    await alive(post)


@on_sqlite
async def test_a_refusal_at_the_start_is_soon_tried_again(post: Post) -> None:
    """The server, or the proxy in front of it, is not up yet."""
    post.home.world.channels.refuses = True
    await post.due()
    post.home.world.channels.refuses = False
    await post.later(GAP)
    await alive(post)


@on_sqlite
async def test_a_renewal_that_fails_is_tried_again_while_the_channel_lives(open_post: Open) -> None:
    post: Post = await open_post(channel_life=1800.0)
    await post.due()
    name = await alive(post)
    for _ in range(30):
        await post.home.pull()
        post.home.world.faults.append(("watch", Fault.FAILED))
        await post.later(await post.due_in())
        left = (post.channels[name].expires_at - post.home.clock()) / 1000
        assert await post.due_in() <= max(left / 2, GAP)
        if left < 4 * GAP:
            break
    assert name in post.channels
    post.home.world.faults.clear()
    await post.later(await post.due_in())
    assert await alive(post) == name


async def test_a_channel_whose_answer_was_lost_is_followed_by_another(post: Post) -> None:
    """The first stays until it ends by itself, and tells of the same changes."""
    post.home.world.faults.append(("watch", Fault.LOST))
    await post.due()
    assert len(post.channels) == 1
    assert (await post.row()).channel is None
    await post.later(GAP)
    assert len(post.channels) == 2
    row = await post.row()
    assert row.lives(URL, post.home.clock())
    post.home.clock.advance(LIFE / 2)
    await post.due()
    post.home.clock.advance(LIFE / 2)
    assert set(post.channels) == {row.channel}


@pytest.mark.parametrize("point", ["ask", "answer"])
async def test_a_killed_process_is_inherited(post: Post, point: str) -> None:
    gates = post.home.world.gates
    gates.hold("watch", point)
    await post.watches.run_due()
    await gates.reached("watch", point)
    gates.open()
    await kill(post)
    other = post.other()
    assert await other.due() == 0  # it may still be at work
    assert await other.later(LEASE) == 1
    assert (await post.row()).channel in post.channels
    assert len(post.channels) == (2 if point == "answer" else 1)


@on_sqlite
async def test_a_process_of_this_machine_that_is_gone_is_inherited_at_once(post: Post) -> None:
    gone = owners.new().replace(owners.new().split("-")[-2], "999999999")
    dead = post.other(gone)
    post.home.world.gates.hold("watch", "ask")
    await dead.watches.run_due()
    await post.home.world.gates.reached("watch", "ask")
    post.home.world.gates.open()
    await kill(dead)
    started = post.other(owners.new())
    assert await started.due() == 1
    await alive(started)


async def kill(post: Post) -> None:
    """Nothing of the process happens any more, and its leases stay."""
    running = [task for task in asyncio.all_tasks() if task.get_name().startswith("watch ")]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_two_processes_make_one_channel(post: Post) -> None:
    other = post.other()
    await post.watches.run_due()
    await other.watches.run_due()
    await asyncio.gather(post.watches.wait_idle(), other.watches.wait_idle())
    await alive(post)
    assert post.asked == ["watch"]


async def test_who_was_too_slow_stores_nothing_and_leaves_no_channel(post: Post) -> None:
    gates = post.home.world.gates
    gates.hold("watch", "answer")
    await post.watches.run_due()
    held = await gates.reached("watch", "answer")
    [slow] = post.channels
    post.home.clock.advance(LEASE)
    other = post.other()
    await other.watches.run_due()
    await until(lambda: len(gates.waiting) == 2)
    gates.release(held)
    await post.watches.wait_idle()
    assert (await post.row()).channel is None
    gates.open()
    await other.watches.wait_idle()
    assert await alive(other) != slow


async def test_who_was_too_slow_does_not_end_the_channel_that_another_has_renewed(post: Post) -> None:
    await post.due()
    name = await alive(post)
    gates = post.home.world.gates
    gates.hold("watch", "answer")
    post.home.clock.advance(LIFE / 2)
    assert await post.watches.run_due() == 1
    held = await gates.reached("watch", "answer")
    post.home.clock.advance(LEASE)
    other = post.other()
    await other.watches.run_due()
    await until(lambda: len(gates.waiting) == 2)
    gates.release(held)
    await post.watches.wait_idle()
    gates.open()
    await other.watches.wait_idle()
    assert await alive(other) == name
    assert "unwatch" not in post.asked


async def test_a_process_that_ends_lets_go(post: Post) -> None:
    gates = post.home.world.gates
    gates.hold("watch", "ask")
    await post.watches.run_due()
    await gates.reached("watch", "ask")
    await post.watches.stop(0.0)
    gates.open()
    other = post.other()
    assert await other.due() == 1
    await alive(other)


@on_sqlite
async def test_a_process_whose_clock_is_wrong_harms_for_a_while_only(post: Post) -> None:
    wrong = replace(post.ctx, owner="ahead", clock=lambda: post.home.clock() + round(LIFE * 2000))
    await Post(post.home, wrong, Watches(wrong)).due()
    await alive(post)
    assert await post.later(LIFE) == 0  # it is due in the others' future
    await post.home.pull()
    assert await post.next_pull() == post.ctx.settings.poll_interval
    assert await post.later(LIFE + GAP) == 1
    await alive(post)


@on_sqlite
async def test_a_channel_that_could_not_be_stored_is_stored_later(post: Post) -> None:
    disk = Full(post.home.db)
    ctx = replace(post.ctx, db=disk)
    full = Post(post.home, ctx, Watches(ctx))
    post.home.world.gates.hold("watch", "answer")
    await full.watches.run_due()
    await post.home.world.gates.reached("watch", "answer")
    disk.full = True
    post.home.world.gates.open()
    await full.watches.wait_idle()
    with pytest.raises(StoreFailed):
        await full.due()
    assert (await post.row()).channel is None
    disk.full = False
    await full.due()
    await alive(post)
    assert post.asked == ["watch"]


async def test_other_credentials_make_a_new_attempt(post: Post) -> None:
    post.home.world.channels.refuses = True
    await post.due()
    post.home.world.channels.refuses = False
    await connect(post)
    assert await post.due() == 1
    await alive(post)


async def connect(post: Post) -> None:
    spec = AccountSpec(service_type="Memory", login="someone", password="secret")
    saved = await Accounts(post.ctx).upsert(post.home.account.app, spec)
    assert saved.account_id == post.home.account.id


@pytest.mark.parametrize("by", ["the version before", "a process without an address"])
async def test_what_a_process_of_before_has_connected_is_watched_within_a_poll(post: Post, by: str) -> None:
    await post.due()
    await post.watches.stop(0)
    post.home.world.channels.end()
    if by == "the version before":
        await post.home.db.write(lambda tx: tx.run("DELETE FROM watch"))
    else:
        await post.other(public_url="").due()
        assert (await post.row()).url == ""
    assert await post.later(0) == 0
    assert await post.later(post.ctx.settings.poll_interval) == 1
    await alive(post)


async def test_an_account_that_is_connected_is_watched(post: Post) -> None:
    post.home.world.subject = "memory:2"
    spec = AccountSpec(service_type="Memory", login="other", password="secret")
    await Accounts(post.ctx).upsert(post.home.account.app, spec)
    assert await post.due() == 2
    assert len(post.channels) == 2
    assert len({channel.secret for channel in post.channels.values()}) == 2


async def test_another_address_takes_another_channel(post: Post) -> None:
    await post.due()
    first = await alive(post)
    await post.home.pull()
    moved = post.other(public_url="https://moved.example.com")
    assert not (await moved.row()).lives("https://moved.example.com", post.home.clock())
    await moved.due()
    [(name, channel)] = post.channels.items()
    assert name != first
    assert channel.url == "https://moved.example.com/push/memory"
    assert await post.next_pull() <= 0


@on_sqlite
async def test_a_change_of_the_address_that_was_cut_off_goes_on(post: Post) -> None:
    await post.due()
    moved = post.other(public_url="https://moved.example.com")
    post.home.world.faults.append(("watch", Fault.FAILED))
    await moved.due()
    assert post.channels == {}
    row = await moved.row()
    assert (row.channel is not None, row.url) == (True, URL)  # so that it is ended once more, and then made
    await moved.later(GAP)
    assert [channel.url for channel in post.channels.values()] == ["https://moved.example.com/push/memory"]


@on_sqlite
@pytest.mark.parametrize("url", ["https://moved.example.com", ""])
async def test_a_channel_that_we_may_not_end_any_more_is_left_to_its_end(post: Post, url: str) -> None:
    """As one of a registration that was replaced: it would keep another from being made for as long as it lives."""
    await post.due()
    moved = post.other(public_url=url)
    post.home.world.faults.append(("unwatch", Fault.DENIED))
    await moved.due()
    assert [channel.url for channel in post.channels.values()] == [f"{at}/push/memory" for at in (URL, url) if at]
    shown = await moved.shown()
    assert shown is not None
    assert shown.active == bool(url)
    assert (await moved.row()).url == url


async def test_without_an_address_channels_are_ended(post: Post) -> None:
    await post.due()
    await alive(post)
    await post.home.pull()
    off = post.other(public_url="")
    post.home.world.faults.append(("unwatch", Fault.FAILED))
    await off.due()
    assert len(post.channels) == 1
    assert await post.next_pull() <= 0
    await off.later(GAP)
    assert post.channels == {}
    assert await off.shown() == Push(active=False, code="push.off", message="POLYDEX_PUBLIC_URL is not set")
    assert (await off.row()).due_at is None
    on = post.other()
    await on.due()
    await alive(on)


@on_sqlite
async def test_without_an_address_nobody_is_asked(open_post: Open) -> None:
    post: Post = await open_post(url="")
    await connect(post)
    await post.due()
    assert post.asked == []
    assert await post.due() == 0
    assert await post.shown() == Push(active=False, code="push.off", message="POLYDEX_PUBLIC_URL is not set")


@on_sqlite
async def test_an_address_book_that_cannot_be_watched_is_left_alone(open_post: Open) -> None:
    post: Post = await open_post(push=False)
    await post.due()
    assert post.asked == []
    assert await post.other("restarted").due() == 0
    shown = await post.shown()
    assert shown is not None
    assert (shown.active, shown.code) == (False, "push.off")


async def test_a_deleted_account_is_watched_no_longer(post: Post) -> None:
    await post.due()
    await Accounts(post.ctx).delete(post.home.account.id)
    assert post.channels == {}
    assert await post.later(LIFE) == 0


@on_sqlite
async def test_an_account_whose_provider_is_away_is_deleted_as_well(post: Post) -> None:
    await post.due()
    post.home.world.faults.append(("unwatch", Fault.FAILED))
    await Accounts(post.ctx).delete(post.home.account.id)
    assert await post.home.db.read(accounts.get, post.home.account.id) is None
    assert len(post.channels) == 1
    post.home.clock.advance(LIFE)
    assert post.channels == {}


async def test_a_deleted_token_ends_the_channel_and_other_credentials_make_another(post: Post) -> None:
    await post.due()
    await Accounts(post.ctx).delete_token(post.home.account.id)
    assert post.channels == {}
    assert not (await post.row()).lives(URL, post.home.clock())
    assert await post.later(LIFE) == 0
    shown = await post.shown()
    assert shown is not None
    assert (shown.active, shown.code) == (False, "push.off")
    await connect(post)
    assert await post.due() == 1
    await alive(post)


async def test_an_account_that_is_dead_asks_for_nothing(post: Post) -> None:
    await post.due()
    before = post.asked
    dead = (post.home.account.id, accounts.DEAD, "The access was revoked", post.home.clock())
    await post.home.db.write(accounts.set_status, *dead)
    assert post.channels  # of which the provider knows nothing bad
    assert await post.shown() == Push(active=False, code="push.off", message="The account's access has ended")
    assert await post.later(LIFE / 2) == 1
    assert post.asked == before
    assert await post.later(LIFE) == 0
    assert await post.shown() == Push(active=False, code="push.off", message="The account's access has ended")
    await connect(post)
    await post.due()
    await alive(post)


async def test_a_restored_database_looks_at_its_channels(post: Post) -> None:
    """What it knows may have been ended and made anew since the backup."""
    await post.due()
    first = await alive(post)
    post.home.world.channels.end()
    await post.home.db.write(epochs.reroll, post.ctx.random_bytes)
    assert await post.due() == 1
    assert await alive(post) != first


# --- polls -------------------------------------------------------------------------------------------------------


async def test_a_watched_address_book_is_polled_rarely(post: Post) -> None:
    assert await post.next_pull() == post.ctx.settings.poll_interval - 0
    await post.due()
    await post.home.pull()
    assert await post.next_pull() == EVERY
    post.home.world.channels.end()
    row = await post.row()
    await post.home.db.write(watches.wake, row.source, post.home.clock(), 0, ended=True)
    await post.home.pull()
    assert await post.next_pull() == post.ctx.settings.poll_interval


@on_sqlite
async def test_no_poll_is_put_off_beyond_the_end_of_the_channel(open_post: Open) -> None:
    post: Post = await open_post(channel_life=1000.0)
    await post.due()
    await post.home.pull()
    assert await post.next_pull() == 999.0  # a second has passed


@on_sqlite
async def test_polls_are_never_rarer_than_without_a_channel(open_post: Open) -> None:
    post: Post = await open_post()
    await post.due()
    often = post.home.sibling("often", watched_poll_interval=10.0)
    await often.pull()
    assert await post.next_pull() == post.ctx.settings.poll_interval


@on_sqlite
async def test_polls_are_spread(post: Post) -> None:
    home = post.home.sibling("spread")
    home.ctx = replace(home.ctx, random=lambda: 0.5)
    home.pulls._ctx = home.ctx
    await home.pull()
    assert await post.next_pull() == post.ctx.settings.poll_interval * 0.95


@on_sqlite
async def test_a_change_comes_with_the_poll_when_nobody_tells_of_it(post: Post) -> None:
    await post.due()
    await post.home.pull()
    post.home.world.put(named("Ada"))
    await post.home.later(EVERY)
    assert list(await post.home.records()) == ["Ada"]


@on_sqlite
async def test_whoever_waits_for_nothing_writes_nothing(post: Post) -> None:
    """A look for due watches, twice in a second, takes no turn from those who write."""
    await post.due()
    disk = Full(post.home.db)
    ctx = replace(post.ctx, db=disk)
    idle = Watches(ctx)
    await idle.run_due()
    disk.full = True
    assert await idle.run_due() == 0


async def test_what_asks_for_an_attempt_while_one_runs_gets_another(post: Post) -> None:
    """That one was made with the credentials of before."""
    post.home.world.gates.hold("watch", "ask")
    await post.watches.run_due()
    await post.home.world.gates.reached("watch", "ask")
    await connect(post)
    post.home.world.gates.open()
    await post.watches.wait_idle()
    assert await post.due_in() == GAP
    await post.later(GAP)
    await alive(post)
    assert post.asked == ["watch", "watch"]
