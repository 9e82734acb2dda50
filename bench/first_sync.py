"""First synchronisation of 10,000 cards, and polls without changes, beside vdirsyncer and beside mere downloading."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.installation import installation
from bench.ours import POLLS
from bench.peer import Vdirsyncer
from bench.processes import Usage, child
from bench.servers import SERVERS, Book
from bench.table import Goal, table

COUNT = 10_000
RUNS = 3
COLUMNS = ("cards read from", "", "wall, s", "CPU, s", "peak memory, MiB", "wall to floor", "CPU to vdirsyncer")


def first_sync() -> None:
    """Wall, CPU and memory from each server; several rounds in turn, medians."""
    rows, goals = [], []
    for name, server in SERVERS.items():
        with server(COUNT) as book:
            # Not counted: when they are asked first, servers build what they remember (Radicale a file for each card).
            _round(book)
            rounds = [_round(book) for _ in range(RUNS)]
        ours, floor, peer = (_median([each[n] for each in rounds]) for n in range(3))
        for who, taken in (("Polydex", ours), ("only downloading", floor), ("vdirsyncer", peer)):
            rows.append((name, who, *taken, taken.wall / floor.wall, taken.cpu / peer.cpu))
        if name == "static responder":
            goals.append(Goal(f"{name}: wall to vdirsyncer's", ours.wall / peer.wall, 1 / 5))
        else:
            goals.append(Goal(f"{name}: wall to the floor's", ours.wall / floor.wall, 1.2))
            goals.append(Goal(f"{name}: CPU to vdirsyncer's", ours.cpu / peer.cpu, 1 / 3))
    table(f"First synchronisation of {COUNT:,} cards, medians of {RUNS}", COLUMNS, rows, goals)


def _round(book: Book) -> tuple[Usage, Usage, Usage]:
    with installation(book) as made:
        ours = _usage(child("ours", made.folder, made.account, 0))
    floor = _usage(child("floor", book.url, book.login, book.password, 0))
    with tempfile.TemporaryDirectory(prefix="vdirsyncer-") as folder:
        peer = Vdirsyncer(Path(folder), book)
        taken = peer.sync()
        if peer.cards != COUNT:
            raise RuntimeError(f"vdirsyncer has {peer.cards} cards")
    return ours, floor, taken


def _usage(found: dict[str, Any]) -> Usage:
    if found["contacts"] != COUNT:
        raise RuntimeError(f"{found['contacts']} cards arrived")
    return Usage(found["wall"], found["cpu"], found["peak"])


def _median(all_of: list[Usage]) -> Usage:
    return Usage(*(median(values) for values in zip(*all_of, strict=True)))


def poll() -> None:
    """A poll without changes beside a bare PROPFIND and beside vdirsyncer's second run."""
    rows, goals = [], []
    for count in (1_000, COUNT):
        with SERVERS["static responder"](count) as book:
            with installation(book) as made:
                ours = child("ours", made.folder, made.account, POLLS)
            floor = child("floor", book.url, book.login, book.password, POLLS)
            with tempfile.TemporaryDirectory(prefix="vdirsyncer-") as folder:
                peer = Vdirsyncer(Path(folder), book)
                peer.sync()
                again = peer.sync()
        for who, wall, cpu in (
            ("Polydex", ours["poll_wall"], ours["poll_cpu"]),
            ("a bare PROPFIND", floor["poll_wall"], floor["poll_cpu"]),
            ("vdirsyncer", again.wall, again.cpu),
        ):
            rows.append((f"{count:,}", who, wall * 1000, cpu * 1000, cpu / floor["poll_cpu"]))
        goals.append(Goal(f"{count:,} cards: CPU of a poll", ours["poll_cpu"] * 1000, 2.5, " ms"))
    table("A poll without changes", ("cards", "", "wall, ms", "CPU, ms", "CPU to a bare PROPFIND"), rows, goals)
