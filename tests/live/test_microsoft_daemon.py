"""What the connector takes for true of Microsoft, asked with the access of the application itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from polydex.connectors.tokens import Grant
from polydex.core.errors import ProviderError, TokenRefreshFailed
from polydex.core.ids import RemoteKey
from polydex.core.patch import Patch
from tests.live.microsoft_account import LiveAccount, open_account, setting


@pytest.fixture
async def made() -> set[RemoteKey]:
    return set()


@pytest.fixture
async def live(made: set[RemoteKey]) -> AsyncIterator[LiveAccount]:
    async with open_account(Grant("", application=setting("TENANT")), setting("MAILBOX")) as account:
        try:
            yield account
        finally:
            await account.clean(made)


async def test_the_way_is_open(live: LiveAccount) -> None:
    steps = [step async for step in live.provider.probe(live.net, live.credentials, None)]
    assert [(step.step, step.error) for step in steps if step.error is not None] == []
    assert {"token", "login", "book", "poll"} <= {step.step for step in steps}


async def test_one_mailbox_is_one_subject(live: LiveAccount) -> None:
    identity, books = await live.provider.discover(live.net, live.credentials)
    assert (await live.connector.identify()).subject == identity.subject
    assert books[0].default


async def test_a_tenant_that_is_none_is_refused(live: LiveAccount) -> None:
    nowhere = Grant("", application="00000000-0000-0000-0000-000000000001")
    with pytest.raises(TokenRefreshFailed):
        await live.provider.refresh(live.net, nowhere, live.net.now())


async def test_a_mailbox_that_is_none_is_refused(live: LiveAccount) -> None:
    live.mailbox = "nobody-" + live.family.lower() + "@example.com"
    with pytest.raises(ProviderError):
        await live.connector.identify()


async def test_a_contact_is_created_changed_and_deleted(live: LiveAccount, made: set[RemoteKey]) -> None:
    record = await live.connector.create(live.contact("Ada"), "mark-" + live.family)
    made.add(record.key)
    changed = await live.connector.update(await live.connector.fetch(record.key), Patch(nick_name="Countess"))
    assert (await live.shown(record.key))["nickName"] == "Countess"
    await live.connector.delete(record.key, changed.rev)
    assert await live.ours() == []
