"""After the storm: everything is let go, time passes, and then every copy must equal the provider."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from polydex.core.body import parse_body
from polydex.core.contact import Photo
from polydex.core.errors import NotReady, SyncHalted, SyncTokenExpired
from polydex.core.ids import AccountId
from polydex.store import intents, sources
from polydex.store.db import Tx
from polydex.testing.contract import content
from tests.machine.application import KEYS
from tests.machine.consumer import Consumer
from tests.soundness import demand_sound_now

if TYPE_CHECKING:
    from tests.machine.machine import Machine

ACCOUNT = AccountId(1)


def come_to_rest(machine: Machine) -> None:
    """No faults any more; the owner approves deletions; time passes until nobody has anything left to do."""
    for process in machine.processes:
        process.life.fuse = None
    machine.calm()
    machine._settle()
    for pause in (30, 65, 310, 310, 310, 3700, 3700, 90_000, 310, 310, 3700, 3700, 310, 310):
        machine.loop.advance(pause)
        machine.owner_sees_to_it()
        machine.processes[0].settle_deletions(approve=True)
        for process in machine.processes:
            process.spawn(process.pulls.run_due())
            process.spawn(process.writer.recovery.run_due())
            if machine.home.settings.public_url:
                process.spawn(process.watches.run_due())
            machine._settle()
        if not _unfinished(machine):
            return
    raise AssertionError(f"never comes to rest: {_unfinished(machine)}")


def _unfinished(machine: Machine) -> list[str]:
    """What still waits to be done."""
    db = machine.processes[0].db
    last = machine.last_change()
    signed_in = machine.processes[0].account.token_status == "active"

    def look(tx: Tx) -> list[str]:
        found = [] if signed_in else ["nobody is signed in"]
        for source in sources.of_account(tx, ACCOUNT):
            if source.pulled_at is None or source.pulled_at <= last:
                found.append(f"{source.key} was pulled at {source.pulled_at}, {source.error_code}")
            if source.halted_walk is not None:
                found.append(f"{source.key} is halted")
        doubts = tx.all("SELECT key, verify_error FROM contact WHERE verify_due IS NOT NULL")
        found += [f"doubt about {key}: {error}" for key, error in doubts]
        if machine.finds_marks:
            open_intents = intents.open_of_account(tx, ACCOUNT)
            found += [f"open {intent.verb} {intent.id}" for intent in open_intents]
        return found

    return db.peek(look)


def compare(machine: Machine) -> None:
    """The promise."""
    truth = machine.truth()
    fresh = Consumer(machine.ledger, 1000)
    machine.consumers.append(fresh)
    for consumer in machine.consumers:
        _catch_up(machine, consumer)
    mirror = _mirror(machine)
    shown = {key: content(parse_body(body, photo)) for key, (_, body, photo) in mirror.items()}
    wrong = {key: (shown.get(key), truth.get(key)) for key in shown | truth if shown.get(key) != truth.get(key)}
    assert not wrong, f"the mirror differs (key: (mirror, provider)): {wrong}"
    by_id = {public_id: body for public_id, body, _ in mirror.values()}
    for number, consumer in enumerate(machine.consumers):
        assert consumer.copy == by_id, f"the copy of consumer {number} differs from the mirror"
    demand_sound_now(machine.home.path, KEYS, {machine.home.provider.name: machine.home.provider})
    machine.demand_what_was_written()
    _list_and_search(machine, by_id)


def _catch_up(machine: Machine, consumer: Consumer) -> None:
    step = machine.follow(consumer, 0)
    consumer.crash()
    target = consumer.rounds + 2
    for _ in range(10_000):
        if consumer.rounds >= target:
            return
        try:
            machine._run(0, cast("Coroutine[Any, Any, None]", step()))
        except SyncTokenExpired:
            target = consumer.rounds + 2  # of a lost future: it has started over
        except (NotReady, SyncHalted) as error:
            raise AssertionError("not ready, long after the storm") from error
    raise AssertionError("the feeds have no end")


def _mirror(machine: Machine) -> dict[str, tuple[str, bytes, Photo | None]]:
    """Key -> (public id, body, photo) of what the default source shows."""

    def look(tx: Tx) -> dict[str, tuple[str, bytes, Photo | None]]:
        rows = tx.all(
            "SELECT c.key, c.public_id, d.body, c.photo_hash FROM contact c JOIN source s ON s.id = c.source_id "
            "LEFT JOIN document d ON d.row_id = c.row_id WHERE s.is_default = 1 AND c.live = 1 AND c.seq IS NOT NULL"
        )
        return {key: (public_id, body, Photo(hash=photo) if photo else None) for key, public_id, body, photo in rows}

    return machine.processes[0].db.peek(look)


def _list_and_search(machine: Machine, by_id: dict[str, bytes]) -> None:
    """The list, and the search index, know the same contacts."""
    process = machine.processes[0]

    def listed(**filters: Any) -> Counter[str]:
        found: Counter[str] = Counter()
        token = None
        while True:
            page = machine._run(0, process.reader.page(process.account, limit=7, page_token=token, **filters))
            found.update(json.loads(body)["id"] for body in page.bodies)
            token = page.next_page
            if token is None:
                return found

    assert listed() == Counter(by_id.keys())
    found_by = {
        contact_id: {shown.get("name", {}).get("familyName"), shown.get("nickName")} - {None}
        for contact_id, shown in ((contact_id, json.loads(body)) for contact_id, body in by_id.items())
    }
    for name in set().union(*found_by.values()):
        expected = Counter(
            contact_id for contact_id, words in found_by.items() if any(word.startswith(name) for word in words)
        )
        assert listed(q=name.lower()) == expected, f"the search for {name}"
