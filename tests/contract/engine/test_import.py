"""Import: planned, carried out through the journal, and repeated without a second contact."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from polydex.connectors.base import Guard
from polydex.core.contact import Contact, Photo
from polydex.core.csv import Options
from polydex.core.errors import PolydexError, ProviderForbidden, ProviderUnauthorized
from polydex.engine.export import Exporter
from polydex.engine.imports import Importer, Outcome, Plan, Result, Source, Stopped, of_csv, of_vcards
from polydex.store import intents
from polydex.store.db import Tx
from polydex.store.sqlite import open_sqlite
from polydex.testing.contract.samples import OTHER_PNG, PNG
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, furnish, named, until
from tests.soak import SOAK

HEADER = "Given Name,Nickname,Email 1 - Address,Notes\n"
ROWS = HEADER + "".join(f"Name {at},n{at},n{at}@example.com,\n" for at in range(5))
ID = "a" * 26
FAULTY = (Fault.FAILED, Fault.LOST)


def rows(content: str) -> Source:
    return of_csv(content.encode(), Options())


def card(uid: str | None, nick: str, *lines: str) -> bytes:
    body = "".join(
        f"{line}\r\n" for line in ([f"UID:{uid}"] if uid else []) + [f"FN:{nick}", f"NICKNAME:{nick}", *lines]
    )
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\n{body}END:VCARD\r\n".encode()


def importer(home: Home, patience: float = 0.0) -> Importer:
    return Importer(home.ctx, home.reader, home.writer, patience)


async def plan(home: Home, source: Source, *, update: bool = False, losses: bool = False) -> Plan:
    return await importer(home).plan(home.account, source, update=update, losses=losses)


async def carried_out(
    home: Home, source: Source, *, update: bool = False, done: Callable[[Result], None] = lambda result: None
) -> tuple[list[Result], Stopped | None]:
    results: list[Result] = []

    def both(result: Result) -> None:
        results.append(result)
        done(result)

    steps = await plan(home, source, update=update)
    stopped = await importer(home).carry_out(home.account, source, steps, asyncio.Event(), both)
    assert len(results) == len(source.entries)
    return results, stopped


async def outcomes(home: Home, source: Source, *, update: bool = False) -> dict[str, int]:
    results, _ = await carried_out(home, source, update=update)
    return dict(Counter(result.outcome.value for result in results))


def nicks(home: Home) -> list[str]:
    return sorted(str(contact.nick_name) for contact in home.world.contacts().values())


async def test_a_file_is_imported_once_however_often_it_is(home: Home) -> None:
    assert await outcomes(home, rows(ROWS)) == {"created": 5}
    assert await outcomes(home, rows(ROWS)) == {"unchanged": 5}
    turned = HEADER + "".join(reversed(ROWS.splitlines(keepends=True)[1:]))
    assert await outcomes(home, rows(turned)) == {"unchanged": 5}
    assert nicks(home) == ["n0", "n1", "n2", "n3", "n4"]


async def test_a_plan_writes_nothing(home: Home) -> None:
    await home.pull()
    before = list(home.world.calls)
    steps = await plan(home, rows(ROWS), losses=True)
    assert [step.outcome for step in steps] == [Outcome.CREATED] * 5
    assert [call for call in home.world.calls if call not in before] == []
    assert nicks(home) == []


async def test_rows_that_repeat_others_make_one_contact(home: Home) -> None:
    results, _ = await carried_out(home, rows(ROWS + "Name 1,n1,n1@example.com,\nName 1,n1,n1@example.com,other\n"))
    assert [result.outcome for result in results] == [Outcome.CREATED] * 5 + [Outcome.DUPLICATE, Outcome.CREATED]
    assert results[5].same_as == 3
    again, _ = await carried_out(home, rows(ROWS + "Name 1,n1,n1@example.com,\n"))
    assert [result.outcome for result in again] == [Outcome.UNCHANGED] * 5 + [Outcome.DUPLICATE]


async def test_a_contact_that_is_there_already_by_its_content(home: Home) -> None:
    home.world.put(named("n0", keywords=("b", "a")), "old")
    source = rows("Nickname,Keyword 1,Keyword 2\nn0,a,b\nn1,,\n")
    results, _ = await carried_out(home, source)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED, Outcome.CREATED]
    assert results[0].contact_id == await home.id_of("n0")


async def test_a_contact_that_has_been_edited_since_is_recognised_and_left_alone(home: Home) -> None:
    await carried_out(home, rows(ROWS))
    await home.update(await home.id_of("n2"), notes="edited", emailAddresses=[])
    results, _ = await carried_out(home, rows(ROWS))
    assert [result.outcome for result in results].count(Outcome.UNCHANGED) == 4
    assert results[2].outcome is Outcome.DIFFERS
    assert (await home.records())["n2"]["notes"] == "edited"
    assert await outcomes(home, rows(ROWS), update=True) == {"unchanged": 4, "updated": 1}
    after = (await home.records())["n2"]
    assert after["emailAddresses"] == [{"address": "n2@example.com"}]
    assert after["notes"] == "edited", "what the row does not say stays"
    assert await outcomes(home, rows(ROWS), update=True) == {"unchanged": 5}


async def test_a_contact_that_was_deleted_since_is_created_again(home: Home) -> None:
    await carried_out(home, rows(ROWS))
    gone = await home.id_of("n2")
    await home.writer.delete(home.account, gone, None)
    assert await outcomes(home, rows(ROWS)) == {"unchanged": 4, "created": 1}
    assert await home.id_of("n2") != gone, "an id is never used twice"


async def test_an_update_meets_the_contact_that_was_planned_for(home: Home) -> None:
    await carried_out(home, rows(ROWS))
    changed = rows(ROWS.replace("n2@example.com", "new@example.com"))
    # Without an identity of its own the changed row is another contact; with the id it is the same one.
    contact_id = await home.id_of("n2")
    changed = rows(f"Id,Nickname,Email 1 - Address\n{contact_id},n2,new@example.com\n")
    steps = await plan(home, changed, update=True)
    assert [step.outcome for step in steps] == [Outcome.UPDATED]
    await home.update(contact_id, notes="meanwhile")
    results: list[Result] = []
    await importer(home).carry_out(home.account, changed, steps, asyncio.Event(), results.append)
    assert [result.outcome for result in results] == [Outcome.FAILED]
    assert (await home.records())["n2"]["emailAddresses"][0]["address"] == "n2@example.com"


async def test_an_id_that_comes_twice(home: Home) -> None:
    results, _ = await carried_out(home, rows(f"Id,Nickname\n{ID},a\n{ID},b\n{ID},a\n"))
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.REJECTED, Outcome.DUPLICATE]
    assert results[1].reasons[0].place == "Id"


async def test_an_id_of_another_program_is_none(home: Home) -> None:
    """Two files of two programs may have the same one for different people."""
    first, _ = await carried_out(home, rows("Id,Nickname\n1,a\n"))
    assert [loss.path for loss in first[0].losses] == ["Id"]
    assert await outcomes(home, rows("Id,Nickname\n1,b\n")) == {"created": 1}
    assert await outcomes(home, rows("Id,Nickname\n2,a\n")) == {"unchanged": 1}


async def test_vcards_by_uid(home: Home) -> None:
    source = of_vcards(card("u1", "ada", "X-SKYPE:ada") + card(None, "bob") + b"BEGIN:VCARD\r\nFN:cut\r\n")
    results, _ = await carried_out(home, source)
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.CREATED, Outcome.REJECTED]
    assert [loss.path for loss in results[0].losses] == ["X-SKYPE"], "this provider keeps no cards"
    # Another export of the same cards, one of them changed.
    source = of_vcards(card(None, "bob") + card("u1", "ada", "NOTE:new"))
    assert await outcomes(home, source) == {"unchanged": 1, "differs": 1}
    assert await outcomes(home, source, update=True) == {"unchanged": 1, "updated": 1}
    assert (await home.records())["ada"]["notes"] == "new"
    assert nicks(home) == ["ada", "bob"]


async def test_a_photo_is_brought_once(home: Home) -> None:
    import base64

    def pictured(content: bytes) -> Source:
        return of_vcards(card("u1", "ada", f"PHOTO;ENCODING=b;TYPE=PNG:{base64.b64encode(content).decode()}"))

    assert await outcomes(home, of_vcards(card("u1", "ada"))) == {"created": 1}
    assert await outcomes(home, pictured(PNG)) == {"differs": 1}
    assert await outcomes(home, pictured(PNG), update=True) == {"updated": 1}
    assert await outcomes(home, pictured(OTHER_PNG), update=True) == {"unchanged": 1}
    plain, twice = card("u2", "bob"), card(None, "bob", f"PHOTO;ENCODING=b;TYPE=PNG:{base64.b64encode(PNG).decode()}")
    steps = await plan(home, of_vcards(plain + twice))
    assert [step.outcome for step in steps] == [Outcome.CREATED, Outcome.DUPLICATE]
    assert [loss.path for loss in steps[1].losses] == ["PHOTO"]
    [contact] = home.world.contacts().values()
    assert contact.photo is not None
    assert contact.photo.hash == Photo.of(PNG).hash


async def test_an_export_goes_into_another_account_and_back(home: Home, tmp_path: Path) -> None:
    for at in range(3):
        home.world.put(named(f"n{at}", notes=f"=formula {at}"))
    parts: list[bytes] = []
    await Exporter(home.ctx, home.reader).csv(home.account, parts.append, lambda _at, _total: None)
    source = of_csv(b"".join(parts), Options())
    assert await outcomes(home, source) == {"unchanged": 3}
    database = open_sqlite(tmp_path / "other.db", clock=home.clock)
    try:
        other = await furnish(database, home.clock)
        assert await outcomes(other, source) == {"created": 3}
        assert await outcomes(other, source) == {"unchanged": 3}
        theirs = sorted(other.world.contacts().values(), key=repr)
        assert theirs == sorted(home.world.contacts().values(), key=repr)
    finally:
        await database.close()


# Lost answers, crashes, providers that go away


@pytest.mark.parametrize("fault", FAULTY)
async def test_a_lost_answer_makes_no_second_contact(home: Home, fault: Fault) -> None:
    await home.pull()
    home.world.faults.extend([("create", fault)])
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is None
    assert results[0].outcome is Outcome.UNKNOWN
    assert [result.outcome for result in results[1:]] == [Outcome.CREATED] * 4
    home.clock.advance(60)
    assert set(await outcomes(home, rows(ROWS))) <= {"created", "unchanged"}
    assert nicks(home) == ["n0", "n1", "n2", "n3", "n4"]
    assert await outcomes(home, rows(ROWS)) == {"unchanged": 5}


@pytest.mark.parametrize("fault", FAULTY)
async def test_an_answer_that_is_lost_is_waited_for(make_home: Furnish, fault: Fault) -> None:
    home = await make_home(mark_lag=0.0)
    await home.pull()
    home.world.faults.extend([("create", fault)])
    results: list[Result] = []
    source = rows(ROWS)
    steps = await plan(home, source)
    await importer(home, patience=20.0).carry_out(home.account, source, steps, asyncio.Event(), results.append)
    assert [result.outcome for result in results] == [Outcome.CREATED] * 5
    assert nicks(home) == ["n0", "n1", "n2", "n3", "n4"]


async def test_an_update_that_is_lost_and_found_out_by_somebody_else_is_no_failure(home: Home) -> None:
    """The mirror has the change by the time that the entry is tried again: it is the same request all the same."""
    home.world.put(named("ada"))
    await home.pull()
    source = rows(f"Id,Nickname,Notes\n{await home.id_of('ada')},ada,new\n")
    steps = await plan(home, source, update=True)
    home.world.faults.append(("update", Fault.LOST))
    results: list[Result] = []
    importing = asyncio.create_task(
        importer(home, patience=20.0).carry_out(home.account, source, steps, asyncio.Event(), results.append)
    )
    await until(lambda: home.world.happened["lost update"] == 1)
    await home.sibling().pull()
    assert (await home.records())["ada"]["notes"] == "new"
    await importing
    assert [result.outcome for result in results] == [Outcome.UPDATED]


async def test_a_provider_that_goes_away_ends_the_import_and_the_next_one_goes_on(home: Home) -> None:
    await home.pull()
    home.world.faults.extend([("create", Fault.NONE)] * 2 + [("*", Fault.REFUSED)] * 10)
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is not None
    assert stopped.error is not None
    assert [result.outcome for result in results] == [
        *[Outcome.CREATED] * 2,
        *[Outcome.FAILED] * 2,
        Outcome.NOT_TRIED,
    ]
    home.world.faults.clear()
    assert await outcomes(home, rows(ROWS)) == {"unchanged": 2, "created": 3}
    assert nicks(home) == ["n0", "n1", "n2", "n3", "n4"]


async def test_rows_that_the_provider_fails_at_do_not_keep_the_others_out(home: Home) -> None:
    await home.pull()
    home.world.faults.extend([("create", Fault.REFUSED)] * 3)
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is None
    assert [result.outcome for result in results] == [*[Outcome.FAILED] * 3, *[Outcome.CREATED] * 2]


async def test_refused_credentials_end_the_import(home: Home) -> None:
    await home.pull()
    home.world.faults.extend([("create", Fault.DENIED)])
    results, stopped = await carried_out(home, rows(ROWS))
    assert stopped is not None
    assert isinstance(stopped.error, ProviderUnauthorized)
    assert [result.outcome for result in results] == [Outcome.FAILED, *[Outcome.NOT_TRIED] * 4]


async def test_asked_to_end_it_finishes_what_is_in_flight(home: Home) -> None:
    await home.pull()
    source, stop = rows(ROWS), asyncio.Event()
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        if len(results) == 2:
            stop.set()

    steps = await plan(home, source)
    stopped = await importer(home).carry_out(home.account, source, steps, stop, done)
    assert stopped == Stopped(None)
    assert [result.outcome for result in results] == [*[Outcome.CREATED] * 2, *[Outcome.NOT_TRIED] * 3]
    assert await outcomes(home, source) == {"unchanged": 2, "created": 3}


async def test_another_process_goes_on_after_a_crash(home: Home) -> None:
    """The intent of the row in flight is open: what became of it is found out, not tried a second time."""
    await home.pull()
    home.world.faults.extend([("create", Fault.LOST)])
    source = rows(ROWS)
    steps = await plan(home, source)
    killed = asyncio.Event()
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        killed.set()

    await importer(home).carry_out(home.account, source, steps, killed, done)
    assert [result.outcome for result in results] == [Outcome.UNKNOWN, *[Outcome.NOT_TRIED] * 4]

    def still_open(tx: Tx) -> int:
        return len(intents.open_of_account(tx, home.account.id))

    assert await home.db.read(still_open) == 1
    later = home.sibling()
    assert await outcomes(later, source) == {"created": 5}, "the first of them is one that had been created before"
    assert await outcomes(later, source) == {"unchanged": 5}
    assert nicks(home) == ["n0", "n1", "n2", "n3", "n4"]
    assert await home.db.read(still_open) == 0


async def test_a_row_that_was_changed_waits_for_the_outcome_of_its_first_attempt(make_home: Furnish) -> None:
    """The same contact with another content is not sent while the first one may still arrive."""
    home = await make_home(mark_lag=30.0)
    await home.pull()
    home.world.faults.extend([("create", Fault.LOST)])
    first, second = (rows(f"Id,Nickname,Notes\n{ID},ada,{notes}\n") for notes in ("one", "two"))
    assert await outcomes(home, first) == {"unknown": 1}
    assert await outcomes(home, second) == {"unknown": 1}
    home.clock.advance(31)
    assert set(await outcomes(home, second)) <= {"created", "differs"}
    assert await outcomes(home, second) == {"differs": 1}
    assert len(home.world.contacts()) == 1


async def test_a_read_only_address_book_is_refused_at_once(home: Home) -> None:
    source = await home.source()

    def close(tx: Tx) -> None:
        tx.run("UPDATE source SET read_only = 1 WHERE id = ?", source.id)

    await home.db.write(close)
    with pytest.raises(ProviderForbidden):
        await plan(home, rows(ROWS))


async def test_what_the_provider_cannot_keep_is_told(make_home: Furnish) -> None:
    from polydex.core.fields import ALL_FIELDS, Field

    home = await make_home(writable=ALL_FIELDS - {Field.NOTES})
    steps = await plan(home, rows("Nickname,Notes\nada,secret\n"), losses=True)
    assert [loss.path for loss in steps[0].losses] == ["$.notes"]
    results, _ = await carried_out(home, rows("Nickname,Notes\nada,secret\n"))
    assert [loss.path for loss in results[0].losses] == ["$.notes"]
    assert "secret" not in repr([(result.losses, result.reasons) for result in results])


async def test_contacts_alike_are_named_and_not_merged(home: Home) -> None:
    home.world.put(Contact(nick_name="other"), "x")
    await home.create(nickName="first", emailAddresses=[{"address": "N1@EXAMPLE.com"}])
    steps = await plan(home, rows(ROWS))
    assert [step.similar for step in steps] == [(), (await home.id_of("first"),), (), (), ()]
    assert await outcomes(home, rows(ROWS)) == {"created": 5}


@pytest.mark.soak
async def test_many_rows(make_home: Furnish) -> None:
    count = 10_000 if SOAK else 200
    home = await make_home(update_guard=Guard.ENFORCED)
    source = rows(HEADER + "".join(f"Name {at},n{at},n{at}@example.com,note\n" for at in range(count)))
    assert await outcomes(home, source) == {"created": count}
    assert await outcomes(home, source) == {"unchanged": count}
    assert len(home.world.contacts()) == count


def test_errors_hold_no_contact_data() -> None:
    source = rows("Given Name,Birthday,Phone 1 - Type\nAda Secret,not a date,odd\n")
    [entry] = source.entries
    assert entry.faults
    assert "Secret" not in repr(entry.faults)
    assert "odd" not in repr(entry.faults)
    assert issubclass(PolydexError, Exception)
