"""What an observation of the provider means for the mirror (JOURNAL.md, J1, J4, J7, J13). Pure.

An observation is anything the provider told us: the page of a pull, the answer of a write, a fetch. Each carries
``asked``, the account's counter noted before its request left, and is believed about a row only when nothing has
written that row since. What is not believed changes nothing but asks for a fetch (VERIFY), which decides later under
the same rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import msgspec

from polydex.core.ids import RemoteKey, Rev, RowId

MASS_DELETE_COUNT = 20
MASS_DELETE_SHARE = 0.2


class Known(msgspec.Struct, frozen=True, gc=False):
    """The current row of a key.

    Attributes:
        live: the record exists, as far as we know.
        shown: it has been in the journal, so consumers know its id (a hidden record or an early tombstone never was).
        etag: ETag of the content; None for a record that is not a contact, and for a tombstone.
        touch: the counter when the row was last written.
        wrote_at: unix milliseconds of our own last write to the record at the provider, 0 for never.
        gone_walk: the walk that reported the key as removed and is not complete yet.
        pending: the walk whose mass deletion waits for approval.
        verify: a fetch is due.
        stable: the provider's immutable id of the record, or the key that it had first, where that is not ``key``.
    """

    row: RowId
    key: RemoteKey
    live: bool
    shown: bool
    rev: Rev | None = None
    etag: str | None = None
    uid: str | None = None
    touch: int = 0
    wrote_at: int = 0
    gone_walk: int | None = None
    pending: int | None = None
    verify: bool = False
    stable: str | None = None


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A record that the provider says exists.

    Attributes:
        item: where its document is in the page; -1 when only the revision was compared (``Page.unchanged``).
        etag: ETag of its content; None when it is not a contact.
        stable: the provider's immutable id of the record, when the key is only an address.
    """

    key: RemoteKey
    rev: Rev | None
    item: int = -1
    etag: str | None = None
    uid: str | None = None
    stable: str | None = None


class Observation(msgspec.Struct, frozen=True):
    """One thing the provider told us.

    Attributes:
        asked: the account's counter before the request left.
        asked_ms: unix milliseconds at that moment.
        last_sweep: the counter of the source's last sweep: what an unknown key is measured against.
        walk: the id of the walk for a page of a pull; None for the answer of a write or a fetch.
        read_lag_ms: how long the provider's lists may lag behind a write; 0 for anything but a page.
        renamed, removed, seen, deferred: as in ``connectors.base.Page``.
    """

    asked: int
    asked_ms: int
    last_sweep: int
    walk: int | None = None
    read_lag_ms: int = 0
    renamed: Sequence[tuple[RemoteKey, RemoteKey]] = ()
    removed: Sequence[RemoteKey] = ()
    seen: Sequence[Seen] = ()
    deferred: Sequence[RemoteKey] = ()


class Action(Enum):
    """What happens to a row. J: a new number in the journal, when the row is (or was) visible."""

    CREATE = "create"  # J  a new row
    REPLACE = "replace"  # J  a journaled tombstone is detached; a new row, under the next n, takes the key
    WAKE = "wake"  # J  a row that was never in the journal comes to life
    CHANGE = "change"  # J  the content differs
    SHOW = "show"  # J  a hidden record has become a contact
    HIDE = "hide"  # J  a contact has become something else: journaled as deleted, a hidden row takes the key
    SUPERSEDE = (
        "supersede"  # J  the key is another record's now: the old one is journaled as deleted, a new row takes it
    )
    REMOVE = "remove"  # J  a live row becomes a tombstone
    REFRESH = "refresh"  # a new document or revision, the same content
    TOUCH = "touch"  # seen, nothing new
    BURY = "bury"  # a tombstone for a key that was never known, so that an answer in flight cannot resurrect it
    MOVE = "move"  # the row gets another key; what the record now holds is a step of its own
    GONE = "gone"  # reported as removed by this walk; decided when the walk is complete
    DEFER = "defer"  # exists but could not be read; a fetch is due
    VERIFY = "verify"  # not believed: a fetch is due, nothing else changes
    DOUBT = "doubt"  # not believed, and there is no row: one that only asks for a fetch


