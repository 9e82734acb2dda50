"""Answers of Microsoft's that are odd in one part, or come from a place that does not know the latest yet."""

import json
from typing import Any

import pytest

from polydex.connectors.base import New, Record
from polydex.connectors.microsoft.picture import photo_of
from polydex.core.contact import Contact, Name, Photo
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.core.ids import RemoteKey
from polydex.core.patch import Patch
from polydex.testing.contract import ALICE, Mirror
from tests.hostile.sides import MICROSOFT
from tests.microsoft.home import graph_home
from tests.microsoft.scripted import Reply, api_of, scripted
from tests.microsoft.world import graph_world
from tests.pictures import jpeg

SECOND = "second"


async def renewable(world: Any) -> None:
    await world.control.post("tokens", json={"accessToken": SECOND, "lifetime": 10**9})
    world.tokens.next = SECOND


@pytest.mark.parametrize("method", ["contacts.get", "contacts.create", "contacts.update", "contacts.delete"])
async def test_a_token_that_is_refused_in_a_part_of_a_batch_is_renewed(method: str) -> None:
    """What Exchange finds out about a token after Graph has let it in (continuous access evaluation) is said by the parts."""
    async with graph_world() as world:
        keys = await world.seed({"givenName": "Ada"}, {"givenName": "Bo"})
        bases = [await world.connector.fetch(key) for key in keys]
        await renewable(world)
        await world.quirk("graph-token-refused", methods=[method], count=2)
        if method == "contacts.get":
            mirror = Mirror(world.connector)
            await mirror.pull()
            assert mirror.records.keys() == set(keys)
        elif method == "contacts.create":
            made = await world.connector.create_many([New(ALICE, f"mark-{n}", fresh=True) for n in range(2)])
            assert {one.key for one in made if isinstance(one, Record)} == await world.keys() - set(keys)
            assert len(await world.keys()) == 4
        elif method == "contacts.update":
            done = await world.connector.update_many([(base, Patch(nick_name="X")) for base in bases])
            assert all(isinstance(one, Record) for one in done)
            assert [one["nickName"] for one in await world.contacts()] == ["X", "X"]
        else:
            assert await world.connector.delete_many([(base.key, base.rev) for base in bases]) == [None, None]
            assert await world.keys() == set()
        assert world.tokens.asked == 1


async def test_without_another_token_those_parts_are_refused_and_the_others_stay() -> None:
    async with graph_world() as world:
        await world.quirk("graph-token-refused", methods=["contacts.create"], count=1)
        made = await world.connector.create_many([New(ALICE, f"mark-{n}", fresh=True) for n in range(3)])
        records = [one for one in made if isinstance(one, Record)]
        [error] = [one for one in made if not isinstance(one, Record)]
        assert isinstance(error, ProviderUnauthorized)
        assert not error.sent
        assert len(records) == 2
        assert {one.key for one in records} == await world.keys()


async def test_without_another_token_a_pull_ends_and_defers_nobody() -> None:
    async with graph_world() as world:
        keys = await world.seed({"givenName": "Ada"}, {"givenName": "Bo"})
        await world.quirk("graph-token-refused", methods=["contacts.get"])
        mirror = Mirror(world.connector)
        with pytest.raises(ProviderUnauthorized):
            await mirror.pull()
        await world.calm()
        await mirror.pull()
        assert mirror.records.keys() == set(keys)


async def test_parts_that_are_sent_again_and_whose_answer_is_lost_are_open() -> None:
    async with graph_world() as world:
        await renewable(world)
        await world.quirk("graph-token-refused", methods=["contacts.create"], count=2)
        at = 0

        async def lose(method: str, path: str) -> None:
            nonlocal at
            at += path.endswith("/$batch")
            if at == 2:
                await world.quirk("graph-drop-after", methods=["batch"], count=1)

        world.spoiler.before = lose
        made = await world.connector.create_many([New(ALICE, f"mark-{n}", fresh=True) for n in range(2)])
        assert all(isinstance(one, ProviderError) and one.sent for one in made)
        assert len(await world.keys()) == 2


@pytest.mark.parametrize("body", [[], "created", {"id": 7}, {}])
@pytest.mark.parametrize("many", [False, True])
async def test_a_create_whose_answer_is_no_contact_is_found_out(body: Any, *, many: bool) -> None:
    async with graph_world() as world:
        if many:
            world.spoiler.answers.append(
                ("POST", "/$batch", 200, {"responses": [{"id": "0", "status": 201, "body": body}]})
            )
            [error] = await world.connector.create_many([New(ALICE, "mark", fresh=True)])
            assert isinstance(error, ProviderMalformed)
        else:
            world.spoiler.answers.append(("POST", "/contacts", 201, body))
            with pytest.raises(ProviderMalformed):
                await world.connector.create(ALICE, "mark", fresh=True)


