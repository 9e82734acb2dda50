"""Native properties: what is on a card beside the public contact, by property name and raw value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from polydex.core.errors import BadRequest, FieldUnsupported
from polydex.core.vcard.card import Card
from polydex.core.vcard.lines import Line

MARK = "X-POLYDEX-MARK"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
_BREAK = re.compile(r"\r\n|\r|\n")
OURS = "X-POLYDEX-"
SPOKEN_FOR = frozenset(
    {
        *("BEGIN", "END", "VERSION", "UID", "N", "FN", "REV", "PRODID", "CREATED", "KIND", "AGENT", "XML"),
        *("X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER", "MEMBER"),
        # Written through the fields of the contact.
        *("NICKNAME", "ORG", "TITLE", "BDAY", "NOTE", "CATEGORIES", "EMAIL", "TEL", "ADR", "LABEL", "URL", "PHOTO"),
        *("SORT-STRING", "RELATED", "X-ABLABEL", "X-ABADR", "X-ABRELATEDNAMES", "X-ABCROP-RECTANGLE"),
        *("X-PHONETIC-FIRST-NAME", "X-PHONETIC-LAST-NAME", "X-PHONETIC-ORG"),
        *("X-EVOLUTION-FILE-AS", "X-EVOLUTION-BLOG-URL"),
        *("X-EVOLUTION-MANAGER", "X-EVOLUTION-ASSISTANT", "X-EVOLUTION-SPOUSE"),
    }
)
"""Properties that hold the card together, or that have a field of their own."""


def native(raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The raw (still escaped) values of the named properties, several joined by a newline; absent ones are left out.

    Raises ProviderMalformed when ``raw`` is no card.
    """
    card = Card.parse(raw)
    result = {}
    for name in names:
        lines = [] if name.upper().startswith(OURS) else card.all(name.upper())
        if lines:
            result[name] = "\n".join(_value(line) for line in lines)
    return result


def edit(card: Card, properties: Mapping[str, str | None]) -> None:
    """Set properties to raw values, line by line; None removes.

    Raises BadRequest for a name that no property can have, FieldUnsupported for one that may not be written so.
    """
    for name in properties:
        path = "$.nativeProperties"
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{path}: a name is not a vCard property name")
        if name.upper() in SPOKEN_FOR or name.upper().startswith(OURS):
            raise FieldUnsupported(f"{path}.{name}: this property cannot be written as a native property")
    for name, value in properties.items():
        _edit(card, name, value)


def _edit(card: Card, name: str, value: str | None) -> None:
    wanted = [clean for part in _BREAK.split(value or "") if (clean := _clean(part))]
    lines = list(card.all(name.upper()))
    if wanted == [_clean(_value(line)) for line in lines]:
        return
    for line, text in zip(lines, wanted, strict=False):
        if text != _clean(_value(line)):
            card.replace(line, line.revised(card.version, value=text))
    for text in wanted[len(lines) :]:
        card.insert(Line.make(name, text, card.version))
    for line in lines[len(wanted) :]:
        card.remove(line)


def _value(line: Line) -> str:
    """The value; real line breaks (quoted-printable) as their escape."""
    return line.value.replace("\n", "\\n") if "\n" in line.value else line.value


def _clean(text: str) -> str:
    """Without control characters and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(c for c in text if c == "\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
