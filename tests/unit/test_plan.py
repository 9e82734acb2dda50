"""The plan of an observation: every action, and when an observation is not believed."""

from __future__ import annotations

import pytest

from polydex.core.ids import RemoteKey, Rev, RowId
from polydex.core.plan import Action, Known, Observation, Seen, believes, by_stable, halts, plan, removals

A, B = RemoteKey("a"), RemoteKey("b")
OLD, NEW = Rev("old"), Rev("new")


def live(key: RemoteKey = A, *, row: int = 1, rev: Rev | None = OLD, touch: int = 5, **more: object) -> Known:
    values: dict[str, object] = {"shown": True, "etag": "E1", "uid": f"uid-{key}"} | more
    return Known(row=RowId(row), key=key, live=True, rev=rev, touch=touch, **values)  # type: ignore[arg-type]  # by name


def dead(key: RemoteKey = A, *, row: int = 1, shown: bool = True, touch: int = 5) -> Known:
    return Known(row=RowId(row), key=key, live=False, shown=shown, touch=touch)


def seen(key: RemoteKey = A, rev: Rev | None = NEW, etag: str | None = "E2", *, uid: str | None = None) -> Seen:
    return Seen(key, rev, 0, etag, uid)


def compared(key: RemoteKey = A, rev: Rev = OLD) -> Seen:
    return Seen(key, rev)


def page(asked: int = 10, *, walk: int | None = 1, last_sweep: int = 0, **more: object) -> Observation:
    return Observation(asked=asked, asked_ms=1_000_000, last_sweep=last_sweep, walk=walk, **more)  # type: ignore[arg-type]  # by name


def actions(observation: Observation, *known: Known, moved: dict[str, Known] | None = None) -> list[tuple[Action, str]]:
    steps = plan({row.key: row for row in known}, moved or {}, observation)
    return [(step.action, step.key) for step in steps]


@pytest.mark.parametrize(
    ("row", "what", "action"),
    [
        (None, seen(), Action.CREATE),
        (dead(), seen(), Action.REPLACE),
        (dead(shown=False), seen(), Action.WAKE),
        (live(), seen(), Action.CHANGE),
        (live(), seen(etag="E1"), Action.REFRESH),
        (live(), seen(rev=OLD), Action.TOUCH),
        (live(rev=None), seen(rev=None, etag="E1"), Action.REFRESH),
        (live(), seen(etag=None), Action.HIDE),
        (live(shown=False, etag=None), seen(), Action.SHOW),
        (live(shown=False, etag=None), seen(etag=None), Action.REFRESH),
        (live(), compared(), Action.TOUCH),
        (live(), compared(rev=NEW), Action.VERIFY),
        (None, compared(), Action.DOUBT),
        (dead(), compared(), Action.VERIFY),
    ],
)
def test_a_record_that_exists(row: Known | None, what: Seen, action: Action) -> None:
    assert actions(page(seen=[what]), *([row] if row else [])) == [(action, A)]


@pytest.mark.parametrize(("etag", "action"), [("E1", Action.TOUCH), ("E2", Action.CHANGE), (None, Action.HIDE)])
def test_a_write_or_a_fetch_shows_although_the_revision_is_the_same(etag: str | None, action: Action) -> None:
    """Two versions in one second, of a provider whose revisions are made of the time."""
    assert actions(page(walk=None, seen=[seen(rev=OLD, etag=etag)]), live()) == [(action, A)]


@pytest.mark.parametrize(("etag", "expected"), [("E1", []), ("E2", [(Action.VERIFY, A)])])
def test_a_write_that_is_not_believed_is_looked_at_although_the_revision_is_the_same(
    etag: str, expected: list[tuple[Action, str]]
) -> None:
    """A pull has brought the contact before its photo, which is no part of the revision, was known to be there."""
    assert actions(page(asked=4, walk=None, seen=[seen(rev=OLD, etag=etag)]), live(touch=5)) == expected


