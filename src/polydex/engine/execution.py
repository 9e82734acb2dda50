"""The steps of a plan, carried out on the rows of contacts: batched by what they do, keys freed before they are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from polydex.connectors.base import Record
from polydex.core.ids import ContactId, RowId, StableKey, contact_id
from polydex.core.plan import Action, Known, Step
from polydex.engine import content
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import contacts, rows
from polydex.store.contacts import Arrival, Change, Content, Stamp
from polydex.store.db import Tx


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


class Execution:
    """Carries out the steps of one plan, batched by what they do."""

    def __init__(
        self, tx: Tx, target: Target, news: News, ready: Sequence[content.Ready], marks: Stamp, seq: int, now: int
    ) -> None:
        self._tx, self._target, self._news, self._marks, self._now = tx, target, news, marks, now
        self._ready = ready
        self.first_seq = self.seq = seq
        self.applied = Applied()

    def run(self, steps: Sequence[Step]) -> None:
        """Write what the steps say; call this once."""
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