class Step(msgspec.Struct, frozen=True, gc=False):
    """One action on one row (None: there is none yet). ``key`` is the key that the row has afterwards."""

    action: Action
    key: RemoteKey
    row: Known | None = None
    seen: Seen | None = None


def by_uid(uid: str) -> str:
    """The name under which ``moved`` holds a row of this uid."""
    return "uid:" + uid


def by_stable(stable: str) -> str:
    """The name under which ``moved`` holds the row of this stable key."""
    return "stable:" + stable


def plan(known: Mapping[RemoteKey, Known], moved: Mapping[str, Known], observation: Observation) -> list[Step]:
    """The steps that an observation means, in order.

    Args:
        known: the current rows of all keys that the observation names.
        moved: rows under whose other names a new key may be known: by ``by_uid`` those that this walk has reported as
            removed, by ``by_stable`` those of the same immutable id.
        observation: what the provider said.
    """
    return _Planner(known, moved, observation).steps()


def halts(candidates: int, mirror: int, *, empty_walk: bool) -> bool:
    """Whether a walk's deletions need approval: all of a non-empty mirror, or more than 20 % and more than 20 (J13).

    Args:
        candidates: rows that the walk would delete, those already waiting included.
        mirror: live rows before the first deletion.
        empty_walk: a snapshot that brought nothing at all.
    """
    if candidates == 0:
        return False
    return empty_walk or (candidates > MASS_DELETE_COUNT and candidates > mirror * MASS_DELETE_SHARE)


def believes(row: Known | None, observation: Observation) -> bool:
    """J1: nothing has written the row since the observation's request left, and no list lags behind our own write.

    What is not there is confirmed by every walk that does not bring it: for such a key the last sweep counts, too.
    """
    if (row is None or not row.live) and observation.last_sweep > observation.asked:
        return False
    if row is None:
        return True
    if row.touch > observation.asked:
        return False
    lag = observation.read_lag_ms
    return lag == 0 or row.wrote_at == 0 or row.wrote_at + lag <= observation.asked_ms


