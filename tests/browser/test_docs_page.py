"""/docs in a real browser: nothing from elsewhere, no errors, by keyboard, in both colours, on a small screen."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.chromium import CONTRASTS, SIZES, require
from tests.compat.serve import Served, serving

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

require()


@dataclass
class Visit:
    """A page with everything that went wrong on it, and every request that it made."""

    page: Page
    served: Served
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def open(self, fragment: str = "") -> None:
        await self.page.goto(f"{self.served.url}/docs{fragment}")
        await self.page.wait_for_selector("#calls details.call")

    async def focused(self) -> str:
        """The id of the element with the focus, or of the call that it belongs to."""
        found: str = await self.page.evaluate(
            "() => document.activeElement.id || document.activeElement.closest('details.call')?.id || ''"
        )
        return found


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, contacts=2) as server:
        yield server


async def visit(browser: Browser, served: Served, *, size: str = "wide", colours: Any = "light") -> Visit:
    width, height = SIZES[size]
    context = await browser.new_context(
        color_scheme=colours, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    made = Visit(await context.new_page(), served)
    page, problems = made.page, made.problems
    page.on("request", lambda request: made.requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type in ("error", "warning") else None,
    )
    return made


def described(served: Served) -> dict[str, dict[str, Any]]:
    with urllib.request.urlopen(f"{served.url}/openapi.json") as answer:  # noqa: S310 - loopback
        paths = json.load(answer)["paths"]
    return {each["operationId"]: each for methods in paths.values() for each in methods.values()}


async def open_everything(page: Page) -> None:
    """Open every call, and the shapes in it, as far down as they go."""
    for _ in range(6):
        await page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true; }")
        await page.wait_for_timeout(0)


async def test_everything_is_there_and_comes_from_here(browser: Browser, served: Served) -> None:
    operations = await asyncio.to_thread(described, served)
    made = await visit(browser, served)
    await made.open()
    calls = await made.page.eval_on_selector_all("#calls details.call", "all => all.map(each => each.id)")
    links = await made.page.eval_on_selector_all("#nav a", "all => all.map(each => each.hash.slice(1))")
    assert sorted(calls) == sorted(links) == sorted(operations)
    await open_everything(made.page)
    shown = await made.page.inner_text("#calls")
    for operation in operations.values():
        assert operation["summary"] in shown
        for parameter in operation.get("parameters", []):
            assert parameter["name"] in shown
    for word in ("canonicalForm", "emailAddresses", "Needs an account's token", "Needs no credentials."):
        assert word in shown
    assert {url.split("/")[2] for url in made.requests} == {served.url.split("/")[2]}
    assert made.problems == []


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_all_text_can_be_read(browser: Browser, served: Served, colours: str) -> None:
    made = await visit(browser, served, colours=colours)
    await made.open()
    await open_everything(made.page)
    contrasts = await made.page.evaluate(CONTRASTS)
    assert len(contrasts) > 500
    assert [each for each in contrasts if each[1] < 4.5] == []
    background = await made.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    bright = sum(int(part) for part in background.strip("rgb()").split(",")) > 3 * 128
    assert bright is (colours == "light")
    assert made.problems == []


@pytest.mark.parametrize("size", list(SIZES))
async def test_nothing_is_wider_than_the_screen(browser: Browser, served: Served, size: str) -> None:
    made = await visit(browser, served, size=size)
    await made.open()
    await open_everything(made.page)
    widest = await made.page.evaluate("() => document.documentElement.scrollWidth")
    assert widest <= SIZES[size][0]
    assert made.problems == []


async def test_on_a_narrow_screen_the_list_of_calls_folds(browser: Browser, served: Served) -> None:
    made = await visit(browser, served, size="narrow")
    await made.open()
    assert not await made.page.is_visible("#nav")
    await made.page.click("#menu > summary")
    await made.page.click("#nav a[href='#createContact']")
    assert not await made.page.is_visible("#nav")
    assert await made.page.is_visible("#createContact .try textarea")


async def test_a_contact_is_created_with_the_keyboard_alone(browser: Browser, served: Served) -> None:
    made = await visit(browser, served)
    page = made.page
    await made.open()
    await page.keyboard.press("Tab")
    assert await page.evaluate("() => document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await made.focused() == "main"
    await page.keyboard.press("Tab")
    assert await made.focused() == "token"
    await page.keyboard.type(served.token)

    await page.evaluate("() => document.activeElement.blur()")
    await page.keyboard.press("/")
    assert await made.focused() == "find"
    await page.keyboard.type("post create")
    assert await page.eval_on_selector_all("#nav a", "all => all.filter(a => a.checkVisibility()).length") == 1
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#createContact[open] .try")
    assert await made.focused() == "createContact"

    for _ in range(40):
        if await page.evaluate("() => document.activeElement.matches('#createContact textarea')"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type('{"nickName": "From the page"}')
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#createContact .try .status.good")
    assert "From the page" in await page.inner_text("#createContact .try pre")
    names = [contact.nick_name for contact in served.house.village.world("me@example.org").contacts().values()]
    assert names.count("From the page") == 1
    assert not any(served.token in url for url in made.requests)
    assert made.problems == []


async def test_what_an_answer_holds_is_shown_and_never_run(browser: Browser, served: Served) -> None:
    made = await visit(browser, served)
    page = made.page
    await made.open("#createContact")
    await page.fill("#token", served.token)
    markup = '<img src=x onerror=alert(1)>"><script>alert(2)</script>'
    await page.fill("#createContact textarea", json.dumps({"notes": markup}))
    await page.click("#createContact .try button >> nth=0")
    await page.wait_for_selector("#createContact .try .status.good")
    assert json.loads(await page.inner_text("#createContact .try pre >> nth=0"))["record"]["notes"] == markup
    assert await page.query_selector("#createContact .try img") is None
    assert made.problems == []


async def test_a_call_as_curl(browser: Browser, served: Served) -> None:
    made = await visit(browser, served)
    page = made.page
    await made.open("#listContacts")
    await page.fill("#token", "it's")
    fields = page.locator("#listContacts .try label")
    await fields.filter(has_text="limit").locator("input").fill("2")
    await fields.filter(has_text="Cache-Control").locator("input").fill("no-cache")
    await page.click("#listContacts .try button.plain")
    shown = await page.inner_text("#listContacts .try pre")
    assert shown.startswith(f"curl -X GET '{served.url}/v1/contacts?limit=2'")
    assert "-H 'Authorization: Bearer it'\\''s'" in shown
    assert "-H 'Cache-Control: no-cache'" in shown
    assert made.problems == []


async def test_finding_nothing_says_so(browser: Browser, served: Served) -> None:
    made = await visit(browser, served)
    await made.open()
    await made.page.fill("#find", "no such call")
    assert await made.page.is_visible("#none")
    await made.page.fill("#find", "")
    assert not await made.page.is_visible("#none")
    assert await made.page.is_visible("#deleteContact")


async def test_a_description_that_does_not_come_is_told(browser: Browser, served: Served) -> None:
    made = await visit(browser, served)
    await made.page.route("**/openapi.json", lambda route: route.fulfill(status=200, body="not JSON"))
    await made.page.goto(f"{served.url}/docs")
    await made.page.wait_for_function(
        "() => document.getElementById('about').textContent.includes('could not be loaded')"
    )