@pytest.mark.parametrize("body", [[], "changed"])
@pytest.mark.parametrize("many", [False, True])
async def test_an_update_whose_answer_is_no_contact_is_found_out(body: Any, *, many: bool) -> None:
    async with graph_world() as world:
        [key] = await world.seed({"givenName": "Ada"})
        base = await world.connector.fetch(key)
        patch = Patch(nick_name="X")
        if many:
            at = 0

            async def after_the_read(method: str, path: str) -> None:
                nonlocal at
                if path.endswith("/$batch"):
                    at += 1
                    if at == 2:
                        world.spoiler.answers.append(
                            ("POST", "/$batch", 200, {"responses": [{"id": "0", "status": 200, "body": body}]})
                        )

            world.spoiler.before = after_the_read
            [error] = await world.connector.update_many([(base, patch)])
            assert isinstance(error, ProviderMalformed)
        else:
            world.spoiler.answers.append(("PATCH", f"/{key}", 200, body))
            with pytest.raises(ProviderMalformed):
                await world.connector.update(base, patch)


@pytest.mark.parametrize("status", [403, 429])
async def test_a_photo_that_is_written_and_cannot_be_looked_at_is_no_change_that_did_not_happen(status: int) -> None:
    """The look after the PUT is refused: the rest of the change is still to be made."""
    async with graph_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        put = False

        async def throttle(method: str, path: str) -> None:
            nonlocal put
            if put and method == "GET" and path.endswith("/photo"):
                home.world.spoiler.answers.append(("GET", "/photo", status, {"error": {"code": "x", "message": ""}}))
                home.world.spoiler.before = None
            put = put or method == "PUT"

        home.world.spoiler.before = throttle
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], nickName="Countess", photo=MICROSOFT.photo)
        assert await home.photos() == 1
        await home.later(400)
        written = await home.update(key, record["etag"], nickName="Countess", photo=MICROSOFT.photo)
        assert json.loads(written.record)["nickName"] == "Countess"
        assert await home.nicknames() == ["Countess"]
        await home.rest()
        await home.assert_same(consumer)


async def test_a_native_property_that_is_never_read_can_be_taken_away() -> None:
    async with graph_world() as world:
        [key] = await world.seed(
            {"givenName": "Ada", "singleValueExtendedProperties": [{"id": "String 0x3A49", "value": "skiing"}]}
        )
        base = await world.connector.fetch(key)
        await world.connector.update(base, Patch(native_properties={"String 0x3A49": None}))
        [contact] = await world.contacts()
        assert not {name: value for name, value in contact["extended"].items() if name.lower() == "string 0x3a49"}


async def test_many_large_contacts_are_created_although_a_request_has_a_limit() -> None:
    """A batch is a request like any other: below 4 MB."""
    async with graph_world() as world:
        large = Contact(name=Name(given_name="Large"), notes="x" * 250_000)
        made = await world.connector.create_many([New(large, f"mark-{n}", fresh=True) for n in range(20)])
        assert all(isinstance(one, Record) for one in made)
        assert len(await world.keys()) == 20
        assert len(world.requests("batch")) == 3  # two to create them, one to read them
        larger = Contact(name=Name(given_name="Larger"), notes="x" * 4_300_000)
        done = await world.connector.create_many([New(larger, "mark", fresh=True), New(ALICE, "mark-a", fresh=True)])
        assert [type(one) for one in done] == [ProviderRejected, Record]


