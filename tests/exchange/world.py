"""Exchange's sandbox in this process, with a connector on it: the other client (the user's Outlook) acts by its control API."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router

from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.connector import ExchangeConnector
from polydex.connectors.exchange.draft import create
from polydex.connectors.exchange.fields import ADDRESSES, EMAILS, EXTENDED, PARTS, PHONES, TEXTS
from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.shared import Accounts
from polydex.connectors.exchange.wire import SETS
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact
from polydex.core.ids import Cursor, RemoteKey
from polydex.net.bound import BoundAuth
from polydex.net.client import Net
from polydex_sandbox import control as control_api
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Recorder
from polydex_sandbox.exchange import ids
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.service import Exchange
from polydex_sandbox.sandbox import Sandbox
from tests.exchange.judge import Judge
from tests.providers.serving import serving
from tests.providers.world import EMAIL, START, FixedTokens, SandboxSpoiler, SandboxWorld, account_of

PASSWORD = "secret"
PATH = "/EWS/Exchange.asmx"
GUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
ALIEN: dict[str, Any] = {
    "Profession": "Cellist",
    "Initials": "AL",
    "ImAddresses": {"ImAddress1": "ada@im.example.com"},
    "properties": {f"String {{{GUID}}} Name ShoeSize": "38", "String 0x3a4d": "2"},
}
"""Fields that the public contact does not have, and another program's named property."""
_BLANK: dict[str, Any] = {
    **dict.fromkeys((*TEXTS.values(), "Body", "Categories")),
    "EmailAddresses": dict.fromkeys(EMAILS),
    "PhoneNumbers": dict.fromkeys(
        key for place, keys in PHONES.items() if place not in mapi.UNWRITTEN_PHONES for key in keys
    ),
    "PhysicalAddresses": dict.fromkeys(ADDRESSES.values()),
    "properties": dict.fromkeys(set(EXTENDED) - {mapi.MARK}),
}
"""What takes all away that the public contact has."""


