"""The sandbox's pages of Microsoft in a real browser: account, consent, administrators, devices, the form that sends itself."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.test_consent_pages import browser
from tests.browser.test_docs_page import CONTRASTS, SIZES
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page, Route

__all__ = ["browser"]

CONTACTS = "https://graph.microsoft.com/Contacts.ReadWrite"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox with a work account and a personal one."""
    with sandbox.serve() as running:
        running.control("POST", "/accounts", {"email": "ada@example.com", "name": "Ada Example"})
        given = {"email": "bob@example.net", "name": "Bob Example", "tenant": "consumers"}
        running.control("POST", "/accounts", given)
        yield running


class Visit:
    """A browser at the pages of one client, whose own address is another name of the sandbox: another origin."""

    def __init__(self, page: Page, server: SandboxServer, **client: Any) -> None:
        self.page, self.server = page, server
        self.back = f"{server.url.replace('127.0.0.1', 'localhost')}/control/health"
        given = {"name": "Witness", "redirectUris": [self.back], **client}
        self.client = server.control("POST", "/microsoft/clients", given)
        self.posted: list[dict[str, str]] = []
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._told)

    def _told(self, message: ConsoleMessage) -> None:
        """What the sandbox's own pages have to complain about; the client's have no icon."""
        if message.type in ("error", "warning") and message.location["url"].startswith(self.server.url):
            self.problems.append(message.text)

    async def open(self, path: str = "common/oauth2/v2.0/authorize", **more: str) -> None:
        query = {
            "client_id": self.client["clientId"],
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": f"openid offline_access {CONTACTS}",
            "state": "s&t",
            **more,
        }
        await self.page.goto(f"{self.server.url}/{path}?{urlencode(query)}")

    async def press(self, name: str) -> None:
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name).click()

    async def given(self) -> dict[str, str]:
        """What the client is given in the end."""
        await self.page.wait_for_url(f"{self.back}*")
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    async def take_posts(self) -> None:
        """The client's own server, which takes forms."""

        async def take(route: Route) -> None:
            form = parse_qs(route.request.post_data or "")
            self.posted.append({name: values[0] for name, values in form.items()})
            await route.fulfill(content_type="text/plain", body="taken")

        await self.page.route(self.back, take)


async def visit(browser: Browser, server: SandboxServer, *, client: dict[str, Any] | None = None, **look: Any) -> Visit:
    context = await browser.new_context(java_script_enabled=look.pop("scripts", False), **look)
    return Visit(await context.new_page(), server, **(client or {}))


async def test_choose_an_account_and_accept(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    await made.open()
    assert await made.page.title() == "Pick an account – Sandbox accounts"  # noqa: RUF001 - as it stands there
    await made.press("Bob Example")
    assert await made.page.inner_text(".who") == "bob@example.net"
    assert "Have full access of your contacts" in await made.page.inner_text("main")
    await made.press("Accept")
    given = await made.given()
    assert given["state"] == "s&t"
    form = {
        "grant_type": "authorization_code",
        "code": given["code"],
        "redirect_uri": made.back,
        "client_id": made.client["clientId"],
        "client_secret": made.client["clientSecret"],
    }
    answer = await made.page.request.post(f"{server.url}/common/oauth2/v2.0/token", form=form)
    assert answer.ok
    assert "refresh_token" in await answer.json()
    assert made.problems == []


async def test_cancel(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    await made.open(login_hint="ada@example.com")
    await made.press("Cancel")
    given = await made.given()
    assert (given["error"], given["state"]) == ("access_denied", "s&t")
    assert made.problems == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_form_that_sends_itself(browser: Browser, server: SandboxServer, *, scripts: bool) -> None:
    """Without scripts it has a button."""
    made = await visit(browser, server, scripts=scripts)
    await made.take_posts()
    await made.open(login_hint="ada@example.com", response_mode="form_post")
    await made.press("Accept")
    if not scripts:
        await made.press("Submit")
    await made.page.wait_for_url(made.back)
    (given,) = made.posted
    assert given["state"] == "s&t"
    assert given["code"].startswith("1.A")
    assert made.problems == []


async def test_an_administrator_consents(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    await made.open("organizations/v2.0/adminconsent", scope="https://graph.microsoft.com/.default")
    assert "for your organization" in await made.page.inner_text("h1")
    await made.press("Accept")
    given = await made.given()
    assert (given["admin_consent"], given["state"]) == ("True", "s&t")
    tenant = server.control("GET", f"/microsoft/tenants/{given['tenant']}")
    assert tenant["clients"][0]["roles"] == ["Contacts.ReadWrite"]
    assert made.problems == []


async def test_a_device(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    given = {"client_id": made.client["clientId"], "scope": CONTACTS}
    device = await (await made.page.request.post(f"{server.url}/common/oauth2/v2.0/devicecode", form=given)).json()
    await made.page.goto(device["verification_uri"])
    await made.page.get_by_label("Code").fill(device["user_code"])
    await made.press("Next")
    await made.press("Ada Example")
    await made.press("Accept")
    assert "You have signed in" in await made.page.inner_text("main")
    assert made.problems == []


async def test_a_form_of_another_site_does_nothing(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server, scripts=True)
    await made.open(login_hint="ada@example.com")
    name = await made.page.locator("input[name=visit]").input_value()
    evil = await made.page.context.new_page()
    form = (
        f'<form method="post" action="{server.url}/common/Consent/Set">'
        f'<input name="visit" value="{name}"><input name="answer" value="accept"></form>'
        "<script>document.forms[0].submit()</script>"
    )
    await evil.route("http://evil.example.org/", lambda route: route.fulfill(content_type="text/html", body=form))
    async with evil.expect_response("**/Set") as answered:
        await evil.goto("http://evil.example.org/")
    assert (await answered.value).status == 403
    framed = f'<iframe src="{html.escape(made.page.url)}"></iframe>'
    await evil.route("http://frame.example.org/", lambda route: route.fulfill(content_type="text/html", body=framed))
    await evil.goto("http://frame.example.org/")
    assert await evil.frames[1].locator("form").count() == 0
    await made.press("Accept")
    assert "code" in await made.given()


@pytest.mark.parametrize(("size", "colours"), [("wide", "light"), ("narrow", "dark")])
async def test_all_pages_can_be_read(browser: Browser, server: SandboxServer, size: str, colours: Any) -> None:
    width, height = SIZES[size]
    made = await visit(
        browser,
        server,
        client={"name": "An app with a rather long name, which has to break somewhere"},
        scripts=True,
        viewport={"width": width, "height": height},
        color_scheme=colours,
    )

    async def check() -> None:
        contrasts = await made.page.evaluate(CONTRASTS)
        assert contrasts
        assert [each for each in contrasts if each[1] < 4.5] == []
        assert await made.page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert await made.page.evaluate("() => document.querySelectorAll('h1').length") == 1

    await made.open()
    await check()
    await made.press("Ada Example")
    await check()
    server.control("PATCH", "/microsoft/tenants/sandbox.onmicrosoft.com", {"userConsent": False})
    await made.open(login_hint="ada@example.com")
    assert await made.page.inner_text("h1") == "Need admin approval"
    await check()
    for path in ("common/oauth2/deviceauth", "common/oauth2/v2.0/logout"):
        await made.page.goto(f"{server.url}/{path}")
        await check()
    assert made.problems == []
    await made.open("organizations/oauth2/v2.0/authorize", login_hint="bob@example.net")
    assert "AADSTS500200" in await made.page.inner_text("main")
    await check()
