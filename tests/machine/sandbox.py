"""Google's sandbox in the same process and on the same virtual clock, without sockets or threads: a book and a network."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from multidict import CIMultiDict, CIMultiDictProxy
from starlette.routing import Mount, Router
from starlette.types import Message
from yarl import URL

from polydex.connectors.google import people
from polydex.connectors.google.fields import PERSON_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.core.contact import Contact
from polydex.core.errors import ProviderTimeout, ProviderUnavailable
from polydex.net.auth import Target
from polydex.net.message import Answer, Call
from polydex.testing.gates import Gates, Step
from polydex_sandbox import control, google
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Dropped, Recorder
from polydex_sandbox.google import methods
from polydex_sandbox.google.contact import Contact as Stored
from polydex_sandbox.google.person import View, show
from polydex_sandbox.google.service import Google
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.keys import Key
from polydex_sandbox.sandbox import Sandbox
from tests.google.world import Spoiler
from tests.machine.mortal import Life

URL_OF_GOOGLE = "http://google.example"
EMAIL = "ada@example.com"
METHODS = {
    "list": ["people.connections.list"],
    "find_mark": ["people.connections.list"],
    "labels": ["contactGroups.list"],
    "fetch": ["people.get", "people.getBatchGet"],
    "create": ["people.createContact"],
    "update": ["people.updateContact"],
    "delete": ["people.deleteContact"],
    "create_many": ["people.batchCreateContacts"],
    "update_many": ["people.batchUpdateContacts"],
    "delete_many": ["people.batchDeleteContacts"],
    "create_photo": ["people.updateContactPhoto"],
    "create_label": ["contactGroups.create"],
}
"""The machine's names for what is asked, and Google's."""
_VERBS = {method: verb for verb, methods in METHODS.items() for method in methods}
_WHOLE_PAGE = "1000"
_RETRY_SECONDS = 0.2
_KEY = Key()  # nobody looks at the signature, and a new one takes long


class Ticking(Clock):
    """A clock that others move."""

    def __init__(self, tell: Callable[[], int]) -> None:
        self._tell = tell
        super().__init__()

    def now(self) -> int:
        return self._tell()


class SandboxBook:
    """One account of a sandbox, and what the user's phone does with it.

    Args:
        clock: unix milliseconds.

    Attributes:
        account: its id in the sandbox.
        token, refresh_token: of the account.
        happened: how often which quirk has struck, and which refusal was met.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        sandbox = Sandbox(Ticking(clock))
        self._google = Google(sandbox)
        identity = Identity(sandbox, [self._google])
        identity.key = _KEY
        routes = [
            Mount("/control", control.app(sandbox, [self._google, identity])),
            *identity.routes(),
            *google.routes(self._google),
        ]
        self.spoiler = Spoiler(Recorder(Router(routes, redirect_slashes=False), sandbox))
        self.sandbox = sandbox
        self.happened: Counter[str] = Counter()
        made = self._control("POST", "/accounts", {"email": EMAIL, "name": "Ada"})
        self.account, self.token, self.refresh_token = made["id"], made["accessToken"], made["refreshToken"]
        self.book = self._google.books[self.account]

    # --- the phone ------------------------------------------------------------------------------------------------

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of the control API below the account."""
        return self._control(verb, f"/accounts/{self.account}/{path}", body)

    def phone(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the user does elsewhere."""
        return self.ask(verb, f"google/{path}", body)

    def _control(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        running = exchange(self.spoiler, verb, f"{URL_OF_GOOGLE}/control{path}", {}, sent)
        try:
            running.send(None)
        except StopIteration as ended:
            status, _, content = ended.value
        else:
            raise AssertionError("the control API waits for something")
        assert status < 300, content
        return json.loads(content) if content else None

    # --- moods ----------------------------------------------------------------------------------------------------

    def quirk(self, name: str, **given: Any) -> None:
        """Switch a quirk on."""
        self._count(name)
        self.ask("PUT", f"quirks/{name}", given)

    def no_quirks(self) -> None:
        """Switch all off."""
        for name in list(self.sandbox.quirks.of(self.account)):
            self._count(name)
        self.ask("DELETE", "quirks")

    def _count(self, name: str) -> None:
        setting = self.sandbox.quirks.of(self.account).get(name)
        if setting is not None:
            self.happened[name] += setting.struck
            setting.struck = 0

    # --- the truth ------------------------------------------------------------------------------------------------

    def versions(self) -> Iterator[list[Stored]]:
        """All of every contact that ever was."""
        return iter(self.book.contacts._versions.values())

    def people(self) -> list[Stored]:
        """Everybody who is there."""
        return list(self.book.contacts.now())

    @property
    def labels(self) -> Labels:
        """The user's own groups."""
        return Labels({group.name: group.title for group in self.book.groups.now() if not group.system})

    def contact(self, stored: Stored) -> Contact | None:
        """What is shown of somebody, by the connector's mapping."""
        view = View(PERSON_FIELDS.split(","), frozenset({"CONTACT"}), URL_OF_GOOGLE)
        return people.record(json.dumps(show(stored, self.book, view)).encode(), self.labels, None).contact


class SandboxNet:
    """The outbound client of the machine: it calls the sandbox, as ``polydex.net.client`` would call Google.

    Args:
        sandbox: what is called.
        page_size: of lists, in the place of a thousand.

    Attributes:
        gates: where calls can be held.
        faults: of calls that do not even reach the network: (verb or ``*``, how many pass before).
    """

    def __init__(self, sandbox: SandboxBook, page_size: int) -> None:
        self._sandbox, self._page_size = sandbox, page_size
        self.gates = Gates()
        self.unreachable: deque[tuple[str, int]] = deque()

    def now(self) -> int:
        """Unix milliseconds."""
        return self._sandbox.sandbox.clock.now()

    async def send(self, call: Call) -> Answer:
        """See ``Net.send``."""
        try:
            async with asyncio.timeout(call.deadline):
                return await self._repeatable(call)
        except TimeoutError:
            raise ProviderTimeout from None

    async def _repeatable(self, call: Call) -> Answer:
        if not call.idempotent:
            return await self._once(call)
        pause = 0.0
        try:
            answer = await self._once(call)
        except ProviderUnavailable as error:
            if not error.sent:
                raise
        else:
            if answer.status not in (502, 503, 504):
                return answer
            pause = _RETRY_SECONDS
        await asyncio.sleep(pause)
        try:
            again = await self._once(call)
        except ProviderUnavailable as error:
            error.sent = True
            raise
        return Answer(again.status, again.headers, again.body, again.url, repeated=True)

    async def _once(self, call: Call) -> Answer:
        verb = _verb(call)
        await self.gates.pass_through(Step(verb, "ask"))
        self._reach(verb)
        headers = dict(call.headers)
        if call.auth is not None:
            headers["Authorization"] = call.auth.prepare(Target(call.method, URL(call.url), b"", True)) or ""
        try:
            status, answered, body = await exchange(
                self._sandbox.spoiler, call.method, self._with_small_pages(call.url), headers, call.body or b""
            )
        except Dropped:
            self._sandbox.happened[f"lost {verb}"] += 1
            raise ProviderUnavailable("The connection to the provider broke off", sent=True) from None
        if status != 200:
            self._sandbox.happened[f"{status} {verb}"] += 1
        await self.gates.pass_through(Step(verb, "answer"))
        return Answer(status, CIMultiDictProxy(CIMultiDict(answered)), body, call.url)

    def _reach(self, verb: str) -> None:
        for at, (name, skip) in enumerate(self.unreachable):
            if name in ("*", verb):
                if skip:
                    self.unreachable[at] = (name, skip - 1)
                    return
                del self.unreachable[at]
                self._sandbox.happened[f"unreachable {verb}"] += 1
                raise ProviderUnavailable("The provider cannot be reached", sent=False)

    def _with_small_pages(self, url: str) -> str:
        head, _, query = url.partition("?")
        pairs = [
            (name, str(self._page_size) if (name, value) == ("pageSize", _WHOLE_PAGE) else value)
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        return f"{head}?{urlencode(pairs)}" if pairs else head


class MortalNet:
    """The network of a process that may die before a call leaves, or before its answer is heard."""

    def __init__(self, inner: SandboxNet, life: Life) -> None:
        self._inner, self._life = inner, life

    def now(self) -> int:
        """Unix milliseconds."""
        return self._inner.now()

    async def send(self, call: Call) -> Answer:
        """See ``Net.send``."""
        self._life.point()
        try:
            return await self._inner.send(call)
        finally:
            self._life.point()


async def exchange(
    app: Any, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """One request to an ASGI application: status, headers and body of its answer. Raises Dropped."""
    parts = urlsplit(url)
    told = [("host", parts.netloc), ("content-length", str(len(body))), *headers.items()]
    if body and "Content-Type" not in headers:
        told.append(("content-type", "application/json"))
    answers: list[Message] = []
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            raise AssertionError("the sandbox waits for the end of the connection")
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": URL(url).path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in told],
        "server": (parts.hostname, parts.port or 80),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    start = answers[0]
    content = b"".join(message.get("body", b"") for message in answers[1:])
    return start["status"], [(name.decode(), value.decode()) for name, value in start["headers"]], content


def _verb(call: Call) -> str:
    """What is asked, by the machine's name for it."""
    parts = urlsplit(call.url)
    method = methods.find(call.method, parts.path)
    if method is None:
        return "token" if parts.path == "/token" else "other"
    verb = _VERBS.get(method[0].name, "other")
    return verb if verb != "find_mark" or "requestSyncToken" not in parts.query else "list"
