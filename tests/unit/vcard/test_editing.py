"""A stored card is edited: what changes, and what stays as it was."""

from __future__ import annotations

import base64

import pytest

from polydex.core import vcard
from polydex.core.contact import (
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
from polydex.core.errors import ProviderRejected
from polydex.core.fields import Loss
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from tests.unit.vcard.helpers import card, contact, contact_of, edited

JPEG = b"\xff\xd8\xff\xe0 made up"
ENCODED = base64.b64encode(JPEG).decode()


def phone(number: str, kind: PhoneType = PhoneType.OTHER) -> Phone:
    return Phone(number=number, type=kind)


def n_and_fn(raw: bytes, patch: Patch) -> tuple[str, str]:
    text = vcard.edit(raw, patch, base=contact_of(raw), rev=None).raw.decode().replace("\r\n ", "")
    lines = text.split("\r\n")
    return next(x for x in lines if x.startswith("N")), next(x for x in lines if x.startswith("FN"))


# --- names -------------------------------------------------------------------------------------------------------

NAMED = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN;X-P=1:Ex\\;a;Ann;M,L;;;sixth;sev\\,enth\r\nFN;X-Q=2:Ann Exa\r\nEND:VCARD\r\n"


def test_n_keeps_unknown_components_and_formatted_name() -> None:
    n, fn = n_and_fn(NAMED, Patch(name=NamePatch(given_name="Bea")))
    assert (n, fn) == ("N;X-P=1:Ex\\;a;Bea;M,L;;;sixth;sev\\,enth", "FN;X-Q=2:Ann Exa")


def test_display_name_changes_fn_alone() -> None:
    n, fn = n_and_fn(NAMED, Patch(name=NamePatch(display_name="Bea; B.")))
    assert (n, fn) == ("N;X-P=1:Ex\\;a;Ann;M,L;;;sixth;sev\\,enth", "FN;X-Q=2:Bea\\; B.")


def test_a_cleared_display_name_is_made_of_the_parts_and_reported() -> None:
    result = vcard.edit(NAMED, Patch(name=NamePatch(display_name=None)), base=contact_of(NAMED), rev=None)
    assert b"FN;X-Q=2:Ann M L Ex\\;a\r\n" in result.raw
    assert [loss.path for loss in result.losses] == ["$.name.displayName"]


def test_a_cleared_name_falls_back_to_other_fields() -> None:
    raw = card("EMAIL:ann@example.com")
    result = vcard.edit(raw, Patch(name=None), base=contact_of(raw), rev=None)
    assert contact_of(result.raw).name == Name(display_name="ann@example.com")
    assert [loss.path for loss in result.losses] == ["$.name.displayName"]


def test_missing_n_and_fn_are_added_with_the_next_change() -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nORG:Co\r\nEND:VCARD\r\n"
    result = vcard.edit(raw, Patch(notes="x"), base=contact_of(raw), rev=None).raw
    assert result == (b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:;;;;\r\nFN:Co\r\nORG:Co\r\nNOTE:x\r\nEND:VCARD\r\n")


def test_phonetic_names() -> None:
    patch = Patch(name=NamePatch(yomi_given_name="an", yomi_family_name=None))
    assert edited(["X-PHONETIC-LAST-NAME:x", "X-A:1"], patch) == ["X-A:1", "X-PHONETIC-FIRST-NAME:an"]


def test_phonetic_variant_of_n() -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;ALTID=1:F;G;;;\r\nN;PHONETIC=ipa;ALTID=1:f;g;;;\r\nEND:VCARD\r\n"
    base = contact_of(raw)
    one = vcard.edit(raw, Patch(name=NamePatch(yomi_given_name="h")), base=base, rev=None).raw
    assert one == raw.replace(b"f;g", b"f;h")
    none = vcard.edit(raw, Patch(name=NamePatch(yomi_given_name=None, yomi_family_name=None)), base=base, rev=None).raw
    assert none == raw.replace(b"N;PHONETIC=ipa;ALTID=1:f;g;;;\r\n", b"")


def test_a_phonetic_name_in_two_conventions_is_cleared_in_both() -> None:
    variant = "N;PHONETIC=ipa;ALTID=1:f;g;;;"
    lines = [variant, "X-PHONETIC-FIRST-NAME:g2"]
    assert contact(*lines).name == Name(
        display_name="Ann", given_name="Ann", yomi_given_name="g2", yomi_family_name="f"
    )
    assert edited(lines, Patch(name=NamePatch(yomi_given_name=None))) == ["N;PHONETIC=ipa;ALTID=1:f;;;;"]
    assert edited(lines, Patch(name=NamePatch(yomi_given_name="h"))) == [variant, "X-PHONETIC-FIRST-NAME:h"]


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (["NICKNAME:A,B"], "C,D", ["NICKNAME:C\\,D,B"]),
        (["NICKNAME:A,B"], None, ["NICKNAME:,B"]),
        (["NICKNAME:A"], None, []),
        (["NICKNAME;TYPE=work:A", "NICKNAME:B"], None, ["NICKNAME;TYPE=work:", "NICKNAME:B"]),
        ([], "A", ["NICKNAME:A"]),
    ],
)
def test_nick_name(before: list[str], value: str | None, after: list[str]) -> None:
    assert edited(before, Patch(nick_name=value)) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (["X-EVOLUTION-FILE-AS:A", "SORT-STRING:S"], "B", ["X-EVOLUTION-FILE-AS:B", "SORT-STRING:S"]),
        (["SORT-STRING:S"], "B", ["SORT-STRING:S", "X-EVOLUTION-FILE-AS:B"]),
        (["X-EVOLUTION-FILE-AS:A", "SORT-STRING:S"], None, []),
    ],
)
def test_file_as(before: list[str], value: str | None, after: list[str]) -> None:
    assert edited(before, Patch(file_as=value)) == after


