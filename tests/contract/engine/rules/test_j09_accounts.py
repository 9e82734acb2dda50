"""J9: an account is a subject at the provider, and what was asked for under another generation is not applied."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from polydex.core.errors import GenerationChanged, ProviderUnauthorized
from polydex.core.ids import AccountId
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.keys import secret_context
from polydex.store import accounts
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.testing.world import Fault
from tests.contract.engine.home import Home, named

SPEC = AccountSpec(service_type="Memory", login="someone", password="secret")


async def stored(home: Home, account: AccountId) -> Account:
    found = await home.db.read(accounts.get, account)
    assert found is not None
    return found


async def test_another_users_credentials_stored_for_an_account(home: Home) -> None:
    """The login is the same, but the provider says that it is somebody else's by now: another account."""
    before = await stored(home, home.account.id)
    home.world.subject = "memory:2"
    saved = await Accounts(home.ctx).upsert(home.account.app, SPEC)
    assert saved.account_id != home.account.id
    assert await stored(home, home.account.id) == before


async def test_one_user_connected_twice_because_the_address_changed(home: Home) -> None:
    again = replace(SPEC, login="other@example.com", email="other@example.com")
    saved = await Accounts(home.ctx).upsert(home.account.app, again)
    assert (saved.account_id, saved.created) == (home.account.id, False)


async def test_credentials_stored_before_the_provider_was_asked(home: Home) -> None:
    before = await stored(home, home.account.id)
    with pytest.raises(ProviderUnauthorized):
        await Accounts(home.ctx).upsert(home.account.app, replace(SPEC, password="wrong"))
    assert await stored(home, home.account.id) == before


def contacts_left(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM contact WHERE live = 1")
    return int(row[0]) if row else 0


async def delete_and_erase(home: Home) -> None:
    await Accounts(home.ctx).delete(home.account.id)
    while not await home.db.write(accounts.erase, home.account.id, lambda body: ([], frozenset())):
        pass


async def test_a_pull_that_fills_the_mirror_of_a_deleted_account(home: Home) -> None:
    home.world.put(named("ada"))
    home.world.gates.hold("list", "answer")
    pull = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    await Accounts(home.ctx).delete(home.account.id)
    home.world.gates.open()
    await home.pulls.wait_idle()
    pull.cancel()
    assert await home.db.read(contacts_left) == 0


@pytest.mark.parametrize("verb", ["create", "update", "fetch"])
async def test_an_answer_that_is_stored_for_a_deleted_account(home: Home, verb: str) -> None:
    home.world.put(named("ada"))
    await home.pull()
    contact = await home.id_of("ada")
    home.world.gates.hold(verb, "answer")

    async def ask() -> None:
        if verb == "create":
            await home.create(nickName="bo")
        elif verb == "update":
            await home.update(contact, notes="n")
        else:
            await home.reader.get(home.account, contact, no_cache=True)

    work = asyncio.create_task(ask())
    await home.world.gates.reached(verb, "answer")
    await Accounts(home.ctx).delete(home.account.id)
    home.world.gates.open()
    with pytest.raises(GenerationChanged):
        await work
    bodies = await home.db.read(lambda tx: [bytes(body) for (body,) in tx.all("SELECT body FROM document")])
    assert all(b'"bo"' not in body and b'"n"' not in body for body in bodies)
    assert await home.db.read(contacts_left) == 1  # as it was, until it is erased


async def test_a_number_given_to_another_account(home: Home) -> None:
    await delete_and_erase(home)
    again = await Accounts(home.ctx).upsert(home.account.app, SPEC)
    assert again.account_id > home.account.id


@pytest.mark.parametrize("renewed", [False, True])
async def test_new_credentials_called_invalid_because_the_old_ones_were_refused(home: Home, renewed: bool) -> None:
    await home.pull()
    home.world.faults.append(("list", Fault.DENIED))
    home.world.gates.hold("list", "ask")
    home.clock.advance(1)
    pull = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock(), 10))
    await home.world.gates.reached("list", "ask")
    if renewed:
        sealed = home.ctx.keys.encrypt(b"new", secret_context(home.account.id))
        await home.db.write(accounts.set_secret, home.account.id, sealed, home.clock())
    home.world.gates.open()
    with pytest.raises(ProviderUnauthorized):
        await pull
    assert (await stored(home, home.account.id)).token_status == ("active" if renewed else "invalid")


async def test_new_credentials_called_good_because_the_old_ones_were_accepted(home: Home) -> None:
    await home.pull()
    await home.db.write(accounts.set_status, home.account.id, accounts.INVALID, "refused", home.clock())
    home.world.gates.hold("list", "ask")
    home.clock.advance(1)
    pull = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock(), 10))
    await home.world.gates.reached("list", "ask")
    sealed = home.ctx.keys.encrypt(b"new", secret_context(home.account.id))
    await home.db.write(accounts.set_secret, home.account.id, sealed, home.clock())
    await home.db.write(accounts.set_status, home.account.id, accounts.INVALID, "these, too", home.clock())
    home.world.gates.open()
    await pull
    assert (await stored(home, home.account.id)).token_status == accounts.INVALID


async def test_generations_rise_with_every_deletion(home: Home) -> None:
    before = home.account.generation
    await Accounts(home.ctx).delete(home.account.id)
    rows = await home.db.read(lambda tx: tx.all("SELECT generation FROM account WHERE id = ?", home.account.id))
    assert rows == [(before + 1,)]
