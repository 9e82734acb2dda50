"""SRV and TXT records from a real name server on loopback."""

import dns.name
import pytest

from polydex.net.client import Net
from polydex.net.dns import Dns
from tests.contract.net.names import name_server

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


async def test_records_come_in_the_order_in_which_to_try_them() -> None:
    async with name_server(ZONE) as (_, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
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
    async with name_server(ZONE) as (server, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
        assert await net.srv(name) == []
        assert len(server.questions) == asked


async def test_bytes_that_are_no_text_do_no_harm() -> None:
    async with name_server(ZONE) as (_, port), Net(dns=Dns(["127.0.0.1"], port)) as net:
        assert await net.txt("_carddavs._tcp.bytes.example.com") == ["\ufffdpath"]


async def test_a_silent_name_server_is_given_up() -> None:
    async with name_server(ZONE, silent=True) as (server, port), Net(dns=Dns(["127.0.0.1"], port, seconds=0.3)) as net:
        assert await net.srv("_carddavs._tcp.example.com") == []
        assert server.questions


async def test_no_search_domains_are_tried() -> None:
    async with name_server(ZONE) as (server, port):
        names = Dns(["127.0.0.1"], port)
        # As on a machine whose configuration says "search example.com".
        names._resolver().search = [dns.name.from_text("example.com")]
        assert await names.srv("_carddavs._tcp.unknown") == []
        assert set(server.questions) == {"_carddavs._tcp.unknown. SRV"}
