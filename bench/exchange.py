"""First synchronisation of an Exchange mailbox from static answers, beside mere parsing and beside exchangelib."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.installation import Installation, run, settings
from bench.processes import ROOT, Usage, child
from bench.table import Goal, table
from tests.servers.process import LOOPBACK, free_port, listening, running, workspace

FEW, MANY, FOR_THE_POLL = 10_000, 100_000, 1_000
"""Contacts; exchangelib, which takes a millisecond for each, reads the few alone."""
RUNS = 3
POLLS = 100
COLUMNS = ("contacts", "", "wall, s", "CPU, s", "peak memory, MiB", "wall to the floor")


@contextlib.contextmanager
def mailbox(count: int) -> Iterator[str]:
    """The URL of a server that answers that many contacts from memory."""
    port = free_port()
    with workspace("ews") as folder:
        argv = [sys.executable, "-m", "bench.ews_server", str(port), str(count)]
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment={"PYTHONPATH": str(ROOT)}):
            yield f"http://{LOOPBACK}:{port}"


@contextlib.contextmanager
def connected(url: str) -> Iterator[Installation]:
    """A data folder with an account of that server, not synchronised yet."""
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as folder:
        command = ["accounts", "add", "exchange", "--server", _endpoint(url), "--login", "ada@example.com"]
        added = json.loads(run(settings(Path(folder)), *command, "--password-stdin", stdin="secret"))
        yield Installation(Path(folder), int(added["accountId"]), str(added["accessToken"]))


def first_sync_exchange() -> None:
    """Wall, CPU and memory with few and with many contacts, rounds in turn, medians; then polls without a change."""
    rows, goals, peaks = [], [], {}
    for count in (FEW, MANY):
        with mailbox(count) as url:
            rounds = [_round(url, count) for _ in range(RUNS)]
        ours, floor, *peers = (_median([each[n] for each in rounds]) for n in range(len(rounds[0])))
        for who, taken in zip(
            ("Polydex", "only downloading and parsing", "exchangelib"), (ours, floor, *peers), strict=False
        ):
            rows.append((f"{count:,}", who, *taken, taken.wall / floor.wall))
        goals.append(Goal(f"{count:,} contacts: wall to the floor's", ours.wall / floor.wall, 3))
        goals += [Goal(f"{count:,} contacts: wall to exchangelib's", ours.wall / peer.wall, 0.1) for peer in peers]
        peaks[count] = ours.peak
    goals.append(Goal(f"peak memory with {MANY:,} contacts to that with {FEW:,}", peaks[MANY] / peaks[FEW], 1.2))
    goals.append(Goal("requests of a poll without a change", _poll(), 1))
    table(f"First synchronisation of an Exchange mailbox, medians of {RUNS}", COLUMNS, rows, goals)


def _round(url: str, count: int) -> list[Usage]:
    with connected(url) as made:
        ours = _usage(child("ours", made.folder, made.account, 0, ""), count)
    clients = ("ews_floor", "ews_peer") if count == FEW else ("ews_floor",)
    return [ours, *(_usage(child(client, _endpoint(url)), count) for client in clients)]


def _poll() -> float:
    with mailbox(FOR_THE_POLL) as url, connected(url) as made:
        found = child("ours", made.folder, made.account, POLLS, f"{url}/count")
    return float(found["poll_requests"])


def _endpoint(url: str) -> str:
    return f"{url}/EWS/Exchange.asmx"


def _usage(found: dict[str, Any], count: int) -> Usage:
    if found["contacts"] != count:
        raise RuntimeError(f"{found['contacts']} contacts arrived")
    return Usage(found["wall"], found["cpu"], found["peak"])


def _median(all_of: list[Usage]) -> Usage:
    return Usage(*(median(values) for values in zip(*all_of, strict=True)))
