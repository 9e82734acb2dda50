"""Which of the processes that hold leases are gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from polydex.engine import owners


def test_every_name_is_new() -> None:
    names = {owners.new() for _ in range(100)}
    assert len(names) == 100


def test_a_process_that_has_ended_is_gone() -> None:
    code = "from polydex.engine import owners; print(owners.new())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert owners.is_gone(ended, owners.new())


def test_a_process_that_lives_is_not_gone_nor_is_this_one() -> None:
    me = owners.new()
    parent = f"{socket.gethostname()}-{os.getppid()}-0a0b0c0d"
    assert not owners.is_gone(parent, me)
    assert not owners.is_gone(me, me)


def test_who_had_our_own_process_id_is_gone() -> None:
    """As in a container, where every life of the server may be process 1."""
    assert owners.is_gone(owners.new(), owners.new())


@pytest.mark.parametrize(
    "owner",
    [
        f"other-{2**22}-0a0b0c0d",
        "",
        "x",
        "process-2",
        f"{socket.gethostname()}-x-0a0b0c0d",
        f"{socket.gethostname()}-1",
    ],
)
def test_who_cannot_be_judged_is_not_gone(owner: str) -> None:
    assert not owners.is_gone(owner, owners.new())
