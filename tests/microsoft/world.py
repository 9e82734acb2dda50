"""Microsoft's sandbox in this process, with a connector on it: the other client (the user's Outlook) acts by its control API."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Router

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.api import Api
from polydex.connectors.microsoft.connector import MicrosoftConnector
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.native import MODELLED
from polydex.connectors.microsoft.notices import notified
from polydex.connectors.microsoft.shared import Accounts
from polydex.connectors.outlook import mapi
from polydex.connectors.provider import Handshake, Notice
from polydex.core.contact import Contact
from polydex.core.ids import Cursor, RemoteKey
from polydex.net.client import Net
from polydex_sandbox import control as control_api
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Recorder
from polydex_sandbox.microsoft.service import Graph
from polydex_sandbox.sandbox import Sandbox
from tests.microsoft.judge import Judge
from tests.providers.serving import serving
from tests.providers.world import START, FixedTokens, SandboxSpoiler, SandboxWorld, account_of

PUSH_PATH = "/notifications"
TOKEN = "eyJ0.sandbox"
GUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
ALIEN: dict[str, Any] = {
    "profession": "Cellist",
    "imAddresses": ["ada@im.example.com"],
    "children": ["Byron"],
    "initials": "AL",
}
ALIEN_EXTENDED = {f"String {{{GUID}}} Name ShoeSize": "38", "String 0x3A4D": "2"}
"""Another program's named property, and one that no member of the public contact is."""
_LISTS = ("businessPhones", "homePhones", "emailAddresses", "categories")
_COPIED = (*MODELLED, *ALIEN)


