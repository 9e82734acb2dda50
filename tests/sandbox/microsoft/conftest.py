from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.pictures import picture
from tests.sandbox.microsoft.api import Api


async def opened(http: httpx.AsyncClient, **given: Any) -> Api:
    """A client of a fresh account."""
    answer = await http.post("/control/accounts", json=given)
    assert answer.status_code == 201, answer.text
    return Api(http, answer.json(), answer.json()["accessToken"])


@pytest.fixture
async def api(http: httpx.AsyncClient) -> Api:
    """A client of a work account whose token is ``tok``."""
    return await opened(http, email="ada@example.com", name="Ada Example", accessToken="tok")


@pytest.fixture
async def personal(http: httpx.AsyncClient) -> Api:
    """A client of a personal account whose token is ``own``."""
    return await opened(http, email="eve@example.net", name="Eve Example", accessToken="own", tenant="consumers")


@pytest.fixture
def jpeg() -> bytes:
    return picture(size=(12, 8))
