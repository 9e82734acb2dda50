"""Rows to test with, written with plain SQL: the store is judged from outside of its functions."""

from polydex.core.ids import AccountId
from polydex.store import accounts, apps
from polydex.store.accounts import Account, Details
from polydex.store.db import Tx
from tests.fixtures import NOW

WRITE = frozenset({"Contacts.ReadWrite"})


def app(tx: Tx, name: str = "shop") -> int:
    return apps.create(tx, name, f"client-{name}", b"h" * 32, b"sealed", NOW).id


def account(tx: Tx, app_id: int, subject: str = "https://dav.example.org/principals/ada/") -> Account:
    return accounts.upsert(tx, app_id, "carddav", subject, Details("CardDAV", WRITE, login="ada"), NOW)


def new_account(tx: Tx) -> AccountId:
    """An account of a new application."""
    return account(tx, app(tx)).id


def source(tx: Tx, account_id: int, key: str = "/ada/contacts/") -> int:
    row = tx.all("INSERT INTO source (account_id, key) VALUES (?, ?) RETURNING id", account_id, key)[0]
    return int(row[0])


def contact(tx: Tx, account_id: int, source_id: int, words: list[str], seq: int) -> int:
    """A contact whose body is its words, joined by spaces."""
    key = f"{seq}.vcf"
    row = tx.all(
        "INSERT INTO contact (account_id, source_id, key, stable_key, n, public_id, live, touch, seq) "
        "VALUES (?, ?, ?, ?, 0, ?, 1, ?, ?) RETURNING row_id",
        account_id,
        source_id,
        key,
        key,
        f"id{source_id}x{seq}",
        seq,
        seq,
    )[0]
    row_id = int(row[0])
    body = " ".join(words).encode()
    tx.run("INSERT INTO document (row_id, body, raw) VALUES (?, ?, ?)", row_id, body, b"BEGIN:VCARD")
    tx.run("INSERT INTO contact_key (source_id, kind, value, row_id) VALUES (?, 'e', ?, ?)", source_id, key, row_id)
    tx.dialect.index_many(tx, [(row_id, source_id, [], words)])
    return row_id


def look_ups(body: bytes) -> tuple[list[str], frozenset[tuple[str, str]]]:
    """The words of a body. What it is looked up by is not in it: as of a body that cannot be read any more."""
    return body.decode().split(), frozenset()


def find(tx: Tx, source_id: int, *words: str) -> list[int]:
    """Row ids found by a search, ascending."""
    clause, params = tx.dialect.search_clause(source_id, words)
    sql = f"SELECT row_id FROM contact WHERE {clause} ORDER BY row_id"  # noqa: S608 - of the tests' own
    return [row[0] for row in tx.all(sql, *params)]
