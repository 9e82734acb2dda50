"""Every row of the field mapping, as cards have it, read."""

from __future__ import annotations

import base64
import hashlib

import pytest

from polydex.core import vcard
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Email,
    Name,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.errors import ProviderMalformed
from tests.unit.vcard.helpers import card, contact

JPEG = b"\xff\xd8\xff\xe0 made up"
ENCODED = base64.b64encode(JPEG).decode()
HEADS = (
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF....WEBP", "image/webp"),
    (b"RIFF....WAVE", "image/jpeg"),
    (b"....    WEBP", "image/jpeg"),
)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("TEL;TYPE=WORK,VOICE", PhoneType.WORK),
        ("TEL;TYPE=WORK;TYPE=VOICE", PhoneType.WORK),
        ('TEL;TYPE="work,voice"', PhoneType.WORK),
        ("TEL;WORK;VOICE", PhoneType.WORK),
        ("TEL;TYPE=HOME,VOICE", PhoneType.HOME),
        ("TEL;HOME", PhoneType.HOME),
        ("TEL;TYPE=CELL", PhoneType.MOBILE),
        ("TEL;type=IPHONE;type=CELL;type=VOICE", PhoneType.MOBILE),
        ("TEL;TYPE=IPHONE", PhoneType.MOBILE),
        ("TEL;TYPE=HOME,CELL", PhoneType.MOBILE),
        ("TEL;TYPE=WORK,CELL", PhoneType.WORK_MOBILE),
        ("TEL;CELL;WORK", PhoneType.WORK_MOBILE),
        ("TEL", PhoneType.OTHER),
        ("TEL;TYPE=VOICE", PhoneType.OTHER),
        ("TEL;TYPE=PREF", PhoneType.OTHER),
        ("TEL;TYPE=MAIN", PhoneType.MAIN),
        ("TEL;TYPE=x-main", PhoneType.MAIN),
        ("TEL;TYPE=WORK,X-COMPANY_MAIN", PhoneType.COMPANY_MAIN),
        ("TEL;TYPE=X-COMPANY-MAIN", PhoneType.COMPANY_MAIN),
        ("TEL;TYPE=X-EVOLUTION-COMPANY", PhoneType.COMPANY_MAIN),
        ("TEL;TYPE=work,main-number", PhoneType.COMPANY_MAIN),
        ("TEL;TYPE=X-ASSISTANT", PhoneType.ASSISTANT),
        ("TEL;TYPE=X-EVOLUTION-ASSISTANT", PhoneType.ASSISTANT),
        ("TEL;TYPE=WORK,FAX", PhoneType.WORK_FAX),
        ("TEL;TYPE=FAX,WORK", PhoneType.WORK_FAX),
        ('TEL;TYPE="WORK,FAX"', PhoneType.WORK_FAX),
        ("TEL;WORK;FAX", PhoneType.WORK_FAX),
        ("TEL;TYPE=HOME,FAX", PhoneType.HOME_FAX),
        ("TEL;TYPE=FAX", PhoneType.OTHER_FAX),
        ("TEL;TYPE=X-CALLBACK", PhoneType.CALLBACK),
        ("TEL;TYPE=X-EVOLUTION-CALLBACK", PhoneType.CALLBACK),
        ("TEL;TYPE=PAGER", PhoneType.PAGER),
        ("TEL;TYPE=WORK,PAGER", PhoneType.WORK_PAGER),
        ("TEL;TYPE=X-RADIO", PhoneType.RADIO),
        ("TEL;TYPE=X-EVOLUTION-RADIO", PhoneType.RADIO),
        ("TEL;TYPE=X-TELEX", PhoneType.TELEX),
        ("TEL;TYPE=X-EVOLUTION-TELEX", PhoneType.TELEX),
        ("TEL;TYPE=X-TTY", PhoneType.TTY),
        ("TEL;TYPE=X-EVOLUTION-TTYTDD", PhoneType.TTY),
        ("TEL;TYPE=textphone", PhoneType.TTY),
        *(
            (f"TEL;TYPE={kind}", PhoneType.OTHER)
            for kind in ("CAR", "ISDN", "VIDEO", "MSG", "BBS", "MODEM", "PCS", "TEXT")
        ),
    ],
)
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_phone_types(head: str, expected: PhoneType, version: str) -> None:
    (phone,) = contact(f"{head}:+49 30 1", version=version).phone_numbers
    assert (phone.number, phone.type, phone.canonical_form) == ("+49 30 1", expected, None)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("_$!<Work>!$_", PhoneType.WORK),
        ("_$!<Home>!$_", PhoneType.HOME),
        ("_$!<Mobile>!$_", PhoneType.MOBILE),
        ("_$!<iPhone>!$_", PhoneType.MOBILE),
        ("_$!<Main>!$_", PhoneType.MAIN),
        ("_$!<WorkFAX>!$_", PhoneType.WORK_FAX),
        ("_$!<HomeFAX>!$_", PhoneType.HOME_FAX),
        ("_$!<OtherFAX>!$_", PhoneType.OTHER_FAX),
        ("_$!<Pager>!$_", PhoneType.PAGER),
        ("_$!<Assistant>!$_", PhoneType.ASSISTANT),
        ("_$!<Radio>!$_", PhoneType.RADIO),
        ("_$!<Other>!$_", PhoneType.OTHER),
        ("Boat", PhoneType.OTHER),
        ("Mobile", PhoneType.OTHER),
    ],
)
def test_phone_labels(label: str, expected: PhoneType) -> None:
    (phone,) = contact("item1.TEL:1", f"item1.X-ABLabel:{label}").phone_numbers
    assert phone.type is expected


