"""J10: the intent is stored before the call, and what became of a write is found out, never guessed."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from polydex.core.contact import Name, Photo
from polydex.core.errors import (
    BadRequest,
    NotFound,
    PreconditionFailed,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.core.ids import RemoteKey
from polydex.engine.errand import Written
from polydex.store import contacts, intents
from polydex.store.db import Tx
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named, until

ADA = b'{"nickName": "ada"}'


def verbs(home: Home) -> list[str]:
    return [verb for verb, _ in home.world.calls]


async def nothing_open(home: Home) -> bool:
    return await home.db.read(intents.open_of_account, home.account.id) == []


async def lost(home: Home, verb: str, fault: Fault, work: Any) -> None:
    """A write whose answer does not come."""
    home.world.faults.append((verb, fault))
    with pytest.raises(ProviderTimeout) as told:
        await work
    assert told.value.retry_after is not None


async def ready(home: Home, **contact: Any) -> str:
    home.world.put(named("ada", **contact), "k1")
    await home.pull()
    return await home.id_of("ada")


# The row before the call


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
async def test_a_write_that_nobody_knows_of_after_a_crash(home: Home, verb: str) -> None:
    contact = await ready(home)
    home.world.gates.hold(verb, "ask")

    async def write() -> None:
        if verb == "create":
            await home.create(nickName="bo")
        elif verb == "update":
            await home.update(contact, notes="n")
        else:
            await home.writer.delete(home.account, contact, None)

    work = asyncio.create_task(write())
    await home.world.gates.reached(verb, "ask")
    [intent] = await home.db.read(intents.open_of_account, home.account.id)
    assert intent.verb == verb
    assert (intent.mark is not None) == (verb == "create")
    assert (intent.row is not None) == (verb != "create")
    assert intent.due_at is not None
    home.world.gates.open()
    await work
    assert await nothing_open(home)


async def test_bad_bodies_that_reach_the_provider(home: Home) -> None:
    await home.pull()
    for body in (b"{}", b"[]", b'{"nickName": 1}', b"\xff"):
        with pytest.raises(BadRequest):
            await home.writer.create(home.account, body)
    assert home.world.contacts() == {}
    assert await nothing_open(home)


# A create


async def test_a_lost_answer_that_creates_two_contacts(home: Home) -> None:
    """Found: the one that is there is the answer."""
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    again = await home.writer.create(home.account, ADA)
    await home.writer.delivered(again.intent)
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["ada"]
    await home.create(nickName="ada")  # delivered: the same again is meant
    assert len(home.world.contacts()) == 2


@pytest.mark.parametrize("body", [b"\n" + ADA, b" \t" + ADA])
async def test_a_create_with_blanks_before_it_that_cannot_be_sent_again(home: Home, body: bytes) -> None:
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, body))
    await home.writer.create(home.account, body)
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["ada"]


async def test_a_create_that_never_arrived_and_is_lost(home: Home) -> None:
    """Absent, and no lag: sent again for the client that asks again."""
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, ADA))
    await home.writer.create(home.account, ADA)
    assert len(home.world.contacts()) == 1


async def test_a_request_that_never_left_and_must_wait(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.REFUSED))
    with pytest.raises(ProviderUnavailable):
        await home.writer.create(home.account, ADA)
    assert await nothing_open(home)
    await home.writer.create(home.account, ADA)
    assert len(home.world.contacts()) == 1


async def test_a_refusal_that_leaves_a_write_open(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.DENIED))
    with pytest.raises(ProviderUnauthorized):
        await home.writer.create(home.account, ADA)
    assert await nothing_open(home)
    await home.later(100)
    assert home.world.contacts() == {}


async def test_absent_believed_before_the_lag_is_over(make_home: Furnish) -> None:
    home = await make_home(mark_lag=30.0)
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    home.clock.advance(29)
    with pytest.raises(ProviderTimeout) as told:
        await home.writer.create(home.account, ADA)
    assert told.value.retry_after is not None
    home.clock.advance(2)
    await home.writer.create(home.account, ADA)
    assert len(home.world.contacts()) == 1


@pytest.mark.parametrize("asks_again", ["the client", "the worker, then the client"])
async def test_absent_believed_by_the_age_of_an_earlier_attempt(make_home: Furnish, asks_again: str) -> None:
    """The first attempt did nothing and is long ago; the second one acted just now."""
    home = await make_home(mark_lag=30.0)
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, ADA))
    home.clock.advance(31)
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    home.clock.advance(20)
    if asks_again != "the client":
        await home.writer.recovery.run_due()
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, ADA)
    home.clock.advance(20)
    await home.writer.create(home.account, ADA)
    assert len(home.world.contacts()) == 1


async def test_unknown_taken_for_absent(make_home: Furnish) -> None:
    home = await make_home(marks=False)
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    home.clock.advance(10_000)
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, ADA)
    assert verbs(home).count("create") == 1
    assert len(home.world.contacts()) == 1


@pytest.mark.parametrize(("fault", "there"), [(Fault.LOST, 1), (Fault.FAILED, 0)])
async def test_a_create_sent_again_by_nobody(home: Home, fault: Fault, there: int) -> None:
    """The worker finds out what became of it, and sends nothing: nobody may want it any more."""
    await home.pull()
    await lost(home, "create", fault, home.writer.create(home.account, ADA))
    await home.later(30)
    assert await nothing_open(home)
    assert verbs(home).count("create") == there
    consumer = await (await home.consumer()).follow()
    assert consumer.names == ["ada"] * there
    await home.writer.create(home.account, ADA)
    assert len(home.world.contacts()) == 1


@pytest.mark.parametrize("put_back", [True, False])
async def test_a_create_found_absent_that_somebody_had_deleted_and_puts_back(home: Home, *, put_back: bool) -> None:
    """Between the answer that was lost and the client's next try, it was deleted, and then it was there again."""
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    [(key, document)] = home.world.state().items()
    home.world.remove(key)
    await home.later(30)
    assert await nothing_open(home)
    if put_back:
        home.world.put_document(key, document)
    written = await home.writer.create(home.account, ADA)
    assert verbs(home).count("create") == (1 if put_back else 2)
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["ada"]
    consumer = await (await home.consumer()).follow()
    assert list(consumer.copy) == [written.id]


