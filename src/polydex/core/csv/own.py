"""Our own layout: a column for every member of a contact but the photo, lists numbered as Google numbers them."""

from __future__ import annotations

from typing import Final

from polydex.core.contact import AddressType, PhoneType, RelationType, UrlType
from polydex.core.csv.layout import Column, Layout, fold

SCALARS: Final = {
    "Id": Column("id"),
    "Display Name": Column("name", "display_name"),
    "Prefix": Column("name", "prefix"),
    "Given Name": Column("name", "given_name"),
    "Middle Name": Column("name", "middle_name"),
    "Family Name": Column("name", "family_name"),
    "Suffix": Column("name", "suffix"),
    "Yomi Given Name": Column("name", "yomi_given_name"),
    "Yomi Family Name": Column("name", "yomi_family_name"),
    "Nickname": Column("nick_name"),
    "File As": Column("file_as"),
    "Company": Column("company", "name"),
    "Department": Column("company", "department"),
    "Job Title": Column("company", "job_title"),
    "Office Location": Column("company", "office_location"),
    "Yomi Company Name": Column("company", "yomi_company_name"),
    "Birthday": Column("birthday"),
    "Notes": Column("notes"),
}
"""Always written, in this order."""

LISTS: Final = {
    "Keyword #": Column("keywords", "", 1),
    "Email # - Type": Column("email_addresses", "type", 1),
    "Email # - Address": Column("email_addresses", "address", 1),
    "Email # - Name": Column("email_addresses", "name", 1),
    "Phone # - Type": Column("phone_numbers", "type", 1),
    "Phone # - Number": Column("phone_numbers", "number", 1),
    "Address # - Type": Column("addresses", "type", 1),
    "Address # - Street": Column("addresses", "street", 1),
    "Address # - Street Line 2": Column("addresses", "street_line2", 1),
    "Address # - PO Box": Column("addresses", "po_box", 1),
    "Address # - City": Column("addresses", "city", 1),
    "Address # - State": Column("addresses", "state", 1),
    "Address # - Postal Code": Column("addresses", "postal_code", 1),
    "Address # - Country": Column("addresses", "country", 1),
    "Url # - Type": Column("urls", "type", 1),
    "Url # - Address": Column("urls", "href", 1),
    "Relation # - Type": Column("relations", "type", 1),
    "Relation # - Name": Column("relations", "name", 1),
}
"""Written as many times as the longest list of the file needs."""

OWN: Final = Layout(
    name="Polydex",
    columns={fold(header): column for header, column in (SCALARS | LISTS).items()},
    kinds={
        "email_addresses": None,
        "phone_numbers": {value.value.lower(): value.value for value in PhoneType},
        "addresses": {value.value.lower(): value.value for value in AddressType},
        "urls": {value.value.lower(): value.value for value in UrlType},
        "relations": {value.value.lower(): value.value for value in RelationType},
    },
    strict=True,
    guarded=True,
)