def test_clearing_file_as_clears_sort_as() -> None:
    raw = b'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;SORT-AS="E,A";X-B=1:E;A;;;\r\nEND:VCARD\r\n'
    result = vcard.edit(raw, Patch(file_as=None), base=contact_of(raw), rev=None).raw
    assert result == raw.replace(b';SORT-AS="E,A"', b"")


# --- company, notes, keywords, birthday ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        (["ORG;X=1:A;B;C;D\\;E"], CompanyPatch(department="X;Y"), ["ORG;X=1:A;X\\;Y;C;D\\;E"]),
        (["ORG:A;B;C;D"], CompanyPatch(office_location=None), ["ORG:A;B;;D"]),
        (["ORG:A;B"], CompanyPatch(department=None), ["ORG:A"]),
        (["ORG:A", "TITLE:T"], CompanyPatch(name=None), ["TITLE:T"]),
        (["ORG:A", "ORG:B"], CompanyPatch(name=None), ["ORG:", "ORG:B"]),
        ([], CompanyPatch(office_location="O", job_title="T"), ["ORG:;;O", "TITLE:T"]),
        (["TITLE;LANGUAGE=en:T", "TITLE:U"], CompanyPatch(job_title=None), ["TITLE;LANGUAGE=en:", "TITLE:U"]),
        (["X-PHONETIC-ORG:x"], CompanyPatch(yomi_company_name="y"), ["X-PHONETIC-ORG:y"]),
        (["ORG:A;B;C", "TITLE:T", "X-PHONETIC-ORG:x", "X-KEEP:1"], None, ["X-KEEP:1"]),
    ],
)
def test_company(before: list[str], patch: CompanyPatch | None, after: list[str]) -> None:
    assert edited(before, Patch(company=patch)) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (["NOTE;LANGUAGE=en:a"], "b\nc", ["NOTE;LANGUAGE=en:b\\nc"]),
        (["NOTE:a", "X-A:1", "NOTE:b"], "a\nb\nc", ["NOTE:a\\nb\\nc", "X-A:1"]),
        (["NOTE:a", "NOTE:b"], None, []),
        (["NOTE:a", "NOTE:b"], "a\nb", ["NOTE:a", "NOTE:b"]),
    ],
)
def test_notes(before: list[str], value: str | None, after: list[str]) -> None:
    assert edited(before, Patch(notes=value)) == after


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        (["CATEGORIES;X=1:a,b", "CATEGORIES:c"], ("a", "c"), ["CATEGORIES;X=1:a", "CATEGORIES:c"]),
        (["CATEGORIES:a,b", "CATEGORIES:c"], ("a", "b", "c", "d,e"), ["CATEGORIES:a,b", "CATEGORIES:c,d\\,e"]),
        (["CATEGORIES:a,b", "CATEGORIES:c"], ("a", "b"), ["CATEGORIES:a,b"]),
        (["CATEGORIES:a,b", "CATEGORIES:c"], ("c", "a"), ["CATEGORIES:c,a"]),
        (["CATEGORIES:a"], (), []),
        ([], ("x", "y"), ["CATEGORIES:x,y"]),
    ],
)
def test_keywords(before: list[str], wanted: tuple[str, ...], after: list[str]) -> None:
    assert edited(before, Patch(keywords=wanted)) == after


