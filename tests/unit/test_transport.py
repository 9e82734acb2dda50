"""An answer's head and its body, sent together."""

import asyncio
from typing import Any

from polydex.api.transport import Gathering

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def test_head_and_body_are_one_write() -> None:
    wire = Wire()
    transport = Gathering(wire)
    transport.write(HEAD)
    assert wire.sent == []
    transport.write(b"ok")
    assert wire.sent == [HEAD + b"ok"]
    transport.write(b"more")
    assert wire.sent == [HEAD + b"ok", b"more"]


def test_an_answer_without_a_body_goes_out_when_it_is_complete() -> None:
    wire = Wire()
    transport = Gathering(wire)
    transport.write(HEAD)
    transport.flush()
    transport.flush()
    assert wire.sent == [HEAD]


def test_a_head_goes_out_before_the_connection_ends() -> None:
    wire = Wire()
    transport = Gathering(wire)
    transport.write(HEAD)
    transport.close()
    assert (wire.sent, wire.closed) == ([HEAD], True)


def test_an_interim_answer_is_not_kept() -> None:
    wire = Wire()
    Gathering(wire).write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert wire.sent == [b"HTTP/1.1 100 Continue\r\n\r\n"]
