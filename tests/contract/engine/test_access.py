"""Access tokens: in time, one refresh for all who wait, in all processes, and nothing that was granted is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

import pytest

from polydex.connectors.tokens import Grant
from polydex.core.errors import (
    GenerationChanged,
    ProviderError,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    StoreFailed,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.engine import successors
from polydex.engine.access import Refreshes
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.trials import LEASE
from polydex.store import accounts
from polydex.store.db import Database, Tx
from polydex.testing.clock import FakeClock
from tests.contract.engine.disk import Full
from tests.contract.engine.home import named, until
from tests.contract.engine.issuer import FIRST, LIFE, Issuer, TokenHome, furnish_with_tokens

P = ParamSpec("P")
T = TypeVar("T")
MakeTokens = Callable[..., Awaitable[TokenHome]]


@pytest.fixture
async def make(database: Database, clock: FakeClock) -> MakeTokens:
    async def home(grant: Grant) -> TokenHome:
        return await furnish_with_tokens(database, clock, grant)

    return home


@pytest.fixture
async def home(make: MakeTokens, clock: FakeClock) -> TokenHome:
    """The access token ends in an hour."""
    made = await make(Grant("access-0", "refresh-0", clock() + LIFE * 1000))
    made.issuer.ends["access-0"] = clock() + LIFE * 1000
    return made


async def test_a_token_is_used_until_shortly_before_its_end(home: TokenHome) -> None:
    assert await home.tokens.current() == "access-0"
    home.clock.advance(LIFE - 301)
    assert await home.tokens.current() == "access-0"
    home.clock.advance(1)
    assert await home.tokens.current() == "access-1"
    assert await home.tokens.current() == "access-1"
    assert home.issuer.asked == ["refresh-0"]
    kept = await home.grant()
    assert (kept.access_token, kept.refresh_token, kept.expires_at) == (
        "access-1", "refresh-0", home.clock() + LIFE * 1000
    )  # fmt: skip


async def test_a_token_that_lives_briefly_is_not_renewed_by_every_call(home: TokenHome) -> None:
    home.issuer.life = 60
    home.clock.advance(LIFE)
    assert await home.tokens.current() == "access-1"
    home.clock.advance(29)
    assert await home.tokens.current() == "access-1"
    home.clock.advance(2)
    assert await home.tokens.current() == "access-2"


async def test_an_account_without_an_access_token_gets_one_at_once(make: MakeTokens) -> None:
    home = await make(Grant("", "refresh-0"))
    assert await home.tokens.current() == "access-1"


async def test_fifty_who_wait_cause_one_refresh(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "ask")
    waiting = [asyncio.create_task(home.tokens.current()) for _ in range(50)]
    await home.issuer.gates.reached("refresh", "ask")
    home.issuer.gates.open()
    assert await asyncio.gather(*waiting) == ["access-1"] * 50
    assert home.issuer.asked == ["refresh-0"]


async def test_two_processes_cause_one_refresh(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    other = home.sibling()
    home.issuer.gates.hold("refresh", "ask")
    waiting = [asyncio.create_task(each.tokens.current()) for each in (home, other) for _ in range(5)]
    await home.issuer.gates.reached("refresh", "ask")
    for _ in range(20):  # the other one looks, and finds the lease taken
        await asyncio.sleep(0.005)
    assert len(home.issuer.gates.waiting) == 1
    home.issuer.gates.open()
    assert await asyncio.gather(*waiting) == ["access-1"] * 10
    assert home.issuer.asked == ["refresh-0"]


async def test_a_process_that_died_while_it_refreshed_holds_up_the_others_for_its_lease_alone(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    now = home.clock()
    assert await home.db.write(accounts.take_refresh, home.account.id, "dead", now, now + int(LEASE * 1000))
    waiting = asyncio.create_task(home.tokens.current())
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not waiting.done()
    assert home.issuer.asked == []
    home.clock.advance(LEASE)
    assert await waiting == "access-1"


async def test_every_rotated_token_is_stored(home: TokenHome) -> None:
    home.issuer.rotates = True
    for number in range(1, 4):
        home.clock.advance(LIFE)
        assert await home.tokens.current() == f"access-{number}"
        assert (await home.grant()).refresh_token == f"refresh-{number}"
    assert home.issuer.asked == ["refresh-0", "refresh-1", "refresh-2"]


async def test_a_rotated_token_is_stored_although_nobody_waits_for_it_any_more(home: TokenHome) -> None:
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    home.issuer.gates.open()
    await home.ctx.refreshes.drain(home.ctx, 5)
    assert (await home.grant()).refresh_token == "refresh-1"
    assert await home.tokens.current() == "access-1"


async def test_the_lease_of_a_process_whose_clock_was_wrong_holds_nobody_up(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    ahead = home.clock() + 86_400_000
    assert await home.db.write(accounts.take_refresh, home.account.id, "dead", ahead, ahead + int(LEASE * 1000))
    async with asyncio.timeout(5):
        assert await home.tokens.current() == "access-1"


class Busy(Full):
    """A database whose writer has others to serve first, for longer than a refresh may take."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        super().__init__(db)
        self._clock, self.busy = clock, True

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.busy:
            self._clock.advance(LEASE + 1)
        return await super().write(fn, *args, **kwargs)


