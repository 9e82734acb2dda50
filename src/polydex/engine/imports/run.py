"""Planning an import against the mirror, and carrying it out through the same writes that clients use (J10).

Every create goes out under a mark that follows from the address book and the entry, so that the same entry, asked for
again after Ctrl-C, a crash or a lost answer, finds what it has made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import msgspec

from polydex.connectors.base import Batching, Connector
from polydex.core import vcard
from polydex.core.contact import EMPTY, Contact
from polydex.core.entry import Entry, Fault
from polydex.core.errors import (
    GenerationChanged,
    PolydexError,
    PreconditionFailed,
    ProviderForbidden,
    ProviderMalformed,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    Retry,
    StoreFailed,
    TokenDead,
    Unauthorized,
)
from polydex.core.fields import Loss
from polydex.core.ids import RowId
from polydex.core.patch import diff
from polydex.engine import content
from polydex.engine.attempt import draft_of
from polydex.engine.context import Context
from polydex.engine.errand import Written
from polydex.engine.imports.plan import Known, Outcome, Plan, Planner, Step, merged
from polydex.engine.imports.source import Source
from polydex.engine.read import Reader
from polydex.engine.write import Writer
from polydex.store import rows
from polydex.store.accounts import Account
from polydex.store.rows import Stored
from polydex.store.sources import Source as Book

PATIENCE = 90.0
"""Seconds that one entry is waited for: the outcome of a lost answer may be known after 30 only."""
_LATE_IN_A_ROW = 2
"""After so many entries one after the other that the provider does not take in time, it is asked whether it is there at
all: it may be their fault, and the others must not wait for them at every import."""
_PAUSE = 5.0
_PAGE = 200
_FATAL = (ProviderUnauthorized, TokenDead, Unauthorized, GenerationChanged, StoreFailed)
_WRITES = (Outcome.CREATED, Outcome.UPDATED)
_AMBIGUOUS = (ProviderTimeout, ProviderMalformed)


class Result(msgspec.Struct, frozen=True):
    """What became of an entry.

    Attributes:
        contact_id: of its contact, where there is one.
        same_as: the number of the entry that it repeats.
        reasons: why it is not in the address book.
        losses: what of it was not kept.
        similar: ids of contacts that share an e-mail address, a number or the name.
    """

    entry: Entry
    outcome: Outcome
    contact_id: str | None = None
    same_as: int | None = None
    reasons: tuple[Fault, ...] = ()
    losses: tuple[Loss, ...] = ()
    similar: tuple[str, ...] = ()


class Stopped(msgspec.Struct, frozen=True):
    """Why an import ended early: ``error`` is None when it was asked to end."""

    error: PolydexError | None


class Importer:
    """Imports of one installation.

    Args:
        ctx, reader, writer: of the installation.
        patience: seconds that one entry is waited for.
    """

    def __init__(self, ctx: Context, reader: Reader, writer: Writer, patience: float = PATIENCE) -> None:
        self._ctx, self._reader, self._writer, self._patience = ctx, reader, writer, patience

    # What would be done

    async def plan(self, account: Account, source: Source, *, update: bool, losses: bool = False) -> Plan:
        """What is to become of every entry. Nothing is written.

        Args:
            account: whose default address book the entries go to.
            source: the file.
            update: contacts that differ from their entries are to be changed.
            losses: work out what each new contact will lose, too; takes longer.

        Raises:
            NotReady: the first pull is not complete.
            ProviderForbidden: the address book is read-only.
        """
        book = await self._reader.source(account)
        if book.read_only:
            raise ProviderForbidden("The address book is read-only")
        planner = await asyncio.to_thread(Planner, source.entries, f"{account.subject}\0{book.key}")
        async for stored in self._contacts(book):
            planner.show(_known(stored))
        plan = planner.plan(update=update)
        if losses:
            connector = self._ctx.connector(account, book)
            plan = await asyncio.to_thread(lambda: [_with_losses(connector, source, step) for step in plan])
        return plan

    async def _contacts(self, book: Book) -> AsyncIterator[Stored]:
        after = RowId(0)
        while page := await self._ctx.db.read(rows.live, book.id, after, _PAGE):
            for stored in page:
                yield stored
            after = page[-1].row

    # Doing it

    async def carry_out(
        self, account: Account, source: Source, plan: Plan, stop: asyncio.Event, done: Callable[[Result], None]
    ) -> Stopped | None:
        """Carry out a plan, in the order of its entries.

        Args:
            account: that the plan was made for.
            source: the file that the plan was made of.
            plan: the steps.
            stop: when it is set, the entries in flight are finished, and the others are not tried.
            done: is told the result of every entry, in their order.

        Returns:
            Why it ended early, or None.
        """
        connector = self._ctx.connector(account, await self._reader.source(account))
        run = _Run(connector, source, done)
        # Where writes travel together, as many as fill one call while another one is under way.
        room = 2 * connector.caps.batch if isinstance(connector, Batching) and connector.caps.batch > 1 else 1
        flights: deque[_Flight] = deque()
        try:
            for step in plan:
                if run.stopped is None and stop.is_set():
                    run.stopped = Stopped(None)
                task = None
                if step.outcome in _WRITES and run.stopped is None:
                    task = asyncio.create_task(self._patiently(account, source, step, stop))
                flights.append(_Flight(step, task))
                while len(flights) >= room:
                    await run.land(flights.popleft())
            while flights:
                await run.land(flights.popleft())
        finally:
            left = [flight.task for flight in flights if flight.task is not None]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        return run.stopped

    async def _patiently(self, account: Account, source: Source, step: Step, stop: asyncio.Event) -> Written:
        """Write one entry; as long as the provider asks to come later, and that is soon, do."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        # Once only: when it is tried again, the mirror may have what a lost answer had been about, and another
        # difference would be another request.
        body = await self._body(account, source, step)
        while True:
            try:
                written = await self._write(account, step, body)
            except PolydexError as error:
                pause = _PAUSE if error.retry_after is None else error.retry_after
                late = error.retry is Retry.LATER and not isinstance(error, _FATAL)
                if not late or stop.is_set() or loop.time() + pause > until:
                    raise
                try:
                    await asyncio.wait_for(stop.wait(), pause)
                except TimeoutError:
                    continue
                raise
            else:
                await self._writer.delivered(written.intent)
                return written

    async def _body(self, account: Account, source: Source, step: Step) -> bytes:
        """What is to be written for an entry: itself, or what is to be changed."""
        body = source.body(step.entry)
        if step.outcome is Outcome.CREATED:
            return body
        stored = await self._ctx.db.read(rows.find, account.id, step.contact_id or "")
        before = EMPTY if stored is None or not stored.live else content.contact_of(stored)
        return msgspec.json.encode(diff(before, merged(before, draft_of(body).contact)))

    async def _write(self, account: Account, step: Step, body: bytes) -> Written:
        if step.outcome is Outcome.CREATED:
            return await self._writer.create_once(account, body, step.mark)
        return await self._writer.update(account, step.contact_id or "", body, f'"{step.etag}"')