@dataclass
class Spoiler(SandboxSpoiler):
    """Its keys are ids.

    Attributes:
        receiver: what is at the notification address.
        failing: ids of contacts that are answered with 500, also as a part of a batch.
        answers: of the next requests of a method whose path ends so, in this order, before all is as ever again.
    """

    receiver: "Receiver"
    failing: set[str] = field(default_factory=set)
    answers: list[tuple[str, str, int, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == PUSH_PATH:
            await self.receiver(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if self.before is not None:
            await self.before(method, path)
        for at, (verb, end, status, body) in enumerate(self.answers):
            if verb == method and path.endswith(end):
                del self.answers[at]
                await JSONResponse(body, status)(scope, receive, send)
                return
        await self.app(scope, receive, self._spoiling(send) if self.keys or self.failing else send)

    def _spoiling(self, send: Any) -> Any:
        begun: list[Any] = []

        async def spoiling(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body = message["body"]
            [start] = begun
            with contextlib.suppress(ValueError):
                found = self._spoiled({"status": start["status"], "body": json.loads(body)})
                body, start = json.dumps(found["body"]).encode(), {**start, "status": found["status"]}
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        return spoiling

    def _spoiled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._spoiled(one) for one in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("body"), dict) and value["body"].get("id") in self.failing:
            return {**value, "status": 500, "body": {"error": {"code": "ErrorInternalServerError", "message": "Odd"}}}
        found = {name: self._spoiled(one) for name, one in value.items()}
        if found.get("id") in self.keys and "displayName" in found:
            found["displayName"] = 7
        return found


@dataclass
class Receiver:
    """The notification address.

    Attributes:
        notices: what has come, as the connector reads it.
        status: what notifications, and handshakes, are answered with.
    """

    notices: list[Notice] = field(default_factory=list)
    status: int = 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        found = notified(dict(request.query_params), await request.body())
        if isinstance(found, Handshake):
            await PlainTextResponse(found.text, self.status)(scope, receive, send)
            return
        self.notices.extend(found)
        await PlainTextResponse("", self.status)(scope, receive, send)


@dataclass
class GraphWorld(SandboxWorld):
    """One mailbox of a sandbox, empty at first.

    Attributes:
        connector: the connector under test.
        graph: the sandbox' Graph.
        receiver: the notification address.
    """

    spoiler: Spoiler
    connector: MicrosoftConnector
    graph: Graph
    receiver: Receiver

    # --- polydex.testing.contract.World --------------------------------------------------------------------------

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        body = body_of(contact)
        if key is None:
            [made] = await self.seed(body)
            return made
        if key not in await self.keys():
            await self.ask("POST", f"contacts/{key}/restore", {"folder": self.connector.source_key})
        empty: dict[str, Any] = {name: [] if name in _LISTS else None for name in MODELLED}
        extended: dict[str, Any] = dict.fromkeys(set(wire.EXTENDED) - {mapi.MARK, mapi.HAS_PICTURE})
        extended |= {entry["id"]: entry["value"] for entry in body.pop("singleValueExtendedProperties", ())}
        values = [{"id": name, "value": value} for name, value in extended.items()]
        await self.ask("PATCH", f"contacts/{key}", {**empty, **body, "singleValueExtendedProperties": values})
        return key

    async def remove(self, key: RemoteKey) -> None:
        await self.ask("DELETE", f"contacts/{key}")

    async def move(self, key: RemoteKey) -> RemoteKey:
        """As by export and import: immutable ids survive anything else that happens inside a mailbox."""
        there = await self.ask("GET", f"contacts/{key}")
        copy = {name: there[name] for name in _COPIED if there.get(name)}
        copy["singleValueExtendedProperties"] = [{"id": i, "value": v} for i, v in there["extended"].items()]
        [made] = await self.seed(copy)
        await self.remove(key)
        return made

    async def add_alien_data(self, key: RemoteKey) -> None:
        extended = [{"id": name, "value": value} for name, value in ALIEN_EXTENDED.items()]
        await self.ask("PATCH", f"contacts/{key}", {**ALIEN, "singleValueExtendedProperties": extended})

    async def alien_data(self, key: RemoteKey) -> object:
        there = await self.ask("GET", f"contacts/{key}")
        extended = {name.lower(): value for name, value in there["extended"].items()}
        found = {name: there[name] for name in ALIEN if there.get(name)}
        return found | {name: extended[name.lower()] for name in ALIEN_EXTENDED if name.lower() in extended}

    async def keys(self) -> set[RemoteKey]:
        return {RemoteKey(contact["id"]) for contact in await self.contacts()}

    async def expired(self, cursor: Cursor) -> Cursor:
        position = json.loads(cursor)
        position["delta"] = position["delta"].partition("?")[0] + "?$deltatoken=forgotten"
        return Cursor(json.dumps(position))

    # --- polydex.testing.contract.WatchWorld ---------------------------------------------------------------------

    @property
    def push_url(self) -> str:
        return self.url + PUSH_PATH

    async def channels(self) -> set[str]:
        return {one["id"] for one in await self.subscriptions()}

    async def end_channels(self) -> None:
        for one in await self.channels():
            await self.ask("DELETE", f"subscriptions/{one}")

    async def told(self) -> Sequence[Notice]:
        answer = await self.control.post("http://sandbox/control/microsoft/notifications", json={})
        assert answer.status_code == 200, answer.text
        return self.receiver.notices

    async def subscriptions(self) -> list[dict[str, Any]]:
        """As they truly are."""
        found: list[dict[str, Any]] = (await self.ask("GET", "subscriptions"))["subscriptions"]
        return found

    # --- for the tests -------------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call of Outlook's; ``body``: bytes as they are, else JSON. Fails the test when it is refused."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.control.request(method, f"microsoft/{path}", **content)
        assert answer.status_code < 300, answer.text
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind.startswith("application/json") else answer.content

    async def seed(self, *bodies: Mapping[str, Any]) -> list[RemoteKey]:
        """New contacts, as Graph writes them; their ids."""
        given = {"contacts": list(bodies), "folder": self.connector.source_key}
        return [RemoteKey(made) for made in (await self.ask("POST", "contacts", given))["ids"]]

    async def contacts(self) -> list[dict[str, Any]]:
        """Everybody in the folder, as they truly are."""
        found: list[dict[str, Any]] = (await self.ask("GET", f"contacts?folder={self.connector.source_key}"))[
            "contacts"
        ]
        return found

    def another(self, **changes: Any) -> MicrosoftConnector:
        """Another connector for the same mailbox, as of another process."""
        api = replace(self.connector.api, shared=Accounts().of("", self.sandbox.clock.now))
        return replace(self.connector, api=api, **changes)


def body_of(contact: Contact) -> dict[str, Any]:
    """A contact as a client creates it."""
    body: dict[str, Any] = json.loads(create(contact, None, {}).body)
    return body


@contextlib.asynccontextmanager
async def graph_world(
    *, frozen: bool = True, personal: bool = False, folder: str | None = None
) -> AsyncIterator[GraphWorld]:
    """A sandbox on a free port of loopback.

    Args:
        frozen: its clock stands still unless it is moved.
        personal: a mailbox of Outlook.com.
        folder: the name of a folder whose contacts it is about; None: the default one.
    """
    sandbox = Sandbox(Clock(START, frozen=frozen))
    graph = Graph(sandbox)
    routes = [Mount("/control", control_api.app(sandbox, [graph])), *graph.routes()]
    app = Recorder(Router(routes, redirect_slashes=False), sandbox)
    receiver = Receiver()
    judge = Judge(app)
    spoiler = Spoiler(judge, receiver)
    given = {"tenant": "consumers"} if personal else {}
    async with (
        serving(spoiler) as url,
        account_of(app, TOKEN, **given) as (control, _),
        Net(allow_private="127.0.0.0/8", now=sandbox.clock.now) as net,
    ):
        tokens = FixedTokens(TOKEN)
        api = Api(net, tokens, Accounts().of("", sandbox.clock.now), url)
        connector = MicrosoftConnector(api, DEFAULT, region="CH")
        world = GraphWorld(sandbox, control, net, url, tokens, spoiler, connector, graph, receiver)
        if folder is not None:
            made = await world.ask("POST", "folders", {"name": folder})
            world.connector = replace(world.connector, source_key=made["id"])
        yield world
        assert judge.faults == [], judge.faults[:3]
