"""Every row and every type of the field mapping, written into a new card."""

from __future__ import annotations

import base64

import pytest

from polydex.core import vcard
from polydex.core.contact import (
    EMPTY,
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.errors import BadRequest, FieldUnsupported
from polydex.core.fields import Loss
from tests.unit.vcard.helpers import contact_of, created

JPEG = b"\xff\xd8\xff\xe0 made up"
PNG = b"\x89PNG\r\n\x1a\n made up"


@pytest.mark.parametrize(
    ("kind", "three", "four"),
    [
        (PhoneType.WORK, "WORK,VOICE", "work,voice"),
        (PhoneType.HOME, "HOME,VOICE", "home,voice"),
        (PhoneType.MOBILE, "CELL", "cell"),
        (PhoneType.WORK_MOBILE, "WORK,CELL", "work,cell"),
        (PhoneType.OTHER, "VOICE", "voice"),
        (PhoneType.MAIN, "MAIN", "x-main"),
        (PhoneType.COMPANY_MAIN, "WORK,X-COMPANY_MAIN", "work,main-number"),
        (PhoneType.ASSISTANT, "X-ASSISTANT", "x-assistant"),
        (PhoneType.WORK_FAX, "WORK,FAX", "work,fax"),
        (PhoneType.HOME_FAX, "HOME,FAX", "home,fax"),
        (PhoneType.OTHER_FAX, "FAX", "fax"),
        (PhoneType.CALLBACK, "X-CALLBACK", "x-callback"),
        (PhoneType.PAGER, "PAGER", "pager"),
        (PhoneType.WORK_PAGER, "WORK,PAGER", "work,pager"),
        (PhoneType.RADIO, "X-RADIO", "x-radio"),
        (PhoneType.TELEX, "X-TELEX", "x-telex"),
        (PhoneType.TTY, "X-TTY", "textphone"),
        (None, "VOICE", "voice"),
    ],
)
def test_phone_types(kind: PhoneType | None, three: str, four: str) -> None:
    draft = Contact(phone_numbers=(Phone(number="+1;2", type=kind, canonical_form="+12"),))
    assert created(draft) == [f"TEL;TYPE={three}:+1\\;2"]
    assert created(draft, "4.0") == [f"TEL;TYPE={four}:+1\\;2"]


def test_every_phone_type_is_in_the_table() -> None:
    draft = Contact(phone_numbers=tuple(Phone(number=str(at), type=kind) for at, kind in enumerate(PhoneType)))
    for version in ("3.0", "4.0"):
        raw = vcard.create(draft, uid="u", mark=None, version=version).raw
        assert contact_of(raw).phone_numbers == draft.phone_numbers


@pytest.mark.parametrize(
    ("email", "three"),
    [
        (Email(address="a@example.com"), ["EMAIL:a@example.com"]),
        (Email(address="a@example.com", type="home"), ["EMAIL;TYPE=HOME:a@example.com"]),
        (Email(address="a@example.com", type="work"), ["EMAIL;TYPE=WORK:a@example.com"]),
        (
            Email(address="a@example.com", type="other"),
            ["item1.EMAIL:a@example.com", "item1.X-ABLabel:_$!<Other>!$_"],
        ),
        (Email(address="a@example.com", type="Home"), ["item1.EMAIL:a@example.com", "item1.X-ABLabel:Home"]),
        (Email(address="a@example.com", type="a,b;c"), ["item1.EMAIL:a@example.com", "item1.X-ABLabel:a\\,b\\;c"]),
    ],
)
def test_email_types(email: Email, three: list[str]) -> None:
    draft = Contact(email_addresses=(email,))
    assert created(draft) == three
    assert created(draft, "4.0") == [line.replace("HOME", "home").replace("WORK", "work") for line in three]


def test_email_name_is_a_parameter_and_reported() -> None:
    draft = Contact(email_addresses=(Email(address="a@example.com", name='Ann: "A", ^B;'),))
    edited = vcard.create(draft, uid="u", mark=None)
    assert b"EMAIL;X-UC-NAME=\"Ann: ^'A^', ^^B;\":a@example.com\r\n" in edited.raw
    assert edited.losses == (
        Loss("$.emailAddresses[0].name", "a vCard has no place for it", kept="parameter X-UC-NAME"),
    )
    assert contact_of(edited.raw).email_addresses == draft.email_addresses


def test_apple_notation_as_a_type_is_read_as_the_plain_word_and_reported() -> None:
    draft = Contact(email_addresses=(Email(address="a@example.com", type="_$!<Other>!$_"),))
    edited = vcard.create(draft, uid="u", mark=None)
    assert contact_of(edited.raw).email_addresses == (Email(address="a@example.com", type="other"),)
    assert [loss.path for loss in edited.losses] == ["$.emailAddresses[0].type"]


def test_the_first_of_several_emails_is_preferred() -> None:
    draft = Contact(email_addresses=(Email(address="a@example.com", type="work"), Email(address="b@example.com")))
    assert created(draft) == ["EMAIL;TYPE=WORK;TYPE=PREF:a@example.com", "EMAIL:b@example.com"]
    assert created(draft, "4.0") == ["EMAIL;TYPE=work;PREF=1:a@example.com", "EMAIL:b@example.com"]


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (AddressType.WORK, "ADR;TYPE=WORK"),
        (AddressType.HOME, "ADR;TYPE=HOME"),
        (AddressType.OTHER, "ADR"),
        (None, "ADR"),
    ],
)
def test_address(kind: AddressType | None, head: str) -> None:
    address = Address(
        street="S\nT",
        street_line2="E,",
        po_box="P;",
        city="C\\",
        state="R",
        postal_code="1",
        country="L",
        type=kind,
    )
    draft = Contact(addresses=(address,))
    assert created(draft) == [f"{head}:P\\;;E\\,;S\\nT;C\\\\;R;1;L"]
    assert created(draft, "4.0") == [
        f"{head.replace('WORK', 'work').replace('HOME', 'home')}:P\\;;E\\,;S\\nT;C\\\\;R;1;L"
    ]


