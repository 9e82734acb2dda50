"""From an item to the public contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polydex.connectors.outlook import addresses, dates, emails, phones, relations, urls
from polydex.connectors.outlook.bag import Bag
from polydex.connectors.outlook.item import Item
from polydex.connectors.outlook.values import in_places, shown
from polydex.core.contact import Company, Contact, Name, Photo, text


def contact_of(item: Item, extended: Mapping[str, str], kept: Bag, photo: Photo | None = None) -> Contact:
    """The contact, in normal form.

    Args:
        item: its named properties.
        extended: its other ones, by their ids (``mapi``) in lower case.
        kept: its bag.
        photo: its photo.
    """
    display = text(item.display_name)
    name = Name(
        display_name=display,
        prefix=text(item.title),
        given_name=text(item.given_name),
        middle_name=text(item.middle_name),
        family_name=text(item.surname),
        suffix=text(item.generation),
        yomi_given_name=text(item.yomi_given_name),
        yomi_family_name=text(item.yomi_surname),
    )
    company = Company(
        name=text(item.company_name),
        office_location=text(item.office_location),
        department=text(item.department),
        job_title=text(item.job_title),
        yomi_company_name=text(item.yomi_company_name),
    )
    markers = kept.markers
    return Contact(
        name=None if name == _NAMELESS else name,
        nick_name=text(item.nick_name),
        file_as=text(item.file_as),
        company=None if company == _NO_COMPANY else company,
        relations=shown(in_places(relations.native(item)), kept.relations, relations.same),
        birthday=dates.read_birthday(item.birthday, markers.birthday),
        keywords=tuple(dict.fromkeys([word for value in item.categories or () if (word := text(value))])),
        notes=text(item.personal_notes, multiline=True),
        email_addresses=shown(emails.native(item, display, kept), kept.emails, emails.same),
        phone_numbers=shown(in_places(phones.native(item, extended)), kept.phones, phones.same),
        addresses=shown(
            in_places(addresses.native(item, extended, markers.second_lines)), kept.addresses, addresses.same
        ),
        urls=shown(in_places(urls.native(item, extended, markers.home_page)), kept.urls, urls.same),
        photo=photo,
    )


_NAMELESS: Final = Name()
_NO_COMPANY: Final = Company()
