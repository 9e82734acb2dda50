"""What may follow what: the content of a type as an automaton of positions.

Each element in the content is a position; from a position a child leads to one of those that may follow it. As XML
Schema demands that a child's name alone tells which (Unique Particle Attribution, https://www.w3.org/TR/xmlschema-1/
section 3.8.6), one step of a dictionary judges a child. The construction is Glushkov's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from polydex_sandbox.exchange.schema.notation import Element, Group, Part, Tables
from polydex_sandbox.exchange.schema.versions import known

START = -1
"""The position before the first child."""


@dataclass
class Content:
    """The children of a type.

    Attributes:
        elements: by position.
        follow: position -> those that may come next, in the order of the table.
        final: the positions after which nothing has to come.
    """

    elements: list[Element] = field(default_factory=list)
    follow: dict[int, list[int]] = field(default_factory=dict)
    final: set[int] = field(default_factory=set)

    def step(self, position: int, name: str) -> int | None:
        """Where a child of this expanded name leads, None when it may not come here."""
        return next((after for after in self.follow[position] if self.elements[after].name == name), None)

    def expected(self, position: int) -> list[str]:
        """The expanded names that may come after a position, each once."""
        return list(dict.fromkeys(self.elements[after].name for after in self.follow[position]))


@dataclass(frozen=True)
class _Piece:
    """A part that was built: whether it can be empty, where it begins and ends."""

    empty: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


_NOTHING = _Piece(empty=True, first=(), last=())


def build(parts: list[Part], tables: Tables, version: str) -> Content:
    """The content that these parts make, one after the other, for a version of the schema."""
    builder = _Builder(tables, version)
    whole = _NOTHING
    for part in parts:
        whole = builder.join(whole, builder.part(part))
    content = builder.content
    content.follow[START] = sorted(whole.first)
    content.final = set(whole.last)
    if whole.empty:
        content.final.add(START)
    return content


class _Builder:
    def __init__(self, tables: Tables, version: str) -> None:
        self.tables, self.version = tables, version
        self.content = Content()

    def part(self, part: Part) -> _Piece:
        what = self.tables.groups[part.what] if isinstance(part.what, str) else part.what
        piece = self._element(what) if isinstance(what, Element) else self._group(what)
        if part.high is None:
            self._lead(piece.last, piece.first)
        return _Piece(piece.empty or part.low == 0, piece.first, piece.last)

    def join(self, left: _Piece, right: _Piece) -> _Piece:
        """One after the other."""
        self._lead(left.last, right.first)
        return _Piece(
            left.empty and right.empty,
            left.first + (right.first if left.empty else ()),
            right.last + (left.last if right.empty else ()),
        )

    def _element(self, element: Element) -> _Piece:
        if not known(element.span, self.version):
            return _NOTHING
        at = len(self.content.elements)
        self.content.elements.append(element)
        self.content.follow[at] = []
        return _Piece(empty=False, first=(at,), last=(at,))

    def _group(self, group: Group) -> _Piece:
        pieces = [self.part(part) for part in group.parts]
        if group.kind == ",":
            whole = _NOTHING
            for piece in pieces:
                whole = self.join(whole, piece)
            return whole
        # What a version does not know is no choice; it does not make the choice one that can be left out.
        left = [piece for piece in pieces if piece.first]
        return _Piece(
            any(piece.empty for piece in left) or not left,
            tuple(at for piece in left for at in piece.first),
            tuple(at for piece in left for at in piece.last),
        )

    def _lead(self, left: tuple[int, ...], right: tuple[int, ...]) -> None:
        for at in left:
            follow = self.content.follow[at]
            follow.extend(after for after in right if after not in follow)
            follow.sort()