@pytest.mark.parametrize(
    ("before", "value", "version", "after"),
    [
        ("BDAY;VALUE=date:1990-01-02", "--01-02", "3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-02"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604;X=1:1604-01-02", "1991-01-02", "3.0", "BDAY;X=1:1991-01-02"),
        ("BDAY;VALUE=text;CALSCALE=gregorian:spring", "1991-01-02", "4.0", "BDAY;CALSCALE=gregorian:19910102"),
        ("BDAY:19900102", "--02-29", "4.0", "BDAY:--0229"),
        ("BDAY:1990-01-02T10:00:00Z", "1990-01-02", "3.0", "BDAY:1990-01-02T10:00:00Z"),
    ],
)
def test_birthday(before: str, value: str, version: str, after: str) -> None:
    assert edited([before], Patch(birthday=value), version=version) == [after]


# --- lists -------------------------------------------------------------------------------------------------------

PHONES = [
    "TEL;X-SLOT=1;TYPE=CELL;TYPE=MSG:1",
    "item4.TEL;X-SLOT=2:2",
    "item4.X-ABLabel:Boat",
    "TEL;TYPE=ISDN:3",
    "X-AFTER:x",
]


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        # An entry with an unknown label or type is sent back as it was read: its line stays.
        (
            (phone("1", PhoneType.MOBILE), phone("2"), phone("3"), phone("4", PhoneType.WORK)),
            [*PHONES[:4], "TEL;TYPE=WORK,VOICE:4", "X-AFTER:x"],
        ),
        # Another type of the same number: parameters stay, the label of the old type goes.
        (
            (phone("1", PhoneType.WORK_FAX), phone("2", PhoneType.HOME), phone("3")),
            ["TEL;X-SLOT=1;TYPE=MSG;TYPE=WORK,FAX:1", "item4.TEL;X-SLOT=2;TYPE=HOME,VOICE:2", *PHONES[3:]],
        ),
        # Another number of the same type at the same place: parameters, group and label stay.
        (
            (phone("5", PhoneType.MOBILE), phone("6"), phone("3")),
            ["TEL;X-SLOT=1;TYPE=CELL;TYPE=MSG:5", "item4.TEL;X-SLOT=2:6", *PHONES[2:]],
        ),
        # Removed with its label.
        ((phone("1", PhoneType.MOBILE), phone("3")), [PHONES[0], *PHONES[3:]]),
        # Another order moves lines.
        (
            (phone("3"), phone("1", PhoneType.MOBILE), phone("2")),
            [PHONES[3], PHONES[0], PHONES[2], PHONES[1], PHONES[4]],
        ),
        # In front of all others; both type and number new: a new line.
        (
            (phone("0", PhoneType.PAGER), phone("1", PhoneType.MOBILE), phone("2"), phone("3")),
            ["TEL;TYPE=PAGER:0", *PHONES],
        ),
        ((), ["X-AFTER:x"]),
    ],
)
def test_phones_are_merged(wanted: tuple[Phone, ...], after: list[str]) -> None:
    assert edited(PHONES, Patch(phone_numbers=wanted)) == after


