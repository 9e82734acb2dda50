"""CSV: the layouts of others, encodings, delimiters, dates, and rows that are broken."""

from __future__ import annotations

import codecs

import pytest

from polydex.core import csv
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.csv import Options, UnknownColumn
from polydex.core.entry import Fault
from polydex.core.errors import BadRequest
from polydex.core.fields import Loss

# Headers as the services write them (names of columns are facts; the people are made up).
GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
    "Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,"
    "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,"
    "Relation 1 - Label,Relation 1 - Value,Website 1 - Label,Website 1 - Value,Event 1 - Label,Event 1 - Value,"
    "Custom Field 1 - Label,Custom Field 1 - Value"
)
GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,"
    "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,"
    "Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,"
    "E-mail 1 - Type,E-mail 1 - Value,IM 1 - Type,IM 1 - Service,IM 1 - Value,Phone 1 - Type,Phone 1 - Value,"
    "Address 1 - Type,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,"
    "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,"
    "Organization 1 - Type,Organization 1 - Name,Organization 1 - Yomi Name,Organization 1 - Title,"
    "Organization 1 - Department,Organization 1 - Symbol,Organization 1 - Location,Organization 1 - Job Description,"
    "Website 1 - Type,Website 1 - Value"
)
OUTLOOK = (
    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business Street 2,"
    "Business Street 3,Business City,Business State,Business Postal Code,Business Country/Region,Home Street,"
    "Home Street 2,Home Street 3,Home City,Home State,Home Postal Code,Home Country/Region,Other Street,"
    "Other Street 2,Other Street 3,Other City,Other State,Other Postal Code,Other Country/Region,Assistant's Phone,"
    "Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,Company Main Phone,Home Fax,Home Phone,"
    "Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,Primary Phone,Radio Phone,TTY/TDD Phone,Telex,"
    "Account,Anniversary,Assistant's Name,Billing Information,Birthday,Business Address PO Box,Categories,Children,"
    "Directory Server,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,"
    "E-mail 2 Display Name,Gender,Government ID Number,Hobby,Home Address PO Box,Initials,Internet Free Busy,Keywords,"
    "Language,Location,Manager's Name,Mileage,Notes,Office Location,Organizational ID Number,Other Address PO Box,"
    "Priority,Private,Profession,Referred By,Sensitivity,Spouse,User 1,Web Page"
)
OUTLOOK_COM = (
    "First Name,Middle Name,Last Name,Title,Suffix,Nickname,Given Yomi,Surname Yomi,E-mail Address,E-mail 2 Address,"
    "E-mail 3 Address,Home Phone,Home Phone 2,Business Phone,Business Phone 2,Mobile Phone,Car Phone,Other Phone,"
    "Primary Phone,Pager,Business Fax,Home Fax,Other Fax,Company Main Phone,Callback,Radio Phone,Telex,TTY/TDD Phone,"
    "IMAddress,Job Title,Department,Company,Office Location,Manager's Name,Assistant's Name,Assistant's Phone,"
    "Company Yomi,Business Street,Business City,Business State,Business Postal Code,Business Country/Region,"
    "Home Street,Home City,Home State,Home Postal Code,Home Country/Region,Other Street,Other City,Other State,"
    "Other Postal Code,Other Country/Region,Personal Web Page,Spouse,Schools,Hobby,Location,Web Page,Birthday,"
    "Anniversary,Notes"
)


def row(header: str, **cells: str) -> str:
    """A row under a header; ``cells`` by the column's name."""
    names = header.split(",")
    assert set(cells) <= set(names), set(cells) - set(names)
    return ",".join('"' + cells.get(name, "").replace('"', '""') + '"' for name in names)


def read(content: str | bytes, **options: object) -> csv.Sheet:
    data = content.encode() if isinstance(content, str) else content
    return csv.read(data, Options(**options))  # type: ignore[arg-type]  # by name


def only(sheet: csv.Sheet) -> Contact:
    [entry] = sheet.entries
    assert entry.faults == ()
    assert entry.contact is not None
    return entry.contact