class _Planner:
    """Plans one observation; ``_rows`` follows what the steps so far have done to each key."""

    def __init__(self, known: Mapping[RemoteKey, Known], moved: Mapping[str, Known], observation: Observation) -> None:
        self._rows = dict(known)
        self._moved = dict(moved)
        self._about = observation
        self._done: set[RemoteKey] = set()
        self._taken: set[RemoteKey] = set()
        self._shared: set[str] = set()  # uids of several rows: they join nothing
        self._made: set[RemoteKey] = set()  # keys that get their first row by these very steps
        self._vacated: list[RemoteKey] = []  # keys that moved rows have left
        self._coming = {seen.stable: seen for seen in observation.seen if seen.stable}
        self._open: set[RemoteKey] = set()  # keys that wait for what their former record has become
        self._steps: list[Step] = []

    def steps(self) -> list[Step]:
        about = self._about
        for old, new in about.renamed:
            self._rename(old, new)
        for key in about.removed:
            self._removed(key)
        for key in about.deferred:
            self._deferred(key)
        for seen in about.seen:
            self._seen(seen)
        for key in self._vacated:  # else an answer in flight would make a second row of what has moved on
            if key not in self._rows and key not in self._made:
                self._make(Action.BURY, key)
        return self._steps

    def _add(self, action: Action, key: RemoteKey, row: Known | None = None, seen: Seen | None = None) -> None:
        self._steps.append(Step(action, key, row, seen))

    def _make(self, action: Action, key: RemoteKey, seen: Seen | None = None) -> None:
        """A first row for a key; when these steps make one already, the two disagree and a fetch decides."""
        if key in self._made:
            self._add(Action.VERIFY, key)
        else:
            self._made.add(key)
            self._add(action, key, None, seen)

    def _doubt(self, key: RemoteKey, row: Known | None) -> None:
        if row is None:
            self._make(Action.DOUBT, key)
        elif not row.verify or key in self._done:  # what is done about a row settles the doubts of before
            self._add(Action.VERIFY, key, row)

    def _rename(self, old: RemoteKey, new: RemoteKey) -> None:
        """J7. No row under the new key, or a tombstone: move. A live one: a merge, the old row is a tombstone."""
        source, target = self._rows.get(old), self._rows.get(new)
        if old == new or source is None:
            return  # the record under the new key, in ``changed``, speaks for itself
        if not believes(source, self._about) or (target is not None and not believes(target, self._about)):
            self._doubt(old, source)
            self._doubt(new, target)
            return
        if not source.live:
            # A record that came back under another name: the next n, by way of ``changed``. Under this one it is not.
            self._add(Action.TOUCH, old, source)
            return
        if target is not None and target.live:
            self._remove(source)
            return
        self._move(source, new)

    def _move(self, row: Known, new: RemoteKey) -> None:
        self._add(Action.MOVE, new, row)
        self._rows.pop(row.key, None)
        self._vacated.append(row.key)
        self._taken.add(row.key)
        # The old key may be named again in this page; the record under it would be another one.
        self._rows[new] = msgspec.structs.replace(row, key=new, gone_walk=None)

    def _removed(self, key: RemoteKey) -> None:
        row = self._rows.get(key)
        if not believes(row, self._about):
            if row is None or row.live:
                self._doubt(key, row)
            return
        if row is None:
            if key not in self._made:
                self._make(Action.BURY, key)
            self._done.add(key)
        elif not row.live:
            self._add(Action.TOUCH, key, row)
            self._done.add(key)
        elif self._about.walk is not None:
            self._add(Action.GONE, key, row)
            if row.uid and self._moved.setdefault(by_uid(row.uid), row).row != row.row:
                self._shared.add(by_uid(row.uid))
        else:
            self._remove(row)

    def _remove(self, row: Known) -> None:
        self._add(Action.REMOVE, row.key, row)
        self._done.add(row.key)
        self._taken.add(row.key)
        self._rows[row.key] = msgspec.structs.replace(row, live=False, rev=None, etag=None)

    def _deferred(self, key: RemoteKey) -> None:
        row = self._rows.get(key)
        if key in self._done:
            self._doubt(key, row)
        elif row is None:
            self._make(Action.DEFER, key)
        else:
            self._add(Action.DEFER, key, row)
        self._done.add(key)

    def _seen(self, seen: Seen) -> None:
        row = self._rows.get(seen.key)
        if seen.key in self._done:  # named twice in one page: which came first cannot be known
            self._doubt_twice(seen, row)
            return
        self._done.add(seen.key)
        if not believes(row, self._about):
            if row is None or not row.live or not self._is_same(seen, row):
                self._doubt(seen.key, row)
            return
        if seen.item < 0:
            self._compared(seen, row)
        elif row is None or not row.live:
            self._arrived(seen, row)
        elif seen.stable and row.stable and seen.stable != row.stable:
            self._superseded(seen, row.stable)
        else:
            self._known(seen, row)

    def _superseded(self, seen: Seen, former: str) -> None:
        """The key, which is only an address, is another record's now (J7); the former record may come in this page, too."""
        other = self._coming.get(former)
        if other is not None and other.key not in self._done | self._open:
            self._done.discard(seen.key)
            self._open.add(seen.key)
            self._seen(other)
            self._open.discard(seen.key)
            self._done.add(seen.key)
        row = self._rows.get(seen.key)
        if row is None or not row.live or row.stable != former:
            self._arrived(seen, row)
        elif by_stable(seen.stable or "") in self._moved:
            self._remove(row)
            self._arrived(seen, self._rows[seen.key])
        else:
            self._taken.add(row.key)
            self._add(Action.SUPERSEDE, seen.key, row, seen)

    def _doubt_twice(self, seen: Seen, row: Known | None) -> None:
        for step in self._steps:
            if step.key == seen.key and step.seen is not None and step.seen.rev == seen.rev and seen.rev is not None:
                return  # the same thing said twice
        self._doubt(seen.key, row)

    def _compared(self, seen: Seen, row: Known | None) -> None:
        """Only the revision was compared: nothing is known beyond "as before"."""
        if row is not None and row.live and row.rev == seen.rev and seen.rev is not None:
            self._add(Action.TOUCH, seen.key, row, seen)
        else:
            self._doubt(seen.key, row)

    def _arrived(self, seen: Seen, row: Known | None) -> None:
        """A record under a key that holds no live row: new, moved here, or come back."""
        origin = self._origin(seen)
        # What this very walk has reported as removed, and nothing has written since, is believed to have gone.
        left = origin is not None and origin.gone_walk is not None and origin.gone_walk == self._about.walk
        if origin is not None and not left and not believes(origin, self._about):
            self._doubt(origin.key, origin)
            self._doubt(seen.key, row)
        elif origin is not None:
            self._move(origin, seen.key)
            row = self._rows[seen.key]
            # Revisions of two keys say nothing about each other (some servers count each key's versions), unless the
            # key is only an address of the record.
            self._known(seen, row if seen.stable else msgspec.structs.replace(row, rev=None))
        elif row is None:
            self._make(Action.CREATE, seen.key, seen)
        elif row.shown:
            self._add(Action.REPLACE, seen.key, row, seen)
        else:
            self._add(Action.WAKE, seen.key, row, seen)

    def _origin(self, seen: Seen) -> Known | None:
        """The live row that this record had under another key, or None."""
        names = [by_stable(seen.stable)] if seen.stable else []
        if seen.uid and self._about.walk is not None:
            names.append(by_uid(seen.uid))
        for name in (name for name in names if name not in self._shared):
            origin = self._moved.pop(name, None)
            # A record that this page has named under its own key is there: the other one is a copy.
            if origin is not None and origin.key != seen.key and origin.key not in self._taken | self._done:
                self._taken.add(origin.key)
                return origin
        return None

    def _known(self, seen: Seen, row: Known) -> None:
        if self._is_same(seen, row):
            self._add(Action.TOUCH, seen.key, row, seen)
        elif seen.etag is None:
            self._add(Action.REFRESH if row.etag is None else Action.HIDE, seen.key, row, seen)
        elif row.etag is None:
            self._add(Action.SHOW, seen.key, row, seen)
        else:
            self._add(Action.REFRESH if row.etag == seen.etag else Action.CHANGE, seen.key, row, seen)

    def _is_same(self, seen: Seen, row: Known) -> bool:
        """Whether what is seen is the very version of the row."""
        if self._about.walk is None and row.etag != seen.etag:
            # A write or a fetch brings what is there. The same revision as before only says that the provider gives it to
            # two versions (ETags made of the time in seconds, photos that are no part of it), or that its list had cut what
            # this shows whole (J11).
            return False
        return row.rev == seen.rev and seen.rev is not None


def removals(
    rows: Iterable[Known], asked: Mapping[RemoteKey, int], *, read_lag_ms: int, asked_ms: int
) -> tuple[list[Known], list[Known]]:
    """Split what a complete walk did not find into (to delete, to verify).

    Args:
        rows: live rows that the walk reported as removed, or never saw.
        asked: for each key the counter that its absence was noted at.
        read_lag_ms, asked_ms: as in Observation; for a sweep the moment of the walk's start.
    """
    gone: list[Known] = []
    doubtful: list[Known] = []
    for row in rows:
        absence = Observation(asked=asked[row.key], asked_ms=asked_ms, last_sweep=0, read_lag_ms=read_lag_ms)
        (gone if believes(row, absence) else doubtful).append(row)
    return gone, doubtful
