"""An import into an address book that takes several contacts in one call: the same results, in fewer calls."""

from __future__ import annotations

import asyncio

import pytest

from polydex.engine.imports.plan import Outcome
from polydex.engine.imports.run import Result, Stopped
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home
from tests.contract.engine.test_import import HEADER, carried_out, importer, nicks, outcomes, plan, rows

COUNT = 20
NICKS = [f"n{at:02}" for at in range(COUNT)]
ROWS = HEADER + "".join(f"Name {nick},{nick},{nick}@example.com,\n" for nick in NICKS)


def calls(home: Home, verb: str) -> int:
    return [call for call, _ in home.world.calls].count(verb)


@pytest.fixture
async def home(make_home: Furnish) -> Home:
    home = await make_home(batch=5)
    await home.pull()
    return home


async def test_as_many_calls_as_rows(home: Home) -> None:
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is None
    assert [result.outcome for result in results] == [Outcome.CREATED] * COUNT
    assert [result.entry.number for result in results] == sorted(result.entry.number for result in results)
    records = await home.records()
    assert [result.contact_id for result in results] == [records[nick]["id"] for nick in NICKS]
    assert calls(home, "create") + calls(home, "create_many") <= COUNT / 2
    assert nicks(home) == NICKS
    assert await outcomes(home, rows(ROWS)) == {"unchanged": COUNT}


async def test_updates_of_many(home: Home) -> None:
    await carried_out(home, rows(ROWS))
    changed = "Id,Nickname,Notes\n" + "".join(
        f"{record['id']},{nick},new\n" for nick, record in (await home.records()).items()
    )
    assert await outcomes(home, rows(changed), update=True) == {"updated": COUNT}
    assert calls(home, "update_many") >= 1
    assert {contact.notes for contact in home.world.contacts().values()} == {"new"}
    assert {len(contact.email_addresses) for contact in home.world.contacts().values()} == {1}


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED, Fault.PARTLY])
async def test_a_lost_answer_to_many_makes_no_second_contact(home: Home, fault: Fault) -> None:
    home.world.faults.append(("create_many", fault))
    results, _ = await carried_out(home, rows(ROWS))
    told = [result.outcome for result in results]
    assert set(told) == {Outcome.CREATED, Outcome.UNKNOWN}
    assert 2 <= told.count(Outcome.UNKNOWN) <= 5
    home.clock.advance(60)
    await outcomes(home, rows(ROWS))
    assert nicks(home) == NICKS
    assert await outcomes(home, rows(ROWS)) == {"unchanged": COUNT}


async def test_a_row_that_is_refused_among_many(home: Home) -> None:
    home.world.faults.extend([("create", Fault.NONE)] * 7 + [("create", Fault.REFUSED)])
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is None
    assert [result.outcome for result in results].count(Outcome.FAILED) == 1
    assert len(nicks(home)) == COUNT - 1
    assert await outcomes(home, rows(ROWS)) == {"unchanged": COUNT - 1, "created": 1}


async def test_asked_to_end_it_finishes_what_is_in_flight(home: Home) -> None:
    source, stop = rows(ROWS), asyncio.Event()
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        stop.set()

    steps = await plan(home, source)
    stopped = await importer(home).carry_out(home.account, source, steps, stop, done)
    assert stopped == Stopped(None)
    told = [result.outcome for result in results]
    created = told.count(Outcome.CREATED)
    assert told == [Outcome.CREATED] * created + [Outcome.NOT_TRIED] * (COUNT - created)
    assert 1 <= created <= 10
    assert nicks(home) == NICKS[:created]
    assert await outcomes(home, source) == {"unchanged": created, "created": COUNT - created}


async def test_another_process_goes_on_after_a_crash_in_the_middle_of_a_batch(home: Home) -> None:
    source = rows(ROWS)
    steps = await plan(home, source)
    home.world.gates.hold("create_many", "answer")
    running = asyncio.create_task(
        importer(home).carry_out(home.account, source, steps, asyncio.Event(), lambda result: None)
    )
    await home.world.gates.reached("create_many", "answer")
    running.cancel()
    await home.writer.drain(0)
    await asyncio.gather(running, return_exceptions=True)
    home.world.gates.open()
    second = home.sibling()
    assert set(await outcomes(second, source)) <= {"unchanged", "created"}  # found, or made
    assert nicks(home) == NICKS
    assert await outcomes(second, source) == {"unchanged": COUNT}
