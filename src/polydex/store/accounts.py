"""Accounts: one authorised user at one provider, owned by an application (JOURNAL.md, J9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from polydex.core.ids import AccountId
from polydex.store.contacts import ONE_KEY
from polydex.store.db import Row, Tx

ACTIVE, INVALID, DEAD = "active", "invalid", "dead"
"""Values of ``token_status``: accepted; refused but still tried; refused for good, no call is made any more."""
ERASE_STEP = 500
"""Contacts that one transaction of ``erase`` removes."""

_COLUMNS = (
    "id, app_id, provider, service_type, service_provider, subject, login, email, name, server_url, client_org_id, "
    "auth_org_id, timezone, region, scopes, secret, token_status, token_error, generation, created_at, updated_at, "
    "obtained_at, deleted_at, credentials, mailbox, auth_method"
)


@dataclass(frozen=True, slots=True)
class Account:
    """A row of ``account``. Times are unix milliseconds.

    Attributes:
        provider: registry name, for example ``carddav``.
        service_type, service_provider: as the application wrote them.
        subject: the provider's immutable id of the user; empty once deleted.
        scopes: granted.
        secret: the credentials, encrypted; None once they were removed.
        token_status: ``active``, ``invalid`` (refused, still tried) or ``dead`` (no call is made any more).
        generation: raised by delete, erase and restore; whatever was asked for under another one is not applied.
        obtained_at: when the credentials were given.
        credentials: a number that rises whenever others are given; a refresh of their tokens leaves it.
        mailbox: that is acted on, where it is not the login's own; else empty.
        auth_method: how the login is proven; empty where the provider knows best.
    """

    id: AccountId
    app: int
    provider: str
    service_type: str
    service_provider: str | None
    subject: str
    login: str | None
    email: str | None
    name: str | None
    server_url: str | None
    client_org_id: str | None
    auth_org_id: str | None
    timezone: str | None
    region: str | None
    scopes: frozenset[str]
    secret: bytes | None = field(repr=False)
    token_status: str
    token_error: str | None
    generation: int
    created_at: int
    updated_at: int
    obtained_at: int
    deleted_at: int | None
    credentials: int
    mailbox: str
    auth_method: str


@dataclass(frozen=True, slots=True)
class Details:
    """What an application says about an account, and the provider about its user. None leaves what is stored; what goes
    with the credentials (``mailbox``, ``auth_method``) is never left.
    """

    service_type: str
    scopes: frozenset[str]
    service_provider: str | None = None
    login: str | None = None
    email: str | None = None
    name: str | None = None
    server_url: str | None = None
    client_org_id: str | None = None
    auth_org_id: str | None = None
    timezone: str | None = None
    region: str | None = None
    mailbox: str = ""
    auth_method: str = ""


def _account(row: Row) -> Account:
    values = list(row)
    values[14] = frozenset(row[14].split())
    return Account(*values)


def get(tx: Tx, account: AccountId) -> Account | None:
    """The account; None when there is none or it is deleted."""
    row = tx.one(f"SELECT {_COLUMNS} FROM account WHERE id = ? AND deleted_at IS NULL", account)
    return _account(row) if row else None


def find(tx: Tx, app: int, provider: str, subject: str) -> Account | None:
    """The application's account of this user."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM account WHERE app_id = ? AND provider = ? AND subject = ? AND deleted_at IS NULL",
        app,
        provider,
        subject,
    )
    return _account(row) if row else None


def page(
    tx: Tx,
    app: int | None,
    *,
    limit: int,
    offset: int = 0,
    service_type: str | None = None,
    auth_org_id: str | None = None,
) -> tuple[list[Account], int]:
    """Accounts by number, and how many there are in all. ``app`` None: of every application."""
    where, params = "deleted_at IS NULL", []
    for column, value in (("app_id", app), ("service_type", service_type), ("auth_org_id", auth_org_id)):
        if value is not None:
            where += f" AND {column} = ?"
            params.append(value)
    rows = tx.all(f"SELECT {_COLUMNS} FROM account WHERE {where} ORDER BY id LIMIT ? OFFSET ?", *params, limit, offset)
    total = tx.all(f"SELECT count(*) FROM account WHERE {where}", *params)[0][0]
    return [_account(row) for row in rows], int(total)


