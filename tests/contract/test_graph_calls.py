"""Single calls of the connector, and what it does when they are refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from polydex.connectors.base import Absent, Batching, Found, New, Record, SourceInfo, Unknown, Watch
from polydex.connectors.microsoft.folders import sources
from polydex.connectors.microsoft.watch import MINUTES
from polydex.core.contact import Contact, Name
from polydex.core.errors import (
    PolydexError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderUnauthorized,
    ProviderUnavailable,
    Stale,
)
from polydex.core.ids import Rev
from polydex.core.patch import Patch, diff
from polydex.testing.contract import ALICE, BOB, Mirror, content, seen
from tests.microsoft.world import GraphWorld, graph_world
from tests.property.outlook import announced, comparable, kept, with_made
from tests.providers.world import EMAIL
from tests.soak import SOAK
from tests.strategies import contacts, patches

CREATE, UPDATE, GET, BATCH = "contacts.create", "contacts.update", "contacts.get", "batch"


@pytest.fixture
async def world() -> AsyncIterator[GraphWorld]:
    async with graph_world() as world:
        yield world


def person(number: int) -> Contact:
    return Contact(name=Name(given_name=f"Person {number}"))


def names(answers: Any) -> list[str | None]:
    found = [one.contact or Contact() if isinstance(one, Record) else Contact() for one in answers]
    return [(contact.name or Name()).given_name for contact in found]


def refusal(code: str) -> dict[str, Any]:
    inner = {"date": "2026-01-01T00:00:00", "request-id": "1", "client-request-id": "1"}
    return {"error": {"code": code, "message": "No.", "innerError": inner}}


# --- who we are, and what there is ------------------------------------------------------------------------------------


@pytest.mark.parametrize("personal", [False, True])
async def test_the_subject_is_the_id_of_the_user(*, personal: bool) -> None:
    async with graph_world(personal=personal) as world:
        identity = await world.connector.identify()
        assert len(identity.subject) == (16 if personal else 36)
        assert (identity.email, identity.name) == (EMAIL, "Ada")


async def test_of_an_application_the_subject_is_the_mailbox(world: GraphWorld) -> None:
    """It need not be allowed to read who that is."""
    mailbox = replace(world.connector, api=replace(world.connector.api, mailbox=EMAIL))
    identity = await mailbox.identify()
    [folder] = (await world.ask("GET", "folders"))["folders"]
    assert (identity.subject, identity.email) == (folder["id"], EMAIL)
    assert world.requests("me.get") == []


async def test_folders_are_address_books(world: GraphWorld) -> None:
    friends = (await world.ask("POST", "folders", {"name": "Friends"}))["id"]
    chess = (await world.ask("POST", "folders", {"name": "Chess", "parent": friends}))["id"]
    family = (await world.ask("POST", "folders", {"name": "Family"}))["id"]
    assert await sources(world.connector.api) == (
        SourceInfo("contacts", "Contacts", default=True),
        SourceInfo(friends, "Friends"),
        SourceInfo(chess, "Friends / Chess"),
        SourceInfo(family, "Family"),
    )


async def test_more_folders_than_a_page(world: GraphWorld) -> None:
    for number in range(103):
        await world.ask("POST", "folders", {"name": f"F{number:03}"})
    found = await sources(world.connector.api)
    assert [one.name for one in found] == ["Contacts", *(f"F{number:03}" for number in range(103))]
    assert len({one.key for one in found}) == 104


async def test_each_folder_has_contacts_of_its_own(world: GraphWorld) -> None:
    folder = (await world.ask("POST", "folders", {"name": "Friends"}))["id"]
    friends = replace(world.connector, source_key=folder)
    here = await world.connector.create(ALICE, None)
    there = await friends.create(BOB, None)
    for connector, record in ((world.connector, here), (friends, there)):
        mirror = Mirror(connector)
        await mirror.pull()
        assert mirror.records.keys() == {record.key}


async def test_another_mailbox_by_its_address(world: GraphWorld) -> None:
    mailbox = replace(world.connector, api=replace(world.connector.api, mailbox=EMAIL))
    record = await mailbox.create(ALICE, "mark")
    assert (await world.connector.fetch(record.key)).rev == record.rev
    mirror = Mirror(mailbox)
    await mirror.pull()
    assert mirror.records.keys() == {record.key}
    assert isinstance(await mailbox.find_mark("mark"), Found)
    strangers = replace(world.connector, api=replace(world.connector.api, mailbox="nobody@example.com"))
    with pytest.raises(ProviderForbidden):
        await strangers.fetch(record.key)


# --- tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_that_is_refused_is_renewed_once(world: GraphWorld) -> None:
    await world.control.post("tokens", json={"accessToken": "second", "lifetime": 10**9})
    await world.control.post("tokens/revoke", json={"accessToken": world.tokens.token})
    world.tokens.next = "second"
    record = await world.connector.create(ALICE, None)
    assert seen(world, record.contact, ALICE) == content(ALICE)
    assert world.tokens.asked == 1
    assert await world.keys() == {record.key}


async def test_when_the_next_token_is_refused_too_that_is_all(world: GraphWorld) -> None:
    world.tokens.token, world.tokens.next = "gone", "gone-too"
    with pytest.raises(ProviderUnauthorized):
        await world.connector.create(ALICE, None)
    assert world.tokens.asked == 1
    assert await world.keys() == set()


# --- creates and marks --------------------------------------------------------------------------------------------------


async def test_a_create_is_sent_once(world: GraphWorld) -> None:
    await world.quirk("graph-unavailable", methods=[CREATE])
    with pytest.raises(ProviderUnavailable) as caught:
        await world.connector.create(ALICE, "mark")
    assert caught.value.sent
    assert len(world.requests(CREATE)) == 1


async def test_a_create_costs_no_list_when_nobody_can_carry_its_mark(world: GraphWorld) -> None:
    await world.connector.create(ALICE, "mark-1", fresh=True)
    assert world.requests() == [CREATE, GET] or "contacts.list" in world.requests()[2:]
    await world.connector.create_many([New(person(number), f"fresh-{number}", fresh=True) for number in range(3)])
    filters = [
        entry for entry in world.sandbox.log if entry.operation == "contacts.list" and "$filter" in dict(entry.query)
    ]
    assert filters == []
    assert len(world.requests(BATCH)) == 2


async def test_a_mailbox_that_cannot_be_asked_for_a_mark(world: GraphWorld) -> None:
    world.spoiler.answers.append(("GET", "/contacts", 400, refusal("ErrorInvalidUrlQueryFilter")))
    assert await world.connector.find_mark("mark") == Unknown()
    more = {"value": [], "@odata.nextLink": f"{world.url}/v1.0/me/contacts?$skip=10"}
    world.spoiler.answers.append(("GET", "/contacts", 200, more))
    assert await world.connector.find_mark("mark") == Unknown(), "it has not looked through everybody"
    assert await world.connector.find_mark("mark") == Absent()
    world.spoiler.answers.append(("GET", "/contacts", 400, refusal("ErrorInvalidUrlQueryFilter")))
    record = await world.connector.create(ALICE, "mark")
    found = await world.connector.find_mark("mark")
    assert isinstance(found, Found)
    assert found.record.key == record.key


@pytest.mark.parametrize("mark", ["it's", "' or 1 eq 1", "%27", "ü & <>"])
async def test_a_mark_is_what_it_is(world: GraphWorld, mark: str) -> None:
    record = await world.connector.create(ALICE, mark)
    assert record.mark == mark
    found = await world.connector.find_mark(mark)
    assert isinstance(found, Found)
    assert found.record.key == record.key
    assert await world.connector.find_mark("x" + mark) == Absent()


@pytest.mark.parametrize("code", ["ErrorItemNotFound", "ErrorIrresolvableConflict"])
async def test_a_create_is_refused_and_never_stale_or_missing(world: GraphWorld, code: str) -> None:
    status = 404 if code == "ErrorItemNotFound" else 412
    world.spoiler.answers.append(("POST", "/contacts", status, refusal(code)))
    with pytest.raises(ProviderRejected):
        await world.connector.create(ALICE, None, fresh=True)


# --- batches ------------------------------------------------------------------------------------------------------------


async def test_twenty_writes_are_two_calls_and_changes_three(world: GraphWorld) -> None:
    connector = world.connector
    made = await connector.create_many([New(person(number), None) for number in range(20)])
    assert world.requests(BATCH) == [BATCH] * 2
    changed = await connector.update_many([(one, Patch(notes="x")) for one in made if isinstance(one, Record)])
    assert world.requests(BATCH) == [BATCH] * 5
    assert (
        list(await connector.delete_many([(one.key, one.rev) for one in changed if isinstance(one, Record)]))
        == [None] * 20
    )
    assert world.requests(BATCH) == [BATCH] * 7
    assert await world.keys() == set()


async def test_of_a_batch_only_what_is_invalid_is_refused(world: GraphWorld) -> None:
    connector = world.connector
    assert isinstance(connector, Batching)
    await world.quirk("graph-given-name-required")
    new = [New(person(number) if number != 3 else Contact(nick_name="x"), f"mark-{number}") for number in range(8)]
    answers = list(await connector.create_many(new))
    assert isinstance(answers[3], ProviderRejected)
    assert names(answers) == [None if number == 3 else f"Person {number}" for number in range(8)]
    assert len(await world.keys()) == 7


async def test_a_part_that_is_not_answered_is_open(world: GraphWorld) -> None:
    """Of those that are, nothing else is said; of this one it has to be found out."""
    contact = {"@odata.etag": 'W/"1"', "id": "AAkA1=", "givenName": "Person 0"}
    answer = {"responses": [{"id": "0", "status": 201, "headers": {}, "body": contact}]}
    read = {"responses": [{"id": "0", "status": 200, "headers": {}, "body": contact}]}
    world.spoiler.answers += [("POST", "/$batch", 200, answer), ("POST", "/$batch", 200, read)]
    answers = await world.connector.create_many([New(person(number), None) for number in range(2)])
    assert isinstance(answers[0], Record)
    assert isinstance(answers[1], ProviderMalformed)


async def test_one_that_changes_right_before_a_batch_is_found_out(world: GraphWorld) -> None:
    connector = world.connector
    made = [await connector.create(person(number), None) for number in range(4)]
    batches = 0

    async def before(method: str, path: str) -> None:
        nonlocal batches
        batches += path.endswith("/$batch")
        if path.endswith("/$batch") and batches == 2:
            await world.put(BOB, made[1].key)

    world.spoiler.before = before
    answers = await connector.update_many([(record, Patch(notes="ours")) for record in made])
    assert isinstance(answers[1], Stale)
    notes = [one.contact.notes if isinstance(one, Record) and one.contact else None for one in answers]
    assert notes == ["ours", None, "ours", "ours"]
    assert seen(world, (await connector.fetch(made[1].key)).contact, BOB) == content(BOB)


async def test_one_that_changes_right_before_a_batch_of_removals_stays(world: GraphWorld) -> None:
    connector = world.connector
    made = [await connector.create(person(number), None) for number in range(3)]
    batches = 0

    async def before(method: str, path: str) -> None:
        nonlocal batches
        batches += path.endswith("/$batch")
        if path.endswith("/$batch") and batches == 2:
            await world.put(BOB, made[1].key)
            await world.remove(made[2].key)

    world.spoiler.before = before
    answers = await connector.delete_many([(record.key, record.rev) for record in made])
    assert isinstance(answers[1], Stale)
    assert (answers[0], answers[2]) == (None, None)
    assert await world.keys() == {made[1].key}


async def test_the_same_contact_twice_in_a_batch(world: GraphWorld) -> None:
    record = await world.connector.create(ALICE, None)
    answers = await world.connector.update_many([(record, Patch(notes="first")), (record, Patch(notes="second"))])
    assert isinstance(answers[0], Record)
    assert isinstance(answers[1], Stale)


async def test_one_that_cannot_be_read_right_before_a_batch_is_not_touched(world: GraphWorld) -> None:
    connector = world.connector
    made = [await connector.create(person(number), None) for number in range(2)]
    await world.quirk("graph-unavailable", methods=[GET])
    deleted = await connector.delete_many([(record.key, record.rev) for record in made])
    changed = await connector.update_many([(record, Patch(notes="ours")) for record in made])
    for answer in (*deleted, *changed):
        assert isinstance(answer, ProviderUnavailable)
        assert not answer.sent, "nobody was asked to change anything"
    await world.calm()
    assert [(await connector.fetch(record.key)).rev for record in made] == [record.rev for record in made]


# --- without revisions --------------------------------------------------------------------------------------------------


async def test_a_base_without_a_revision_is_known_by_its_document(world: GraphWorld) -> None:
    record = msgspec.structs.replace(await world.connector.create(ALICE, None), rev=None)
    changed = await world.connector.update(record, Patch(notes="ours"))
    with pytest.raises(Stale):
        await world.connector.update(record, Patch(notes="too late"))
    with pytest.raises(Stale):
        await world.connector.update(
            msgspec.structs.replace(changed, raw=b"", rev=Rev('W/"old"')), Patch(notes="too late")
        )
    with pytest.raises(Stale):
        await world.connector.update(msgspec.structs.replace(changed, raw=b"", rev=None), Patch(notes="nobody knows"))


# --- subscriptions ------------------------------------------------------------------------------------------------------


async def test_a_subscription_is_of_the_folder_and_of_ids_that_stay(world: GraphWorld) -> None:
    folder = (await world.ask("POST", "folders", {"name": "Friends"}))["id"]
    made = await world.connector.watch(world.push_url, "secret", None)
    await replace(world.connector, source_key=folder).watch(world.push_url, "secret", None)
    default, other = await world.subscriptions()
    assert default["resource"] == "me/contacts"
    assert other["resource"] == f"me/contactFolders/{folder}/contacts"
    for one in (default, other):
        assert one["immutable"]
        assert one["changeType"] == "created,updated,deleted"
        assert one["notificationUrl"] == one["lifecycleNotificationUrl"] == world.push_url
        assert one["clientState"] == "secret"
    assert made.expires_at == world.sandbox.clock.now() + MINUTES * 60_000


async def test_an_address_that_does_not_answer_is_refused(world: GraphWorld) -> None:
    world.receiver.status = 500
    with pytest.raises(ProviderRejected):
        await world.connector.watch(world.push_url, "secret", None)
    assert await world.channels() == set()


async def test_a_renewal_that_fails_makes_no_second_subscription(world: GraphWorld) -> None:
    made = await world.connector.watch(world.push_url, "secret", None)
    await world.quirk("graph-drop-before", methods=["subscriptions.update"])
    with pytest.raises(PolydexError):
        await world.connector.watch(world.push_url, "secret", made)
    await world.calm()
    assert await world.channels() == {made.id}
    renewed = await world.connector.watch(world.push_url, "secret", Watch(made.id, 0))
    assert renewed.id == made.id


# --- all kinds of contacts ------------------------------------------------------------------------------------------------


def assert_as_told(got: Contact | None, sent: Contact, told: Any) -> None:
    """What is stored is what was sent, but for what was announced and what Exchange makes by itself."""
    assert got is not None
    here = comparable(got)
    there = comparable(with_made(kept(sent), got))
    assert {field.value for field in diff(there, here).fields()} <= announced(told)


@settings(
    max_examples=300 if SOAK else 8,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drafts=st.lists(contacts(photo=False), min_size=1, max_size=12), data=st.data())
def test_any_contact_comes_back_but_for_what_is_announced(drafts: list[Contact], data: st.DataObject) -> None:
    changes = [data.draw(patches(photo=False)) for _ in drafts]
    asyncio.run(_round_trips(drafts, changes))


async def _round_trips(drafts: list[Contact], changes: list[Patch]) -> None:
    async with graph_world() as world:
        made = list(await world.connector.create_many([New(draft, f"m{at}") for at, draft in enumerate(drafts)]))
        pulled = await Mirror(world.connector).pull()
        bases = []
        for draft, record, patch in zip(drafts, made, changes, strict=True):
            assert isinstance(record, Record), record
            base = await world.connector.fetch(record.key)
            assert json.loads(base.raw) == json.loads(record.raw)
            assert_as_told(base.contact, draft, record.losses)
            assert content(pulled.changed[record.key].contact) == content(base.contact) == content(record.contact)
            bases.append((base, patch))
        for (base, patch), changed in zip(bases, await world.connector.update_many(bases), strict=True):
            assert isinstance(changed, Record), changed
            assert base.contact is not None
            fetched = await world.connector.fetch(base.key)
            assert content(fetched.contact) == content(changed.contact)
            assert_as_told(fetched.contact, patch.apply(base.contact), changed.losses)