def test_a_phone_number_may_be_a_uri() -> None:
    lines = ("TEL;VALUE=uri;TYPE=home:tel:+1-555-010;ext=7", "TEL;VALUE=uri:sip:ann@example.com", "TEL:tel:1")
    phones = contact(*lines, version="4.0").phone_numbers
    assert [phone.number for phone in phones] == ["+1-555-010;ext=7", "sip:ann@example.com", "tel:1"]


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("3.0", ("{0}:1", "{0};TYPE=HOME,PREF:2", "{0}:3")),
        ("3.0", ("{0}:1", '{0};TYPE="home,pref":2', "{0}:3")),
        ("4.0", ("{0};PREF=50:1", "{0};PREF=2;TYPE=home:2", "{0}:3")),
        ("2.1", ("{0}:1", "{0};PREF;HOME:2", "{0}:3")),
    ],
)
def test_the_preferred_entry_comes_first(version: str, lines: tuple[str, ...]) -> None:
    tel, email, url = (
        contact(*(line.format(name) for line in lines), version=version) for name in ("TEL", "EMAIL", "URL")
    )
    assert [phone.number for phone in tel.phone_numbers] == ["2", "1", "3"]
    assert [mail.address for mail in email.email_addresses] == ["2", "1", "3"]
    assert [link.href for link in url.urls] == ["2", "1", "3"]
    adr = contact(*(line.format("ADR").replace(":", ":;;") for line in lines), version=version)
    assert [address.street for address in adr.addresses] == ["2", "1", "3"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("EMAIL:a@example.com",), Email(address="a@example.com")),
        (("EMAIL;TYPE=INTERNET,HOME:a@example.com",), Email(address="a@example.com", type="home")),
        (("EMAIL;INTERNET;WORK:a@example.com",), Email(address="a@example.com", type="work")),
        *(
            ((f"EMAIL;TYPE={token}:a@example.com",), Email(address="a@example.com"))
            for token in (
                *("INTERNET", "X400", "TLX", "VOICE", "AOL", "APPLELINK", "ATTMAIL", "CIS"),
                *("EWORLD", "IBMMAIL", "MCIMAIL", "POWERSHARE", "PRODIGY", "PREF"),
            )
        ),
        *(
            (
                ("a.EMAIL:a@example.com", f"a.X-ABLabel:_$!<{label}>!$_"),
                Email(address="a@example.com", type=label.lower()),
            )
            for label in ("Home", "Work", "Other", "School", "Mobile", "iCloud")
        ),
        (
            ("a.EMAIL:a@example.com", "a.X-ABLabel:_$!<Boat>!$_"),
            Email(address="a@example.com", type="_$!<Boat>!$_"),
        ),
        (("EMAIL;TYPE=OTHER:a@example.com",), Email(address="a@example.com", type="other")),
        (("EMAIL;TYPE=SCHOOL,PREF:a@example.com",), Email(address="a@example.com", type="school")),
        (
            ("item1.EMAIL;TYPE=INTERNET:a@example.com", "item1.X-ABLabel:My \\, boat"),
            Email(address="a@example.com", type="My , boat"),
        ),
        (("ITEM1.EMAIL:a@example.com", "item1.X-ABLABEL:_$!<Other>!$_"), Email(address="a@example.com", type="other")),
        (("a.EMAIL:a@example.com", "a.X-ABLabel:_$!<School>!$_"), Email(address="a@example.com", type="school")),
        (("EMAIL;X-UC-NAME=\"Ann ^'A^' E.\":a@example.com",), Email(address="a@example.com", name='Ann "A" E.')),
        (("EMAIL;X-UC-NAME=Ann:",), Email(name="Ann")),
    ],
)
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_email(lines: tuple[str, ...], expected: Email, version: str) -> None:
    assert contact(*lines, version=version).email_addresses == (expected,)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("ADR;TYPE=WORK:;;S;C;;;",), Address(street="S", city="C", type=AddressType.WORK)),
        (("ADR;HOME:;;S;C;;;",), Address(street="S", city="C", type=AddressType.HOME)),
        (("ADR;TYPE=dom,postal:;;S;C;;;",), Address(street="S", city="C", type=AddressType.OTHER)),
        (("a.ADR:;;S;C;;;", "a.X-ABLabel:_$!<Home>!$_"), Address(street="S", city="C", type=AddressType.HOME)),
        (("a.ADR:;;S;C;;;", "a.X-ABLabel:_$!<Work>!$_"), Address(street="S", city="C", type=AddressType.WORK)),
        (("a.ADR:;;S;C;;;", "a.X-ABLabel:Work"), Address(street="S", city="C", type=AddressType.OTHER)),
        (("a.ADR:;;S;C;;;", "a.X-ABLabel:Holidays"), Address(street="S", city="C", type=AddressType.OTHER)),
        (
            ("ADR;TYPE=HOME:P;E;S\\nT\\;U;C;R;1;L",),
            Address(
                po_box="P",
                street_line2="E",
                street="S\nT;U",
                city="C",
                state="R",
                postal_code="1",
                country="L",
                type=AddressType.HOME,
            ),
        ),
        (("ADR:;;1 Main St, Suite 5",), Address(street="1 Main St, Suite 5", type=AddressType.OTHER)),
        (("LABEL;TYPE=HOME:S\\nC",), Address(street="S\nC", type=AddressType.HOME)),
        (('ADR;TYPE=work;LABEL="S^nC":;;;;;;',), Address(street="S\nC", type=AddressType.WORK)),
        (("ADR;TYPE=WORK:;;S;;;;", "LABEL;TYPE=WORK:other words"), Address(street="S", type=AddressType.WORK)),
    ],
)
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_address(lines: tuple[str, ...], expected: Address, version: str) -> None:
    assert contact(*lines, version=version).addresses == (expected,)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("URL;TYPE=WORK:{}",), UrlType.WORK),
        (("URL;HOME:{}",), UrlType.HOME),
        (("URL:{}",), UrlType.OTHER),
        (("URL;TYPE=X-HOMEPAGE:{}",), UrlType.HOME_PAGE),
        (("a.URL:{}", "a.X-ABLabel:_$!<HomePage>!$_"), UrlType.HOME_PAGE),
        (("URL;TYPE=x-ftp:{}",), UrlType.FTP),
        (("URL;TYPE=X-BLOG:{}",), UrlType.BLOG),
        (("X-EVOLUTION-BLOG-URL:{}",), UrlType.BLOG),
        (("URL;TYPE=X-PROFILE:{}",), UrlType.PROFILE),
        *((("a.URL:{}", f"a.X-ABLabel:{kind.value.upper()}"), kind) for kind in UrlType),
        *((("a.URL:{}", f"a.X-ABLabel:_$!<{kind.value}>!$_"), kind) for kind in UrlType),
        *(((f"URL;TYPE={kind.value}:{{}}",), kind) for kind in UrlType),
        (("URL;TYPE=X-RESERVATIONS:{}",), UrlType.RESERVATIONS),
        (("a.URL:{}", "a.X-ABLabel:App install page"), UrlType.OTHER),
    ],
)
@pytest.mark.parametrize("version", ["3.0", "4.0"])
@pytest.mark.parametrize("href", ["https://example.com/a,b;c", "http\\://example.com/"])
def test_url(lines: tuple[str, ...], expected: UrlType, version: str, href: str) -> None:
    found = contact(*(line.format(href) for line in lines), version=version)
    assert found.urls == (Url(href=href.replace("\\", ""), type=expected),)


