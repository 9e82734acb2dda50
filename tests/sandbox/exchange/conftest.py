from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.exchange.api import Api


async def opened(http: httpx.AsyncClient, **given: Any) -> Api:
    """A client of a fresh account."""
    answer = await http.post("/control/accounts", json=given)
    assert answer.status_code == 201, answer.text
    return Api(http, answer.json())


@pytest.fixture
async def api(http: httpx.AsyncClient) -> Api:
    return await opened(http, email="ada@example.com", name="Ada Example")
