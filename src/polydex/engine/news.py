"""What a provider told us: what ``apply`` is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polydex.connectors.base import Deferred, Record
from polydex.core.ids import RemoteKey, Rev
from polydex.engine import content


@dataclass(frozen=True, slots=True)
class News:
    """One observation with its documents.

    Attributes:
        asked, asked_ms: the account's counter, and unix milliseconds, from before the request left.
        walk: the walk's id for a page of a pull.
        create_lag_ms: what is listed but not known yet is asked for only so much later (J12).
        wrote: this is the answer of our own write.
        fetched: the record was asked for by itself (so it is as fresh as ``asked_ms``).
        listing: as in ``connectors.base.Page``.
        ready: what was worked out of each of ``changed`` before the transaction; empty: nothing yet.
    """

    asked: int
    asked_ms: int
    walk: int | None = None
    read_lag_ms: int = 0
    create_lag_ms: int = 0
    renamed: Sequence[tuple[RemoteKey, RemoteKey]] = ()
    removed: Sequence[RemoteKey] = ()
    changed: Sequence[Record] = ()
    unchanged: Sequence[tuple[RemoteKey, Rev]] = ()
    deferred: Sequence[Deferred] = ()
    listing: frozenset[RemoteKey] | None = None
    ready: Sequence[content.Ready] = ()
    wrote: bool = False
    fetched: bool = False