def test_other_links_are_left_alone() -> None:
    found = contact("X-SOCIALPROFILE;TYPE=x:http://example.com", "X-EVOLUTION-VIDEO-URL:http://example.com", "URL:")
    assert found.urls == ()


@pytest.mark.parametrize("kind", RelationType)
def test_relations(kind: RelationType) -> None:
    title, lower, upper = kind.value.capitalize(), kind.value, kind.value.upper()
    expected = (Relation(name="Max; M.", type=kind),)
    assert contact("i.X-ABRELATEDNAMES:Max\\; M.", f"i.X-ABLabel:_$!<{title}>!$_").relations == expected
    assert contact("i.X-ABRELATEDNAMES:Max\\; M.", f"i.X-ABLabel:{lower}").relations == expected
    assert contact(f"X-EVOLUTION-{upper}:Max\\; M.").relations == expected
    assert contact(f"RELATED;TYPE={lower};VALUE=text:Max\\; M.", version="4.0").relations == expected
    assert contact(f"RELATED;TYPE={upper}:Max\\; M.").relations == expected


def test_the_same_relation_in_two_conventions_is_one() -> None:
    found = contact("X-EVOLUTION-SPOUSE:Max", "i.X-ABRELATEDNAMES:Max", "i.X-ABLabel:_$!<Spouse>!$_")
    assert found.relations == (Relation(name="Max", type=RelationType.SPOUSE),)