async def test_a_create_after_an_abandoned_one_that_is_meant_as_another(home: Home) -> None:
    """The request that was abandoned has been answered since: whoever sends it once more wants a second contact."""
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, ADA))
    await home.later(30)
    first = await home.writer.create(home.account, ADA)
    await home.writer.delivered(first.intent)
    second = await home.writer.create(home.account, ADA)
    assert first.id != second.id
    assert len(home.world.contacts()) == 2


async def test_an_abandoned_create_of_long_ago(home: Home) -> None:
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, ADA))
    await home.later(30)
    home.clock.advance(200)
    asked = verbs(home).count("find_mark")
    await home.writer.create(home.account, ADA)
    assert verbs(home).count("find_mark") == asked
    assert len(home.world.contacts()) == 1


async def test_an_abandoned_create_of_another_address_book(home: Home) -> None:
    """Its mark says nothing about this one."""
    await home.pull()
    await lost(home, "create", Fault.FAILED, home.writer.create(home.account, ADA))
    await home.later(30)
    await home.db.write(lambda tx: tx.run("UPDATE intent SET generation = generation - 1"))
    [(before,)] = await home.db.read(lambda tx: tx.all("SELECT mark FROM intent"))
    await home.writer.create(home.account, ADA)
    marks = [mark for (mark,) in await home.db.read(lambda tx: tx.all("SELECT mark FROM intent ORDER BY id"))]
    assert marks[0] == before != marks[1]
    assert len(home.world.contacts()) == 1


