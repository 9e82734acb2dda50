"""Delta coverage: whatever is written while a consumer pages, no change is lost and none comes twice in a run.

The journal here is the smallest that has the rules (JOURNAL.md, J6, J7, J14): a counter per account, and per contact
the number of its newest change, tombstones included. Tokens are the real ones, as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, strategies as st

from polydex.core.ids import AccountId
from polydex.core.tokens import DeltaToken, PageToken, Stream, Tokens

ACCOUNT = AccountId(1)
TOKENS = Tokens(b"k" * 32)
EPOCH = 5


@dataclass
class Journal:
    seq: int = 0
    rows: dict[str, tuple[int, bool]] = field(default_factory=dict)  # id -> (number of its newest change, alive)
    births: int = 0

    def write(self, slot: int) -> None:
        """Change a living contact, or create one: an id is never used twice."""
        living = [key for key, (_, alive) in self.rows.items() if alive]
        self.seq += 1
        if slot < len(living):
            self.rows[living[slot]] = (self.seq, True)
        else:
            self.births += 1
            self.rows[f"c{self.births}"] = (self.seq, True)

    def delete(self, slot: int) -> None:
        living = [key for key, (_, alive) in self.rows.items() if alive]
        if slot < len(living):
            self.seq += 1
            self.rows[living[slot]] = (self.seq, False)

    def start(self, stream: Stream) -> str:
        lo = 0 if stream is Stream.UPDATED else self.seq
        return TOKENS.encode(DeltaToken(ACCOUNT, stream, EPOCH, lo))

    def page(self, text: str, stream: Stream, limit: int) -> tuple[list[tuple[str, int]], str]:
        """One page: what changed, as (id, number), and the next token."""
        token = TOKENS.decode(text, ACCOUNT, stream)
        if isinstance(token, DeltaToken):
            token = PageToken(ACCOUNT, stream, token.epoch, token.lo, self.seq, token.lo, limit)
        assert isinstance(token, PageToken)
        alive = stream is Stream.UPDATED
        rows = sorted((seq, key) for key, (seq, is_alive) in self.rows.items() if is_alive is alive)
        rows = [(seq, key) for seq, key in rows if token.after < seq <= token.hi]
        page = [(key, seq) for seq, key in rows[: token.limit]]
        if len(rows) > token.limit:
            return page, TOKENS.encode(PageToken(ACCOUNT, stream, EPOCH, token.lo, token.hi, page[-1][1], token.limit))
        return page, TOKENS.encode(DeltaToken(ACCOUNT, stream, EPOCH, token.hi))


class Consumer:
    """Follows the rules for consumers: runs ``updated`` to its end, then ``deleted``; forgets an unfinished run."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.copy: dict[str, int] = {}
        self.stored = {stream: journal.start(stream) for stream in (Stream.UPDATED, Stream.DELETED)}
        self.stream = Stream.UPDATED
        self.begin()

    def begin(self) -> None:
        self.token = self.stored[self.stream]
        self.delivered: set[str] = set()
        if self.stream is Stream.UPDATED:
            self.at_begin = dict(self.journal.rows)

    def step(self, limit: int) -> bool:
        """Fetch and apply one page; True when both feeds have been run to their ends."""
        first = TOKENS.decode(self.stored[self.stream], ACCOUNT, self.stream)
        assert isinstance(first, DeltaToken)
        page, following = self.journal.page(self.token, self.stream, limit)
        for key, seq in page:
            assert key not in self.delivered, "a contact came twice in one run"
            self.delivered.add(key)
            if self.stream is Stream.UPDATED:
                self.copy[key] = seq
            else:
                self.copy.pop(key, None)
        self.token = following
        end = TOKENS.decode(following, ACCOUNT, self.stream)
        if not isinstance(end, DeltaToken):
            return False
        for key, (seq, alive) in self.journal.rows.items():
            if first.lo < seq <= end.lo and alive is (self.stream is Stream.UPDATED):
                assert key in self.delivered, "a change was left out"
        self.stored[self.stream] = following
        done = self.stream is Stream.DELETED
        if done:
            self.check_against_begin()
        self.stream = Stream.UPDATED if done else Stream.DELETED
        self.begin()
        return done

    def check_against_begin(self) -> None:
        """The copy is the journal as of the moment the run began, or newer."""
        for key, (seq, alive) in self.at_begin.items():
            if not alive:
                assert key not in self.copy
            elif self.journal.rows[key] == (seq, True):
                assert self.copy[key] == seq
            # What was written during the run has moved above its end, and comes with the next one.

    def fail(self) -> None:
        """The consumer dies and begins again from the tokens that it has stored."""
        self.stream = Stream.UPDATED
        self.begin()


slots = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("write"), slots),
    st.tuples(st.just("delete"), slots),
    st.tuples(st.just("page"), st.integers(1, 3)),
    st.tuples(st.just("page"), st.integers(1, 3)),
    st.tuples(st.just("fail"), st.just(0)),
)


@given(st.lists(slots, max_size=8), st.lists(steps, max_size=60))
def test_every_change_is_delivered_once_per_run(before: list[int], actions: list[tuple[str, int]]) -> None:
    journal = Journal()
    for slot in before:
        journal.write(slot)
    consumer = Consumer(journal)
    for action, number in actions:
        match action:
            case "write":
                journal.write(number)
            case "delete":
                journal.delete(number)
            case "page":
                consumer.step(number)
            case _:
                consumer.fail()
    consumer.fail()
    while not consumer.step(2):
        pass
    assert consumer.copy == {key: seq for key, (seq, alive) in journal.rows.items() if alive}
