"""J10, J11 for writes that travel together: each has its own intent, its own answer, and its own place in the order."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from polydex.connectors.base import Guard
from polydex.core.contact import Photo
from polydex.core.errors import (
    FieldUnsupported,
    NotFound,
    PreconditionFailed,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.core.fields import ALL_FIELDS, Field
from polydex.engine.errand import Written
from polydex.engine.turns import Turns
from polydex.engine.write import Writer
from polydex.store import intents
from polydex.store.intents import Intent
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named, until


def verbs(home: Home) -> list[str]:
    return [verb for verb, _ in home.world.calls]


def bodies(*nicks: str) -> list[bytes]:
    return [json.dumps({"nickName": nick}).encode() for nick in nicks]


def names(home: Home) -> list[str]:
    return sorted(str(contact.nick_name) for contact in home.world.contacts().values())


async def open_intents(home: Home) -> list[Intent]:
    return await home.db.read(intents.open_of_account, home.account.id)


def waiting(home: Home) -> int:
    """Writes that wait for the account's turn."""
    return sum(len(ride.errands) for rides in home.writer._waiting._rides.values() for ride in rides)


async def begin(home: Home, *works: Awaitable[Any]) -> list[asyncio.Task[Any]]:
    """Writes that arrive, one after the other, while another one has the account's turn; and then it ends."""
    home.world.gates.hold("create", "ask")
    first = asyncio.create_task(home.create(nickName="first"))
    await home.world.gates.reached("create", "ask")
    tasks = []
    for count, work in enumerate(works, 1):
        tasks.append(asyncio.ensure_future(work))
        await until(lambda count=count: waiting(home) == count)  # type: ignore[misc]  # bound here
    home.world.calls.clear()
    home.world.gates.let("create", "ask")
    await first
    return tasks


async def burst(home: Home, *works: Awaitable[Any]) -> list[Any]:
    """The outcomes of writes that waited together."""
    return await asyncio.gather(*await begin(home, *works), return_exceptions=True)


async def created(home: Home, *nicks: str) -> list[Any]:
    return await burst(home, *(home.writer.create(home.account, body) for body in bodies(*nicks)))


async def ready(make_home: Furnish, *nicks: str, **habits: Any) -> tuple[Home, list[str]]:
    """A pulled address book that takes three writes in one call; the ids of its contacts."""
    home = await make_home(**{"batch": 3, **habits})
    for nick in nicks:
        home.world.put(named(nick), f"k-{nick}")
    await home.pull()
    return home, [await home.id_of(nick) for nick in nicks]


# One call


