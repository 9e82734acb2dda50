"""From an e-mail address to a server, with servers that answer as Exchange does, in the places where it has them."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from polydex.connectors.exchange.autodiscover import Search
from polydex.connectors.provider import Credentials
from polydex.core.errors import AddressForbidden, BadRequest, ProviderUnauthorized
from polydex.net.client import Net
from polydex.net.dns import Dns
from tests.contract.net.names import name_server
from tests.contract.net.servers import BODY, LOOPBACK, Names, certify, serving
from tests.servers.windows import LOGIN, PASSWORD, Doorkeeper, accounts

ANN = Credentials("ann@corp.example.com", PASSWORD)
EWS = "https://mail.example.com/EWS/Exchange.asmx"
_PRIMARY = "ann.lee@corp.example.com"
_OUTER = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_INNER = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
HOSTS = (
    "corp.example.com",
    "autodiscover.corp.example.com",
    "mail.example.com",
    "hoster.example.org",
    "autodiscover.example.org",
)

Page = Callable[["Site"], web.Response]


@dataclass
class Site:
    """What each host answers who has logged in; hosts that are not in it do not answer at all.

    Attributes:
        pages: by host, over https; the keeper lets in.
        redirects: by host, over http.
        asked: hosts, in the order in which they were asked with a login or without.
    """

    keeper: Doorkeeper = field(default_factory=Doorkeeper)
    pages: dict[str, Page] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    https: int = 0

    def url(self, host: str) -> str:
        return f"https://{host}:{self.https}/autodiscover/autodiscover.xml"

    async def secure(self, request: web.BaseRequest) -> web.StreamResponse:
        host = (request.url.host or "").lower()
        if host not in self.asked:
            self.asked.append(host)
        if host == "web.corp.example.com" or host not in self.pages:
            return web.Response(status=404)
        refused = self.keeper.ask(request)
        if refused is not None:
            return refused
        found = re.search(rb"<EMailAddress>(.*?)</EMailAddress>", request[BODY])
        assert found
        self.addresses.append(found[1].decode())
        return self.pages[host](self)

    async def plain(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.method == "GET"
        assert "Authorization" not in request.headers
        target = self.redirects.get(request.url.host or "")
        return web.Response(status=302, headers={"Location": target}) if target else web.Response(status=404)


def response(inside: str) -> web.Response:
    text = f'<Autodiscover xmlns="{_OUTER}"><Response xmlns="{_INNER}">{inside}</Response></Autodiscover>'
    return web.Response(text=text, content_type="text/xml")


def settings(*protocols: tuple[str, str]) -> Page:
    inside = "".join(f"<Protocol><Type>{kind}</Type><EwsUrl>{url}</EwsUrl></Protocol>" for kind, url in protocols)
    return lambda _: response(f"<Account><AccountType>email</AccountType><Action>settings</Action>{inside}</Account>")


def to_address(address: str) -> Page:
    return lambda _: response(f"<Account><Action>redirectAddr</Action><RedirectAddr>{address}</RedirectAddr></Account>")


def to_url(host: str) -> Page:
    return lambda site: response(
        f"<Account><Action>redirectUrl</Action><RedirectUrl>{site.url(host)}</RedirectUrl></Account>"
    )


def moved(host: str) -> Page:
    return lambda site: web.Response(status=302, headers={"Location": site.url(host)})


HERE = settings(("EXCH", "https://inside.corp.example.com/EWS/Exchange.asmx"), ("EXPR", EWS))


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(tmp_path, monkeypatch)


@asynccontextmanager
async def searching(
    site: Site, folder: Path, credentials: Credentials = ANN, first: str = "", known: tuple[str, ...] = HOSTS
) -> AsyncIterator[Search]:
    authority = certify(folder, *HOSTS)
    names = Names({host: [["127.0.0.1"]] for host in known})
    async with (
        serving(site.secure, tls=authority.server) as secure,
        serving(site.plain) as plain,
        name_server(site.records) as (_, port),
        Net(
            allow_private=LOOPBACK,
            ca_bundle=str(authority.bundle),
            resolver=names,
            dns=Dns(["127.0.0.1"], port),
        ) as net,
    ):
        site.https = secure.port
        for (name, kind), records in site.records.items():
            site.records[name, kind] = [record.replace("PORT", str(secure.port)) for record in records]
        site.redirects = {host: site.url(target) for host, target in site.redirects.items()}
        yield Search(net, credentials, first.replace("PORT", str(secure.port)), (secure.port, plain.port))


@pytest.mark.parametrize(
    ("page", "server"),
    [
        (HERE, EWS),
        (settings(("EXCH", EWS)), EWS),
        (settings(("WEB", ""), ("EXPR", ""), ("EXHTTP", EWS), ("EXCH", "http://x.example.com/")), EWS),
    ],
)
async def test_the_domain_of_the_address_is_asked(tmp_path: Path, page: Page, server: str) -> None:
    site = Site(pages={"autodiscover.corp.example.com": page})
    async with searching(site, tmp_path) as search:
        assert await search.server() == server
    assert site.asked == ["corp.example.com", "autodiscover.corp.example.com"]
    assert site.addresses == [ANN.login]


@pytest.mark.parametrize("method", ["", "basic", "ntlm", "negotiate"])
@pytest.mark.parametrize("schemes", [("Negotiate", "NTLM"), ("Basic",), ("Negotiate", "NTLM", "Basic")])
async def test_the_login_is_proven_as_the_account_says(tmp_path: Path, schemes: tuple[str, ...], method: str) -> None:
    login = LOGIN if method != "negotiate" else ANN.login
    credentials = Credentials(login, PASSWORD, mailbox="shared@corp.example.com", method=method)
    site = Site(Doorkeeper(schemes), {"autodiscover.corp.example.com": HERE})
    possible = not method or method in [scheme.lower() for scheme in schemes]
    async with searching(site, tmp_path, credentials) as search:
        if possible:
            assert await search.server() == EWS
            assert site.addresses == ["shared@corp.example.com"]
        else:
            with pytest.raises(BadRequest, match="finds no Exchange server"):
                await search.server()
    assert site.keeper.refused == 0


async def test_redirects_of_those_who_are_believed_are_followed(tmp_path: Path) -> None:
    site = Site(
        pages={
            "autodiscover.corp.example.com": moved("hoster.example.org"),
            "hoster.example.org": to_address("ann@example.org"),
            "autodiscover.example.org": to_url("mail.example.com"),
            "mail.example.com": HERE,
        }
    )
    async with searching(site, tmp_path) as search:
        assert await search.server() == EWS
    assert site.addresses == [ANN.login, ANN.login, "ann@example.org", "ann@example.org"]


async def test_circles_end(tmp_path: Path) -> None:
    site = Site(
        pages={
            "autodiscover.corp.example.com": to_url("mail.example.com"),
            "mail.example.com": to_url("autodiscover.corp.example.com"),
        }
    )
    async with searching(site, tmp_path) as search:
        with pytest.raises(BadRequest, match=r"autodiscover finds no Exchange server for corp\.example\.com"):
            await search.server()
    other = Site(pages={"autodiscover.corp.example.com": to_address(ANN.login)})
    async with searching(other, tmp_path) as search:
        with pytest.raises(BadRequest, match="finds no Exchange server"):
            await search.server()
    assert len(other.addresses) == 1


@pytest.mark.parametrize("first", ["", "https://mail.example.com:PORT/autodiscover/autodiscover.xml"])
async def test_who_knows_one_address_is_asked_for_another_one_too(tmp_path: Path, first: str) -> None:
    """As for the primary address of somebody who has several."""

    def page(site: Site) -> web.Response:
        return HERE(site) if site.addresses[-1] == _PRIMARY else to_address(_PRIMARY)(site)

    site = Site(pages={"mail.example.com" if first else "autodiscover.corp.example.com": page})
    async with searching(site, tmp_path, first=first) as search:
        assert await search.server() == EWS
    assert site.addresses == [ANN.login, _PRIMARY]


@pytest.mark.parametrize(
    "address", ["ann", "ann@", "ann@corp.example.com#x", "ann@a b", "ann@10.0.0.1", f"ann@{'x' * 300}.com", "ann@x?y/"]
)
async def test_an_address_that_is_none_leads_nowhere_and_is_not_repeated(tmp_path: Path, address: str) -> None:
    site = Site(pages={"autodiscover.corp.example.com": to_address(address)})
    async with searching(site, tmp_path) as search:
        with pytest.raises(BadRequest, match=r"finds no Exchange server for corp\.example\.com at [0-9] addresses$"):
            await search.server()
    assert site.asked == ["corp.example.com", "autodiscover.corp.example.com"]


async def test_a_redirect_over_http_is_followed_within_the_domain_alone(tmp_path: Path) -> None:
    """Anybody on the way may have written it; so may have the record of DNS."""
    own = Site(redirects={"autodiscover.corp.example.com": "mail.example.com"}, pages={"mail.example.com": HERE})
    async with searching(own, tmp_path) as search:
        assert await search.server() == EWS
    foreign = Site(
        redirects={"autodiscover.corp.example.com": "hoster.example.org"}, pages={"hoster.example.org": HERE}
    )
    async with searching(foreign, tmp_path) as search:
        with pytest.raises(BadRequest, match=r"leads to hoster\.example\.org, without a proof"):
            await search.server()
    assert "hoster.example.org" not in foreign.asked


async def test_a_record_of_dns_is_followed_within_the_domain_alone(tmp_path: Path) -> None:
    name = ("_autodiscover._tcp.corp.example.com.", "SRV")
    own = Site(records={name: ["0 0 PORT mail.example.com."]}, pages={"mail.example.com": HERE})
    async with searching(own, tmp_path) as search:
        assert await search.server() == EWS
    foreign = Site(records={name: ["0 0 PORT hoster.example.org."]}, pages={"hoster.example.org": HERE})
    async with searching(foreign, tmp_path) as search:
        with pytest.raises(BadRequest, match=r"hoster\.example\.org"):
            await search.server()
    assert "hoster.example.org" not in foreign.asked


@pytest.mark.parametrize(
    "site",
    [
        Site(pages={"autodiscover.corp.example.com": to_address("ann@corp.mail.onmicrosoft.com")}),
        Site(pages={"autodiscover.corp.example.com": to_url("autodiscover-s.outlook.com")}),
        Site(redirects={"autodiscover.corp.example.com": "autodiscover-s.outlook.com"}),
        Site(records={("_autodiscover._tcp.corp.example.com.", "SRV"): ["0 0 443 autodiscover.outlook.com."]}),
        Site(
            pages={
                "autodiscover.corp.example.com": settings(("EXPR", "https://outlook.office365.com/EWS/Exchange.asmx"))
            }
        ),
    ],
    ids=["address", "url", "http", "dns", "server"],
)
async def test_who_is_led_to_exchange_online_is_told_to_connect_as_office365(tmp_path: Path, site: Site) -> None:
    async with searching(site, tmp_path) as search:
        with pytest.raises(BadRequest, match="Office365"):
            await search.server()


async def test_addresses_of_outlook_com_are_not_even_looked_for(tmp_path: Path) -> None:
    site = Site()
    async with searching(site, tmp_path, Credentials("ann@outlook.com", PASSWORD)) as search:
        with pytest.raises(BadRequest, match="Office365"):
            await search.server()
    assert site.asked == []


async def test_a_refused_password_ends_the_search(tmp_path: Path) -> None:
    pages = {"corp.example.com": HERE, "autodiscover.corp.example.com": HERE}
    site = Site(pages=pages)
    async with searching(site, tmp_path, Credentials(ANN.login, "wrong")) as search:
        with pytest.raises(ProviderUnauthorized):
            await search.server()
    assert site.keeper.refused == 1


async def test_the_login_of_a_web_site_is_no_refusal(tmp_path: Path) -> None:
    """Where only the site in front asks for a password of its own, and knows nothing of mailboxes."""
    site = Site(pages={"autodiscover.corp.example.com": HERE})

    async def with_a_login(request: web.BaseRequest) -> web.StreamResponse:
        if request.url.host == "corp.example.com":
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="intranet"'})
        return await site.secure(request)

    authority = certify(tmp_path, *HOSTS)
    async with (
        serving(with_a_login, tls=authority.server) as server,
        name_server({}) as (_, port),
        Net(
            allow_private=LOOPBACK,
            ca_bundle=str(authority.bundle),
            resolver=Names({host: [["127.0.0.1"]] for host in HOSTS}),
            dns=Dns(["127.0.0.1"], port),
        ) as net,
    ):
        assert await Search(net, ANN, ports=(server.port, 9)).server() == EWS


async def test_a_service_of_the_installation_is_asked_first(tmp_path: Path) -> None:
    site = Site(pages={"mail.example.com": HERE})
    first = "https://mail.example.com:PORT/autodiscover/autodiscover.xml"
    async with searching(site, tmp_path, first=first) as search:
        assert await search.server() == EWS
    assert site.asked == ["mail.example.com"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            lambda _: web.Response(
                text=f'<Autodiscover xmlns="{_OUTER}"><Response><Error Time="1" Id="2"><ErrorCode>500</ErrorCode>'
                "<Message>The email address can't be found.</Message></Error></Response></Autodiscover>"
            ),
            "does not know the address",
        ),
        (lambda _: web.Response(text="<html/>"), "finds no Exchange server"),
        (lambda _: web.Response(text="Welcome"), "finds no Exchange server"),
        (lambda _: web.Response(text='<!DOCTYPE a [<!ENTITY b "c">]><Autodiscover/>'), "finds no Exchange server"),
        (lambda _: response(""), "finds no Exchange server"),
        (settings(("EXPR", "http://mail.example.com/EWS/Exchange.asmx")), "finds no Exchange server"),
        (lambda _: web.Response(status=500), "finds no Exchange server"),
        (lambda _: web.Response(status=302, headers={"Location": "http://x.example.com/"}), "finds no"),
        (lambda _: web.Response(status=302, headers={"Location": "ftp://x.example.com/"}), "permitted|http and https"),
    ],
)
async def test_what_is_no_answer_leads_nowhere(tmp_path: Path, page: Page, message: str) -> None:
    site = Site(pages={"autodiscover.corp.example.com": page})
    async with searching(site, tmp_path) as search:
        with pytest.raises((BadRequest, AddressForbidden), match=message):
            await search.server()


async def test_where_the_server_is_in_a_network_that_may_not_be_reached_it_is_said(tmp_path: Path) -> None:
    names = Names({"autodiscover.corp.example.com": [["10.1.2.3"]]})
    async with name_server({}) as (_, port), Net(resolver=names, dns=Dns(["127.0.0.1"], port)) as net:
        with pytest.raises(AddressForbidden):
            await Search(net, ANN).server()