async def test_a_create_whose_process_died(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("create", "answer")
    work = asyncio.create_task(home.writer.create(home.account, ADA))
    await home.world.gates.reached("create", "answer")
    await home.writer.drain(0)
    home.world.gates.open()
    with pytest.raises(asyncio.CancelledError):
        await work
    second = home.sibling()
    written = await second.writer.create(home.account, ADA)
    assert json.loads(written.record)["nickName"] == "ada"
    assert len(home.world.contacts()) == 1


# Identical requests


async def test_identical_requests_in_flight_that_create_two_contacts(home: Home) -> None:
    await home.pull()
    first, second = await asyncio.gather(home.writer.create(home.account, ADA), home.writer.create(home.account, ADA))
    assert first.id == second.id
    assert len(home.world.contacts()) == 1


async def test_a_request_re_sent_to_another_process_that_creates_a_second_contact(home: Home) -> None:
    """It waited for its turn while the first one was open; that the first was delivered meanwhile changes nothing."""
    await home.pull()
    second = home.sibling()

    async def created(by: Home) -> Written:
        written = await by.writer.create(home.account, ADA)
        await by.writer.delivered(written.intent)
        return written

    home.world.gates.hold("create", "answer")
    first = asyncio.create_task(created(home))
    await home.world.gates.reached("create", "answer")
    again = asyncio.create_task(created(second))
    await until(lambda: bool(second.writer._turns._locks))  # it has arrived, and waits for the account's turn
    home.world.gates.open()
    assert (await first).id == (await again).id
    assert len(home.world.contacts()) == 1


@pytest.mark.parametrize(("seconds", "contacts"), [(119, 1), (121, 2)])
async def test_an_answer_that_was_not_delivered_given_again_for_two_minutes(
    home: Home, seconds: int, contacts: int
) -> None:
    await home.pull()
    home = home.sibling(replay_window=120.0)
    first = await home.writer.create(home.account, ADA)
    home.clock.advance(seconds)
    again = await home.writer.create(home.account, ADA)
    assert (again.id == first.id) is (contacts == 1)
    assert len(home.world.contacts()) == contacts


async def test_a_request_that_ends_with_the_client_that_gave_up(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("create", "answer")
    request = asyncio.create_task(home.writer.create(home.account, ADA))
    await home.world.gates.reached("create", "answer")
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    home.world.gates.open()
    await home.writer.drain(5)
    assert await nothing_open(home)  # nothing has to be found out
    again = await home.writer.create(home.account, ADA)  # nobody got the answer
    assert "find_mark" not in verbs(home)
    assert len(home.world.contacts()) == 1
    assert json.loads(again.record)["nickName"] == "ada"


@pytest.mark.parametrize("waits_for", ["the provider", "its turn"])
async def test_a_write_that_outlasts_the_client(home: Home, waits_for: str) -> None:
    """It is answered within the deadline, whatever it waits for, and found out later."""
    await home.pull()
    home.world.gates.hold("create", "ask")
    hasty = home.sibling(write_deadline=0.05)
    busy = [home.writer.create(home.account, b'{"nickName": "bo"}')] if waits_for == "its turn" else []
    running = [asyncio.create_task(write) for write in busy]
    if running:
        await home.world.gates.reached("create", "ask")
    with pytest.raises(ProviderTimeout) as told:
        await hasty.writer.create(home.account, ADA)
    assert told.value.retry_after is not None
    home.world.gates.open()
    await asyncio.gather(*running)
    await home.writer.create(home.account, ADA)
    assert sorted(str(contact.nick_name) for contact in home.world.contacts().values()).count("ada") == 1


async def test_the_answer_to_a_repetition_that_denies_what_was_created(make_home: Furnish) -> None:
    """A pull was complete while the create was on its way, and the provider does not know the new contact yet."""
    home = await make_home(create_lag=10.0)
    await home.pull()
    home.world.gates.hold("create", "answer")
    work = asyncio.create_task(home.writer.create(home.account, ADA))
    await home.world.gates.reached("create", "answer")
    home.world.lag = 0.0
    home.clock.advance(1)
    [key] = home.world.contacts()
    document = home.world.find(key)
    assert document is not None
    home.world.history[key].pop()  # lists do not know it either
    home.world._events.pop()
    await home.pull()
    home.world.put_document(key, document)
    home.world.gates.open()
    with pytest.raises(ProviderUnavailable) as told:
        await work
    assert told.value.retry_after is not None
    with pytest.raises(ProviderUnavailable):
        await home.writer.create(home.account, ADA)
    home.clock.advance(11)
    again = await home.writer.create(home.account, ADA)
    assert json.loads(again.record)["nickName"] == "ada"
    assert len(home.world.contacts()) == 1


# A change


async def test_a_lost_update_told_to_have_failed(home: Home) -> None:
    """The provider has what was meant: success."""
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    await lost(home, "update", Fault.LOST, home.update(contact, etag, notes="new"))
    updated = await home.update(contact, etag, notes="new")
    assert json.loads(updated.record)["notes"] == "new"
    assert verbs(home).count("update") == 1


async def test_a_lost_update_told_to_have_been_carried_out_beside_somebody_elses(home: Home) -> None:
    """The contact has what was meant, and more: whoever gave a condition has to look at it, 412."""
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    await lost(home, "update", Fault.LOST, home.update(contact, etag, notes="new"))
    home.world.put(named("ada", notes="new", birthday="1990-01-02"), "k1")
    with pytest.raises(PreconditionFailed):
        await home.update(contact, etag, notes="new")
    assert home.world.contacts()["k1"].birthday == "1990-01-02"
    assert await nothing_open(home)


@pytest.mark.parametrize(
    ("theirs", "carried_out"),
    [
        (Name(given_name="Ada", display_name="Ada, as they write it"), True),
        (Name(given_name="Ada", family_name="King", display_name="Ada King"), False),
    ],
)
async def test_a_lost_update_of_which_the_provider_has_made_a_display_name(
    home: Home, theirs: Name, carried_out: bool
) -> None:
    """Which no target foresees: success; but whatever else has changed is somebody's, 412."""
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    await lost(home, "update", Fault.LOST, home.update(contact, etag, name={"givenName": "Ada"}))
    home.world.put(named("ada", name=theirs), "k1")
    if carried_out:
        updated = json.loads((await home.update(contact, etag, name={"givenName": "Ada"})).record)
        assert updated["name"] == {"givenName": "Ada", "displayName": "Ada, as they write it"}
    else:
        with pytest.raises(PreconditionFailed):
            await home.update(contact, etag, name={"givenName": "Ada"})
    assert verbs(home).count("update") == 1
    assert await nothing_open(home)


async def test_a_lost_update_whose_own_display_name_is_not_there_told_to_have_been_carried_out(home: Home) -> None:
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    wanted = {"givenName": "Ada", "displayName": "Countess"}
    await lost(home, "update", Fault.LOST, home.update(contact, etag, name=wanted))
    home.world.put(named("ada", name=Name(given_name="Ada", display_name="Ada")), "k1")
    with pytest.raises(PreconditionFailed):
        await home.update(contact, etag, name=wanted)
    assert await nothing_open(home)


async def test_a_lost_update_judged_by_a_base_that_a_pull_has_replaced(home: Home) -> None:
    """Against what the pull has brought, somebody else's change would not be seen: 412."""
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    await lost(home, "update", Fault.LOST, home.update(contact, etag, name={"givenName": "Ada"}))
    theirs = Name(given_name="Ada", display_name="Ada")
    home.world.put(named("ada", name=theirs, birthday="1990-01-02"), "k1")
    await home.pull()
    assert (await home.records())["ada"]["birthday"] == "1990-01-02"
    with pytest.raises(PreconditionFailed):
        await home.update(contact, etag, name={"givenName": "Ada"})
    assert home.world.contacts()["k1"].birthday == "1990-01-02"
    assert await nothing_open(home)


async def test_an_update_that_never_arrived_and_is_lost(home: Home) -> None:
    """The provider still has the base: sent again, by the worker too."""
    contact = await ready(home)
    await lost(home, "update", Fault.FAILED, home.update(contact, notes="new"))
    await home.later(30)
    assert home.world.contacts()["k1"].notes == "new"
    assert (await home.records())["ada"]["notes"] == "new"
    assert await nothing_open(home)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOST])