def fault(content: str, **options: object) -> Fault:
    [entry] = read(content, **options).entries
    assert entry.contact is None
    [found] = entry.faults
    return found


def test_google_of_today() -> None:
    sheet = read(
        GOOGLE
        + "\n"
        + row(
            GOOGLE,
            **{
                "First Name": "Grace",
                "Last Name": "Example",
                "Phonetic First Name": "Greis",
                "Organization Name": "Navy",
                "Organization Title": "Admiral",
                "Birthday": "--12-09",
                "Notes": "two\nlines",
                "Labels": "Friends ::: * myContacts ::: Work mates",
                "E-mail 1 - Label": "Home",
                "E-mail 1 - Value": "home@example.com ::: more@example.com",
                "E-mail 2 - Label": "* Work",
                "E-mail 2 - Value": "work@example.com",
                "Phone 1 - Label": "Work Fax",
                "Phone 1 - Value": "+1 202 555 0100",
                "Address 1 - Label": "Home",
                "Address 1 - Formatted": "Street 1\nTown\nUS",
                "Address 1 - Street": "Street 1",
                "Address 1 - City": "Town",
                "Address 1 - Extended Address": "Floor 2",
                "Relation 1 - Label": "Spouse",
                "Relation 1 - Value": "Vincent",
                "Website 1 - Label": "Home Page",
                "Website 1 - Value": "https://example.com/",
                "Event 1 - Label": "Anniversary",
                "Event 1 - Value": "2001-01-01",
            },
        )
    )
    assert sheet.layout == "Google Contacts"
    assert only(sheet) == Contact(
        name=Name(given_name="Grace", family_name="Example", yomi_given_name="Greis"),
        company=Company(name="Navy", job_title="Admiral"),
        birthday="--12-09",
        notes="two\nlines",
        keywords=("Friends", "Work mates"),
        email_addresses=(
            Email(address="work@example.com", type="work"),
            Email(address="home@example.com", type="home"),
            Email(address="more@example.com", type="home"),
        ),
        phone_numbers=(Phone(number="+1 202 555 0100", type=PhoneType.WORK_FAX),),
        addresses=(Address(street="Street 1", street_line2="Floor 2", city="Town", type=AddressType.HOME),),
        relations=(Relation(name="Vincent", type=RelationType.SPOUSE),),
        urls=(Url(href="https://example.com/", type=UrlType.HOME_PAGE),),
    )
    assert sheet.unknown == (UnknownColumn("Event 1 - Label", 1), UnknownColumn("Event 1 - Value", 1))
    assert sheet.entries[0].losses == ()


def test_google_says_what_a_contact_has_no_place_for() -> None:
    [entry] = read(
        GOOGLE
        + "\n"
        + row(
            GOOGLE,
            **{
                "First Name": "Bob",
                "Labels": "* starred",
                "Phone 1 - Label": "Google Voice",
                "Phone 1 - Value": "1",
                "Relation 1 - Label": "Sister",
                "Relation 1 - Value": "Ann",
                "Website 1 - Label": "Shop",
                "Website 1 - Value": "https://example.org/",
            },
        )
    ).entries
    assert [(loss.path, loss.kept) for loss in entry.losses] == [
        ("Labels", None),
        ("Phone 1 - Label", "as other"),
        ("Relation 1 - Label", None),
        ("Website 1 - Label", "as other"),
    ]
    assert entry.contact is not None
    assert entry.contact.relations == ()
    assert entry.contact.urls == (Url(href="https://example.org/", type=UrlType.OTHER),)