def upsert(tx: Tx, app: int, provider: str, subject: str, details: Details, now: int) -> Account:
    """Create the account of this user, or renew it: it is ``active`` again and keeps its number, journal and tokens.

    The secret is stored apart, by ``set_secret`` in the same transaction: it is bound to the account's number.
    """
    columns = (
        "service_type", "service_provider", "login", "email", "name", "server_url", "client_org_id", "auth_org_id",
        "timezone", "region", "scopes", "mailbox", "auth_method",
    )  # fmt: skip
    row = tx.all(
        f"INSERT INTO account (app_id, provider, subject, {', '.join(columns)}, created_at, updated_at, obtained_at) "
        f"VALUES (?, ?, ?, {', '.join('?' * len(columns))}, ?, ?, ?) "
        "ON CONFLICT (app_id, provider, subject) WHERE deleted_at IS NULL DO UPDATE SET "
        + "".join(f"{column} = coalesce(excluded.{column}, account.{column}), " for column in columns)
        + "token_status = 'active', token_error = NULL, updated_at = excluded.updated_at, "
        f"obtained_at = excluded.obtained_at RETURNING {_COLUMNS}",
        app,
        provider,
        subject,
        details.service_type,
        details.service_provider,
        details.login,
        details.email,
        details.name,
        details.server_url,
        details.client_org_id,
        details.auth_org_id,
        details.timezone,
        details.region,
        " ".join(sorted(details.scopes)),
        details.mailbox,
        details.auth_method,
        now,
        now,
        now,
    )[0]
    return _account(row)


def set_secret(tx: Tx, account: AccountId, secret: bytes | None, now: int) -> None:
    """Store other credentials, encrypted, or remove them. Nothing that is found out about the old ones counts any more."""
    tx.run(
        "UPDATE account SET secret = ?, credentials = credentials + 1, updated_at = ? WHERE id = ?",
        secret,
        now,
        account,
    )


def set_status(
    tx: Tx, account: AccountId, status: str, error: str | None, now: int, *, credentials: int | None = None
) -> bool:
    """Note whether the provider accepts the credentials. Whether it was done. The dead are not raised (see ``revive``).

    Args:
        tx: the transaction.
        account: which one.
        status: ``active``, ``invalid`` or ``dead``.
        error: for the account's owner, without secrets.
        now: unix milliseconds.
        credentials: the number of those that it is about; when others are stored by now, nothing is done.
    """
    sql = (
        "UPDATE account SET token_status = ?, token_error = ?, updated_at = ? "
        "WHERE id = ? AND deleted_at IS NULL AND token_status <> ?"
    )
    params: list[object] = [status, error, now, account, DEAD]
    if credentials is not None:
        sql += " AND credentials = ?"
        params.append(credentials)
    return tx.run(sql, *params) > 0


def revive(tx: Tx, account: AccountId, now: int) -> None:
    """A dead account lives again: what has died were tokens of before."""
    tx.run(
        "UPDATE account SET token_status = ?, token_error = NULL, updated_at = ? "
        "WHERE id = ? AND token_status = ? AND secret IS NOT NULL AND deleted_at IS NULL",
        ACTIVE,
        now,
        account,
        DEAD,
    )


def lock(tx: Tx, account: AccountId) -> None:
    """Let nobody change the account's row before the end of the transaction; what is read of it then is the newest."""
    tx.run("UPDATE account SET refresh_until = refresh_until WHERE id = ?", account)


def take_refresh(tx: Tx, account: AccountId, owner: str, now: int, until: int) -> bool:
    """Take the right to refresh the account's tokens until ``until`` (unix milliseconds), unless somebody has it.

    One that goes on for more than twice as long was taken by a clock that was wrong, and holds nobody up.
    """
    return (
        tx.run(
            "UPDATE account SET refresh_owner = ?, refresh_until = ? "
            "WHERE id = ? AND (refresh_until <= ? OR refresh_until > ?)",
            owner,
            until,
            account,
            now,
            until + (until - now),
        )
        == 1
    )


def leave_refresh(tx: Tx, account: AccountId, owner: str, until: int) -> None:
    """Give that right back, unless it ran out and somebody has it by now."""
    tx.run(
        "UPDATE account SET refresh_owner = NULL, refresh_until = 0 "
        "WHERE id = ? AND refresh_owner = ? AND refresh_until = ?",
        account,
        owner,
        until,
    )


