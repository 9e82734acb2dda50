"""Accounts that live on tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from polydex.connectors.tokens import Grant
from polydex.store.db import Database
from polydex.testing.clock import FakeClock
from tests.contract.engine.issuer import LIFE, TokenHome, furnish_with_tokens

MakeTokens = Callable[[Grant], Awaitable[TokenHome]]


@pytest.fixture
async def make(database: Database, clock: FakeClock) -> MakeTokens:
    async def home(grant: Grant) -> TokenHome:
        return await furnish_with_tokens(database, clock, grant)

    return home


@pytest.fixture
async def home(make: MakeTokens, clock: FakeClock) -> TokenHome:
    """The access token ends in an hour."""
    made = await make(Grant("access-0", "refresh-0", clock() + LIFE * 1000))
    made.issuer.ends["access-0"] = clock() + LIFE * 1000
    return made
