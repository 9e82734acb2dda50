"""relations. Types that a contact does not have are hidden, never relabelled, and stay."""

from __future__ import annotations

from polydex.connectors.google import wire
from polydex.connectors.google.entries import assign, is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import Relation, RelationType, text

_TYPES: dict[str | None, RelationType | None] = {kind.value: kind for kind in RelationType}
_TYPES |= {None: None, "": None}


def read(entries: tuple[wire.Relation, ...] | None) -> tuple[Relation, ...]:
    """The relations of the known types, and those without one."""
    if not entries:
        return ()
    return tuple([one for entry in entries if is_own(entry) and (one := RELATIONS.value(entry)) is not None])


class Relations:
    """How relations stand in a person (see :class:`polydex.connectors.google.entries.Kind`)."""

    field = "relations"
    entry = wire.Relation

    def value(self, entry: wire.Relation) -> Relation | None:
        name = text(entry.person)
        if name is None or entry.type not in _TYPES:
            return None
        return Relation(name=name, type=_TYPES[entry.type])

    def plain(self, value: Relation) -> Relation:
        return value

    def key(self, value: Relation) -> object:
        return value.name

    def type(self, value: Relation) -> object:
        return value.type

    def revise(self, item: Item, before: Relation | None, after: Relation) -> None:
        before = before or Relation()
        if after.name != before.name:
            item["person"] = after.name
        if after.type != before.type:
            assign(item, "type", after.type and after.type.value)


RELATIONS = Relations()