async def test_one_who_was_deleted_is_not_brought_back_by_a_list_that_tells_the_past() -> None:
    """In Deleted Items a contact is still found by its immutable id."""
    async with graph_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("graph-deleted-item-answers")
        past = await home.world.ask("GET", f"contacts/{ada}")
        await home.world.remove(ada)
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["bo"]
        again: dict[str, Any] = {}

        async def repeat(method: str, path: str) -> None:
            if path.endswith("/delta") and not again:
                source = await home.source()
                link = json.loads(source.cursor or "{}")["delta"]
                again.update(id=ada, displayName="ada", parentFolderId=past["parentFolderId"])
                again["@odata.etag"] = past.get("@odata.etag", 'W/"past"')
                home.world.spoiler.answers.append(("GET", "/delta", 200, {"value": [again], "@odata.deltaLink": link}))

        home.world.spoiler.before = repeat
        await home.pull()
        assert again
        await consumer.follow()
        assert consumer.names == ["bo"]
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize(("seconds", "etag"), [(0, None), (10, None), (10, 'W/"older"')])
@pytest.mark.parametrize("many", [False, True])
async def test_a_read_after_the_write_that_is_from_before_it_is_not_believed(
    seconds: int, etag: str | None, *, many: bool
) -> None:
    """Another server of Microsoft's answers it, which does not know the change yet, or not even the one before."""
    async with graph_world() as world:
        [key] = await world.seed({"givenName": "Ada", "nickName": "old"})
        base = await world.connector.fetch(key)
        world.sandbox.clock.advance(seconds * 1000)
        old = json.loads(base.raw)["contact"]
        old["@odata.etag"] = etag or old["@odata.etag"]
        seen = 0

        async def late(method: str, path: str) -> None:
            nonlocal seen
            if many and path.endswith("/$batch"):
                seen += 1
                if seen == 3:
                    world.spoiler.answers.append(
                        ("POST", "/$batch", 200, {"responses": [{"id": "0", "status": 200, "body": old}]})
                    )
            elif not many and method == "PATCH":
                world.spoiler.answers.append(("GET", f"/{key}", 200, old))

        world.spoiler.before = late
        patch = Patch(nick_name="new")
        if many:
            [done] = await world.connector.update_many([(base, patch)])
        else:
            done = await world.connector.update(base, patch)
        assert isinstance(done, Record)
        assert done.contact is not None
        assert done.contact.nick_name == "new"
        assert done.rev is None
        assert not world.spoiler.answers


@pytest.mark.parametrize("many", [False, True])
async def test_who_is_listed_with_the_mark_and_cannot_be_read_yet_is_not_created_again(*, many: bool) -> None:
    async with graph_world(personal=True) as world:
        first = await world.connector.create(ALICE, "mark", fresh=True)
        await world.quirk("graph-fresh-id-unknown")
        if many:
            [error] = await world.connector.create_many([New(ALICE, "mark")])
        else:
            with pytest.raises(ProviderUnavailable) as caught:
                await world.connector.create(ALICE, "mark")
            error = caught.value
        assert isinstance(error, ProviderUnavailable)
        assert not error.sent
        assert await world.keys() == {first.key}
        await world.settle()
        assert (await world.connector.create(ALICE, "mark")).key == first.key


async def test_one_of_a_batch_that_cannot_be_read_afterwards_says_nothing_of_the_others() -> None:
    async with graph_world() as world:
        seen = 0

        async def spoil(method: str, path: str) -> None:
            nonlocal seen
            if path.endswith("/$batch"):
                seen += 1
                if seen == 2:
                    world.spoiler.keys.add(min(await world.keys()))

        world.spoiler.before = spoil
        made = await world.connector.create_many([New(ALICE, f"mark-{n}", fresh=True) for n in range(3)])
        records = [one for one in made if isinstance(one, Record)]
        assert {one.key for one in records} == await world.keys()
        assert [one.rev is None for one in sorted(records, key=lambda one: one.key)] == [True, False, False]


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_channel_that_has_ended_is_not_renewed_but_made_anew(status: int) -> None:
    """Whatever is said of one that has run out."""
    async with graph_world() as world:
        first = await world.connector.watch(world.push_url, "secret", None)
        await world.settle()
        world.sandbox.clock.advance(8 * 86_400_000)
        world.spoiler.answers.append(
            ("PATCH", f"/{first.id}", status, {"error": {"code": "ExtensionError", "message": ""}})
        )
        second = await world.connector.watch(world.push_url, "secret", first)
        assert second.id != first.id
        assert await world.channels() == {second.id}


async def test_a_channel_that_lives_and_cannot_be_renewed_is_not_made_twice() -> None:
    async with graph_world() as world:
        first = await world.connector.watch(world.push_url, "secret", None)
        world.spoiler.answers.append(
            ("PATCH", f"/{first.id}", 400, {"error": {"code": "ExtensionError", "message": ""}})
        )
        with pytest.raises(ProviderRejected):
            await world.connector.watch(world.push_url, "secret", first)
        assert await world.channels() == {first.id}


async def test_a_picture_is_not_asked_for_as_json() -> None:
    async with scripted(Reply(jpeg("red"))) as server, api_of(server) as api:
        found = await photo_of(api, "contacts", RemoteKey("AAMk="), Photo(hash="1"))
    assert found is not None
    assert found.content == jpeg("red")
    assert [asked.headers["Accept"] for asked in server.asked] == ["*/*"]
