"""The sandbox's pages of Microsoft in a real browser: account, consent, administrators, devices, the form that sends itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tests.browser import visits
from tests.browser.chromium import SIZES, require
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

require()

CONTACTS = "https://graph.microsoft.com/Contacts.ReadWrite"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox with a work account and a personal one."""
    with sandbox.serve() as running:
        running.control("POST", "/accounts", {"email": "ada@example.com", "name": "Ada Example"})
        given = {"email": "bob@example.net", "name": "Bob Example", "tenant": "consumers"}
        running.control("POST", "/accounts", given)
        yield running


class Visit(visits.Visit):
    """At Microsoft's pages.

    Attributes:
        posted: the forms that the client was sent.
    """

    clients = "/microsoft/clients"

    def __init__(self, page: Page, server: SandboxServer, **client: Any) -> None:
        super().__init__(page, server, **client)
        self.posted: list[dict[str, str]] = []

    async def open(self, path: str = "common/oauth2/v2.0/authorize", **more: str) -> None:
        await self.go(path, **{"scope": f"openid offline_access {CONTACTS}", **more})

    async def take_posts(self) -> None:
        """The client's own server, which takes forms."""

        async def take(route: Route) -> None:
            form = parse_qs(route.request.post_data or "")
            self.posted.append({name: values[0] for name, values in form.items()})
            await route.fulfill(content_type="text/plain", body="taken")

        await self.page.route(self.back, take)


async def test_choose_an_account_and_accept(browser: Browser, server: SandboxServer) -> None:
    made = await Visit.begin(browser, server)
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
    made = await Visit.begin(browser, server)
    await made.open(login_hint="ada@example.com")
    await made.press("Cancel")
    given = await made.given()
    assert (given["error"], given["state"]) == ("access_denied", "s&t")
    assert made.problems == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_form_that_sends_itself(browser: Browser, server: SandboxServer, *, scripts: bool) -> None:
    """Without scripts it has a button."""
    made = await Visit.begin(browser, server, scripts=scripts)
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
    made = await Visit.begin(browser, server)
    await made.open("organizations/v2.0/adminconsent", scope="https://graph.microsoft.com/.default")
    assert "for your organization" in await made.page.inner_text("h1")
    await made.press("Accept")
    given = await made.given()
    assert (given["admin_consent"], given["state"]) == ("True", "s&t")
    tenant = server.control("GET", f"/microsoft/tenants/{given['tenant']}")
    assert tenant["clients"][0]["roles"] == ["Contacts.ReadWrite"]
    assert made.problems == []


async def test_a_device(browser: Browser, server: SandboxServer) -> None:
    made = await Visit.begin(browser, server)
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
    made = await Visit.begin(browser, server, scripts=True)
    await made.open(login_hint="ada@example.com")
    await made.assert_others_can_do_nothing("common/Consent/Set", "accept")
    await made.press("Accept")
    assert "code" in await made.given()


@pytest.mark.parametrize(("size", "colours"), [("wide", "light"), ("narrow", "dark")])
async def test_all_pages_can_be_read(browser: Browser, server: SandboxServer, size: str, colours: Any) -> None:
    width, height = SIZES[size]
    made = await Visit.begin(
        browser,
        server,
        client={"name": "An app with a rather long name, which has to break somewhere"},
        scripts=True,
        viewport={"width": width, "height": height},
        color_scheme=colours,
    )

    await made.open()
    await made.assert_can_be_read(width)
    await made.press("Ada Example")
    await made.assert_can_be_read(width)
    server.control("PATCH", "/microsoft/tenants/sandbox.onmicrosoft.com", {"userConsent": False})
    await made.open(login_hint="ada@example.com")
    assert await made.page.inner_text("h1") == "Need admin approval"
    await made.assert_can_be_read(width)
    for path in ("common/oauth2/deviceauth", "common/oauth2/v2.0/logout"):
        await made.page.goto(f"{server.url}/{path}")
        await made.assert_can_be_read(width)
    assert made.problems == []
    await made.open("organizations/oauth2/v2.0/authorize", login_hint="bob@example.net")
    assert "AADSTS500200" in await made.page.inner_text("main")
    await made.assert_can_be_read(width)
