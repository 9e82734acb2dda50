"""Whole rows, as they are, for the check of a database (engine/check): nothing is translated, nothing is left out."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from functools import cache
from typing import ClassVar, TypeVar

import msgspec

from polydex.store import schema
from polydex.store.db import Tx
from polydex.store.rows import chunks, marks

BATCH = 500
"""Rows read at once."""
BATCH_BYTES = 16 * 2**20
"""Bytes of documents read at once, as far as one contact alone does not have more."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A row of a table; the fields are its columns."""

    table: ClassVar[str]
    number: ClassVar[str] = "id"
    """The column by which a row is found again."""


class AppLine(Line, frozen=True, gc=False):
    """A row of ``app``."""

    table = "app"

    id: int
    client_id: str
    secret_hash: bytes
    signing_secret: bytes


class AccountLine(Line, frozen=True, gc=False):
    """A row of ``account``."""

    table = "account"

    id: int
    provider: str
    subject: str
    login: str | None
    email: str | None
    name: str | None
    server_url: str | None
    region: str | None
    secret: bytes | None
    token_status: str
    generation: int
    seq: int
    touch: int
    deleted_at: int | None
    credentials: int
    refresh_owner: str | None
    refresh_until: int


class TokenLine(Line, frozen=True, gc=False):
    """A row of ``token``."""

    table = "token"

    id: int
    account_id: int
    hash: bytes


class SourceLine(Line, frozen=True, gc=False):
    """A row of ``source``."""

    table = "source"

    id: int
    account_id: int
    key: str
    is_default: int
    cursor: str | None
    context: bytes | None
    walk_id: int
    walk_mode: str | None
    walk_cursor: str | None
    walk_start: int
    walk_done: int
    last_sweep: int
    ready_at: int | None
    pulled_at: int | None
    tried_at: int | None
    halted_walk: int | None
    halted_count: int
    due_at: int | None
    wake: int
    lease_owner: str | None
    lease_until: int
    fence: int


class ContactLine(Line, frozen=True, gc=False):
    """A row of ``contact``."""

    table = "contact"
    number = "row_id"

    row_id: int
    account_id: int
    source_id: int
    key: str
    current: int
    stable_key: str
    n: int | None
    public_id: str | None
    live: int
    rev: str | None
    etag: str | None
    photo_hash: str | None
    photo_mime: str | None
    mark: str | None
    seq: int | None
    created_seq: int | None
    created_ms: int | None
    modified_ms: int | None
    deleted_at: int | None
    touch: int
    seen_walk: int
    gone_walk: int | None
    gone_asked: int
    pending_delete: int | None
    verify_due: int | None
    mapping_version: int


class IntentLine(Line, frozen=True, gc=False):
    """A row of ``intent``, without the request."""

    table = "intent"

    id: int
    account_id: int
    source_id: int
    generation: int
    verb: str
    body_hash: bytes
    mark: str | None
    state: str
    asked: int
    finished_at: int | None
    due_at: int | None
    tries: int


class LeaseLine(Line, frozen=True, gc=False):
    """A row of ``write_lease``."""

    table = "write_lease"
    number = "account_id"

    account_id: int
    owner: str | None
    until_ms: int
    fence: int


class WatchLine(Line, frozen=True, gc=False):
    """A row of ``watch``."""

    table = "watch"
    number = "source_id"

    source_id: int
    channel: str | None
    url: str
    made_at: int
    expires_at: int
    ended: int
    pull_at: int
    fails: int
    due_at: int | None
    wake: int
    lease_owner: str | None
    lease_until: int
    fence: int


class Documents(msgspec.Struct, frozen=True, gc=False):
    """The documents of a contact."""

    body: bytes | None
    raw: bytes | None


L = TypeVar("L", bound=Line)


class Held(msgspec.Struct, frozen=True):
    """Contacts with everything that belongs to them, in one snapshot.

    Attributes:
        upto: the row number up to which this goes; 0 at the end.
        documents: by row; a row without any is not there.
        words: what the search index holds, by row; None where the index is read apart (``store/words.py``).
    """

    upto: int
    contacts: Sequence[ContactLine] = ()
    accounts: typing.Mapping[int, AccountLine] = {}
    sources: typing.Mapping[int, SourceLine] = {}
    documents: typing.Mapping[int, Documents] = {}
    words: typing.Mapping[int, set[str]] | None = None