@pytest.mark.parametrize(
    "lines",
    [
        ("i.X-ABRELATEDNAMES:Mia", "i.X-ABLabel:_$!<Child>!$_"),
        ("X-ABRELATEDNAMES:Mia",),
        ("RELATED;TYPE=friend;VALUE=text:Mia",),
        ("RELATED;TYPE=spouse:urn:uuid:00000000-0000-4000-8000-000000000000",),
        ("RELATED;TYPE=spouse;VALUE=uri:mia.vcf",),
    ],
)
def test_other_relations_are_not_shown(lines: tuple[str, ...]) -> None:
    assert contact(*lines).relations == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("BDAY:1990-01-02", "1990-01-02"),
        ("BDAY;VALUE=date:1990-01-02", "1990-01-02"),
        ("BDAY:19900102", "1990-01-02"),
        ("BDAY:1990-01-02T00:00:00Z", "1990-01-02"),
        ("BDAY;VALUE=date-time:19900102T235959+1200", "1990-01-02"),
        ("BDAY:1990-01-02 00:00:00", "1990-01-02"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-02", "--01-02"),
        ("BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-02-29", "--02-29"),
        ("BDAY:1604-01-02", "1604-01-02"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1990-01-02", "1990-01-02"),
        ("BDAY:--0102", "--01-02"),
        ("BDAY:--01-02", "--01-02"),
        ("BDAY:--0229", "--02-29"),
        ("BDAY:0000-01-02", "--01-02"),
        ("BDAY:2000-02-29", "2000-02-29"),
        ("BDAY:1900-02-29", "1900-02-29"),  # no such day: as it stands
        ("BDAY;VALUE=text:circa 1990", "circa 1990"),
        ("BDAY:1990-01-02T23:30:00-11:00", "1990-01-02"),
        ("BDAY:19900102T003000+1400", "1990-01-02"),
        ("BDAY;VALUE=date-and-or-time:--0102T2359", "--01-02"),
        ("BDAY;VALUE=date-and-or-time:T102200", "T102200"),
        ("BDAY;CALSCALE=gregorian:19900102", "1990-01-02"),
        ("BDAY;VALUE=text:1990-1-2", "1990-1-2"),
        ("BDAY:1990-13-01", "1990-13-01"),
        ("BDAY:1990-04-31", "1990-04-31"),
        ("BDAY:--1301", "--1301"),
        ("BDAY:--0230", "--0230"),
        ("BDAY:--01-00", "--01-00"),
        ("BDAY:1990", "1990"),
        ("BDAY:--05", "--05"),
        ("BDAY:---01", "---01"),
        ("BDAY:1990-01", "1990-01"),
        ("BDAY:spring", "spring"),
        ("BDAY:0000-00-00", None),
        ("BDAY:", None),
    ],
)
def test_birthday(line: str, expected: str | None) -> None:
    assert contact(line).birthday == expected


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_name_and_company(version: str) -> None:
    raw = card(
        "X-PHONETIC-FIRST-NAME:an",
        "X-PHONETIC-LAST-NAME:ekz",
        "NICKNAME:Ann\\, the\\;1st,Nan",
        "X-EVOLUTION-FILE-AS:E\\, A",
        "SORT-STRING:ignored",
        "ORG:A\\;B;Dep;Room;More",
        "TITLE:Boss",
        "X-PHONETIC-ORG:eibi",
        version=version,
    ).replace(b"FN:Ann\r\n", b"FN:Ann E.\r\nN:Exa\\;m;A\\,nn;M,Louise;Dr.;Jr.;x\r\n")
    found = vcard.read(raw.replace(b"N:;Ann;;;\r\n", b"")).contact
    assert found is not None
    assert found.name == Name(
        display_name="Ann E.",
        prefix="Dr.",
        given_name="A,nn",
        middle_name="M Louise",
        family_name="Exa;m",
        suffix="Jr.",
        yomi_given_name="an",
        yomi_family_name="ekz",
    )
    assert (found.nick_name, found.file_as) == ("Ann, the;1st", "E, A")
    assert found.company == Company(
        name="A;B", department="Dep", office_location="Room", job_title="Boss", yomi_company_name="eibi"
    )