async def test_as_many_calls_as_writes(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    consumer = await (await home.consumer()).follow()
    outcomes = await created(home, "a", "b", "c", "d")
    assert verbs(home) == ["create", "create_many", "create"]
    assert [json.loads(written.record)["nickName"] for written in outcomes] == ["a", "b", "c", "d"]
    assert len({written.id for written in outcomes}) == 4
    assert names(home) == ["a", "b", "c", "d", "first"]
    await consumer.follow()
    assert consumer.names == ["a", "b", "c", "d", "first"]
    assert await open_intents(home) == []
    await home.pull()
    assert (await consumer.follow()).brought == []


async def test_one_write_that_goes_by_the_call_for_many(make_home: Furnish) -> None:
    home, [a] = await ready(make_home, "a")
    await home.create(nickName="b")
    await home.update(a, notes="n")
    await home.writer.delete(home.account, a, None)
    assert [verb for verb in verbs(home) if verb != "list"] == ["create", "update", "delete"]


async def test_a_provider_that_takes_one_at_a_time(make_home: Furnish) -> None:
    home, _ = await ready(make_home, batch=1)
    await created(home, "a", "b")
    assert verbs(home) == ["create", "create", "create"]
    assert names(home) == ["a", "b", "first"]


async def test_changes_and_deletes_in_one_call_each(make_home: Furnish) -> None:
    home, [a, b, c, d] = await ready(make_home, "a", "b", "c", "d")
    consumer = await (await home.consumer()).follow()
    outcomes = await burst(
        home,
        home.update(a, notes="n"),
        home.writer.delete(home.account, c, None),
        home.update(b, nickName="b changed"),
        home.writer.delete(home.account, d, None),
    )
    assert verbs(home) == ["create", "update_many", "delete_many"]
    assert [type(outcome) for outcome in outcomes] == [Written, int, Written, int]
    assert names(home) == ["a", "b changed", "first"]
    assert home.world.contacts()["k-a"].notes == "n"
    await consumer.follow()
    assert consumer.names == ["a", "b changed", "first"]
    assert sorted(consumer.gone) == sorted([c, d])
    assert await open_intents(home) == []


# Order


async def test_writes_of_one_contact_that_overtake_each_other(make_home: Furnish) -> None:
    home, [a, b] = await ready(make_home, "a", "b")
    await burst(
        home,
        home.update(a, notes="1"),
        home.update(a, notes="2"),
        home.update(b, notes="b"),
        home.writer.delete(home.account, a, None),
    )
    written = [call for call in home.world.calls if call[0].startswith(("update", "delete"))]
    assert written in (
        [("update_many", "k-a,k-b"), ("update", "k-a"), ("delete", "k-a")],
        [("update", "k-a"), ("update_many", "k-a,k-b"), ("delete", "k-a")],
    )
    notes = [v.document["contact"].get("notes") for v in home.world.history["k-a"] if v.document]
    assert notes == [None, "1", "2"]
    assert names(home) == ["b", "first"]


async def test_an_update_that_gets_on_with_those_before_a_delete_of_its_contact(make_home: Furnish) -> None:
    home, [a, b, c] = await ready(make_home, "a", "b", "c")
    outcomes = await burst(
        home, home.update(b, notes="n"), home.writer.delete(home.account, a, None), home.update(a, notes="too late")
    )
    assert isinstance(outcomes[2], NotFound)
    assert all("too late" not in str(contact.notes) for contact in home.world.contacts().values())
    assert c in {record["id"] for record in (await home.records()).values()}


async def test_the_same_mark_twice_in_one_call(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    one, other = bodies("ada", "ada again")
    outcomes = await burst(
        home,
        home.writer.create_once(home.account, one, "mark"),
        home.writer.create_once(home.account, other, "mark"),
    )
    assert "create_many" not in verbs(home)
    assert len(home.world.marked("mark")) == 1
    assert outcomes[0].id == outcomes[1].id


async def test_a_mark_that_is_there_already_made_a_second_time(make_home: Furnish) -> None:
    """Whoever gives the mark himself may have done so before, and elsewhere."""
    home, _ = await ready(make_home)
    key = home.world.put(named("ada"), mark="mark-2")
    outcomes = await burst(
        home,
        *(
            home.writer.create_once(home.account, body, f"mark-{at}")
            for at, body in enumerate(bodies("bo", "cy", "ada"))
        ),
    )
    assert verbs(home).count("create_many") == 1
    assert home.world.marked("mark-2") == [key]
    assert names(home) == ["ada", "bo", "cy", "first"]
    assert json.loads(outcomes[2].record)["nickName"] == "ada"
    assert await open_intents(home) == []


# The intents


async def test_writes_in_one_call_that_nobody_knows_of_after_a_crash(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    home.world.gates.hold("create_many", "ask")
    tasks = await begin(home, *(home.writer.create(home.account, body) for body in bodies("a", "b", "c")))
    await home.world.gates.reached("create_many", "ask")
    found = await open_intents(home)
    assert [intent.body for intent in found] == bodies("a", "b", "c")
    assert len({intent.mark for intent in found}) == 3
    assert len({intent.asked for intent in found}) == 1
    assert all(intent.due_at is not None for intent in found)
    home.world.gates.open()
    await asyncio.gather(*tasks)
    assert await open_intents(home) == []


@pytest.mark.parametrize("point", ["ask", "answer"])
async def test_a_batch_whose_process_died(make_home: Furnish, point: str) -> None:
    home, _ = await ready(make_home)
    home.world.gates.hold("create_many", point)
    tasks = await begin(home, *(home.writer.create(home.account, body) for body in bodies("a", "b", "c")))
    await home.world.gates.reached("create_many", point)
    await home.writer.drain(0)
    home.world.gates.open()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
    )
    second = home.sibling()
    for body in bodies("a", "b", "c"):
        written = await second.writer.create(home.account, body)
        assert written.record
    assert names(home) == ["a", "b", "c", "first"]
    assert await open_intents(home) == []


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED, Fault.PARTLY])
@pytest.mark.parametrize("by", ["the clients", "the worker, then the clients"])
async def test_a_lost_answer_to_many_that_doubles_or_loses_some(make_home: Furnish, fault: Fault, by: str) -> None:
    home, _ = await ready(make_home)
    home.world.faults.append(("create_many", fault))
    outcomes = await created(home, "a", "b", "c")
    assert [type(outcome) for outcome in outcomes] == [ProviderTimeout] * 3
    assert all(outcome.retry_after is not None for outcome in outcomes)
    assert len(await open_intents(home)) == 3
    there = {Fault.LOST: ["a", "b", "c"], Fault.FAILED: [], Fault.PARTLY: ["a", "b"]}[fault]
    assert names(home) == sorted([*there, "first"])
    if by != "the clients":
        await home.later(30)
        assert await open_intents(home) == []
        assert names(home) == sorted([*there, "first"])
    again = await created(home.sibling(), "a", "b", "c")
    assert [json.loads(written.record)["nickName"] for written in again] == ["a", "b", "c"]
    assert names(home) == ["a", "b", "c", "first", "first"]
    assert await open_intents(home) == []


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED, Fault.PARTLY])
async def test_a_lost_answer_to_changes_and_deletes_of_many(make_home: Furnish, fault: Fault) -> None:
    home, [a, b, c, d] = await ready(make_home, "a", "b", "c", "d")
    home.world.faults.extend([("update_many", fault), ("delete_many", fault)])

    def works() -> list[Awaitable[Any]]:
        delete = home.writer.delete
        return [
            home.update(a, notes="n"), home.update(b, notes="n"),
            delete(home.account, c, None), delete(home.account, d, None),
        ]  # fmt: skip

    assert [type(outcome) for outcome in await burst(home, *works())] == [ProviderTimeout] * 4
    await asyncio.gather(*works())
    assert names(home) == ["a", "b", "first"]
    assert [home.world.contacts()[key].notes for key in ("k-a", "k-b")] == ["n", "n"]
    assert await open_intents(home) == []
    versions = [v.document["contact"].get("notes") for v in home.world.history["k-a"] if v.document]
    assert versions == [None, "n"]


