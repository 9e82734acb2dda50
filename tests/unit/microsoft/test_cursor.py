import pytest

from polydex.connectors.microsoft.cursor import Position, Trail
from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor

LINK = "https://graph.microsoft.com/v1.0/me/contactFolders/contacts/contacts/delta?$deltatoken=a%2Fb"


def test_links_are_kept_as_they_are() -> None:
    done = Position(delta=LINK)
    assert Position.decode(done.encode(), resume=False) == done
    under_way = Position(delta=LINK, page=LINK.replace("delta", "skip"), full=True)
    assert Position.decode(under_way.encode(), resume=True) == under_way


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"delta":7}', '{"page":null}'])
@pytest.mark.parametrize("resume", [True, False])
def test_what_is_no_cursor_begins_anew(text: str, *, resume: bool) -> None:
    with pytest.raises(CursorExpired) as caught:
        Position.decode(Cursor(text), resume=resume)
    assert caught.value.resume is resume


@pytest.mark.parametrize("before", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("circle", [2, 3, 5, 16, 41])
def test_a_circle_is_seen_after_a_few_rounds(before: int, circle: int) -> None:
    """``before``: links that lead into it."""
    trail = Trail()
    links = [str(number if number < before else before + (number - before) % circle) for number in range(1000)]
    returned = [trail.returns(link) for link in links[: before + circle]]
    assert returned == [False] * (before + circle)
    seen = next(at for at, link in enumerate(links[before + circle :]) if trail.returns(link))
    assert seen <= 3 * max(before, circle)


def test_a_long_way_is_no_circle() -> None:
    trail = Trail()
    assert not any(trail.returns(str(number)) for number in range(5000))


def test_a_cursor_of_one_kind_does_not_pass_for_the_other() -> None:
    with pytest.raises(CursorExpired):
        Position.decode(Position(delta=LINK).encode(), resume=True)
    with pytest.raises(CursorExpired):
        Position.decode(Position(page=LINK, full=True).encode(), resume=False)