def page(tx: Tx, kind: type[L], after: int, limit: int = BATCH) -> list[L]:
    """The next rows of a table, by their numbers."""
    sql = f"SELECT {', '.join(kind.__struct_fields__)} FROM {kind.table} WHERE {kind.number} > ? ORDER BY {kind.number}"
    return [kind(*row) for row in tx.all(f"{sql} LIMIT ?", after, limit)]


def by_number(tx: Tx, kind: type[L], numbers: Iterable[int]) -> dict[int, L]:
    """These rows, as far as they exist."""
    found: dict[int, L] = {}
    for chunk in chunks(dict.fromkeys(numbers)):
        sql = f"SELECT {', '.join(kind.__struct_fields__)} FROM {kind.table} WHERE {kind.number} IN ({marks(chunk)})"
        for row in tx.all(sql, *chunk):
            line = kind(*row)
            found[getattr(line, kind.number)] = line
    return found


@cache
def _types(kind: type[Line]) -> dict[str, tuple[type, ...]]:
    hints = typing.get_type_hints(kind)
    return {
        name: typing.get_args(hints[name]) if isinstance(hints[name], types.UnionType) else (hints[name],)
        for name in kind.__struct_fields__
    }


def mistyped(line: Line) -> str | None:
    """The first column whose value is not of its type: SQLite stores whatever it is given."""
    for name, allowed in _types(type(line)).items():
        if not isinstance(getattr(line, name), allowed):
            return name
    return None


def held(tx: Tx, after: int, last: int) -> Held:
    """The next contacts with a number above ``after``, up to ``last``."""
    sizes = tx.all(
        "SELECT c.row_id, coalesce(length(d.body), 0) + coalesce(length(d.raw), 0) FROM contact c "
        "LEFT JOIN document d ON d.row_id = c.row_id WHERE c.row_id > ? AND c.row_id <= ? ORDER BY c.row_id LIMIT ?",
        after,
        last,
        BATCH,
    )
    upto, size = last, 0
    for index, (row, more) in enumerate(sizes):
        size += more
        if index and size > BATCH_BYTES:
            upto = sizes[index - 1][0]
            break
        if index == BATCH - 1:
            upto = row
    contacts = [line for line in page(tx, ContactLine, after) if line.row_id <= upto]
    documents = tx.all("SELECT row_id, body, raw FROM document WHERE row_id > ? AND row_id <= ?", after, upto)
    return Held(
        upto=upto if upto < last else 0,
        contacts=contacts,
        accounts=by_number(tx, AccountLine, (line.account_id for line in contacts)),
        sources=by_number(tx, SourceLine, (line.source_id for line in contacts)),
        documents={row: Documents(body, raw) for row, body, raw in documents},
        words=tx.dialect.held_words(tx, after, upto),
    )


def last_row(tx: Tx) -> int:
    """The highest number of a contact."""
    return int(tx.all("SELECT coalesce(max(row_id), 0) FROM contact")[0][0])


def count(tx: Tx, table: str) -> int:
    """Rows of a table."""
    return int(tx.all(f"SELECT count(*) FROM {table}")[0][0])


# (table, column, table that it leads to, its column): declared or not, each must lead to a row.
_REFERENCES = (
    ("account", "app_id", "app", "id"),
    ("token", "account_id", "account", "id"),
    ("source", "account_id", "account", "id"),
    ("contact", "source_id", "source", "id"),
    ("contact", "account_id", "account", "id"),
    ("document", "row_id", "contact", "row_id"),
    ("contact_key", "row_id", "contact", "row_id"),
    ("intent", "account_id", "account", "id"),
    ("intent", "source_id", "source", "id"),
    ("intent", "row_id", "contact", "row_id"),
    ("write_lease", "account_id", "account", "id"),
    ("watch", "source_id", "source", "id"),
    ("epoch_limit", "account_id", "account", "id"),
)
REFERENCES = len(_REFERENCES)
_NUMBERS = {
    "contact": "row_id",
    "document": "row_id",
    "contact_key": "row_id",
    "write_lease": "account_id",
    "watch": "source_id",
}


