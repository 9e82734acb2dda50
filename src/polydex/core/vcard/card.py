"""One card: its properties by name, its groups and labels, and the few ways to change it.

Only the first card of a document counts, and of it only the outermost level (version 2.1 nests cards in AGENT);
everything else is kept and written back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from polydex.core.contact import text
from polydex.core.errors import ProviderMalformed
from polydex.core.vcard import lines as content
from polydex.core.vcard.escape import components, escape, unescape
from polydex.core.vcard.lines import Line, preferred

_ITEM = re.compile(r"item(\d{1,9})", re.IGNORECASE)
_SYSTEM_LABEL = re.compile(r"_\$!<(.*)>!\$_", re.DOTALL)
_ATTACHED = frozenset({"X-ABLABEL", "X-ABADR"})
"""Properties that only say something about the other ones of their group."""
_FRAME = frozenset({"BEGIN", "END"})
_NO_LINES: list[Line] = []


def _is_frame(line: Line, name: str) -> bool:
    """Whether the line begins or ends a card."""
    return line.name == name and line.value.strip(" \t\0").upper() == "VCARD"


class Card:
    """A card that can be edited line by line.

    Attributes:
        lines: every line of the document in order.
        version: "2.1", "3.0" or "4.0".
        changed: whether any line differs from the document that was read.
    """

    __slots__ = ("_end", "_index", "_labels", "changed", "lines", "old", "version")

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.changed = False
        self._index: dict[str, list[Line]] = {}
        self._labels: dict[str, Line] | None = None
        self._end: Line | None = None
        if not self._scan():
            raise ProviderMalformed("The provider sent something that is not a vCard")
        version = self._index.get("VERSION")
        number = version[0].value.strip() if version else ""
        self.version = number if number in ("2.1", "4.0") else "3.0"
        self.old = self.version == "2.1"

    @classmethod
    def parse(cls, raw: bytes) -> Card:
        """Raises ProviderMalformed when there is no card in the document."""
        return cls(content.parse(raw))

    def render(self) -> bytes:
        """The document as it is now."""
        for line, following in pairwise(self.lines):
            content.finish(line, following)
        return content.render(self.lines)

    # --- reading -----------------------------------------------------------------------------------------------

    def all(self, name: str) -> list[Line]:
        """The properties with this (upper-case) name, in document order. Not to be changed."""
        return self._index.get(name, _NO_LINES)

    def any(self, names: Sequence[str]) -> list[Line]:
        """The properties with any of these names, in document order. Not to be changed."""
        index = self._index
        present = [name for name in names if name in index]
        if not present:
            return _NO_LINES
        if len(present) == 1:
            return index[present[0]]
        mine = {line for name in present for line in index[name]}
        return [line for line in self.lines if line in mine]

    def first(self, name: str) -> Line | None:
        """The most preferred property with this name."""
        lines = self._index.get(name)
        if not lines:
            return None
        return lines[0] if len(lines) == 1 else preferred(lines)[0]

    def names(self) -> Iterable[str]:
        """The names of all properties."""
        return self._index.keys()

    def text(self, line: Line) -> str:
        """The value of a property whose value is one text, unescaped."""
        return unescape(line.value, old=self.old)

    def texts(self, line: Line) -> list[str | None]:
        """The components of a property with a structured value, unescaped and in normal form."""
        value = line.value
        if value.isascii() and value.isprintable() and "\\" not in value:  # true of the whole, so of each part
            return [part.strip() or None for part in value.split(";")]
        return [text(unescape(part, old=self.old)) for part in components(value)]

    def label(self, line: Line) -> tuple[str, bool] | None:
        """The label of a grouped property: its text, and whether it is one of Apple's own (``_$!<HomePage>!$_``)."""
        label = self.label_line(line) if line.group else None
        if label is None:
            return None
        text = self.text(label).strip()
        match = _SYSTEM_LABEL.fullmatch(text)
        return (match[1], True) if match else (text, False)

    def label_line(self, line: Line) -> Line | None:
        """The X-ABLabel of the property's group."""
        if not line.group or "X-ABLABEL" not in self._index:
            return None
        if self._labels is None:
            # Of several of one group the first counts.
            self._labels = {label.group.lower(): label for label in reversed(self._index["X-ABLABEL"])}
        return self._labels.get(line.group.lower())

    def labelled(self, line: Line) -> bool:
        """Whether the property's label stands right behind it."""
        label = self.label_line(line)
        return label is not None and self._at(label) == self._at(line) + 1

    # --- editing -----------------------------------------------------------------------------------------------

    def escape(self, text: str) -> str:
        """The text as a value of this card's version."""
        return escape(text, old=self.old)

    def replace(self, line: Line, fresh: Line) -> Line:
        """Put ``fresh`` where ``line`` is; returns it."""
        self.lines[self._at(line)] = fresh
        self._touched()
        return fresh

    def insert(self, fresh: Line, *, after: Line | None = None, before: Line | None = None) -> None:
        """Add a line: at the given place, else after the last of its name, else at the end of the card."""
        siblings = self._index.get(fresh.name)
        if after is not None:
            at = self._at(after) + 1
        elif before is not None:
            at = self._at(before)
        elif siblings:
            at = self._at(siblings[-1]) + 1
        else:
            at = self._at(self._end) if self._end is not None else len(self.lines)
        self.lines.insert(at, fresh)
        self._touched()

    def remove(self, line: Line) -> None:
        """Take a property out, with the label that nothing else in its group needs any more."""
        del self.lines[self._at(line)]
        self._touched()
        if line.group:
            group = line.group.lower()
            rest = [other for other in self._properties() if other.group.lower() == group]
            if rest and all(other.name in _ATTACHED for other in rest):
                gone = set(rest)
                self.lines = [other for other in self.lines if other not in gone]
                self._touched()

    def arrange(self, lines: Sequence[Line]) -> None:
        """Bring these properties of the card into this order, using the places that they have."""
        mine = set(lines)
        places = [at for at, line in enumerate(self.lines) if line in mine]
        for at, line in zip(places, lines, strict=True):
            self.lines[at] = line
        self._touched()

    def set_label(self, line: Line, text: str | None) -> Line:
        """Give the property this label (None: none); returns the property, which may have got a group for it."""
        label = self.label_line(line)
        if text is None:
            if label is not None:
                if self._sharers(line):
                    fresh = Line.make(line.name, line.value, self.version, params=line.params)
                    self.replace(line, fresh)
                    return fresh
                self.remove(label)
            return line
        value = self.escape(text)
        if label is not None and not self._sharers(line):
            if label.value != value:
                self.replace(label, label.revised(self.version, value=value))
            return line
        group = line.group if line.group and label is None and not self._sharers(line) else self.fresh_group()
        fresh = line
        if group != line.group:
            fresh = Line.make(line.name, line.value, self.version, params=line.params, group=group)
            self.replace(line, fresh)
        self.insert(Line.make("X-ABLabel", value, self.version, group=group), after=fresh)
        return fresh

    def fresh_group(self) -> str:
        """An ``item`` number that no line uses."""
        numbers = [int(match[1]) for line in self.lines if (match := _ITEM.fullmatch(line.group))]
        return f"item{max(numbers, default=0) + 1}"

    def set_text(self, name: str, text: str | None, *, after: Line | None = None) -> None:
        """Make the property's text this one: the preferred line is changed, or all lines go."""
        line = self.first(name)
        if text is None:
            for each in list(self.all(name)):
                self.remove(each)
        elif line is None:
            self.insert(Line.make(name, self.escape(text), self.version), after=after)
        else:
            self.replace(line, line.revised(self.version, value=self.escape(text)))

    # --- inside ------------------------------------------------------------------------------------------------

    def _scan(self) -> bool:
        """Index the first card's own properties; False when there is no card."""
        return self._scan_plain() or self._scan_nested()

    def _scan_plain(self) -> bool:
        """Index a document that is one card and nothing else, as nearly all are; False when it is not."""
        lines = self.lines
        if len(lines) < 2 or not (_is_frame(lines[0], "BEGIN") and _is_frame(lines[-1], "END")):
            return False
        index: dict[str, list[Line]] = {}
        for line in lines[1:-1]:
            name = line.name
            if name in index:
                index[name].append(line)
            else:
                index[name] = [line]
        if not index.keys().isdisjoint(_FRAME):
            return False
        index.pop("", None)
        self._index, self._end = index, lines[-1]
        return True

    def _scan_nested(self) -> bool:
        index: dict[str, list[Line]] = {}
        depth, found = 0, False
        self._end = None
        for line in self.lines:
            name = line.name
            if name in _FRAME and _is_frame(line, name):
                if name == "BEGIN":
                    depth, found = depth + 1, True
                elif depth:
                    depth -= 1
                    if not depth:
                        self._end = line
                        break
            elif depth == 1 and name:
                known = index.get(name)
                if known is None:
                    index[name] = [line]
                else:
                    known.append(line)
        self._index = index
        return found

    def _touched(self) -> None:
        self.changed = True
        self._labels = None
        self._scan()

    def _at(self, line: Line) -> int:
        return self.lines.index(line)

    def _properties(self) -> Iterable[Line]:
        return (line for lines in self._index.values() for line in lines)

    def _sharers(self, line: Line) -> bool:
        """Whether other properties belong to the line's group and its label."""
        group = line.group.lower()
        return any(
            other is not line and other.group.lower() == group and other.name not in _ATTACHED
            for other in self._properties()
        )
