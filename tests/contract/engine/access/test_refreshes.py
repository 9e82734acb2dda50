"""Access tokens: in time, one refresh for all who wait, in all processes, and nothing that was granted is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from polydex.connectors.tokens import Grant
from polydex.core.errors import (
    GenerationChanged,
    ProviderError,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.engine.accounts import Accounts
from polydex.engine.trials import LEASE
from polydex.store import accounts
from polydex.testing.clock import FakeClock
from tests.contract.engine.access.conftest import MakeTokens
from tests.contract.engine.home import named, until
from tests.contract.engine.issuer import LIFE, TokenHome


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