def test_the_same_revision_says_nothing_about_a_tombstone() -> None:
    """Deleted and put back, a content-hash revision is the same."""
    tombstone = Known(row=RowId(1), key=A, live=False, shown=True, rev=OLD, touch=5)
    assert actions(page(seen=[seen(rev=OLD)]), tombstone) == [(Action.REPLACE, A)]


@pytest.mark.parametrize(
    ("row", "walk", "action"),
    [
        (None, 1, Action.BURY),
        (dead(), 1, Action.TOUCH),
        (live(), 1, Action.GONE),
        (live(), None, Action.REMOVE),
    ],
)
def test_a_record_that_is_gone(row: Known | None, walk: int | None, action: Action) -> None:
    assert actions(page(walk=walk, removed=[A]), *([row] if row else [])) == [(action, A)]


class TestNotBelieved:
    """J1: what was asked before the row was written changes nothing, and asks for a fetch where it disagrees."""

    def test_a_late_change(self) -> None:
        assert actions(page(asked=4, seen=[seen()]), live(touch=5)) == [(Action.VERIFY, A)]

    def test_a_late_removal(self) -> None:
        assert actions(page(asked=4, removed=[A]), live(touch=5)) == [(Action.VERIFY, A)]

    def test_a_page_in_flight_does_not_resurrect(self) -> None:
        assert actions(page(asked=4, seen=[seen()]), dead(touch=5)) == [(Action.VERIFY, A)]

    def test_an_answer_from_before_the_last_sweep(self) -> None:
        assert actions(page(asked=4, last_sweep=5, seen=[seen()])) == [(Action.DOUBT, A)]

    def test_agreement_needs_no_fetch(self) -> None:
        assert actions(page(asked=4, seen=[seen(rev=OLD)]), live(touch=5)) == []
        assert actions(page(asked=4, removed=[A]), dead(touch=5)) == []

    def test_a_list_that_lags_behind_our_own_write(self) -> None:
        row = live(wrote_at=1_000_000 - 1_000)
        assert actions(page(seen=[seen()], read_lag_ms=2_000), row) == [(Action.VERIFY, A)]
        assert actions(page(seen=[seen()], read_lag_ms=500), row) == [(Action.CHANGE, A)]

    def test_equal_counters_are_believed(self) -> None:
        assert believes(live(touch=10), page(asked=10))
        assert not believes(live(touch=11), page(asked=10))


def test_what_is_done_about_a_row_settles_its_doubt_and_a_new_doubt_is_a_new_one() -> None:
    """A row that was due for a fetch is no longer, once a step has dealt with it; what comes after must ask again."""
    merged = page(renamed=[(A, B)], deferred=[A])
    assert actions(merged, live(verify=True), live(B, row=2)) == [(Action.REMOVE, A), (Action.VERIFY, A)]
    twice = page(seen=[seen(rev=Rev("r2")), seen(rev=Rev("r3"), etag="E3")])
    assert actions(twice, live(verify=True)) == [(Action.CHANGE, A), (Action.VERIFY, A)]


class TestKeysThatAreOnlyAddresses:
    """Where records have an immutable id, a key may pass from one to another (J7)."""

    def test_the_former_record_is_deleted_and_its_contact_not_taken_over(self) -> None:
        new = seen_as("person-2")
        assert actions(page(seen=[new]), live(stable="person-1")) == [(Action.SUPERSEDE, A)]
        assert actions(page(seen=[new]), live(stable="person-2")) == [(Action.CHANGE, A)]

    @pytest.mark.parametrize("first", [A, B])
    def test_the_former_record_moves_when_it_comes_in_the_same_page(self, first: RemoteKey) -> None:
        former = live(stable="person-1")
        both = [seen_as("person-2"), seen_as("person-1", B)]
        found = actions(page(seen=both if first == A else both[::-1]), former, moved={by_stable("person-1"): former})
        assert sorted(found, key=str) == [(Action.CHANGE, B), (Action.CREATE, A), (Action.MOVE, B)]

    def test_a_record_that_moves_onto_the_key_of_another(self) -> None:
        mover = live(B, row=2, stable="person-2")
        found = actions(
            page(seen=[seen_as("person-2")]), live(stable="person-1"), mover, moved={by_stable("person-2"): mover}
        )
        assert found == [(Action.REMOVE, A), (Action.MOVE, A), (Action.CHANGE, A), (Action.BURY, B)]

    def test_two_records_that_change_places(self) -> None:
        one, two = live(stable="person-1"), live(B, row=2, stable="person-2")
        moved = {by_stable("person-1"): one, by_stable("person-2"): two}
        found = actions(page(seen=[seen_as("person-2"), seen_as("person-1", B)]), one, two, moved=moved)
        assert found == [(Action.REMOVE, B), (Action.MOVE, B), (Action.CHANGE, B), (Action.CREATE, A)]