async def test_an_update_sent_again_over_a_later_one_that_was_carried_out(home: Home, fault: Fault) -> None:
    """The later one has brought the base of the first back: that says nothing about whether the first had arrived."""
    contact = await ready(home, notes="old")
    await lost(home, "update", Fault.FAILED, home.update(contact, notes="new"))
    # Found out about before the next write, it is sent again; it arrives, and this answer is lost, too.
    home.world.faults.extend([("update", Fault.LOST), ("update", fault)])
    if fault is Fault.LOST:
        with pytest.raises(ProviderTimeout):
            await home.update(contact, notes="old")
        home.world.faults.append(("fetch", Fault.REFUSED))  # that of the first: the second is found out about before
    else:
        await home.update(contact, notes="old")
    for seconds in (30, 60, 600):
        await home.later(seconds)
    notes = [version.document["contact"].get("notes") for version in home.world.history["k1"] if version.document]
    assert notes == ["old", "new", "old"]
    assert await nothing_open(home)
    await home.update(contact, notes="new")  # who sends it again means it
    assert home.world.contacts()["k1"].notes == "new"


@pytest.mark.parametrize("by", ["the client", "the worker"])
async def test_an_update_sent_again_over_somebody_elses(home: Home, by: str) -> None:
    """The provider has neither the base nor the target: 412, and the other change stays."""
    contact = await ready(home)
    etag = (await home.records())["ada"]["etag"]
    await lost(home, "update", Fault.FAILED, home.update(contact, etag, notes="new"))
    home.world.put(named("ada", notes="from the phone"), "k1")
    if by == "the client":
        with pytest.raises(PreconditionFailed):
            await home.update(contact, etag, notes="new")
    else:
        await home.later(30)
    assert home.world.contacts()["k1"].notes == "from the phone"
    assert await nothing_open(home)


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.LOST])
async def test_native_properties_alone_lost_because_the_etag_does_not_cover_them(home: Home, fault: Fault) -> None:
    """Equal ETags say nothing about whether they have arrived: they are sent again."""
    await home.pull()
    created = await home.create(nickName="ada")
    body = {"nativeProperties": {"X-COLOUR": "green"}}
    await lost(home, "update", fault, home.update(created.id, created.etag, **body))
    await home.update(created.id, created.etag, **body)
    [key] = home.world.contacts()
    document = home.world.find(key)
    assert document is not None
    assert document["native"] == {"X-COLOUR": "green"}


