"""What a contact of an Exchange mailbox can be at most, whichever way it is reached: what the laws of both mappings say."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import msgspec

from polydex.core.contact import Address, AddressType, Contact, Email, Name, PhoneType, UrlType, content, normal
from polydex.core.fields import Loss

LISTS = ("relations", "email_addresses", "phone_numbers", "addresses", "urls")
PARTS = ("po_box", "city", "state", "postal_code", "country")


def comparable(contact: Contact) -> Contact:
    """The content, without the photo. Only e-mail addresses have an order."""
    lists = {name: tuple(sorted(getattr(contact, name), key=repr)) for name in LISTS if name != "email_addresses"}
    return content(msgspec.structs.replace(contact, photo=None, **lists))


def kept(contact: Contact) -> Contact:
    """The contact as it is read back: types filled in, what has no place behind the rest."""
    replace = msgspec.structs.replace
    contact = normal(contact)
    emails = contact.email_addresses
    native = [email for email in emails if email.address is not None][:3]
    rest = list(emails)
    for email in native:
        rest.remove(email)
    return comparable(
        replace(
            contact,
            email_addresses=(*native, *rest),
            phone_numbers=tuple(replace(p, type=p.type or PhoneType.OTHER) for p in contact.phone_numbers),
            addresses=tuple(replace(a, type=a.type or AddressType.OTHER) for a in contact.addresses),
            urls=tuple(replace(u, type=u.type or UrlType.OTHER) for u in contact.urls),
        )
    )


def with_made(contact: Contact, stored: Contact) -> Contact:
    """The contact with what Exchange makes where nothing was set."""
    name = contact.name or Name()
    if name.display_name is None:
        name = msgspec.structs.replace(name, display_name=(stored.name or Name()).display_name)
    return msgspec.structs.replace(
        contact, name=None if name == Name() else name, file_as=contact.file_as or stored.file_as
    )


def without_repeats(contact: Contact) -> Contact:
    """The contact without a second one of the same value, of which the laws about losses are."""
    number = re.compile(r"[\s()./\-\u2010-\u2015]+")

    def once(values: tuple[Any, ...], key: Any) -> tuple[Any, ...]:
        return tuple({key(value): value for value in reversed(values)}.values())[::-1]

    contact = kept(contact)
    return msgspec.structs.replace(
        contact,
        email_addresses=once(contact.email_addresses, lambda e: e.address.casefold() if e.address else e),
        phone_numbers=once(contact.phone_numbers, lambda p: (p.type, number.sub("", p.number).casefold() or p.number)),
        addresses=once(contact.addresses, lambda a: a),
        urls=once(contact.urls, lambda u: u),
        relations=once(contact.relations, lambda r: r),
    )


def announced(told: tuple[Loss, ...]) -> set[str]:
    return {re.split(r"[.\[]", loss.path.removeprefix("$."))[0] for loss in told}


def values(contact: Contact) -> Counter[object]:
    """Whatever is in the lists of a contact; addresses part by part, since each part is a property of its own."""
    found: Counter[object] = Counter()
    for name in LISTS:
        for value in getattr(content(contact), name):
            if isinstance(value, Address):
                lines = "\n".join(filter(None, (value.street, value.street_line2))) or None
                parts = {"street": lines} | {part: getattr(value, part) for part in PARTS}
                found.update((value.type, part, text) for part, text in parts.items() if text)
            else:  # of an e-mail address that comes back the bag may know the type
                found[value.address if isinstance(value, Email) else value] += 1
    return found
