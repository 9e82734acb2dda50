"""Autodiscover in plain XML."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.routing import Route

from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange.auth import Gate, Login
from polydex_sandbox.exchange.autodiscover import ENVELOPE, PATH, REQUEST, RESPONSE, Autodiscover
from polydex_sandbox.sandbox import Sandbox

START = 1_767_258_123_456  # 2026-01-01T09:02:03.456Z
A, R = f"{{{ENVELOPE}}}", f"{{{RESPONSE}}}"


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(Clock(START, frozen=True))
    sandbox.accounts.create("ada@example.com", "Ada", START)
    sandbox.accounts.create("bob@example.com", "Bob", START)
    return sandbox


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    def logins() -> list[Login]:
        return [Login(account, frozenset({account.email}), "secret") for account in sandbox.accounts]

    service = Autodiscover(sandbox, Gate(logins, sandbox.tokens, sandbox.clock.now))
    app = Starlette(routes=[Route(PATH, service.answer, methods=["GET", "POST", "PUT"])])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.com") as client:
        yield client


def asking(address: str = "ada@example.com", schema: str = RESPONSE) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{REQUEST}"><Request><EMailAddress>{address}'
        f"</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    )


async def asked(http: httpx.AsyncClient, body: str) -> etree._Element:
    answer = await http.post(
        PATH, content=body, auth=("ada@example.com", "secret"), headers={"Content-Type": "text/xml"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(answer.content)
    assert root.tag == f"{A}Autodiscover"
    return root


def error(root: etree._Element) -> tuple[str, dict[str, str | None], dict[str, str]]:
    """The namespace of an error, what it says, and its attributes."""
    (response,) = root
    (found,) = response
    name = etree.QName(found)
    assert name.localname == "Error"
    said = {etree.QName(child).localname: child.text for child in found}
    return str(name.namespace), said, {str(key): str(value) for key, value in found.attrib.items()}


async def test_settings(http: httpx.AsyncClient) -> None:
    root = await asked(http, asking("Bob@Example.com"))
    assert root.findtext(f"{R}Response/{R}User/{R}AutoDiscoverSMTPAddress") == "bob@example.com"
    assert root.findtext(f"{R}Response/{R}User/{R}DisplayName") == "Bob"
    account = root.find(f"{R}Response/{R}Account")
    assert account is not None
    assert account.findtext(f"{R}Action") == "settings"
    urls = {each.findtext(f"{R}Type"): each.findtext(f"{R}EwsUrl") for each in account.iterfind(f"{R}Protocol")}
    assert urls == dict.fromkeys(("EXCH", "EXPR"), "https://mail.example.com/EWS/Exchange.asmx")


async def test_nobody_is_told_without_a_proof(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.post(PATH, content=asking()),
        await http.post(PATH, content=asking(), auth=("ada@example.com", "wrong")),
        await http.get(PATH),
    ):
        assert answer.status_code == 401
        assert answer.headers.get_list("www-authenticate") == ["Negotiate", "NTLM", 'Basic realm="mail.example.com"']


async def test_an_unknown_address(http: httpx.AsyncClient) -> None:
    namespace, said, _ = error(await asked(http, asking("nobody@example.com")))
    assert namespace == RESPONSE
    assert said == {"ErrorCode": "500", "Message": "The email address can't be found.", "DebugData": None}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Autodiscover/>",
        asking(""),
        asking().replace(REQUEST, "urn:x"),
        asking().replace(f"<AcceptableResponseSchema>{RESPONSE}</AcceptableResponseSchema>", ""),
        f'<!DOCTYPE x [<!ENTITY a "ada@example.com">]>{asking("&a;").partition("?>")[2]}',
    ],
)
async def test_what_is_no_request(http: httpx.AsyncClient, body: str) -> None:
    namespace, said, attributes = error(await asked(http, body))
    assert namespace == ENVELOPE
    assert said == {"ErrorCode": "600", "Message": "Invalid Request", "DebugData": None}
    assert attributes == {"Time": "09:02:03.4560000", "Id": "2477272013"}


async def test_only_a_post_is_a_request(http: httpx.AsyncClient) -> None:
    for verb in ("GET", "PUT"):
        answer = await http.request(verb, PATH, content=asking(), auth=("ada@example.com", "secret"))
        assert error(etree.fromstring(answer.content))[1]["ErrorCode"] == "600"


async def test_another_schema(http: httpx.AsyncClient) -> None:
    mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    namespace, said, _ = error(await asked(http, asking(schema=mobile)))
    assert (namespace, said["ErrorCode"]) == (ENVELOPE, "601")


@pytest.mark.parametrize(
    ("quirk", "given", "action", "name", "where"),
    [
        ("redirect-address", {"address": "ada@example.org"}, "redirectAddr", "RedirectAddr", "ada@example.org"),
        ("redirect-url", {"url": "https://x.example.org/a"}, "redirectUrl", "RedirectUrl", "https://x.example.org/a"),
    ],
)
async def test_redirects(
    sandbox: Sandbox, http: httpx.AsyncClient, quirk: str, given: dict[str, str], action: str, name: str, where: str
) -> None:
    sandbox.quirks.switch_on("1", f"exchange-autodiscover-{quirk}", given | {"count": 1})
    root = await asked(http, asking())
    account = root.find(f"{R}Response/{R}Account")
    assert account is not None
    assert [(etree.QName(child).localname, child.text) for child in account] == [("Action", action), (name, where)]
    assert (await asked(http, asking())).findtext(f"{R}Response/{R}Account/{R}Action") == "settings"


async def test_a_redirect_over_http(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.quirks.switch_on("2", "exchange-autodiscover-http-redirect", {"url": "https://mail.example.com/x"})
    answer = await http.get(PATH)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://mail.example.com/x")
    assert (await http.get(PATH, auth=("ada@example.com", "secret"))).status_code == 200
    assert (await http.post(PATH, content=asking())).status_code == 401


@pytest.mark.parametrize("code", [500, 501, 600, 601, 603])
async def test_errors(sandbox: Sandbox, http: httpx.AsyncClient, code: int) -> None:
    sandbox.quirks.switch_on("1", "exchange-autodiscover-error", {"code": code})
    _, said, _ = error(await asked(http, asking()))
    assert said["ErrorCode"] == str(code)
