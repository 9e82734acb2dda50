"""The notation of the tables, and what is read from it.

A table is text; a definition begins at the left margin, and goes on in lines that are indented::

    ContactItemType < ItemType: FileAs?, FileAsMapping FileAsMappingType?, Urls UrlsType? ^2016
    ItemIdType < BaseItemIdType: @Id!, @ChangeKey
    BodyType < string: @BodyType BodyTypeType!
    AttachmentsType: (ItemAttachment ItemAttachmentType | FileAttachment FileAttachmentType)+
    LimitType = int 1..512
    FieldType = enum item: Subject Body contacts: GivenName ^2016 contacts: Urls
    TagType = unsignedShort | TagTextType
    $Path = FieldURI PathToUnindexedFieldType | IndexedFieldURI PathToIndexedFieldType

``:`` says what an element of the type holds: children in order (``,``) or one of several (``|``), each with its type
(text when none is given) and ``?``, ``*`` or ``+``; then attributes, with ``!`` where they are required. ``<`` names
the type whose children and attributes come first, or the simple type of its text; ``abstract`` stands before a type
that only others extend. ``=`` defines a simple type, ``$`` a
name for several elements that may stand for each other. ``^`` is the version since when something exists, ``~`` the
last one before it was gone, ``nil`` an element that may be ``xsi:nil``. Types with a small initial are XML Schema's own;
``any`` is one that the sandbox does not look into. In an enumeration a word that ends with a colon stands before all
values after it, and a mark of versions is that of all values after it. Names are of the table's namespace, or have the prefix of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

TYPES: Final = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACES: Final = {"t": TYPES, "m": MESSAGES, "soap": SOAP}
UNBOUNDED: Final = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}

_What = TypeVar("_What")
_TOKEN = re.compile(r"\s*([@$^~]?[\w.-]+(?::[\w.*-]+)?|[(),|?*+!<=])")
_DEFINITION = re.compile(r"(abstract )?(\$?[\w.]+)(?: < ([\w:.]+))?(:| =)(.*)", re.DOTALL)
_RANGE = re.compile(r"(\w+) (-?\d+)?\.\.(-?\d+)?")
_PATTERN = re.compile(r"(\w+) /(.*)/")


@dataclass(frozen=True)
class Span:
    """The versions that know something, by name; empty: from the first, to the newest."""

    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Element:
    """A child, or an element at the top: its expanded name ``{namespace}local`` and that of its type."""

    name: str
    type: str
    span: Span = Span()
    nillable: bool = False


@dataclass(frozen=True)
class Group:
    """Parts in order or by choice; each is an element, another group, or the expanded name of a ``$``."""

    kind: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Part:
    """What stands at a place in the content, and how often: low to high, None for any number."""

    what: Element | Group | str
    low: int
    high: int | None


@dataclass(frozen=True)
class Attribute:
    """An attribute; a name without a namespace, or ``{namespace}*`` for all of one."""

    name: str
    type: str
    required: bool
    span: Span = Span()


@dataclass(frozen=True)
class Complex:
    """A type with children or attributes; of an abstract one another has to be told with ``xsi:type``."""

    name: str
    base: str | None
    content: Part | None
    attributes: tuple[Attribute, ...]
    abstract: bool = False


@dataclass(frozen=True)
class Simple:
    """A type of text.

    Attributes:
        name: its expanded name.
        base: the type that it restricts, or the type of the items of a list.
        values: of an enumeration, with the versions that know them; None when any value is allowed.
        low: the least number, or length of a text.
        high: the greatest number.
        pattern: what the text has to match whole, None: anything.
        members: the types of which one has to allow it, and the versions that know each.
        items: whether it is a list.
    """

    name: str
    base: str
    values: dict[str, Span] | None = None
    low: int | None = None
    high: int | None = None
    pattern: str | None = None
    members: tuple[tuple[str, Span], ...] = ()
    items: bool = False


@dataclass
class Tables:
    """All definitions, by expanded name."""

    types: dict[str, Complex | Simple] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)

    def read(self, table: str, namespace: str) -> None:
        """Add the definitions of a table of types. Raises ValueError: it is not in the notation, or defined already."""
        for abstract, name, base, sign, body in _definitions(table):
            expanded = _expand(name.removeprefix("$"), namespace)
            if name.startswith("$"):
                _once(self.groups, expanded, _Reader(body, namespace).group())
            elif sign == ":":
                _once(self.types, expanded, _Reader(body, namespace).complex(expanded, base, abstract=abstract))
            else:
                _once(self.types, expanded, _simple(expanded, body.strip(), namespace))

    def roots(self, table: str, namespace: str) -> None:
        """Add elements that can stand at the top, one a line: name and type. Raises ValueError as `read` does."""
        for line in table.split("\n"):
            if line.strip():
                element = _Reader(line, namespace).element()
                _once(self.elements, element.name, element)


def _definitions(table: str) -> Iterator[tuple[bool, str, str | None, str, str]]:
    for text in re.split(r"\n(?=\S)", table.strip("\n")):
        found = _DEFINITION.fullmatch(text)
        if found is None:
            raise ValueError(text)
        abstract, name, base, sign, body = found.groups()
        yield bool(abstract), name, base, sign.strip(), body


def _once(where: dict[str, _What], name: str, what: _What) -> None:
    if name in where:
        raise ValueError(f"{name} is defined twice")
    where[name] = what


def _expand(name: str, namespace: str) -> str:
    """``{namespace}local`` of a name in a table."""
    prefix, colon, local = name.rpartition(":")
    if colon:
        return f"{{{NAMESPACES[prefix]}}}{local}"
    return f"{{{namespace}}}{name}"


def _type(name: str, namespace: str) -> str:
    """As _expand; types with a small initial are XML Schema's."""
    return f"{{{XSD}}}{name}" if name[0].islower() and ":" not in name else _expand(name, namespace)