def seen_as(stable: str, key: RemoteKey = A) -> Seen:
    return Seen(key, NEW, 0, "E2", stable=stable)


LEFT = (Action.BURY, A)
"""A tombstone for the key that a moved row has left."""


class TestRenames:
    """J7: a rename moves a row, ends under the next n on a tombstone, and merges into a live one."""

    def test_the_key_that_was_left_is_named_again(self) -> None:
        observation = page(renamed=[(A, B)], seen=[seen(B, OLD), seen(A)])
        assert actions(observation, live()) == [(Action.MOVE, B), (Action.TOUCH, B), (Action.CREATE, A)]

    def test_in_a_chain(self) -> None:
        c = RemoteKey("c")
        observation = page(renamed=[(B, c), (A, B)])
        assert actions(observation, live(), live(B, row=2)) == [(Action.MOVE, c), (Action.MOVE, B), LEFT]

    def test_to_a_free_key(self) -> None:
        observation = page(renamed=[(A, B)], seen=[seen(B, OLD)])
        assert actions(observation, live()) == [(Action.MOVE, B), (Action.TOUCH, B), LEFT]

    def test_the_moved_row_keeps_its_number(self) -> None:
        steps = plan({A: live(row=7)}, {}, page(renamed=[(A, B)], seen=[seen(B)]))
        assert [(s.action, s.row.row if s.row else None) for s in steps[:2]] == [(Action.MOVE, 7), (Action.CHANGE, 7)]

    def test_onto_a_live_one(self) -> None:
        observation = page(renamed=[(A, B)], seen=[seen(B, OLD)])
        assert actions(observation, live(), live(B, row=2)) == [(Action.REMOVE, A), (Action.TOUCH, B)]

    def test_of_a_tombstone(self) -> None:
        """Which settles what was in doubt about it: nobody is under the former key any more."""
        assert actions(page(renamed=[(A, B)], seen=[seen(B)]), dead()) == [(Action.TOUCH, A), (Action.CREATE, B)]

    def test_not_believed(self) -> None:
        assert actions(page(asked=1, renamed=[(A, B)]), live()) == [(Action.VERIFY, A), (Action.DOUBT, B)]

    def test_a_removed_key_and_a_new_one_with_the_same_uid(self) -> None:
        observation = page(removed=[A], seen=[seen(B, uid="uid-a")])
        assert actions(observation, live()) == [(Action.GONE, A), (Action.MOVE, B), (Action.CHANGE, B), LEFT]

    def test_a_key_that_was_removed_earlier_in_the_walk(self) -> None:
        observation = page(seen=[seen(B, uid="uid-a")])
        assert actions(observation, moved={"uid:uid-a": live()}) == [(Action.MOVE, B), (Action.CHANGE, B), LEFT]

    def test_a_key_that_was_removed_by_a_page_that_was_applied_after_this_one_was_asked_for(self) -> None:
        """Batches of one walk are asked for ahead; the removal stamps the row, and is of this very walk."""
        observation = page(10, seen=[seen(B, uid="uid-a")])
        gone = live(touch=20, gone_walk=1)
        assert actions(observation, moved={"uid:uid-a": gone}) == [(Action.MOVE, B), (Action.CHANGE, B), LEFT]
        of_another_walk = live(touch=20, gone_walk=7)
        assert actions(observation, of_another_walk, moved={"uid:uid-a": of_another_walk}) == [
            (Action.VERIFY, A),
            (Action.DOUBT, B),
        ]

    @pytest.mark.parametrize(("etag", "action"), [("E1", Action.REFRESH), ("E2", Action.CHANGE)])
    def test_the_revision_of_another_key_says_nothing(self, etag: str, action: Action) -> None:
        observation = page(seen=[seen(B, OLD, etag, uid="uid-a")])
        assert actions(observation, moved={"uid:uid-a": live()}) == [(Action.MOVE, B), (action, B), LEFT]

    def test_one_uid_joins_once(self) -> None:
        c = RemoteKey("c")
        observation = page(seen=[seen(B, uid="uid-a"), seen(c, uid="uid-a")])
        assert actions(observation, moved={"uid:uid-a": live()}) == [
            (Action.MOVE, B),
            (Action.CHANGE, B),
            (Action.CREATE, c),
            LEFT,
        ]

    def test_a_new_address_of_an_immutable_id(self) -> None:
        found = Seen(B, OLD, 0, "E1", stable="person-1")
        moved = {"stable:person-1": live()}
        assert actions(page(walk=None, seen=[found]), moved=moved) == [(Action.MOVE, B), (Action.TOUCH, B), LEFT]
        assert actions(page(asked=1, seen=[found]), moved=moved) == [(Action.VERIFY, A), (Action.DOUBT, B)]


