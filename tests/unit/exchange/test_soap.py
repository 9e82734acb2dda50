"""Envelopes, and what answers say."""

import pytest

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.operations import get_folder
from polydex.connectors.exchange.soap import Failure, Version
from polydex.connectors.exchange.xml import parse
from polydex.core.errors import ProviderMalformed
from tests.exchange import contract
from tests.unit.exchange.answers import answered, envelope, failed, fault, success

BUSY = '<t:MessageXml><t:Value Name="BackOffMilliseconds">297749</t:Value></t:MessageXml>'


def test_a_request_says_which_server_it_is_written_for() -> None:
    made = soap.envelope(get_folder.payload("contacts"))
    assert b'RequestServerVersion Version="Exchange2013_SP1"' in made
    assert b"Impersonation" not in made
    assert contract.request(made) == "GetFolder"


def test_a_service_account_says_for_whom_it_acts() -> None:
    made = soap.envelope(get_folder.payload("contacts"), mailbox="ada@example.com")
    assert parse(made).findtext(".//{*}ExchangeImpersonation/{*}ConnectingSID/{*}PrimarySmtpAddress") == (
        "ada@example.com"
    )
    assert contract.request(made) == "GetFolder"


def test_messages_come_in_their_order_each_with_what_became_of_it() -> None:
    extra = '<m:MessageXml><t:Value Name="InnerErrorResponseCode">ErrorItemCorrupt</t:Value></m:MessageXml>'
    reply = soap.read(
        answered(
            "GetItem",
            success("GetItem", "<m:Items/>"),
            failed("GetItem", "ErrorInternalServerError", "An Error", extra),
            failed("GetItem", "ErrorBatchProcessingStopped", response_class="Warning"),
        )
    )
    first, second, third = reply.messages
    assert not isinstance(first, Failure)
    assert second == Failure(
        ("ErrorInternalServerError", "ErrorItemCorrupt"), {"InnerErrorResponseCode": "ErrorItemCorrupt"}
    )
    assert third == Failure(("ErrorBatchProcessingStopped",))
    assert (reply.fault, reply.version) == (None, Version(15, 2, 1118, 7))
    assert str(reply.version) == "15.2.1118.7"


def test_a_fault_is_of_the_whole_request() -> None:
    reply = soap.read(fault("ErrorServerBusy", "The server cannot service this request right now.", BUSY))
    assert reply.messages == ()
    assert reply.fault == Failure(("ErrorServerBusy",), {"BackOffMilliseconds": "297749"})


@pytest.mark.parametrize(
    ("detail", "codes"), [("<faultcode>a:ErrorSchemaValidation</faultcode>", ("ErrorSchemaValidation",)), ("", ())]
)
def test_a_fault_without_detail_is_known_by_its_code(detail: str, codes: tuple[str, ...]) -> None:
    found = soap.read(envelope(f"<s:Fault>{detail}<faultstring>Odd</faultstring></s:Fault>", "")).fault
    assert found == Failure(codes)


def test_what_is_no_code_is_not_repeated() -> None:
    reply = soap.read(answered("GetItem", failed("GetItem", "ada@example.com is not there")))
    assert reply.messages == (Failure(()),)


@pytest.mark.parametrize("version", ["", "<t:ServerVersionInfo MajorVersion='new'/>"])
def test_a_server_need_not_say_which_it_is(version: str) -> None:
    assert soap.read(envelope("<m:GetFolderResponse/>", version)).version is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Log in</body></html>",
        b"<a/>",
        envelope(""),
        envelope("<m:A/><m:B/>"),
        b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + envelope("<m:A>&e;</m:A>").partition(b"?>")[2],
    ],
)
def test_what_is_no_answer_of_exchange_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderMalformed):
        soap.read(body)