def test_a_number_in_another_notation_is_the_same_entry() -> None:
    before = ["TEL;X-SLOT=1;TYPE=CELL:+1 (555) 010-0", "TEL;TYPE=HOME:2"]
    wanted = (phone("2", PhoneType.HOME), phone("+1 555 0100", PhoneType.WORK))
    assert edited(before, Patch(phone_numbers=wanted)) == [before[1], "TEL;X-SLOT=1;TYPE=WORK,VOICE:+1 555 0100"]


def test_preference_moves_only_when_the_order_needs_it() -> None:
    before = ["EMAIL:a@example.com", "EMAIL;TYPE=WORK,PREF:b@example.com"]
    a, b = Email(address="a@example.com"), Email(address="b@example.com", type="work")
    assert contact(*before).email_addresses == (b, a)
    assert edited(before, Patch(email_addresses=(b, a, Email(address="c@example.com")))) == [
        *before[:1],
        "EMAIL:c@example.com",
        before[1],
    ]
    assert edited(before, Patch(email_addresses=(a, b))) == [
        "EMAIL;TYPE=PREF:a@example.com",
        "EMAIL;TYPE=WORK:b@example.com",
    ]
    four = ["EMAIL:a@example.com", "EMAIL;TYPE=work;PREF=1:b@example.com"]
    assert edited(four, Patch(email_addresses=(a, b)), version="4.0") == [
        "EMAIL;PREF=1:a@example.com",
        "EMAIL;TYPE=work:b@example.com",
    ]


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        ("dabc", ["EMAIL;PREF=1:d", "EMAIL;PREF=2:a", "EMAIL;PREF=2:b", "EMAIL;PREF=50:c"]),
        ("adbc", ["EMAIL;PREF=1:a", "EMAIL;PREF=2:d", "EMAIL;PREF=2:b", "EMAIL;PREF=50:c"]),
        ("abdc", ["EMAIL;PREF=1:a", "EMAIL;PREF=2:b", "EMAIL;PREF=50:d", "EMAIL;PREF=50:c"]),
        ("abcd", ["EMAIL;PREF=1:a", "EMAIL;PREF=2:b", "EMAIL;PREF=50:c", "EMAIL:d"]),
        ("bac", ["EMAIL;PREF=1:b", "EMAIL;PREF=50:a", "EMAIL;PREF=50:c"]),
        ("cba", ["EMAIL;PREF=1:c", "EMAIL;PREF=2:b", "EMAIL:a"]),
        ("bc", ["EMAIL;PREF=2:b", "EMAIL;PREF=50:c"]),
    ],
)
def test_preferences_that_still_hold_stay(wanted: str, after: list[str]) -> None:
    before = ["EMAIL;PREF=1:a", "EMAIL;PREF=2:b", "EMAIL;PREF=50:c"]
    patch = Patch(email_addresses=tuple(Email(address=address) for address in wanted))
    assert edited(before, patch, version="4.0") == after


def test_version_3_has_one_preference() -> None:
    before = ["TEL;TYPE=PREF:1", "TEL:2", "TEL;TYPE=WORK;TYPE=PREF:3"]
    one, three, two = contact(*before).phone_numbers
    assert [one.number, three.number, two.number] == ["1", "3", "2"]
    assert edited(before, Patch(phone_numbers=(one, three, phone("4"), two))) == [
        *(before[0], before[2], "TEL;TYPE=VOICE:4", before[1])
    ]
    assert edited(before, Patch(phone_numbers=(one, two, three))) == [*before[:2], "TEL;TYPE=WORK:3"]
    assert edited(before, Patch(phone_numbers=(two, one, three))) == ["TEL;TYPE=PREF:2", "TEL:1", "TEL;TYPE=WORK:3"]


def test_email_labels() -> None:
    before = ["item1.EMAIL;TYPE=INTERNET:a@example.com", "item1.X-ABLabel:Lab", "item7.X-ABDATE:2001-01-01"]
    lab = Email(address="a@example.com", type="Lab")
    assert edited(before, Patch(email_addresses=(lab,))) == before
    assert edited(before, Patch(email_addresses=(Email(address="b@example.com", type="Lab"),))) == [
        "item1.EMAIL;TYPE=INTERNET:b@example.com",
        *before[1:],
    ]
    assert edited(before, Patch(email_addresses=(Email(address="a@example.com", type="Dock"),))) == [
        before[0],
        "item1.X-ABLabel:Dock",
        before[2],
    ]
    assert edited(before, Patch(email_addresses=(Email(address="a@example.com", type="work"),))) == [
        "item1.EMAIL;TYPE=INTERNET;TYPE=WORK:a@example.com",
        before[2],
    ]
    assert edited(before, Patch(email_addresses=(lab, Email(address="b@example.com", type="Dock")))) == [
        *before[:2],
        "item8.EMAIL:b@example.com",
        "item8.X-ABLabel:Dock",
        before[2],
    ]


