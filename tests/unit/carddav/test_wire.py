from xml.etree import ElementTree as ET

import pytest

from polydex.connectors.carddav import wire
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey

BASE = "https://dav.example.com/book/"
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:A &amp; B &lt;c&gt;\nEND:VCARD\n"


NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"'


def body(inner: str, root: str = "multistatus") -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><d:{root} {NAMESPACES}>{inner}</d:{root}>'.encode()


def test_requests_are_well_formed_and_escaped() -> None:
    token = 'data:,<&">'
    sync = ET.fromstring(wire.sync_collection(token))
    assert sync.findtext("{DAV:}sync-token") == token
    assert sync.findtext("{DAV:}sync-level") == "1"
    assert sync.find("{DAV:}limit") is None
    multiget = ET.fromstring(wire.multiget([RemoteKey("/a&b.vcf"), RemoteKey("/c.vcf")]))
    assert [item.text for item in multiget.iter("{DAV:}href")] == ["/a&b.vcf", "/c.vcf"]
    assert ET.fromstring(wire.uid_query("<u>")).findtext(f".//{wire.CARDDAV}text-match") == "<u>"
    assert [item.tag for item in ET.fromstring(wire.propfind(wire.GETETAG, wire.GETCTAG))[0]] == [
        wire.GETETAG,
        wire.GETCTAG,
    ]


def test_a_multistatus_with_any_prefixes_and_any_order() -> None:
    found = wire.multistatus(
        body(
            "<d:sync-token> data:,1 </d:sync-token>"
            "<d:response><d:href>a%20b.vcf</d:href>"
            '<d:propstat><d:status>HTTP/1.1 200 OK</d:status><d:prop><d:getetag>W/"1"</d:getetag></d:prop></d:propstat>'
            '<x:propstat xmlns:x="DAV:"><x:prop><x:resourcetype/></x:prop><x:status>HTTP/1.1 404 Not Found</x:status></x:propstat>'
            "</d:response>"
            '<response xmlns="DAV:"><href>/book/gone.vcf</href><status>HTTP/1.1 404 Not Found</status></response>'
            "<d:response><d:href>/book/1.vcf</d:href><d:href>/book/2.vcf</d:href><d:status>HTTP/1.1 403 X</d:status></d:response>"
        ),
        BASE,
    )
    assert found.sync_token == "data:,1"
    assert [(item.key, item.status, item.rev) for item in found.responses] == [
        ("/book/a%20b.vcf", None, "1"),
        ("/book/gone.vcf", 404, None),
        ("/book/1.vcf", 403, None),
        ("/book/2.vcf", 403, None),
    ]
    assert found.responses[0].refused == {wire.RESOURCETYPE: 404}
    assert not found.truncated


def test_507_is_a_truncation() -> None:
    found = wire.multistatus(
        body("<d:response><d:href>/book</d:href><d:status>HTTP/1.1 507 X</d:status></d:response>"), BASE
    )
    assert found.truncated
    assert found.of("/book/") is found.responses[0]


@pytest.mark.parametrize(
    "data", [CARD, f"<![CDATA[{CARD.replace('&amp;', '&').replace('&lt;', '<').replace('&gt;', '>')}]]>"]
)
def test_a_card_gets_back_the_line_ends_that_xml_does_not_keep(data: str) -> None:
    found = wire.multistatus(
        body(
            f"<d:response><d:href>a.vcf</d:href><d:propstat><d:prop><c:address-data>\n{data}\n</c:address-data></d:prop>"
            "</d:propstat></d:response>"
        ),
        BASE,
    )
    assert found.responses[0].card == b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A & B <c>\r\nEND:VCARD\r\n"


def test_an_empty_card_is_none() -> None:
    found = wire.multistatus(
        body(
            "<d:response><d:href>a.vcf</d:href><d:propstat><d:prop><c:address-data/></d:prop></d:propstat></d:response>"
        ),
        BASE,
    )
    assert found.responses[0].card is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"not xml",
        b"<html></html>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>',
        '<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:"/>'.encode("utf-16"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><d:multistatus xmlns:d="DAV:"/>',
        b'<?xml version="1.0" encoding="klingon"?><d:multistatus xmlns:d="DAV:"/>',
        body("<d:response><d:href>a&#x0;.vcf</d:href></d:response>"),
        body("<d:response><d:href>http://[bad/</d:href></d:response>"),
    ],
)
def test_what_is_no_multistatus_is_malformed(text: bytes) -> None:
    with pytest.raises(ProviderMalformed):
        wire.multistatus(text, BASE)


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        (b"A\nB\n", b"A\r\nB\r\n"),
        (b"A\r\nB", b"A\r\nB\r\n"),
        (b"\nA\r\n B\r\n\r\n", b"A\r\n B\r\n"),
        (b"A\rB\r", b"A\r\nB\r\n"),
        (b" \n", b""),
        (b"", b""),
    ],
)
def test_line_ends(raw: bytes, normal: bytes) -> None:
    assert wire.with_crlf(raw) == normal


def test_conditions() -> None:
    found = wire.conditions(
        body(
            "<c:no-uid-conflict><d:href>/book/other.vcf</d:href></c:no-uid-conflict><d:responsedescription>x</d:responsedescription>",
            "error",
        )
    )
    assert found.names == {wire.CARDDAV + "no-uid-conflict"}
    assert found.href == "/book/other.vcf"
    assert wire.conditions(b"<html>error</html>").names == frozenset()
    assert wire.conditions(b"an error").names == frozenset()
