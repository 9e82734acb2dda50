"""The People API: a call and its JSON, or the error that its answer stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from polydex import __version__
from polydex.connectors.deadline import Deadline
from polydex.connectors.google.budget import Budget, Kind
from polydex.connectors.google.errors import failure
from polydex.connectors.google.shared import Shared
from polydex.connectors.outcome import nothing_sent
from polydex.connectors.tokens import Tokens
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
)
from polydex.net.auth import BearerAuth
from polydex.net.client import Net
from polydex.net.message import Answer, Call

T = TypeVar("T")

API_URL = "https://people.googleapis.com"
READ_SECONDS = 60.0
"""For a page of 1,000 persons."""
FETCH_SECONDS = 20.0
WRITE_SECONDS = 24.0
"""For all requests of one write together (JOURNAL.md, J10: every write is answered within 25 s)."""
SOURCES = "READ_SOURCE_TYPE_CONTACT"
"""Else fields of a linked profile come with the contact's own."""

_AGENT = f"Polydex/{__version__} (gzip)"
"""Google compresses only for programs that say so here, too (https://developers.google.com/people/v1/performance)."""

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Api:
    """Args:
    net: the outbound client.
    tokens: of the account.
    api_url: where the API is, without the version and a slash at the end.
    shared: of the account.
    """

    net: Net
    tokens: Tokens = field(repr=False)
    shared: Shared
    api_url: str = API_URL

    @property
    def budget(self) -> Budget:
        """Of the account."""
        return self.shared.budget

    def now(self) -> int:
        """Unix milliseconds."""
        return self.net.now()

    async def get(self, path: str, query: Query, *, step: str, seconds: float = FETCH_SECONDS) -> bytes:
        """Ask for something. See ``call``."""
        return await self.call("GET", path, query, step=step, kind="read", idempotent=True, seconds=seconds)

    async def call(
        self,
        method: str,
        path: str,
        query: Query = (),
        *,
        step: str,
        kind: Kind = "write",
        body: bytes | None = None,
        idempotent: bool = False,
        seconds: float = WRITE_SECONDS,
    ) -> bytes:
        """One call; the body of its answer. As ``ask``.

        Raises:
            ProviderError: any status but 200; what is refused before the call was sent has ``sent`` False.
        """
        answer = await self.ask(method, path, query, kind=kind, body=body, idempotent=idempotent, seconds=seconds)
        if answer.status != 200:
            raise self.refused(answer, step, kind)
        return answer.body

    async def ask(
        self,
        method: str,
        path: str,
        query: Query = (),
        *,
        kind: Kind = "write",
        body: bytes | None = None,
        idempotent: bool = False,
        seconds: float = WRITE_SECONDS,
    ) -> Answer:
        """One call, and its answer whatever it is; a 401 has been answered with another token, once.

        Args:
            method: of HTTP.
            path: after the version, as ``people/me/connections``.
            query: its parameters, in their order.
            kind: whose quota it counts for.
            body: JSON.
            idempotent: it may be sent twice. Never so for a create.
            seconds: for everything.

        Raises:
            ProviderError: there is no answer; before the call was sent ``sent`` is False.
        """
        self.budget.take(kind)
        deadline = Deadline(seconds)
        with nothing_sent():
            token = await self.tokens.current()
        url = self._url(path, query)
        answer = await self._send(method, url, token, body, deadline.left, idempotent=idempotent)
        if answer.status == 401:
            with nothing_sent():
                token = await self.tokens.renewed(token)
            self.budget.take(kind)
            answer = await self._send(method, url, token, body, deadline.left, idempotent=idempotent)
        return answer

    def refused(self, answer: Answer, step: str, kind: Kind) -> ProviderError:
        """What an answer that is not the one hoped for stands for; one about a quota holds everybody back."""
        error = failure(answer, step, self.now())
        if isinstance(error, ProviderThrottled):
            self.budget.refused(kind, error.retry_after or 0.0)
        return error

    async def _send(
        self, method: str, url: str, token: str, body: bytes | None, seconds: float, *, idempotent: bool
    ) -> Answer:
        headers = {"Accept": "application/json", "User-Agent": _AGENT}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.net.send(
            Call(
                method=method,
                url=url,
                headers=headers,
                body=body,
                auth=BearerAuth(token),
                deadline=seconds,
                idempotent=idempotent,
                redirects=0,
                label="google",
            )
        )

    def _url(self, path: str, query: Query) -> str:
        # Without indentation a person is the same bytes in every answer, and an answer two thirds of its size.
        text = urlencode([*query, ("alt", "json"), ("prettyPrint", "false")])
        return f"{self.api_url}/v1/{quote(path, safe='/:')}?{text}"


def decoded(body: bytes, kind: type[T], step: str) -> T:
    """The JSON of an answer. Raises ProviderMalformed."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProviderMalformed(
            f"{step}: the answer is not the JSON that is expected", detail=type(error).__name__
        ) from None


def encoded(value: Mapping[str, object]) -> bytes:
    """A body."""
    return msgspec.json.encode(value)
