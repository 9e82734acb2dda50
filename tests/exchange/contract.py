"""Microsoft's schemas of Exchange Web Services as a judge of what is sent and answered, byte for byte as it travels.

The schemas lie beside this repository, in ../shared/contracts/ews: where they are absent, what asks for them is skipped.
Requests are judged by the set of 2013 SP1, the oldest server that has to take them; answers by that of 2016.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

CONTRACTS: Final = Path(__file__).parents[2].parent / "shared" / "contracts" / "ews"
SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
TYPES: Final = "{http://schemas.microsoft.com/exchange/services/2006/types}"
MESSAGES: Final = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
ERRORS: Final = "{http://schemas.microsoft.com/exchange/services/2006/errors}"
VERSIONS: Final = {
    "Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2", "Exchange2013",
    "Exchange2013_SP1", "Exchange2015", "Exchange2016",
}  # fmt: skip
"""What a client may ask for; each schema declares its own alone (MS-OXWSCDATA 2.2.4.15, ExchangeVersionType)."""

_ENVELOPE: Final = re.compile(rb"</(?:[\w.-]+:)?Envelope\s*>")


class Broken(AssertionError):
    """A request or an answer is not as the schemas have it; the text says how."""


def present() -> bool:
    """Whether there are schemas to judge by."""
    return CONTRACTS.is_dir()


def request(data: bytes, version: str = "2013_SP1") -> str:
    """Judge a request's whole envelope. Raises Broken; skips the test when there are no schemas.

    Args:
        data: the body of the HTTP request.
        version: of the set of schemas, ``2013_SP1`` or ``2016``. That of 2013 SP1 takes only requests for that version,
            as ours are; that of 2016 takes those for any.

    Returns:
        Name of the operation, ``SyncFolderItems``.
    """
    headers, body = _parts(parsed(data))
    for header in headers:
        _check(_of_any_version(header) if version == "2016" else header, version)
    _check(body, version)
    return etree.QName(body).localname


def answer(data: bytes) -> str:
    """Judge an answer's envelope, or all of them where they follow each other (GetStreamingEvents).

    Raises Broken; skips the test when there are no schemas.

    Returns:
        Name of what the (last) envelope brings, ``SyncFolderItemsResponse`` or ``Fault``.
    """
    name = ""
    for envelope in envelopes(data):
        headers, body = _parts(parsed(envelope))
        for header in headers:
            _check(header, "2016")
        if body.tag == f"{SOAP}Fault":
            _fault(body)
        else:
            _check(_as_described(body), "2016")
        name = etree.QName(body).localname
    return name


def envelopes(data: bytes) -> Iterator[bytes]:
    """The envelopes that follow each other in a streamed answer; of any other answer the one. Raises Broken."""
    begin = 0
    for end in _ENVELOPE.finditer(data):
        yield data[begin : end.end()].strip()
        begin = end.end()
    if not begin or data[begin:].strip():
        raise Broken(f"No envelope, or not a whole one: {data[begin : begin + 100]!r}")


def element(node: etree._Element, version: str = "2016") -> None:
    """Judge one element that the schemas declare at their top, the first child of a Body. Raises Broken."""
    _check(node, version)


def parsed(data: bytes) -> etree._Element:
    """The root of a document without DTD. Raises Broken."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise Broken(f"Not XML: {error}") from None
    if b"<!DOCTYPE" in data:
        raise Broken("A document type declaration, which SOAP forbids")
    return root


@cache
def schema(version: str) -> etree.XMLSchema:
    """A compiled set, ``2013_SP1`` or ``2016``; skips the test when there is none."""
    folder = CONTRACTS / {"2013_SP1": "exchange2013_sp1", "2016": "exchange2016"}[version]
    if not folder.is_dir():
        pytest.skip("the contract is not beside this repository (../shared/contracts)")
    return etree.XMLSchema(etree.parse(str(folder / "all.xsd")))


def _parts(envelope: etree._Element) -> tuple[list[etree._Element], etree._Element]:
    """The headers that Exchange describes, and what is in the Body."""
    if envelope.tag != f"{SOAP}Envelope":
        raise Broken(f"No envelope but {envelope.tag}")
    names = [part.tag for part in envelope]
    if names not in ([f"{SOAP}Body"], [f"{SOAP}Header", f"{SOAP}Body"]):
        raise Broken(f"An envelope of {names}")
    body = [one for one in envelope[-1] if isinstance(one.tag, str)]
    if len(body) != 1:
        raise Broken(f"A body of {len(body)} elements")
    headers = list(envelope[0]) if len(names) == 2 else []
    return [one for one in headers if isinstance(one.tag, str) and one.tag.startswith((TYPES, MESSAGES))], body[0]


def _check(node: etree._Element, version: str) -> None:
    try:
        schema(version).assertValid(node)
    except etree.DocumentInvalid as error:
        raise Broken(str(error)) from None


def _as_described(body: etree._Element) -> etree._Element:
    """An answer to GetStreamingEvents, of which servers put parts into the namespace of messages, not into that of types.

    Source: the example of https://learn.microsoft.com/exchange/client-developer/web-service-reference/
    getstreamingevents-operation, and exchangelib, which finds them only there.
    """
    if body.tag != f"{MESSAGES}GetStreamingEventsResponse":
        return body
    described = deepcopy(body)
    for holder, part in (("Notifications", "Notification"), ("ErrorSubscriptionIds", "SubscriptionId")):
        for one in described.iterfind(f".//{MESSAGES}{holder}/{MESSAGES}{part}"):
            one.tag = f"{TYPES}{part}"
    return described


def _of_any_version(header: etree._Element) -> etree._Element:
    """``RequestServerVersion`` as the newest schema alone would have it, if it is a version at all."""
    if header.tag != f"{TYPES}RequestServerVersion" or header.get("Version") not in VERSIONS:
        return header
    return etree.Element(header.tag, Version="Exchange2016")


def _fault(fault: etree._Element) -> None:
    """SOAP 1.1, 4.4, with the detail that Exchange gives: code, text and perhaps MessageXml (MS-OXWSCDATA 2.2.1.1)."""
    if [one.tag for one in fault] not in (["faultcode", "faultstring"], ["faultcode", "faultstring", "detail"]):
        raise Broken(f"A fault of {[one.tag for one in fault]}")
    for one in fault.iterfind("detail/*"):
        if one.tag == f"{ERRORS}ResponseCode":
            code = etree.Element(f"{MESSAGES}DeleteItemResponse")
            messages = etree.SubElement(code, f"{MESSAGES}ResponseMessages")
            message = etree.SubElement(messages, f"{MESSAGES}DeleteItemResponseMessage", ResponseClass="Error")
            etree.SubElement(message, f"{MESSAGES}ResponseCode").text = one.text
            _check(code, "2016")
        elif one.tag not in (f"{ERRORS}Message", f"{TYPES}MessageXml", f"{ERRORS}LineNumber", f"{ERRORS}LinePosition",
                             f"{ERRORS}Violation"):  # fmt: skip
            raise Broken(f"A fault with {one.tag} in its detail")
