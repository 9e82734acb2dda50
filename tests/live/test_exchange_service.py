"""What the connector takes for true of Exchange, asked with a service account that impersonates; the rest of the suite opens
the mailbox in this way, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from polydex.core.errors import PolydexError
from tests.live.account import Made
from tests.live.exchange_account import LiveAccount, cleaned


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    async with cleaned(made) as account:
        yield account


async def test_a_mailbox_that_is_none_is_refused(live: LiveAccount) -> None:
    live.login = replace(live.login, mailbox=f"nobody-{live.family.lower()}@example.com")
    with pytest.raises(PolydexError) as refused:
        await live.connector.identify()
    assert (refused.value.original or {}).get("code") == "ErrorNonExistentMailbox"


async def test_the_mailbox_is_the_one_that_was_named(live: LiveAccount) -> None:
    identity = await live.connector.identify()
    assert identity.email == live.login.mailbox
    steps = [step async for step in live.provider.probe(live.net, live.credentials, None)]
    [opened] = [step for step in steps if step.step == "mailbox"]
    assert "impersonation" in opened.found
