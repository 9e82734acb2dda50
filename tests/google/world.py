"""Google's sandbox in this process, with a connector on it: the other client (the user's phone) acts by its control API."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import JSONResponse
from starlette.routing import Mount, Router

from polydex.connectors.google.api import Api
from polydex.connectors.google.connector import SOURCE_KEY, GoogleConnector
from polydex.connectors.google.draft import create
from polydex.connectors.google.fields import UPDATABLE
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.shared import Accounts
from polydex.core.contact import Contact
from polydex.core.ids import Cursor, RemoteKey
from polydex.net.client import Net
from polydex_sandbox import control as control_api
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Recorder
from polydex_sandbox.google import accept, parse
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.service import Google
from polydex_sandbox.sandbox import Sandbox
from tests.providers.serving import serving
from tests.providers.world import START, FixedTokens, SandboxSpoiler, SandboxWorld, account_of

TOKEN = "ya29.sandbox"
ALIEN: dict[str, list[dict[str, Any]]] = {
    "events": [{"date": {"year": 2001, "month": 2, "day": 3}, "type": "anniversary"}],
    "imClients": [{"username": "ada", "protocol": "jabber", "type": "home"}],
    "userDefined": [{"key": "Shoe size", "value": "38"}],
    "genders": [{"value": "female"}],
}
INVALID = {"error": {"code": 400, "message": "Invalid.", "status": "INVALID_ARGUMENT"}}


@dataclass
class Spoiler(SandboxSpoiler):
    """Its keys are resource names.

    Attributes:
        refuses: words; a write whose body has one is refused as invalid.
    """

    refuses: set[str] = field(default_factory=set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.before is not None and scope["type"] == "http":
            await self.before(scope["method"], scope["path"])
        if self.refuses and scope["type"] == "http":
            message = await receive()
            body = message["body"]
            assert not message.get("more_body", False), "a body in pieces"
            if any(word.encode() in body for word in self.refuses):
                await JSONResponse(INVALID, 400)(scope, receive, send)
                return
            pieces = iter([message])
            actual = receive

            async def again() -> Any:
                return next(pieces, None) or await actual()

            receive = again
        if not self.keys or scope["path"].startswith("/control"):
            await self.app(scope, receive, send)
            return
        begun: list[Any] = []

        async def spoiling(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body = json.dumps(self._spoiled(json.loads(message["body"] or b"{}"))).encode()
            [start] = begun
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        await self.app(scope, receive, spoiling)

    def _spoiled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._spoiled(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {name: self._spoiled(one) for name, one in value.items()}
        if found.get("resourceName") in self.keys:
            found["names"] = 7
        return found


@dataclass
class GoogleWorld(SandboxWorld):
    """One account of a sandbox, empty at first.

    Attributes:
        first: a connector that has never pulled.
        book: the contacts as the sandbox keeps them.
    """

    spoiler: Spoiler
    first: GoogleConnector
    book: Book

    # --- polydex.testing.contract.World --------------------------------------------------------------------------

    @property
    def connector(self) -> GoogleConnector:
        """The connector under test, made as after a pull: with the groups that there are."""
        return replace(self.first, context=self.labels.encode())

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        person = await self.person(contact)
        if key is None:
            [name] = (await self.ask("POST", "contacts", {"people": [person]}))["resourceNames"]
            return RemoteKey(name)
        there = {one["resourceName"]: one for one in await self.people()}
        if key not in there:
            if key not in {one["resourceName"] for one in (await self.ask("GET", "trash"))["people"]}:
                return self._under(key, person)
            there[key] = await self.ask("POST", f"contacts/{_id(key)}/restore", {})
        marks = [one for one in there[key].get("clientData", ()) if one["key"] == "polydex.mark"]
        body = {name: person.get(name, []) for name in UPDATABLE}
        body["clientData"] = [*body["clientData"], *({"key": one["key"], "value": one["value"]} for one in marks)]
        await self.ask("PATCH", f"contacts/{_id(key)}", body)
        return key

    async def remove(self, key: RemoteKey) -> None:
        await self.ask("DELETE", f"contacts/{_id(key)}")

    async def move(self, key: RemoteKey) -> RemoteKey:
        return RemoteKey((await self.ask("POST", f"contacts/{_id(key)}/rename", {}))["resourceName"])

    async def add_alien_data(self, key: RemoteKey) -> None:
        await self.ask("PATCH", f"contacts/{_id(key)}", ALIEN)

    async def alien_data(self, key: RemoteKey) -> object:
        person = await self.ask("GET", f"contacts/{_id(key)}")
        return {
            name: [
                {key: one[key] for key in one if key in sent}
                for one, sent in zip(person[name], ALIEN[name], strict=True)
            ]
            for name in ALIEN
            if name in person
        }

    async def keys(self) -> set[RemoteKey]:
        return {RemoteKey(person["resourceName"]) for person in await self.people()}

    async def expired(self, cursor: Cursor) -> Cursor:
        await self.quirk("google-sync-token-expired", count=1)
        return cursor

    # --- for the tests -------------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of the phone's. Fails the test when it is refused."""
        answer = await self.control.request(method, f"google/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def people(self) -> list[dict[str, Any]]:
        """Everybody, as they truly are."""
        found: list[dict[str, Any]] = (await self.ask("GET", "contacts"))["people"]
        return found

    async def person(self, contact: Contact) -> dict[str, Any]:
        """A contact as a person, whose keywords are groups."""
        labels = self.labels
        for word in labels.missing(contact.keywords):
            made = await self.ask("POST", "groups", {"name": word})
            labels = labels.with_group(made["resourceName"], word)
        person: dict[str, Any] = json.loads(create(contact, None, {}, labels).body)
        return person

    @property
    def labels(self) -> Labels:
        """The user's own groups."""
        return Labels({group.name: group.title for group in self.book.groups.now() if not group.system})

    def another(self, **changes: Any) -> GoogleConnector:
        """Another connector for the same account, as of another process."""
        api = replace(self.first.api, shared=Accounts(1e6, 1e6).of("", self.sandbox.clock.now))
        return replace(self.connector, api=api, **changes)

    def _under(self, key: RemoteKey, person: dict[str, Any]) -> RemoteKey:
        """Somebody else under a name that a contact had once. Google does not do that, as far as anybody knows."""
        body = parse.message("Person", person, "person")
        made = self.book.create(accept.fields_of(body), accept.groups_of(body) or ())
        self.book._names[key] = made.id
        self.book.contacts.put(made.id, replace(made, name=key))
        return key


@contextlib.asynccontextmanager
async def google_world(*, frozen: bool = True, **options: Any) -> AsyncIterator[GoogleWorld]:
    """A sandbox on a free port of loopback. ``options``: of the connector."""
    sandbox = Sandbox(Clock(START, frozen=frozen))
    google = Google(sandbox)
    routes = [Mount("/control", control_api.app(sandbox, [google])), *google.routes()]
    app = Recorder(Router(routes, redirect_slashes=False), sandbox)
    spoiler = Spoiler(app)
    async with (
        serving(spoiler) as url,
        account_of(app, TOKEN) as (control, account),
        Net(allow_private="127.0.0.0/8", now=sandbox.clock.now) as net,
    ):
        tokens = FixedTokens(TOKEN)
        api = Api(net, tokens, Accounts(1e6, 1e6).of("", sandbox.clock.now), url)
        connector = GoogleConnector(api, SOURCE_KEY, region="CH", **options)
        yield GoogleWorld(sandbox, control, net, url, tokens, spoiler, connector, google.books[account])


def _id(key: str) -> str:
    return key.removeprefix("people/")
