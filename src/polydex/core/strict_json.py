"""JSON from outside, read so that every error names its place.

The standard parsers keep the last of two equal names, take ``NaN`` for a number and turn a long number into an
arithmetic problem. Here nothing is lost before it is judged: an object keeps its members as they came, and a number is
only known to be one, because no member of a contact is a number. Who reads a tree asks for the members that it knows;
what is wrong with them is a BadRequest such as ``$.emailAddresses[0].address: a string is expected, not a number``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Final, Never, final

from polydex.core.errors import BadRequest


@final
class _Object:
    """A JSON object as it came: its members in order, equal names included."""

    __slots__ = ("members",)

    def __init__(self, members: list[tuple[str, object]]) -> None:
        self.members = members


_NUMBER: Final = object()


def _no_constant(name: str) -> Never:
    raise ValueError(name)


_decoder = json.JSONDecoder(
    object_pairs_hook=_Object,
    parse_int=lambda _: _NUMBER,
    parse_float=lambda _: _NUMBER,
    parse_constant=_no_constant,
)


@final
class Node:
    """A value in a document, and where it stands.

    Attributes:
        path: the JSON path, ``$`` for the document itself.
    """

    __slots__ = ("_value", "path")

    def __init__(self, path: str, value: object) -> None:
        self.path = path
        self._value = value

    @property
    def is_null(self) -> bool:
        return self._value is None

    @property
    def is_array(self) -> bool:
        return isinstance(self._value, list)

    @property
    def is_text(self) -> bool:
        return isinstance(self._value, str)

    def members(self, known: Collection[str] | None = None) -> dict[str, Node]:
        """The members of an object by name, only those ``known`` when given. Raises BadRequest."""
        if not isinstance(self._value, _Object):
            raise self._expected("an object")
        found: dict[str, Node] = {}
        for name, value in self._value.members:
            if known is not None and name not in known:
                continue
            if name in found:
                raise BadRequest(f"{self._member_path(name)}: given twice")
            found[name] = Node(self._member_path(name), value)
        return found

    def elements(self) -> list[Node]:
        """The elements of an array. Raises BadRequest."""
        if not isinstance(self._value, list):
            raise self._expected("an array")
        return [Node(f"{self.path}[{index}]", value) for index, value in enumerate(self._value)]

    def text(self) -> str:
        """A string. Raises BadRequest."""
        if not isinstance(self._value, str):
            raise self._expected("a string")
        return self._value

    def flag(self) -> bool:
        """True or false. Raises BadRequest."""
        if not isinstance(self._value, bool):
            raise self._expected("true or false")
        return self._value

    def _member_path(self, name: str) -> str:
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name):
            return f"{self.path}.{name}"
        return f"{self.path}[{json.dumps(name[:64])}]"

    def _expected(self, what: str) -> BadRequest:
        return BadRequest(f"{self.path}: {what} is expected, not {self._kind()}")

    def _kind(self) -> str:
        match self._value:
            case None:
                return "null"
            case bool():
                return "a boolean"
            case str():
                return "a string"
            case list():
                return "an array"
            case _Object():
                return "an object"
            case _:
                return "a number"


def parse(body: bytes) -> Node:
    """The document in ``body``: one JSON value in UTF-8, with or without a byte order mark (RFC 8259, 8.1).

    Raises:
        BadRequest: it is not that, or nested deeper than the parser goes (about a thousand levels).
    """
    try:
        return Node("$", _decoder.decode(body.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise BadRequest(f"$: not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"$: not JSON at character {error.pos} ({error.msg})") from None
    except ValueError:
        raise BadRequest("$: not JSON (NaN and Infinity are no JSON numbers)") from None
    except RecursionError:
        raise BadRequest("$: nested too deeply") from None
