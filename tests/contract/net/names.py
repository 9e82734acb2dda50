"""A name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset

Zone: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
"""Records by name (with the dot at its end) and kind."""


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone, *, silent: bool) -> None:
        self.zone, self.silent = zone, silent
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
        if records := self.zone.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif name == "_carddavs._tcp.broken.example.com.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@asynccontextmanager
async def name_server(zone: Zone, *, silent: bool = False) -> AsyncIterator[tuple[NameServer, int]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(zone, silent=silent), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