def test_a_shared_label_stays_with_the_others_of_its_group() -> None:
    before = ["item1.EMAIL:a@example.com", "item1.TEL:1", "item1.X-ABLabel:Shared"]
    assert edited(before, Patch(email_addresses=())) == before[1:]
    assert edited(before, Patch(email_addresses=(Email(address="a@example.com", type="New"),))) == [
        "item2.EMAIL:a@example.com",
        "item2.X-ABLabel:New",
        *before[1:],
    ]
    assert edited(before, Patch(phone_numbers=(phone("1", PhoneType.HOME),))) == [
        before[0],
        "TEL;TYPE=HOME,VOICE:1",
        before[2],
    ]


def test_email_name() -> None:
    before = ["EMAIL;X-UC-NAME=Ann;X-A=1:a@example.com"]
    assert edited(before, Patch(email_addresses=(Email(address="a@example.com"),))) == ["EMAIL;X-A=1:a@example.com"]
    raw = card(*before)
    other = Patch(email_addresses=(Email(address="a@example.com", name="Bea"),))
    result = vcard.edit(raw, other, base=contact_of(raw), rev=None)
    assert b"EMAIL;X-UC-NAME=Bea;X-A=1:a@example.com\r\n" in result.raw
    assert [loss.path for loss in result.losses] == ["$.emailAddresses[0].name"]
    same = Patch(email_addresses=(Email(address="a@example.com", name="Ann", type="home"),))
    assert vcard.edit(raw, same, base=contact_of(raw), rev=None).losses == ()


def test_address() -> None:
    before = [
        'item1.ADR;TYPE=HOME,PREF;LABEL="S^nC";X-A=1:;;S\\, old;C;;;L;;;5',
        "item1.X-ABADR:de",
        "ADR;TYPE=WORK:;;W;C;;;",
        "LABEL;TYPE=HOME:S\\nC",
        "LABEL;TYPE=WORK:W\\nC",
    ]
    home, work = contact(*before).addresses
    assert (home.street, work.street) == ("S, old", "W")
    city = Address(street="S, old", city="D", country="L", type=AddressType.HOME)
    assert edited(before, Patch(addresses=(city, work))) == [
        "item1.ADR;TYPE=HOME,PREF;X-A=1:;;S\\, old;D;;;L;;;5",
        *before[1:3],
        before[4],
    ]
    moved = Address(street="T", city="C", country="M", type=AddressType.HOME)
    assert edited(before, Patch(addresses=(moved, work))) == [
        "item1.ADR;TYPE=HOME,PREF;X-A=1:;;T;C;;;M",
        before[2],
        before[4],
    ]
    assert edited(before, Patch(addresses=(work,))) == [before[2], before[4]]


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (["LABEL;TYPE=HOME:A", "LABEL;TYPE=WORK:W", "LABEL;TYPE=HOME:B"], [0, 1]),
        (["LABEL;TYPE=HOME:B", "LABEL;TYPE=WORK:W"], [1]),  # nobody knows whose it is
        (["LABEL;TYPE=HOME:A", "LABEL;TYPE=HOME:B", "LABEL;TYPE=HOME:C"], []),
    ],
)
def test_a_formatted_address_goes_with_its_own(labels: list[str], kept: list[int]) -> None:
    before = ["ADR;TYPE=HOME:;;A;;;;", "ADR;TYPE=HOME:;;B;;;;", "ADR;TYPE=WORK:;;W;;;;", *labels]
    a, b, w = contact(*before).addresses
    moved = Address(street="C", type=AddressType.HOME)
    left = [labels[at] for at in kept]
    assert edited(before, Patch(addresses=(a, moved, w))) == [before[0], "ADR;TYPE=HOME:;;C;;;;", before[2], *left]
    assert edited(before, Patch(addresses=(a, w))) == [before[0], before[2], *left]
    assert edited(before, Patch(addresses=(a, b, w, moved))) == [*before[:3], "ADR;TYPE=HOME:;;C;;;;", *labels]