def test_sort_keys_are_read_as_file_as() -> None:
    assert contact("SORT-STRING:Key").file_as == "Key"
    raw = b'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;SORT-AS="E,A":E;A;;;\r\nEND:VCARD\r\n'
    found = vcard.read(raw).contact
    assert found is not None
    assert found.file_as == "E,A"


def test_phonetic_variant_of_n() -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;ALTID=1;PHONETIC=ipa:f;g;;;\r\nN;ALTID=1:F;G;;;\r\nEND:VCARD\r\n"
    found = vcard.read(raw).contact
    assert found is not None
    assert found.name == Name(
        display_name="x", given_name="G", family_name="F", yomi_given_name="g", yomi_family_name="f"
    )


def test_an_only_n_is_the_name_whatever_it_says() -> None:
    found = vcard.read(b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;PHONETIC=ipa:F;G;;;\r\nEND:VCARD\r\n").contact
    assert found is not None
    assert found.name == Name(display_name="x", given_name="G", family_name="F")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("N:Example;Ann;;;", "Ann Example"),
        ("N:Example;;;;", "Example"),
        ("N:;;Louise;;", "Louise"),
        ("N:;;;Dr.;", "Dr."),
        ("N:;;;;Jr.", "Jr."),
        ("X-PHONETIC-FIRST-NAME:an", "an"),
        ("X-PHONETIC-LAST-NAME:ex", "ex"),
        ("ORG:Example Ltd", "Example Ltd"),
        ("EMAIL:ann@example.com", "ann@example.com"),
        ("FN:\r\nTEL:+49 1", "+49 1"),
        ("FN: \r\nNICKNAME:Nan\r\nTEL:1", "Nan"),
    ],
)
def test_a_missing_formatted_name_is_made_of_the_rest(lines: str, expected: str) -> None:
    found = vcard.read(f"BEGIN:VCARD\r\nVERSION:2.1\r\n{lines}\r\nEND:VCARD\r\n".encode()).contact
    assert found is not None
    assert found.name is not None
    assert found.name.display_name == expected


def test_notes_and_keywords() -> None:
    found = contact("NOTE:a\\nb\\, c\\; d\\\\n", "CATEGORIES:x\\,y,z", "CATEGORIES:z,w")
    assert (found.notes, found.keywords) == ("a\nb, c; d\\n", ("x,y", "z", "w"))
    assert contact("NOTE:one", "NOTE:two").notes == "one\ntwo"


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("PHOTO;ENCODING=b;TYPE=JPEG:{}", "3.0"),
        ("PHOTO;TYPE=image/jpeg;ENCODING=B:{}", "3.0"),
        ("PHOTO;ENCODING=BASE64;JPEG:{}", "2.1"),
        ("PHOTO;BASE64;TYPE=PNG:{}", "2.1"),
        ("PHOTO:data:image/jpeg;base64,{}", "4.0"),
        ("PHOTO:data:image/jpeg;base64\\,{}", "3.0"),
        ("PHOTO;VALUE=uri:DATA:image/png;charset=x;BASE64,{}", "4.0"),
        ("PHOTO:{}", "3.0"),
    ],
)
def test_inline_photo(line: str, version: str) -> None:
    for encoded in (ENCODED, ENCODED.rstrip("=")):
        found = contact(line.format(encoded), version=version).photo
        assert found == Photo.of(JPEG, "image/jpeg")


