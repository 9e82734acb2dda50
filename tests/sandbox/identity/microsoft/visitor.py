"""A user of Microsoft with a browser without scripts, and the application that they come from."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.sandbox.identity.visitor import Forms

GRAPH = "https://graph.microsoft.com/"
CONTACTS = f"{GRAPH}Contacts.ReadWrite"
SCOPE = f"openid profile offline_access {CONTACTS}"
BACK = "https://app.example.com/callback"
CLIENT_ID = "11111111-aaaa-4000-8000-000000000001"
SECRET = "client-secret"
TENANT = "c0ffee00-5a4d-4b0c-8d0e-5a9db0c50001"
OTHER_TENANT = "22222222-bbbb-4000-8000-000000000002"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


class Visitor:
    """One browser; `page` is what it shows."""

    def __init__(self, http: httpx.AsyncClient, tenant: str = "common") -> None:
        self.http, self.tenant = http, tenant
        self.page: httpx.Response

    async def open(self, **changes: Any) -> httpx.Response:
        """Ask for authorization; None takes a parameter out."""
        given: dict[str, Any] = {
            "client_id": CLIENT_ID,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "a&b",
            "login_hint": "ada@example.com",
            **changes,
        }
        query = {name: value for name, value in given.items() if value is not None}
        self.page = await self.http.get(f"/{self.tenant}/oauth2/v2.0/authorize", params=query)
        return self.page

    async def press(self, name: str, value: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        form = Forms(self.page.text)
        assert (name, value) in form.buttons, self.page.text
        self.page = await self.http.post(form.action, data={**form.hidden, name: value}, headers=headers)
        return self.page

    def away(self) -> dict[str, str]:
        """The parameters that the client is given."""
        assert self.page.status_code in (302, 303), self.page.text
        url = self.page.headers["location"]
        assert url.startswith(f"{BACK}?"), url
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}

    async def code(self, **changes: Any) -> str:
        """Allow whatever is asked; the code."""
        await self.open(**changes)
        if self.page.status_code == 200:
            await self.press("answer", "accept")
        return self.away()["code"]

    async def token(
        self, *, tenant: str | None = None, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """Ask the token endpoint; None takes a parameter out."""
        form = {"client_id": CLIENT_ID, "client_secret": SECRET, **given}
        data = {name: value for name, value in form.items() if value is not None}
        return await self.http.post(f"/{tenant or self.tenant}/oauth2/v2.0/token", data=data, headers=headers)

    async def exchange(self, code: str, **changes: Any) -> httpx.Response:
        return await self.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes})

    async def refresh(self, refresh_token: str, **changes: Any) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def allow(self, **changes: Any) -> dict[str, Any]:
        """Allow and exchange: the token endpoint's answer."""
        return good(await self.exchange(await self.code(**changes)))


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


def error_of(answer: httpx.Response) -> tuple[int, str, int]:
    """Status, error and number of an error, which has everything that Microsoft sends."""
    value = answer.json()
    (number,) = value["error_codes"]
    expected = ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"]
    assert list(value)[:7] == expected
    assert set(value) <= {*expected, "suberror", "claims"}
    assert value["error_description"].startswith(f"AADSTS{number}: ")
    end = f"Trace ID: {value['trace_id']} Correlation ID: {value['correlation_id']} Timestamp: {value['timestamp']}"
    assert value["error_description"].endswith(end)
    assert value["error_uri"] == f"https://login.microsoftonline.com/error?code={number}"
    assert answer.headers["x-ms-request-id"] == value["trace_id"]
    return answer.status_code, value["error"], number


def claims_of(token: str) -> dict[str, Any]:
    """What a token says; its signature is not looked at."""
    text = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims
