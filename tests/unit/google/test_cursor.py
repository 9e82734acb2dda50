import pytest

from polydex.connectors.google.cursor import DIES_AFTER_MS, Position
from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor

NOW = 1_700_000_000_000


def test_a_cursor_comes_back() -> None:
    position = Position(1, NOW, sync="s")
    assert Position.decode(position.encode(), 1, NOW, resume=False) == position
    walking = Position(1, NOW, sync="s", page="p")
    assert Position.decode(walking.encode(), 1, NOW, resume=True) == walking
    whole = Position(1, NOW, page="p")
    assert Position.decode(whole.encode(), 1, NOW, resume=True) == whole


@pytest.mark.parametrize(
    ("cursor", "resume"),
    [
        (Position(2, NOW, sync="s").encode(), False),
        (Position(1, NOW - DIES_AFTER_MS, sync="s").encode(), False),
        (Position(1, NOW, sync="s").encode(), True),
        (Position(1, NOW, sync="s", page="p").encode(), False),
        (Position(1, NOW).encode(), False),
        (Cursor("{"), False),
        (Cursor('{"token":"of something else"}'), False),
        (Cursor("[]"), True),
    ],
)
def test_what_is_not_to_be_used_has_expired(cursor: Cursor, resume: bool) -> None:
    with pytest.raises(CursorExpired) as caught:
        Position.decode(cursor, 1, NOW, resume=resume)
    assert caught.value.resume is resume


def test_a_full_walk_may_take_its_time() -> None:
    walking = Position(1, NOW - DIES_AFTER_MS, page="p")
    assert Position.decode(walking.encode(), 1, NOW, resume=True) == walking