async def test_a_call_for_many_that_never_left_and_must_wait(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    home.world.faults.append(("create_many", Fault.REFUSED))
    outcomes = await created(home, "a", "b")
    assert [type(outcome) for outcome in outcomes] == [ProviderUnavailable] * 2
    assert await open_intents(home) == []
    assert names(home) == ["first"]


# Each its own


@pytest.mark.parametrize(
    ("fault", "told", "opened"),
    [
        (Fault.DENIED, ProviderUnauthorized, 0),
        (Fault.REFUSED, ProviderUnavailable, 0),
        (Fault.FAILED, ProviderTimeout, 1),
        (Fault.LOST, ProviderTimeout, 1),
    ],
)
@pytest.mark.parametrize("verb", ["create", "update", "delete"])
async def test_the_failure_of_one_that_fails_the_others(
    make_home: Furnish, verb: str, fault: Fault, told: type[Exception], opened: int
) -> None:
    home, ids = await ready(make_home, "a", "b", "c")

    def work(at: int) -> Awaitable[Any]:
        if verb == "create":
            return home.create(nickName=f"new {at}")
        if verb == "update":
            return home.update(ids[at], notes="n")
        return home.writer.delete(home.account, ids[at], None)

    tasks = await begin_after_first(home, verb, fault, [work(0), work(1), work(2)])
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in (outcomes[0], outcomes[2])] == [int if verb == "delete" else Written] * 2
    assert type(outcomes[1]) is told
    assert len(await open_intents(home)) == opened
    await asyncio.ensure_future(work(1))
    assert await open_intents(home) == []
    expected = {
        "create": ["a", "b", "c", "first", "new 0", "new 1", "new 2"],
        "update": ["a", "b", "c", "first"],
        "delete": ["first"],
    }[verb]
    assert names(home) == expected
    assert verb != "update" or {home.world.contacts()[f"k-{nick}"].notes for nick in "abc"} == {"n"}