def dangling(tx: Tx, number: int) -> list[tuple[str, int, str]]:
    """Rows whose reference of this number leads nowhere: (table, number of the row, what is missing)."""
    table, column, there, key = _REFERENCES[number]
    row = _NUMBERS.get(table, "account_id" if table == "epoch_limit" else "id")
    found = tx.all(
        f"SELECT t.{row} FROM {table} t LEFT JOIN {there} o ON o.{key} = t.{column} "
        f"WHERE o.{key} IS NULL AND t.{column} IS NOT NULL"
    )
    return [(table, found_row, f"{column} leads to no row of {there}") for (found_row,) in found]


def doubles(tx: Tx, what: str) -> list[tuple[int, int]]:
    """What should be there once and is not: (account, the higher of the row numbers)."""
    columns, where = {
        "seq": ("account_id, seq", "seq IS NOT NULL"),
        "public_id": ("account_id, public_id", "public_id IS NOT NULL"),
        "stable": ("account_id, source_id, stable_key, n", "n IS NOT NULL"),
        "key": ("account_id, source_id, key", "current = 1"),
    }[what]
    return [
        (account, row)
        for account, row in tx.all(
            f"SELECT account_id, max(row_id) FROM contact WHERE {where} GROUP BY {columns} HAVING count(*) > 1"
        )
    ]


def defaults(tx: Tx, accounts: Sequence[int]) -> dict[int, int]:
    """How many default sources each of these accounts has."""
    sql = (
        f"SELECT account_id, count(*) FROM source WHERE is_default = 1 AND account_id IN ({marks(accounts)}) GROUP BY 1"
    )
    return dict(tx.all(sql, *accounts))


def leftovers(tx: Tx, accounts: Sequence[int]) -> dict[int, int]:
    """How many access tokens and intents each of these accounts has."""
    found: dict[int, int] = {}
    for table in ("token", "intent"):
        sql = f"SELECT account_id, count(*) FROM {table} WHERE account_id IN ({marks(accounts)}) GROUP BY account_id"
        for account, number in tx.all(sql, *accounts):
            found[account] = found.get(account, 0) + number
    return found


def facts(tx: Tx) -> tuple[int, int, int | None]:
    """(accounts, contacts, when the newest pull began in unix milliseconds) of a database, to be told to people."""
    accounts = tx.all("SELECT count(*) FROM account WHERE deleted_at IS NULL")[0][0]
    contacts = tx.all(
        "SELECT count(*) FROM contact c JOIN source s ON s.id = c.source_id JOIN account a ON a.id = s.account_id "
        "WHERE s.is_default = 1 AND c.live = 1 AND c.seq IS NOT NULL AND a.deleted_at IS NULL"
    )[0][0]
    newest = tx.all("SELECT max(pulled_at) FROM source")[0][0]
    return int(accounts), int(contacts), newest


def limits(tx: Tx) -> list[tuple[int, str]]:
    """Rows of the table of epochs that cannot be so: (account, what is wrong)."""
    wrong = [
        (account, "an older epoch reaches beyond the account's journal")
        for (account,) in tx.all(
            "SELECT l.account_id FROM epoch_limit l JOIN account a ON a.id = l.account_id "
            "WHERE l.last_seq > a.seq OR l.last_seq < 0"
        )
    ]
    wrong += [
        (account, "the current epoch is among the older ones")
        for (account,) in tx.all("SELECT account_id FROM epoch_limit WHERE epoch = (SELECT epoch FROM meta)")
    ]
    return wrong


def meta(tx: Tx) -> tuple[int, int, int, str | None, str | None]:
    """(schema version, epoch, commits, lineage, mark of the keys). Of a database without any: version 0."""
    if "meta" not in schema.columns(tx):
        return 0, 0, 0, None, None
    rows = tx.all("SELECT schema_version, epoch, commits, lineage, key_mark FROM meta")
    version, epoch, commits, lineage, mark = rows[0] if rows else (0, 0, 0, None, None)
    return int(version), int(epoch), int(commits), lineage, mark


def reused(tx: Tx) -> list[str]:
    """Tables whose next number was given before."""
    found = []
    for table, column in (
        ("app", "id"),
        ("account", "id"),
        ("token", "id"),
        ("source", "id"),
        ("contact", "row_id"),
        ("intent", "id"),
    ):
        highest = tx.all(f"SELECT coalesce(max({column}), 0) FROM {table}")[0][0]
        if tx.dialect.last_id(tx, table) < highest:
            found.append(table)
    return found
