"""A provider's sandbox in the same process and on the same virtual clock, without sockets or threads: a book and a network."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy
from starlette.types import Message
from yarl import URL

from polydex.core.errors import ProviderTimeout, ProviderUnavailable
from polydex.net.auth import Target
from polydex.net.message import Answer, Call
from polydex.testing.gates import Gates, Step
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Dropped
from polydex_sandbox.sandbox import Sandbox
from tests.machine.mortal import Life

EMAIL = "ada@example.com"
_RETRY_SECONDS = 0.2


class Ticking(Clock):
    """A clock that others move."""

    def __init__(self, tell: Callable[[], int]) -> None:
        self._tell = tell
        super().__init__()

    def now(self) -> int:
        return self._tell()


class SandboxBook:
    """One account of a sandbox, and what the user's other client does with it.

    Args:
        clock: unix milliseconds.

    Attributes:
        url: of the sandbox.
        provider: its name in the paths of the control API.
        account: its id in the sandbox.
        made: what the control API told of the account when it was made.
        happened: how often which quirk has struck, and which refusal was met.
    """

    url: ClassVar[str]
    provider: ClassVar[str]

    def __init__(self, clock: Callable[[], int]) -> None:
        self.sandbox = Sandbox(Ticking(clock))
        self.app = self.serve(self.sandbox)
        self.happened: Counter[str] = Counter()
        self.made: dict[str, Any] = self._control("POST", "/accounts", {"email": EMAIL, "name": "Ada"})
        self.account: str = self.made["id"]

    def serve(self, sandbox: Sandbox) -> Any:
        """The sandbox's application, with the control API below ``/control``."""
        raise NotImplementedError

    # --- the other client -----------------------------------------------------------------------------------------

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | bytes | None = None) -> Any:
        """A call of the control API below the account."""
        return self._control(verb, f"/accounts/{self.account}/{path}", body)

    def phone(self, verb: str, path: str, body: Mapping[str, Any] | bytes | None = None) -> Any:
        """What the user does elsewhere."""
        return self.ask(verb, f"{self.provider}/{path}", body)

    def _control(self, verb: str, path: str, body: Mapping[str, Any] | bytes | None = None) -> Any:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        status, _, content = self.at_once(verb, f"{self.url}/control{path}", {}, sent)
        assert status < 300, content
        return json.loads(content) if content else None

    def at_once(
        self, verb: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What a request is answered that waits for nothing."""
        running = exchange(self.app, verb, url, headers, body)
        try:
            running.send(None)
        except StopIteration as ended:
            answered: tuple[int, list[tuple[str, str]], bytes] = ended.value
            return answered
        raise AssertionError("the sandbox waits for something")

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


class SandboxNet:
    """The outbound client of the machine: it calls the sandbox, as ``polydex.net.client`` would call the provider.

    Args:
        sandbox: what is called.

    Attributes:
        gates: where calls can be held.
        faults: of calls that do not even reach the network: (verb or ``*``, how many pass before).
    """

    def __init__(self, sandbox: SandboxBook) -> None:
        self._sandbox = sandbox
        self.gates = Gates()
        self.unreachable: deque[tuple[str, int]] = deque()

    def verb(self, call: Call) -> str:
        """What is asked, by the machine's name for it."""
        raise NotImplementedError

    def name_of(self, verb: str) -> str:
        """By what name a call of this verb is known here."""
        return verb

    def sent(self, call: Call) -> Call:
        """What the provider gets: where real pages are large, small ones are asked for."""
        raise NotImplementedError

    def heard(self, verb: str, status: int, body: bytes) -> None:
        """Counts the refusals."""
        del body
        if status >= 300:
            self._sandbox.happened[f"{status} {verb}"] += 1

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
        verb = self.verb(call)
        await self.gates.pass_through(Step(verb, "ask"))
        self._reach(verb)
        sent = self.sent(call)
        headers = dict(sent.headers)
        if call.auth is not None:
            headers["Authorization"] = call.auth.prepare(Target(call.method, URL(call.url), b"", True)) or ""
        try:
            status, answered, body = await exchange(self._sandbox.app, sent.method, sent.url, headers, sent.body or b"")
        except Dropped:
            self._sandbox.happened[f"lost {verb}"] += 1
            raise ProviderUnavailable("The connection to the provider broke off", sent=True) from None
        self.heard(verb, status, body)
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
