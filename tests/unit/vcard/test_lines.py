"""Content lines: reading what others wrote, writing what all can read."""

from __future__ import annotations

import pytest

from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import components, escape, items, unescape
from polydex.core.vcard.lines import Line, fold, parse, render
from polydex.core.vcard.params import NO_PREFERENCE, Params, parse as parse_params


def test_parts_of_a_line() -> None:
    (line,) = parse(b'item1.x-Name;TYPE=a;P="q:r;s":va:lue\r\n')
    assert (line.group, line.name, line.value) == ("item1", "X-NAME", "va:lue")
    assert [(param.name, param.values) for param in line.params.all] == [("TYPE", ("a",)), ("P", ("q:r;s",))]
    assert line.source == 'item1.x-Name;TYPE=a;P="q:r;s":va:lue\r\n'


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_folds_and_endings(ending: str) -> None:
    raw = f"NOT{ending} E;TYPE{ending}\t=x:a{ending}  b{ending}{ending}TEL:1{ending}".encode()
    note, empty, tel = parse(raw)
    assert (note.name, set(note.params.types), note.value) == ("NOTE", {"X"}, "a b")
    assert (empty.name, tel.name, tel.value) == ("", "TEL", "1")
    assert render([note, empty, tel]) == raw


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_only_cr_and_lf_end_a_line(separator: str) -> None:
    (line,) = parse(f"NOTE:a{separator}TEL:1\r\n".encode())
    assert line.value == f"a{separator}TEL:1"


@pytest.mark.parametrize("text", ["no property", "TEL ;HOME:1", ":x", "=", "\u00e4:1", "a b:c", "X;Y"])
def test_lines_that_are_no_property_are_kept(text: str) -> None:
    lines = parse(f"A:1\r\n{text}\r\nB:2\r\n".encode())
    assert [line.name for line in lines] == ["A", "", "B"]
    assert lines[1].source == text + "\r\n"


def test_an_unbalanced_quote_ends_at_the_first_colon() -> None:
    (line,) = parse(b'TEL;TYPE="WORK;X="a;b":1:2\r\n')
    assert (line.name, line.value) == ("TEL", "1:2")
    (line,) = parse(b'TEL;A="x;y";TYPE="WORK:1:2\r\n')
    assert (line.name, set(line.params.types), line.params.get("A"), line.value) == ("TEL", {"WORK"}, "x;y", "1:2")
    revised = line.revised("3.0", value='a"b:c')
    assert revised.source == 'TEL;A="x;y";TYPE=WORK:a"b:c\r\n'
    assert parse(revised.source.encode())[0].value == revised.value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"X;ENCODING=QUOTED-PRINTABLE:=41=C3=\r\n=A4b\r\n", "A\u00e4b"),
        (b"X;QUOTED-PRINTABLE:a=0D=0Ab=0Ac\r\n", "a\nb\nc"),
        (b"X;ENCODING=quoted-printable;CHARSET=ISO-8859-1:=E4=\n\n", "\u00e4"),
        (b"X;ENCODING=QUOTED-PRINTABLE;CHARSET=KOI8-R:=D7\r\n", "\u0432"),
        (b"X;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=E4\r\n", "\u00e4"),
        (b"X;ENCODING=QUOTED-PRINTABLE;CHARSET=no-such:=C3=A4\r\n", "\u00e4"),
        (b"X;ENCODING=QUOTED-PRINTABLE:=E4=zz\r\n", "\u00e4=zz"),
        (b"X;ENCODING=QUOTED-PRINTABLE:a=\r\n b=\r\nc\r\n", "a bc"),
        (b"X;ENCODING=QUOTED-PRINTABLE:a\r\n b\r\n", "ab"),
        (b"X;ENCODING=QUOTED-PRINTABLE:a=", "a"),
        (b"X;ENCODING=QUOTED-PRINTABLE:a=\r\n\r\nTEL:1\r\n", "a"),
        (b"X;ENCODING=QUOTED-PRINTABLE:a=\r\rTEL:1\r", "a"),
        (b"X;ENCODING=QUOTED-PRINTABLE;CHARSET=\0:=C3=A4\r\n", "\u00e4"),
        (b"X;ENCODING=QUOTED-PRINTABLE;CHARSET=a\0:=E4\r\n", "\u00e4"),
    ],
)
def test_quoted_printable(raw: bytes, value: str) -> None:
    (line,) = parse(raw)[:1]
    assert line.value == value
    assert render(parse(raw)) == raw


def test_a_trailing_soft_break_does_not_swallow_the_end() -> None:
    lines = parse(b"X;ENCODING=QUOTED-PRINTABLE:a=\r\nEND:VCARD\r\n")
    assert [(line.name, line.value) for line in lines] == [("X", "a"), ("END", "VCARD")]


def test_an_encoding_that_is_no_longer_true_goes_with_the_old_value() -> None:
    for encoding in ("ENCODING=8BIT", "8BIT", "ENCODING=QUOTED-PRINTABLE"):
        (line,) = parse(f"NOTE;{encoding};CHARSET=ISO-8859-1;X=1:a\r\n".encode())
        assert line.revised("2.1", value="\u00e4").source == (
            "NOTE;X=1;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A4\r\n"
        )
        assert line.revised("3.0", value="\u00e4").source == "NOTE;X=1:\u00e4\r\n"


