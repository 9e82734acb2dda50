"""The judge itself: what it lets pass, and what it does not."""

from __future__ import annotations

import pytest

from tests.exchange import contract
from tests.exchange.contract import Broken

T = "http://schemas.microsoft.com/exchange/services/2006/types"
M = "http://schemas.microsoft.com/exchange/services/2006/messages"
S = "http://schemas.xmlsoap.org/soap/envelope/"
E = "http://schemas.microsoft.com/exchange/services/2006/errors"
VERSION = '<t:RequestServerVersion Version="Exchange2013_SP1"/>'
INFO = '<t:ServerVersionInfo MajorVersion="15" MinorVersion="2" Version="V2017_07_11"/>'


def envelope(body: str, header: str = VERSION) -> bytes:
    names = f'xmlns:s="{S}" xmlns:t="{T}" xmlns:m="{M}"'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {names}><s:Header>{header}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def creation(contact: str) -> bytes:
    return envelope(f"<m:CreateItem><m:Items><t:Contact>{contact}</t:Contact></m:Items></m:CreateItem>")


def sync(maximum: int, header: str = VERSION) -> bytes:
    return envelope(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>"
        '<t:DistinguishedFolderId Id="contacts"/></m:SyncFolderId><m:MaxChangesReturned>'
        f"{maximum}</m:MaxChangesReturned></m:SyncFolderItems>",
        header,
    )


def deletion(code: str, header: str = INFO) -> bytes:
    return envelope(
        '<m:DeleteItemResponse><m:ResponseMessages><m:DeleteItemResponseMessage ResponseClass="Error">'
        f"<m:MessageText>No.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>"
        "</m:DeleteItemResponseMessage></m:ResponseMessages></m:DeleteItemResponse>",
        header,
    )


def streamed(namespace: str) -> bytes:
    """A stream that has a notification of the folder's one event, its parts in a namespace."""
    event = (
        '<t:DeletedEvent><t:Watermark>W</t:Watermark><t:TimeStamp>2026-01-01T00:00:00Z</t:TimeStamp><t:ItemId Id="I"/>'
        '<t:ParentFolderId Id="F"/></t:DeletedEvent>'
    )
    return envelope(
        '<m:GetStreamingEventsResponse><m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass="Success">'
        f"<m:ResponseCode>NoError</m:ResponseCode><m:Notifications><{namespace}:Notification><t:SubscriptionId>S"
        f"</t:SubscriptionId>{event}</{namespace}:Notification></m:Notifications><m:ConnectionStatus>OK"
        "</m:ConnectionStatus></m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>",
        INFO,
    )


def fault(detail: str) -> bytes:
    return envelope(
        f"<s:Fault><faultcode>t:{detail}</faultcode><faultstring>No.</faultstring><detail>"
        f'<e:ResponseCode xmlns:e="{E}">{detail}</e:ResponseCode><e:Message xmlns:e="{E}">No.</e:Message>'
        "</detail></s:Fault>",
        "",
    )


def emails(key: str) -> str:
    return f'<t:EmailAddresses><t:Entry Key="{key}">ada@example.com</t:Entry></t:EmailAddresses>'


@pytest.mark.parametrize("version", ["2013_SP1", "2016"])
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (creation("<t:GivenName>Ada</t:GivenName><t:CompanyName>Engines</t:CompanyName>"), "CreateItem"),
        (creation(emails("EmailAddress3")), "CreateItem"),
        (sync(512), "SyncFolderItems"),
    ],
)
def test_good_requests_pass(data: bytes, name: str, version: str) -> None:
    assert contract.request(data, version) == name


@pytest.mark.parametrize("version", ["2013_SP1", "2016"])
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (creation("<t:CompanyName>Engines</t:CompanyName><t:GivenName>Ada</t:GivenName>"), "GivenName"),
        (creation(emails("EmailAddress4")), "EmailAddress4"),
        (creation("<t:Nonsense/>"), "Nonsense"),
        (sync(513), "513"),
        (sync(512, "<t:Nonsense/>"), "Nonsense"),
        (sync(512, '<t:RequestServerVersion Version="Exchange1999"/>'), "Exchange1999"),
        (envelope("<m:Nonsense/>"), "Nonsense"),
        (envelope(""), "0 elements"),
        (b"<m:CreateItem", "Not XML"),
        (b"<!DOCTYPE x []>" + sync(512).partition(b"?>")[2], "document type"),
        (b"<x/>", "No envelope"),
        (sync(512).replace(b"s:Body", b"s:Corpse"), "Corpse"),
    ],
)
def test_what_exchange_would_refuse_is_refused(data: bytes, why: str, version: str) -> None:
    with pytest.raises(Broken, match=why):
        contract.request(data, version)


def test_the_set_of_2013_takes_no_request_for_a_newer_version() -> None:
    newer = sync(512, '<t:RequestServerVersion Version="Exchange2016"/>')
    assert contract.request(newer, "2016") == "SyncFolderItems"
    with pytest.raises(Broken, match="Exchange2016"):
        contract.request(newer)


def test_good_answers_pass() -> None:
    assert contract.answer(deletion("ErrorItemNotFound")) == "DeleteItemResponse"
    assert contract.answer(fault("ErrorSchemaValidation")) == "Fault"
    assert contract.answer(streamed("t")) == contract.answer(streamed("m")) == "GetStreamingEventsResponse"
    assert contract.answer(deletion("NoError") + b"\n" + deletion("NoError")) == "DeleteItemResponse"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (deletion("ErrorBadMood"), "ErrorBadMood"),
        (deletion("NoError", INFO.replace("15", "new")), "new"),
        (deletion("NoError") + deletion("ErrorBadMood"), "ErrorBadMood"),
        (deletion("NoError") + b"<rest/>", "whole"),
        (fault("ErrorBadMood"), "ErrorBadMood"),
        (streamed("t").replace(b"TimeStamp", b"Stamp"), "Stamp"),
        (fault("ErrorAccessDenied").replace(b"faultstring", b"reason"), "reason"),
        (fault("ErrorAccessDenied").replace(b"e:Message", b"e:Remark"), "Remark"),
    ],
)
def test_what_exchange_would_not_answer_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Broken, match=why):
        contract.answer(data)