@pytest.mark.parametrize("by", ["the client", "the worker"])
@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.LOST])
async def test_a_lost_delete_told_to_have_failed_or_forgotten(home: Home, fault: Fault, by: str) -> None:
    """Not found is success; still there as it was, it is deleted."""
    contact = await ready(home)
    consumer = await (await home.consumer()).follow()
    await lost(home, "delete", fault, home.writer.delete(home.account, contact, None))
    if by == "the client":
        await home.writer.delivered(await home.writer.delete(home.account, contact, None))
        with pytest.raises(NotFound):
            await home.writer.delete(home.account, contact, None)
    else:
        await home.writer.recovery.run_due()
        home.clock.advance(30)
        await home.writer.recovery.run_due()
    assert home.world.contacts() == {}
    assert await nothing_open(home)
    await consumer.follow()
    assert consumer.gone == [contact]


async def test_a_delete_sent_again_over_somebody_elses_change(home: Home) -> None:
    contact = await ready(home)
    await lost(home, "delete", Fault.FAILED, home.writer.delete(home.account, contact, None))
    home.world.put(named("ada", notes="still needed"), "k1")
    await home.later(30)
    assert home.world.contacts()["k1"].notes == "still needed"
    assert (await home.records())["ada"]["notes"] == "still needed"
    assert await nothing_open(home)


# Nobody stands in the way of others


async def test_a_write_found_out_whose_contact_is_gone_failing_the_next_write(home: Home) -> None:
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    [key] = home.world.contacts()
    # A pull sees that the contact has come and gone, so that what the mark finds is older than what is known.
    home.world.gates.hold("find_mark", "answer")
    other = asyncio.create_task(home.writer.create(home.account, b'{"nickName": "bo"}'))
    await home.world.gates.reached("find_mark", "answer")
    home.world.remove(key)
    await home.pull()
    home.world.gates.open()
    written = await other
    assert json.loads(written.record)["nickName"] == "bo"
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["bo"]
    assert await nothing_open(home)


async def test_a_write_that_is_known_asked_about_for_ever(home: Home) -> None:
    """The mark is found, but what is there now cannot be read: the write is done, the reading is the next pull's."""
    await home.pull()
    await lost(home, "create", Fault.LOST, home.writer.create(home.account, ADA))
    home.world.gates.hold("find_mark", "answer")
    home.clock.advance(30)
    recovery = asyncio.create_task(home.writer.recovery.run_due())
    await home.world.gates.reached("find_mark", "answer")
    home.world.put(named("ada, changed"), next(iter(home.world.contacts())))
    await home.pull()
    home.world.faults.append(("fetch", Fault.REFUSED))
    home.world.gates.open()
    await recovery
    assert await nothing_open(home)

    def due(tx: Tx) -> list[Any]:
        return intents.due_accounts(tx, home.clock() + 10**9, 10)

    assert await home.db.read(due) == []


