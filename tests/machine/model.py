"""A mirror in a few dictionaries that carries out the steps of core/plan.py, and the provider that it mirrors.

Small enough to run hundreds of thousands of interleavings: requests leave now and are applied later, in any order.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from polydex.core.ids import RemoteKey, Rev, RowId
from polydex.core.plan import Action, Known, Observation, Seen, Step, plan, removals

KEYS = [RemoteKey(key) for key in "abcde"]
PAGE = 2
State = dict[RemoteKey, tuple[Rev, str]]


class Provider:
    """Records, a change feed, and every earlier state (lists may lag)."""

    def __init__(self, *, hash_revisions: bool) -> None:
        self.state: State = {}
        self.log: list[RemoteKey] = []
        self.history: list[tuple[State, int]] = [({}, 0)]
        self._hash = hash_revisions

    def put(self, key: RemoteKey, value: str) -> tuple[Rev, str]:
        rev = Rev(f"hash of {value}" if self._hash else str(len(self.history)))
        self.state[key] = (rev, value)
        self._note(key)
        return self.state[key]

    def remove(self, key: RemoteKey) -> None:
        self.state.pop(key, None)
        self._note(key)

    def rest(self) -> None:
        """An event that concerns nobody: time passes."""
        self._note(RemoteKey("-"))

    def view(self, lag: int) -> tuple[State, int]:
        return self.history[max(0, len(self.history) - 1 - lag)]

    @property
    def now(self) -> int:
        """Time is counted in events."""
        return len(self.history)

    def _note(self, key: RemoteKey) -> None:
        self.log.append(key)
        self.history.append((dict(self.state), len(self.log)))


@dataclass
class Row:
    """What the mirror keeps of a key besides ``Known``."""

    known: Known
    value: str = ""
    seen_walk: int = 0


@dataclass
class Walk:
    """A walk in progress."""

    number: int
    start: int
    start_ms: int
    cursor: int | None
    after: str = ""
    position: int = 0
    asked: dict[RemoteKey, int] = field(default_factory=dict)


class Mirror:
    """``believing``: trust whatever comes, whenever it comes (the design without J1)."""

    def __init__(self, provider: Provider, *, lag: int, believing: bool) -> None:
        self.provider = provider
        self.rows: dict[RemoteKey, Row] = {}
        self.counter = 0
        self.last_sweep = 0
        self.deleted: list[int] = []
        self._lag, self._believing = lag, believing
        self._numbers = 0

    def asked(self) -> tuple[int, int]:
        """What to note before a request leaves."""
        return self.counter, self.provider.now

    def learn(
        self,
        asked: tuple[int, int],
        records: dict[RemoteKey, tuple[Rev, str] | None],
        *,
        walk: Walk | None = None,
        wrote: bool = False,
    ) -> None:
        """Apply one observation: for each key its record, or None where it is gone."""
        stamp, at = (10**9, 10**9) if self._believing else asked
        observation = Observation(
            asked=stamp,
            asked_ms=at,
            last_sweep=self.last_sweep,
            walk=walk.number if walk else None,
            read_lag_ms=self._lag if walk and not self._believing else 0,
            removed=[key for key, record in records.items() if record is None],
            seen=[Seen(key, record[0], item=0, etag=record[1]) for key, record in records.items() if record],
        )
        self.counter += 1
        known = {key: self.rows[key].known for key in records if key in self.rows}
        for step in plan(known, {}, observation):
            self._carry_out(step, records, walk, wrote=wrote)

    def sweep(self, walk: Walk, *, everything: bool) -> None:
        """The end of a walk: what it reported as gone, and after a snapshot what it did not bring."""
        missing = {key: row for key, row in self.rows.items() if row.known.live and row.known.gone_walk == walk.number}
        asked = {key: walk.asked[key] for key in missing}
        if everything:
            for key, row in self.rows.items():
                if row.known.live and row.seen_walk != walk.number and key not in missing:
                    missing[key] = row
                    asked[key] = walk.start
        if self._believing:
            asked = dict.fromkeys(asked, 10**9)
        gone, doubtful = removals(
            [row.known for row in missing.values()],
            asked,
            read_lag_ms=0 if self._believing else self._lag,
            asked_ms=walk.start_ms,
        )
        self.counter += 1
        for known in gone:
            self._set(known.key, live=False, rev=None, etag=None, touch=self.counter, gone_walk=None)
        for known in doubtful:
            self._set(known.key, verify=True, gone_walk=None)
        self.counter += 1
        self.last_sweep = self.counter

    def verify(self) -> None:
        """Fetch every row that is due for it."""
        for key in [key for key, row in self.rows.items() if row.known.verify]:
            asked = self.asked()
            self._set(key, verify=False)
            self.learn(asked, {key: self.provider.state.get(key)})

    def live(self) -> dict[RemoteKey, str]:
        return {key: row.value for key, row in self.rows.items() if row.known.live}

    def _carry_out(
        self,
        step: Step,
        records: dict[RemoteKey, tuple[Rev, str] | None],
        walk: Walk | None,
        *,
        wrote: bool,
    ) -> None:
        match step.action:
            case Action.VERIFY:
                self._set(step.key, verify=True)
                if walk is not None and records.get(step.key) is not None:
                    self.rows[step.key].seen_walk = walk.number
                return
            case Action.DOUBT | Action.BURY:
                self.rows[step.key] = Row(self._fresh(step.key, live=False))
                if step.action is Action.DOUBT:
                    self._set(step.key, verify=True)
                return
            case Action.GONE:
                assert walk is not None
                walk.asked[step.key] = self.counter
                self._set(step.key, gone_walk=walk.number, touch=self.counter)
                return
            case Action.REMOVE:
                self._set(step.key, live=False, rev=None, etag=None)
            case Action.CREATE | Action.REPLACE:
                self.rows[step.key] = Row(self._fresh(step.key, live=True))
            case Action.WAKE:
                self._set(step.key, live=True, shown=True)
            case Action.CHANGE | Action.REFRESH | Action.TOUCH:
                pass
            case _:
                raise AssertionError(f"this provider gives no reason for {step.action}")
        self._set(step.key, touch=self.counter, gone_walk=None)
        row = self.rows[step.key]
        if walk is not None:
            row.seen_walk = walk.number
        if wrote:
            row.known = msgspec.structs.replace(row.known, wrote_at=self.provider.now)
        record = records.get(step.key)
        if record is not None and step.action is not Action.TOUCH and step.action is not Action.REMOVE:
            row.value = record[1]
            self._set(step.key, rev=record[0], etag=record[1])

    def _fresh(self, key: RemoteKey, *, live: bool) -> Known:
        self._numbers += 1
        return Known(RowId(self._numbers), key, live=live, shown=live, touch=self.counter)

    def _set(self, key: RemoteKey, **changes: object) -> None:
        self.rows[key].known = msgspec.structs.replace(self.rows[key].known, **changes)


class Run:
    """One interleaving, decided by a seed."""

    def __init__(self, seed: int, *, lag: int, hash_revisions: bool, honest: bool, believing: bool) -> None:
        self.random = random.Random(seed)
        self.provider = Provider(hash_revisions=hash_revisions)
        self.mirror = Mirror(self.provider, lag=lag, believing=believing)
        self.lag, self.honest, self.hash = lag, honest, hash_revisions
        self.flight: list[Callable[[], None]] = []
        self.cursor: int | None = None
        self.trusted: int | None = None
        self.walk: Walk | None = None
        self.pulling = False
        self.walks = 0
        self.values = 0

    def play(self, steps: int = 60) -> None:
        """So many random steps; then everything comes to rest."""
        for _ in range(steps):
            self._step()
        while self.flight:
            self.flight.pop(0)()
        for _ in range(self.lag):
            self.provider.rest()
        for _ in range(40):
            self._pull()
            while self.flight:
                self.flight.pop(0)()
            self.mirror.verify()
            if self.walk is None and self.cursor == len(self.provider.log):
                break
        self.mirror.verify()

    def truth(self) -> dict[RemoteKey, str]:
        return {key: value for key, (_, value) in self.provider.state.items()}

    def _step(self) -> None:
        choice = self.random.random()
        if choice < 0.30:
            if self.flight:
                self.flight.pop(self.random.randrange(len(self.flight)))()
        elif choice < 0.50:
            self._pull()
        elif choice < 0.53:
            if not self.pulling:
                self.cursor = self.walk = self.trusted = None
        elif choice < 0.70:
            self._somebody_else()
        elif choice < 0.95:
            self._write()
        else:
            self.mirror.verify()

    def _value(self) -> str:
        self.values += 1
        return f"v{self.values % 3 if self.hash else self.values}"

    def _somebody_else(self) -> None:
        key = self.random.choice(KEYS)
        if key in self.provider.state and self.random.random() < 0.3:
            self.provider.remove(key)
        else:
            self.provider.put(key, self._value())

    def _write(self) -> None:
        """A guarded write: it arrives at once, its answer comes back later, or never (a crash)."""
        key = self.random.choice(KEYS)
        row = self.mirror.rows.get(key)
        asked = self.mirror.asked()
        record: tuple[Rev, str] | None
        if row is not None and row.known.live:
            if key not in self.provider.state or self.provider.state[key][0] != row.known.rev:
                return
            if self.random.random() < 0.3:
                self.provider.remove(key)
                record = None
            else:
                record = self.provider.put(key, self._value())
        elif key not in self.provider.state:
            record = self.provider.put(key, self._value())
        else:
            return
        if self.random.random() < 0.9:
            self.flight.append(lambda: self.mirror.learn(asked, {key: record}, wrote=True))

    def _pull(self) -> None:
        """One page of a pull: asked now, applied later."""
        if self.pulling:
            return
        self.pulling = True
        if self.walk is None:
            self.walks += 1
            start, start_ms = self.mirror.asked()
            self.walk = Walk(self.walks, start, start_ms, self.cursor, position=self.provider.view(self.lag)[1])
        page = self._listed if self.walk.cursor is None else self._changes
        self.flight.append(page(self.walk))

    def _changes(self, walk: Walk) -> Callable[[], None]:
        cursor = walk.cursor
        assert cursor is not None
        asked = self.mirror.asked()
        state, visible = self.provider.view(self.lag)
        keys = [key for key in self.provider.log[cursor : min(visible, cursor + PAGE)] if key in KEYS]
        stop = max(cursor, min(visible, cursor + PAGE))
        records = {key: state.get(key) for key in keys}

        def arrive() -> None:
            self.mirror.learn(asked, records, walk=walk)
            walk.cursor = stop
            self.pulling = False
            if stop >= visible:
                self.mirror.sweep(walk, everything=False)
                self.cursor, self.walk = stop, None

        return arrive

    def _listed(self, walk: Walk) -> Callable[[], None]:
        asked = self.mirror.asked()
        state, visible = self.provider.view(self.lag)
        rest = sorted(key for key in state if key > walk.after)
        keys, last = rest[:PAGE], len(rest) <= PAGE
        records: dict[RemoteKey, tuple[Rev, str] | None] = {key: state[key] for key in keys}

        def arrive() -> None:
            self.mirror.learn(asked, records, walk=walk)
            walk.after = keys[-1] if keys else walk.after
            self.pulling = False
            if not last:
                return
            self.mirror.sweep(walk, everything=True)
            self.walk = None
            if self.honest:
                self.cursor = walk.position
            elif self.trusted is None:  # J2: the cursor is as of the end; only a second walk makes it good
                self.trusted = visible
            else:
                self.cursor, self.trusted = self.trusted, None

        return arrive