def refreshed(tx: Tx, account: AccountId, secret: bytes) -> None:
    """Store the same credentials with other tokens. That is no change of the account that anybody sees."""
    tx.run("UPDATE account SET secret = ? WHERE id = ?", secret, account)


def others(tx: Tx, account: Account) -> int:
    """How many other accounts with credentials that are of use there are of the same user, in all applications."""
    row = tx.all(
        "SELECT count(*) FROM account WHERE provider = ? AND subject = ? AND id <> ? AND secret IS NOT NULL "
        "AND token_status <> ?",
        account.provider,
        account.subject,
        account.id,
        DEAD,
    )
    return int(row[0][0])


def delete(tx: Tx, account: AccountId, now: int) -> bool:
    """Delete an account, as far as anyone can see: its secrets, tokens, intents and personal data are gone at once.

    Its number stays as a tombstone. ``erase`` removes the mirror, in steps. Whether there was such an account.
    """
    gone = tx.run(
        "UPDATE account SET generation = generation + 1, deleted_at = ?, updated_at = ?, secret = NULL, subject = '', "
        "login = NULL, email = NULL, name = NULL, server_url = NULL, client_org_id = NULL, auth_org_id = NULL, "
        "timezone = NULL, region = NULL, mailbox = '', auth_method = '', token_error = NULL, refresh_owner = NULL, refresh_until = 0 "
        "WHERE id = ? AND deleted_at IS NULL",
        now,
        now,
        account,
    )
    if not gone:
        return False
    tx.run("DELETE FROM token WHERE account_id = ?", account)
    tx.run("DELETE FROM intent WHERE account_id = ?", account)
    tx.run("DELETE FROM write_lease WHERE account_id = ?", account)
    tx.run("DELETE FROM watch WHERE source_id IN (SELECT id FROM source WHERE account_id = ?)", account)
    # A pull in progress loses its fence, besides the generation.
    tx.run(
        "UPDATE source SET due_at = NULL, lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE account_id = ?",
        account,
    )
    return True


LookUps = Callable[[bytes], tuple[Sequence[str], frozenset[tuple[str, str]]]]


def to_erase(tx: Tx) -> list[AccountId]:
    """Deleted accounts whose mirror is still there."""
    rows = tx.all(
        "SELECT id FROM account WHERE deleted_at IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM source WHERE source.account_id = account.id) ORDER BY id"
    )
    return [AccountId(row[0]) for row in rows]


def erase(tx: Tx, account: AccountId, look_ups: LookUps, limit: int = ERASE_STEP) -> bool:
    """One step of removing the mirror of a deleted account; to be called until it is True: nothing is left.

    Args:
        tx: the transaction.
        account: a deleted one; for another nothing is done and the answer is True.
        look_ups: the words and (kind, value) pairs of a stored body, exactly those that it was indexed under.
        limit: contacts removed in this step.
    """
    sources = tx.all(
        "SELECT s.id FROM source s JOIN account a ON a.id = s.account_id "
        "WHERE a.id = ? AND a.deleted_at IS NOT NULL ORDER BY s.id",
        account,
    )
    for (source,) in sources:
        rows = tx.all(
            "SELECT c.row_id, CASE WHEN c.seq IS NOT NULL THEN d.body END FROM contact c "
            "LEFT JOIN document d ON d.row_id = c.row_id WHERE c.source_id = ? LIMIT ?",
            source,
            limit,
        )
        if rows:
            indexed = [(row, *look_ups(body)) for row, body in rows if body is not None]
            tx.dialect.index_many(tx, [(row, source, words, ()) for row, words, _ in indexed])
            keys = [(source, kind, value, row) for row, _, pairs in indexed for kind, value in pairs]
            tx.many(f"DELETE FROM contact_key WHERE {ONE_KEY}", keys)
            ids = [(row,) for row, _ in rows]
            tx.many("DELETE FROM document WHERE row_id = ?", ids)
            tx.many("DELETE FROM contact WHERE row_id = ?", ids)
            return False
        # Also those that no body was good for: nothing of a person stays.
        tx.run("DELETE FROM contact_key WHERE source_id = ?", source)
        tx.run("DELETE FROM source WHERE id = ?", source)
    tx.run(
        "DELETE FROM epoch_limit WHERE account_id = ? "
        "AND account_id IN (SELECT id FROM account WHERE deleted_at IS NOT NULL)",
        account,
    )
    return True
