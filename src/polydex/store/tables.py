"""Whole rows, as they are, for the check of a database (engine/check): nothing is translated, nothing is left out."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from functools import cache
from typing import ClassVar, TypeVar

import msgspec

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
    mailbox: str
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