HREF = "https://example.com/a,b;c?d=\u00e9\\e"
WRITTEN = "https://example.com/a\\,b;c?d=\u00e9\\\\e"


@pytest.mark.parametrize(
    ("kind", "three", "four"),
    [
        (UrlType.WORK, ["URL;TYPE=WORK:{}"], ["URL;TYPE=work:{}"]),
        (UrlType.HOME, ["URL;TYPE=HOME:{}"], ["URL;TYPE=home:{}"]),
        (UrlType.HOME_PAGE, ["item1.URL:{}", "item1.X-ABLabel:_$!<HomePage>!$_"], ["URL;TYPE=x-homepage:{}"]),
        (UrlType.FTP, ["URL;TYPE=X-FTP:{}"], ["URL;TYPE=x-ftp:{}"]),
        (UrlType.BLOG, ["URL;TYPE=X-BLOG:{}"], ["URL;TYPE=x-blog:{}"]),
        (UrlType.PROFILE, ["URL;TYPE=X-PROFILE:{}"], ["URL;TYPE=x-profile:{}"]),
        (UrlType.RESERVATIONS, ["URL;TYPE=X-RESERVATIONS:{}"], ["URL;TYPE=x-reservations:{}"]),
        (UrlType.OTHER, ["URL:{}"], ["URL:{}"]),
        (None, ["URL:{}"], ["URL:{}"]),
    ],
)
def test_urls(kind: UrlType | None, three: list[str], four: list[str]) -> None:
    draft = Contact(urls=(Url(href=HREF, type=kind),))
    assert created(draft) == [line.format(WRITTEN) for line in three]
    assert created(draft, "4.0") == [line.format(WRITTEN) for line in four]


