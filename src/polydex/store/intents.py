"""Intents: every write is stored before its call, so that a crash or a lost answer can be told from both (J10)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from polydex.core.ids import AccountId, RowId, SourceId
from polydex.store.db import Tx

OPEN = "open"
DONE = "done"
FAILED = "failed"
"""The provider refused, or nothing was sent: the write did not happen."""
ABANDONED = "abandoned"
"""The outcome was found out to be "not done", and nobody waited for it any more."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One row of ``intent``. Times are unix milliseconds.

    Attributes:
        verb: create, update or delete.
        body_hash: SHA-256 over everything that makes the request: an identical one attaches to this.
        body: the request's body, until the outcome is known.
        row: the contact's row (for a create: once it is known).
        base_etag, target_etag: the content before, and the content meant.
        halves: of a change that takes two calls, what tells how far it has come (``engine.photos.Halves``).
        asked, created_at: the account's counter, and the time, before the newest attempt was sent.
        result: what was answered, once it is known.
        owner: one run of a request handler.
    """

    id: int
    account: AccountId
    source: SourceId
    generation: int
    verb: str
    body_hash: bytes
    body: bytes | None
    row: RowId | None
    base_etag: str | None
    target_etag: str | None
    mark: str | None
    state: str
    asked: int
    created_at: int
    finished_at: int | None
    delivered: bool
    result: bytes | None
    due_at: int | None
    tries: int
    halves: str | None


_OPEN = "due_at IS NOT NULL AND +account_id = ? AND state = 'open'"
"""Open intents are always due, so that they are found by the small index of those, not among all that the account ever
had (the pluses keep SQLite from that)."""
_NAMES = {"account": "account_id", "source": "source_id", "row": "row_id"}
_COLUMNS = ", ".join(_NAMES.get(f.name, f.name) for f in fields(Intent))


def _intent(row: tuple[object, ...]) -> Intent:
    values = list(row)
    values[15] = bool(values[15])
    return Intent(*values)  # type: ignore[arg-type]  # the columns are the fields, in their order


def begin(
    tx: Tx,
    *,
    account: AccountId,
    source: SourceId,
    generation: int,
    verb: str,
    body_hash: bytes,
    body: bytes | None,
    asked: int,
    now: int,
    due_at: int,
    mark: str | None = None,
    row: RowId | None = None,
    base_etag: str | None = None,
    target_etag: str | None = None,
    halves: str | None = None,
) -> int:
    """Store the intent of a write; its number. ``due_at``: when somebody else may ask what became of it."""
    inserted = tx.one(
        "INSERT INTO intent (account_id, source_id, generation, verb, body_hash, body, asked, created_at, due_at, "
        "mark, row_id, base_etag, target_etag, halves, state) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        account, source, generation, verb, body_hash, body, asked, now, due_at, mark, row, base_etag, target_etag,
        halves, OPEN,
    )  # fmt: skip
    return int(inserted[0]) if inserted else 0


def finish(tx: Tx, intent: int, state: str, now: int, *, result: bytes | None = None, row: RowId | None = None) -> None:
    """The outcome is known; the request's body is no longer kept."""
    tx.run(
        "UPDATE intent SET state = ?, finished_at = ?, result = ?, row_id = coalesce(?, row_id), body = NULL, "
        "due_at = NULL WHERE id = ?",
        state,
        now,
        result,
        row,
        intent,
    )


def refused(tx: Tx, intent: int, now: int) -> None:
    """The provider refused an attempt. Nothing, when another process has found out meanwhile that it was carried out."""
    tx.run(
        "UPDATE intent SET state = ?, finished_at = ?, body = NULL, due_at = NULL WHERE id = ? AND state = 'open'",
        FAILED,
        now,
        intent,
    )


def again(tx: Tx, intent: int, due_at: int) -> None:
    """The outcome could not be found out yet: ask again at ``due_at``. Nothing, when it is known by now."""
    tx.run("UPDATE intent SET due_at = ?, tries = tries + 1 WHERE id = ? AND state = 'open'", due_at, intent)


def renew(tx: Tx, intent: int, asked: int, now: int, due_at: int) -> None:
    """The write is sent once more: what is known of its attempt is that of the newest one."""
    tx.run("UPDATE intent SET asked = ?, created_at = ?, due_at = ? WHERE id = ?", asked, now, due_at, intent)


