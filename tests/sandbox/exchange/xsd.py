"""Microsoft's schemas, read for comparison: the types of a set in the form in which the tables' are put, too.

A simple type is what it allows in the end, whatever it is called and derived from; a complex one its own children and
attributes, and the name of what it extends.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
SOAP_ANY: Final = ("{http://schemas.xmlsoap.org/soap/envelope/}*", None, False)
ANONYMOUS: Final = ""
"""The name of a type that has none."""

Shape = tuple[Any, ...]


class Set:
    """The schemas of a folder."""

    def __init__(self, folder: Path) -> None:
        self.components: dict[tuple[str, str], etree._Element] = {}
        self.substitutes: dict[str, list[str]] = {}
        for file in sorted(folder.glob("*.xsd")):
            root = etree.parse(file).getroot()
            for one in _elements(root):
                kind, name = str(one.tag).removeprefix(XS), one.get("name")
                if name is None:
                    continue
                expanded = f"{{{root.get('targetNamespace')}}}{name}"
                self.components["type" if kind.endswith("Type") else kind, expanded] = one
                if head := one.get("substitutionGroup"):
                    self.substitutes.setdefault(_name(one, head), []).append(expanded)

    def element(self, name: str) -> etree._Element:
        return self.components["element", name]

    def type_of(self, element: etree._Element) -> str:
        """The expanded name of an element's type."""
        given = element.get("type")
        return ANONYMOUS if given is None else _name(element, given)

    # -- complex types

    def complex(self, declared: etree._Element) -> Shape:
        """Base, content and attributes of the declaration of a complex type."""
        inner, base = declared, None
        for holder in (f"{XS}complexContent", f"{XS}simpleContent"):
            if (found := declared.find(holder)) is not None:
                inner = found[-1]
                base = _name(inner, str(inner.get("base")))
                assert inner.tag == f"{XS}extension"
        content = [self._part(one) for one in _elements(inner) if str(one.tag).removeprefix(XS) in _PARTS]
        return base, content[0] if content else None, frozenset(self._attributes(inner))

    def _part(self, one: etree._Element) -> Shape:
        low, high = int(one.get("minOccurs", "1")), one.get("maxOccurs", "1")
        often = (low, None if high == "unbounded" else int(high))
        kind = str(one.tag).removeprefix(XS)
        if kind == "group":
            return (*self._part(_elements(self.components["group", _name(one, str(one.get("ref")))])[0])[:-1], often)
        if kind == "element":
            return self._child(one, often)
        if kind == "any":
            return ("any", often)
        return ("," if kind == "sequence" else "|", tuple(self._part(part) for part in _elements(one)), often)

    def _child(self, one: etree._Element, often: Shape) -> Shape:
        if (ref := one.get("ref")) is not None:
            name = _name(one, ref)
            members = self.substitutes.get(name)
            if members:
                alternatives = tuple(self._child(self.element(member), (1, 1)) for member in members)
                return ("|", alternatives, often)
            return (*self._child(self.element(name), often)[:-1], often)
        namespace = one.getroottree().getroot().get("targetNamespace")
        return (
            "element", f"{{{namespace}}}{one.get('name')}", self.type_of(one), one.get("nillable", "false") == "true", often,
        )  # fmt: skip

    def _attributes(self, inner: etree._Element) -> Iterator[Shape]:
        for one in _elements(inner):
            if one.tag == f"{XS}anyAttribute":
                yield SOAP_ANY
            elif one.tag == f"{XS}attributeGroup":
                yield from self._attributes(self.components["attributeGroup", _name(one, str(one.get("ref")))])
            elif one.tag == f"{XS}attribute":
                given = one.get("type")
                kind = self.simple(_name(one, given)) if given else self._simple(one[0])
                yield (one.get("name"), kind, one.get("use") == "required")

    # -- simple types

    def simple(self, name: str) -> Shape:
        """What a simple type allows."""
        if name.startswith(XS):
            return (name.removeprefix(XS),)
        return self._simple(self.components["type", name])

    def _simple(self, declared: etree._Element) -> Shape:
        how = _elements(declared)[0]
        kind = str(how.tag).removeprefix(XS)
        if kind == "list":
            given = how.get("itemType")
            return ("list", self.simple(_name(how, given)) if given else self._simple(_elements(how)[0]))
        if kind == "union":
            members = {self.simple(_name(how, one)) for one in how.get("memberTypes", "").split()}
            return ("union", frozenset(members | {self._simple(one) for one in _elements(how)}))
        base = self.simple(_name(how, str(how.get("base"))))
        facets: dict[str, list[str]] = {}
        for one in _elements(how):
            facets.setdefault(str(one.tag).removeprefix(XS), []).append(str(one.get("value")))
        if "enumeration" in facets:
            return ("enum", frozenset(facets["enumeration"]))
        if "pattern" in facets:
            return ("pattern", facets["pattern"][0])
        if facets:
            (low,) = facets.get("minInclusive", facets.get("minLength", [""]))
            (high,) = facets.get("maxInclusive", [""])
            return ("range", *base, low and int(low), high and int(high))
        return base


_PARTS: Final = ("sequence", "choice", "all", "group")


def normal(part: Shape | None) -> Shape | None:
    """Content without groups that change nothing; the order of alternatives counts for nothing."""
    if part is None or part[0] not in (",", "|"):
        return part
    kind, parts, often = part
    flat: list[Shape] = []
    for one in (normal(one) for one in parts):
        assert one is not None
        once = one[-1] == (1, 1)
        flat.extend(one[1] if one[0] == kind and once else [one])
    if not flat:
        return None
    if len(flat) == 1 and flat[0][-1] == (1, 1):
        return (*flat[0][:-1], often)
    if len(flat) == 1 and often == (1, 1):
        return flat[0]
    return (kind, tuple(flat) if kind == "," else frozenset(flat), often)


def _elements(one: etree._Element) -> list[etree._Element]:
    return [child for child in one if isinstance(child.tag, str) and child.tag != f"{XS}annotation"]


def _name(one: etree._Element, given: str) -> str:
    prefix, _, local = given.rpartition(":")
    namespace = one.nsmap.get(prefix or None) or one.getroottree().getroot().get("targetNamespace")
    return f"{{{namespace}}}{local}"
