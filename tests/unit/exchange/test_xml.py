"""XML is read if it can be, and nothing in it is ever carried out."""

from __future__ import annotations

from pathlib import Path

import pytest

from polydex.connectors.exchange.xml import parse
from polydex.core.errors import ProviderMalformed

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>'


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a>x&#x1F;y&#31;&#x0;&#xFFFE;&#xD800;&#x110000;&#99999999;z</a>", "xyz"),
        (b"<a>x\x01\x0b\xef\xbf\xbfy&#65;&#x1F600;&#10;</a>", "xyA\U0001f600\n"),
        (b"<a>\xc3\xa4\xe4</a>", "\u00e4\ufffd"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-16"?>\n<a>\xc3\xa4</a>', "\u00e4"),
        (b"<!-- <!DOCTYPE --><?x <!DOCTYPE ?><a>&lt;!DOCTYPE&gt;</a>", "<!DOCTYPE>"),
        (b"<a><![CDATA[<!DOCTYPE a>]]></a>", "<!DOCTYPE a>"),
        (b"<a>" + b"x" * 11_000_000 + b"</a>", "x" * 11_000_000),
    ],
    ids=range(7),
)
def test_is_read(data: bytes, text: str) -> None:
    assert parse(data).text == text


def test_comments_and_instructions_are_not_seen() -> None:
    assert [child.tag for child in parse(b"<a><!-- b --><?c?><d/></a>")] == ["d"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"<a",
        b"<a>",
        b"<a>&c;</a>",
        b"no text",
        b"<!--",
        b"<?xml",
        b"<html><br></html>",
        "<a/>".encode("utf-16"),
        b"<a>" * 3000 + b"</a>" * 3000,
    ],
)
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    with pytest.raises(ProviderMalformed, match="is no XML"):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        BOMB + b"<a>&c;</a>",
        BOMB + b'<a b="&c;"/>',
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- <a> -->\n<?x <a> ?>' + BOMB + b"<a/>",
        b"\xef\xbb\xbf" + BOMB + b"<a/>",
        b"<!---->" + BOMB + b"<a/>",
    ],
)
def test_a_document_type_is_refused(data: bytes) -> None:
    with pytest.raises(ProviderMalformed, match="document type"):
        parse(data)


def test_in_another_encoding_neither() -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"):
        with pytest.raises(ProviderMalformed):
            parse((BOMB.decode() + "<a>&c;</a>").encode(encoding))


def test_another_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for declaration in (f'<!ENTITY c SYSTEM "{secret.as_uri()}">', f'<!ENTITY % c SYSTEM "{secret.as_uri()}"> %c;'):
        with pytest.raises(ProviderMalformed):
            parse(f"<!DOCTYPE a [{declaration}]><a>&c;</a>".encode())
    include = f'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{secret.as_uri()}" parse="text"/></a>'
    assert "secret" not in "".join(str(text) for text in parse(include.encode()).itertext())


def test_an_error_quotes_nothing() -> None:
    with pytest.raises(ProviderMalformed) as raised:
        parse(b"<Ann>&Example;</Ann>")
    assert "Ann" not in f"{raised.value} {raised.value.detail}"
    assert "Example" not in f"{raised.value} {raised.value.detail}"