@pytest.mark.parametrize("kind", RelationType)
def test_relations(kind: RelationType) -> None:
    draft = Contact(relations=(Relation(name="M, M.", type=kind),))
    assert created(draft) == [
        "item1.X-ABRELATEDNAMES:M\\, M.",
        f"item1.X-ABLabel:_$!<{kind.value.capitalize()}>!$_",
    ]
    assert created(draft, "4.0") == [f"RELATED;TYPE={kind.value};VALUE=text:M\\, M."]


def test_a_relation_without_a_type_is_a_reported_loss() -> None:
    draft = Contact(relations=(Relation(name="A", type=RelationType.SPOUSE), Relation(name="B")))
    edited = vcard.create(draft, uid="u", mark=None)
    assert [loss.path for loss in edited.losses] == ["$.relations[1]"]
    assert contact_of(edited.raw).relations == draft.relations[:1]


@pytest.mark.parametrize(
    ("birthday", "three", "four"),
    [
        ("1990-01-02", "BDAY:1990-01-02", "BDAY:19900102"),
        ("--01-02", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-02", "BDAY:--0102"),
        ("--02-29", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "BDAY:--0229"),
        ("1604-02-29", "BDAY:1604-02-29", "BDAY:16040229"),
        ("some day, or so", "BDAY;VALUE=text:some day\\, or so", "BDAY;VALUE=text:some day\\, or so"),
        ("1990-02-30", "BDAY;VALUE=text:1990-02-30", "BDAY;VALUE=text:1990-02-30"),
    ],
)
def test_birthday(birthday: str, three: str, four: str) -> None:
    draft = Contact(birthday=birthday)
    assert created(draft) == [three]
    assert created(draft, "4.0") == [four]
    for version in ("3.0", "4.0"):
        edited = vcard.create(draft, uid="u", mark=None, version=version)
        assert contact_of(edited.raw).birthday == birthday
        assert [loss.path for loss in edited.losses] == (["$.birthday"] if "text" in three else [])


def test_scalars() -> None:
    draft = Contact(
        name=Name(
            display_name="Dr. Ann",
            prefix="Dr.",
            given_name="A;nn",
            middle_name="M,L",
            family_name="E\\x",
            suffix="Jr",
            yomi_given_name="an",
            yomi_family_name="ex",
        ),
        nick_name="N,an",
        file_as="E, A",
        company=Company(name="C;o", department="D", office_location="O", job_title="T,T", yomi_company_name="ko"),
        keywords=("a,b", "c"),
        notes="one\ntwo; three\\n",
    )
    raw = vcard.create(draft, uid="u,1", mark="m", rev="2024-01-02T03:04:05Z").raw
    assert raw.decode().split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "PRODID:-//Polydex//Polydex//EN",
        "UID:u\\,1",
        "N:E\\\\x;A\\;nn;M\\,L;Dr.;Jr",
        "FN:Dr. Ann",
        "X-POLYDEX-MARK:m",
        "X-PHONETIC-FIRST-NAME:an",
        "X-PHONETIC-LAST-NAME:ex",
        "NICKNAME:N\\,an",
        "X-EVOLUTION-FILE-AS:E\\, A",
        "ORG:C\\;o;D;O",
        "TITLE:T\\,T",
        "X-PHONETIC-ORG:ko",
        "CATEGORIES:a\\,b,c",
        "NOTE:one\\ntwo\\; three\\\\n",
        "REV:2024-01-02T03:04:05Z",
        "END:VCARD",
        "",
    ]
    reading = vcard.read(raw)
    assert (reading.contact, reading.uid, reading.mark) == (draft, "u,1", "m")


