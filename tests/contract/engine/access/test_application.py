"""What the application itself was granted: access without a user, renewed without a refresh token."""

from __future__ import annotations

import asyncio

from polydex.connectors.tokens import Grant
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.store import accounts
from tests.contract.engine.access.conftest import MakeTokens
from tests.contract.engine.issuer import FIRST, LIFE, TokenHome

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
    spec = AccountSpec("Tokens", login="bo@example.com", grant=Grant("", application=TENANT))
    saved = await service.upsert(home.account.app, spec)
    assert (await home.grant()).application == TENANT
    found = await home.db.read(accounts.get, home.account.id)
    assert found is not None
    assert (saved.account_id, found.login) == (home.account.id, "bo@example.com")
    await service.delete_token(home.account.id)
    assert home.issuer.revoked == []
    assert (await home.status())[0] == "dead"
