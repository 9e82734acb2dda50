"""The one function that writes contacts: plan, fence check, upserts, sequence, journal, cursor, in ONE transaction.

Everything that the provider told us comes through here, under the rules J1 to J7 of docs/explanation/journal.md.
All functions are plain SQL on a transaction; none awaits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from polydex.connectors.base import Deferred, Record
from polydex.core.errors import GenerationChanged
from polydex.core.ids import AccountId, ContactId, RemoteKey, Rev, RowId, SourceId, StableKey, contact_id
from polydex.core.plan import Action, Known, Observation, Seen, Step, plan
from polydex.engine import content
from polydex.store import contacts, rows, sources
from polydex.store.contacts import UNMAPPED, Arrival, Change, Content, Stamp
from polydex.store.db import Tx
from polydex.store.rows import Stored


@dataclass(frozen=True, slots=True)
class Target:
    """Where observations are applied.

    Attributes:
        generation: the account's, noted before the provider call; another one stops everything (J9).
        id_key: the installation's secret for public ids.
        context: what the documents were mapped with besides themselves; when the source has another one meanwhile, what
            is applied is to be mapped anew.
    """

    account: AccountId
    source: SourceId
    source_key: str
    generation: int
    mapping_version: int
    id_key: bytes
    context: bytes | None = None


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


@dataclass(slots=True)
class Applied:
    """What an observation did."""

    seq: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    doubts: int = 0

    def add(self, action: Action, count: int = 1) -> None:
        """Count an action."""
        self.counts[action.value] = self.counts.get(action.value, 0) + count

    def include(self, other: Applied) -> None:
        """Count what another observation did, too."""
        for action, count in other.counts.items():
            self.counts[action] = self.counts.get(action, 0) + count
        self.seq = max(self.seq, other.seq)

    @property
    def journaled(self) -> int:
        """Numbers taken in the journal."""
        return sum(self.counts.get(action.value, 0) for action in _JOURNALED)


_JOURNALED = (
    Action.CREATE, Action.REPLACE, Action.WAKE, Action.CHANGE, Action.SHOW, Action.HIDE, Action.SUPERSEDE, Action.REMOVE
)  # fmt: skip


def stamp(tx: Tx, account: AccountId, generation: int) -> int:
    """The account's counter now, to be noted before a request leaves. Raises GenerationChanged (J9)."""
    row = tx.one("SELECT touch, generation FROM account WHERE id = ?", account)
    if row is None or row[1] != generation:
        raise GenerationChanged
    return int(row[0])


def apply(tx: Tx, target: Target, news: News, now: int) -> Applied:
    """Apply one observation. Raises GenerationChanged. The caller has checked the fence of its lease, if it has one."""
    touch, seq = _lock(tx, target)
    source = sources.get(tx, target.source)
    if source is None:
        raise GenerationChanged
    foreign = source.context != target.context or any(record.ahead for record in news.changed)
    if news.changed and foreign:
        # Mapped with what is no longer so, as the labels of before: the next pull maps these documents once more.
        target = replace(target, mapping_version=UNMAPPED)
        sources.mapped(tx, target.source, UNMAPPED)
        sources.make_due(tx, target.source, now)
    marks = Stamp(
        touch=touch,
        walk=news.walk,
        wrote_at=now if news.wrote else None,
        checked_at=news.asked_ms if news.wrote or news.fetched else None,
        now=now,
    )
    if news.listing is not None and news.walk is not None:
        absent = [key for key in rows.live_keys(tx, target.source) if key not in news.listing]
        contacts.mark_absent(tx, target.source, news.walk, news.asked, absent)
    ready = news.ready or [content.ready(record) for record in news.changed]
    seen = _seen(news, ready)
    known = rows.by_keys(tx, target.source, _keys(news))
    new = [s for s in seen if s.item >= 0 and not _is_live(known, s)]
    moved = rows.same_stable(tx, target.source, (s.stable for s in new if s.stable))
    if news.walk is not None:
        moved |= rows.same_uid(tx, target.source, news.walk, (s.uid for s in new if s.uid))
    steps = plan(
        known,
        moved,
        Observation(
            asked=news.asked,
            asked_ms=news.asked_ms,
            last_sweep=source.last_sweep,
            walk=news.walk,
            read_lag_ms=news.read_lag_ms,
            renamed=news.renamed,
            removed=news.removed,
            seen=seen,
            deferred=[deferred.key for deferred in news.deferred],
        ),
    )
    if news.walk is not None:  # brought by the walk although not believed: the sweep leaves these rows
        settled = {step.row.row for step in steps if step.row is not None and step.action is not Action.VERIFY}
        brought = (known[s.key].row for s in seen if s.key in known)
        contacts.seen_in_walk(tx, news.walk, (row for row in brought if row not in settled))
    writer = _Writer(tx, target, news, ready, marks, seq, now)
    writer.write(steps)
    _finish(tx, target, writer)
    if writer.applied.doubts and news.walk is None:  # a pull fetches its own doubts before it lets go of the source
        sources.make_due(tx, target.source, now)
    return writer.applied


