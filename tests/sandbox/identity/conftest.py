from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.identity.visitor import BACK, CLIENT_ID, SECRET, Visitor


async def control(http: httpx.AsyncClient, method: str, path: str, given: Any = None) -> Any:
    """Ask the control API, which has to be content."""
    answer = await http.request(method, f"/control{path}", json=given)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
async def visitor(http: httpx.AsyncClient) -> Visitor:
    """A user of a sandbox with one account, who visits one web client in production."""
    await control(http, "POST", "/accounts", {"email": "ada@example.com", "name": "Ada Example"})
    await control(
        http, "POST", "/clients", {"clientId": CLIENT_ID, "clientSecret": SECRET, "name": "App", "redirectUris": [BACK]}
    )
    return Visitor(http)


@pytest.fixture
async def testing(visitor: Visitor) -> Visitor:
    """The same, with the client in testing mode."""
    await control(visitor.http, "PATCH", f"/clients/{CLIENT_ID}", {"testing": True})
    return visitor
