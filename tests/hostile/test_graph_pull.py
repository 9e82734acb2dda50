"""Pulls from a Microsoft that behaves as it is seen to: nothing is lost, doubled or changed, and the journal tells the truth."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from polydex.connectors.microsoft.pull import PAGE_SIZE
from polydex.connectors.pause import FLOOR_SECONDS
from polydex.core.errors import PolydexError, ProviderForbidden, ProviderThrottled, ProviderUnavailable
from polydex.core.ids import RemoteKey
from polydex.testing.contract import ALICE, Mirror
from tests.microsoft.home import GraphHome, graph_home
from tests.microsoft.world import graph_world

DELTA, GET, BATCH = "contacts.delta", "contacts.get", "batch"
MANY = PAGE_SIZE + 30
"""More than a page."""
FORGOTTEN = (
    ("SyncStateNotFound", 410, False),
    ("SyncStateNotFound", 410, True),
    ("syncStateNotFound", 410, False),
    ("resyncRequired", 410, True),
    ("SyncStateInvalid", 400, False),
    ("ResyncRequired", 400, True),
)
"""Code, status, and whether there is a Location."""


async def seed_many(home: GraphHome) -> list[RemoteKey]:
    """More people than fit on a page."""
    return await home.seed(*(f"n{number:04}" for number in range(MANY)))


# --- requests -------------------------------------------------------------------------------------------------------


async def test_a_pull_without_changes_is_one_request() -> None:
    async with graph_world() as world:
        await world.seed(*({"givenName": f"n{number}"} for number in range(45)))
        mirror = Mirror(world.connector)
        await mirror.pull()
        assert world.requests(BATCH) == [BATCH] * 3
        before = len(world.requests())
        for _ in range(3):
            await mirror.pull()
        assert world.requests()[before:] == [DELTA] * 3


async def test_a_change_is_two_requests_and_a_photo_one_more() -> None:
    async with graph_home() as home:
        ada, bo = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        before = len(home.world.requests())
        await home.nickname(ada, "ada, edited")
        await home.pull()
        assert [name for name in home.world.requests()[before:] if name in (DELTA, BATCH)] == [DELTA, BATCH]
        await home.assert_same(consumer)
        await home.world.ask("PUT", f"contacts/{bo}/photo", picture("red"))
        await home.nickname(bo, "bo, with a photo")
        before = len(home.world.requests())
        await home.pull()
        assert [name for name in home.world.requests()[before:] if name in (DELTA, BATCH)] == [DELTA, BATCH, BATCH]
        await home.assert_same(consumer)
        assert {record["nickName"]: record["hasPhoto"] for record in consumer.copy.values()} == {
            "ada, edited": False,
            "bo, with a photo": True,
        }


def picture(color: str) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (48, 40), color).save(output, "JPEG")
    return output.getvalue()


# --- states that are forgotten --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "status", "location"), FORGOTTEN)
async def test_a_state_that_is_forgotten_is_a_silent_full_walk(code: str, status: int, location: bool) -> None:
    async with graph_home() as home:
        ada, bo, _ = await home.seed("ada", "bo", "cy")
        consumer = await (await home.consumer()).follow()
        before = dict(consumer.copy)
        await home.nickname(ada, "ada, edited")
        await home.world.remove(bo)
        expired = {"code": code, "status": status, "location": location, "on": "deltaLink", "count": 1}
        await home.world.quirk("graph-sync-state-expired", **expired)
        await home.pull()
        assert await home.world.struck("graph-sync-state-expired") == 1
        await home.assert_same(consumer)
        assert sorted(consumer.names) == ["ada, edited", "cy"]
        assert len(consumer.brought) == 1, "only what really differs is told"
        assert set(consumer.copy) < set(before)


@pytest.mark.parametrize("location", [True, False])
@pytest.mark.parametrize("first", [True, False])
async def test_a_state_that_is_forgotten_in_the_middle_of_a_walk(*, first: bool, location: bool) -> None:
    async with graph_home() as home:
        if not first:
            await home.consumer()
        await seed_many(home)
        await home.world.quirk("graph-sync-state-expired", on="nextLink", location=location, count=1)
        await home.pull()
        assert await home.world.struck("graph-sync-state-expired") == 1
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        assert len(consumer.copy) == MANY


async def test_a_walk_that_broke_off_goes_on_from_its_page() -> None:
    async with graph_home() as home:
        await seed_many(home)
        await home.world.quirk("graph-unavailable", methods=[DELTA], skip=1, count=2)
        with pytest.raises(ProviderUnavailable):
            await home.pull()
        asked = len(home.world.requests())
        await home.later(3600)
        consumer = await (await home.consumer()).follow()
        assert len(consumer.copy) == MANY
        queries = [entry.query for entry in list(home.world.sandbox.log)[asked:] if entry.operation == DELTA]
        assert "$skiptoken" in dict(queries[0])


@pytest.mark.parametrize("quirk", ["graph-delta-repeats", "graph-delta-replays", "graph-delta-empty-page"])
async def test_lists_that_repeat_themselves(quirk: str) -> None:
    async with graph_home() as home:
        keys = await seed_many(home)
        # A page that is empty leads to itself: not for ever.
        await home.world.quirk(quirk, **({"probability": 0.5, "seed": 3} if quirk == "graph-delta-empty-page" else {}))
        consumer = await (await home.consumer()).follow()
        assert len(consumer.copy) == MANY
        for round_ in range(3):
            await home.nickname(keys[round_], f"edited {round_}")
            await home.world.remove(keys[100 + round_])
            await home.pull()
            await home.assert_same(consumer)
        assert await home.world.struck(quirk) >= 1
        assert len(consumer.gone) == 3
        before = dict(consumer.copy)
        await home.pull()
        await consumer.follow()
        assert (consumer.copy, consumer.brought) == (before, []), "what is past is not told again"


async def test_a_list_that_leads_to_itself_does_not_go_on_for_ever() -> None:
    async with graph_home() as home:
        await home.seed(*(f"n{number:04}" for number in range(2 * PAGE_SIZE + 1)))
        await home.world.quirk("graph-delta-endless")
        with pytest.raises(PolydexError):
            await home.pull()
        assert len(home.world.requests(DELTA)) < 20
        await home.world.calm()
        await home.later(3600)
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)


# --- who is there ---------------------------------------------------------------------------------------------------


async def test_a_removal_that_is_past_removes_nobody() -> None:
    """A delta may tell again what was so: whoever is said to be gone is looked for."""
    async with graph_home() as home:
        ada, bo = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        link = delta_link(await cursor(home))
        replay = {"id": ada, "@removed": {"reason": "deleted"}}
        home.world.spoiler.answers.append(("GET", "/delta", 200, {"value": [replay], "@odata.deltaLink": link}))
        await home.world.remove(bo)
        await home.pull()
        await consumer.follow()
        assert consumer.names == ["ada", "bo"], "of bo nothing was told yet"
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["ada"]


async def cursor(home: GraphHome) -> str:
    return str((await home.source()).cursor)


def delta_link(text: str) -> str:
    return str(json.loads(text)["delta"])


async def test_a_contact_that_moves_to_another_folder_and_back() -> None:
    async with graph_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        before = {record["nickName"]: key for key, record in consumer.copy.items()}
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await home.world.ask("POST", f"contacts/{ada}/move", {"folder": folder})
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.gone == [before["ada"]]
        await home.world.ask("POST", f"contacts/{ada}/move", {"folder": "contacts"})
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["ada", "bo"]
        assert before["ada"] not in consumer.copy, "an id that was said to be deleted never comes back"


async def test_the_only_contact_that_moves_to_another_folder() -> None:
    """Nobody is left in the folder to tell what it is called in the answers; its own id is."""
    async with graph_home() as home:
        consumer = await (await home.consumer()).follow()
        written = await home.create(nickName="ada")
        [ada] = await home.world.keys()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await home.world.ask("POST", f"contacts/{ada}/move", {"folder": folder})
        await home.rest()
        await home.assert_same(consumer)
        assert written.id not in consumer.copy


async def test_a_contact_that_moves_is_not_written_to_in_its_new_folder() -> None:
    """Its id leads to it wherever it is."""
    async with graph_home() as home:
        ada, bo = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        ids = {record["nickName"]: key for key, record in consumer.copy.items()}
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        for key in (ada, bo):
            await home.world.ask("POST", f"contacts/{key}/move", {"folder": folder})
        await home.seed("cy")
        home.clock.advance(3600)
        with pytest.raises(PolydexError) as caught:
            await home.update(ids["ada"], nickName="by us")
        assert caught.value.status == 404
        await home.writer.delete(home.account, ids["bo"], None)
        there = (await home.world.ask("GET", f"contacts?folder={folder}"))["contacts"]
        assert sorted(one["nickName"] for one in there) == ["ada", "bo"]
        await home.rest()
        await home.assert_same(consumer)


async def test_a_contact_out_of_deleted_items_is_there_again() -> None:
    async with graph_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.world.remove(ada)
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["bo"]
        await home.world.ask("POST", f"contacts/{ada}/restore", {})
        await home.pull()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 2


async def test_a_deletion_that_nobody_tells_is_found_by_the_weekly_walk() -> None:
    async with graph_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        link = delta_link(await cursor(home))
        await home.world.remove(ada)
        after = {"value": [], "@odata.deltaLink": link.replace("deltatoken=", "deltatoken=x")}
        home.world.spoiler.answers.append(("GET", "/delta", 200, after))
        await home.pull()
        await consumer.follow()
        assert consumer.names == ["ada", "bo"]
        home.clock.advance(8 * 86_400)
        await home.pull()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["bo"]


@pytest.mark.parametrize("personal", [True, False])
async def test_a_new_contact_that_its_id_does_not_lead_to_yet(*, personal: bool) -> None:
    async with graph_home(personal=personal) as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("graph-fresh-id-unknown", seconds=60)
        await home.seed("bo")
        await home.pull()
        await consumer.follow()
        assert consumer.names == ["ada"]
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada", "bo"]
        assert consumer.gone == []


async def test_a_contact_that_is_read_as_it_was_before_is_read_again() -> None:
    """A list and a read may come from places that do not know the same yet: the older is not believed."""
    async with graph_world() as world:
        key = await world.put(ALICE)
        mirror = Mirror(world.connector)
        await mirror.pull()
        world.sandbox.clock.advance(60_000)
        old = (await world.connector.fetch(key)).raw
        await world.ask("PATCH", f"contacts/{key}", {"nickName": "new"})
        answer = {"responses": [{"id": "0", "status": 200, "body": json.loads(old)["contact"]}]}
        world.spoiler.answers.append(("POST", "/$batch", 200, answer))
        pulled = await mirror.pull()
        assert (pulled.deferred, pulled.changed) == ({key}, {})
        assert (await world.connector.fetch(key)).contact.nick_name == "new"  # type: ignore[union-attr]  # it is a contact


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"retryAfter": 1}, {"retryAfter": 40}])
@pytest.mark.parametrize("method", [DELTA, GET])
async def test_too_many_requests_are_waited_for(method: str, given: dict[str, Any]) -> None:
    """With Retry-After or without; ``contacts.get`` is a part of a batch."""
    async with graph_home() as home:
        await home.seed(*(f"n{number:02}" for number in range(50)))
        await home.world.quirk("graph-throttled", methods=[method], skip=25 if method == GET else 0, count=1, **given)
        with pytest.raises(ProviderThrottled):
            await home.pull()
        asked = len(home.world.requests())
        await home.later(max(FLOOR_SECONDS, given.get("retryAfter", 0)) - 1)
        assert len(home.world.requests()) == asked, "nobody asks before its time"
        for _ in range(3):
            await home.later(600)
        consumer = await (await home.consumer()).follow()
        assert len(consumer.copy) == 50
        if method == GET:
            assert len(home.world.requests(BATCH)) <= 2 + 2, "what has been read is not read again"


async def test_a_pull_gets_on_however_often_it_is_told_to_wait() -> None:
    """Of each batch only a few are answered: first of everybody, then of the changes of everybody."""
    async with graph_home() as home:
        keys = await home.seed(*(f"n{number:02}" for number in range(60)))
        consumer = await home.consumer()
        await home.world.quirk("graph-throttled", methods=[GET], skip=15, probability=0.9, seed=1)
        for _ in range(40):
            await home.later(4000)
        await home.world.calm()
        for key in keys:
            await home.edit(key, jobTitle="edited")
        await home.world.quirk("graph-throttled", methods=[GET], probability=0.7, seed=2)
        for _ in range(40):
            await home.later(4000)
        assert await home.world.struck("graph-throttled") > 20
        await consumer.follow()
        assert {record.get("company", {}).get("jobTitle") for record in consumer.copy.values()} == {"edited"}
        assert len(consumer.copy) == 60


@pytest.mark.parametrize("status", [500, 502, 503, 504, 509])
async def test_a_service_that_fails_is_asked_again_later(status: int) -> None:
    async with graph_home() as home:
        await home.seed("ada")
        await home.world.quirk("graph-unavailable", status=status, methods=[DELTA], count=2)
        with pytest.raises(PolydexError):
            await home.pull()
        await home.rest()
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)


@pytest.mark.parametrize("quirk", ["graph-no-mailbox", "graph-forbidden"])
async def test_a_mailbox_that_cannot_be_read_loses_nothing(quirk: str) -> None:
    async with graph_home() as home:
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.world.quirk(quirk)
        for _ in range(3):
            with pytest.raises(ProviderForbidden):
                await home.pull()
            home.clock.advance(86_400 * 5)
        await home.assert_same(consumer)
        assert consumer.gone == []
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == []


async def test_a_link_that_leads_elsewhere_is_not_followed() -> None:
    async with graph_home() as home:
        await home.seed("ada")
        page = {"value": [], "@odata.nextLink": "https://graph.example.net/v1.0/me/contacts/delta?$skiptoken=x"}
        home.world.spoiler.answers.append(("GET", "/delta", 200, page))
        with pytest.raises(PolydexError):
            await home.pull()
        await home.rest()
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)


async def test_a_cursor_of_another_address_of_the_api_is_a_silent_full_walk() -> None:
    async with graph_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        source = await home.source()
        moved = str(source.cursor).replace(home.world.url, "https://graph.microsoft.example")
        await home.db.write(lambda tx: tx.run("UPDATE source SET cursor = ? WHERE id = ?", moved, source.id))
        await home.seed("bo")
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["ada", "bo"]