def test_photo_types() -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    unknown = base64.b64encode(b"something").decode()
    for line, expected in (
        (f"PHOTO;ENCODING=b:{png}", "image/png"),
        (f"PHOTO;ENCODING=b;TYPE=BMP:{unknown}", "image/bmp"),
        (f"PHOTO;ENCODING=b;MEDIATYPE=image/tiff:{unknown}", "image/tiff"),
        (f"PHOTO;ENCODING=b:{unknown}", None),
        (f"PHOTO;ENCODING=b;TYPE=UNKNOWN:{unknown}", None),
        *((f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(head).decode()}", kind) for head, kind in HEADS),
    ):
        photo = contact(line).photo
        assert photo is not None
        assert photo.mime_type == expected


@pytest.mark.parametrize(
    "line",
    [
        *("PHOTO:", "PHOTO;VALUE=uri: ", "PHOTO;ENCODING=b:", "PHOTO:data:image/png,abc", "PHOTO;ENCODING=b:!!!"),
        *("PHOTO:data:image/jpeg\\;base64", "PHOTO;VALUE=uri:Data:image/jpeg;base64"),
    ],
)
def test_no_photo(line: str) -> None:
    assert contact(line).photo is None


@pytest.mark.parametrize(
    ("line", "uri"),
    [
        ("PHOTO;VALUE=uri:https://example.com/a,b.jpg", "https://example.com/a,b.jpg"),
        ("PHOTO;VALUE=URL;TYPE=JPEG:https\\://example.com/a.jpg", "https://example.com/a.jpg"),
        ("PHOTO;MEDIATYPE=image/jpeg:https://example.com/a.jpg", "https://example.com/a.jpg"),
    ],
)
def test_photo_by_address(line: str, uri: str) -> None:
    reading = vcard.read(card(line))
    assert reading.photo_uri == uri
    assert reading.contact is not None
    assert reading.contact.photo == Photo(hash=hashlib.sha256(uri.encode()).hexdigest())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2024-01-02T03:04:05Z", 1704164645000),
        ("20240102T030405Z", 1704164645000),
        ("20240102030405Z", 1704164645000),
        ("2024-01-02T03:04:05.678Z", 1704164645678),
        ("2024-01-02T04:04:05+01:00", 1704164645000),
        ("20240102T030405", 1704164645000),
        ("2024-01-02", 1704153600000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:59", -62135683140000),
    ],
)
def test_times(line: str, expected: int | None) -> None:
    reading = vcard.read(card(f"REV:{line}", f"CREATED:{line}", version="4.0"))
    assert (reading.modified_ms, reading.created_ms) == (expected, expected)


def test_identity() -> None:
    reading = vcard.read(card("X-POLYDEX-MARK:m-1"))
    assert (reading.uid, reading.mark, reading.version) == ("u-1", "m-1", "3.0")
    bare = vcard.read(b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n")
    assert (bare.uid, bare.mark, bare.version, bare.modified_ms, bare.created_ms) == (None, None, "3.0", None, None)


@pytest.mark.parametrize("line", ["KIND:group", "kind:GROUP", "X-ADDRESSBOOKSERVER-KIND:group"])
def test_a_group_is_no_contact(line: str) -> None:
    reading = vcard.read(card(line))
    assert reading.contact is None
    assert reading.uid == "u-1"


@pytest.mark.parametrize("line", ["KIND:individual", "KIND:org", "X-ADDRESSBOOKSERVER-KIND:person"])
def test_other_kinds_are_contacts(line: str) -> None:
    assert vcard.read(card(line)).contact is not None


@pytest.mark.parametrize(
    "raw", [b"", b"<html></html>", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"\xff\xfe\x00", b"\0" * 9]
)
def test_what_is_no_card_is_refused_without_its_content(raw: bytes) -> None:
    with pytest.raises(ProviderMalformed) as caught:
        vcard.read(raw)
    assert caught.value.message == "The provider sent something that is not a vCard"
    with pytest.raises(ProviderMalformed):
        vcard.native(raw, ("X-A",))
