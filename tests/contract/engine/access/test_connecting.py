"""Connecting accounts by tokens, and their end: each refresh token is used once, and none is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from polydex.connectors.tokens import Grant
from polydex.core.errors import ProviderUnauthorized, ProviderUnavailable, StoreFailed, TokenDead
from polydex.engine import successors
from polydex.engine.access import Refreshes
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.store import accounts
from polydex.store.db import Tx
from tests.contract.engine.access.conftest import MakeTokens
from tests.contract.engine.disk import Full
from tests.contract.engine.issuer import LIFE, Issuer, TokenHome

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