async def test_the_same_request_again_while_the_delivery_of_the_first_is_still_being_stored(home: Home) -> None:
    """Whoever has the answer means another contact, however slow the disk is."""
    await home.pull()
    body = b'{"nickName": "ada"}'
    first = await home.writer.create(home.account, body)
    slow = threading.Event()
    busy = asyncio.create_task(home.db.write(lambda _tx: slow.wait(10)))
    await asyncio.sleep(0)
    told = asyncio.create_task(home.writer.delivered(first.intent))
    await asyncio.sleep(0)
    again = asyncio.create_task(home.writer.create(home.account, body))
    await asyncio.sleep(0.05)
    slow.set()
    await asyncio.gather(busy, told)
    assert (await again).id != first.id
    assert len(home.world.contacts()) == 2


@pytest.mark.parametrize("verb", ["update", "delete"])
async def test_a_lost_change_sent_again_over_a_later_one_that_had_nothing_to_change(home: Home, verb: str) -> None:
    """Who was told that the contact is as they want it has been told so after the earlier change."""
    contact = await ready(home, notes="old")
    work = home.update(contact, notes="new") if verb == "update" else home.writer.delete(home.account, contact, None)
    await lost(home, verb, Fault.FAILED, work)
    home.world.faults.append((verb, Fault.FAILED))  # and so is the second attempt, that the later request makes
    told = json.loads((await home.update(contact, notes="old")).record)
    assert told["notes"] == "old"
    await home.later(100)
    await home.later(100)
    assert [each.notes for each in home.world.contacts().values()] == ["old"]
    assert await nothing_open(home)


@pytest.mark.parametrize("gone", [False, True])
async def test_a_mark_made_a_second_time_because_there_is_a_doubt_about_its_contact(
    make_home: Furnish, *, gone: bool
) -> None:
    """The provider finds a mark later only; what carries it is known, and is asked for."""
    home = await make_home(mark_lag=600.0)
    await home.pull()
    written = await home.writer.create_once(home.account, ADA, "mark")
    await home.writer.delivered(written.intent)
    [key] = home.world.marked("mark")
    # As by a page that was on its way, in a walk that takes its time.
    source = await home.source()
    await home.db.write(contacts.verify_keys, source.id, home.clock(), [RemoteKey(key)])
    if gone:
        home.world.remove(key)
    again = await home.writer.create_once(home.account, ADA, "mark")
    assert (again.id == written.id) is not gone
    assert home.world.marked("mark") == [key, *(["c2"] if gone else [])]


async def test_a_change_that_cannot_be_found_out_holding_up_every_write_to_other_contacts(home: Home) -> None:
    """A contact that the provider fails at takes no time from the others; what is about itself waits for the outcome."""
    contact = await ready(home)
    home.world.put(named("bo"), "k2")
    await home.pull()
    bo = await home.id_of("bo")
    await lost(home, "update", Fault.FAILED, home.update(contact, notes="new"))
    home.world.faults.append(("update", Fault.FAILED))  # and so is the one that finding out sends
    await home.update(bo, notes="one")
    home.world.calls.clear()
    await home.update(bo, notes="two")
    assert {key for _, key in home.world.calls} == {"k2"}
    await home.update(contact, nickName="ada b")
    assert home.world.contacts()["k1"] == named("ada b", notes="new")
    assert await nothing_open(home)


@pytest.mark.parametrize("echo", ["photo", "birthday"])
async def test_a_lost_change_whose_request_fits_no_more_failing_every_write_of_the_account(
    home: Home, echo: str
) -> None:
    """It repeats what the contact had, as who sends back what was read does; by now that is something else."""
    contact = await ready(home, photo=Photo.of(b"one"), birthday="in spring")
    had: dict[str, Any] = {"photo": {"id": Photo.of(b"one").hash}, "birthday": "in spring"}
    await lost(home, "update", Fault.FAILED, home.update(contact, notes="new", **{echo: had[echo]}))
    home.world.put(named("ada", photo=Photo.of(b"two"), birthday="1991-01-02"), "k1")
    await home.create(nickName="bo")
    assert await nothing_open(home)
    assert home.world.contacts()["k1"].notes is None