@dataclass(frozen=True, slots=True)
class _Flight:
    """An entry on its way; without a task nothing is written for it."""

    step: Step
    task: asyncio.Task[Written] | None


@dataclass
class _Run:
    """The results of an import, in the order of the entries. ``late``: entries in a row that were not taken in time."""

    connector: Connector
    source: Source
    done: Callable[[Result], None]
    stopped: Stopped | None = None
    late: int = 0

    async def land(self, flight: _Flight) -> None:
        """Wait for an entry, and tell its result."""
        step, done = flight.step, self.done
        if flight.task is None:
            if step.outcome in _WRITES:
                done(Result(step.entry, Outcome.NOT_TRIED, step.contact_id))
            else:
                done(Result(step.entry, step.outcome, step.contact_id, step.same_as, step.faults, step.losses))
            return
        try:
            written = await flight.task
        except PolydexError as error:
            done(_failed(step, error))
            self.late = self.late + 1 if error.retry is Retry.LATER else 0
            gone = self.late >= _LATE_IN_A_ROW and not await _answers(self.connector)
            if self.stopped is None and (isinstance(error, _FATAL) or gone):
                self.stopped = Stopped(error)
        else:
            self.late = 0
            lost = _document_losses(self.source, step, vcards=self.connector.caps.vcards)
            losses = (*step.entry.losses, *written.losses, *lost)
            done(Result(step.entry, step.outcome, written.id, losses=losses, similar=step.similar))


async def _answers(connector: Connector) -> bool:
    """Whether the provider answers anything."""
    try:
        await connector.identify()
    except PolydexError:
        return False
    return True


def _known(stored: Stored) -> Known:
    contact: Contact | None = content.contact_of(stored) if stored.etag is not None else None
    return Known(stored.public_id, stored.etag, stored.uid, stored.mark, contact)


def _failed(step: Step, error: PolydexError) -> Result:
    """The result of an entry that was not written."""
    if isinstance(error, _AMBIGUOUS) or (isinstance(error, ProviderUnavailable) and error.sent):
        outcome = Outcome.UNKNOWN
    elif error.retry is Retry.LATER or isinstance(error, (PreconditionFailed, *_FATAL)):
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.REJECTED
    return Result(step.entry, outcome, step.contact_id, reasons=(Fault(None, error.message),))


def _with_losses(connector: Connector, source: Source, step: Step) -> Step:
    """The step with what the provider will not keep; rejected where that shows that it will not take the contact."""
    if step.outcome is not Outcome.CREATED:
        return step
    try:
        draft = draft_of(source.body(step.entry))
        document = draft.document if connector.caps.vcards else None
        losses = connector.losses(draft.contact, None, document)
    except PolydexError as error:
        return Step(step.entry, Outcome.REJECTED, faults=(Fault(None, error.message),))
    lost = _document_losses(source, step, vcards=connector.caps.vcards)
    return msgspec.structs.replace(step, losses=(*step.losses, *losses, *lost))


def _document_losses(source: Source, step: Step, *, vcards: bool) -> tuple[Loss, ...]:
    """What of a card is not carried over where no cards are kept; an update carries over the contact alone."""
    if source.kind != "card" or (vcards and step.outcome is Outcome.CREATED):
        return ()
    reason = (
        "the account has no place for this property" if not vcards else "an update brings the contact's members alone"
    )
    return vcard.without_document(source.cut(step.entry), reason)
