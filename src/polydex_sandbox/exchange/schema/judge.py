"""Documents against the tables, in the order and with the sentences of .NET's XmlSchemaValidator.

The sentences: System.Xml's resources, as answers of Exchange repeat them; for example
https://github.com/ecederstrand/exchangelib/issues/874.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from lxml import etree

from polydex_sandbox.exchange.schema import values
from polydex_sandbox.exchange.schema.content import START, Content, build
from polydex_sandbox.exchange.schema.notation import XSD, Attribute, Complex, Element
from polydex_sandbox.exchange.schema.tables import TABLES
from polydex_sandbox.exchange.schema.versions import known

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
ANY: Final = f"{{{XSD}}}any"

_NIL = f"{{{XSI}}}nil"
_TYPE = f"{{{XSI}}}type"
_NOT_NILLABLE = (
    "If the 'nillable' attribute is false in the schema, the 'xsi:nil' attribute must not be present in the instance."
)
_LOCATIONS = (f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation")


@dataclass(frozen=True)
class Violation:
    """The first thing that is wrong: .NET's sentence, and the line where it stands (0: unknown)."""

    text: str
    line: int


class _Wrong(Exception):
    """Raised where the first wrong thing is found."""

    def __init__(self, element: etree._Element, text: str) -> None:
        super().__init__(text)
        self.violation = Violation(text, _line(element))


def judge(element: etree._Element, version: str) -> Violation | None:
    """The first violation in an element that can stand at the top, None when it is as the schema of a version says."""
    root = TABLES.elements.get(str(element.tag))
    if root is None or not known(root.span, version):
        name = etree.QName(element)
        return Violation(
            f"Could not find schema information for the element '{name.namespace}:{name.localname}'.",
            _line(element),
        )
    try:
        _element(element, root, version)
    except _Wrong as wrong:
        return wrong.violation
    return None


@cache
def content(name: str, version: str) -> Content:
    """The children of a complex type, with those of the types that it extends."""
    parts = [kind.content for kind in _lineage(name) if kind.content is not None]
    return build(parts, TABLES, version)


@cache
def attributes(name: str, version: str) -> dict[str, Attribute]:
    """The attributes of a complex type, by name."""
    return {one.name: one for kind in _lineage(name) for one in kind.attributes if known(one.span, version)}


def text_type(name: str) -> str | None:
    """The simple type of an element's text; None when it has children."""
    while True:
        kind = TABLES.types.get(name)
        if not isinstance(kind, Complex):
            return name
        if kind.base is None:
            return None
        name = kind.base


def _lineage(name: str) -> list[Complex]:
    """A type after all those that it extends."""
    found: list[Complex] = []
    at: str | None = name
    while at is not None:
        kind = TABLES.types.get(at)
        if not isinstance(kind, Complex):
            break
        found.append(kind)
        at = kind.base
    return found[::-1]


def _element(element: etree._Element, declared: Element, version: str) -> None:
    if declared.type == ANY:
        return
    name = _asked(element, declared.type)
    kind = TABLES.types.get(name)
    if isinstance(kind, Complex) and kind.abstract:
        raise _Wrong(element, f"The element '{_colon(str(element.tag))}' is abstract or its type is abstract.")
    _attributes(element, attributes(name, version), version)
    if element.get(_NIL) is not None:
        if not declared.nillable:
            raise _Wrong(element, _NOT_NILLABLE)
        if element.get(_NIL) in ("true", "1"):
            return
    if text_type(name) is None:
        _children(element, content(name, version), version)
    else:
        _text(element, name, version)


def _asked(element: etree._Element, name: str) -> str:
    """The type that ``xsi:type`` names, when it extends that of the element. Raises _Wrong."""
    given = element.get(_TYPE)
    if given is None:
        return name
    prefix, _, local = given.strip().rpartition(":")
    asked = f"{{{element.nsmap.get(prefix or None) or ''}}}{local}"
    if asked != name and name not in (kind.name for kind in _lineage(asked)):
        raise _Wrong(element, f"This is an invalid xsi:type '{_colon(asked)}'.")
    return asked


def _attributes(element: etree._Element, allowed: dict[str, Attribute], version: str) -> None:
    for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
        if name in (_NIL, _TYPE, *_LOCATIONS) or f"{{{etree.QName(name).namespace}}}*" in allowed:
            continue
        if name not in allowed:
            raise _Wrong(element, f"The '{_colon(name)}' attribute is not declared.")
        kind = allowed[name].type
        if said := values.wrong(value, kind, TABLES, version):
            raise _Wrong(
                element,
                f"The '{_colon(name)}' attribute is invalid - The value '{value}' is invalid according to its datatype "
                f"'{_colon(kind)}' - {said}",
            )
    for one in allowed.values():
        if one.required and element.get(one.name) is None:
            raise _Wrong(element, f"The required attribute '{one.name}' is missing.")


def _text(element: etree._Element, name: str, version: str) -> None:
    child = next(element.iterchildren("*"), None)
    if child is not None:
        raise _Wrong(
            child,
            f"The element {_named(str(element.tag))} cannot contain child element {_named(str(child.tag))} because the "
            "parent element's content model is text only.",
        )
    value = "".join(part or "" for part in (element.text, *(child.tail for child in element)))
    if said := values.wrong(value, name, TABLES, version):
        raise _Wrong(
            element,
            f"The '{_colon(str(element.tag))}' element is invalid - The value '{value}' is invalid according to its "
            f"datatype '{_colon(name)}' - {said}",
        )


def _children(element: etree._Element, model: Content, version: str) -> None:
    position = START
    called = f"The element {_named(str(element.tag))}"
    _no_text(element, element.text, called, model.expected(position))
    for child in element.iterchildren():
        if isinstance(child.tag, str):
            after = model.step(position, child.tag)
            if after is None:
                raise _Wrong(child, f"{called} {_unexpected(child, model, position)}")
            position = after
            _element(child, model.elements[position], version)
        _no_text(element, child.tail, called, model.expected(position))
    if position not in model.final:
        raise _Wrong(element, f"{called} has incomplete content.{_list(model.expected(position))}")


def _no_text(element: etree._Element, text: str | None, called: str, expected: list[str]) -> None:
    if text and text.strip(" \t\r\n"):
        raise _Wrong(element, f"{called} cannot contain text.{_list(expected)}")


def _unexpected(child: etree._Element, model: Content, position: int) -> str:
    name = _named(str(child.tag))
    if not model.elements:
        return f"cannot contain child element {name} because the parent element's content model is empty."
    return f"has invalid child element {name}.{_list(model.expected(position))}"


def _list(names: Iterable[str]) -> str:
    """`` List of possible elements expected: …``, by namespace; nothing when there are none."""
    spaces: dict[str, list[str]] = {}
    for name in names:
        spaces.setdefault(etree.QName(name).namespace or "", []).append(etree.QName(name).localname)
    said = [f"'{', '.join(locals_)}' in namespace '{space}'" for space, locals_ in spaces.items()]
    return f" List of possible elements expected: {' as well as '.join(said)}." if said else ""


def _line(element: etree._Element) -> int:
    found: object = element.sourceline
    return found if isinstance(found, int) else 0


def _named(name: str) -> str:
    found = etree.QName(name)
    return f"'{found.localname}' in namespace '{found.namespace}'" if found.namespace else f"'{found.localname}'"


def _colon(name: str) -> str:
    found = etree.QName(name)
    return f"{found.namespace}:{found.localname}" if found.namespace else found.localname
