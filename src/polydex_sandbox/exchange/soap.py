"""SOAP 1.1 as Exchange speaks it: an envelope that came, and those that go out.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/ews-soap-headers and
https://www.w3.org/TR/2000/NOTE-SOAP-20000508/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from polydex_sandbox.exchange import answers, errors
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.xml import SOAP, Element, M, T, m, name_of, namespace_of, parsed, written

ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class Envelope:
    """What was sent.

    Attributes:
        headers: local name -> element, of those that are Exchange's own.
        body: the operation's element.
    """

    headers: Mapping[str, Element]
    body: Element


def envelope(raw: bytes) -> Envelope:
    """Raises EwsError: it is no envelope with one operation in it."""
    try:
        root = parsed(raw)
    except ValueError as error:
        raise errors.schema(f"The request is not well-formed XML: {error}") from None
    if root.tag != f"{{{SOAP}}}Envelope":
        raise errors.schema("The root element is not a SOAP 1.1 envelope.")
    head, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if body is None or len(body) != 1:
        raise errors.schema("The SOAP body does not have exactly one element.")
    headers: dict[str, Element] = {}
    for one in head if head is not None else ():
        if namespace_of(one) in (M, T):
            if name_of(one) in headers:
                raise errors.duplicate_header()
            headers[name_of(one)] = one
    return Envelope(headers, body[0])


def answer(operation: Element, version: Mapping[str, str]) -> bytes:
    """An envelope around an answer, with the server's version."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    head = etree.SubElement(root, f"{{{SOAP}}}Header")
    info = etree.SubElement(head, f"{{{T}}}ServerVersionInfo", nsmap={"h": T, "xsi": _XSI})
    for name, value in version.items():
        info.set(name, value)
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    body.append(operation)
    return written(root)


def fault(error: EwsError) -> bytes:
    """An envelope with a fault, as an HTTP 500 has it."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    found = etree.SubElement(body, f"{{{SOAP}}}Fault")
    code = etree.SubElement(found, "faultcode", nsmap={"a": T})
    code.text = f"a:{error.code}"
    text = etree.SubElement(found, "faultstring")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    text.text = m("x", text=error.message).text
    detail = etree.SubElement(found, "detail")
    for name, content in (("ResponseCode", error.code), ("Message", error.message)):
        etree.SubElement(detail, f"{{{ERRORS}}}{name}", nsmap={"e": ERRORS}).text = m("x", text=content).text
    if found_more := answers.more(error):
        etree.SubElement(detail, f"{{{T}}}MessageXml", nsmap={"t": T}).extend(found_more)
    return written(root)