def test_google_until_2023() -> None:
    sheet = read(
        GOOGLE_OLD
        + "\n"
        + row(
            GOOGLE_OLD,
            **{
                "Name": "Taro Yamada",
                "Given Name": "Taro",
                "Family Name": "Yamada",
                "Family Name Yomi": "yamada",
                "Birthday": "1990-02-03",
                "Group Membership": "* My Contacts ::: Club",
                "E-mail 1 - Type": "* ",
                "E-mail 1 - Value": "taro@example.com",
                "Phone 1 - Type": "Mobile",
                "Phone 1 - Value": "090 ::: 080",
                "Organization 1 - Name": "Example KK",
                "Organization 1 - Location": "Tokyo",
                "IM 1 - Value": "taro",
            },
        )
    )
    assert sheet.layout == "Google Contacts (until 2023)"
    assert sheet.unknown == (UnknownColumn("IM 1 - Value", 1),)
    assert only(sheet) == Contact(
        name=Name(display_name="Taro Yamada", given_name="Taro", family_name="Yamada", yomi_family_name="yamada"),
        birthday="1990-02-03",
        keywords=("Club",),
        email_addresses=(Email(address="taro@example.com"),),
        phone_numbers=(Phone(number="090", type=PhoneType.MOBILE), Phone(number="080", type=PhoneType.MOBILE)),
        company=Company(name="Example KK", office_location="Tokyo"),
    )


def test_outlook_of_the_desktop() -> None:
    sheet = read(
        OUTLOOK
        + "\r\n"
        + row(
            OUTLOOK,
            **{
                "Title": "Dr.",
                "First Name": "Eva",
                "Last Name": "Beispiel",
                "Business Street": "Weg 1",
                "Business Street 2": "Haus B",
                "Business City": "Bonn",
                "Home Address PO Box": "77",
                "Business Phone": "1",
                "Business Phone 2": "2",
                "Car Phone": "3",
                "Mobile Phone": "4",
                "Birthday": "13.2.1990",
                "Anniversary": "0/0/00",
                "Categories": "Red;Blue",
                "E-mail Address": "eva@example.com",
                "E-mail Type": "SMTP",
                "E-mail Display Name": "Eva (eva@example.com)",
                "E-mail 2 Address": "eva@example.org",
                "Gender": "Unspecified",
                "Priority": "Normal",
                "Private": "False",
                "Sensitivity": "Normal",
                "Manager's Name": "Max",
                "Spouse": "Erik",
                "Web Page": "https://example.com/",
                "User 1": "x",
            },
        )
    )
    assert sheet.layout == "Outlook"
    assert sheet.unknown == (UnknownColumn("User 1", 1),)
    assert only(sheet) == Contact(
        name=Name(prefix="Dr.", given_name="Eva", family_name="Beispiel"),
        birthday="1990-02-13",
        keywords=("Red", "Blue"),
        email_addresses=(
            Email(address="eva@example.com", name="Eva (eva@example.com)"),
            Email(address="eva@example.org"),
        ),
        phone_numbers=(
            Phone(number="1", type=PhoneType.WORK),
            Phone(number="2", type=PhoneType.WORK),
            Phone(number="4", type=PhoneType.MOBILE),
            Phone(number="3", type=PhoneType.OTHER),
        ),
        addresses=(
            Address(street="Weg 1\nHaus B", city="Bonn", type=AddressType.WORK),
            Address(po_box="77", type=AddressType.HOME),
        ),
        relations=(
            Relation(name="Max", type=RelationType.MANAGER),
            Relation(name="Erik", type=RelationType.SPOUSE),
        ),
        urls=(Url(href="https://example.com/", type=UrlType.WORK),),
    )
    assert [loss.path for loss in sheet.entries[0].losses] == ["Car Phone"]


