"""An address that somebody else is given: whose contacts were under it before gets nothing into the new one's mailbox, and
loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from polydex.connectors.base import New, Unknown
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.connector import ExchangeConnector
from polydex.connectors.exchange.shared import Accounts
from polydex.core.contact import Contact, Name
from polydex.core.errors import ProviderError, ProviderForbidden, ProviderRejected, RecordNotFound
from polydex.core.ids import Cursor, RemoteKey
from polydex.net.bound import BoundAuth
from tests.exchange.world import ExchangeWorld, exchange_world
from tests.unit.exchange.folder import Engine

BEN = "ben@example.com"
SERVICE = "service@example.com"
ADA = Contact(name=Name(given_name="Ada"))
OTHER = "leads to another mailbox than before"


@dataclass
class Address:
    """A mailbox that a service account acts on by its address, and whoever has the address.

    Attributes:
        connector: has been used, with the mailbox that was there first.
        key: of a contact in it.
        cursor: of a complete walk.
    """

    world: ExchangeWorld
    connector: ExchangeConnector
    key: RemoteKey
    cursor: Cursor

    async def changes_hands(self) -> None:
        """Somebody else has it now."""
        await _control(self.world, "DELETE", f"/{self._owner}")
        await _control(self.world, "POST", "", {"email": BEN})

    @property
    def anew(self) -> ExchangeConnector:
        """The connector of another process."""
        api = replace(self.connector.api, shared=Accounts().of("", self.world.sandbox.clock.now))
        return replace(self.connector, api=api)

    def contacts(self) -> int:
        """How many there are in the mailbox of whoever has it."""
        return len(self.world.exchange.mailboxes[self._owner].items)

    @property
    def _owner(self) -> str:
        [account] = [one for one in self.world.sandbox.accounts if one.email == BEN]
        return account.id


async def _control(world: ExchangeWorld, method: str, path: str, body: Any = None) -> None:
    answer = await world.control.request(method, f"http://sandbox/control/accounts{path}", json=body)
    assert answer.status_code < 300, answer.text


@contextlib.asynccontextmanager
async def addressed() -> AsyncIterator[Address]:
    async with exchange_world() as world:
        for body in ({"email": BEN}, {"email": SERVICE, "exchange": {"password": "s", "impersonates": True}}):
            await _control(world, "POST", "", body)
        channel = Channel(world.connector.api.channel.net, BoundAuth(SERVICE, "s", "basic"))
        connector = replace(world.connector, api=replace(world.connector.api, channel=channel, mailbox=BEN))
        connector = replace(connector, subject=(await connector.identify()).subject)
        made = await connector.create(ADA, "m0", fresh=True)
        pages = [page async for page in connector.pull(None, Engine())]
        assert pages[-1].cursor is not None
        yield Address(world, connector, made.key, pages[-1].cursor)


async def create(connector: ExchangeConnector) -> None:
    await connector.create(ADA, "m1", fresh=True)


async def create_after_a_look(connector: ExchangeConnector) -> None:
    await connector.create(ADA, "m1")


async def create_many(connector: ExchangeConnector) -> None:
    first, second = await connector.create_many([New(ADA, "m1", fresh=True), New(ADA, "m2", fresh=True)])
    assert isinstance(first, ProviderError)
    assert isinstance(second, ProviderError)
    raise first


@pytest.mark.parametrize("write", [create, create_after_a_look, create_many])
@pytest.mark.parametrize("fresh", [False, True])
async def test_nothing_is_written_into_the_mailbox_of_somebody_else(
    write: Callable[[ExchangeConnector], Awaitable[None]], *, fresh: bool
) -> None:
    """By a process that has written before, and by one that begins."""
    async with addressed() as address:
        await address.changes_hands()
        connector = address.anew if fresh else address.connector
        with pytest.raises(ProviderError) as caught:
            await write(connector)
        assert not caught.value.sent
        with pytest.raises(ProviderRejected, match=OTHER):  # the next time it is told why
            await write(connector)
        assert address.contacts() == 0


async def test_nobody_is_taken_for_gone_by_what_another_mailbox_says() -> None:
    async with addressed() as address:
        await address.changes_hands()
        for connector in (address.connector, address.anew):
            with pytest.raises(ProviderError) as caught:
                await connector.fetch(address.key)
            assert not isinstance(caught.value, RecordNotFound)


async def test_nothing_is_listed_from_the_mailbox_of_somebody_else() -> None:
    async with addressed() as address:
        await address.changes_hands()
        for connector in (address.connector, address.anew):
            with pytest.raises((ProviderRejected, ProviderForbidden)):
                await anext(aiter(connector.pull(address.cursor, Engine())))


async def test_what_became_of_a_create_is_not_known_there() -> None:
    async with addressed() as address:
        await address.changes_hands()
        with pytest.raises(ProviderForbidden):
            await address.connector.find_mark("m0")
        assert isinstance(await address.connector.find_mark("m0"), Unknown)
        assert isinstance(await address.anew.find_mark("m0"), Unknown)


async def test_whose_mailbox_it_is_is_asked_once() -> None:
    async with addressed() as address:
        connector = address.anew
        before = len(address.world.requests("GetFolder"))
        for number in range(3):
            await connector.create(ADA, f"n{number}", fresh=True)
        [page] = [page async for page in connector.pull(address.cursor, Engine())]
        assert len(page.changed) == 3
        assert len(address.world.requests("GetFolder")) == before + 1
        await connector.fetch(address.key)
        assert len(address.world.requests("GetFolder")) == before + 1
