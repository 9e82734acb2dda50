"""The sandbox's pages of signing in, in a real browser: account, warning, scopes, allow, deny; without any script."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.test_docs_page import ARGUMENTS, CONTRASTS, SIZES
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed: apt-get install chromium fonts-dejavu-core", allow_module_level=True)
if importlib.util.find_spec("playwright") is None:
    pytest.skip("playwright is not installed: make install", allow_module_level=True)

CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox with two accounts."""
    with sandbox.serve() as running:
        for email, name in (("ada@example.com", "Ada Example"), ("bob@example.com", "Bob Example")):
            running.control("POST", "/accounts", {"email": email, "name": name, "scopes": []})
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield started
        await started.close()


class Visit:
    """A browser at the pages of one client, whose own address is another name of the sandbox: another origin."""

    def __init__(self, page: Page, server: SandboxServer, **client: Any) -> None:
        self.page, self.server = page, server
        self.back = f"{server.url.replace('127.0.0.1', 'localhost')}/control/health"
        given = {"name": "Witness", "redirectUris": [self.back], **client}
        self.client = server.control("POST", "/clients", given)
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._told)

    def _told(self, message: ConsoleMessage) -> None:
        """What the sandbox's own pages have to complain about; the client's have no icon."""
        if message.type in ("error", "warning") and message.location["url"].startswith(self.server.url):
            self.problems.append(message.text)

    async def open(self, scopes: list[str], **more: str) -> None:
        query = {
            "client_id": self.client["clientId"],
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": "s&t",
            "access_type": "offline",
            **more,
        }
        await self.page.goto(f"{self.server.url}/o/oauth2/v2/auth?{urlencode(query)}")

    async def press(self, name: str) -> None:
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name).click()

    async def given(self) -> dict[str, str]:
        """What the client is given in the end."""
        await self.page.wait_for_url(f"{self.back}*")
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}


async def visit(browser: Browser, server: SandboxServer, *, client: dict[str, Any] | None = None, **look: Any) -> Visit:
    context = await browser.new_context(java_script_enabled=look.pop("scripts", False), **look)
    return Visit(await context.new_page(), server, **(client or {}))


async def test_choose_an_account_leave_out_a_scope_and_allow(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    await made.open([CONTACTS, OTHER])
    assert await made.page.title() == "Choose an account – Sandbox accounts"  # noqa: RUF001 - as it stands there
    await made.press("Bob Example")
    assert await made.page.inner_text(".who") == "bob@example.com"
    assert await made.page.get_by_role("checkbox").count() == 2
    await made.page.get_by_label("permanently delete your contacts").uncheck()
    await made.press("Allow")
    given = await made.given()
    assert (given["state"], given["scope"]) == ("s&t", OTHER)
    (consent,) = server.control("GET", "/accounts/bob@example.com/grants")["grants"]
    assert (consent["clientId"], consent["scopes"]) == (made.client["clientId"], [OTHER])
    assert made.problems == []


async def test_deny(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    await made.open([CONTACTS], login_hint="ada@example.com")
    assert await made.page.get_by_role("checkbox").count() == 0
    await made.press("Cancel")
    assert await made.given() == {"state": "s&t", "error": "access_denied"}
    assert made.problems == []


async def test_the_warning_of_an_unverified_app(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server, client={"testing": True})
    await made.open([CONTACTS], login_hint="ada@example.com")
    assert "verified this app" in await made.page.inner_text("h1")
    await made.press("Back to safety")
    assert (await made.given())["error"] == "access_denied"
    await made.open([CONTACTS], login_hint="ada@example.com")
    await made.press("Continue")
    await made.press("Allow")
    assert (await made.given())["code"].startswith("4/")
    assert made.problems == []


async def test_with_the_keyboard_alone(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server)
    keyboard = made.page.keyboard
    await made.open([CONTACTS, OTHER])
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await made.page.wait_for_selector(".who")
    await keyboard.press("Tab")
    await keyboard.press("Space")
    for _ in range(3):
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    assert (await made.given())["scope"] == OTHER
    assert made.problems == []


async def test_a_form_of_another_site_does_nothing(browser: Browser, server: SandboxServer) -> None:
    made = await visit(browser, server, scripts=True)
    await made.open([CONTACTS], login_hint="ada@example.com")
    name = await made.page.locator("input[name=visit]").input_value()
    evil = await made.page.context.new_page()
    form = (
        f'<form method="post" action="{server.url}/o/oauth2/v2/auth/consent">'
        f'<input name="visit" value="{name}"><input name="answer" value="allow"></form>'
        "<script>document.forms[0].submit()</script>"
    )
    await evil.route("http://evil.example.org/", lambda route: route.fulfill(content_type="text/html", body=form))
    async with evil.expect_response("**/consent") as answered:
        await evil.goto("http://evil.example.org/")
    assert (await answered.value).status == 403
    framed = f'<iframe src="{made.page.url.replace("&", "&amp;")}"></iframe>'
    await evil.route("http://frame.example.org/", lambda route: route.fulfill(content_type="text/html", body=framed))
    await evil.goto("http://frame.example.org/")
    assert await evil.frames[1].locator("form").count() == 0
    await made.press("Allow")
    assert "code" in await made.given()


@pytest.mark.parametrize(("size", "colours"), [("wide", "light"), ("narrow", "dark")])
async def test_all_pages_can_be_read(browser: Browser, server: SandboxServer, size: str, colours: Any) -> None:
    width, height = SIZES[size]
    made = await visit(
        browser,
        server,
        client={"testing": True, "name": "An app with a rather long name, which has to break somewhere"},
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

    await made.open([CONTACTS, OTHER, "email"])
    await check()
    await made.press("Ada Example")
    await check()
    await made.press("Continue")
    await check()
    assert made.problems == []
    await made.open(["nonsense"])
    assert "Error 400: invalid_scope" in await made.page.inner_text("main")
    await check()
