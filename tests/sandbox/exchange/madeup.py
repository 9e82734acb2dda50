"""Documents made up at random: such as the tables allow, and such as are broken somewhere."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from lxml import etree

from polydex_sandbox.exchange.schema.content import START
from polydex_sandbox.exchange.schema.judge import ANY, attributes, content, text_type
from polydex_sandbox.exchange.schema.notation import TYPES, XSD, Complex, Simple
from polydex_sandbox.exchange.schema.tables import TABLES
from polydex_sandbox.exchange.schema.versions import known

DEEP: Final = {"Not", "And", "Or", "Restriction", "ItemAttachment", "Condition"}
"""Children that may hold others like themselves."""
TEXTS: Final = {
    "string": ("", "a", " b ", "ß"),
    "anyURI": ("http://example.com/", "", "a"),
    "base64Binary": ("", "YQ==", "YWI=\n"),
    "boolean": ("true", "false", "1", " 0"),
    "dateTime": ("2026-01-01T00:00:00Z", "2024-02-29T23:59:59.123+14:00", "1815-12-10T24:00:00"),
    "duration": ("P1D", "-PT5M", "P1Y2M3DT4H5M6.7S"),
    "int": ("0", "-1", "+7", "2147483647"),
    "language": ("en", "de-CH"),
    "long": ("-9223372036854775808", "5"),
    "unsignedShort": ("65535", "0", "010"),
}
WRONG: Final = (
    "x", "", "-", "65536", "0", "513", "2147483648", "True", "2026-02-30T00:00:00Z", "2026-01-01", "25:00:00", "P", "PT",
    "a b", "=", "YQ=", "0x", "0x12345", "EmailAddress4", "home", " Home", "contacts:Urls", "item:Nonsense", "Exchange2099",
)  # fmt: skip
PATTERNS: Final = {
    "PropertyTagTextType": ("0x3A4D", "0Xf", "0x0001"),
    "GuidType": ("00062004-0000-0000-C000-000000000046",),
    "ExcludesAttributeType": ("0x1", "12", "", "0X"),
}


class Maker:
    """Makes documents of one version."""

    def __init__(self, random: Random, version: str) -> None:
        self.random, self.version = random, version

    def document(self, root: str) -> etree._Element:
        """One that the tables allow."""
        return self._element(root, TABLES.elements[root].type, 0)

    def _element(self, name: str, kind: str, depth: int) -> etree._Element:
        made = etree.Element(name, nsmap={"t": TYPES})
        if kind == ANY:
            return made
        if isinstance(TABLES.types.get(kind), Complex):
            for one in attributes(kind, self.version).values():
                if not one.name.endswith("*") and (one.required or self.random.random() < 0.5):
                    made.set(one.name, self.text(one.type))
        if text_type(kind) is not None:
            made.text = self.text(kind)
            return made
        model, position = content(kind, self.version), START
        while not (position in model.final and self.random.random() < 0.1 + depth / 12):
            after = [
                at
                for at in model.follow[position]
                if self._wanted(model.elements[at].name, model.elements[at].type, depth)
            ]
            if not after:
                break
            position = self.random.choice(after)
            child = model.elements[position]
            made.append(self._element(child.name, child.type, depth + 1))
        return made

    def _wanted(self, name: str, kind: str, depth: int) -> bool:
        if isinstance(found := TABLES.types.get(kind), Complex) and found.abstract:
            return False
        return kind != ANY and not (depth > 3 and name.rpartition("}")[2] in DEEP)

    def text(self, name: str) -> str:
        """A text that a simple type allows."""
        kind = TABLES.types.get(name)
        if kind is None:
            return self.random.choice(TEXTS[name.removeprefix(f"{{{XSD}}}")])
        if isinstance(kind, Complex):
            assert kind.base is not None
            return self.text(kind.base)
        return self._simple(kind)

    def _simple(self, kind: Simple) -> str:
        if kind.items:
            return " ".join(self.text(kind.base) for _ in range(self.random.randrange(3)))
        if kind.members:
            return self.text(self.random.choice([one for one, span in kind.members if known(span, self.version)]))
        if kind.values is not None:
            return self.random.choice([value for value, span in kind.values.items() if known(span, self.version)])
        if kind.pattern is not None:
            return self.random.choice(PATTERNS[kind.name.rpartition("}")[2]])
        if kind.base == f"{{{XSD}}}string" and kind.low:
            return self.random.choice(("a", "bc", " "))
        if kind.low is not None:
            assert kind.high is not None
            return str(self.random.choice((kind.low, kind.high, self.random.randint(kind.low, kind.high))))
        return self.text(kind.base)


def broken(document: etree._Element, random: Random) -> None:
    """Change a document in one place; now and then it is valid even then."""
    places = [one for one in document.iter() if isinstance(one.tag, str)]
    random.choice(_CHANGES)(random.choice(places), places, random)


_Change = Callable[[etree._Element, list[etree._Element], Random], None]


def _swap(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if len(one) > 1:
        at = random.randrange(len(one) - 1)
        one.append(one[at])


def _remove(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if len(one):
        one.remove(random.choice(one))


def _double(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if len(one):
        at = random.randrange(len(one))
        one.insert(at, etree.fromstring(etree.tostring(one[at])))


def _insert(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    other = random.choice(places)
    one.insert(random.randrange(len(one) + 1), etree.fromstring(etree.tostring(other)))


def _rename(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if one.getparent() is not None:
        one.tag = str(random.choice(places).tag)


def _move(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if one.getparent() is not None:
        one.tag = str(one.tag).replace("/messages}", "/x}").replace("/types}", "/messages}")


def _text(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    one.text = random.choice(WRONG)


def _value(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if one.attrib:
        one.set(random.choice(one.keys()), random.choice(WRONG))


def _unset(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    if one.attrib:
        del one.attrib[random.choice(one.keys())]


def _set(one: etree._Element, places: list[etree._Element], random: Random) -> None:
    names = sorted({str(name) for place in places for name in place.attrib} | {"key"})
    one.set(random.choice(names), random.choice(("a", "1")))


_CHANGES: Final[tuple[_Change, ...]] = (
    _swap, _remove, _double, _insert, _rename, _move, _text, _value, _unset, _set,
)  # fmt: skip
