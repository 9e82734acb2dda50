"""One sending of a request: whether bytes may have left, and that aiohttp does not repeat it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.connector import Connection

from polydex.net.failures import ConnectionDropped


@dataclass(frozen=True, slots=True)
class Leg:
    """What one request carries to prove who we are.

    Attributes:
        authorization: the header, None for none.
        bare: the request goes without its body, to be answered with a challenge.
    """

    authorization: str | None = None
    bare: bool = False


class Signer(Protocol):
    """Proves who we are on a connection."""

    async def sign(self, connection: Connection, /) -> Leg: ...


class Request(aiohttp.ClientRequest):
    """A request that knows whether it has got a connection: from then on bytes may have left."""

    connected = False
    signer: Signer | None = None
    bare = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if self.signer is not None:
            leg = await self.signer.sign(conn)
            if leg.authorization is not None:
                self.headers["Authorization"] = leg.authorization
            if leg.bare:
                self.bare = True
                await self.update_body(None)
        self.connected = True
        if self.headers.get("Connection", "").lower() == "close" and conn.protocol is not None:
            # Some servers (SOGo) close every connection after its first answer without saying so, not even when they
            # were asked to; aiohttp would send the next request on it.
            conn.protocol.force_close()
        return await super().send(conn)


class Sending:
    """Watches over one sending of a request, as a middleware of aiohttp's.

    Args:
        signer: proves who we are, once the connection is there.
    """

    __slots__ = ("_request", "_signer")

    def __init__(self, signer: Signer | None = None) -> None:
        self._signer = signer
        self._request: Request | None = None

    @property
    def connected(self) -> bool:
        """Whether it may have arrived, with its body."""
        return self._request is not None and self._request.connected and not self._request.bare

    @property
    def bare(self) -> bool:
        """Whether it went without its body, see ``Leg``."""
        return self._request is not None and self._request.bare

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        if isinstance(request, Request):
            request.signer = self._signer
            self._request = request
        try:
            return await handler(request)
        except (aiohttp.ClientConnectorError, aiohttp.ClientSSLError, TimeoutError):
            raise
        except (OSError, aiohttp.ServerDisconnectedError) as error:
            # Hidden from aiohttp, which sends PUT, DELETE and their like again after these.
            raise ConnectionDropped from error
