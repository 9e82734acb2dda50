"""A process that dies at every point of what it does, over any sandbox; and what all of them are seen to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from polydex.testing.world import Fault
from tests.machine.sandboxed import SandboxedMachine

LONGEST = 400
"""Points; a scenario that has more does not end."""

M = TypeVar("M", bound=SandboxedMachine)


def create(machine: SandboxedMachine) -> None:
    machine.client_creates(process=0)


def create_with_a_photo(machine: SandboxedMachine) -> None:
    while machine.values % 3 != 2:
        machine.values += 1
    machine.client_creates(process=0)


def create_with_a_lost_answer(machine: SandboxedMachine) -> None:
    machine.client_creates(process=0, fault=Fault.LOST)


def creates_at_once(machine: SandboxedMachine) -> None:
    machine.clients_write_at_once(process=0, number=0, kinds=[0] * 4)


def creates_at_once_with_a_lost_answer(machine: SandboxedMachine) -> None:
    machine.clients_write_at_once(process=0, number=0, kinds=[0] * 4, fault=Fault.LOST, of_all=True)


def update(machine: SandboxedMachine) -> None:
    machine.client_updates(process=0, number=0, conditional=False, clear=False)


def update_with_a_lost_answer(machine: SandboxedMachine) -> None:
    machine.client_updates(process=0, number=0, conditional=False, clear=False, fault=Fault.LOST)


def delete(machine: SandboxedMachine) -> None:
    machine.client_deletes(process=0, number=0, conditional=False)


WRITES: tuple[Callable[[SandboxedMachine], None], ...] = (
    create,
    create_with_a_photo,
    create_with_a_lost_answer,
    creates_at_once,
    creates_at_once_with_a_lost_answer,
    update,
    update_with_a_lost_answer,
    delete,
)
"""Scenarios of every provider."""


def die_at_every_point(begun: Callable[[], M], scenario: Callable[[M], None]) -> None:
    """Before and after every call to the provider and every transaction; each client then asks again, and all is compared.

    Args:
        begun: makes a machine with some contacts that are known.
        scenario: what the process does.
    """
    for point in range(LONGEST):
        machine = begun()
        try:
            deaths = machine.happened["process died"]
            machine.processes[0].life.fuse = point
            scenario(machine)
            machine.processes[0].life.fuse = None
            survived = machine.happened["process died"] == deaths
            machine.book.no_quirks()
            for body in list(machine.unsure):
                machine._begin(1, machine._create(1, body))
        except BaseException:
            print(f"died at point {point}")  # noqa: T201 - to play it again
            raise
        finally:
            machine.teardown()
        if survived:
            assert point > 2
            return
    raise AssertionError("the scenario does not end")