async def test_who_waited_for_the_database_has_the_whole_lease(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    busy, other = Busy(home.db, home.clock), home.sibling()
    home.issuer.gates.hold("refresh", "ask")
    waiting = [asyncio.create_task(replace(home, ctx=replace(home.ctx, db=busy)).tokens.current())]
    await home.issuer.gates.reached("refresh", "ask")
    busy.busy = False
    waiting.append(asyncio.create_task(other.tokens.current()))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert len(home.issuer.gates.waiting) == 1
    home.issuer.gates.open()
    assert await asyncio.gather(*waiting) == ["access-1"] * 2
    assert home.issuer.asked == ["refresh-0"]


async def test_a_rotated_token_that_could_not_be_stored_is_stored_later(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    assert await waiting == "access-1"  # which is good, whatever is stored
    assert (await home.grant()).refresh_token == "refresh-0"
    with pytest.raises(StoreFailed):
        await home.tokens.current()
    disk.full = False
    assert await home.tokens.current() == "access-1"
    assert (await home.grant()).refresh_token == "refresh-1"
    assert home.issuer.asked == ["refresh-0"]


async def test_what_could_not_be_stored_is_stored_at_the_end_of_the_process(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    await waiting
    disk.full = False
    await home.ctx.refreshes.drain(home.ctx, 5)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_what_could_not_be_stored_is_stored_although_nobody_asks_again(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk, refreshes=Refreshes(again=0.01)))
    home.issuer.rotates = True
    await unstored(home, disk)
    await asyncio.sleep(0.05)
    assert (await home.grant()).refresh_token == "refresh-0"
    disk.full = False
    async with asyncio.timeout(5):
        while (await home.grant()).refresh_token != "refresh-1":  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)


async def unstored(home: TokenHome, disk: Full) -> None:
    """A refresh whose answer cannot be stored."""
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    assert await waiting == "access-1"


class Stuck(Full):
    """A database that does not answer for a while, and then fails."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.stuck = False
        self.asked = asyncio.Event()

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.stuck:
            self.asked.set()
            await asyncio.sleep(60)
        return await super().write(fn, *args, **kwargs)


async def test_the_end_of_the_process_does_not_lose_what_is_being_stored(home: TokenHome) -> None:
    disk = Stuck(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk, refreshes=Refreshes(again=0.01)))
    home.issuer.rotates = True
    await unstored(home, disk)
    disk.stuck = True
    await asyncio.wait_for(disk.asked.wait(), 5)
    disk.stuck = disk.full = False
    await home.ctx.refreshes.drain(home.ctx, 5)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_an_account_that_died_of_the_old_token_is_raised_by_whoever_holds_the_new_one(home: TokenHome) -> None:
    disk, other = Full(home.db), home.sibling()
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    await home.pull()
    await home.db.write(lambda tx: tx.run("INSERT INTO watch (source_id) SELECT id FROM source"))
    await unstored(home, disk)
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):  # the other process cannot know better
        await other.tokens.current()
    with pytest.raises(TokenDead):
        await other.pull()
    assert (await home.status())[0] == "dead"
    disk.full = False
    assert await home.tokens.current() == "access-1"
    assert await home.status() == ("active", None)
    assert (await home.grant()).refresh_token == "refresh-1"
    assert await other.tokens.current() == "access-1"
    due = await home.db.read(lambda tx: tx.one("SELECT source.due_at, watch.due_at FROM source, watch"))
    assert due == (home.clock(), home.clock())


async def test_an_answer_without_another_refresh_token_does_not_raise_the_dead(home: TokenHome) -> None:
    disk, other = Full(home.db), home.sibling()
    home = replace(home, ctx=replace(home.ctx, db=disk))
    await unstored(home, disk)
    home.issuer.good.clear()
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):
        await other.tokens.current()
    disk.full = False
    with pytest.raises(TokenDead):
        await home.tokens.current()
    assert (await home.status())[0] == "dead"


async def test_a_refresh_token_that_was_given_just_now_is_doubted_before_it_is_dead(home: TokenHome) -> None:
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    assert await home.tokens.current() == "access-1"
    known, home.issuer.good = home.issuer.good, set()
    with pytest.raises(ProviderUnavailable) as caught:
        await home.tokens.renewed("access-1")
    assert caught.value.retry_after == LEASE
    assert await home.status() == ("active", None)
    home.issuer.good = known  # it was known elsewhere only
    assert await home.tokens.renewed("access-1") == "access-3"
    home.issuer.good = set()
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):
        await home.tokens.renewed("access-3")
    assert (await home.status())[0] == "dead"


async def test_what_a_clock_that_was_wrong_has_brought_is_not_doubted_for_ever(home: TokenHome) -> None:
    home.issuer.rotates = True
    ahead = home.sibling("ahead")
    ahead = replace(ahead, ctx=replace(ahead.ctx, clock=lambda: home.clock() + 365 * 86_400_000))
    await ahead.tokens.renewed("access-0")
    home.issuer.good = set()
    with pytest.raises(TokenDead):
        await home.tokens.renewed("access-1")
    assert (await home.status())[0] == "dead"


async def test_a_refused_refresh_token_ends_the_account(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    home.issuer.good.clear()
    with pytest.raises(TokenDead, match="not accepted any more"):
        await home.tokens.current()
    assert await home.status() == ("dead", "It is not accepted any more")
    with pytest.raises(TokenDead):
        await home.tokens.current()
    with pytest.raises(TokenDead):
        await home.tokens.renewed("access-0")
    assert home.issuer.asked == ["refresh-0"]  # no call is made any more
    # Connected again, it lives.
    home.issuer.good.add("refresh-new")
    await home.give(Grant("", "refresh-new"))
    assert await home.tokens.current() == "access-2"
    assert await home.status() == ("active", None)


async def test_credentials_that_were_renewed_meanwhile_do_not_die_with_the_old_ones(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    home.issuer.good = {"refresh-new"}
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    await home.give(Grant("", "refresh-new"))
    home.issuer.gates.open()
    assert await waiting == "access-2"
    assert home.issuer.asked == ["refresh-0", "refresh-new"]
    assert await home.status() == ("active", None)


async def test_a_late_answer_does_not_replace_credentials_that_were_renewed_meanwhile(home: TokenHome) -> None:
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    await home.give(Grant("access-new", "refresh-new"))
    home.issuer.gates.open()
    assert await waiting == "access-new"
    assert await home.grant() == Grant("access-new", "refresh-new")


async def test_an_answer_for_an_account_that_was_deleted_is_dropped(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    await Accounts(home.ctx).delete(home.account.id)
    home.issuer.gates.open()
    with pytest.raises(GenerationChanged):
        await waiting
    left = await home.db.read(lambda tx: tx.one("SELECT secret, refresh_owner, refresh_until FROM account"))
    assert left == (None, None, 0)


@pytest.mark.parametrize("error", [TokenRefreshFailed("wrong client"), ProviderUnavailable(), ProviderTimeout()])
async def test_a_failure_that_says_nothing_about_the_token_changes_nothing(
    home: TokenHome, error: ProviderError
) -> None:
    home.clock.advance(LIFE)
    before = await home.grant()
    home.issuer.fails.append(error)
    with pytest.raises(type(error)):
        await home.tokens.current()
    assert await home.grant() == before
    assert await home.status() == ("active", None)
    assert await home.tokens.current() == "access-2"  # at once: nobody holds the lease


@pytest.mark.parametrize("error", [TokenRefreshFailed("wrong client"), ProviderUnavailable(), ProviderTimeout()])
async def test_a_failure_costs_nothing_while_the_token_is_still_good(home: TokenHome, error: ProviderError) -> None:
    home.clock.advance(LIFE - 60)
    home.issuer.fails += [error, error]
    assert await home.tokens.current() == "access-0"
    with pytest.raises(type(error)):  # there it is not
        await home.tokens.renewed("access-0")
    home.issuer.fails += [error]
    home.clock.advance(60)
    with pytest.raises(type(error)):
        await home.tokens.current()


async def test_a_refused_access_token_is_renewed_once_for_all(home: TokenHome) -> None:
    waiting = [
        asyncio.create_task(each.tokens.renewed("access-0")) for each in (home, home.sibling()) for _ in range(5)
    ]
    assert await asyncio.gather(*waiting) == ["access-1"] * 10
    assert home.issuer.asked == ["refresh-0"]
    assert await home.tokens.renewed("access-0") == "access-1"  # what others have got meanwhile
    assert await home.tokens.renewed("access-1") == "access-2"


async def test_whoever_joins_a_refresh_that_brings_what_was_refused_asks_again(home: TokenHome) -> None:
    """One wants any token that is good for a while, the other knows that this very one is not."""
    home.clock.advance(LIFE)
    other = home.sibling()
    home.issuer.gates.hold("refresh", "answer")
    first = asyncio.create_task(other.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    any_token = asyncio.create_task(home.tokens.current())
    await until(lambda: len(home.ctx.refreshes._running) == 1)  # begun by who wants any
    refused = asyncio.create_task(home.tokens.renewed("access-1"))
    await asyncio.sleep(0)
    home.issuer.gates.open()
    assert list(await asyncio.gather(first, any_token, refused)) == ["access-1", "access-1", "access-2"]


async def test_without_a_refresh_token_the_access_token_is_used_until_it_is_refused(make: MakeTokens) -> None:
    home = await make(Grant("access-0", None, expires_at=1))
    home.world.put(named("ada"))
    await home.pull()
    assert list(await home.records()) == ["ada"]
    home.issuer.refused.add("access-0")
    home.clock.advance(1)
    with pytest.raises(ProviderUnauthorized, match="no refresh token"):
        await home.pull()
    assert (await home.status())[0] == "invalid"
    home.issuer.refused.clear()
    await home.pull()  # still tried
    assert await home.status() == ("active", None)
    assert home.issuer.asked == []


async def test_fresh_tokens_that_are_refused_make_the_account_invalid(home: TokenHome) -> None:
    """Each pull refreshes, and so changes what is stored: the credentials are the same all the same."""
    home.issuer.refused = {f"access-{number}" for number in range(5)}
    with pytest.raises(ProviderUnauthorized):
        await home.pull()
    assert (await home.status())[0] == "invalid"
    assert home.issuer.asked == ["refresh-0"]
    home.issuer.refused.clear()
    await home.pull()
    assert await home.status() == ("active", None)


async def test_a_pull_of_a_dead_account_makes_no_call(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    home.issuer.good.clear()
    with pytest.raises(TokenDead):
        await home.pull()
    assert (await home.status())[0] == "dead"
    asked, calls = list(home.issuer.asked), list(home.world.calls)
    for _ in range(3):
        await home.later(7200)
    assert (home.issuer.asked, home.world.calls) == (asked, calls)


async def test_a_pull_that_ends_well_does_not_raise_the_dead(home: TokenHome) -> None:
    await home.db.write(accounts.set_status, home.account.id, "invalid", "refused", home.clock())
    home.world.gates.hold("list", "answer")
    home.clock.advance(1)
    pull = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock(), 10))
    await home.world.gates.reached("list", "answer")
    home.issuer.good.clear()
    with pytest.raises(TokenDead):
        await home.tokens.renewed("access-0")
    home.world.gates.open()
    await pull
    assert (await home.status())[0] == "dead"


async def test_what_an_answer_does_not_say_stays_as_it_was(make: MakeTokens, clock: FakeClock) -> None:
    home = await make(Grant("", "refresh-0", None, clock() + 600_000, frozenset({"contacts", "openid"})))
    await home.tokens.current()
    kept = await home.grant()
    assert kept.refresh_expires_at == clock() + 600_000
    assert kept.scopes == frozenset({"contacts"})
    home.issuer.rotates = True  # another refresh token has a life of its own
    await home.tokens.renewed("access-1")
    assert (await home.grant()).refresh_expires_at is None


# --- what the application itself was granted ------------------------------------------------------------------------

TENANT = "11111111-2222-3333-4444-555555555555"


async def test_a_grant_of_the_application_itself_is_renewed_without_a_refresh_token(make: MakeTokens) -> None:
    home = await make(Grant("", application=TENANT))
    home.issuer.good = {f"of {TENANT}"}
    home.issuer.rotates = True
    assert await home.tokens.current() == "access-1"
    home.clock.advance(LIFE - 300)
    assert await home.tokens.current() == "access-2"
    assert await home.tokens.renewed("access-2") == "access-3"
    kept = await home.grant()
    assert (kept.application, kept.refresh_token, kept.access_token) == (TENANT, None, "access-3")
    assert home.issuer.asked == [f"of {TENANT}"] * 3


async def test_who_is_meant_is_told_only_where_the_application_itself_has_access(make: MakeTokens) -> None:
    home = await make(Grant("", application=TENANT))
    assert home.ctx.credentials(home.account).login == "ada@example.com"
    await home.give(FIRST)
    account = await home.db.read(accounts.get, home.account.id)
    assert account is not None
    assert account.login == "ada@example.com"
    assert home.ctx.credentials(account).login == ""


async def test_a_late_answer_for_another_tenant_is_not_stored(make: MakeTokens) -> None:
    home = await make(Grant("", application="old"))
    home.issuer.good = {"of old", "of new"}
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    await home.give(Grant("", application="new"))
    home.issuer.gates.open()
    assert await waiting == "access-2"
    assert (await home.grant()).application == "new"


async def test_the_application_s_own_access_is_connected_and_not_ended_at_the_provider(home: TokenHome) -> None:
    service = Accounts(home.ctx)
    home.issuer.good = {f"of {TENANT}"}
    spec = replace(SPEC, login="bo@example.com", grant=Grant("", application=TENANT))
    saved = await service.upsert(home.account.app, spec)
    assert (await home.grant()).application == TENANT
    found = await home.db.read(accounts.get, home.account.id)
    assert found is not None
    assert (saved.account_id, found.login) == (home.account.id, "bo@example.com")
    await service.delete_token(home.account.id)
    assert home.issuer.revoked == []
    assert (await home.status())[0] == "dead"


# --- connecting ------------------------------------------------------------------------------------------------------

SPEC = AccountSpec(service_type="Tokens", grant=Grant("", "refresh-0"))


async def test_tokens_are_tried_before_they_are_stored(home: TokenHome) -> None:
    before = await home.grant()
    service = Accounts(home.ctx)
    with pytest.raises(TokenDead):
        await service.upsert(home.account.app, replace(SPEC, grant=Grant("access-0", "of another client")))
    assert await home.grant() == before
    assert await home.status() == ("active", None)
    with pytest.raises(ProviderUnauthorized):
        await service.upsert(home.account.app, replace(SPEC, grant=Grant("of nobody")))
    await service.check(home.account.app, SPEC)
    assert await home.grant() == before


async def test_a_refresh_token_that_is_ended_by_its_use_may_be_tried_before_it_is_connected(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    home.issuer.good = {"refresh-new"}
    spec = replace(SPEC, grant=Grant("", "refresh-new"))
    await service.check(home.account.app, spec)
    await service.check(home.account.app, spec)
    await Accounts(home.sibling().ctx).upsert(home.account.app, spec)
    assert home.issuer.asked == ["refresh-new"]
    assert await home.grant() == Grant(
        "access-1", "refresh-1", home.clock() + LIFE * 1000, None, frozenset({"contacts"})
    )
    assert await home.db.read(lambda tx: tx.all("SELECT * FROM successor")) == []


async def test_what_a_refresh_token_has_become_is_used_when_its_access_token_has_ended(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    await service.check(home.account.app, SPEC)
    home.clock.advance(LIFE)
    await service.check(home.account.app, SPEC)
    home.clock.advance(LIFE)
    await service.upsert(home.account.app, SPEC)
    assert home.issuer.asked == ["refresh-0", "refresh-1", "refresh-2"]
    assert (await home.grant()).refresh_token == "refresh-3"


async def test_a_login_that_fails_after_the_refresh_token_was_ended_can_be_tried_again(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    home.issuer.refused = {"access-1"}
    with pytest.raises(ProviderUnauthorized):
        await service.upsert(home.account.app, SPEC)
    home.issuer.refused.clear()
    await service.upsert(home.account.app, SPEC)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_who_gives_up_waiting_does_not_lose_the_tokens(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(service.check(home.account.app, SPEC))
    await home.issuer.gates.reached("refresh", "answer")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    home.issuer.gates.open()
    await home.ctx.refreshes.drain(home.ctx, 5)
    await service.upsert(home.account.app, SPEC)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_two_who_try_one_refresh_token_at_once_use_it_once(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    home.issuer.gates.hold("refresh", "ask")
    waiting = [asyncio.create_task(service.check(home.account.app, SPEC)) for _ in range(2)]
    await home.issuer.gates.reached("refresh", "ask")
    home.issuer.gates.open()
    await asyncio.gather(*waiting)
    assert home.issuer.asked == ["refresh-0"]


async def test_nothing_is_tried_that_could_not_be_stored(home: TokenHome) -> None:
    disk = Full(home.db)
    disk.full = True
    with pytest.raises(StoreFailed):
        await Accounts(replace(home.ctx, db=disk)).check(home.account.app, SPEC)
    assert home.issuer.asked == []


async def test_what_was_tried_is_stored_as_soon_as_it_can_be(home: TokenHome) -> None:
    disk = Full(home.db)
    ctx = replace(home.ctx, db=disk, refreshes=Refreshes(again=0.01))
    home.issuer.rotates = True
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(Accounts(ctx).check(home.account.app, SPEC))
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    await asyncio.sleep(0.02)
    disk.full = False
    await waiting
    await Accounts(home.ctx).upsert(home.account.app, SPEC)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_an_account_survives_that_its_refresh_token_was_tried_by_somebody(home: TokenHome) -> None:
    home.issuer.rotates = True
    await Accounts(home.sibling().ctx).check(
        home.account.app, SPEC
    )  # as a program does that has kept what it connected
    home.clock.advance(LIFE)
    assert await home.tokens.current() == "access-3"
    assert home.issuer.asked == ["refresh-0", "refresh-0", "refresh-1"]
    assert (await home.grant()).refresh_token == "refresh-3"
    assert await home.status() == ("active", None)


async def test_connecting_again_does_not_bring_back_tokens_that_were_used_meanwhile(home: TokenHome) -> None:
    home.issuer.rotates = True
    home.world.gates.hold("identify", "answer")
    waiting = asyncio.create_task(Accounts(home.ctx).upsert(home.account.app, SPEC))
    await home.world.gates.reached("identify", "answer")
    home.clock.advance(LIFE)
    assert await home.tokens.current() == "access-3"  # with what the account's refresh token has become
    home.world.gates.open()
    await waiting
    assert (await home.grant()).refresh_token == "refresh-3"
    assert await home.tokens.renewed("access-3") == "access-4"


async def test_tokens_that_another_application_has_connected_meanwhile_are_not_connected_twice(home: TokenHome) -> None:
    service, home.issuer.rotates = Accounts(home.ctx), True
    home.issuer.good = {"refresh-new"}
    spec = replace(SPEC, grant=Grant("", "refresh-new"))
    other = await service.create_app("other")
    home.world.gates.hold("identify", "answer")
    waiting = asyncio.create_task(service.upsert(other.id, spec))
    await home.world.gates.reached("identify", "answer")
    await home.db.write(taken, home, spec)
    home.world.gates.open()
    with pytest.raises(ProviderUnavailable, match="another request"):
        await waiting
    assert (await service.list(other.id, limit=10)).total == 0


def taken(tx: Tx, home: TokenHome, spec: AccountSpec) -> None:
    """Another request has connected the same tokens."""
    assert spec.grant is not None
    assert successors.take(tx, home.ctx.keys, spec.grant) is not None


async def test_connecting_again_replaces_the_tokens_of_the_same_user(home: TokenHome) -> None:
    home.issuer.good = {"refresh-new"}
    saved = await Accounts(home.ctx).upsert(home.account.app, replace(SPEC, grant=Grant("", "refresh-new")))
    assert (saved.account_id, saved.created) == (home.account.id, False)
    kept = await home.grant()
    assert (kept.access_token, kept.refresh_token) == ("access-1", "refresh-new")
    found = await home.db.read(accounts.get, home.account.id)
    assert found is not None
    assert (found.login, found.email) == ("ada@example.com", "ada@example.com")  # as the provider says


async def test_the_end_of_the_token_is_the_end_of_the_grant(home: TokenHome) -> None:
    service = Accounts(home.ctx)
    await service.delete_token(home.account.id)
    assert home.issuer.revoked == ["refresh-0"]
    assert (await home.status())[0] == "dead"
    with pytest.raises(TokenDead):
        await home.tokens.current()


async def test_the_end_here_does_not_depend_on_the_provider(make: MakeTokens) -> None:
    home = await make(Grant("access-0"))
    home.issuer.fails.append(ProviderUnavailable())
    await Accounts(home.ctx).delete_token(home.account.id)
    assert home.issuer.revoked == ["access-0"]
    assert (await home.status())[0] == "dead"


async def test_a_grant_that_another_application_lives_on_is_not_ended_at_the_provider(home: TokenHome) -> None:
    service = Accounts(home.ctx)
    other = await service.create_app("other")
    shared = await service.upsert(other.id, SPEC)
    assert shared.created
    await service.delete_token(home.account.id)
    assert home.issuer.revoked == []
    await service.delete_token(shared.account_id)
    assert home.issuer.revoked == ["refresh-0"]


async def test_a_grant_is_ended_although_a_dead_account_of_the_same_user_is_left(home: TokenHome) -> None:
    service = Accounts(home.ctx)
    other = await service.create_app("other")
    left = await service.upsert(other.id, SPEC)
    await home.db.write(accounts.set_status, left.account_id, "dead", "It ended", home.clock())
    await service.delete_token(home.account.id)
    assert home.issuer.revoked == ["refresh-0"]


async def test_a_ping_says_that_the_account_is_dead(home: TokenHome) -> None:
    home.issuer.good.clear()
    home.clock.advance(LIFE)
    assert (await Accounts(home.ctx).ping(home.account)).token_status == "dead"


async def test_no_secret_is_shown(home: TokenHome) -> None:
    told = f"{home.tokens!r} {await home.grant()!r} {SPEC!r} {home.ctx.credentials(home.account)!r}"
    assert "refresh-" not in told
    assert "access-" not in told
    row = await home.db.read(lambda tx: tx.one("SELECT * FROM account"))
    assert "refresh-0" not in repr(row)
    assert isinstance(home.issuer, Issuer)
