from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.sandbox import Sandbox

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@pytest.fixture
def sandbox() -> Sandbox:
    """One whose clock stands still."""
    return Sandbox(Clock(START, frozen=True))


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that sandbox, in-process."""
    transport = httpx.ASGITransport(app=build(sandbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client
