"""``$filter``: a parser of the part of OData's language that contacts understand.

https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html, 5.1.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from polydex_sandbox.microsoft import errors
from polydex_sandbox.microsoft.errors import GraphError

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS = ("startswith", "endswith", "contains")
TEXT, TIME, DATE = "Edm.String", "Edm.DateTimeOffset", "Edm.Date"


@dataclass(frozen=True)
class Compare:
    """``path operator value``; the operator may also be a function's name.

    Attributes:
        value: a text, or None for null.
        kind: type of the value in OData, `TEXT` for what stands in quotes; "" for null.
    """

    path: tuple[str, ...]
    operator: str
    value: str | None
    kind: str


@dataclass(frozen=True)
class AnyOf:
    """``path/any(variable: inner)``."""

    path: tuple[str, ...]
    variable: str
    inner: Node


@dataclass(frozen=True)
class Not:
    inner: Node


@dataclass(frozen=True)
class Both:
    """``and``, or ``or`` when `either`."""

    left: Node
    right: Node
    either: bool


Node = Compare | AnyOf | Not | Both

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_@$][\w.@$-]*(?:/[A-Za-z_][\w.]*)*)"
    r"|(?P<value>-?\d[\w.:+-]*)|(?P<sign>[(),:]))"
)
_DEEPEST = 40
"""Parentheses in parentheses; Graph has such a limit too, of unknown height."""
_MOST = 100
"""Comparisons. Microsoft's OData library takes a hundred nodes unless it is told otherwise; what Graph tells it is unknown."""
_TYPES = (
    (r"-?\d+", "Edm.Int32"),
    (r"-?\d+\.\d+", "Edm.Double"),
    (r"\d{4}-\d\d-\d\d", DATE),
    (r"\d{4}-\d\d-\d\d[Tt].*", TIME),
)
"""What a value without quotes looks like, and its type."""


def parse(text: str) -> Node:
    """Raises GraphError: it cannot be understood."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth, self.terms = text, 0, 0, 0

    def whole(self) -> Node:
        found = self._or()
        if self.text[self.place :].strip():
            raise self._wrong()
        return found

    def _wrong(self) -> GraphError:
        return errors.bad_request(f"Syntax error at position {self.place} in '{self.text}'.")

    def _next(self) -> tuple[str, str]:
        """Kind and text of the next token; the place moves on. Raises GraphError."""
        match = _TOKEN.match(self.text, self.place)
        if match is None or match.lastgroup is None:
            raise self._wrong()
        self.place = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _taken(self, *wanted: str) -> str:
        """The next token when it is one of these; "" when it is not, and the place stays."""
        before = self.place
        try:
            _, found = self._next()
        except GraphError:
            found = ""
        if found.lower() in wanted:
            return found.lower()
        self.place = before
        return ""

    def _need(self, sign: str) -> None:
        if not self._taken(sign):
            raise self._wrong()

    def _or(self) -> Node:
        found = self._and()
        while self._taken("or"):
            found = Both(found, self._and(), either=True)
        return found

    def _and(self) -> Node:
        found = self._one()
        while self._taken("and"):
            found = Both(found, self._one(), either=False)
        return found

    def _one(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise errors.bad_filter()
        try:
            if self._taken("not"):
                return Not(self._negated())
            if self._taken("("):
                found = self._or()
                self._need(")")
                return found
            return self._term()
        finally:
            self.depth -= 1

    def _negated(self) -> Node:
        """What is behind ``not``, which binds tighter than a comparison: one has to be in parentheses."""
        loose = not self.text[self.place :].lstrip().startswith("(")
        found = self._one()
        if loose and isinstance(found, Compare) and found.operator in COMPARISONS:
            raise errors.bad_request(
                "Invalid filter clause: A unary operator with an incompatible type was detected. Found operand type "
                f"'{TEXT}' for operator kind 'Not'."
            )
        return found

    def _term(self) -> Node:
        self.terms += 1
        if self.terms > _MOST:
            raise errors.bad_request(f"Invalid filter clause: The node count limit of '{_MOST}' has been exceeded.")
        kind, word = self._next()
        if kind != "word":
            raise self._wrong()
        if word.lower() in FUNCTIONS:
            return self._function(word.lower())
        path = tuple(word.split("/"))
        if path[-1].lower() in ("any", "all") and len(path) > 1:
            return self._lambda(path)
        operator = self._taken(*COMPARISONS)
        if not operator:
            raise self._wrong()
        return Compare(path, operator, *self._value())

    def _function(self, name: str) -> Node:
        self._need("(")
        kind, word = self._next()
        if kind != "word":
            raise errors.bad_filter()
        self._need(",")
        value, of_value = self._value()
        self._need(")")
        if self._taken("eq") and self._value() != ("true", "Edm.Boolean"):
            raise errors.bad_filter()
        if of_value != TEXT:
            raise errors.bad_request(
                f"No function signature for the function with name '{name}' matches its arguments."
            )
        return Compare(tuple(word.split("/")), name, value, of_value)

    def _lambda(self, path: tuple[str, ...]) -> Node:
        if path[-1].lower() == "all":
            raise errors.bad_filter()
        self._need("(")
        kind, variable = self._next()
        if kind != "word" or "/" in variable:
            raise self._wrong()
        self._need(":")
        inner = self._or()
        self._need(")")
        return AnyOf(path[:-1], variable, inner)

    def _value(self) -> tuple[str | None, str]:
        """A value and its type. Raises GraphError: it is none, so a word without quotes, which names a property."""
        kind, word = self._next()
        if kind == "text":
            return word[1:-1].replace("''", "'"), TEXT
        if kind == "word":
            if word in ("true", "false"):
                return word, "Edm.Boolean"
            if word != "null":
                raise errors.unknown_name(word)
            return None, ""
        found = next((name for form, name in _TYPES if re.fullmatch(form, word)), "") if kind == "value" else ""
        if not found:
            raise self._wrong()
        return word, found


def paths(node: Node) -> Iterator[tuple[str, ...]]:
    """The properties that a filter looks at, in order; of a collection the collection's."""
    if isinstance(node, Both):
        yield from paths(node.left)
        yield from paths(node.right)
    elif isinstance(node, Not):
        yield from paths(node.inner)
    else:
        yield node.path


def ids(node: Node) -> list[str]:
    """The ids of ``id eq 'A' or id eq 'B'``, all that the filter of an expansion may say. Raises GraphError."""
    if isinstance(node, Both) and node.either:
        return ids(node.left) + ids(node.right)
    if isinstance(node, Compare) and node.operator == "eq" and [part.lower() for part in node.path] == ["id"]:
        if node.kind != TEXT:
            raise errors.bad_types(f"'{TEXT}' and '{node.kind or '<null>'}'", "Equal")
        return [node.value or ""]
    raise errors.bad_filter()
