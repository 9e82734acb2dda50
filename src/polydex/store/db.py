"""The Database: a transaction is a plain function run in a thread, so that no await, and no provider call, fits in it.

SQL is written once, with ``?`` for parameters, in the part of SQL that SQLite (3.35 or newer) and PostgreSQL share;
what differs is asked of ``tx.dialect``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from polydex.store.dialect import Dialect

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A", bound=Hashable)
Row = tuple[Any, ...]


class Tx(Protocol):
    """One transaction. Leaving the function commits; an exception rolls back."""

    @property
    def dialect(self) -> Dialect:
        """What differs between the engines."""
        ...

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        """``fn(tx, arg)``, a value that nobody changes. A look may have it from memory, for as long as nothing at all
        has been committed since it was read.
        """
        ...

    def all(self, sql: str, *params: object) -> list[Row]:
        """Every row of the answer."""
        ...

    def one(self, sql: str, *params: object) -> Row | None:
        """The first row, or None."""
        ...

    def run(self, sql: str, *params: object) -> int:
        """Execute; the number of rows changed."""
        ...

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute once for each row of parameters."""
        ...

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        """Insert rows, as fast as the engine can. ``into``: a table with its columns in parentheses, one for each value."""
        ...


class Database(Protocol):
    """A store. ``write`` runs in the order of the calls on SQLite (one writer) and survives cancellation of the caller:
    the transaction is then finished, never cut in half.
    """

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``fn(tx, ...)`` in a transaction that may write."""
        ...

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``fn(tx, ...)`` on one consistent snapshot, without writing."""
        ...

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``, for a few rows that an index finds.

        SQLite answers at once, on the event loop: handing it to a thread and back costs several times as much as the
        look itself. What scans, sorts or searches belongs into ``read``.
        """
        ...

    async def close(self) -> None:
        """Finish what runs, then close."""
        ...
