from __future__ import annotations

import httpx
import pytest

from tests.sandbox.google.api import Api


@pytest.fixture
async def api(http: httpx.AsyncClient) -> Api:
    """A client of a fresh account whose token is ``tok``."""
    given = {"email": "ada@example.com", "name": "Ada Example", "accessToken": "tok", "google": {"region": "US"}}
    answer = await http.post("/control/accounts", json=given)
    assert answer.status_code == 201, answer.text
    return Api(http, answer.json())
