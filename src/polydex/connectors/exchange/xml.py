"""XML as Exchange sends it: read with one parser that knows no DTD, no entity and no other document.

Exchange writes characters that XML 1.0 does not have as character references (``&#x1F;``), which no parser accepts. Such
text is read without them.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from lxml import etree

from polydex.core.errors import ProviderMalformed

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name of the type
"""An element of a parsed document."""

_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What is no ``Char`` of XML 1.0, 2.2, but for surrogates, which UTF-8 does not have either."""
_REFERENCE: Final = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")

_parser: Final = etree.XMLParser(
    encoding="utf-8",  # whatever a declaration says: Exchange sends nothing else, and no DTD hides behind another one
    resolve_entities=False,
    load_dtd=False,
    dtd_validation=False,
    no_network=True,
    remove_comments=True,
    remove_pis=True,
    huge_tree=True,  # pictures may be longer than the 10 MB that a text may have otherwise
)


def parse(data: bytes) -> Element:
    """The root element of a document.

    Args:
        data: UTF-8; invalid bytes, and characters that XML does not have, are tolerated.

    Raises:
        ProviderMalformed: it is no well-formed XML, or has a document type declaration.
    """
    return parse_legal(data)[0]


def parse_legal(data: bytes) -> tuple[Element, bytes]:
    """The same, and the well-formed document that has been read: ``data``, or what is left of it."""
    try:
        return _parsed(data), data
    except (etree.XMLSyntaxError, ValueError):
        pass
    try:
        legal = _legal(data)
        return _parsed(legal), legal
    except (etree.XMLSyntaxError, ValueError) as error:
        # The message may quote what is in the document, so only the place is told.
        place = f"line {error.lineno}" if isinstance(error, etree.XMLSyntaxError) else type(error).__name__
        raise ProviderMalformed("Exchange's answer is no XML", detail=place) from None


def _parsed(data: bytes) -> Element:
    if _has_doctype(data):
        raise ProviderMalformed("Exchange's answer has a document type declaration, which is refused")
    return etree.fromstring(data, _parser)


def _has_doctype(data: bytes) -> bool:
    """Whether there is a document type declaration in front of the root element, its only place."""
    at = data.find(b"<")
    while at >= 0:
        if data.startswith(b"<?", at):
            at = data.find(b"?>", at)
        elif data.startswith(b"<!--", at):
            at = data.find(b"-->", at + 4)
        else:
            return data.startswith(b"<!", at)
        at = data.find(b"<", at) if at >= 0 else at
    return False


def _legal(data: bytes) -> bytes:
    """The document without what XML does not have."""
    text = _ILLEGAL.sub("", data.decode("utf-8", "replace"))
    return _REFERENCE.sub(_reference, text).encode()


def _reference(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    if code in (0x09, 0x0A, 0x0D) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF:
        return found[0]
    return ""
