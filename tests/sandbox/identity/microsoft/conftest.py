from __future__ import annotations

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import BACK, CLIENT_ID, OTHER_TENANT, SECRET, Visitor


@pytest.fixture
async def visitor(http: httpx.AsyncClient) -> Visitor:
    """A user of a sandbox with a work account (1), a personal one (2), one of another directory (3), and a web client."""
    for email, name, tenant in (
        ("ada@example.com", "Ada Example", None),
        ("bob@example.net", "Bob Example", "consumers"),
        ("eve@example.org", "Eve Example", OTHER_TENANT),
    ):
        await control(
            http, "POST", "/accounts", {"email": email, "name": name, **({"tenant": tenant} if tenant else {})}
        )
    given = {"clientId": CLIENT_ID, "clientSecret": SECRET, "name": "App", "redirectUris": [BACK]}
    await control(http, "POST", "/microsoft/clients", given)
    return Visitor(http)
