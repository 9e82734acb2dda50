"""One sending of a request: whether bytes may have left, and that aiohttp does not repeat it by itself."""

from __future__ import annotations

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.connector import Connection

from polydex.net.failures import ConnectionDropped


class Request(aiohttp.ClientRequest):
    """A request that knows whether it has got a connection: from then on bytes may have left."""

    connected = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.connected = True
        if self.headers.get("Connection", "").lower() == "close" and conn.protocol is not None:
            # Some servers (SOGo) close every connection after its first answer without saying so, not even when they
            # were asked to; aiohttp would send the next request on it.
            conn.protocol.force_close()
        return await super().send(conn)


class Sending:
    """Watches over one sending of a request, as a middleware of aiohttp's."""

    __slots__ = ("_request",)

    def __init__(self) -> None:
        self._request: aiohttp.ClientRequest | None = None

    @property
    def connected(self) -> bool:
        """Whether bytes of it may have left."""
        return isinstance(self._request, Request) and self._request.connected

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        self._request = request
        try:
            return await handler(request)
        except (aiohttp.ClientConnectorError, aiohttp.ClientSSLError, TimeoutError):
            raise
        except (OSError, aiohttp.ServerDisconnectedError) as error:
            # Hidden from aiohttp, which sends PUT, DELETE and their like again after these.
            raise ConnectionDropped from error
