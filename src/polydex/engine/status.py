"""How the synchronisation of an account fares, as its owner sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polydex.core.ids import AccountId
from polydex.engine import push
from polydex.engine.push import Push
from polydex.store import accounts, rows, sources, watches
from polydex.store.accounts import DEAD
from polydex.store.db import Tx
from polydex.store.sources import Source


@dataclass(frozen=True, slots=True)
class SourceState:
    """One address book. Times are unix milliseconds.

    Attributes:
        contacts: that clients can see.
        walking: a pull is in progress; ``done`` and ``total`` tell how far it is.
        deferred: contacts that could not be read, or that await a second look.
        halted: deletions that await approval.
        push: whether the provider tells of changes by itself; None where it does not offer that.
    """

    name: str | None
    default: bool
    read_only: bool
    ready: bool
    contacts: int
    pulled_at: int | None
    walking: bool
    done: int
    total: int | None
    deferred: int
    halted: int
    error_code: str | None
    error_message: str | None
    push: Push | None = None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How the synchronisation of an account fares; the default address book comes first."""

    ready: bool
    sources: Sequence[SourceState]


def read(tx: Tx, account: AccountId, now: int) -> AccountStatus:
    """The state of every address book of an account. ``now``: unix milliseconds."""
    found = sources.of_account(tx, account)
    ready = any(source.is_default and source.ready_at is not None for source in found)
    known = accounts.get(tx, account)
    dead = known is None or known.token_status == DEAD
    return AccountStatus(ready, tuple(_state(tx, source, now, dead=dead) for source in found))


def _state(tx: Tx, source: Source, now: int, *, dead: bool) -> SourceState:
    return SourceState(
        name=source.name,
        default=source.is_default,
        read_only=source.read_only,
        ready=source.ready_at is not None,
        contacts=rows.count_shown(tx, source.id),
        pulled_at=source.pulled_at,
        walking=source.walk_mode is not None,
        done=source.walk_done,
        total=source.walk_total,
        deferred=rows.count_doubtful(tx, source.id),
        halted=source.halted_count,
        error_code=source.error_code,
        error_message=source.error_message,
        push=push.state(watches.get(tx, source.id), now, ended=dead or source.due_at is None),
    )
