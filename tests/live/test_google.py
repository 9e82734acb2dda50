"""What the connector takes for true of Google, asked of Google. Slow: lists lag by minutes there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from polydex.connectors.tokens import Grant
from polydex.core.contact import Photo
from polydex.core.errors import PolydexError, ProviderUnauthorized, RecordNotFound, Stale, TokenDead
from polydex.core.patch import NamePatch, Patch
from polydex.testing.contract import PNG
from tests.live.account import Made
from tests.live.google_account import LiveAccount, open_account
from tests.live.suite import OAuthSuite


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    async with open_account() as account:
        try:
            yield account
        finally:
            await account.clean(made.keys)


class TestGoogle(OAuthSuite):
    pass


async def test_tokens_that_are_none_are_refused(live: LiveAccount) -> None:
    with pytest.raises(TokenDead):
        await live.provider.refresh(live.net, Grant("", "1//made-up"), live.net.now())
    wrong = replace(live.provider, client=replace(live.provider.client, secret="GOCSPX-made-up"))
    with pytest.raises(PolydexError, match="OAuth client"):
        await wrong.refresh(live.net, Grant("", "1//made-up"), live.net.now())
    live.grant = replace(live.grant, access_token="ya29.made-up")
    with pytest.raises(ProviderUnauthorized):
        await live.connector.identify()


async def test_one_user_is_one_subject(live: LiveAccount) -> None:
    identity, books = await live.provider.discover(live.net, live.credentials)
    assert identity.subject.isdigit()
    assert (await live.connector.identify()).subject == identity.subject
    assert [book.default for book in books] == [True]


async def test_a_contact_is_created_changed_and_deleted(live: LiveAccount, made: Made) -> None:
    connector = live.connector
    record = made(await connector.create(live.contact("Ada"), "mark-" + live.family))
    person = await live.person(record.key)
    assert live.is_ours(person)
    assert person["emailAddresses"][0]["value"] == "ada@example.com"
    again = await connector.fetch(record.key)
    assert again.contact == record.contact
    assert again.stable_key == record.stable_key
    changed = await connector.update(again, Patch(nick_name="Countess", name=NamePatch(given_name="Augusta")))
    assert (await live.person(record.key))["nicknames"][0]["value"] == "Countess"
    with pytest.raises(Stale):
        await connector.update(again, Patch(nick_name="Late"))
    assert (await live.person(record.key))["nicknames"][0]["value"] == "Countess"
    await connector.delete(record.key, changed.rev)
    with pytest.raises(RecordNotFound):
        await connector.fetch(record.key)
    await connector.delete(record.key, None)  # already gone is success


async def test_what_is_not_modelled_survives_a_change(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Bo"), None))
    event: list[dict[str, Any]] = [{"date": {"year": 2001, "month": 2, "day": 3}, "type": "anniversary"}]
    await live.change(record.key, "events", events=event)
    await live.connector.update(await live.connector.fetch(record.key), Patch(nick_name="B."))
    [kept] = (await live.person(record.key))["events"]
    assert {name: kept[name] for name in ("date", "type")} == event[0]


async def test_a_photo_is_written_and_read(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Cy", photo=Photo.of(PNG, "image/png")), None))
    found = await live.connector.photo(await live.connector.fetch(record.key))
    assert found is not None
    assert found.content
    await live.connector.update(await live.connector.fetch(record.key), Patch(photo=None))
    assert await live.connector.photo(await live.connector.fetch(record.key)) is None