def test_a_formatted_address_becomes_a_structured_one_when_the_list_changes() -> None:
    before = ["LABEL;TYPE=HOME:S\\nC", "X-A:1"]
    (home,) = contact(*before).addresses
    assert edited(before, Patch(addresses=(home,), nick_name="N")) == [*before, "NICKNAME:N"]
    other = Address(street="T", type=AddressType.HOME)
    assert edited(before, Patch(addresses=(home, other))) == [
        "ADR;TYPE=HOME:;;S\\nC;;;;",
        "ADR;TYPE=HOME:;;T;;;;",
        "X-A:1",
    ]


def test_urls() -> None:
    before = ["X-EVOLUTION-BLOG-URL:https://a.example.com", "item1.URL:https://b.example.com", "item1.X-ABLabel:Custom"]
    blog, custom = contact(*before).urls
    assert edited(before, Patch(urls=(Url(href="https://c.example.com", type=UrlType.BLOG), custom))) == [
        "X-EVOLUTION-BLOG-URL:https://c.example.com",
        *before[1:],
    ]
    assert edited(before, Patch(urls=(Url(href=blog.href, type=UrlType.WORK), custom))) == [
        "URL;TYPE=WORK:https://a.example.com",
        *before[1:],
    ]
    assert edited(before, Patch(urls=(blog, Url(href=custom.href, type=UrlType.HOME_PAGE)))) == [
        *before[:2],
        "item1.X-ABLabel:_$!<HomePage>!$_",
    ]
    assert edited(before, Patch(urls=(blog, Url(href=custom.href, type=UrlType.FTP)))) == [
        before[0],
        "item1.URL;TYPE=X-FTP:https://b.example.com",
    ]


def test_relations() -> None:
    before = [
        "X-EVOLUTION-SPOUSE:Max",
        "item1.X-ABRELATEDNAMES:Max",
        "item1.X-ABLabel:_$!<Spouse>!$_",
        "item2.X-ABRELATEDNAMES:Mia",
        "item2.X-ABLabel:_$!<Child>!$_",
        "RELATED;TYPE=friend:urn:uuid:00000000-0000-4000-8000-000000000000",
    ]
    assert edited(before, Patch(relations=())) == before[3:]
    assert edited(before, Patch(relations=(Relation(name="Moritz", type=RelationType.SPOUSE),))) == [
        "X-EVOLUTION-SPOUSE:Moritz",
        *before[3:],
    ]
    assert edited(before[1:], Patch(relations=(Relation(name="Max", type=RelationType.MANAGER),))) == [
        before[1],
        "item1.X-ABLabel:_$!<Manager>!$_",
        *before[3:],
    ]
    four = ["RELATED;TYPE=spouse,friend;VALUE=text:Max"]
    assistant = Patch(relations=(Relation(name="Max", type=RelationType.ASSISTANT),))
    assert edited(four, assistant, version="4.0") == ["RELATED;TYPE=friend;VALUE=text;TYPE=assistant:Max"]
    assert edited(four, assistant) == ["RELATED;TYPE=friend;VALUE=text;TYPE=assistant:Max"]
    assert edited(["RELATED;spouse:Max"], assistant, version="2.1") == ["RELATED;assistant:Max"]


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_the_same_relation_twice_is_one(version: str) -> None:
    max_ = Relation(name="Max", type=RelationType.SPOUSE)
    lines = ["X-EVOLUTION-SPOUSE:Max", "RELATED;TYPE=spouse;VALUE=text:Max", "RELATED;TYPE=spouse;VALUE=text:Max"]
    assert contact(*lines, version=version).relations == (max_,)
    assert edited(lines, Patch(relations=(max_,)), version=version) == lines
    raw = card(lines[0], version=version)
    result = vcard.edit(raw, Patch(relations=(max_, max_)), base=contact_of(raw), rev=None)
    assert result == vcard.Edited(raw, (Loss("$.relations[1]", "the same relation a second time", kept="once"),))


