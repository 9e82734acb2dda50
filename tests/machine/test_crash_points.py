"""Crashes at every point: before and after every call to the provider and every transaction, then a fresh application.

The machine's random runs die anywhere; here each scenario is played again and again, and dies one point later each
time, until it gets through. Whatever was cut off, the copies of all consumers equal the provider in the end.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polydex.testing.world import Fault
from tests.machine.memory import MemoryMachine as Machine
from tests.soak import SOAK

Scenario = Callable[[Machine], None]
BATCHES = ["batches, labels", "batches, labels, checked, slow", "batches, nobody compares"]
LONGEST = 400
"""Points; a scenario that has more does not end."""


def first_pull(machine: Machine) -> None:
    machine.worker_runs(process=0)


def second_pull(machine: Machine) -> None:
    """Changes of every kind, over several pages."""
    machine.push_arrives(process=0)


def create(machine: Machine) -> None:
    machine.client_creates(process=0)


def create_with_a_lost_answer(machine: Machine) -> None:
    machine.world.faults.append(("create", Fault.LOST))
    machine.client_creates(process=0)
    machine.client_posts_again(process=0, number=0)


def update(machine: Machine) -> None:
    machine.client_updates(process=0, number=0, conditional=False, clear=False)


def update_with_a_lost_answer(machine: Machine) -> None:
    machine.world.faults.append(("update", Fault.LOST))
    update(machine)
    machine.time_passes(seconds=35)
    machine.worker_runs(process=0)


def delete(machine: Machine) -> None:
    machine.client_deletes(process=0, number=0, conditional=False)


def approval(machine: Machine) -> None:
    """A mass deletion is approved, and each contact verified."""
    machine.owner_decides_about_deletions(process=0, approve=True)
    machine.worker_runs(process=0)


def upgrade(machine: Machine) -> None:
    """Stored documents are mapped anew."""
    machine.provider.mapping_version = 2
    machine.push_arrives(process=0)


def creates_at_once(machine: Machine) -> None:
    """Some of them have a photo, which goes alone."""
    machine.clients_write_at_once(process=0, number=0, kinds=[0] * 4)


def creates_at_once_with_half_an_answer(machine: Machine) -> None:
    machine.world.faults.append(("create_many", Fault.PARTLY))
    creates_at_once(machine)
    send_again(machine, process=0)


def updates_at_once(machine: Machine) -> None:
    machine.clients_write_at_once(process=0, number=0, kinds=[2] * 3)


def deletes_at_once(machine: Machine) -> None:
    machine.clients_write_at_once(process=0, number=0, kinds=[3] * 3)


def photo_by_a_second_call(machine: Machine) -> None:
    while machine.values % 3 != 2:
        machine.values += 1
    machine.world.faults.append(("create", Fault.PARTLY))
    machine.client_creates(process=0)
    send_again(machine, process=0)


def labels_under_new_names(machine: Machine) -> None:
    for number in range(3):
        machine.phone_renames_a_label(number=number, to=number + 1)
    machine.push_arrives(process=0)


def send_again(machine: Machine, process: int) -> None:
    """Every client that has no answer yet."""
    for body in list(machine.unsure):
        machine._begin(process, machine._create(process, body))


def pulled(machine: Machine) -> None:
    """A mirror, and consumers that have followed it."""
    machine.worker_runs(process=0)
    for number in range(3):
        machine.consumer_goes_on(process=0, number=number, steps=8)


def changed(machine: Machine) -> None:
    pulled(machine)
    machine.phone_edits(number=0)
    machine.phone_removes(number=1)
    machine.phone_moves(number=2, to=5)
    for number in range(3):
        machine.phone_puts(number=number)


def mass_deletion(machine: Machine) -> None:
    machine.phone_adds_many()
    pulled(machine)
    machine.phone_removes_nearly_all(keep=1)
    machine.push_arrives(process=0)


def with_remarks(machine: Machine) -> None:
    pulled(machine)
    for number in range(3):
        machine.phone_touches_what_is_not_modelled(number=number)
    machine.push_arrives(process=0)


def nothing(machine: Machine) -> None:
    del machine


def play_each(*scenarios: tuple[Scenario, Scenario]) -> pytest.MarkDecorator:
    params = [pytest.param(before, scenario, id=scenario.__name__) for before, scenario in scenarios]
    return pytest.mark.parametrize(("before", "scenario"), params)


@pytest.mark.parametrize("character", ["small pages", "hash revisions, lists of revisions", "slow"])
@play_each(
    (nothing, first_pull),
    (changed, second_pull),
    (pulled, create),
    (pulled, create_with_a_lost_answer),
    (pulled, update),
    (pulled, update_with_a_lost_answer),
    (pulled, delete),
    (mass_deletion, approval),
    (with_remarks, upgrade),
)
def test_a_crash_at_every_point_loses_and_doubles_nothing(character: str, before: Scenario, scenario: Scenario) -> None:
    play(character, before, scenario)


@pytest.mark.parametrize("character", BATCHES if SOAK else BATCHES[:1])
@play_each(
    *([(pulled, creates_at_once)] if SOAK else []),
    (pulled, creates_at_once_with_half_an_answer),
    (pulled, updates_at_once),
    (pulled, deletes_at_once),
    (pulled, photo_by_a_second_call),
    (pulled, labels_under_new_names),
)
def test_a_crash_at_every_point_of_writes_in_one_call(character: str, before: Scenario, scenario: Scenario) -> None:
    play(character, before, scenario)


def play(character: str, before: Scenario, scenario: Scenario) -> None:
    """Again and again, with a crash one point later each time."""
    # Each of many contacts is verified in the same way: there it is enough to die now and then.
    for point in range(0, LONGEST, 11 if scenario is approval else 1):
        machine = Machine()
        machine.begin(name=character, first=4)
        try:
            before(machine)
            deaths = machine.happened["process died"]
            machine.processes[0].life.fuse = point
            scenario(machine)
            machine.processes[0].life.fuse = None
            survived = machine.happened["process died"] == deaths
            send_again(machine, process=1)
        except BaseException:
            print(f"died at point {point}")  # noqa: T201 - to play it again
            raise
        finally:
            machine.teardown()
        if survived:
            assert point > 2
            return
    raise AssertionError("the scenario does not end")
