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
from bench.responder import COUNT as COUNTER
from bench.servers import SERVERS, Book
from bench.table import Goal, table

COUNT = 10_000
FEW, MANY = 1_000, 100_000
"""Cards whose polls are compared."""
RUNS = 3
COLUMNS = ("cards read from", "", "wall, s", "CPU, s", "peak memory, MiB", "wall to floor", "CPU to vdirsyncer")


def first_sync() -> None:
    """Wall, CPU and memory from each server; several rounds in turn, medians.

    Beside them the one request for the state of the address book, which a synchronisation begins with and the floor
    does without: on some servers that is much work for the server (Radicale reads every card for it).
    """
    rows, goals = [], []
    for name, server in SERVERS.items():
        with server(COUNT) as book:
            # Not counted: when they are asked first, servers build what they remember (Radicale a file for each card).
            _round(book)
            rounds = [_round(book) for _ in range(RUNS)]
        ours, floor, peer, state = (_median([each[n] for each in rounds]) for n in range(4))
        for who, taken in (
            ("Polydex", ours),
            ("only downloading", floor),
            ("only the request for the state", state),
            ("vdirsyncer", peer),
        ):
            rows.append((name, who, *taken, taken.wall / floor.wall, taken.cpu / peer.cpu))
        if name == "static responder":
            goals.append(Goal(f"{name}: wall to vdirsyncer's", ours.wall / peer.wall, 1 / 5))
        else:
            goals.append(Goal(f"{name}: wall to the floor's", ours.wall / floor.wall, 1.2))
            goals.append(Goal(f"{name}: CPU to vdirsyncer's", ours.cpu / peer.cpu, 1 / 3))
    table(f"First synchronisation of {COUNT:,} cards, medians of {RUNS}", COLUMNS, rows, goals)


def _round(book: Book) -> tuple[Usage, Usage, Usage, Usage]:
    with installation(book) as made:
        ours = _usage(child("ours", made.folder, made.account, 0, ""))
    found = child("floor", book.url, book.login, book.password, 0)
    floor, state = _usage(found), Usage(found["state_wall"], found["state_cpu"], found["peak"])
    with tempfile.TemporaryDirectory(prefix="vdirsyncer-") as folder:
        peer = Vdirsyncer(Path(folder), book)
        taken = peer.sync()
        if peer.cards != COUNT:
            raise RuntimeError(f"vdirsyncer has {peer.cards} cards")
    return ours, floor, taken, state


def _usage(found: dict[str, Any]) -> Usage:
    if found["contacts"] != COUNT:
        raise RuntimeError(f"{found['contacts']} cards arrived")
    return Usage(found["wall"], found["cpu"], found["peak"])


def _median(all_of: list[Usage]) -> Usage:
    return Usage(*(median(values) for values in zip(*all_of, strict=True)))


def poll() -> None:
    """A poll without changes beside a bare PROPFIND and beside vdirsyncer's second run, of few and of many cards."""
    rows, goals, cpus = [], [], {}
    for count in (FEW, MANY):
        with SERVERS["static responder"](count) as book:
            with installation(book) as made:
                counter = book.server.rstrip("/") + COUNTER
                rounds = [child("ours", made.folder, made.account, POLLS, counter) for _ in range(RUNS)]
                ours = min(rounds, key=lambda each: float(each["poll_cpu"]))
            floor = child("floor", book.url, book.login, book.password, POLLS)
            with tempfile.TemporaryDirectory(prefix="vdirsyncer-") as folder:
                peer = Vdirsyncer(Path(folder), book)
                peer.sync()
                again = peer.sync()
        if ours["contacts"] != count:
            raise RuntimeError(f"{ours['contacts']} cards arrived")
        for who, wall, cpu, requests in (
            ("Polydex", ours["poll_wall"], ours["poll_cpu"], f"{ours['poll_requests']:g}"),
            ("a bare PROPFIND", floor["poll_wall"], floor["poll_cpu"], "1"),
            ("vdirsyncer", again.wall, again.cpu, ""),
        ):
            rows.append((f"{count:,}", who, requests, wall * 1000, cpu * 1000, cpu / floor["poll_cpu"]))
        cpus[count] = ours["poll_cpu"]
        goals.append(Goal(f"{count:,} cards: requests of a poll", ours["poll_requests"], 1))
        goals.append(Goal(f"{count:,} cards: CPU of a poll", ours["poll_cpu"] * 1000, 2.5, " ms"))
        goals.append(Goal(f"{count:,} cards: CPU to a bare PROPFIND", ours["poll_cpu"] / floor["poll_cpu"], 3.5))
    goals.append(Goal(f"CPU with {MANY:,} cards to that with {FEW:,}", cpus[MANY] / cpus[FEW], 1.2))
    columns = ("cards", "", "requests", "wall, ms", "CPU, ms", "CPU to a bare PROPFIND")
    table(f"A poll without changes, the best of {RUNS} rounds of {POLLS}", columns, rows, goals)
