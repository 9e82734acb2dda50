"""Single calls of the connector, and what it does when they are refused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from msgspec import UNSET
from starlette.responses import JSONResponse

from polydex.connectors.base import Batching, Found, New, Record
from polydex.connectors.deadline import Deadline
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.shared import Accounts
from polydex.connectors.google.write import Writer
from polydex.core.contact import Contact, Name, Photo, normal
from polydex.core.errors import (
    PolydexError,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    Stale,
)
from polydex.core.fields import Loss
from polydex.core.patch import Patch, diff
from polydex.testing.contract import ALICE, BOB, PNG, Mirror, content
from tests.google.store import Google
from tests.google.world import GoogleWorld, google_world
from tests.property.test_google_laws import announced, comparable, kept
from tests.providers.world import EMAIL
from tests.soak import SOAK
from tests.strategies import contacts, patches

CREATE, BATCH_CREATE = "people.createContact", "people.batchCreateContacts"


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as world:
        yield world


def person(number: int) -> Contact:
    return Contact(name=Name(given_name=f"Person {number}"))


def names(records: list[Any]) -> list[str | None]:
    contacts = [one.contact or Contact() if isinstance(one, Record) else Contact() for one in records]
    return [(contact.name or Name()).given_name for contact in contacts]


def answering(world: GoogleWorld, method: str, path: str, *answers: tuple[int, Any]) -> None:
    """Let the API answer so to the next requests of this kind, in this order, and then as ever."""
    inner, left = world.spoiler.app, list(answers)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if left and scope["type"] == "http" and scope["method"] == method and scope["path"].endswith(path):
            status, body = left.pop(0)
            await JSONResponse(body, status)(scope, receive, send)
            return
        await inner(scope, receive, send)

    world.spoiler.app = app


def refusal(http: int, status: str) -> tuple[int, Any]:
    return http, {"error": {"code": http, "status": status, "message": "No."}}


# --- who we are -----------------------------------------------------------------------------------------------------


async def test_the_subject_is_the_id_of_the_profile(world: GoogleWorld) -> None:
    identity = await world.connector.identify()
    assert identity.subject.isdecimal()
    assert (identity.email, identity.name) == (EMAIL, "Ada")


async def test_answers_are_asked_for_as_google_compresses_them(world: GoogleWorld) -> None:
    asked: list[dict[bytes, bytes]] = []
    inner = world.spoiler.app

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        asked.append(dict(scope["headers"]))
        await inner(scope, receive, send)

    world.spoiler.app = noting
    await world.connector.identify()
    assert asked
    for headers in asked:
        assert b"gzip" in headers[b"user-agent"]
        assert b"gzip" in headers[b"accept-encoding"]


async def test_a_token_that_is_refused_is_renewed_once(world: GoogleWorld) -> None:
    await world.control.post("tokens", json={"accessToken": "ya29.second", "lifetime": 10**9})
    await world.control.post("tokens/revoke", json={"accessToken": world.tokens.token})
    world.tokens.next = "ya29.second"
    record = await world.connector.create(ALICE, None)
    assert content(record.contact) == content(ALICE)
    assert world.tokens.asked == 1
    assert await world.keys() == {record.key}


async def test_when_the_next_token_is_refused_too_that_is_all(world: GoogleWorld) -> None:
    world.tokens.token, world.tokens.next = "ya29.gone", "ya29.gone-too"
    with pytest.raises(ProviderUnauthorized):
        await world.connector.create(ALICE, None)
    assert world.tokens.asked == 1
    assert await world.keys() == set()


@pytest.mark.parametrize("error", [ProviderTimeout(), ProviderUnavailable(sent=True)])
async def test_without_a_token_nothing_is_left_open(world: GoogleWorld, error: PolydexError) -> None:
    """Of a write whose token could not be had nobody needs to find out what became of it."""

    class Broken:
        async def current(self) -> str:
            raise error

        async def renewed(self, refused: str) -> str:
            raise error

    connector = replace(world.connector, api=replace(world.connector.api, tokens=Broken()))
    with pytest.raises(ProviderUnavailable) as caught:
        await connector.create(ALICE, None)
    assert not caught.value.sent


async def test_a_create_is_sent_once(world: GoogleWorld) -> None:
    await world.quirk("google-unavailable", methods=[CREATE])
    with pytest.raises(ProviderUnavailable) as caught:
        await world.connector.create(ALICE, "mark")
    assert caught.value.sent
    assert len(world.requests(CREATE)) == 1


async def test_a_create_costs_no_list_when_nobody_can_carry_its_mark(world: GoogleWorld) -> None:
    await world.connector.create(ALICE, "mark-1", fresh=True)
    await world.connector.create_many([New(person(number), f"fresh-{number}", fresh=True) for number in range(3)])
    assert world.requests() == [CREATE, BATCH_CREATE]
    await world.settle()
    await world.connector.create_many([New(person(number), f"fresh-{number}") for number in range(3)])
    assert world.requests()[2:] == ["people.connections.list", "people.getBatchGet"]
    assert len(await world.keys()) == 4


# --- budgets --------------------------------------------------------------------------------------------------------


async def test_a_photo_that_the_budget_does_not_allow_is_refused_before_the_create(world: GoogleWorld) -> None:
    shared = Accounts(90, 2).of("", world.sandbox.clock.now)
    connector = replace(world.connector, api=replace(world.connector.api, shared=shared))
    await connector.create(BOB, None)
    with pytest.raises(ProviderThrottled) as caught:
        await connector.create(msgspec.structs.replace(ALICE, photo=Photo.of(PNG, "image/png")), None)
    assert not caught.value.sent
    assert len(await world.keys()) == 1
    world.sandbox.clock.advance(60_000)
    await connector.create(msgspec.structs.replace(ALICE, photo=Photo.of(PNG, "image/png")), None)
    assert len(await world.keys()) == 2


async def test_a_first_walk_over_all_that_google_allows_fits_in_a_minutes_reads(world: GoogleWorld) -> None:
    """25,000 contacts are 25 pages; with the second walk, and the groups, that is below the 90 reads of a minute."""
    await world.ask("POST", "contacts", {"count": 2500, "seed": 7})
    shared = Accounts().of("", world.sandbox.clock.now)
    connector = replace(world.connector, api=replace(world.connector.api, shared=shared))
    mirror = Mirror(connector)
    await mirror.pull()
    assert len(mirror.records) == 2500
    pages = len(world.requests("people.connections.list"))
    assert pages == 3
    assert (25 + 1) * 2 < 90


# --- batches --------------------------------------------------------------------------------------------------------


async def test_of_a_batch_that_google_refuses_only_what_is_invalid_is_refused(world: GoogleWorld) -> None:
    connector = world.connector
    assert isinstance(connector, Batching)
    world.spoiler.refuses = {"Person 3"}
    answers = list(await connector.create_many([New(person(number), f"mark-{number}") for number in range(8)]))
    assert isinstance(answers[3], ProviderRejected)
    assert names(answers) == [None if number == 3 else f"Person {number}" for number in range(8)]
    assert len(await world.keys()) == 7
    world.spoiler.refuses = {"no such note"}
    bases = [await connector.fetch(key) for key in sorted(await world.keys())]
    changes = [(base, Patch(notes="no such note" if at == 2 else "fine")) for at, base in enumerate(bases)]
    changed = await connector.update_many(changes)
    assert [isinstance(one, Record) for one in changed] == [at != 2 for at in range(7)]


async def test_a_batch_of_creates_that_fails_otherwise_is_not_sent_again(world: GoogleWorld) -> None:
    await world.quirk("google-drop-after", methods=[BATCH_CREATE])
    with pytest.raises(ProviderUnavailable) as caught:
        await world.connector.create_many([New(person(number), f"mark-{number}") for number in range(4)])
    assert caught.value.sent
    assert len(await world.keys()) == 4
    await world.calm()
    await world.ask("PUT", "settings", {"contactLimit": 5})
    with pytest.raises(PolydexError):
        await world.connector.create_many([New(person(number), f"more-{number}") for number in range(4)])
    assert len(world.requests(BATCH_CREATE)) == 2
    assert len(await world.keys()) == 4


async def test_one_that_changes_right_before_a_batch_is_found_out(world: GoogleWorld) -> None:
    connector = world.connector
    made = [await connector.create(person(number), None) for number in range(4)]
    edited = False

    async def before(_method: str, path: str) -> None:
        nonlocal edited
        if path.endswith(":batchUpdateContacts") and not edited:
            edited = True
            await world.put(BOB, made[1].key)

    world.spoiler.before = before
    answers = await connector.update_many([(record, Patch(notes="ours")) for record in made])
    assert isinstance(answers[1], Stale)
    notes = [one.contact.notes if isinstance(one, Record) and one.contact else None for one in answers]
    assert notes == ["ours", None, "ours", "ours"]
    assert len(world.requests("people.batchUpdateContacts")) == 2, "the others are sent again at once"
    assert content((await connector.fetch(made[1].key)).contact) == content(BOB)


async def test_one_whose_label_goes_right_before_a_batch_of_creates(world: GoogleWorld) -> None:
    group = await world.ask("POST", "groups", {"name": "Chess"})
    gone = False

    async def before(_method: str, path: str) -> None:
        nonlocal gone
        if path.endswith(":batchCreateContacts") and not gone:
            gone = True
            await world.ask("DELETE", f"groups/{group['resourceName'].removeprefix('contactGroups/')}")

    world.spoiler.before = before
    new = [New(Contact(nick_name=f"n{number}", keywords=("Chess",) * (number == 5)), None) for number in range(9)]
    answers = await world.connector.create_many(new)
    assert isinstance(answers[5], ProviderRejected)
    made = [one.contact.nick_name if isinstance(one, Record) and one.contact else None for one in answers]
    assert made == [None if number == 5 else f"n{number}" for number in range(9)]
    assert len(await world.keys()) == 8
    assert len(world.requests(BATCH_CREATE)) == 2


async def test_one_that_goes_right_before_a_batch_of_removals(world: GoogleWorld) -> None:
    connector = world.connector
    made = [await connector.create(person(number), None) for number in range(4)]
    gone = False

    async def before(_method: str, path: str) -> None:
        nonlocal gone
        if path.endswith(":batchDeleteContacts") and not gone:
            gone = True
            await world.remove(made[2].key)

    world.spoiler.before = before
    assert list(await connector.delete_many([(record.key, record.rev) for record in made])) == [None] * 4
    assert await world.keys() == set()


async def test_changes_of_different_fields_do_not_clear_each_other(world: GoogleWorld) -> None:
    connector = world.connector
    made = [await connector.create(msgspec.structs.replace(BOB, nick_name="Bobby"), None) for _ in range(6)]
    patches = [Patch(notes="new"), Patch(nick_name="Rob"), Patch(notes="new", nick_name="Rob")] * 2
    answers = await connector.update_many(list(zip(made, patches, strict=True)))
    for record, patch, answer in zip(made, patches, answers, strict=True):
        assert isinstance(answer, Record)
        assert record.contact is not None
        assert content(answer.contact) == content(patch.apply(record.contact))
    assert len(world.requests("people.batchUpdateContacts")) == 3


async def test_the_same_contact_twice_in_a_batch(world: GoogleWorld) -> None:
    record = await world.connector.create(ALICE, None)
    answers = await world.connector.update_many([(record, Patch(notes="first")), (record, Patch(notes="second"))])
    assert isinstance(answers[0], Record)
    assert isinstance(answers[1], Stale)


# --- labels ---------------------------------------------------------------------------------------------------------


async def test_a_label_that_google_does_not_take_stops_no_write(world: GoogleWorld) -> None:
    """The keyword is kept, and said to be where nobody sees it; the other contacts of the call are created as well."""
    answering(world, "POST", "/contactGroups", refusal(400, "INVALID_ARGUMENT"), refusal(400, "FAILED_PRECONDITION"))
    new = [New(Contact(nick_name="a", keywords=("Odd",)), None), New(Contact(nick_name="b"), None)]
    answers = await world.connector.create_many(new)
    made = [one.contact for one in answers if isinstance(one, Record)]
    assert [(one.nick_name, one.keywords) for one in made if one] == [("a", ("Odd",)), ("b", ())]
    [first] = [one for one in answers if isinstance(one, Record) and one.losses]
    assert [loss.path for loss in first.losses] == ["$.keywords[0]"]
    updated = await world.connector.update(first, Patch(keywords=("Odder",)))
    assert updated.contact
    assert updated.contact.keywords == ("Odder",)
    assert world.labels == Labels()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/contactGroups", (404, "NOT_FOUND")),
        ("/contactGroups", (400, "FAILED_PRECONDITION")),
        ("/contactGroups:batchGet", (400, "FAILED_PRECONDITION")),
    ],
)
async def test_labels_that_cannot_be_read_say_nothing_of_the_contact(
    world: GoogleWorld, path: str, answer: tuple[int, str]
) -> None:
    record = await world.connector.create(ALICE, None)
    connector = replace(world.connector, context=Labels({"contactGroups/gone": "Gone"}).encode())
    answering(world, "GET", path, refusal(*answer), refusal(*answer))
    with pytest.raises(PolydexError) as caught:
        await connector.update(record, Patch(keywords=("Chess",)))
    assert isinstance(caught.value, ProviderUnavailable)
    assert not caught.value.sent


async def test_a_label_that_is_gone_is_none_whatever_the_answer(world: GoogleWorld) -> None:
    connector = replace(world.connector, context=Labels({"contactGroups/gone": "Gone"}).encode())
    answering(world, "GET", "/contactGroups:batchGet", refusal(404, "NOT_FOUND"))
    record = await connector.create(Contact(keywords=("Gone",)), None)
    assert list(world.labels.names.values()) == ["Gone"]
    assert world.labels.group("Gone") != "contactGroups/gone"
    assert record.contact
    assert record.contact.keywords == ("Gone",)


async def test_labels_take_no_more_time_than_the_write_has(world: GoogleWorld) -> None:
    """Else the write is cut off from outside, and whether the contact was created has to be found out."""
    writer = Writer(world.first.api, Labels(), None, Deadline(0))
    for _ in range(2):
        with pytest.raises(ProviderUnavailable) as caught:
            await writer.create(Contact(keywords=("Chess", "Go")), None, {})
        assert not caught.value.sent
    assert world.labels == Labels()
    assert await world.keys() == set()


# --- marks ----------------------------------------------------------------------------------------------------------


async def test_one_that_is_changed_while_its_mark_is_looked_for_is_found(world: GoogleWorld) -> None:
    """The list is in the order of changes: it moves to the front, past the pages that are still to come."""
    record = await world.connector.create(ALICE, "mark")
    other = {"resourceName": "people/c1", "metadata": {"sources": [{"type": "CONTACT", "id": "1"}]}}
    pages = [(200, {"connections": [other], "nextPageToken": "more"}), (200, {"connections": [other]})]
    answering(world, "GET", "/people/me/connections", *pages)
    answer = await world.connector.find_mark("mark")
    assert isinstance(answer, Found)
    assert answer.record.key == record.key


# --- answers to single entries --------------------------------------------------------------------------------------


async def test_one_that_cannot_be_read_right_before_a_batch_of_removals_is_not_removed(world: GoogleWorld) -> None:
    made = [await world.connector.create(person(number), None) for number in range(3)]
    responses = [
        {"requestedResourceName": made[0].key, "status": {"code": 4, "message": "Later."}},
        {"requestedResourceName": made[1].key, "person": {"etag": "a person without a name"}},
    ]
    answering(world, "GET", "/people:batchGet", (200, {"responses": responses}))
    answers = await world.connector.delete_many([(record.key, record.rev) for record in made])
    assert [type(one) for one in answers] == [ProviderUnavailable] * 3
    assert not any(one.sent for one in answers if isinstance(one, ProviderUnavailable)), "nobody was asked to remove"
    assert await world.keys() == {record.key for record in made}


@pytest.mark.parametrize("code", [5, 9])
async def test_a_create_is_refused_and_never_stale_or_missing(world: GoogleWorld, code: int) -> None:
    entries = {"0": {"code": code, "message": "No."}}
    details = [
        {"@type": "type.googleapis.com/google.people.v1.BatchCreateContactsErrorDetails", "contactErrors": entries}
    ]
    whole = (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "No.", "details": details}})
    answering(world, "POST", "/people:batchCreateContacts", whole)
    answers = await world.connector.create_many([New(person(number), f"mark-{number}") for number in range(3)])
    assert isinstance(answers[0], ProviderRejected)
    assert names(list(answers)) == [None, "Person 1", "Person 2"]


# --- all kinds of contacts ------------------------------------------------------------------------------------------


def assert_as_told(got: Contact | None, sent: Contact, told: tuple[Loss, ...], labels: Labels) -> None:
    """What is stored is what was sent, but for what was announced. Of a name Google makes the parts that nobody sent."""
    assert got is not None
    here = comparable(got)
    there = kept(msgspec.structs.replace(sent, name=None), labels, Google())
    differing = {field.value for field in diff(there, msgspec.structs.replace(here, name=None)).fields()}
    assert differing <= announced(told)
    if "name" not in announced(told):
        parts = msgspec.structs.asdict(normal(sent).name or Name())
        made = msgspec.structs.asdict(here.name or Name())
        assert {part: made[part] for part, value in parts.items() if value} == {p: v for p, v in parts.items() if v}


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
    async with google_world() as world:
        made = list(await world.connector.create_many([New(draft, f"m{at}") for at, draft in enumerate(drafts)]))
        await world.settle()
        pulled = await Mirror(world.connector).pull()
        bases = []
        for draft, record, patch in zip(drafts, made, changes, strict=True):
            assert isinstance(record, Record), record
            base = await world.connector.fetch(record.key)
            assert_as_told(base.contact, draft, record.losses, world.labels)
            assert content(pulled.changed[record.key].contact) == content(base.contact) == content(record.contact)
            bases.append((base, patch))
        for (base, patch), changed in zip(bases, await world.connector.update_many(bases), strict=True):
            assert isinstance(changed, Record), changed
            assert base.contact is not None
            fetched = await world.connector.fetch(base.key)
            assert content(fetched.contact) == content(changed.contact)
            wanted = patch.apply(base.contact)
            if (
                patch.name is UNSET
                or wanted.name is None
                or wanted.name.display_name == (base.contact.name or Name()).display_name
            ):
                # A display name that Google has made follows the parts.
                name = wanted.name and msgspec.structs.replace(wanted.name, display_name=None)
                wanted = msgspec.structs.replace(wanted, name=name)
            assert_as_told(fetched.contact, wanted, changed.losses, world.labels)