def bury(tx: Tx, target: Target, gone: Sequence[Known], now: int) -> Applied:
    """Turn the rows that a complete walk did not find into tombstones. The caller has decided (J13)."""
    touch, seq = _lock(tx, target)
    marks = Stamp(touch=touch, walk=None, wrote_at=None, checked_at=None, now=now)
    writer = _Writer(tx, target, News(asked=touch, asked_ms=now), (), marks, seq, now)
    writer.write([Step(Action.REMOVE, row.key, row) for row in gone])
    _finish(tx, target, writer)
    return writer.applied


def remap(tx: Tx, target: Target, mapped: Sequence[tuple[Stored, Record]], now: int) -> Applied:
    """Put contacts that a new mapping sees in the same documents; only real differences reach the journal (J16).

    A row that was written since it was read is left alone: its document was mapped by the new version already.
    """
    touch, seq = _lock(tx, target)
    marks = Stamp(touch=touch, walk=None, wrote_at=None, checked_at=None, now=now, observed=False)
    known = rows.by_keys(tx, target.source, [record.key for _, record in mapped])
    steps: list[Step] = []
    records: list[Record] = []
    ready: list[content.Ready] = []
    same: list[RowId] = []
    for stored, record in mapped:
        row = known.get(record.key)
        if row is None or row.row != stored.row or not row.live or row.touch != stored.touch:
            continue
        made = content.ready(record)
        tag = made.etag
        if tag == row.etag:
            same.append(row.row)
            continue
        action = Action.CHANGE if tag and row.etag else Action.SHOW if tag else Action.HIDE
        steps.append(Step(action, row.key, row, Seen(row.key, record.rev, len(records), tag, record.uid)))
        records.append(record)
        ready.append(made)
    contacts.mapped(tx, target.mapping_version, same)
    writer = _Writer(tx, target, News(asked=touch, asked_ms=now, changed=records), ready, marks, seq, now)
    writer.write(steps)
    # A hidden row takes the key anew: what was open about the old one is asked about again.
    open_questions = [step.row for step in steps if step.action is Action.HIDE and step.row is not None]
    contacts.verify_keys(tx, target.source, now, [row.key for row in open_questions if row.verify or row.pending])
    _finish(tx, target, writer)
    return writer.applied


def _lock(tx: Tx, target: Target) -> tuple[int, int]:
    """Take the account's row lock and the next counter (J6): commit order is then the order of the journal."""
    row = tx.one("UPDATE account SET touch = touch + 1 WHERE id = ? RETURNING touch, seq, generation", target.account)
    if row is None or row[2] != target.generation:
        raise GenerationChanged
    return int(row[0]), int(row[1])


def _finish(tx: Tx, target: Target, writer: _Writer) -> None:
    if writer.seq != writer.first_seq:
        tx.run("UPDATE account SET seq = ? WHERE id = ?", writer.seq, target.account)
    writer.applied.seq = writer.seq


def _keys(news: News) -> Iterable[RemoteKey]:
    for old, new in news.renamed:
        yield old
        yield new
    yield from news.removed
    yield from (record.key for record in news.changed)
    yield from (key for key, _ in news.unchanged)
    yield from (deferred.key for deferred in news.deferred)


