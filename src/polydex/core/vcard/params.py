"""Parameters of a content line: ``;TYPE=WORK,VOICE;PREF=1`` in every notation of versions 2.1, 3.0 and 4.0."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

NO_PREFERENCE = 101
"""Sorts after every PREF (1 to 100, RFC 6350 section 5.3)."""

_ENCODINGS = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "7BIT", "8BIT"})
_BARE_VALUES = frozenset({"URL", "URI", "INLINE", "CONTENT-ID", "CID"})
_PARAM = re.compile(r';((?:"[^"]*"|[^;])*)')
_VALUE = re.compile(r'((?:"[^"]*"|[^",])*)(?:,|$)')
_CIRCUMFLEX = re.compile(r"\^(.)")
_DECODED = {"n": "\n", "'": '"', "^": "^"}
_UNSAFE = re.compile(r'[:;,"^\r\n]')
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Param(NamedTuple):
    """One parameter: upper-case name, decoded values, and the text it was read from (without the semicolon)."""

    name: str
    values: tuple[str, ...]
    source: str


class Params:
    """The parameters of a line, immutable, with what is asked of them all the time already worked out.

    Attributes:
        all: every parameter in order.
        types: the values of every TYPE, upper case, without PREF.
        pref: 1 (first) to 100, or NO_PREFERENCE.
        value: the VALUE parameter in lower case, or "".
        encoding: "quoted-printable", "base64" or "".
        charset: the CHARSET parameter, or "".
    """

    __slots__ = ("all", "charset", "encoding", "pref", "types", "value")

    def __init__(self, parameters: Iterable[Param]) -> None:
        self.all = tuple(parameters)
        types: set[str] = set()
        self.pref = NO_PREFERENCE
        self.value = self.encoding = self.charset = ""
        for name, values, _ in self.all:
            if name == "TYPE":
                types.update(token.upper() for token in values if token)
            elif name == "VALUE":
                self.value = values[0].lower()
            elif name == "ENCODING":
                self.encoding = "base64" if values[0].upper() in ("B", "BASE64") else values[0].lower()
            elif name == "CHARSET":
                self.charset = values[0]
            elif name == "PREF" and values[0].strip().isdecimal():
                self.pref = min(max(int(values[0].strip()[:4]), 1), 100)
        if "PREF" in types:
            types.discard("PREF")
            self.pref = min(self.pref, 1)
        self.types = frozenset(types)

    def __str__(self) -> str:
        """As it stands on the line: every parameter with its semicolon before it."""
        return "".join(";" + param.source for param in self.all)

    def get(self, name: str) -> str | None:
        """The first value of the first parameter with this (upper-case) name."""
        for param in self.all:
            if param.name == name:
                return param.values[0]
        return None

    def without(self, *names: str) -> Params:
        """Without the parameters with these (upper-case) names."""
        return Params(param for param in self.all if param.name not in names)

    def having(self, name: str, value: str) -> Params:
        """With this parameter, which takes the place of one with the same name."""
        fresh = Param(name, (value,), f"{name}={_encode(value)}")
        kept = list(self.all)
        for at, param in enumerate(kept):
            if param.name == name:
                kept[at] = fresh
                return Params(kept)
        return Params([*kept, fresh])

    def without_types(self, kept: Collection[str]) -> Params:
        """Without the TYPE values that are not among ``kept`` (upper case)."""
        result = []
        for param in self.all:
            if param.name != "TYPE":
                result.append(param)
                continue
            values = tuple(token for token in param.values if token.upper() in kept)
            if len(values) == len(param.values):
                result.append(param)
            elif values:
                bare = "=" not in param.source
                result.append(Param("TYPE", values, ";".join(values) if bare else "TYPE=" + ",".join(values)))
        return Params(result)

    def with_types(self, types: Iterable[str], version: str) -> Params:
        """With these TYPE values besides those that are there, in the notation of the version."""
        added = tuple(token for token in types if token.upper() not in self.types)
        if not added:
            return self
        if version == "2.1":
            return Params([*self.all, *(Param("TYPE", (token,), token) for token in added)])
        if version == "4.0":
            added = tuple(token.lower() for token in added)
        return Params([*self.all, Param("TYPE", added, "TYPE=" + ",".join(added))])

    def without_pref(self) -> Params:
        """Without any mark of preference."""
        if self.pref == NO_PREFERENCE:
            return self
        return self.without("PREF").without_types(self.types)

    def with_pref(self, version: str) -> Params:
        """Preferred before all others, in the notation of the version."""
        plain = self.without_pref()
        return plain.having("PREF", "1") if version == "4.0" else plain.with_types(("PREF",), version)


def _decode(value: str) -> str:
    """A parameter value without quotes and RFC 6868 escapes."""
    value = value.replace('"', "")
    if "^" in value:
        value = _CIRCUMFLEX.sub(lambda match: _DECODED.get(match[1], match[0]), value)
    return value


def _encode(value: str) -> str:
    """A parameter value, quoted where needed, with RFC 6868 escapes."""
    if not _UNSAFE.search(value):
        return value
    return '"' + _LINE_BREAK.sub("^n", value.replace("^", "^^").replace('"', "^'")) + '"'


def _bare(token: str) -> str:
    """The name that a parameter of version 2.1 without one stands for."""
    upper = token.upper()
    if upper in _ENCODINGS:
        return "ENCODING"
    return "VALUE" if upper in _BARE_VALUES else "TYPE"


def _parameter(source: str) -> Param:
    if source.count('"') % 2:  # an unbalanced one would reach into the value
        source = source.replace('"', "")
    name, equals, value = source.partition("=")
    name = name.strip().upper()
    if not equals:
        token = source.strip()
        return Param(_bare(token), (token,), source)
    if '"' in value:
        values = [part for part in _VALUE.findall(value)[:-1] or [value] if part]
        if name == "TYPE":  # some writers quote the whole list: TYPE="work,fax"
            values = [token for part in values for token in part.replace('"', "").split(",")]
    else:
        values = value.split(",")
    return Param(name, tuple(_decode(part).strip() for part in values) or ("",), source)


def parse(head: str) -> Params:
    """The parameters between the name and the colon; ``head`` is empty or begins with a semicolon."""
    return _cached(head) if len(head) <= 80 else _parse(head)


def _parse(head: str) -> Params:
    sources = head[1:].split(";") if '"' not in head else _PARAM.findall(head)
    return Params(_parameter(source) for source in sources if source.strip())


_cached = lru_cache(maxsize=2048)(_parse)
NONE = parse("")
