"""First synchronisation of a Microsoft mailbox from static pages, beside mere decoding and Microsoft's own client."""

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

FEW, MANY, FOR_THE_PEER = 10_000, 100_000, 1_000
"""Contacts. Microsoft's client takes some 20 ms for each, so that it gets fewer, and so does Polydex beside it."""
RUNS = 3
POLLS = 100
COLUMNS = ("contacts", "", "wall, s", "CPU, s", "peak memory, MiB", "wall to the floor")


@contextlib.contextmanager
def mailbox(count: int) -> Iterator[str]:
    """The URL of a server that answers that many contacts from memory."""
    port = free_port()
    with workspace("graph") as folder:
        argv = [sys.executable, "-m", "bench.graph_server", str(port), str(count)]
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment={"PYTHONPATH": str(ROOT)}):
            yield f"http://{LOOPBACK}:{port}"


@contextlib.contextmanager
def connected(url: str) -> Iterator[Installation]:
    """A data folder with an account of that server, not synchronised yet; the environment points to the server."""
    graph = {"POLYDEX_GRAPH_API_URL": url}
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as folder:
        environment = settings(Path(folder)) | graph
        tokens = json.dumps({"access_token": "bench", "expires_in": 3599})
        added = json.loads(run(environment, "accounts", "add", "microsoft", "--tokens-stdin", stdin=tokens))
        before = dict(os.environ)
        os.environ.update(graph)
        try:
            yield Installation(Path(folder), int(added["accountId"]), str(added["accessToken"]))
        finally:
            os.environ.clear()
            os.environ.update(before)


def first_sync_microsoft() -> None:
    """Wall, CPU and memory with few and with many contacts, rounds in turn, medians; then polls without a change."""
    rows, goals, peaks = [], [], {}
    for count in (FEW, MANY):
        with mailbox(count) as url:
            rounds = [_round(url, count) for _ in range(RUNS)]
        ours, floor = (_median([each[n] for each in rounds]) for n in range(2))
        for who, taken in (("Polydex", ours), ("only downloading and decoding", floor)):
            rows.append((f"{count:,}", who, *taken, taken.wall / floor.wall))
        goals.append(Goal(f"{count:,} contacts: wall to the floor's", ours.wall / floor.wall, 3))
        peaks[count] = ours.peak
    goals.append(Goal(f"peak memory with {MANY:,} contacts to that with {FEW:,}", peaks[MANY] / peaks[FEW], 1.2))
    with mailbox(FOR_THE_PEER) as url:
        ours = _median([_ours(url, FOR_THE_PEER) for _ in range(RUNS)])
        floor = _median([_usage(child("graph_floor", url), FOR_THE_PEER) for _ in range(RUNS)])
        peer = _usage(child("graph_peer", url), FOR_THE_PEER)
    for who, taken in (
        ("Polydex", ours),
        ("only downloading and decoding", floor),
        ("msgraph-sdk, the delta alone", peer),
    ):
        rows.append((f"{FOR_THE_PEER:,}", who, *taken, taken.wall / floor.wall))
    goals.append(Goal(f"{FOR_THE_PEER:,} contacts: wall to msgraph-sdk's", ours.wall / peer.wall, 1 / 3))
    goals.append(Goal("requests of a poll without a change", _poll(), 1))
    table(f"First synchronisation of a Microsoft mailbox, medians of {RUNS}", COLUMNS, rows, goals)


def _round(url: str, count: int) -> tuple[Usage, ...]:
    return _ours(url, count), _usage(child("graph_floor", url), count)


def _ours(url: str, count: int) -> Usage:
    with connected(url) as made:
        return _usage(child("ours", made.folder, made.account, 0, ""), count)


def _poll() -> float:
    with mailbox(FOR_THE_PEER) as url, connected(url) as made:
        found = child("ours", made.folder, made.account, POLLS, f"{url}/count")
    return float(found["poll_requests"])


def _usage(found: dict[str, Any], count: int) -> Usage:
    if found["contacts"] != count:
        raise RuntimeError(f"{found['contacts']} contacts arrived")
    return Usage(found["wall"], found["cpu"], found["peak"])


def _median(all_of: list[Usage]) -> Usage:
    return Usage(*(median(values) for values in zip(*all_of, strict=True)))
