"""An answer's head and its body, sent together."""

from __future__ import annotations

import asyncio
from typing import Any

_FINAL_HEAD = b"HTTP/1.1 "
_INTERIM_HEAD = b"HTTP/1.1 1"


class Gathering(asyncio.Transport):
    """A transport that keeps an answer's head until its body comes: sending is half of what a small answer costs.

    Interim answers (100 Continue, RFC 9110, section 15.2) go out at once: the client waits for them.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        head, self._head = self._head, None
        if head is not None:
            self._transport.write(head + data)
        elif data[:9] == _FINAL_HEAD and data[:10] != _INTERIM_HEAD:
            self._head = bytes(data)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what is kept: an answer without a body is complete."""
        head, self._head = self._head, None
        if head is not None:
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