def _simple(name: str, body: str, namespace: str) -> Simple:
    word, _, rest = body.partition(" ")
    if word == "enum":
        return Simple(name, f"{{{XSD}}}string", _values(rest))
    if word == "list":
        return Simple(name, _type(rest, namespace), items=True)
    if "|" in body and "/" not in body:
        members = (one.split() for one in body.split("|"))
        return Simple(
            name, f"{{{XSD}}}string", members=tuple((_type(one[0], namespace), _span(*one[1:])) for one in members)
        )
    if found := _RANGE.fullmatch(body):
        base, low, high = found.groups()
        return Simple(name, _type(base, namespace), low=_number(low), high=_number(high))
    if found := _PATTERN.fullmatch(body):
        return Simple(name, _type(found[1], namespace), pattern=found[2])
    return Simple(name, _type(body, namespace))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _values(text: str) -> dict[str, Span]:
    values: dict[str, Span] = {}
    span, prefix = Span(), ""
    for word in text.split():
        if word[0] in "^~":
            span, prefix = _span(word), ""
        elif word.endswith(":"):
            prefix = word
        else:
            values[prefix + word] = span
    return values


def _span(mark: str = "") -> Span:
    if mark.startswith("^"):
        return Span(since=mark[1:])
    if mark.startswith("~"):
        return Span(until=mark[1:])
    return Span()


class _Reader:
    """Reads the body of one definition."""

    def __init__(self, text: str, namespace: str) -> None:
        self.text = text
        self.namespace = namespace
        self.tokens = list(_tokens(text))
        self.at = 0

    def complex(self, name: str, base: str | None, *, abstract: bool) -> Complex:
        content = None
        if self._next() and not self._next().startswith("@"):
            content = Part(self.group(), 1, 1)
        attributes: list[Attribute] = []
        self._take(",")
        while self._next():
            attributes.append(self._attribute())
            self._take(",")
        return Complex(name, base and _type(base, self.namespace), content, tuple(attributes), abstract)

    def group(self) -> Group:
        """Up to a closing bracket, the attributes, or the end."""
        parts = [self._part()]
        kind = self._next()
        kind = kind if kind in (",", "|") else ","
        while self._next() == kind:
            self.at += 1
            if self._next().startswith("@"):
                break
            parts.append(self._part())
        return Group(kind, tuple(parts))

    def element(self) -> Element:
        part = self._part()
        if isinstance(part.what, Element):
            return part.what
        raise ValueError(self.text)

    def _part(self) -> Part:
        word = self._pop()
        if word == "(":
            group = self.group()
            if self._pop() != ")":
                raise ValueError(self.text)
            return Part(group, *self._often())
        if word.startswith("$"):
            return Part(_expand(word[1:], self.namespace), *self._often())
        kind = self._pop() if re.match(r"\w", self._next()) and self._next() != "nil" else "string"
        often = self._often()
        nillable = self._take("nil")
        name = _expand(word, self.namespace)
        return Part(Element(name, _type(kind, self.namespace), self._span(), nillable), *often)

    def _attribute(self) -> Attribute:
        token = self._pop()
        if not token.startswith("@"):
            raise ValueError(self.text)
        name = token[1:]
        name = _expand(name, self.namespace) if ":" in name else name
        kind = self._pop() if re.match(r"\w", self._next()) else "string"
        required = self._take("!")
        return Attribute(name, _type(kind, self.namespace), required, self._span())

    def _span(self) -> Span:
        return _span(self._pop()) if self._next().startswith(("^", "~")) else Span()

    def _often(self) -> tuple[int, int | None]:
        return UNBOUNDED[self._pop() if self._next() in ("?", "*", "+") else ""]

    def _take(self, token: str) -> bool:
        found = self._next() == token
        self.at += found
        return found

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _pop(self) -> str:
        token = self._next()
        if not token:
            raise ValueError(self.text)
        self.at += 1
        return token


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text[at:])
        yield found[1]
        at = found.end()
