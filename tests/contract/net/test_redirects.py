"""Redirects between real servers: the request arrives whole, and credentials only where they belong."""

from pathlib import Path

import pytest
from aiohttp import web

from polydex.core.errors import AddressForbidden, ProviderMalformed
from polydex.net.auth import BasicAuth, BearerAuth, PasswordAuth
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import LOOPBACK, Authority, Handler, Names, certify, ok, serving

HOSTS = ("dav.example.com", "p01.example.com", "www.example.org", "files.example.net")
NAMES = Names({host: [["127.0.0.1"]] for host in HOSTS})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certify(folder, *HOSTS, "127.0.0.1")


def redirecting(status: int, locations: dict[str, str]) -> Handler:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        target = locations.get(request.raw_path)
        if target is None:
            return web.Response(text="here")
        return web.Response(status=status, headers={"Location": target}, text="elsewhere")

    return handle


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_method_body_and_headers_are_kept(status: int) -> None:
    handler = redirecting(status, {"/.well-known/carddav": "/dav/", "/dav/": "books/a%40b/"})
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(
            Call(
                "PROPFIND",
                server.url("/.well-known/carddav"),
                headers={"Depth": "0", "Content-Type": "application/xml"},
                body=b"<propfind/>",
                auth=BasicAuth("u", "p"),
            )
        )
        assert answer.body == b"here"
        assert answer.url == server.url("/dav/books/a%40b/")
        assert [seen.path for seen in server.seen] == ["/.well-known/carddav", "/dav/", "/dav/books/a%40b/"]
        for seen in server.seen:
            assert (seen.method, seen.body) == ("PROPFIND", b"<propfind/>")
            assert seen.headers["Depth"] == "0"
            assert seen.headers["Content-Type"] == "application/xml"
            assert seen.headers["Authorization"].startswith("Basic ")


async def test_see_other_is_fetched_without_the_body() -> None:
    async with serving(redirecting(303, {"/": "/result"})) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(Call("POST", server.url(), headers={"Content-Type": "text/plain"}, body=b"x"))
        first, second = server.seen
        assert (first.method, first.body) == ("POST", b"x")
        assert (second.method, second.path, second.body) == ("GET", "/result", b"")
        assert "Content-Type" not in second.headers


async def test_a_loop_ends() -> None:
    async with serving(redirecting(302, {"/": "/a", "/a": "/"})) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderMalformed):
            await net.send(Call("GET", server.url(), redirects=3))
        assert len(server.seen) == 4


async def test_a_caller_may_ask_for_the_redirect_itself() -> None:
    async with serving(redirecting(302, {"/": "/a"})) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("POST", server.url(), body=b"x", redirects=0))
        assert (answer.status, answer.headers["location"]) == (302, "/a")
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://[fd00::1]/",
        "http://0x7f000001/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_does_not_get_around_the_guard(target: str) -> None:
    async with serving(redirecting(302, {"/": target})) as server, Net(allow_private="127.0.0.1/32") as net:
        with pytest.raises(AddressForbidden):
            await net.send(Call("GET", server.url()))


async def test_a_redirect_to_a_name_is_resolved_and_checked_as_well() -> None:
    names = Names({"inside.example.com": [["127.0.0.9"]]})
    async with (
        serving(ok, "127.0.0.9") as inside,
        serving(redirecting(307, {"/": inside.url(host="inside.example.com")})) as server,
        Net(allow_private="127.0.0.1/32", resolver=names) as net,
    ):
        with pytest.raises(AddressForbidden):
            await net.send(Call("PUT", server.url(), body=b"x"))
        assert inside.seen == []


@pytest.mark.parametrize(
    ("host", "trusted", "carried"),
    [
        ("dav.example.com", (), True),
        ("p01.example.com", (), True),
        ("www.example.org", (), False),
        ("www.example.org", ("*.example.org",), True),
        ("files.example.net", ("*.example.org",), False),
    ],
)
async def test_credentials_follow_within_the_domain_over_https(
    authority: Authority, host: str, trusted: tuple[str, ...], carried: bool
) -> None:
    async with (
        serving(ok, tls=authority.server) as there,
        serving(redirecting(302, {"/": there.url("/x", host, "https")}), tls=authority.server) as here,
        Net(allow_private=LOOPBACK, resolver=NAMES, ca_bundle=str(authority.bundle)) as net,
    ):
        await net.send(
            Call(
                "PUT",
                here.url(host="dav.example.com", scheme="https"),
                headers={"Cookie": "session=1"},
                body=b"card",
                auth=BearerAuth("secret"),
                trusted_hosts=trusted,
            )
        )
        [seen] = there.seen
        assert seen.body == b"card"
        assert ("Authorization" in seen.headers) is carried
        assert ("Cookie" in seen.headers) is carried


async def test_a_foreign_host_cannot_send_the_credentials_back(authority: Authority) -> None:
    """Once left behind, credentials do not return when the foreign host picks a path on the first one."""
    locations = {"/": "", "/foreign": ""}
    async with serving(redirecting(307, locations), tls=authority.server) as server:
        locations["/"] = server.url("/foreign", "www.example.org", "https")
        locations["/foreign"] = server.url("/delete-all", "dav.example.com", "https")
        async with Net(allow_private=LOOPBACK, resolver=NAMES, ca_bundle=str(authority.bundle)) as net:
            await net.send(
                Call("DELETE", server.url(host="dav.example.com", scheme="https"), auth=PasswordAuth("u", "p"))
            )
        assert [seen.path for seen in server.seen] == ["/", "/foreign", "/delete-all"]
        assert ["Authorization" in seen.headers for seen in server.seen] == [True, False, False]


async def test_an_authorised_call_is_not_led_from_https_to_http(authority: Authority) -> None:
    async with serving(ok) as plain:
        handler = redirecting(301, {"/": plain.url("/", "dav.example.com")})
        async with (
            serving(handler, tls=authority.server) as server,
            Net(allow_private=LOOPBACK, resolver=NAMES, ca_bundle=str(authority.bundle)) as net,
        ):
            url = server.url(host="dav.example.com", scheme="https")
            with pytest.raises(AddressForbidden, match="https to http"):
                await net.send(Call("PROPFIND", url, auth=PasswordAuth("u", "p")))
            assert plain.seen == []
            # Without credentials there is nothing to protect.
            assert (await net.send(Call("GET", url, purpose="photo"))).body == b"ok"
            assert "Authorization" not in plain.seen[0].headers


async def test_a_redirect_from_http_to_https_takes_the_credentials_along(authority: Authority) -> None:
    async with serving(ok, tls=authority.server) as there:
        handler = redirecting(301, {"/": there.url("/", "dav.example.com", "https")})
        async with (
            serving(handler) as here,
            Net(allow_private=LOOPBACK, resolver=NAMES, ca_bundle=str(authority.bundle)) as net,
        ):
            await net.send(Call("GET", here.url(host="dav.example.com"), auth=BasicAuth("u", "p")))
            assert there.seen[0].headers["Authorization"].startswith("Basic ")
