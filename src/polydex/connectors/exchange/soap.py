"""SOAP 1.1 as Exchange Web Services speak it: the envelope of a request, and what an answer says. Pure.

Source: messages.xsd and types.xsd of Exchange 2013 SP1; the shape of a fault as learn.microsoft.com has it (Handling
synchronization-related errors, EWS throttling in Exchange) and as clients read it (exchangelib, services/common.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from polydex.connectors.exchange.wire import NSMAP, VERSION, M, S, T
from polydex.connectors.exchange.xml import Element, parse_legal
from polydex.core.errors import ProviderMalformed

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_ERRORS: Final = "{http://schemas.microsoft.com/exchange/services/2006/errors}"
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,100}")
_NO_ERROR: Final = "NoError"
_RESPONSE_CODE: Final = M + "ResponseCode"


@dataclass(frozen=True, slots=True)
class Failure:
    """What Exchange says went wrong, with a whole request or with one of its items. Its words are not kept: they may repeat
    what was sent.

    Attributes:
        codes: response codes, the one of the answer first, then the one that is said to be behind it.
        values: of ``MessageXml``, by name, as ``BackOffMilliseconds``.
    """

    codes: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """The build of the server that has answered (``ServerVersionInfo``), as 15.2.1118.7."""

    major: int
    minor: int
    build: int
    revision: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.build}.{self.revision}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer says.

    Attributes:
        messages: the response messages, one per item of the request; of a failed one what it says. Empty with a fault.
        fault: what went wrong with the request as a whole.
        version: of the server, where it tells it.
        document: the whole answer, well-formed.
    """

    messages: tuple[Element | Failure, ...] = ()
    fault: Failure | None = None
    version: Version | None = None
    document: bytes = b""


def envelope(operation: Element, *, mailbox: str = "") -> bytes:
    """A request.

    Args:
        operation: what is asked for, as ``m:GetItem``.
        mailbox: SMTP address of the mailbox that a service account acts on; "": the one of who has logged in.
    """
    root = etree.Element(S + "Envelope", nsmap=NSMAP)
    header = etree.SubElement(root, S + "Header")
    etree.SubElement(header, T + "RequestServerVersion", Version=VERSION)
    if mailbox:
        impersonation = etree.SubElement(header, T + "ExchangeImpersonation")
        sid = etree.SubElement(impersonation, T + "ConnectingSID")
        etree.SubElement(sid, T + "PrimarySmtpAddress").text = mailbox
    etree.SubElement(root, S + "Body").append(operation)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def read(body: bytes) -> Reply:
    """Read an answer, whatever its HTTP status. Raises ProviderMalformed: it is no answer of Exchange Web Services."""
    root, document = parse_legal(body)
    content = root.find(S + "Body") if root.tag == S + "Envelope" else None
    if content is None or len(content) != 1:
        raise ProviderMalformed("Exchange's answer is no SOAP envelope")
    version = _version(root.find(f"{S}Header/{T}ServerVersionInfo"))
    answer = content[0]
    if answer.tag == S + "Fault":
        return Reply(fault=_fault(answer), version=version, document=document)
    found = answer.find(M + "ResponseMessages")
    # Some answers, as that to Unsubscribe of old servers, are their only message themselves.
    messages = [answer] if found is None else list(found)
    return Reply(tuple([_message(each) for each in messages]), version=version, document=document)


def _message(message: Element) -> Element | Failure:
    code = next(iter(message), None)  # the first one, unless there are words about a failure
    if code is None or code.tag != _RESPONSE_CODE:
        code = message.find(_RESPONSE_CODE)
    text = "" if code is None else (code.text or "").strip()
    if text in ("", _NO_ERROR) and message.get("ResponseClass") == "Success":
        return message
    return _failure(text, message.find(M + "MessageXml"))


def _fault(fault: Element) -> Failure:
    detail = fault.find("detail")
    if detail is None:
        return _failure(_last(fault.findtext("faultcode")), None)
    code = (detail.findtext(_ERRORS + "ResponseCode") or "").strip() or _last(fault.findtext("faultcode"))
    return _failure(code, detail.find(T + "MessageXml"))


def _last(qualified: str | None) -> str:
    """``a:ErrorServerBusy`` without its prefix."""
    return (qualified or "").strip().rpartition(":")[2]


def _failure(code: str, extra: Element | None) -> Failure:
    values = dict(_values(extra))
    codes = (code, values.get("InnerErrorResponseCode", ""))
    return Failure(tuple(one for one in codes if _CODE.fullmatch(one)), values)


def _values(extra: Element | None) -> Iterator[tuple[str, str]]:
    for value in extra.iterfind(T + "Value") if extra is not None else ():
        name = value.get("Name")
        if name:
            yield name, (value.text or "").strip()


def _version(info: Element | None) -> Version | None:
    if info is None:
        return None
    names = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    try:
        return Version(*(int(info.get(name) or 0) for name in names))
    except ValueError:
        return None