async def begin_after_first(
    home: Home, verb: str, fault: Fault, works: list[Awaitable[Any]]
) -> list[asyncio.Task[Any]]:
    """The same as ``begin``; the fault befalls the second of the writes."""
    home.world.gates.hold(f"{verb}_many", "ask")
    tasks = await begin(home, *works)
    held = await home.world.gates.reached(f"{verb}_many", "ask")
    passing = 2 if fault is Fault.LOST else 1  # what happens after a call is looked at after each
    home.world.faults.extend([*[(verb, Fault.NONE)] * passing, (verb, fault)])
    home.world.gates.release(held)
    home.world.gates.open()
    return tasks


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_change_on_the_phone_that_is_overwritten_by_one_of_many(make_home: Furnish, guard: Guard) -> None:
    home, [a, b, c] = await ready(make_home, "a", "b", "c", update_guard=guard)
    etags = {nick: record["etag"] for nick, record in (await home.records()).items()}
    home.world.put(named("a", file_as="phone"), "k-a")
    home.world.put(named("b on the phone"), "k-b")
    outcomes = await burst(
        home, home.update(a, notes="n"), home.update(b, etags["b"], notes="n"), home.update(c, etags["c"], notes="n")
    )
    assert [type(outcome) for outcome in outcomes] == [Written, PreconditionFailed, Written]
    assert home.world.contacts()["k-a"] == named("a", file_as="phone", notes="n")
    assert home.world.contacts()["k-b"] == named("b on the phone")
    assert home.world.contacts()["k-c"] == named("c", notes="n")
    assert await open_intents(home) == []


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_contact_that_changed_deleted_as_one_of_many(make_home: Furnish, guard: Guard) -> None:
    home, [a, b, c] = await ready(make_home, "a", "b", "c", delete_guard=guard)
    etags = {nick: record["etag"] for nick, record in (await home.records()).items()}
    home.world.put(named("a", notes="still needed"), "k-a")
    home.world.remove("k-b")
    outcomes = await burst(
        home, *(home.writer.delete(home.account, i, etags[n]) for i, n in ((a, "a"), (b, "b"), (c, "c")))
    )
    assert isinstance(outcomes[0], PreconditionFailed)
    assert isinstance(outcomes[2], int)
    assert names(home) == ["a", "first"]
    assert await open_intents(home) == []


async def test_a_contact_gone_on_the_phone_brought_back_by_one_of_many(make_home: Furnish) -> None:
    home, [a, b] = await ready(make_home, "a", "b")
    home.world.remove("k-a")
    outcomes = await burst(home, home.update(a, notes="n"), home.update(b, notes="n"))
    assert [type(outcome) for outcome in outcomes] == [NotFound, Written]
    assert names(home) == ["b", "first"]
    assert sorted(await home.records()) == ["b", "first"]


async def test_strict_handling_of_one_that_is_forgotten_or_meant_for_all(make_home: Furnish) -> None:
    home, _ = await ready(make_home, writable=ALL_FIELDS - {Field.NOTES})
    body = b'{"nickName": "ada", "notes": "lost"}'
    outcomes = await burst(
        home,
        home.writer.create(home.account, body, strict=True),
        home.writer.create(home.account, body),
        *(home.writer.create(home.account, each) for each in bodies("bo")),
    )
    assert [type(outcome) for outcome in outcomes] == [FieldUnsupported, Written, Written]
    assert [loss.path for loss in outcomes[1].losses] == ["$.notes"]
    assert verbs(home) == ["create", "create_many"]
    assert names(home) == ["ada", "bo", "first"]


