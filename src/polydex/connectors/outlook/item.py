"""The properties of a contact item that have names, as they stand; JSON has the names of Graph (its CSDL, v1.0)."""

from __future__ import annotations

import msgspec


class EmailAddress(msgspec.Struct, frozen=True, gc=False):
    address: str | None = None
    name: str | None = None


class PhysicalAddress(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country_or_region: str | None = None


class Item(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What of a contact the mapping reads, beside the properties of ``mapi``: each is a member of the public contact.

    ``gc=False``: there are no cycles, and they come by the thousand.
    """

    display_name: str | None = None
    title: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    surname: str | None = None
    generation: str | None = None
    yomi_given_name: str | None = None
    yomi_surname: str | None = None
    nick_name: str | None = None
    file_as: str | None = None
    company_name: str | None = None
    department: str | None = None
    office_location: str | None = None
    job_title: str | None = None
    yomi_company_name: str | None = None
    manager: str | None = None
    assistant_name: str | None = None
    spouse_name: str | None = None
    birthday: str | None = None
    personal_notes: str | None = None
    categories: tuple[str | None, ...] | None = None
    email_addresses: tuple[EmailAddress | None, ...] | None = None
    business_phones: tuple[str | None, ...] | None = None
    home_phones: tuple[str | None, ...] | None = None
    mobile_phone: str | None = None
    business_address: PhysicalAddress | None = None
    home_address: PhysicalAddress | None = None
    other_address: PhysicalAddress | None = None
    business_home_page: str | None = None
