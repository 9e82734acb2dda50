"""What connectors take for true of every provider, asked of it; a module's fixtures say of which account."""

from __future__ import annotations

from typing import ClassVar

from polydex.connectors.base import Batching, Connector, Found, New, Record
from polydex.core.patch import Patch
from polydex.testing.contract import Mirror
from tests.live.account import Account, Made


def batching(connector: Connector) -> Batching:
    assert isinstance(connector, Batching)
    return connector


class LiveSuite:
    """What holds of every account.

    Attributes:
        steps: those of a probe, at least.
    """

    steps: ClassVar = {"login", "book", "poll"}

    async def test_the_way_is_open(self, live: Account) -> None:
        steps = [step async for step in live.provider.probe(live.net, live.credentials, None)]
        assert [(step.step, step.error) for step in steps if step.error is not None] == []
        assert self.steps <= {step.step for step in steps}

    async def test_many_at_once(self, live: Account, made: Made) -> None:
        connector = batching(live.connector)
        drafts = [New(live.contact(name), f"mark-{name}-{live.family}") for name in ("Di", "Ed", "Gus")]
        records = [made(answer) for answer in await connector.create_many(drafts)]
        assert [await live.given_name(each.key) for each in records] == ["Di", "Ed", "Gus"]
        fresh = [await live.connector.fetch(each.key) for each in records]
        answers = await connector.update_many([(each, Patch(notes="n")) for each in fresh])
        assert [isinstance(answer, Record) for answer in answers] == [True] * 3
        assert await connector.delete_many([(each.key, None) for each in records]) == [None] * 3

    async def test_lists_bring_everything_sooner_or_later(self, live: Account, made: Made) -> None:
        """A walk, changes by this side and by the user, a mark that is found, a contact that goes: each may be late."""
        record = made(await live.connector.create(live.contact("Gil"), mark := f"mark-{live.family}"))
        mirror = Mirror(live.connector)

        async def listed() -> bool:
            await mirror.pull()
            return record.key in mirror.records

        await live.before_long("a contact that was created is listed", listed)
        assert mirror.records[record.key].stable_key == record.stable_key
        await live.nickname(record.key, "G.")

        async def changed() -> bool:
            await mirror.pull()
            contact = mirror.records[record.key].contact
            return contact is not None and contact.nick_name == "G."

        await live.before_long("what the user has changed comes with the changes", changed)

        async def marked() -> bool:
            found = await live.connector.find_mark(mark)
            return isinstance(found, Found) and found.record.key == record.key

        await live.before_long("a mark is found", marked)
        same = made(await live.connector.create(live.contact("Gil"), mark))
        assert same.key == record.key, "a create that is asked for again is one contact"
        await live.remove(record.key)

        async def gone() -> bool:
            await mirror.pull()
            return record.key not in mirror.records

        await live.before_long("what the user has deleted is gone with the changes", gone)


class OAuthSuite(LiveSuite):
    """Of an account with tokens."""

    steps: ClassVar = {*LiveSuite.steps, "token"}

    async def test_the_client_is_accepted(self, live: Account) -> None:
        steps = [step async for step in live.provider.examine(live.net)]
        assert [(step.step, step.error) for step in steps if step.error is not None] == []