def reopen(tx: Tx, intent: int, body: bytes, due_at: int) -> None:
    """A client asks again for what was abandoned: its outcome is to be found out once more."""
    tx.run(
        "UPDATE intent SET state = ?, finished_at = NULL, body = ?, due_at = ? WHERE id = ? AND state = ?",
        OPEN,
        body,
        due_at,
        intent,
        ABANDONED,
    )


def deliver(tx: Tx, intent: int) -> None:
    """The answer has reached the client."""
    tx.run("UPDATE intent SET delivered = 1 WHERE id = ?", intent)


def last_delivered(tx: Tx, account: AccountId, body_hash: bytes) -> int:
    """The newest identical request whose answer was delivered, 0 for none: those after it are not over yet."""
    row = tx.one(
        "SELECT max(id) FROM intent WHERE account_id = ? AND body_hash = ? AND delivered = 1", account, body_hash
    )
    return int(row[0] or 0) if row else 0


def same_request(tx: Tx, account: AccountId, body_hash: bytes, since: int, after: int) -> Intent | None:
    """The newest identical request that is open or abandoned, or whose answer could not be delivered (J10).

    Args:
        tx: the transaction.
        account: whose.
        body_hash: of the request.
        since: unix milliseconds; what was finished before is forgotten.
        after: ``last_delivered`` when the request arrived: what was delivered while it waited was open then.
    """
    row = tx.one(
        f"SELECT {_COLUMNS} FROM intent WHERE account_id = ? AND body_hash = ? "
        "AND (state = 'open' OR (state IN ('done', 'abandoned') AND finished_at >= ? AND id > ?)) "
        "ORDER BY id DESC LIMIT 1",
        account,
        body_hash,
        since,
        after,
    )
    return _intent(row) if row else None


def open_of_account(tx: Tx, account: AccountId) -> list[Intent]:
    """The account's open intents in their order. Under the write lease nobody else works on them."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM intent WHERE {_OPEN} ORDER BY +id", account)
    return [_intent(row) for row in rows]


def supersede(tx: Tx, later: Intent, now: int) -> None:
    """A change was carried out: open ones of before, of the same contact, are not to be sent again over it."""
    if later.row is not None:
        overtake(tx, later.account, later.row, later.base_etag, now, before=later.id)


def overtake(tx: Tx, account: AccountId, row: RowId, etag: str | None, now: int, *, before: int | None = None) -> None:
    """Somebody has the answer to a later request about a contact: open ones are not to be sent again over that.

    One whose target is what the later request met has been carried out; of any other it is as if it had not.

    Args:
        tx: the transaction.
        account, row: of the contact.
        etag: what the later request met.
        now: unix milliseconds.
        before: the later request's own intent; None when it had nothing to send.
    """
    for intent in open_of_account(tx, account):
        if intent.row == row and (before is None or intent.id < before):
            met = intent.target_etag is not None and intent.target_etag == etag != intent.base_etag
            finish(tx, intent.id, DONE if met else FAILED, now)


def is_open(tx: Tx, account: AccountId, mark: str) -> bool:
    """Whether the outcome of a create under this mark is not known yet."""
    row = tx.one(f"SELECT 1 FROM intent WHERE {_OPEN} AND mark = ?", account, mark)
    return row is not None


def due_accounts(tx: Tx, now: int, limit: int) -> list[AccountId]:
    """Accounts with open intents whose outcome is to be found out now."""
    rows = tx.all("SELECT DISTINCT account_id FROM intent WHERE due_at IS NOT NULL AND due_at <= ? LIMIT ?", now, limit)
    return [AccountId(row[0]) for row in rows]


def forget_finished(tx: Tx, before: int) -> int:
    """Remove intents whose outcome has been known since before ``before``; their number."""
    return tx.run("DELETE FROM intent WHERE state <> 'open' AND finished_at < ?", before)


def get(tx: Tx, intent: int) -> Intent | None:
    """The intent with this number."""
    row = tx.one(f"SELECT {_COLUMNS} FROM intent WHERE id = ?", intent)
    return _intent(row) if row else None


def found_row(tx: Tx, intent: int, row: RowId) -> None:
    """The row of the contact that a create has made."""
    tx.run("UPDATE intent SET row_id = ? WHERE id = ?", row, intent)