# --- photo, revision, native properties ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&9&9&x==;X-KEEP=1;ENCODING=b;TYPE=PNG:AAAA",
        "PHOTO;X-KEEP=1;VALUE=uri;MEDIATYPE=image/png:https://example.com/a.png",
    ],
)
def test_photo(before: str) -> None:
    lines = ["X-A:1", before, "X-ABCROP-RECTANGLE:ABClipRect_1&0&0&9&9", "X-B:2"]
    photo = Photo.of(JPEG, "image/jpeg")
    assert edited(lines, Patch(photo=photo)) == ["X-A:1", f"PHOTO;X-KEEP=1;ENCODING=b;TYPE=JPEG:{ENCODED}", "X-B:2"]
    assert edited(lines, Patch(photo=photo), version="4.0")[1] == f"PHOTO;X-KEEP=1:data:image/jpeg;base64,{ENCODED}"
    assert edited(lines, Patch(photo=None)) == ["X-A:1", "X-B:2"]
    stored = contact(*lines).photo
    assert stored is not None
    assert edited(lines, Patch(photo=Photo(hash=stored.hash))) == lines


def test_a_photo_without_its_bytes_changes_nothing_and_is_reported() -> None:
    raw = card(f"PHOTO;ENCODING=b;TYPE=JPEG:{ENCODED}")
    result = vcard.edit(raw, Patch(photo=Photo(hash="0" * 64)), base=contact_of(raw), rev=None)
    assert result.raw is raw
    assert [loss.path for loss in result.losses] == ["$.photo"]


def test_rev_changes_only_with_the_card_and_when_it_is_there() -> None:
    lines = ["REV;VALUE=DATE-AND-OR-TIME:20200101T000000Z"]
    now = "2024-01-02T03:04:05Z"
    assert edited(lines, Patch(nick_name="N"), rev=now) == [f"REV:{now}", "NICKNAME:N"]
    assert edited(lines, Patch(nick_name="N"), rev=now, version="4.0")[0] == "REV:20240102T030405Z"
    assert edited(lines, Patch(nick_name=None), rev=now) == lines
    assert edited(lines, Patch(nick_name="N"), rev=None)[0] == lines[0]
    assert edited([], Patch(nick_name="N"), rev=now) == ["NICKNAME:N"]


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("a\nb", ["X-A;P=1:a", "X-A:b", "X-B:1"]),
        ("a\nc", ["X-A;P=1:a", "X-A:c", "X-B:1"]),
        ("a\n\nb\nc", ["X-A;P=1:a", "X-A:b", "x-a:c", "X-B:1"]),
        ("z", ["X-A;P=1:z", "X-B:1"]),
        (None, ["X-B:1"]),
        ("", ["X-B:1"]),
    ],
)
def test_native_properties(value: str | None, after: list[str]) -> None:
    assert edited(["X-A;P=1:a", "X-A:b", "X-B:1"], Patch(native_properties={"x-a": value})) == after


def test_a_field_sent_back_as_the_client_knows_it_is_no_change() -> None:
    raw = card("TEL;TYPE=HOME:1", "ORG:A;B", "NICKNAME:N")
    base = Contact(
        name=Name(display_name="Ann", given_name="Ann"),
        nick_name="M",
        company=Company(name="Z", department="B"),
        phone_numbers=(Phone(number="1", type=PhoneType.OTHER, canonical_form="+1"),),
    )
    echo = Patch(nick_name="M", phone_numbers=base.phone_numbers, company=CompanyPatch(name="Z", department="C"))
    result = vcard.edit(raw, echo, base=base, rev=None).raw
    assert result == raw.replace(b"ORG:A;B", b"ORG:A;C")


# --- other versions and broken cards ----------------------------------------------------------------------------


