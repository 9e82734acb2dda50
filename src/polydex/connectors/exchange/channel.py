"""The way to an Exchange server: over a connection of its own where the login belongs to it, else over shared ones."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from polydex.net.auth import BasicAuth, BearerAuth
from polydex.net.bound import BoundAuth
from polydex.net.client import Net
from polydex.net.message import Answer, Call
from polydex.net.streaming import Stream


class Sender(Protocol):
    """Sends with the account's credentials."""

    async def send(self, call: Call) -> Answer:
        """As ``Net.send``; the call's own ``auth`` is not looked at.

        Raises ProviderUnauthorized besides, where the server offers no way to log in that could be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One account's way to its server.

    Attributes:
        net: the outbound client.
        auth: the account's; one object for all its channels, as it remembers what a server takes.
    """

    net: Net
    auth: BoundAuth | BearerAuth

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Sender]:
        """A sender for as long as it is needed. Nothing is connected before the first request."""
        auth = self.auth
        if isinstance(auth, BoundAuth) and auth.method != "basic":
            async with self.net.line(auth) as line:
                yield line
        else:
            yield _Pooled(self.net, auth)

    @contextlib.asynccontextmanager
    async def stream(self, call: Call, idle: float) -> AsyncIterator[Stream]:
        """As ``Net.stream``, with the account's credentials: over a connection of its own in any case."""
        auth = self.auth
        if isinstance(auth, BoundAuth) and auth.method != "basic":
            async with self.net.line(auth) as line, line.stream(call, idle) as stream:
                yield stream
            return
        own: BasicAuth | BearerAuth = auth.basic if isinstance(auth, BoundAuth) else auth
        async with self.net.stream(replace(call, auth=own), idle) as stream:
            if stream.answer.status == 401 and isinstance(auth, BoundAuth):
                auth.refused()
            yield stream


@dataclass(frozen=True, slots=True)
class _Pooled:
    """Over connections that others use, too: each request brings its credentials."""

    net: Net
    auth: BoundAuth | BearerAuth

    async def send(self, call: Call) -> Answer:
        auth = self.auth
        own: BasicAuth | BearerAuth = auth.basic if isinstance(auth, BoundAuth) else auth
        answer = await self.net.send(replace(call, auth=own))
        if answer.status == 401 and isinstance(auth, BoundAuth):
            auth.refused()
        return answer
