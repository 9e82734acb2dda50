"""A browser at the sandbox's pages of signing in, to which a client has sent it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.browser.chromium import CONTRASTS
from tests.servers.sandbox import SandboxServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page


class Visit:
    """A browser at the pages of one client, whose own address is another name of the sandbox: another origin.

    Attributes:
        clients: path of the control API at which clients are made.
        problems: what the pages have to complain about.
    """

    clients: ClassVar[str]

    def __init__(self, page: Page, server: SandboxServer, **client: Any) -> None:
        self.page, self.server = page, server
        self.back = f"{server.url.replace('127.0.0.1', 'localhost')}/control/health"
        given = {"name": "Witness", "redirectUris": [self.back], **client}
        self.client = server.control("POST", self.clients, given)
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._told)

    @classmethod
    async def begin(
        cls, browser: Browser, server: SandboxServer, *, client: dict[str, Any] | None = None, **look: Any
    ) -> Self:
        """``client``: what is special about it; ``look``: about the browser, which has no scripts by default."""
        context = await browser.new_context(java_script_enabled=look.pop("scripts", False), **look)
        return cls(await context.new_page(), server, **(client or {}))

    def _told(self, message: ConsoleMessage) -> None:
        """What the sandbox's own pages have to complain about; the client's have no icon."""
        if message.type in ("error", "warning") and message.location["url"].startswith(self.server.url):
            self.problems.append(message.text)

    async def go(self, path: str, **more: str) -> None:
        """Come with the request of the client."""
        query = {
            "client_id": self.client["clientId"],
            "redirect_uri": self.back,
            "response_type": "code",
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

    async def assert_others_can_do_nothing(self, path: str, answer: str) -> None:
        """Neither a form of another site, sent to where the page sends its own, nor a frame.

        Args:
            path: where the page sends its form.
            answer: what it sends for a consent.
        """
        name = await self.page.locator("input[name=visit]").input_value()
        evil = await self.page.context.new_page()
        form = (
            f'<form method="post" action="{self.server.url}/{path}">'
            f'<input name="visit" value="{name}"><input name="answer" value="{answer}"></form>'
            "<script>document.forms[0].submit()</script>"
        )
        await evil.route("http://evil.example.org/", lambda route: route.fulfill(content_type="text/html", body=form))
        async with evil.expect_response(f"**/{path.rpartition('/')[2]}") as answered:
            await evil.goto("http://evil.example.org/")
        assert (await answered.value).status == 403
        framed = f'<iframe src="{html.escape(self.page.url)}"></iframe>'
        await evil.route(
            "http://frame.example.org/", lambda route: route.fulfill(content_type="text/html", body=framed)
        )
        await evil.goto("http://frame.example.org/")
        assert await evil.frames[1].locator("form").count() == 0

    async def assert_can_be_read(self, width: int) -> None:
        """With enough contrast, one heading, and no line that leaves a window of this width, in pixels."""
        contrasts = await self.page.evaluate(CONTRASTS)
        assert contrasts
        assert [each for each in contrasts if each[1] < 4.5] == []
        assert await self.page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert await self.page.evaluate("() => document.querySelectorAll('h1').length") == 1
