"""Microsoft Graph: a call and what it answers, or the error that its answer stands for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from polydex.connectors.deadline import Deadline
from polydex.connectors.microsoft.errors import failure
from polydex.connectors.microsoft.shared import Shared
from polydex.connectors.outcome import nothing_sent
from polydex.connectors.tokens import Tokens
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
)
from polydex.net.auth import BearerAuth
from polydex.net.client import Net
from polydex.net.message import Answer, Call

T = TypeVar("T")

API_URL = "https://graph.microsoft.com"
READ_SECONDS = 60.0
"""For a page of a list, or the contacts of a ``$batch``."""
FETCH_SECONDS = 20.0
WRITE_SECONDS = 24.0
"""For all requests of one write together (JOURNAL.md, J10: every write is answered within 25 s)."""
IMMUTABLE = 'IdType="ImmutableId"'
"""In ``Prefer`` of every request: else ids change when a contact is moved (concepts/outlook-immutable-id.md)."""
JSON = "application/json"
_VERSION = "/v1.0"

Query = Sequence[tuple[str, str]]


def path_of(*segments: str, query: Query = ()) -> str:
    """A path, with its query, of these segments.

    Of an id ``/`` is encoded, as it would end the segment, and ``=`` is not: personal accounts answer 404 to ``%3D``
    (README.md). In a query ``$`` stays, as the documentation writes it.
    """
    path = "".join("/" + quote(segment, safe="=@:!*$") for segment in segments)
    return f"{path}?{_encoded(tuple(query))}" if query else path


@lru_cache(maxsize=64)
def _encoded(query: tuple[tuple[str, str], ...]) -> str:
    """Kept, as that of a read names each extended property, and twenty reads travel together."""
    return urlencode(query, quote_via=quote, safe="$")


@dataclass(frozen=True, slots=True)
class Api:
    """One mailbox.

    Args:
        net: the outbound client.
        tokens: of the account.
        shared: of the account.
        api_url: where Graph is, with or without the version at its end.
        mailbox: whose contacts, by address or id, for an application that acts by itself; "": those of who has logged in.
    """

    net: Net
    tokens: Tokens = field(repr=False)
    shared: Shared
    api_url: str = API_URL
    mailbox: str = ""

    @property
    def root(self) -> str:
        """The address of the API with its version."""
        return self.api_url.rstrip("/").removesuffix(_VERSION) + _VERSION

    @property
    def owner(self) -> tuple[str, ...]:
        """The first segments of a path in the mailbox."""
        return ("users", self.mailbox) if self.mailbox else ("me",)

    def own(self, *segments: str, query: Query = ()) -> str:
        """A path in the mailbox, below the version."""
        return path_of(*self.owner, *segments, query=query)

    def now(self) -> int:
        """Unix milliseconds."""
        return self.net.now()

    async def get(self, path: str, *, step: str, seconds: float = FETCH_SECONDS, prefer: str = "") -> bytes:
        """Ask for something. See ``call``."""
        return await self.call("GET", path, step=step, prefer=prefer, idempotent=True, seconds=seconds)

    async def call(
        self,
        method: str,
        path: str,
        *,
        step: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        prefer: str = "",
        idempotent: bool = False,
        seconds: float = WRITE_SECONDS,
        whole: bool = False,
    ) -> bytes:
        """One call; the body of its answer. As ``ask``. What ``whole`` brings says by its parts whether it was granted.

        Raises:
            ProviderError: any status but 200, 201, 202 and 204; what is refused before the call was sent has ``sent`` False.
        """
        answer = await self.ask(
            method,
            path,
            body=body,
            headers=headers,
            prefer=prefer,
            idempotent=idempotent,
            seconds=seconds,
            whole=whole,
        )
        if answer.status not in (200, 201, 202, 204):
            raise self.refused(answer.status, answer.headers, answer.body, step, repeated=answer.repeated)
        if not whole:
            self.shared.pause.granted()
        return answer.body

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        prefer: str = "",
        idempotent: bool = False,
        seconds: float = WRITE_SECONDS,
        whole: bool = False,
    ) -> Answer:
        """One call, and its answer whatever it is; a 401 has been answered with another token, once.

        Args:
            method: of HTTP.
            path: below the version, as ``own`` and ``path_of`` give it; or a link of Graph's, followed unchanged.
            body: JSON, unless the headers say otherwise.
            headers: besides those of every request.
            prefer: a preference besides the one of every request.
            idempotent: it may be sent twice. Never so for a create.
            seconds: for everything.
            whole: it takes all the room that the mailbox has.

        Raises:
            ProviderMalformed: a link leads to another host, or out of the API: tokens never leave.
            ProviderError: there is no answer; before the call was sent ``sent`` is False.
        """
        url = self.link(path) if "://" in path else self.root + path
        self.shared.pause.check()
        deadline = Deadline(seconds)
        with nothing_sent():
            token = await self.tokens.current()
        sent = {"Accept": JSON, "Prefer": f"{IMMUTABLE}, {prefer}" if prefer else IMMUTABLE, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", JSON)

        async def send(token: str) -> Answer:
            async with _within(self.shared.room.all if whole else self.shared.room.one, deadline.left):
                return await self.net.send(
                    Call(
                        method=method,
                        url=url,
                        headers=sent,
                        body=body,
                        auth=BearerAuth(token),
                        deadline=deadline.left,
                        idempotent=idempotent,
                        redirects=0,
                        label="microsoft",
                    )
                )

        answer = await send(token)
        if answer.status == 401:
            with nothing_sent():
                token = await self.tokens.renewed(token)
            answer = await send(token)
        return answer

    def refused(
        self, status: int, headers: Mapping[str, str], body: bytes, step: str, *, repeated: bool = False
    ) -> ProviderError:
        """What an answer, or a part of one, that is not the one hoped for stands for.

        One about too many requests holds everybody back.
        """
        error = failure(status, headers, body, step, self.now())
        if isinstance(error, ProviderThrottled):
            error.retry_after = self.shared.pause.refused(error.retry_after)
        error.sent = error.sent or repeated
        return error

    def link(self, url: str) -> str:
        """A link that Graph gave, when it leads to the API. Raises ProviderMalformed."""
        if not self.leads_here(url):
            raise ProviderMalformed("Microsoft Graph: a link leads to another host")
        return url

    def leads_here(self, url: str) -> bool:
        """Whether a link leads to the API that is configured."""
        try:
            here, there = urlsplit(self.root), urlsplit(url)
            same = (here.scheme, here.hostname, _port(here.scheme, here.port)) == (
                there.scheme,
                there.hostname,
                _port(there.scheme, there.port),
            )
        except ValueError:
            return False
        return same and there.username is None and there.path.startswith(here.path + "/")


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)


@contextlib.asynccontextmanager
async def _within(room: Callable[[], AbstractAsyncContextManager[None]], seconds: float) -> AsyncIterator[None]:
    """Room for a request; ProviderUnavailable when there is none in time, and nothing was sent."""
    async with contextlib.AsyncExitStack() as held:
        try:
            async with asyncio.timeout(seconds):
                await held.enter_async_context(room())
        except TimeoutError:
            busy = "Too many requests for this account are under way"
            raise ProviderUnavailable(busy, sent=False, retry_after=1.0) from None
        yield


def decoded(body: bytes, kind: type[T], step: str) -> T:
    """The JSON of an answer. Raises ProviderMalformed."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        place = str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
        raise ProviderMalformed(f"{step}: the answer cannot be understood", detail=place) from None
