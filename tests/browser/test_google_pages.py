"""The sandbox's pages of Google in a real browser: account, warning, scopes, allow, deny; without any script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import visits
from tests.browser.chromium import SIZES, require
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

if TYPE_CHECKING:
    from playwright.async_api import Browser

require()

CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox with two accounts."""
    with sandbox.serve() as running:
        for email, name in (("ada@example.com", "Ada Example"), ("bob@example.com", "Bob Example")):
            running.control("POST", "/accounts", {"email": email, "name": name, "scopes": []})
        yield running


class Visit(visits.Visit):
    """At Google's pages."""

    clients = "/clients"

    async def open(self, scopes: list[str], **more: str) -> None:
        await self.go("o/oauth2/v2/auth", scope=" ".join(scopes), access_type="offline", **more)


async def test_choose_an_account_leave_out_a_scope_and_allow(browser: Browser, server: SandboxServer) -> None:
    made = await Visit.begin(browser, server)
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
    made = await Visit.begin(browser, server)
    await made.open([CONTACTS], login_hint="ada@example.com")
    assert await made.page.get_by_role("checkbox").count() == 0
    await made.press("Cancel")
    assert await made.given() == {"state": "s&t", "error": "access_denied"}
    assert made.problems == []


async def test_the_warning_of_an_unverified_app(browser: Browser, server: SandboxServer) -> None:
    made = await Visit.begin(browser, server, client={"testing": True})
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
    made = await Visit.begin(browser, server)
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
    made = await Visit.begin(browser, server, scripts=True)
    await made.open([CONTACTS], login_hint="ada@example.com")
    await made.assert_others_can_do_nothing("o/oauth2/v2/auth/consent", "allow")
    await made.press("Allow")
    assert "code" in await made.given()


@pytest.mark.parametrize(("size", "colours"), [("wide", "light"), ("narrow", "dark")])
async def test_all_pages_can_be_read(browser: Browser, server: SandboxServer, size: str, colours: Any) -> None:
    width, height = SIZES[size]
    made = await Visit.begin(
        browser,
        server,
        client={"testing": True, "name": "An app with a rather long name, which has to break somewhere"},
        scripts=True,
        viewport={"width": width, "height": height},
        color_scheme=colours,
    )

    await made.open([CONTACTS, OTHER, "email"])
    await made.assert_can_be_read(width)
    await made.press("Ada Example")
    await made.assert_can_be_read(width)
    await made.press("Continue")
    await made.assert_can_be_read(width)
    assert made.problems == []
    await made.open(["nonsense"])
    assert "Error 400: invalid_scope" in await made.page.inner_text("main")
    await made.assert_can_be_read(width)
