"""What only a whole database can tell, for the check of one (engine/check): what leads nowhere, what is there twice."""

from __future__ import annotations

from collections.abc import Sequence

from polydex.store import schema
from polydex.store.db import Tx
from polydex.store.rows import marks


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
