"""One HTTP connection: uvicorn's, with failures in our shape, limits on a request's head, and no upgrades."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from polydex.api.errors import failure
from polydex.api.request import request_id as new_id
from polydex.api.transport import Gathering
from polydex.core.errors import BadRequest

HEAD_BYTES = 128 * 1024
"""Of a request line and its headers, about; the parser alone takes any number of headers."""

_UPGRADE = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Connection(HttpToolsProtocol):
    """Everything that is not an HTTP request gets the answer of every other failure, and the connection ends.

    A client that offers to go on in another protocol (RFC 9110, section 7.8; Java's own client offers HTTP/2 with its
    requests to ``http://``) is answered in HTTP/1.1. The parser takes what follows such a head for the other protocol,
    so the head is read a second time, without the offer.

    Attributes:
        head_seconds: from the beginning of a connection or of a request to the end of the request's head.
    """

    head_seconds = 20.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = True
        self._offered: bytes | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._gathering = Gathering(transport)
        super().connection_made(self._gathering)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._gathering.flush()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        # Only a request ends the waiting for one, not the rest of a body that was answered before it had come: else who
        # sends that in drops, or to its end and nothing more, would keep the connection for ever.
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_again(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("This is not a request of HTTP/1.1 that can be read")
        else:
            if self._in_head and self._head_bytes > HEAD_BYTES:
                self.send_400_response(f"The head of a request may have {HEAD_BYTES} bytes at most")

    def on_message_begin(self) -> None:
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._begin_head()

    def on_headers_complete(self) -> None:
        self._unset_keepalive_if_required()  # again: an answer to the request before this one may have set it
        self._end_head()
        if self.parser.should_upgrade():
            self._offered = self._without_offer()
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._offered is None:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self.cycle is None or self.cycle.response_complete:
            request_id = new_id()
            reply = failure(BadRequest(msg), request_id)
            lines = [
                f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
                f"content-type: {reply.media}",
                f"content-length: {len(reply.body)}",
                f"x-request-id: {request_id}",
                "connection: close",
            ]
            self.transport.write("\r\n".join([*lines, "", ""]).encode("ascii") + reply.body)
        self.transport.close()

    def _without_offer(self) -> bytes:
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%s: %s" % header for header in self.headers if header[0] not in _UPGRADE]
        return b"\r\n".join([*lines, b"", b""])

    def _read_again(self, rest: bytes) -> None:
        head, self._offered = self._offered, None
        if head is None or head.startswith(b"CONNECT "):  # a tunnel (RFC 9110, section 9.3.6); this is no proxy
            self.send_400_response("This server is no proxy")
            return
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(head + rest)

    def _begin_head(self) -> None:
        self._end_head()
        self._in_head, self._head_bytes = True, 0
        self._deadline = asyncio.get_running_loop().call_later(self.head_seconds, self._too_slow)

    def _end_head(self) -> None:
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:  # the request before this one is still being answered
            self._deadline = asyncio.get_running_loop().call_later(self.head_seconds, self._too_slow)
