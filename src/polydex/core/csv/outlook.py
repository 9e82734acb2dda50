"""The layout of Outlook, in English: the desktop program, outlook.com and Outlook on the web, and Google's imitation.

The headers are those of exported files, as they stand in many public programs that read and write them; they differ in
their order and in a few names. What each column is in Outlook, and thereby its type here: MAPI properties of the same
names (MicrosoftDocs, office-developer-client-docs).
"""

from __future__ import annotations

from typing import Final

from polydex.core.csv.layout import Column, Layout, fold

_SCALARS: Final = {
    "First Name": Column("name", "given_name"),
    "Middle Name": Column("name", "middle_name"),
    "Last Name": Column("name", "family_name"),
    "Title": Column("name", "prefix"),
    "Suffix": Column("name", "suffix"),
    "Given Yomi": Column("name", "yomi_given_name"),
    "Surname Yomi": Column("name", "yomi_family_name"),
    "Nickname": Column("nick_name"),
    "Company": Column("company", "name"),
    "Department": Column("company", "department"),
    "Job Title": Column("company", "job_title"),
    "Office Location": Column("company", "office_location"),
    "Company Yomi": Column("company", "yomi_company_name"),
    "Birthday": Column("birthday"),
    "Notes": Column("notes"),
    "Categories": Column("keywords", "", 1, split=";"),
    "E-mail Address": Column("email_addresses", "address", 1),
    "E-mail Display Name": Column("email_addresses", "name", 1),
    "E-mail # Address": Column("email_addresses", "address", 1),
    "E-mail # Display Name": Column("email_addresses", "name", 1),
}

_PHONES: Final = {
    "Business Phone": "work",
    "Business Phone 2": "work",
    "Home Phone": "home",
    "Home Phone 2": "home",
    "Mobile Phone": "mobile",
    "Other Phone": "other",
    "Primary Phone": "main",
    "Company Main Phone": "companyMain",
    "Assistant's Phone": "assistant",
    "Business Fax": "workFax",
    "Home Fax": "homeFax",
    "Other Fax": "otherFax",
    "Callback": "callback",
    "Pager": "pager",
    "Radio Phone": "radio",
    "Telex": "telex",
    "TTY/TDD Phone": "tty",
}
_OTHER_PHONES: Final = ("Car Phone", "ISDN")
_ADDRESSES: Final = {"Business": "work", "Home": "home", "Other": "other"}
_ADDRESS_PARTS: Final = {
    "Address": "formatted",
    "Street": "street",
    "Street 2": "street2",
    "Street 3": "street3",
    "Address PO Box": "po_box",
    "City": "city",
    "State": "state",
    "Postal Code": "postal_code",
    "Country": "country",
    "Country/Region": "country",
}
_URLS: Final = {"Web Page": "work", "Personal Web Page": "home"}
_RELATIONS: Final = {"Manager's Name": "manager", "Assistant's Name": "assistant", "Spouse": "spouse"}


def _columns() -> dict[str, Column]:
    columns = dict(_SCALARS)
    for number, (header, kind) in enumerate(_PHONES.items(), 1):
        columns[header] = Column("phone_numbers", "number", number, kind)
    for number, header in enumerate(_OTHER_PHONES, len(_PHONES) + 1):
        columns[header] = Column("phone_numbers", "number", number, "other", coarse=True)
    for number, (place, kind) in enumerate(_ADDRESSES.items(), 1):
        for header, part in _ADDRESS_PARTS.items():
            columns[f"{place} {header}"] = Column("addresses", part, number, kind)
    for number, (header, kind) in enumerate(_URLS.items(), 1):
        columns[header] = Column("urls", "href", number, kind)
    for number, (header, kind) in enumerate(_RELATIONS.items(), 1):
        columns[header] = Column("relations", "name", number, kind)
    return columns


_NO_DATE = frozenset({"0/0/00", "00.00.00"})

OUTLOOK: Final = Layout(
    name="Outlook",
    columns={fold(header): column for header, column in _columns().items()},
    kinds={},
    # What Outlook writes into every row.
    nothing={
        "anniversary": _NO_DATE,
        "birthday": _NO_DATE,
        "e-mail type": frozenset({"smtp"}),
        "e-mail 2 type": frozenset({"smtp"}),
        "e-mail 3 type": frozenset({"smtp"}),
        "gender": frozenset({"unspecified"}),
        "priority": frozenset({"normal"}),
        "private": frozenset({"false"}),
        "sensitivity": frozenset({"normal"}),
    },
)
