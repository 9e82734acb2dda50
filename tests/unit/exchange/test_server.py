"""What people write for the address of an Exchange server."""

import pytest

from polydex.connectors.exchange.provider import EXCHANGE
from polydex.connectors.exchange.server import ews_url, is_address, is_online
from polydex.connectors.provider import Credentials
from polydex.core.errors import BadRequest

EWS = "https://mail.example.com/EWS/Exchange.asmx"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mail.example.com", EWS),
        (" mail.example.com ", EWS),
        ("MAIL.example.com", EWS),
        ("https://mail.example.com", EWS),
        ("https://mail.example.com/", EWS),
        ("https://mail.example.com/EWS/", EWS),
        ("https://mail.example.com/owa/?realm=example.com#path=/mail", EWS),
        ("https://mail.example.com/owa/auth/logon.aspx", EWS),
        ("https://mail.example.com/autodiscover/autodiscover.xml", EWS),
        ("https://mail.example.com/ews/exchange.asmx", "https://mail.example.com/ews/exchange.asmx"),
        ("https://mail.example.com:8443", "https://mail.example.com:8443/EWS/Exchange.asmx"),
        ("https://proxy.example.com/mail", "https://proxy.example.com/mail/EWS/Exchange.asmx"),
        ("http://10.0.0.5", "http://10.0.0.5/EWS/Exchange.asmx"),
        ("https://notoutlook.com", "https://notoutlook.com/EWS/Exchange.asmx"),
    ],
)
def test_an_address_is_completed(text: str, url: str) -> None:
    assert ews_url(text) == url
    assert ews_url(url) == url


@pytest.mark.parametrize(
    "text", ["", "ftp://mail.example.com", "https://ann:secret@mail.example.com/", "a b", "https://"]
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadRequest, match="serverUrl is not an address") as refused:
        ews_url(text)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "host",
    [
        "outlook.office365.com",
        "OUTLOOK.office.com",
        "autodiscover-s.outlook.com",
        "outlook.com",
        "outlook.office365.us",
        "partner.outlook.cn",
        "outlook.office.com.",
    ],
)
def test_exchange_online_is_refused_with_the_way_to_connect_it(host: str) -> None:
    assert is_online(host)
    with pytest.raises(BadRequest, match="as Office365"):
        ews_url(f"https://{host}/EWS/Exchange.asmx")


@pytest.mark.parametrize(
    "text", ["ada@example.com", "ADA@Example.COM", "a.b+c'd@mail-1.example.com", "ada@müller.example"]
)
def test_an_email_address_has_the_name_of_a_host(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "@example.com", "ada@", "ada@b@example.com", "ada@example.com:8443", "ada@example.com/x", "ada@[10.0.0.1]",
        "ada@10.0.0.1", "ada@2130706433", "ada@example.com#x", "ada@example.com?x", "ada@exa mple.com", "a\x01@example.com",
    ],
)  # fmt: skip
def test_what_leads_to_no_host_is_no_email_address(text: str) -> None:
    assert not is_address(text)
    with pytest.raises(
        BadRequest, match="mailbox is not an e-mail address" if text else "only an e-mail address leads"
    ):
        EXCHANGE.prepare("EWS", Credentials("EXAMPLE\\polydex", "open sesame", mailbox=text))


def test_a_server_of_blanks_is_none() -> None:
    assert EXCHANGE.prepare("EWS", Credentials("ada@example.com", "open sesame", "  ")).server_url == ""
