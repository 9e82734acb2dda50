"""The two layouts of Google Contacts: the one of today (``First Name``), and the one until 2023 (``Given Name``).

The headers are those of exported files, as they stand in many public programs that read and write them. Several values
of one type share a cell, with `` ::: `` between them; an asterisk before a type marks the preferred entry, and before a
label one of Google's own groups.
"""

from __future__ import annotations

from typing import Final

from polydex.core.csv.layout import Column, Layout, fold

_KINDS: Final[dict[str, dict[str, str] | None]] = {
    "email_addresses": None,
    "phone_numbers": {
        "mobile": "mobile",
        "home": "home",
        "work": "work",
        "main": "main",
        "work fax": "workFax",
        "home fax": "homeFax",
        "other fax": "otherFax",
        "pager": "pager",
        "work mobile": "workMobile",
        "work pager": "workPager",
        "company main": "companyMain",
        "assistant": "assistant",
        "callback": "callback",
        "radio": "radio",
        "telex": "telex",
        "tty/tdd": "tty",
        "other": "other",
    },
    "addresses": {"home": "home", "work": "work", "other": "other"},
    "urls": {
        "home page": "homePage",
        "homepage": "homePage",
        "blog": "blog",
        "profile": "profile",
        "home": "home",
        "work": "work",
        "ftp": "ftp",
        "reservations": "reservations",
        "other": "other",
    },
    "relations": {"spouse": "spouse", "manager": "manager", "assistant": "assistant"},
}


def _lists(kind: str) -> dict[str, Column]:
    """The numbered columns. ``kind``: how the layout calls a type."""
    return {
        f"E-mail # - {kind}": Column("email_addresses", "type", 1),
        "E-mail # - Value": Column("email_addresses", "address", 1),
        f"Phone # - {kind}": Column("phone_numbers", "type", 1),
        "Phone # - Value": Column("phone_numbers", "number", 1),
        f"Address # - {kind}": Column("addresses", "type", 1),
        "Address # - Formatted": Column("addresses", "formatted", 1),
        "Address # - Street": Column("addresses", "street", 1),
        "Address # - City": Column("addresses", "city", 1),
        "Address # - PO Box": Column("addresses", "po_box", 1),
        "Address # - Region": Column("addresses", "state", 1),
        "Address # - Postal Code": Column("addresses", "postal_code", 1),
        "Address # - Country": Column("addresses", "country", 1),
        "Address # - Extended Address": Column("addresses", "street_line2", 1),
        f"Relation # - {kind}": Column("relations", "type", 1),
        "Relation # - Value": Column("relations", "name", 1),
        f"Website # - {kind}": Column("urls", "type", 1),
        "Website # - Value": Column("urls", "href", 1),
    }


def _layout(name: str, columns: dict[str, Column]) -> Layout:
    return Layout(
        name=name,
        columns={fold(header): column for header, column in columns.items()},
        kinds=_KINDS,
        joined=" ::: ",
        marks_first=True,
    )


GOOGLE: Final = _layout(
    "Google Contacts",
    {
        "First Name": Column("name", "given_name"),
        "Middle Name": Column("name", "middle_name"),
        "Last Name": Column("name", "family_name"),
        "Phonetic First Name": Column("name", "yomi_given_name"),
        "Phonetic Last Name": Column("name", "yomi_family_name"),
        "Name Prefix": Column("name", "prefix"),
        "Name Suffix": Column("name", "suffix"),
        "Nickname": Column("nick_name"),
        "File As": Column("file_as"),
        "Organization Name": Column("company", "name"),
        "Organization Title": Column("company", "job_title"),
        "Organization Department": Column("company", "department"),
        "Birthday": Column("birthday"),
        "Notes": Column("notes"),
        "Labels": Column("keywords", "", 1),
        **_lists("Label"),
    },
)

GOOGLE_OLD: Final = _layout(
    "Google Contacts (until 2023)",
    {
        "Name": Column("name", "display_name"),
        "Given Name": Column("name", "given_name"),
        "Additional Name": Column("name", "middle_name"),
        "Family Name": Column("name", "family_name"),
        "Given Name Yomi": Column("name", "yomi_given_name"),
        "Family Name Yomi": Column("name", "yomi_family_name"),
        "Name Prefix": Column("name", "prefix"),
        "Name Suffix": Column("name", "suffix"),
        "Nickname": Column("nick_name"),
        "Birthday": Column("birthday"),
        "Notes": Column("notes"),
        "Group Membership": Column("keywords", "", 1),
        "Organization 1 - Name": Column("company", "name"),
        "Organization 1 - Yomi Name": Column("company", "yomi_company_name"),
        "Organization 1 - Title": Column("company", "job_title"),
        "Organization 1 - Department": Column("company", "department"),
        "Organization 1 - Location": Column("company", "office_location"),
        **_lists("Type"),
    },
)
