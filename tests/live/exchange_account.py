"""A real mailbox of an Exchange server: the connector, and the user's Outlook, which is exchangelib."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.connector import ExchangeConnector
from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.logins import login_of
from polydex.connectors.exchange.provider import EXCHANGE, ExchangeProvider
from polydex.connectors.provider import Credentials
from polydex.core.ids import RemoteKey
from polydex.net.client import Net
from tests.live.account import Account, Made, Settings

ews = pytest.importorskip("exchangelib", reason="exchangelib is not installed (make install)")

setting = Settings("POLYDEX_LIVE_EXCHANGE_")
T = TypeVar("T")


@dataclass
class LiveAccount(Account):
    """What is written is there at once, as far as anybody knows; a cluster gets a few seconds.

    Attributes:
        outlook: the mailbox as exchangelib opens it.
        folder: whose contacts the connector has.
    """

    provider: ExchangeProvider
    login: Credentials
    outlook: Any
    folder: str = DEFAULT
    wait = 60.0
    pause = 1.0

    @property
    def credentials(self) -> Credentials:
        return self.login

    @property
    def connector(self) -> ExchangeConnector:
        """One that has never pulled."""
        made = self.provider.connect(self.net, self.login, self.folder, {"account": "live"})
        assert isinstance(made, ExchangeConnector)
        return made

    def api(self) -> contextlib.AbstractAsyncContextManager[Api]:
        """Operations one by one, as the connector makes them."""
        return self.provider.api(self.net, self.login, Channel(self.net, login_of(self.login))).opened()

    # --- Outlook -----------------------------------------------------------------------------------------------------

    async def do(self, call: Callable[[], T]) -> T:
        """A call of exchangelib's, which waits for its answer."""
        return await asyncio.to_thread(call)

    async def shown(self, key: RemoteKey) -> Any:
        """A contact as Outlook shows it."""
        found = await self._found(key)
        assert self.is_ours(found), found
        return found

    async def _found(self, key: RemoteKey) -> Any:
        """Or the error in its place."""
        [found] = await self.do(lambda: list(self.outlook.fetch([(key, None)], folder=self.outlook.contacts)))
        return found

    async def change(self, key: RemoteKey, **members: Any) -> None:
        """The user changes some members of a contact."""
        contact = await self.shown(key)
        for name, value in members.items():
            setattr(contact, name, value)
        await self.do(lambda: contact.save(update_fields=list(members)))

    async def attach(self, key: RemoteKey, content: bytes) -> None:
        """The user adds a photo, and takes none away."""
        contact = await self.shown(key)
        file = ews.FileAttachment(name="ContactPicture.jpg", content=content, is_contact_photo=True)
        await self.do(lambda: contact.attach(file))

    async def pictures(self, key: RemoteKey) -> list[bytes]:
        """All photos that a contact has."""
        contact = await self.shown(key)
        return await self.do(lambda: [each.content for each in contact.attachments if each.is_contact_photo])

    async def add(self, **members: Any) -> RemoteKey:
        """The user makes a contact."""
        place = await self.place()
        contact = ews.Contact(account=self.outlook, folder=place, surname=self.family, **members)
        return RemoteKey((await self.do(contact.save)).id)

    async def move(self, key: RemoteKey, folder: Any) -> RemoteKey:
        """The user moves a contact; its id there."""
        contact = await self.shown(key)
        await self.do(lambda: contact.move(folder))
        return RemoteKey(contact.id)

    async def place(self) -> Any:
        """The connector's folder."""
        contacts = await self.do(lambda: self.outlook.contacts)
        if self.folder == DEFAULT:
            return contacts
        found = [each for each in await self.folders() if each.id == self.folder]
        assert found, "the folder of this run is not listed"
        return found[0]

    async def add_folder(self, name: str = "") -> Any:
        """The user makes a contact folder below the default one."""
        contacts = await self.do(lambda: self.outlook.contacts)
        folder = ews.folders.Contacts(parent=contacts, name=self.family + name)
        return await self.do(folder.save)

    async def folders(self) -> list[Any]:
        """Those that this run has made."""

        def look() -> list[Any]:
            self.outlook.root.clear_cache()
            return [each for each in self.outlook.contacts.children if each.name.startswith(self.family)]

        return await self.do(look)

    async def thrown_away(self) -> list[Any]:
        """What this run has made and now lies in Deleted Items."""
        return await self.do(lambda: list(self.outlook.trash.filter(surname=self.family).only("id", "changekey")))

    def is_ours(self, contact: Any) -> bool:
        return isinstance(contact, ews.Contact) and contact.surname == self.family

    # --- Account -----------------------------------------------------------------------------------------------------

    async def given_name(self, key: RemoteKey) -> str:
        return str((await self.shown(key)).given_name)

    async def nickname(self, key: RemoteKey, name: str) -> None:
        await self.change(key, nickname=name)

    async def remove(self, key: RemoteKey) -> None:
        contact = await self.shown(key)
        await self.do(contact.delete)

    async def owns(self, key: RemoteKey) -> bool:
        return self.is_ours(await self._found(key))

    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""
        places = [await self.do(lambda: self.outlook.contacts), *await self.folders()]

        def look() -> list[RemoteKey]:
            return [RemoteKey(each.id) for place in places for each in place.filter(surname=self.family).only("id")]

        return await self.do(look)

    async def clean(self, made: set[RemoteKey]) -> None:
        """Besides, the folders of this run, and what lies in Deleted Items of it."""
        await super().clean(made)
        for folder in await self.folders():
            await self.do(folder.delete)
        if thrown_away := await self.thrown_away():
            left = [one for one in await self.do(lambda: self.outlook.bulk_delete(thrown_away)) if one is not True]
            assert left == [], "some of what was made is still in Deleted Items"


def _outlook(login: Credentials) -> Any:
    """The mailbox in exchangelib; it is told by its address, which not every login is."""
    known = {"basic": ews.BASIC, "ntlm": ews.NTLM}
    configuration = ews.Configuration(
        service_endpoint=login.server_url,
        credentials=ews.Credentials(login.login, login.password),
        auth_type=known.get(login.method),
        retry_policy=ews.FailFast(),
    )
    address = login.mailbox or setting("ADDRESS") or login.login
    access = ews.IMPERSONATION if login.mailbox else ews.DELEGATE
    return ews.Account(address, config=configuration, autodiscover=False, access_type=access)


@contextlib.asynccontextmanager
async def open_account() -> AsyncIterator[LiveAccount]:
    """The account of the environment."""
    bundle = setting("CA_BUNDLE")
    if bundle:
        os.environ["REQUESTS_CA_BUNDLE"] = bundle  # where exchangelib looks
    provider = EXCHANGE.configured({})
    given = Credentials(
        setting("LOGIN"), setting("PASSWORD"), setting("SERVER_URL"), setting("MAILBOX"), setting("AUTH")
    )
    async with Net(allow_private=setting("ALLOW_PRIVATE_NETWORKS"), ca_bundle=bundle or None) as net:
        login = await provider.locate(net, provider.prepare("EWS", given))
        yield LiveAccount(provider, net, login, await asyncio.to_thread(_outlook, login))


@contextlib.asynccontextmanager
async def cleaned(made: Made) -> AsyncIterator[LiveAccount]:
    """The account, from which everything goes at the end that was made."""
    async with open_account() as account:
        try:
            yield account
        finally:
            await account.clean(made.keys)
