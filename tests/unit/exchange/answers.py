"""Answers of Exchange, as servers and their documentation have them."""

from __future__ import annotations

from lxml import etree

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.xml import Element, parse

NAMES = (
    'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)
VERSION = (
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1118" MinorBuildNumber="7" '
    'Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/>'
)


def envelope(body: str, header: str = VERSION) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {NAMES}><s:Header>{header}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def answered(operation: str, *messages: str) -> bytes:
    """An answer with these response messages."""
    return envelope(
        f"<m:{operation}Response><m:ResponseMessages>{''.join(messages)}</m:ResponseMessages></m:{operation}Response>"
    )


def success(operation: str, content: str = "") -> str:
    """A response message."""
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{content}'
        f"</m:{operation}ResponseMessage>"
    )


def failed(operation: str, code: str, text: str = "No.", extra: str = "", response_class: str = "Error") -> str:
    """A response message of an item that failed."""
    return (
        f'<m:{operation}ResponseMessage ResponseClass="{response_class}"><m:MessageText>{text}</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{extra}"
        f"</m:{operation}ResponseMessage>"
    )


def fault(code: str, text: str = "No.", extra: str = "") -> bytes:
    """A fault, which comes with HTTP 500."""
    errors = 'xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors"'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {NAMES}><s:Body><s:Fault>'
        f'<faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:{code}</faultcode>'
        f'<faultstring xml:lang="en-US">{text}</faultstring><detail><e:ResponseCode {errors}>{code}</e:ResponseCode>'
        f"<e:Message {errors}>{text}</e:Message>{extra}</detail></s:Fault></s:Body></s:Envelope>"
    ).encode()


def message(operation: str, content: str = "") -> Element:
    """A response message that is no failure, as it is parsed."""
    found = soap.read(answered(operation, success(operation, content))).messages[0]
    assert not isinstance(found, soap.Failure)
    return found


def contact(inner: str) -> Element:
    """A ``t:Contact``."""
    return parse(f"<t:Contact {NAMES}>{inner}</t:Contact>".encode())


def text(element: Element) -> str:
    return etree.tostring(element).decode()
