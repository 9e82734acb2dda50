"""First synchronisation of a Google account from static pages, beside mere decoding and beside Google's own client."""

from __future__ import annotations

import contextlib
import json
import os
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

FEW, MANY = 10_000, 100_000
RUNS = 3
COLUMNS = ("people", "", "wall, s", "CPU, s", "peak memory, MiB", "wall to the floor", "wall to Google's client")


@contextlib.contextmanager
def people(count: int) -> Iterator[str]:
    """The URL of a server that answers that many people from memory."""
    port = free_port()
    with workspace("people") as folder:
        argv = [sys.executable, "-m", "bench.people_server", str(port), str(count)]
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment={"PYTHONPATH": str(ROOT)}):
            yield f"http://{LOOPBACK}:{port}"


@contextlib.contextmanager
def connected(url: str) -> Iterator[Installation]:
    """A data folder with an account of that server, not synchronised yet; the environment points to the server."""
    # A budget of a minute is no limit to what is measured here; real address books have 25 pages at most.
    google = {"POLYDEX_GOOGLE_API_URL": url, "POLYDEX_GOOGLE_READS_PER_MINUTE": "100000"}
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as folder:
        environment = settings(Path(folder)) | google
        tokens = json.dumps({"access_token": "bench", "expires_in": 3599})
        added = json.loads(run(environment, "accounts", "add", "google", "--tokens-stdin", stdin=tokens))
        before = dict(os.environ)
        os.environ.update(google)
        try:
            yield Installation(Path(folder), int(added["accountId"]), str(added["accessToken"]))
        finally:
            os.environ.clear()
            os.environ.update(before)


def first_sync_google() -> None:
    """Wall, CPU and memory with few and with many people; rounds in turn, medians.

    The first synchronisation is complete when every contact is mapped, journaled, searchable and served. After that
    everything is listed once more before Google's sync token is trusted: that is in the second row, and in the CPU.
    """
    rows, goals, peaks = [], [], {}
    for count in (FEW, MANY):
        with people(count) as url:
            rounds = [_round(url, count) for _ in range(RUNS)]
        ready, ours, floor, typed, peer = (_median([each[n] for each in rounds]) for n in range(5))
        for who, taken in (
            ("Polydex, until the contacts are served", ready),
            ("Polydex, until the sync token is trusted", ours),
            ("only downloading and decoding", floor),
            ("the same, of what is mapped", typed),
            ("google-api-python-client", peer),
        ):
            rows.append((f"{count:,}", who, *taken, taken.wall / floor.wall, taken.wall / peer.wall))
        goals.append(Goal(f"{count:,} people: wall to the floor's", ready.wall / floor.wall, 3))
        goals.append(Goal(f"{count:,} people: wall to that of Google's client", ready.wall / peer.wall, 0.8))
        peaks[count] = ours.peak
    goals.append(Goal(f"peak memory with {MANY:,} people to that with {FEW:,}", peaks[MANY] / peaks[FEW], 1.2))
    table(f"First synchronisation of a Google account, medians of {RUNS}", COLUMNS, rows, goals)


def _round(url: str, count: int) -> tuple[Usage, ...]:
    with connected(url) as made:
        found = child("ours", made.folder, made.account, 0, "")
    ours = _usage(found, count)
    return (
        ours._replace(wall=found["ready"]),
        ours,
        _usage(child("people_floor", url, "whole"), count),
        _usage(child("people_floor", url, "typed"), count),
        _usage(child("people_peer", url), count),
    )


def _usage(found: dict[str, Any], count: int) -> Usage:
    if found["contacts"] != count:
        raise RuntimeError(f"{found['contacts']} people arrived")
    return Usage(found["wall"], found["cpu"], found["peak"])


def _median(all_of: list[Usage]) -> Usage:
    return Usage(*(median(values) for values in zip(*all_of, strict=True)))
