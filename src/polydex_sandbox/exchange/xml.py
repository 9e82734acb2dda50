"""Elements of Exchange's two namespaces, made and read."""

from __future__ import annotations

from lxml import etree

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

Element = etree._Element  # noqa: SLF001 - lxml has no other name for the type

_STAND_INS = {code: chr(0x10F000 + code) for code in (*range(9), 0xB, 0xC, *range(0xE, 0x20))}
"""Characters that XML 1.0 does not allow, which Exchange sends as references: lxml takes none of them."""
_NAMES = {"m": M, "t": T}


def m(name: str, *children: Element, text: str | None = None, **attributes: str) -> Element:
    """An element of the messages."""
    return _made(M, name, children, text, attributes)


def t(name: str, *children: Element, text: str | None = None, **attributes: str) -> Element:
    """An element of the types."""
    return _made(T, name, children, text, attributes)


def _made(
    namespace: str, name: str, children: tuple[Element, ...], text: str | None, attributes: dict[str, str]
) -> Element:
    made = etree.Element(f"{{{namespace}}}{name}", nsmap=_NAMES)
    for attribute, value in attributes.items():
        made.set(attribute, value.translate(_ALLOWED))
    if text is not None:
        made.text = text.translate(_ALLOWED)
    made.extend(children)
    return made


ILLEGAL = _STAND_INS[0x1F]
"""What stands for a character that XML does not allow, in the text of an element."""
_ALLOWED: dict[int, str | None] = {**_STAND_INS, 0xFFFE: None, 0xFFFF: None}


DEEPEST = 200
"""Elements within each other: more than any request has that makes sense."""


def text_of(flag: bool) -> str:
    return "true" if flag else "false"


def written(element: Element) -> bytes:
    """The document, with references to the characters that XML does not allow."""
    raw = etree.tostring(element, encoding="utf-8", xml_declaration=True)
    for code, char in _STAND_INS.items():
        raw = raw.replace(char.encode(), b"&#x%X;" % code)
    return raw


def parsed(raw: bytes) -> Element:
    """The root of a document that was sent. Raises ValueError: it is none, or has a document type."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        # A photo is one text; where entities are defined they stay few.
        huge_tree=b"<!DOCTYPE" not in raw and b"\0" not in raw,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("DTD is prohibited in this XML document.")
    depth = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise ValueError("The elements are nested too deeply.")
    return root


def name_of(element: Element) -> str:
    """Without its namespace."""
    return etree.QName(element).localname


def namespace_of(element: Element) -> str | None:
    return etree.QName(element).namespace


def child(element: Element, name: str) -> Element | None:
    """The first child of this name, in whichever namespace: no type has two of one name."""
    return next((one for one in element if name_of(one) == name), None)


def content(element: Element, name: str, default: str = "") -> str:
    """The text of a child; the default when there is no such child."""
    found = child(element, name)
    return default if found is None else (found.text or "").strip()
