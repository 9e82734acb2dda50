"""The guard against real connections: what is not permitted is not even connected to."""

from typing import get_args

import pytest

from polydex.core.errors import AddressForbidden, ProviderUnavailable
from polydex.net.addresses import Purpose
from polydex.net.client import Net
from polydex.net.guard import SystemResolver
from polydex.net.message import Call
from tests.contract.net.servers import LOOPBACK, Names, ok, serving


@pytest.mark.parametrize("purpose", get_args(Purpose))
async def test_by_default_loopback_is_out_of_reach(purpose: Purpose) -> None:
    names = Names.of(dav="127.0.0.1", six="::1", mapped="::ffff:127.0.0.1")
    async with serving(ok) as server, Net(resolver=names) as net:
        for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "dav.example.com", "six.example.com", "mapped.example.com"):
            with pytest.raises(AddressForbidden) as caught:
                await net.send(Call("GET", server.url(host=host), purpose=purpose))
            assert not caught.value.sent
        assert server.seen == []


async def test_the_systems_own_names_are_guarded_too() -> None:
    async with serving(ok) as server, Net() as net:
        with pytest.raises(AddressForbidden):
            await net.send(Call("GET", server.url(host="localhost")))
        assert server.seen == []


async def test_the_systems_resolver_finds_loopback_where_it_is_allowed() -> None:
    async with serving(ok) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("GET", server.url(host="localhost")))
        assert answer.body == b"ok"
        assert answer.url == server.url(host="localhost")


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """DNS rebinding: the name has a permitted address when it is asked first, another one ever after."""
    names = Names({"rebind.example.com": [["127.0.0.2"], ["127.0.0.1"]]})
    async with (
        serving(ok, "127.0.0.1") as inside,
        Net(allow_private="127.0.0.2/32", resolver=names) as net,
    ):
        # Nobody listens on 127.0.0.2; a second look-up would lead to the server on 127.0.0.1.
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("GET", inside.url(host="rebind.example.com")))
        assert not caught.value.sent
        assert names.asked == ["rebind.example.com"]
        assert inside.seen == []


async def test_the_checked_address_is_the_one_that_answers() -> None:
    names = Names({"rebind.example.com": [["127.0.0.2"], ["127.0.0.1"]]})
    async with serving(ok, "127.0.0.2") as outside, Net(allow_private="127.0.0.2/32", resolver=names) as net:
        answer = await net.send(Call("GET", outside.url(host="rebind.example.com")))
        assert answer.status == 200
        assert [seen.host for seen in outside.seen] == [f"rebind.example.com:{outside.port}"]


async def test_a_name_that_turns_to_a_private_address_is_refused_on_a_new_connection() -> None:
    names = Names({"rebind.example.com": [["127.0.0.2"], ["127.0.0.1"]]})
    async with serving(ok, "127.0.0.1") as inside, Net(allow_private="127.0.0.2/32", resolver=names) as net:
        with pytest.raises(ProviderUnavailable):
            await net.send(Call("GET", inside.url(host="rebind.example.com")))
        await net.close()  # forgets connections and names
        with pytest.raises(AddressForbidden):
            await net.send(Call("GET", inside.url(host="rebind.example.com")))
        assert inside.seen == []


async def test_of_several_addresses_only_the_permitted_are_tried() -> None:
    names = Names({"mixed.example.com": [["127.0.0.1", "127.0.0.2"]]})
    async with (
        serving(ok, "127.0.0.1") as inside,
        Net(allow_private="127.0.0.2/32", resolver=names) as net,
    ):
        with pytest.raises(ProviderUnavailable):
            await net.send(Call("GET", inside.url(host="mixed.example.com")))
        assert inside.seen == []


async def test_a_network_allowed_for_one_purpose_is_closed_to_others_even_on_an_open_connection() -> None:
    names = Names.of(dav="127.0.0.1")
    async with serving(ok) as server, Net(allow_private="127.0.0.0/8=provider", resolver=names) as net:
        for host in ("127.0.0.1", "dav.example.com"):
            url = server.url(host=host)
            assert (await net.send(Call("GET", url, purpose="provider"))).status == 200
            for purpose in ("webhook", "photo"):
                with pytest.raises(AddressForbidden):
                    await net.send(Call("POST", url, purpose=purpose))
        assert [seen.method for seen in server.seen] == ["GET", "GET"]


async def test_a_name_without_addresses_is_unavailable_and_nothing_was_sent() -> None:
    async with Net(resolver=Names({"empty.example.com": [[]]})) as net:
        for host in ("unknown.example.com", "empty.example.com"):
            with pytest.raises(ProviderUnavailable) as caught:
                await net.send(Call("PUT", f"https://{host}/", body=b"x"))
            assert not caught.value.sent


@pytest.mark.parametrize("host", ["nosuch.invalid", f"{'a' * 64}.example.com"])
async def test_the_systems_resolver_reports_what_it_cannot_resolve(host: str) -> None:
    resolver = SystemResolver()
    with pytest.raises(OSError, match=r"."):
        await resolver.addresses(host)
    resolver.close()


async def test_private_networks_that_cannot_be_read_stop_the_start() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Net(allow_private="nonsense")


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(ok) as server, serving(ok) as proxy, Net(allow_private=LOOPBACK) as net:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        await net.send(Call("GET", server.url()))
        assert len(server.seen) == 1
        assert proxy.seen == []