def _seen(news: News, ready: Sequence[content.Ready]) -> list[Seen]:
    seen = [
        Seen(record.key, record.rev, item, made.etag, record.uid, _immutable(record))
        for item, (record, made) in enumerate(zip(news.changed, ready, strict=True))
    ]
    seen.extend(Seen(key, rev) for key, rev in news.unchanged)
    return seen


def _immutable(record: Record) -> str | None:
    return None if record.stable_key is None or str(record.stable_key) == record.key else str(record.stable_key)


def _is_live(known: Mapping[RemoteKey, Known], seen: Seen) -> bool:
    """Whether the record has a live row under its key."""
    row = known.get(seen.key)
    return row is not None and row.live and not (seen.stable and row.stable and seen.stable != row.stable)


class _Writer:
    """Carries out the steps of one plan, batched by what they do."""

    def __init__(
        self, tx: Tx, target: Target, news: News, ready: Sequence[content.Ready], marks: Stamp, seq: int, now: int
    ) -> None:
        self._tx, self._target, self._news, self._marks, self._now = tx, target, news, marks, now
        self._ready = ready
        self.first_seq = self.seq = seq
        self.applied = Applied()

    def write(self, steps: Sequence[Step]) -> None:
        by: dict[Action, list[Step]] = {}
        for step in steps:
            by.setdefault(step.action, []).append(step)
        for action, group in by.items():
            self.applied.add(action, len(group))
        tx, source, marks = self._tx, self._target.source, self._marks

        def of(*actions: Action) -> list[Step]:
            return [step for action in actions for step in by.get(action, ())]

        # Keys are freed before they are taken: moves, removals, detached tombstones, then the new rows.
        # A merge frees a key that a later rename of the same page takes: the two in their order.
        for action, run in groupby((s for s in steps if s.action in (Action.MOVE, Action.REMOVE)), lambda s: s.action):
            if action is Action.REMOVE:
                self._remove(list(run))
                continue
            for step in run:
                contacts.move(tx, source, marks, _row(step).row, step.key)
        if self._news.walk is not None:
            contacts.mark_gone(tx, self._news.walk, marks.touch, _left_gone(steps))
        self._remove(of(Action.HIDE, Action.SUPERSEDE))
        contacts.detach(tx, [_row(step).row for step in of(Action.REPLACE, Action.HIDE, Action.SUPERSEDE)])
        self._arrive(
            of(Action.CREATE, Action.REPLACE, Action.HIDE, Action.SUPERSEDE), of(Action.BURY), of(Action.DOUBT), by
        )
        self._change(of(Action.WAKE, Action.SHOW, Action.CHANGE), of(Action.REFRESH))
        contacts.touch(tx, marks, [_row(step).row for step in of(Action.TOUCH)])
        self._doubt(of(Action.VERIFY))

    def _next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def _remove(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        heads = rows.heads(self._tx, [_row(step).row for step in steps])
        buried = []
        for step in steps:
            row = _row(step)
            words, keys = content.old_look_ups(heads[row.row].body)
            buried.append((row.row, self._next_seq() if row.shown else None, words, keys))
        contacts.bury(self._tx, self._target.source, self._marks, buried)

    def _arrive(
        self,
        new: Sequence[Step],
        buried: Sequence[Step],
        doubts: Sequence[Step],
        by: Mapping[Action, Sequence[Step]],
    ) -> None:
        arrivals: list[Arrival] = []
        seen = [self._seen(step) for step in new]
        highest = contacts.highest_n(
            self._tx, self._target.source, [_stable(record) for record, made in seen if made.etag is not None]
        )
        for record, made in seen:
            stable = _stable(record)
            if made.etag is None:
                hidden = content.hidden(record, self._target.mapping_version)
                arrivals.append(Arrival(record.key, stable, hidden))
                continue
            n = highest[stable] = highest.get(stable, -1) + 1
            public_id = self._public_id(stable, n)
            arrivals.append(
                Arrival(
                    record.key,
                    stable,
                    self._visible(record, made, public_id, self._now),
                    seq=self._next_seq(),
                    n=n,
                    public_id=public_id,
                )
            )
        arrivals.extend(Arrival(step.key, step.key) for step in buried)
        due = self._now + self._news.create_lag_ms
        arrivals.extend(Arrival(step.key, step.key, verify_due=due) for step in doubts)
        self.applied.doubts += len(doubts)
        errors = {deferred.key: deferred.error.code for deferred in self._news.deferred}
        present = []
        for step in by.get(Action.DEFER, ()):
            self.applied.doubts += 1
            if step.row is None:
                error = errors.get(step.key, "")
                arrivals.append(Arrival(step.key, step.key, verify_due=due, verify_error=error))
            else:
                present.append((step.row.row, errors.get(step.key, "")))
        contacts.insert(self._tx, self._target.account, self._target.source, self._marks, arrivals)
        contacts.defer(self._tx, self._marks, due, present)

    def _change(self, shown: Sequence[Step], refreshed: Sequence[Step]) -> None:
        if not shown and not refreshed:
            return
        heads = rows.heads(self._tx, [_row(step).row for step in shown])
        changes: list[Change] = []
        for step in shown:
            row, (record, made) = _row(step), self._seen(step)
            if made.etag is None:  # a row that was never in the journal holds a record that is not a contact
                changes.append(Change(row.row, content.hidden(record, self._target.mapping_version)))
                continue
            changes.append(self._shown(row, record, made, heads[row.row]))
        for step in refreshed:
            record, made = self._seen(step)
            columns = (
                content.hidden(record, self._target.mapping_version)
                if made.etag is None
                else content.refreshed(record, self._target.mapping_version, made.etag)
            )
            changes.append(Change(_row(step).row, columns))
        contacts.change(self._tx, self._target.source, self._marks, changes)

    def _shown(self, row: Known, record: Record, made: content.Ready, head: rows.Head) -> Change:
        n, public_id = None, head.public_id
        stable = head.stable_key if row.live else _stable(record)
        if public_id is None:
            n = contacts.highest_n(self._tx, self._target.source, [stable]).get(stable, -1) + 1
            public_id = self._public_id(stable, n)
        words, keys = content.old_look_ups(head.body)
        return Change(
            row.row,
            self._visible(record, made, public_id, head.created_ms),
            seq=self._next_seq(),
            n=n,
            public_id=public_id,
            stable_key=stable,
            old_words=words,
            old_keys=keys,
        )

    def _visible(self, record: Record, made: content.Ready, public_id: ContactId, created_ms: int | None) -> Content:
        return content.visible(
            record,
            made,
            self._target.mapping_version,
            public_id=public_id,
            created_ms=record.created_ms or created_ms or self._now,
            modified_ms=record.modified_ms or self._now,
        )

    def _doubt(self, steps: Sequence[Step]) -> None:
        self.applied.doubts += len(steps)
        contacts.verify(self._tx, self._now, [step.row.row for step in steps if step.row is not None])
        contacts.verify_keys(self._tx, self._target.source, self._now, [step.key for step in steps if step.row is None])

    def _seen(self, step: Step) -> tuple[Record, content.Ready]:
        """The record of a step and what was worked out of it."""
        if step.seen is None:
            msg = "a step that needs a document has seen one"
            raise ValueError(msg)
        return self._news.changed[step.seen.item], self._ready[step.seen.item]

    def _public_id(self, stable: str, n: int) -> ContactId:
        target = self._target
        return contact_id(target.id_key, target.account, target.source_key, StableKey(stable), n)


def _left_gone(steps: Sequence[Step]) -> list[RowId]:
    """The rows that were reported as removed, and not found under another key after that."""
    gone: dict[RowId, None] = {}
    for step in steps:
        if step.action is Action.GONE:
            gone[_row(step).row] = None
        elif step.action is Action.MOVE:
            gone.pop(_row(step).row, None)
    return list(gone)


def _row(step: Step) -> Known:
    if step.row is None:
        msg = f"{step.action.value} needs a row"
        raise ValueError(msg)
    return step.row


def _stable(record: Record) -> str:
    return record.stable_key or record.key
