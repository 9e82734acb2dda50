"""What the connector takes for true of Google, asked of Google. Slow: lists lag by minutes there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from polydex.connectors.base import Batching, Connector, Found, New, Record
from polydex.connectors.tokens import Grant
from polydex.core.contact import Photo
from polydex.core.errors import PolydexError, ProviderUnauthorized, RecordNotFound, Stale, TokenDead
from polydex.core.ids import RemoteKey
from polydex.core.patch import NamePatch, Patch
from polydex.testing.contract import PNG, Mirror
from tests.live.google_account import LiveAccount, before_long, open_account


class Notes:
    """Keys of what was made."""

    def __init__(self) -> None:
        self.keys: set[RemoteKey] = set()

    def __call__(self, record: Record | PolydexError) -> Record:
        assert isinstance(record, Record)
        self.keys.add(record.key)
        return record


@pytest.fixture
async def made() -> Notes:
    return Notes()


@pytest.fixture
async def live(made: Notes) -> AsyncIterator[LiveAccount]:
    async with open_account() as account:
        try:
            yield account
        finally:
            await account.clean(made.keys)


def batching(connector: Connector) -> Batching:
    assert isinstance(connector, Batching)
    return connector


async def test_the_way_is_open(live: LiveAccount) -> None:
    steps = [step async for step in live.provider.probe(live.net, live.credentials, None)]
    assert [(step.step, step.error) for step in steps if step.error is not None] == []
    assert {"token", "login", "book", "poll"} <= {step.step for step in steps}
    steps = [step async for step in live.provider.examine(live.net)]
    assert [(step.step, step.error) for step in steps if step.error is not None] == []


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


async def test_a_contact_is_created_changed_and_deleted(live: LiveAccount, made: Notes) -> None:
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


async def test_what_is_not_modelled_survives_a_change(live: LiveAccount, made: Notes) -> None:
    record = made(await live.connector.create(live.contact("Bo"), None))
    event: list[dict[str, Any]] = [{"date": {"year": 2001, "month": 2, "day": 3}, "type": "anniversary"}]
    await live.change(record.key, "events", events=event)
    await live.connector.update(await live.connector.fetch(record.key), Patch(nick_name="B."))
    [kept] = (await live.person(record.key))["events"]
    assert {name: kept[name] for name in ("date", "type")} == event[0]


async def test_a_photo_is_written_and_read(live: LiveAccount, made: Notes) -> None:
    record = made(await live.connector.create(live.contact("Cy", photo=Photo.of(PNG, "image/png")), None))
    found = await live.connector.photo(await live.connector.fetch(record.key))
    assert found is not None
    assert found.content
    await live.connector.update(await live.connector.fetch(record.key), Patch(photo=None))
    assert await live.connector.photo(await live.connector.fetch(record.key)) is None


async def test_many_at_once(live: LiveAccount, made: Notes) -> None:
    connector = batching(live.connector)
    drafts = [New(live.contact(name), f"mark-{name}-{live.family}") for name in ("Di", "Ed", "Flo")]
    records = [made(answer) for answer in await connector.create_many(drafts)]
    assert [(await live.person(each.key))["names"][0]["givenName"] for each in records] == ["Di", "Ed", "Flo"]
    fresh = [await live.connector.fetch(each.key) for each in records]
    answers = await connector.update_many([(each, Patch(notes="n")) for each in fresh])
    assert [isinstance(answer, Record) for answer in answers] == [True] * 3
    assert await connector.delete_many([(each.key, None) for each in records]) == [None] * 3


async def test_lists_bring_everything_sooner_or_later(live: LiveAccount, made: Notes) -> None:
    """A walk, changes by this side and by the phone, a mark that is found: each of them is late at Google."""
    record = made(await live.connector.create(live.contact("Gil"), mark := f"mark-{live.family}"))
    mirror = Mirror(live.connector)

    async def listed() -> bool:
        await mirror.pull()
        return record.key in mirror.records

    await before_long("a contact that was created is listed", listed)
    assert mirror.records[record.key].stable_key == record.stable_key
    await live.change(record.key, "nicknames", nicknames=[{"value": "G."}])

    async def changed() -> bool:
        await mirror.pull()
        contact = mirror.records[record.key].contact
        return contact is not None and contact.nick_name == "G."

    await before_long("what the phone has changed comes with the changes", changed)

    async def marked() -> bool:
        found = await live.connector.find_mark(mark)
        return isinstance(found, Found) and found.record.key == record.key

    await before_long("a mark is found", marked)
    same = made(await live.connector.create(live.contact("Gil"), mark))
    assert same.key == record.key, "a create that is asked for again is one contact"
    await live.ask("DELETE", f"{record.key}:deleteContact")

    async def gone() -> bool:
        await mirror.pull()
        return record.key not in mirror.records

    await before_long("what the phone has deleted is gone with the changes", gone)