def test_version_4() -> None:
    raw = vcard.create(Contact(notes="x"), uid="u", mark=None, version="4.0", rev="2024-01-02T03:04:05.678Z").raw
    assert raw.decode().split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "PRODID:-//Polydex//Polydex//EN",
        "UID:u",
        "FN:Unnamed",
        "NOTE:x",
        "REV:20240102T030405Z",
        "END:VCARD",
        "",
    ]


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        (Contact(name=Name(given_name="Ann", family_name="E", prefix="Dr.", suffix="Jr.")), "Dr. Ann E Jr."),
        (Contact(nick_name="Nan", notes="x"), "Nan"),
        (Contact(company=Company(name="Co", job_title="T")), "Co"),
        (Contact(email_addresses=(Email(address="a@example.com"),)), "a@example.com"),
        (Contact(phone_numbers=(Phone(number="1", type=PhoneType.HOME),)), "1"),
        (Contact(file_as="E, A"), "E, A"),
        (Contact(name=Name(yomi_given_name="an")), "an"),
        (Contact(notes="x"), "Unnamed"),
        (EMPTY, "Unnamed"),
    ],
)
def test_a_formatted_name_is_always_there(draft: Contact, name: str) -> None:
    for version in ("3.0", "4.0"):
        found = contact_of(vcard.create(draft, uid="u", mark=None, version=version).raw)
        assert found.name is not None
        assert found.name.display_name == name


def test_photo() -> None:
    for content, kind in ((JPEG, "jpeg"), (PNG, "png")):
        encoded = base64.b64encode(content).decode()
        draft = Contact(photo=Photo.of(content))
        assert created(draft) == [f"PHOTO;ENCODING=b;TYPE={kind.upper()}:{encoded}"]
        assert created(draft, "4.0") == [f"PHOTO:data:image/{kind};base64,{encoded}"]


def test_losses_of_a_photo() -> None:
    named = vcard.create(Contact(photo=Photo.of(JPEG, "image/jpeg", "ann.jpg")), uid="u", mark=None)
    assert [loss.path for loss in named.losses] == ["$.photo.name"]
    assert b"PHOTO" in named.raw
    bare = vcard.create(Contact(photo=Photo(hash="0" * 64)), uid="u", mark=None)
    assert [loss.path for loss in bare.losses] == ["$.photo"]
    assert b"PHOTO" not in bare.raw


def test_native_properties() -> None:
    edited = vcard.create(
        EMPTY, uid="u", mark="m", native={"X-Skype": "ann\r\nEMAIL:evil@example.com", "ROLE": "a\\,b"}
    )
    assert b"\r\nX-Skype:ann\r\nX-Skype:EMAIL:evil@example.com\r\nROLE:a\\,b\r\n" in edited.raw
    assert contact_of(edited.raw).email_addresses == ()
    assert vcard.native(edited.raw, ("x-skype", "ROLE", "X-NONE", "X-POLYDEX-MARK", "BEGIN")) == {
        "x-skype": "ann\nEMAIL:evil@example.com",
        "ROLE": "a\\,b",
    }


def test_a_native_value_has_no_control_characters() -> None:
    edited = vcard.create(EMPTY, uid="u", mark=None, native={"X-A": " \x07a\tb\x85\ud800c\u200d ", "X-B": "\0\n\x1b"})
    assert "\r\nX-A:a\tbc\u200d\r\nEND" in edited.raw.decode()


@pytest.mark.parametrize("name", ["", "X A", "X:Y", "X\r\nEMAIL", "item1.X", "1X", "X_A", "X" * 65, "\u00e4"])
def test_names_that_no_property_can_have(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        vcard.create(EMPTY, uid="u", mark=None, native={name: "x"})
    assert caught.value.message.startswith("$.nativeProperties")


@pytest.mark.parametrize(
    "name", ["BEGIN", "end", "Version", "UID", "N", "FN", "KIND", "EMAIL", "X-POLYDEX-MARK", "PHOTO"]
)
def test_properties_that_are_not_native(name: str) -> None:
    with pytest.raises(FieldUnsupported) as caught:
        vcard.create(EMPTY, uid="u", mark=None, native={name: "x"})
    assert caught.value.message.startswith(f"$.nativeProperties.{name}")
