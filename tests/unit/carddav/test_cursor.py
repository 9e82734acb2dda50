import pytest

from polydex.connectors.carddav.cursor import Position
from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor


@pytest.mark.parametrize(
    "position", [Position(), Position(token='data:,<&">ü', ctag="c", at=1_795_000_000_000, settled=True, members=7)]
)
def test_a_position_survives_its_cursor(position: Position) -> None:
    assert Position.decode(position.encode()) == position


@pytest.mark.parametrize("cursor", ["", "http://example.com/sync/1", "[]", '{"token":1}'])
def test_a_cursor_that_cannot_be_read_has_expired(cursor: str) -> None:
    with pytest.raises(CursorExpired) as caught:
        Position.decode(Cursor(cursor))
    assert not caught.value.resume