def test_outlook_of_the_web() -> None:
    sheet = read(
        OUTLOOK_COM
        + "\n"
        + row(
            OUTLOOK_COM,
            **{
                "First Name": "Hana",
                "Given Yomi": "hana",
                "Nickname": "H",
                "E-mail 3 Address": "h@example.com",
                "Company Yomi": "ex",
                "Personal Web Page": "https://example.net/",
            },
        )
    )
    assert sheet.layout == "Outlook"
    assert only(sheet) == Contact(
        name=Name(given_name="Hana", yomi_given_name="hana"),
        nick_name="H",
        company=Company(yomi_company_name="ex"),
        email_addresses=(Email(address="h@example.com"),),
        urls=(Url(href="https://example.net/", type=UrlType.HOME),),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_delimiters_and_the_mark_of_utf8(delimiter: str, mark: bytes) -> None:
    content = delimiter.join(("Given Name", "Notes")) + "\r\n" + delimiter.join(("Zoë", '"a,b;c\td"')) + "\r\n"
    sheet = read(mark + content.encode())
    assert only(sheet) == Contact(name=Name(given_name="Zoë"), notes="a,b;c\td")
    assert sheet.encode(sheet.text[: sheet.header_end], first=True).startswith(mark)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_its_mark_and_back(encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
    sheet = read(mark + "Given Name,Notes\nZoë,山田\n".encode(encoding))
    assert only(sheet) == Contact(name=Name(given_name="Zoë"), notes="山田")
    again = sheet.encode(sheet.text[: sheet.header_end], first=True) + sheet.encode(sheet.text[sheet.header_end :])
    assert only(read(again)) == only(sheet)


def test_excel_names_the_delimiter_in_a_first_line() -> None:
    sheet = read("sep=|\nGiven Name|Notes\nAda|a,b\n")
    assert only(sheet) == Contact(name=Name(given_name="Ada"), notes="a,b")
    assert sheet.entries[0].line == 3


def test_an_encoding_is_never_guessed() -> None:
    data = "Given Name\nZoë\n".encode("windows-1252")
    with pytest.raises(BadRequest, match=r"Line 2 is not UTF-8.*windows-1252"):
        read(data)
    assert only(read(data, encoding="windows-1252")) == Contact(name=Name(given_name="Zoë"))
    with pytest.raises(BadRequest, match="not known"):
        read(data, encoding="klingon")
    with pytest.raises(BadRequest, match=r"not one of text|not HEX"):
        read(b"61", encoding="hex")
    with pytest.raises(BadRequest, match="utf-16-le"):
        read("Given Name,Notes\nAda,b\n".encode("utf-16-le"))


@pytest.mark.parametrize("data", [b"", b"\n\n", codecs.BOM_UTF8, b"\r\n"])
def test_an_empty_file(data: bytes) -> None:
    with pytest.raises(BadRequest, match="empty"):
        read(data)


def test_a_file_without_a_header() -> None:
    with pytest.raises(BadRequest, match="No column"):
        read("Ada,Lovelace,ada@example.com\n")


def test_broken_rows_are_told_and_the_others_go_on() -> None:
    sheet = read(
        "Given Name,Family Name,Birthday,Phone 1 - Type,Phone 1 - Number\n"
        "Ada,Lovelace,1815-12-10\n"
        ",,,,\n"
        "Too,Many,,,,\n"
        "Too,Many,,,,x\n"
        "Bad,Date,1990-02-30,,\n"
        "Bad,Type,,cell,1\n"
        '"Bad" quote,,,,\n'
        '"two\nlines",Good,,,\n'
        '"open,Quote,,,\n'
        "the,rest,,,\n"
    )
    told = [(entry.number, entry.line, entry.last_line, entry.faults) for entry in sheet.entries]
    kinds = ", ".join(PhoneType)
    assert told == [
        (2, 2, 2, ()),
        (3, 3, 3, (Fault(None, "the row is empty"),)),
        (4, 4, 4, ()),
        (5, 5, 5, (Fault(None, "the row has more cells than the header, which has 5"),)),
        (6, 6, 6, (Fault("Birthday", "not a date (YYYY-MM-DD, or --MM-DD without a year)"),)),
        (7, 7, 7, (Fault("Phone 1 - Type", f"not one of {kinds}"),)),
        (8, 8, 8, (Fault(None, "something stands behind a quotation mark"),)),
        (9, 9, 10, ()),
        (10, 11, 13, (Fault(None, "a quotation mark is not closed"),)),
    ]


def test_nul_bytes_and_other_control_characters_are_told() -> None:
    [entry] = read("Given Name,Notes\nA\x00da,a\x07b\n").entries
    assert entry.contact == Contact(name=Name(given_name="Ada"), notes="ab")
    assert entry.losses == tuple(
        Loss(name, "control characters", kept="the text without them") for name in ("Given Name", "Notes")
    )


def test_a_cell_of_a_megabyte() -> None:
    assert only(read('Given Name,Notes\nAda,"' + "x" * 1_000_000 + '"\n')).notes == "x" * 1_000_000
    assert fault("Given Name,Notes\nAda," + "x" * 1_000_001 + "\n") == Fault("Notes", "more than 1000000 characters")


def test_a_row_of_spaces_and_one_of_words_that_say_nothing() -> None:
    assert fault("Given Name,Notes\n  ,\t\n").reason == "the row is empty"
    assert fault(GOOGLE + "\n" + row(GOOGLE, Labels="* myContacts")).reason == "there is no contact in the row"


@pytest.mark.parametrize(
    ("cell", "order", "date"),
    [
        ("2/13/1990", None, "1990-02-13"),
        ("13/2/1990", None, "1990-02-13"),
        ("2/3/1990", "mdy", "1990-02-03"),
        ("2/3/1990", "dmy", "1990-03-02"),
        ("2.3.1990", None, "1990-03-02"),
        ("1990/3/2", None, "1990-03-02"),
        ("19900302", None, "1990-03-02"),
        ("1990-03-02T00:00:00Z", None, "1990-03-02"),
        ("3/2/1990 00:00:00", "mdy", "1990-03-02"),
        ("--02-29", None, "--02-29"),
    ],
)
def test_birthdays(cell: str, order: str | None, date: str) -> None:
    assert only(read(f"Given Name,Birthday\nAda,{cell}\n", order=order)).birthday == date


def test_the_order_of_day_and_month_is_never_guessed() -> None:
    with pytest.raises(BadRequest, match="--dates"):
        read("Given Name,Birthday\nAda,2/3/1990\n")
    with pytest.raises(BadRequest, match="--dates"):
        read("Given Name,Birthday\nAda,2/13/1990\nBob,13/2/1990\n")
    told = [
        entry.contact and entry.contact.birthday
        for entry in read("Given Name,Birthday\nA,2/3/1990\nB,3/31/1990\n").entries
    ]
    assert told == ["1990-02-03", "1990-03-31"]
    assert fault("Given Name,Birthday\nAda,2/3/90\n").place == "Birthday"


def test_columns_can_be_given_a_meaning() -> None:
    content = "Given Name,Membership,Mail,Secret\nAda,12,ada@example.com,x\n"
    plain = read(content)
    assert [column.header for column in plain.unknown] == ["Membership", "Mail", "Secret"]
    renamed = {"membership": "Keyword 1", "Mail": "Email 1 - Address", "Secret": ""}
    sheet = read(content, renamed=renamed)
    assert sheet.unknown == ()
    assert only(sheet) == Contact(
        name=Name(given_name="Ada"), keywords=("12",), email_addresses=(Email(address="ada@example.com"),)
    )
    assert only(read("Vorname\nAda\n", renamed={"Vorname": "Given Name"})) == Contact(name=Name(given_name="Ada"))
    with pytest.raises(BadRequest, match="no column 'Missing'"):
        read(content, renamed={"Missing": "Notes"})
    with pytest.raises(BadRequest, match="no field 'Nonsense'"):
        read(content, renamed={"Mail": "Nonsense"})
    with pytest.raises(BadRequest, match="Two columns are Given Name"):
        read(content, renamed={"Mail": "Given Name"})


def test_a_column_that_comes_twice_is_told() -> None:
    assert read("Notes,Notes\na,b\n").unknown == (UnknownColumn("Notes", 1),)


@pytest.mark.parametrize("header", ["E-mail 0 - Value", "E-mail 99999 - Value", "E-mail - Value", "E-mail ² - Value"])
def test_odd_numbers_are_no_columns(header: str) -> None:
    assert read(f"First Name,{header}\nAda,x\n").unknown == (UnknownColumn(header, 1),)