async def test_a_request_sent_again_among_others_that_creates_a_second_contact(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    home.world.faults.append(("create", Fault.LOST))
    [ada, bo, cy] = bodies("ada", "bo", "cy")
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, ada)
    outcomes = await burst(home, *(home.writer.create(home.account, body) for body in (bo, ada, cy)))
    assert [json.loads(written.record)["nickName"] for written in outcomes] == ["bo", "ada", "cy"]
    assert names(home) == ["ada", "bo", "cy", "first"]


async def test_a_photo_that_takes_a_second_call_holding_up_the_others(make_home: Furnish) -> None:
    home, [a, b, c] = await ready(make_home, "a", "b", "c", photo_apart=True)
    picture = {"content": "aGVsbG8=", "mimeType": "image/png"}
    outcomes = await burst(
        home,
        home.update(a, notes="n"),
        home.update(b, photo=picture),
        home.update(c, notes="n"),
    )
    assert all(isinstance(outcome, Written) for outcome in outcomes)
    assert Counter(verbs(home)) == {"create": 1, "update_many": 1, "update": 1}
    photo = home.world.contacts()["k-b"].photo
    assert photo is not None
    assert photo.hash == Photo.of(b"hello").hash


# Time


async def test_a_write_that_gave_up_while_it_waited_carried_out_with_the_others(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    hasty = home.sibling(write_deadline=0.3)
    home.world.gates.hold("create", "ask")
    first = asyncio.create_task(home.create(nickName="first"))
    await home.world.gates.reached("create", "ask")
    outcomes = await asyncio.gather(
        *(hasty.writer.create(home.account, body) for body in bodies("a", "b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [ProviderTimeout] * 2
    home.world.gates.open()
    await first
    await hasty.writer.drain(5)
    assert names(home) == ["first"]
    assert [intent.body for intent in await open_intents(home)] == []


async def test_a_batch_that_is_cut_off_when_one_of_its_clients_gives_up(make_home: Furnish) -> None:
    """It goes on for the others, and is known when the first one asks again."""
    home, _ = await ready(make_home)
    home.world.gates.hold("create_many", "answer")
    tasks = await begin(home, *(home.writer.create(home.account, body) for body in bodies("a", "b")))
    await home.world.gates.reached("create_many", "answer")
    impatient = next(task for key, task in home.writer._open.items())
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    home.world.gates.open()
    assert json.loads((await tasks[1]).record)["nickName"] == "b"
    again = await home.writer.create(home.account, bodies("a")[0])
    assert json.loads(again.record)["nickName"] == "a"
    assert names(home) == ["a", "b", "first"]


async def test_a_batch_that_outlasts_its_clients(make_home: Furnish) -> None:
    home, _ = await ready(make_home)
    hasty = home.sibling(write_deadline=1.0)
    hasty.world.gates.hold("create_many", "answer")
    outcomes = await burst(hasty, *(hasty.writer.create(home.account, body) for body in bodies("a", "b")))
    assert [type(outcome) for outcome in outcomes] == [ProviderTimeout] * 2
    assert len(await open_intents(home)) == 2
    home.world.gates.open()
    again = await created(home, "a", "b")
    assert [type(outcome) for outcome in again] == [Written] * 2
    assert names(home) == ["a", "b", "first", "first"]


async def test_a_create_that_cannot_be_found_yet_looked_for_before_every_write(make_home: Furnish) -> None:
    """Looking for each of many takes its time, and nothing else depends on what becomes of them."""
    home, _ = await ready(make_home, mark_lag=30.0)
    home.world.faults.append(("create_many", Fault.LOST))
    await created(home, "a", "b", "c")
    for nick in ("d", "e", "f"):
        await home.create(nickName=nick)
    assert verbs(home).count("find_mark") == 3
    assert len(await open_intents(home)) == 3
    await home.later(60)
    assert await open_intents(home) == []
    assert names(home) == ["a", "b", "c", "d", "e", "f", "first"]
    assert sorted(await home.records()) == ["a", "b", "c", "d", "e", "f", "first"]


async def test_as_many_questions_as_lost_answers(make_home: Furnish) -> None:
    """A pull brings what was created, and nobody need be asked for each."""
    home, _ = await ready(make_home, mark_lag=600.0)
    home.world.faults.append(("create_many", Fault.LOST))
    await created(home, "a", "b", "c")
    home.world.calls.clear()
    await home.later(6)
    assert "find_mark" not in verbs(home)
    assert await open_intents(home) == []
    again = await created(home, "a", "b", "c")
    assert [json.loads(written.record)["nickName"] for written in again] == ["a", "b", "c"]
    assert names(home) == ["a", "b", "c", "first", "first"]


async def test_a_mark_that_a_pull_has_brought_made_a_second_time(make_home: Furnish) -> None:
    """Where a fresh mark is found late, nobody is asked for each."""
    home, _ = await ready(make_home, mark_lag=600.0)
    key = home.world.put(named("ada"), mark="mark-2")
    await home.pull()
    outcomes = await burst(
        home,
        *(
            home.writer.create_once(home.account, body, f"mark-{at}")
            for at, body in enumerate(bodies("bo", "cy", "ada"))
        ),
    )
    assert Counter(verbs(home)) == {"create": 1, "create_many": 1}
    assert home.world.marked("mark-2") == [key]
    assert outcomes[2].id == (await home.records())["ada"]["id"]
    assert names(home) == ["ada", "bo", "cy", "first"]


async def test_a_mark_that_a_pull_has_brought_made_a_second_time_alone(make_home: Furnish) -> None:
    """As by whoever imports a file of one row again: the provider looks for a mark among its newest contacts at the most."""
    home, _ = await ready(make_home, mark_lag=600.0)
    key = home.world.put(named("ada"), mark="mark")
    await home.pull()
    home.world.calls.clear()
    written = await home.writer.create_once(home.account, bodies("ada")[0], "mark")
    assert verbs(home) == []
    assert home.world.marked("mark") == [key]
    assert written.id == (await home.records())["ada"]["id"]


async def test_a_write_that_comes_while_those_before_it_give_up(make_home: Furnish) -> None:
    """The disk is slow, and so it takes a moment until the turn is given up, that nobody waits for any more."""
    home, _ = await ready(make_home)
    slow = threading.Event()
    busy = asyncio.create_task(home.db.write(lambda _tx: slow.wait(10)))
    await asyncio.sleep(0.05)
    gives_up = asyncio.create_task(home.writer.create(home.account, bodies("a")[0]))
    await until(lambda: waiting(home) == 1)
    await asyncio.sleep(0.05)
    for task in list(home.writer._open.values()):
        task.cancel()
    await asyncio.sleep(0.05)
    comes = asyncio.create_task(home.writer.create(home.account, bodies("b")[0]))
    await asyncio.sleep(0.05)
    slow.set()
    [outcome] = await asyncio.gather(gives_up, return_exceptions=True)  # PostgreSQL does not wait for one slow write
    assert json.loads((await comes).record)["nickName"] == "b"
    await busy
    if "a" in names(home):  # it was given up after it had been sent: then somebody finds out
        assert isinstance(outcome, Written) or await open_intents(home) != []
    else:
        assert isinstance(outcome, asyncio.CancelledError)
    assert [name for name in names(home) if name != "a"] == ["b"]


async def test_a_fault_of_ours_in_one_write_failing_those_that_wait_with_it(make_home: Furnish) -> None:
    home, _ = await ready(make_home, photo_apart=True)
    marks = iter([b"first", b"first", b"other"])  # one that is in use already, which the connector does not stand
    sibling = home.sibling()
    home = replace(home, writer=Writer(replace(sibling.ctx, random_bytes=lambda _: next(marks)), Turns(sibling.ctx)))
    photo = {"content": "aGVsbG8=", "mimeType": "image/png"}
    new = [json.dumps({"nickName": nick, "photo": photo}).encode() for nick in ("a", "b")]
    works = [home.writer.create(home.account, body) for body in new]
    broken, well = await burst(home, *works)
    assert isinstance(broken, ValueError)
    assert json.loads(well.record)["nickName"] == "b"
    assert names(home) == ["b", "first"]
