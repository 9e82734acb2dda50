"""The epoch of the journal (JOURNAL.md, J15): tokens from a future that a restored backup has lost are refused.

The epoch is a random number in the database that goes into every token. It is re-rolled when the storage turns out to be
another one than the tokens were made from. On SQLite a small file beside the database, the high-water mark, remembers
the epoch and the number of commits; a database that knows less than its mark was restored from a backup.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from polydex.core.errors import SyncTokenExpired
from polydex.store.db import Tx
from polydex.store.files import give_to_owner_of

if sys.platform != "win32":
    import fcntl

RandomBytes = Callable[[int], bytes]
LOCK_SECONDS = 1.0
"""How long to wait for the lock of the high-water mark, which others hold for a moment."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The state of a SQLite database: its epoch, and how many transactions have changed it."""

    epoch: int
    commits: int


class HighWater:
    """The file ``<database>.high-water``: one line of fixed length, so that one write replaces it whole.

    It is written after each commit and never flushed: should a power loss take it back, it only knows less. It is opened
    anew each time, so that it comes back when it was deleted under a running server.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".high-water")

    def read(self) -> Mark | None:
        """The mark; None when there is no file, or one that cannot be understood."""
        try:
            return _parse(self.path.read_bytes())
        except FileNotFoundError:
            return None

    def raise_to(self, mark: Mark) -> None:
        """Write the mark, unless the file knows a later one of the same epoch (from another process)."""
        with self._locked() as file:
            known = _parse(os.pread(file, 64, 0))
            if known is None:
                give_to_owner_of(self.path.parent, file)
            if known is None or known.epoch != mark.epoch or known.commits < mark.commits:
                os.pwrite(file, b"%020d %020d\n" % (mark.epoch, mark.commits), 0)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(file)
            yield file
        finally:
            os.close(file)


def _lock(file: int) -> None:
    """Wait for other processes, but not for one that stands still. Raises OSError."""
    if sys.platform == "win32":
        return
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _parse(line: bytes) -> Mark | None:
    parts = line.split()
    if len(line) != 42 or len(parts) != 2 or not all(part.isdigit() for part in parts):
        return None
    return Mark(int(parts[0]), int(parts[1]))


def current(tx: Tx) -> int:
    """The epoch to put into new tokens."""
    row = tx.all("SELECT epoch FROM meta")[0]
    return int(row[0])


def _current(tx: Tx, _: None) -> int:
    return current(tx)


def _head(tx: Tx, account_id: int) -> int:
    account = tx.one("SELECT seq FROM account WHERE id = ?", account_id)
    return int(account[0]) if account else -1


def reroll(tx: Tx, random_bytes: RandomBytes) -> int:
    """Begin a new epoch. Tokens of the old one stay good up to what each account knows now.

    Random, so that two databases restored from one backup never share an epoch.
    """
    old = current(tx)
    if old:
        tx.run(
            "INSERT INTO epoch_limit (epoch, account_id, last_seq) SELECT CAST(? AS BIGINT), id, seq FROM account", old
        )
        # What was asked for before is of a lost future, and so are counters and fences that come again (J9, J14).
        tx.run("UPDATE account SET generation = generation + 1")
        tx.run(
            "UPDATE source SET ready_at = NULL, pulled_at = NULL, tried_at = NULL, fence = fence + 1, "
            "lease_owner = NULL, lease_until = 0, wake = wake + 1, due_at = CASE WHEN due_at IS NOT NULL THEN 0 END"
        )
        # What became of the channels since then, the provider knows.
        tx.run(
            "UPDATE watch SET fence = fence + 1, lease_owner = NULL, lease_until = 0, wake = wake + 1, "
            "due_at = CASE WHEN due_at IS NOT NULL THEN 0 END"
        )
    new = old
    while new in (0, old):
        new = int.from_bytes(random_bytes(8), "big") >> 1
    tx.run("UPDATE meta SET epoch = ?", new)
    return new


def is_known(mark: Mark, known: Mark | None) -> bool:
    """Whether a database in the state ``mark`` is the one that its high-water file ``known`` was written for."""
    return bool(mark.epoch) and known is not None and known.epoch == mark.epoch and known.commits <= mark.commits


def adopt_high_water(tx: Tx, known: Mark | None, random_bytes: RandomBytes) -> bool:
    """Compare a SQLite database with its mark, and re-roll when it is not the one that the mark was written for.

    To be called in a transaction that holds the write lock, so that no other process commits meanwhile.
    """
    row = tx.all("SELECT epoch, commits FROM meta")[0]
    if is_known(Mark(int(row[0]), int(row[1])), known):
        return False
    reroll(tx, random_bytes)
    return True


def adopt_lineage(tx: Tx, lineage: str, random_bytes: RandomBytes) -> bool:
    """Compare the storage that a PostgreSQL database lies on with the one its epoch was rolled for; re-roll if needed."""
    row = tx.all("SELECT epoch, lineage FROM meta" + tx.dialect.for_update)[0]
    if int(row[0]) and row[1] == lineage:
        return False
    reroll(tx, random_bytes)
    tx.run("UPDATE meta SET lineage = ?", lineage)
    return True


def check_token(tx: Tx, account_id: int, epoch: int, lo: int, hi: int) -> int:
    """Refuse a token from a future that is lost. To be called in the transaction that reads the page.

    Args:
        tx: the transaction.
        account_id: of the token.
        epoch: of the token.
        lo: the sequence number above which the token reads.
        hi: the one up to which it reads; ``lo`` for a delta token, which has no end yet.

    Returns:
        The epoch to put into the next token.

    Raises:
        SyncTokenExpired: the journal of this epoch did not reach so far, or does not reach so far any more.
    """
    last, now = tx.recall(_head, account_id), tx.recall(_current, None)
    if epoch != now:
        limit = tx.one("SELECT last_seq FROM epoch_limit WHERE epoch = ? AND account_id = ?", epoch, account_id)
        last = min(last, int(limit[0]) if limit else -1)
    if max(lo, hi) > last:
        raise SyncTokenExpired
    return now
