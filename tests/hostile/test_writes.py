"""Writes to a provider that behaves as it is seen to: each is carried out once, or not at all, and both are told."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from polydex.core.errors import PolydexError, PreconditionFailed, ProviderThrottled, ProviderTimeout
from polydex.engine.errand import Written
from tests.hostile.sides import EXCHANGE, GOOGLE, LOST, MICROSOFT, Side, each_side, patiently
from tests.providers.world import SandboxWorld

Entry = dict[str, Any]
"""A contact as the provider keeps it."""

# --- lost answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "lag"),
    [
        pytest.param(GOOGLE, 0, id="google"),
        pytest.param(GOOGLE, 300, id="google lags"),
        pytest.param(MICROSOFT, 0, id="microsoft"),
        pytest.param(EXCHANGE, 0, id="exchange"),
    ],
)
@pytest.mark.parametrize("fault", LOST)
async def test_a_create_whose_answer_is_lost_is_one_contact(fault: str, side: Side, lag: int) -> None:
    fault = side.quirk(fault)
    async with side.home() as home:
        consumer = await (await home.consumer()).follow()
        if lag:
            await home.world.quirk("google-propagation-delay", seconds=lag)
        await home.world.quirk(fault, methods=[side.create], count=1)
        written = await patiently(home, nickName="ada", notes="new")
        assert await home.world.struck(fault) == 1
        assert home.shown(await home.the_only()).notes == "new"
        await home.rest()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]


@each_side
@pytest.mark.parametrize(
    "change", [{"nickName": "ada, by us"}, {"name": {"givenName": "Ada", "familyName": "Example"}}]
)
@pytest.mark.parametrize("fault", LOST)
async def test_an_update_whose_answer_is_lost(fault: str, change: dict[str, Any], side: Side) -> None:
    """Be it of a name, of which Google makes a display name that nobody can foresee, and Exchange others."""
    async with side.home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk(side.quirk(fault), methods=[side.update], count=1)
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], **change)
        await home.later(70)
        written = json.loads((await home.update(key, record["etag"], **change)).record)
        for member, value in change.items():
            assert written[member] == value or value.items() < written[member].items()
        await home.rest()
        await home.assert_same(consumer)
        assert len(home.world.requests(side.update)) <= 2


@each_side
@pytest.mark.parametrize("fault", LOST)
async def test_a_delete_whose_answer_is_lost(fault: str, side: Side) -> None:
    async with side.home() as home:
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        [key] = [key for key, record in consumer.copy.items() if record["nickName"] == "ada"]
        await home.world.quirk(side.quirk(fault), methods=[side.delete], count=1)
        await home.writer.delete(home.account, key, None)
        assert await home.nicknames() == ["bo"]
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == [key]


# --- etags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "quirk"),
    [
        (GOOGLE, "google-source-etag-refused"),
        (GOOGLE, "google-no-source-etag"),
        (GOOGLE, "google-etag-changes"),
        pytest.param(MICROSOFT, None, id="microsoft"),
        (MICROSOFT, "graph-stale-answer"),
        pytest.param(EXCHANGE, None, id="exchange"),
        (EXCHANGE, "exchange-stale-answer"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_whatever_etags_are_the_write_is_guarded(side: Side, quirk: str | None) -> None:
    async with side.home() as home:
        if quirk is not None:
            await home.world.quirk(quirk)
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], notes="by us")
        await home.nickname(ada, "Countess")
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, nickName="too late", notes="too late")
        assert await home.nicknames() == ["Countess"]
        await home.update(key, nickName="without a condition")
        assert home.shown(await home.the_only()).notes == "by us"
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize(
    ("side", "edited", "held"),
    [
        pytest.param(
            GOOGLE,
            {"emailAddresses": [{"value": "ada@example.com"}], "events": [{"date": {"month": 2, "day": 3}}]},
            lambda person: (
                [one["value"] for one in person["emailAddresses"]] == ["ada@example.com"]
                and person["events"][0]["date"] == {"month": 2, "day": 3}
            ),
            id="google",
        ),
        pytest.param(
            MICROSOFT,
            {"emailAddresses": [{"address": "ada@example.com"}], "profession": "Countess"},
            lambda contact: (
                [one["address"] for one in contact["emailAddresses"]] == ["ada@example.com"]
                and contact["profession"] == "Countess"
            ),
            id="microsoft",
        ),
        pytest.param(
            EXCHANGE,
            {"EmailAddresses": {"EmailAddress1": "ada@example.com"}, "Profession": "Countess"},
            lambda contact: (
                contact["EmailAddresses"]["EmailAddress1"]["address"] == "ada@example.com"
                and contact["Profession"] == "Countess"
            ),
            id="exchange",
        ),
    ],
)
async def test_what_the_user_has_changed_meanwhile_stays_beside_what_we_change(
    side: Side, edited: Entry, held: Callable[[Entry], bool]
) -> None:
    async with side.home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await home.edit(ada, **edited)
        await home.update(key, nickName="Countess")
        entry = await home.the_only()
        assert held(entry), entry
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize(
    ("side", "edited", "held"),
    [
        pytest.param(
            GOOGLE,
            {"birthdays": [{"date": {"year": 1815, "month": 12, "day": 10}}]},
            lambda person: person["birthdays"][0]["date"]["year"] == 1815,
            id="google",
        ),
        pytest.param(
            MICROSOFT,
            {"birthday": "1815-12-10T11:59:00Z"},
            lambda contact: contact["birthday"].startswith("1815-12-10"),
            id="microsoft",
        ),
        pytest.param(
            EXCHANGE,
            {"Birthday": "1815-12-10T11:59:00Z"},
            lambda contact: contact["Birthday"].startswith("1815-12-10"),
            id="exchange",
        ),
    ],
)
async def test_two_of_us_and_the_user_at_once(side: Side, edited: Entry, held: Callable[[Entry], bool]) -> None:
    async with side.home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        other = home.sibling()
        outcomes = await asyncio.gather(
            home.update(key, nickName="by us"),
            other.update(key, notes="by the others"),
            home.edit(ada, **edited),
            return_exceptions=True,
        )
        assert not [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, PolydexError)]
        entry = await home.the_only()
        assert held(entry), entry
        shown = home.shown(entry)
        assert (shown.nickname == "by us") == isinstance(outcomes[0], Written)
        assert shown.notes == ("by the others" if isinstance(outcomes[1], Written) else None)
        await home.rest()
        await home.assert_same(consumer)


# --- lags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "quirks", "expired", "step"),
    [
        pytest.param(
            GOOGLE, {"google-propagation-delay": {"seconds": 300}}, "google-sync-token-expired", 60, id="google"
        ),
        pytest.param(
            MICROSOFT,
            {"graph-delta-lag": {"seconds": 120}, "graph-delta-replays": {}},
            "graph-sync-state-expired",
            30,
            id="microsoft",
        ),
    ],
)
async def test_a_list_that_lags_behind_does_not_undo_what_we_wrote(
    side: Side, quirks: dict[str, dict[str, Any]], expired: str, step: int
) -> None:
    async with side.home() as home:
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        ids = {record["nickName"]: key for key, record in consumer.copy.items()}
        home.clock.advance(3600)
        for quirk, given in quirks.items():
            await home.world.quirk(quirk, **given)
        await home.update(ids["ada"], nickName="ada, by us")
        await home.writer.delete(home.account, ids["bo"], None)
        created = await home.create(nickName="cy")
        for _ in range(8):
            await home.later(step)
            await home.pull()
            await home.assert_same(consumer)
            assert consumer.names == ["ada, by us", "cy"]
        assert consumer.gone == [ids["bo"]]
        assert created.id in consumer.copy
        await home.update(ids["ada"], nickName="ada, again")
        await home.world.quirk(expired, count=1)
        for _ in range(8):
            await home.pull()
            await home.assert_same(consumer)
            home.clock.advance(step)


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "options", "quirk", "given", "seconds"),
    [
        pytest.param(GOOGLE, {"writes_per_minute": "90"}, "google-write-quota", {}, 60, id="google"),
        pytest.param(MICROSOFT, {}, "graph-throttled", {"retryAfter": 30}, 30, id="microsoft"),
        pytest.param(EXCHANGE, {}, "exchange-server-busy", {"backOff": 30_000}, 30, id="exchange"),
        pytest.param(EXCHANGE, {}, "exchange-server-busy", {"status": 200, "backOff": 0}, 60, id="exchange, no hint"),
    ],
)
async def test_too_many_requests_hold_everybody_back(
    side: Side, options: dict[str, str], quirk: str, given: dict[str, Any], seconds: int
) -> None:
    async with side.home(**options) as home:
        await home.consumer()
        await home.world.quirk(quirk, methods=[side.create], count=1, **given)
        with pytest.raises(ProviderThrottled):
            await home.create(nickName="ada")
        asked = len(home.world.requests(side.create))
        with pytest.raises(ProviderThrottled) as caught:
            await home.create(nickName="bo")
        assert caught.value.retry_after == pytest.approx(seconds)
        assert len(home.world.requests(side.create)) == asked, "the second one was not even sent"
        home.clock.advance(seconds + 1)
        await home.create(nickName="bo")
        assert await home.nicknames() == ["bo"]


@pytest.mark.parametrize(
    ("side", "quirk"),
    [
        pytest.param(GOOGLE, None, id="google"),
        pytest.param(MICROSOFT, None, id="microsoft"),
        pytest.param(MICROSOFT, "graph-token-refused", id="microsoft refuses it"),
    ],
)
async def test_an_access_token_that_ends_in_the_middle(side: Side, quirk: str | None) -> None:
    async with side.home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        if quirk:
            await home.world.quirk(quirk)
        else:
            await home.world.control.post("tokens/expire", json={})
        [key] = consumer.copy
        with pytest.raises(PolydexError) as caught:
            await home.update(key, nickName="without a right")
        assert caught.value.status == 401
        assert await home.nicknames() == ["ada"]


def _in_batches(world: SandboxWorld) -> bool:
    return bool(world.requests("people.batchCreateContacts")) and len(world.requests(GOOGLE.create)) < 20


@pytest.mark.parametrize(
    ("side", "together"),
    [
        pytest.param(GOOGLE, _in_batches, id="google"),
        pytest.param(MICROSOFT, lambda world: len(world.requests("batch")) < 40, id="microsoft"),
        pytest.param(EXCHANGE, lambda world: len(world.requests(EXCHANGE.create)) < 20, id="exchange"),
    ],
)
async def test_many_writes_at_once_travel_together_and_each_is_right(
    side: Side, together: Callable[[SandboxWorld], bool]
) -> None:
    async with side.home() as home:
        consumer = await (await home.consumer()).follow()
        names = [f"n{number:02}" for number in range(40)]
        await asyncio.gather(*(home.create(nickName=name) for name in names))
        await home.assert_same(consumer)
        assert consumer.names == names
        await asyncio.gather(*(home.update(key, notes=key) for key in consumer.copy))
        told = Counter(one.notes for one in await home.there())
        assert set(told) == set(consumer.copy)
        await asyncio.gather(*(home.writer.delete(home.account, key, None) for key in list(consumer.copy)[:20]))
        await home.rest()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 20
        assert together(home.world), Counter(home.world.requests())