def test_a_record_named_twice_with_different_revisions_is_verified() -> None:
    assert actions(page(seen=[seen(), seen(rev=Rev("newer"), etag="E3")]), live()) == [
        (Action.CHANGE, A),
        (Action.VERIFY, A),
    ]
    assert actions(page(seen=[seen(), seen(rev=Rev("newer"), etag="E3")])) == [
        (Action.CREATE, A),
        (Action.VERIFY, A),
    ]
    assert actions(page(seen=[seen(), seen()]), live()) == [(Action.CHANGE, A)]


def test_an_unreadable_record_is_kept_and_asked_for_again() -> None:
    assert actions(page(deferred=[A, B]), live()) == [(Action.DEFER, A), (Action.DEFER, B)]


@pytest.mark.parametrize(
    ("candidates", "mirror", "empty_walk", "halted"),
    [
        (0, 100, True, False),
        (1, 1, True, True),
        (1, 1, False, False),
        (20, 30, False, False),
        (21, 30, False, True),
        (21, 105, False, False),
        (21, 104, False, True),
    ],
)
def test_mass_deletions_wait(candidates: int, mirror: int, empty_walk: bool, halted: bool) -> None:
    assert halts(candidates, mirror, empty_walk=empty_walk) is halted


def test_what_a_walk_did_not_find_is_deleted_only_when_nothing_wrote_it_since() -> None:
    old, new, lagging = live(touch=5), live(B, row=2, touch=11), live(RemoteKey("c"), row=3, wrote_at=999_900)
    gone, doubtful = removals(
        [old, new, lagging], {A: 10, B: 10, RemoteKey("c"): 10}, read_lag_ms=500, asked_ms=1_000_000
    )
    assert ([row.key for row in gone], [row.key for row in doubtful]) == ([A], [B, "c"])


def test_a_key_gets_its_first_row_once() -> None:
    """Pages repeat items, and name one key in several ways."""
    assert actions(page(removed=[A, A])) == [(Action.BURY, A)]
    assert actions(page(asked=1, last_sweep=5, removed=[A, A])) == [(Action.DOUBT, A), (Action.VERIFY, A)]
    assert actions(page(deferred=[A, A])) == [(Action.DEFER, A), (Action.VERIFY, A)]
    assert actions(page(removed=[A], deferred=[A])) == [(Action.BURY, A), (Action.VERIFY, A)]
    assert actions(page(removed=[A], seen=[seen()])) == [(Action.BURY, A), (Action.VERIFY, A)]
    assert actions(page(asked=1, renamed=[(A, B)], seen=[seen(B)]), live()) == [
        (Action.VERIFY, A),
        (Action.DOUBT, B),
        (Action.VERIFY, B),
    ]
