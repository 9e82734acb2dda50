"""The one function that writes contacts: plan, fence check, upserts, sequence, journal, cursor, in ONE transaction.

Everything that the provider told us comes through here, under the rules J1 to J7 of docs/explanation/journal.md.
All functions are plain SQL on a transaction; none awaits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from polydex.connectors.base import Record
from polydex.core.errors import GenerationChanged
from polydex.core.ids import AccountId, RemoteKey, RowId
from polydex.core.plan import Action, Known, Observation, Seen, Step, plan
from polydex.engine import content
from polydex.engine.execution import Applied, Execution
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import contacts, rows, sources
from polydex.store.contacts import UNMAPPED, Stamp
from polydex.store.db import Tx
from polydex.store.rows import Stored


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
    execution = Execution(tx, target, news, ready, marks, seq, now)
    execution.run(steps)
    _finish(tx, target, execution)
    if execution.applied.doubts and news.walk is None:  # a pull fetches its own doubts before it lets go of the source
        sources.make_due(tx, target.source, now)
    return execution.applied


def bury(tx: Tx, target: Target, gone: Sequence[Known], now: int) -> Applied:
    """Turn the rows that a complete walk did not find into tombstones. The caller has decided (J13)."""
    touch, seq = _lock(tx, target)
    marks = Stamp(touch=touch, walk=None, wrote_at=None, checked_at=None, now=now)
    execution = Execution(tx, target, News(asked=touch, asked_ms=now), (), marks, seq, now)
    execution.run([Step(Action.REMOVE, row.key, row) for row in gone])
    _finish(tx, target, execution)
    return execution.applied


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
    execution = Execution(tx, target, News(asked=touch, asked_ms=now, changed=records), ready, marks, seq, now)
    execution.run(steps)
    # A hidden row takes the key anew: what was open about the old one is asked about again.
    open_questions = [step.row for step in steps if step.action is Action.HIDE and step.row is not None]
    contacts.verify_keys(tx, target.source, now, [row.key for row in open_questions if row.verify or row.pending])
    _finish(tx, target, execution)
    return execution.applied


def _lock(tx: Tx, target: Target) -> tuple[int, int]:
    """Take the account's row lock and the next counter (J6): commit order is then the order of the journal."""
    row = tx.one("UPDATE account SET touch = touch + 1 WHERE id = ? RETURNING touch, seq, generation", target.account)
    if row is None or row[2] != target.generation:
        raise GenerationChanged
    return int(row[0]), int(row[1])


def _finish(tx: Tx, target: Target, execution: Execution) -> None:
    if execution.seq != execution.first_seq:
        tx.run("UPDATE account SET seq = ? WHERE id = ?", execution.seq, target.account)
    execution.applied.seq = execution.seq


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