@dataclass
class Spoiler(SandboxSpoiler):
    """``before`` is called with the method, and with the operation in the place of a path.

    Attributes:
        answers: of the next requests of an operation, status and body, in this order, before all is as ever again.
    """

    answers: list[tuple[str, int, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].lower() != PATH.lower():
            await self.app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        operation = operation_of(body)
        if self.before is not None:
            await self.before(scope["method"], operation)
        for at, (name, status, answer) in enumerate(self.answers):
            if name == operation:
                del self.answers[at]
                await Response(answer, status, media_type="text/xml")(scope, receive, send)
                return
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def reading() -> Any:
            return unread.pop() if unread else await receive()

        await self.app(scope, reading, send)


@dataclass
class ExchangeWorld(SandboxWorld):
    """One mailbox of a sandbox, empty at first.

    Attributes:
        connector: the connector under test.
        exchange: the sandbox' Exchange.
        mailbox: of the account.
        left: those that have left the folder, by the id that they had in it.
    """

    spoiler: Spoiler
    connector: ExchangeConnector
    exchange: Exchange
    mailbox: Mailbox
    left: dict[RemoteKey, Item] = field(default_factory=dict)

    # --- polydex.testing.contract.World --------------------------------------------------------------------------

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        body = body_of(contact)
        if key is None:
            [made] = await self.seed(body)
            return made
        if key in self.left:
            self._again(key)
        await self.edit(key, {name: _over(blank, body.get(name)) for name, blank in _BLANK.items()})
        return key

    async def remove(self, key: RemoteKey) -> None:
        self.left[key] = self.mailbox.item(ids.read(key))
        await self.ask("DELETE", _path(key))

    async def move(self, key: RemoteKey) -> RemoteKey:
        """To another folder and back."""
        self.left[key] = self.mailbox.item(ids.read(key))
        away = await self.ask("POST", _path(key, "/move"), {"folder": "deleteditems"})
        back = await self.ask("POST", _path(away["id"], "/move"), {"folder": self.connector.source_key})
        return RemoteKey(back["id"])

    async def add_alien_data(self, key: RemoteKey) -> None:
        await self.edit(key, ALIEN)

    async def alien_data(self, key: RemoteKey) -> object:
        there = await self.ask("GET", _path(key))
        found = {name: there[name] for name in ALIEN if name != "properties" and there.get(name)}
        return found | {name: there["properties"][name] for name in ALIEN["properties"] if name in there["properties"]}

    async def keys(self) -> set[RemoteKey]:
        return {RemoteKey(contact["id"]) for contact in await self.contacts()}

    async def expired(self, cursor: Cursor) -> Cursor:
        return Cursor(json.dumps({**json.loads(cursor), "state": "H4sIforgotten="}))

    async def spoil(self, key: RemoteKey) -> None:
        await self.edit(key, {"unreadable": "ErrorItemCorrupt"})

    async def heal(self, key: RemoteKey) -> None:
        await self.edit(key, {"unreadable": ""})

    # --- polydex.testing.contract.LineWorld ----------------------------------------------------------------------

    async def lines(self, wanted: int) -> None:
        while self.exchange.notifying.streams.open(self.mailbox.account.id) != wanted:  # noqa: ASYNC110 - it sees in its own time that somebody has hung up
            await asyncio.sleep(0.01)

    async def end_lines(self) -> None:
        self.sandbox.clock.advance(30 * 60 * 1000)

    # --- for the tests -------------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call of Outlook's; ``body``: bytes as they are, else JSON. Fails the test when it is refused."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.control.request(method, f"exchange/{path}", **content)
        assert answer.status_code < 300, answer.text
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind.startswith("application/json") else answer.content

    async def seed(self, *bodies: Mapping[str, Any]) -> list[RemoteKey]:
        """New contacts, as the control API writes them; their ids."""
        given = {"contacts": list(bodies), "folder": self.connector.source_key}
        return [RemoteKey(made) for made in (await self.ask("POST", "contacts", given))["ids"]]

    async def edit(self, key: RemoteKey, fields: Mapping[str, Any]) -> None:
        """Outlook changes a contact."""
        await self.ask("PATCH", _path(key), dict(fields))

    async def contacts(self) -> list[dict[str, Any]]:
        """Everybody in the folder, as they truly are."""
        answer = await self.ask("GET", f"contacts?folder={quote(self.connector.source_key)}")
        found: list[dict[str, Any]] = answer["contacts"]
        return found

    def another(self, **changes: Any) -> ExchangeConnector:
        """Another connector for the same mailbox, as of another process."""
        api = replace(self.connector.api, shared=Accounts().of("", self.sandbox.clock.now))
        return replace(self.connector, api=api, **changes)

    def _again(self, key: RemoteKey) -> None:
        """An item that has left comes back under the id that it had. Exchange does not do that, as far as anybody knows."""
        item = self.left.pop(key)
        gone = self.mailbox.gone[item.folder]
        self.mailbox.gone[item.folder] = [entry for entry in gone if entry[1] != item.key]
        self.mailbox._put(replace(item, seq=self.mailbox.next_seq()))


def operation_of(body: bytes) -> str:
    """The operation that a request asks for; "" for one without a body, as the first one of NTLM is."""
    if not body:
        return ""
    found = etree.fromstring(body).find("{*}Body/*")
    return "" if found is None else etree.QName(found).localname


def body_of(contact: Contact) -> dict[str, Any]:
    """A contact as the control API writes it."""
    element, _ = create(contact, None, {})
    body: dict[str, Any] = {"properties": {}}
    for child in element:
        name = etree.QName(child).localname
        if name == "ExtendedProperty":
            body["properties"][_id(child[0])] = child[1].text
        elif name == "EmailAddresses":
            body[name] = {entry.get("Key"): _mail(entry) for entry in child}
        elif name == "PhoneNumbers":
            body[name] = {entry.get("Key"): entry.text for entry in child}
        elif name == "PhysicalAddresses":
            parts = {entry.get("Key"): {etree.QName(part).localname: part.text for part in entry} for entry in child}
            body[name] = parts
        elif name == "Categories":
            body[name] = [one.text for one in child]
        else:
            body[name] = child.text
    return body


def _mail(entry: Any) -> dict[str, Any]:
    named = {"name": entry.get("Name")} if entry.get("Name") else {}
    return {"address": entry.text, **named}


def _id(uri: Any) -> str:
    """The id of an extended property, as Graph writes it."""
    kind = uri.get("PropertyType")
    if uri.get("PropertyTag"):
        return f"{kind} {uri.get('PropertyTag')}"
    guid = SETS.get(uri.get("DistinguishedPropertySetId")) or uri.get("PropertySetId")
    named = f"Name {uri.get('PropertyName')}" if uri.get("PropertyName") else f"Id 0x{int(uri.get('PropertyId')):x}"
    return f"{kind} {{{guid}}} {named}"


def _over(blank: Any, value: Any) -> Any:
    """A value that takes away what it does not have."""
    if not isinstance(blank, dict):
        return value
    whole = {**blank, **(value or {})}
    parts = dict.fromkeys(PARTS.values())
    return {
        name: {**parts, **one} if isinstance(one, dict) and "address" not in one else one for name, one in whole.items()
    }


def _path(key: str, more: str = "") -> str:
    return f"contacts/{quote(key)}{more}"


@contextlib.asynccontextmanager
async def exchange_world(
    *, frozen: bool = True, folder: str | None = None, server: str = "2016", odd: bool = False
) -> AsyncIterator[ExchangeWorld]:
    """A sandbox on a free port of loopback.

    Args:
        frozen: its clock stands still unless it is moved.
        folder: the name of a folder whose contacts it is about; None: the default one.
        server: which Exchange Server it is.
        odd: its answers may be none of Exchange's.
    """
    sandbox = Sandbox(Clock(START, frozen=frozen))
    exchange = Exchange(sandbox)
    routes = [Mount("/control", control_api.app(sandbox, [exchange])), *exchange.routes()]
    app = Recorder(Router(routes, redirect_slashes=False), sandbox)
    judge = Judge(app)
    spoiler = Spoiler(judge)
    async with (
        serving(spoiler) as url,
        account_of(app, "unused", exchange={"password": PASSWORD, "version": server}) as (control, account),
        Net(allow_private="127.0.0.0/8", now=sandbox.clock.now) as net,
    ):
        channel = Channel(net, BoundAuth(EMAIL, PASSWORD, "basic"))
        api = Api(channel, url + PATH, Accounts().of("", sandbox.clock.now), sandbox.clock.now, EMAIL)
        connector, mailbox = ExchangeConnector(api, DEFAULT, region="CH"), exchange.mailboxes[account]
        tokens = FixedTokens("unused")
        world = ExchangeWorld(sandbox, control, net, url, tokens, spoiler, connector, exchange, mailbox)
        if folder is not None:
            made = await world.ask("POST", "folders", {"name": folder})
            world.connector = replace(world.connector, source_key=made["id"])
        yield world
        faults = [fault for fault in judge.faults if not (odd and fault.startswith(("Not XML", "No envelope")))]
        assert faults == [], faults[:3]
