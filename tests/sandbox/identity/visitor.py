"""A user with a browser without scripts: reads forms and sends them."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
BACK = "https://app.example.com/callback"
CLIENT_ID = "client.example.com"
SECRET = "client-secret"


class Forms(HTMLParser):
    """The form of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.ticked: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found["action"]
        elif tag == "input" and found["type"] == "hidden":
            self.hidden[found["name"]] = found["value"]
        elif tag == "input" and "checked" in found:
            self.ticked.append(found["value"])
        elif tag == "button" and "name" in found:
            self.buttons.append((found["name"], found["value"]))


class Visitor:
    """One browser; `page` is what it shows."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page: httpx.Response

    async def open(self, **changes: Any) -> httpx.Response:
        """Ask for authorization; None takes a parameter out."""
        given: dict[str, Any] = {
            "client_id": CLIENT_ID,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": CONTACTS,
            "state": "a&b",
            "access_type": "offline",
            **changes,
        }
        query = {name: value for name, value in given.items() if value is not None}
        self.page = await self.http.get("/o/oauth2/v2/auth", params=query)
        return self.page

    @property
    def ticked(self) -> list[str]:
        return Forms(self.page.text).ticked

    async def press(
        self, name: str, value: str, *, untick: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        form = Forms(self.page.text)
        assert (name, value) in form.buttons, self.page.text
        scopes = [scope for scope in form.ticked if scope != untick]
        data = {**form.hidden, name: value, "scope": scopes}
        self.page = await self.http.post(form.action, data=data, headers=headers)
        return self.page

    def away(self) -> dict[str, str]:
        """The parameters that the client is given."""
        assert self.page.status_code in (302, 303), self.page.text
        url = self.page.headers["location"]
        assert url.startswith(BACK + "?")
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}

    async def code(self, **changes: Any) -> str:
        """Allow whatever is asked, on however many pages; the code."""
        await self.open(**changes)
        for name, value in (("account", "1"), ("answer", "continue"), ("answer", "allow")):
            if self.page.status_code == 200 and (name, value) in Forms(self.page.text).buttons:
                await self.press(name, value)
        return self.away()["code"]

    async def token(self, **given: Any) -> httpx.Response:
        """Ask the token endpoint; None takes a parameter out."""
        form = {"client_id": CLIENT_ID, "client_secret": SECRET, **given}
        return await self.http.post("/token", data={name: value for name, value in form.items() if value is not None})

    async def exchange(self, code: str, **changes: Any) -> httpx.Response:
        return await self.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes})

    async def refresh(self, refresh_token: str, **changes: Any) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def allow(self, **changes: Any) -> dict[str, Any]:
        """Allow and exchange: the token endpoint's answer."""
        answer = await self.exchange(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and description of an OAuth error."""
    value = answer.json()
    assert list(value) == ["error", "error_description"]
    return answer.status_code, value["error"], value["error_description"]
