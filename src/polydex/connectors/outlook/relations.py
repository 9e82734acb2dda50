"""Relations: one manager, one assistant, one spouse; a second one, or one without a type, goes to the bag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from polydex.connectors.outlook.fields import RELATIONS
from polydex.connectors.outlook.item import Item
from polydex.connectors.outlook.slots import assign
from polydex.connectors.outlook.values import Written, overflow
from polydex.core.contact import Relation, RelationType, text

_PLACE_OF: Final = {RelationType(kind): place for kind, place in RELATIONS.items()}
_CAPACITY: Final = dict.fromkeys(RELATIONS.values(), 1)


def native(item: Item) -> list[tuple[str, Relation]]:
    """The relations in their places."""
    stored = (
        (RelationType.MANAGER, item.manager),
        (RelationType.ASSISTANT, item.assistant_name),
        (RelationType.SPOUSE, item.spouse_name),
    )
    return [(_PLACE_OF[kind], Relation(name=name, type=kind)) for kind, value in stored if (name := text(value))]


def write(
    stored: Sequence[tuple[str, Relation]], wanted: Sequence[Relation], before: Sequence[Relation]
) -> Written[Relation]:
    """The places and the bag that say what is wanted. Arguments as of ``phones.write``."""
    assigned = assign(
        stored,
        wanted,
        capacity=_CAPACITY,
        place=lambda relation: _PLACE_OF.get(relation.type) if relation.type else None,
        kind=lambda relation: relation.type,
        near=same,
    )
    places = {place: [wanted[at] for at in members] for place, members in assigned.places.items()}
    in_places = {relation for members in places.values() for relation in members}
    rest = [(at, wanted[at]) for at in assigned.rest]
    return Written(places, overflow("relations", rest, same, in_places, set(before)))


def same(relation: Relation) -> Relation:
    """What makes two of them the same one: everything."""
    return relation