def test_version_2_1_is_written_in_its_own_notation() -> None:
    raw = card("NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:=E4", "TEL;HOME:1", version="2.1")
    base = contact_of(raw)
    assert base.notes == "\u00e4"
    note = "first line = \u00e4;, \\\n" + "a long second line with many words " * 4 + "."
    patch = Patch(notes=note, phone_numbers=(*base.phone_numbers, phone("2", PhoneType.WORK_FAX)), nick_name="N,N")
    result = vcard.edit(raw, patch, base=base, rev=None).raw
    found = contact_of(result)
    assert (found.notes, found.nick_name) == (note, "N,N")
    assert b"\r\nTEL;HOME:1\r\nTEL;WORK;FAX:2\r\n" in result
    assert b"\r\nNOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:first line =3D =C3=A4" in result
    assert result.isascii()
    assert max(len(line) for line in result.split(b"\r\n")) <= 76


def test_quoted_printable_of_version_3_becomes_plain_when_it_is_changed() -> None:
    before = ["NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=A4", "TITLE;ENCODING=QUOTED-PRINTABLE:=41=", "=42"]
    assert contact(*before).notes == "\u00e4"
    assert edited(before, Patch(notes="\u00f6")) == ["NOTE:\u00f6", *before[1:]]


def test_lines_keep_their_endings_and_case() -> None:
    raw = b"begin:vcard\nVersion:3.0\nn:;Ann;;;\nfn:Ann\nitem1.Tel;Type=Cell:1\nItem1.x-ablabel:L\nend:vcard"
    base = contact_of(raw)
    patch = Patch(phone_numbers=(phone("2", PhoneType.MOBILE),))
    result = vcard.edit(raw, patch, base=base, rev=None).raw
    assert result == raw.replace(b"item1.Tel;Type=Cell:1\n", b"item1.Tel;Type=Cell:2\r\n")


def test_a_card_that_is_cut_off_can_be_edited() -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nTEL:1"
    result = vcard.edit(raw, Patch(nick_name="N"), base=contact_of(raw), rev=None).raw
    assert result == raw + b"\r\nNICKNAME:N\r\n"


def test_the_last_line_of_a_card_that_is_cut_off_can_be_moved() -> None:
    raw = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nTEL:1\r\nTEL:2"
    base = contact_of(raw)
    result = vcard.edit(raw, Patch(phone_numbers=base.phone_numbers[::-1]), base=base, rev=None).raw
    assert result == b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nTEL:2\r\nTEL:1\r\n"


@pytest.mark.parametrize("end", ["=\r\nEND:VCARD\r\n", "=\r\n", "="])
def test_a_soft_break_before_the_end_does_not_swallow_what_is_added(end: str) -> None:
    lines = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Ann\r\nFN:Ann\r\nTEL:1\r\nTEL;ENCODING=QUOTED-PRINTABLE:2"
    raw = (lines + end).encode()
    base = contact_of(raw)
    for patch in (
        Patch(nick_name="Nan"),
        Patch(phone_numbers=(*base.phone_numbers, phone("3", PhoneType.HOME))),
        Patch(phone_numbers=base.phone_numbers[::-1]),
    ):
        result = vcard.edit(raw, patch, base=base, rev=None).raw
        assert contact_of(result) == patch.apply(base)
        assert b"\r\nTEL;ENCODING=QUOTED-PRINTABLE:2\r\n" in result
    kept = vcard.edit(raw, Patch(name=NamePatch(display_name="Bea")), base=base, rev=None).raw
    assert kept == raw.replace(b"FN:Ann", b"FN:Bea")


@pytest.mark.parametrize("kind", ["KIND:group", "item1.kind;X=1: Group ", "X-ADDRESSBOOKSERVER-KIND:group"])
def test_a_group_is_not_edited(kind: str) -> None:
    raw = card(kind, "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1")
    for patch in (Patch(name=NamePatch(display_name="New")), Patch(native_properties={"X-A": "1"}), Patch()):
        with pytest.raises(ProviderRejected, match="group"):
            vcard.edit(raw, patch, base=Contact(), rev=None)


def test_only_the_first_card_of_a_document_is_edited() -> None:
    raw = card("TEL:1") + card("TEL:1")
    result = vcard.edit(raw, Patch(phone_numbers=()), base=contact_of(raw), rev=None).raw
    assert result == card() + card("TEL:1")