def test_base64_without_folds() -> None:
    raw = b"PHOTO;ENCODING=BASE64:AAAA\r\nBBBB\r\nCC==\r\n\r\nTEL:1\r\n"
    photo, empty, tel = parse(raw)
    assert (photo.value, empty.source, tel.name) == ("AAAABBBBCC==", "\r\n", "TEL")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"M\xfcller \x80", "M\u00fcller \u20ac"),  # Windows-1252
        (b"M\xfc\x81", "M\u00fc\x81"),  # not even that
    ],
)
def test_bytes_that_are_not_utf_8(octets: bytes, text: str) -> None:
    raw = b"A:" + octets + b"\r\nB:" + "\u00e4".encode() + b"\r\nC;CHARSET=KOI8-R:\xd7\r\n"
    lines = parse(raw)
    assert [line.value for line in lines] == [text, "\u00e4", "\u0432"]
    assert render(lines) == raw


def test_folds_cut_no_character() -> None:
    for width in range(1, 90):
        text = "N:" + "x" * width + "\u00e4\u20ac\U0001f600" * 30
        physical = fold(text).removesuffix("\r\n").split("\r\n ")
        assert "".join(physical) == text
        assert all(len(part.encode()) <= (75 if at == 0 else 74) for at, part in enumerate(physical))
        assert all(len(part.encode()) >= 71 for part in physical[:-1])


def test_a_new_line_is_one_line_whatever_it_is_made_of() -> None:
    for version in ("2.1", "3.0", "4.0"):
        params = Params(()).having("X-P", "a\r\nTEL:1")
        line = Line.make("NOTE", "a\r\nTEL:1\rTEL:2\nTEL:3", version, params=params)
        (again,) = parse(line.source.encode())
        assert again.name == "NOTE"
        assert again.params.get("X-P") == "a\nTEL:1"


def test_escapes() -> None:
    assert escape("a\\b,c;d\ne\r\nf:g") == "a\\\\b\\,c\\;d\\ne\\nf:g"
    assert unescape("a\\\\n\\,\\;\\n\\N\\:\\x\\") == "a\\n,;\n\n:\\x\\"
    assert unescape("a\\n\\,\\;", old=True) == "a\\n,;"
    assert unescape("\\\\server\\n", old=True) == "\\server\\n"
    assert components("a\\;b;c\\\\;d;") == ["a\\;b", "c\\\\", "d", ""]
    assert components("a\\;b;c;d\\") == ["a\\;b", "c", "d\\"]
    assert items("a\\,b,c\\\\,d") == ["a\\,b", "c\\\\", "d"]
    assert items("") == [""]


@pytest.mark.parametrize(
    ("head", "types", "pref"),
    [
        ("", set(), NO_PREFERENCE),
        (";TYPE=work,VOICE", {"WORK", "VOICE"}, NO_PREFERENCE),
        (';TYPE="work,fax";TYPE=pref', {"WORK", "FAX"}, 1),
        (';TYPE=work,"fax,voice"', {"WORK", "FAX", "VOICE"}, NO_PREFERENCE),
        (";WORK;FAX;PREF", {"WORK", "FAX"}, 1),
        (";pref=7;type=x", {"X"}, 7),
        (";PREF=0", set(), 1),
        (";PREF=1000", set(), 100),
        (";PREF=first", set(), NO_PREFERENCE),
        (";TYPE=;;TYPE", {"TYPE"}, NO_PREFERENCE),
    ],
)
def test_types_and_preference(head: str, types: set[str], pref: int) -> None:
    params = parse_params(head)
    assert (set(params.types), params.pref) == (types, pref)


def test_other_parameters() -> None:
    params = parse_params(';ENCODING=b;VALUE=URI;CHARSET=UTF-8;X="a^nb^^c^\'d^e";Y=1,2')
    assert (params.encoding, params.value, params.charset) == ("base64", "uri", "UTF-8")
    assert params.get("X") == 'a\nb^c"d^e'
    assert params.get("Y") == "1"
    assert params.get("Z") is None
    assert str(params) == ';ENCODING=b;VALUE=URI;CHARSET=UTF-8;X="a^nb^^c^\'d^e";Y=1,2'
    for bare in ("BASE64", "b", "B"):
        assert (parse_params(f";{bare};INLINE").encoding, parse_params(f";{bare}").types) == ("base64", frozenset())


def test_types_are_changed_one_by_one() -> None:
    params = parse_params(';A=1;TYPE="work,fax";TYPE=pref;B=2')
    assert str(params.without_types({"WORK"})) == ";A=1;TYPE=work;B=2"
    assert str(params.without_pref()) == ';A=1;TYPE="work,fax";B=2'
    assert str(params.with_types(("FAX", "VOICE"), "3.0")) == ';A=1;TYPE="work,fax";TYPE=pref;B=2;TYPE=VOICE'
    assert str(parse_params(";WORK;PREF").with_types(("FAX",), "2.1")) == ";WORK;PREF;FAX"
    assert str(parse_params(";PREF=3").with_pref("4.0")) == ";PREF=1"


def test_fresh_groups_never_collide() -> None:
    card = Card.parse(b"BEGIN:VCARD\r\nitem2.TEL:1\r\nITEM9.X-ABLabel:x\r\nitemX.A:1\r\nEND:VCARD\r\nitem20.A:1\r\n")
    assert card.fresh_group() == "item21"
    assert Card.parse(b"BEGIN:VCARD\r\nEND:VCARD\r\n").fresh_group() == "item1"


def test_nested_and_following_cards_do_not_count() -> None:
    inner = b"BEGIN:VCARD\r\nTEL:2\r\nEND:VCARD\r\n"
    card = Card.parse(b"BEGIN:VCARD\r\nAGENT:\r\n" + inner + b"TEL:1\r\nend:vcard \0\r\n" + inner)
    assert [line.value for line in card.all("TEL")] == ["1"]
