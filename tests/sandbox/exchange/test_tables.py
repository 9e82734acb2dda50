"""The tables say what Microsoft's own schemas say of every type that they name."""

from __future__ import annotations

from functools import cache
from typing import Final

import pytest

from polydex_sandbox.exchange.schema.judge import ANY
from polydex_sandbox.exchange.schema.notation import MESSAGES, TYPES, Complex, Element, Group, Part, Simple
from polydex_sandbox.exchange.schema.tables import TABLES
from polydex_sandbox.exchange.schema.versions import known
from tests.sandbox.exchange.contracts import SETS, folder, present
from tests.sandbox.exchange.xsd import ANONYMOUS, SOAP_ANY, XS, Set, Shape, normal

pytestmark = present

ABRIDGED: Final = {f"{{{MESSAGES}}}ArrayOfResponseMessagesType"}
"""Of these the tables name some of the alternatives only: the messages of operations that the sandbox knows."""
OTHERWISE: Final = {
    # At most 100 names are found; an automaton of positions does not count.
    f"{{{TYPES}}}ArrayOfResolutionType",
}
ANSWERED: Final = f"{{{MESSAGES}}}GetUserConfigurationResponse"
"""The set of 2016 gives it the type of one of its messages; servers answer as that of 2013 SP1 says."""

NAMES = sorted(TABLES.types)


@cache
def schemas(version: str) -> Set:
    return Set(folder(version))


def local(name: str) -> str:
    return name.rpartition("}")[2]


@pytest.mark.parametrize("version", SETS)
@pytest.mark.parametrize("name", NAMES, ids=[local(name) for name in NAMES])
def test_type(version: str, name: str) -> None:
    theirs = schemas(version)
    ours = TABLES.types[name]
    declared = theirs.components.get(("type", name))
    if declared is None:
        # It has no name there, and is compared where it is used; or it came later.
        if not (name == f"{ANSWERED}Type" and version == "Exchange2016"):
            assert name not in referred(version) or theirs_is_anonymous(theirs, name)
        return
    if isinstance(ours, Simple):
        assert simple(name, version) == theirs.simple(name)
        return
    base, content, attributes = theirs.complex(declared)
    assert ours.base == base
    assert own_attributes(ours, version) == attributes
    mine = normal(own_content(ours.content, version))
    other = normal(content)
    if name in OTHERWISE:
        return
    if name in ABRIDGED:
        assert mine is not None
        assert other is not None
        assert mine[1] <= other[1]
        assert mine[2] == other[2]
        return
    same(mine, other)


@pytest.mark.parametrize("version", SETS)
@pytest.mark.parametrize("name", sorted(TABLES.elements), ids=local)
def test_element(version: str, name: str) -> None:
    theirs = schemas(version)
    ours = TABLES.elements[name]
    declared = theirs.element(name)
    assert known(ours.span, version)
    kind = theirs.type_of(declared)
    if kind == ANONYMOUS:
        of = TABLES.types[ours.type]
        assert isinstance(of, Complex)
        assert (of.base, own_content(of.content, version), own_attributes(of, version)) == theirs.complex(declared[0])
    elif not (name == ANSWERED and version == "Exchange2016"):
        assert ours.type == kind


def test_every_name_is_defined() -> None:
    used = {one for version in SETS for one in referred(version)}
    assert {name for name in used if not name.startswith(XS)} == set(TABLES.types)


def test_nothing_else_is_known_of_the_messages() -> None:
    """Each operation has its answer, and the message in it."""
    operations = {local(name) for name in TABLES.elements if "Response" not in name and MESSAGES in name}
    answers = {local(name) for name in TABLES.elements if name.endswith("Response")}
    assert answers == {f"{operation}Response" for operation in operations}
    messages = TABLES.types[f"{{{MESSAGES}}}ArrayOfResponseMessagesType"]
    assert isinstance(messages, Complex)
    assert messages.content is not None
    assert {local(one.name) for one in leaves(messages.content)} == {f"{name}Message" for name in answers}


def same(ours: Shape | None, theirs: Shape | None) -> None:
    """Equal, but for what the sandbox does not look into."""
    opaque = {child[1] for child in children(ours) if child[2] == ANY}
    assert veiled(ours, opaque) == veiled(theirs, opaque)


def veiled(part: Shape | None, opaque: set[str]) -> Shape | None:
    if part is None or part[0] == "any":
        return part
    if part[0] == "element":
        return (part[0], part[1], ANY if part[1] in opaque else part[2], *part[3:])
    parts = [veiled(one, opaque) for one in part[1]]
    return (part[0], tuple(parts) if part[0] == "," else frozenset(parts), part[2])


def children(part: Shape | None) -> list[Shape]:
    if part is None or part[0] == "any":
        return []
    if part[0] == "element":
        return [part]
    return [child for one in part[1] for child in children(one)]


def leaves(part: Part) -> list[Element]:
    what = TABLES.groups[part.what] if isinstance(part.what, str) else part.what
    return [what] if isinstance(what, Element) else [leaf for one in what.parts for leaf in leaves(one)]


def own_content(part: Part | None, version: str) -> Shape | None:
    """The content of a type of ours, as a version knows it, in the form of `xsd`."""
    if part is None:
        return None
    what = TABLES.groups[part.what] if isinstance(part.what, str) else part.what
    often = (part.low, part.high)
    if isinstance(what, Group):
        parts = (own_content(one, version) for one in what.parts)
        return (what.kind, tuple(one for one in parts if one is not None), often)
    return ("element", what.name, what.type, what.nillable, often) if known(what.span, version) else None


def own_attributes(kind: Complex, version: str) -> frozenset[Shape]:
    return frozenset(
        SOAP_ANY if one.name.endswith("*") else (one.name, simple(one.type, version), one.required)
        for one in kind.attributes
        if known(one.span, version)
    )


def simple(name: str, version: str) -> Shape:
    """What a simple type of ours allows, in the form of `xsd`."""
    kind = TABLES.types.get(name)
    if kind is None:
        return (name.removeprefix(XS),)
    assert isinstance(kind, Simple)
    if kind.items:
        return ("list", simple(kind.base, version))
    if kind.members:
        return ("union", frozenset(simple(one, version) for one, span in kind.members if known(span, version)))
    if kind.values is not None:
        return ("enum", frozenset(value for value, span in kind.values.items() if known(span, version)))
    if kind.pattern is not None:
        return ("pattern", kind.pattern)
    base = simple(kind.base, version)
    if kind.low is None and kind.high is None:
        return base
    return ("range", *base, "" if kind.low is None else kind.low, "" if kind.high is None else kind.high)


@cache
def referred(version: str) -> frozenset[str]:
    """The names of all types that can occur in a document of a version."""
    found: set[str] = set()
    waiting = [element.type for element in TABLES.elements.values() if known(element.span, version)]
    while waiting:
        name = waiting.pop()
        if name in found or name == ANY:
            continue
        found.add(name)
        kind = TABLES.types.get(name)
        if isinstance(kind, Simple):
            waiting += [kind.base, *(one for one, span in kind.members if known(span, version))]
        elif kind is not None:
            waiting += [kind.base] if kind.base else []
            waiting += [one.type for one in kind.attributes if known(one.span, version)]
            waiting += [child[2] for child in children(own_content(kind.content, version))]
    return frozenset(found)


def theirs_is_anonymous(theirs: Set, name: str) -> bool:
    """Whether what has no name there is the type of an element of the same name, or stands in another type."""
    if ("element", name) in theirs.components:
        return theirs.type_of(theirs.element(name)) == ANONYMOUS
    return isinstance(TABLES.types[name], Simple)
