"""SRV and TXT records from a real name server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from polydex.net.client import Net
from polydex.net.dns import Dns

ZONE = {
    ("_carddavs._tcp.example.com.", "SRV"): [
        "10 0 443 backup.example.com.",
        "0 1 8443 Light.example.com.",
        "0 9 443 heavy.example.com.",
    ],
    ("_carddavs._tcp.example.com.", "TXT"): ['"path=/dav/"', '"one " "text" " in parts"'],
    ("_carddavs._tcp.none.example.com.", "SRV"): ["0 0 0 ."],
    ("_carddavs._tcp.bytes.example.com.", "TXT"): ['"\\255path"'],
}


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self.questions: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The selector loop's class for it is no DatagramTransport before Python 3.12.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        [question] = query.question
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.questions.append(f"{name} {kind}")
        if self.silent:
            return
        reply = dns.message.make_response(query)
        if records := ZONE.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif name == "_carddavs._tcp.broken.example.com.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif not any(known == name for known, _ in ZONE):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@asynccontextmanager
async def name_server(*, silent: bool = False) -> AsyncIterator[tuple[NameServer, int]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(silent=silent), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def test_records_come_in_the_order_in_which_to_try_them() -> None:
    async with name_server() as (_, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
        assert await net.srv("_carddavs._tcp.example.com") == [
            ("heavy.example.com", 443, 0, 9),
            ("light.example.com", 8443, 0, 1),
            ("backup.example.com", 443, 10, 0),
        ]
        assert sorted(await net.txt("_carddavs._tcp.example.com")) == ["one text in parts", "path=/dav/"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("_carddavs._tcp.none.example.com", 1),  # a target of "." is "decidedly not available"
        ("_carddavs._tcp.unknown.example.com", 1),  # no such name
        ("_carddavs._tcp.bytes.example.com", 1),  # a name without this kind of record
        ("_carddavs._tcp.broken.example.com", 1),  # the name server fails
        ("_carddavs._tcp." + "a" * 64 + ".example.com", 0),
        ("..", 0),
        ("", 0),
    ],
)
async def test_where_there_is_nothing_the_list_is_empty(name: str, asked: int) -> None:
    async with name_server() as (server, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
        assert await net.srv(name) == []
        assert len(server.questions) == asked


async def test_bytes_that_are_no_text_do_no_harm() -> None:
    async with name_server() as (_, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
        assert await net.txt("_carddavs._tcp.bytes.example.com") == ["\ufffdpath"]


async def test_a_silent_name_server_is_given_up() -> None:
    async with name_server(silent=True) as (server, port), Net(dns=Dns(["127.0.0.1"], port, seconds=0.3)) as net:
        assert await net.srv("_carddavs._tcp.example.com") == []
        assert server.questions


async def test_no_search_domains_are_tried() -> None:
    async with name_server() as (server, port):
        names = Dns(["127.0.0.1"], port)
        # As on a machine whose configuration says "search example.com".
        names._resolver().search = [dns.name.from_text("example.com")]
        assert await names.srv("_carddavs._tcp.unknown") == []
        assert set(server.questions) == {"_carddavs._tcp.unknown. SRV"}
