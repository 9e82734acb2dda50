"""Manager, assistant and spouse, by name, in the conventions of Apple, Evolution and version 4.0.

Relations of other types are not part of the public contact: they are neither shown nor touched.
"""

from __future__ import annotations

import re

from polydex.core.contact import Relation, RelationType, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.entries import Entry
from polydex.core.vcard.lines import Line, preferred
from polydex.core.vcard.params import Params

_APPLE = "X-ABRELATEDNAMES"
_EVOLUTION = {
    "X-EVOLUTION-MANAGER": RelationType.MANAGER,
    "X-EVOLUTION-ASSISTANT": RelationType.ASSISTANT,
    "X-EVOLUTION-SPOUSE": RelationType.SPOUSE,
}
_NAMES = (_APPLE, "RELATED", *_EVOLUTION)
_TYPES = {kind.value: kind for kind in RelationType}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")


def read(card: Card) -> tuple[Relation, ...]:
    """The relations of the three types, each once however often and in how many conventions the card has it."""
    if not card.any(_NAMES):
        return ()
    return tuple(entry.value for entry in _entries(card))


def _entries(card: Card) -> list[Entry[Relation]]:
    result: list[Entry[Relation]] = []
    for line in preferred(card.any(_NAMES)):
        kind = _type(card, line)
        name = text(card.text(line)) if kind is not None else None
        if name is None:
            continue
        relation = Relation(name=name, type=kind)
        twin = next((entry for entry in result if entry.value == relation), None)
        if twin is None:
            result.append(Entry(line, relation))
        else:
            twin.twins.append(line)
    return result


def _type(card: Card, line: Line) -> RelationType | None:
    """The type, or None for a relation that is not ours to show."""
    if line.name in _EVOLUTION:
        return _EVOLUTION[line.name]
    if line.name == _APPLE:
        label = card.label(line)
        return None if label is None else _TYPES.get(label[0].lower())
    params = line.params
    if params.value not in ("", "text") or (not params.value and _URI.match(line.value)):
        return None  # a reference to another card
    return next((kind for token, kind in _TYPES.items() if token.upper() in params.types), None)


class Relations:
    """How relations stand on a card (see :class:`polydex.core.vcard.entries.Kind`)."""

    def entries(self, card: Card) -> list[Entry[Relation]]:
        return _entries(card)

    def plain(self, value: Relation) -> Relation:
        return value

    def key(self, value: Relation) -> str:
        return value.name or ""

    def type(self, value: Relation) -> object:
        return value.type

    def build(self, card: Card, value: Relation) -> tuple[Line, str | None]:
        assert value.type is not None  # noqa: S101 - edit.py leaves out relations without a type
        name = card.escape(value.name or "")
        if card.version == "4.0":
            params = Params(()).with_types((value.type.value,), "4.0").having("VALUE", "text")
            return Line.make("RELATED", name, card.version, params=params), None
        return Line.make(_APPLE, name, card.version), _label(value)

    def revise(self, card: Card, line: Line, before: Relation, after: Relation) -> Line:
        if after.type is not None and after.type != before.type:
            if line.name == _APPLE:
                line = card.set_label(line, _label(after))
            elif line.name == "RELATED":
                ours = frozenset(token.upper() for token in _TYPES)
                params = line.params.without_types((line.params.types | {"PREF"}) - ours)
                params = params.with_types((after.type.value,), card.version)
                line = card.replace(line, line.revised(card.version, params=params))
            else:
                fresh, label = self.build(card, after)
                line = card.replace(line, fresh)
                line = card.set_label(line, label) if label is not None else line
        if after.name != before.name:
            value = card.escape(after.name or "")
            params = line.params
            if line.name == "RELATED":
                params = params.having("VALUE", "text")
            line = card.replace(line, line.revised(card.version, value=value, params=params))
        return line


def _label(value: Relation) -> str | None:
    return f"_$!<{value.type.value.capitalize()}>!$_" if value.type is not None else None
