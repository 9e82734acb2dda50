"""otherContacts.list, search and copyOtherContactToMyContactsGroup."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.google import errors, listing, parse
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact
from polydex_sandbox.google.person import View, deleted, show
from polydex_sandbox.google.schema import COPYABLE, OTHER_READABLE
from polydex_sandbox.google.views.lists import search as search_shelf

_SEARCHED = ("names", "emailAddresses", "phoneNumbers")


def list_others(call: Call) -> dict[str, Any]:
    query = call.query
    view = call.view_of(query, "readMask", sources=("READ_SOURCE_TYPE_CONTACT",))
    if not view.fields:
        raise errors.mask_required("readMask", call.method.name)
    if not view.sources <= {"CONTACT", "PROFILE"}:
        # Wording unconfirmed; the documentation lists the possible values.
        raise errors.invalid("Sources must be READ_SOURCE_TYPE_CONTACT, with or without READ_SOURCE_TYPE_PROFILE.")
    if "CONTACT" not in view.sources:
        raise errors.invalid("READ_SOURCE_TYPE_PROFILE cannot be specified without READ_SOURCE_TYPE_CONTACT.")
    if "PROFILE" not in view.sources:
        call.check_mask("readMask", view.fields, OTHER_READABLE)
    size, sync = listing.page_size(query.get("pageSize", 0), 100), query.get("requestSyncToken", False)
    page = listing.page(
        call,
        "otherContacts",
        call.book.others,
        size=size,
        order=lambda contact: contact.seq,
        sync=sync,
        fixed={"fields": list(view.fields), "sources": list(view.sources)},
        while_walking={"size": size, "sync": sync},
    )
    view = View(view.fields, view.sources, view.base, in_list=True, history="syncToken" in query)
    people = [deleted(one, view) if one.deleted else show(one, call.book, view) for one in page.items]
    total = {"totalSize": page.total} if page.total else {}
    return {**({"otherContacts": people} if people else {}), **page.tokens, **total}


def search(call: Call) -> dict[str, Any]:
    fields = parse.mask(call.query.get("readMask"))
    if not fields:
        raise errors.mask_required("readMask", call.method.name)
    call.check_mask("readMask", fields, [field for field in OTHER_READABLE if field != "photos"])
    view = View(fields, frozenset({"OTHER_CONTACT"}), call.base)
    found: list[Contact] = search_shelf(call, "others", _SEARCHED)
    return {"results": [{"person": show(one, call.book, view)} for one in found]} if found else {}


def copy(call: Call) -> dict[str, Any]:
    """It is no "other contact" any more then: those are the contacts in no group. Google does not say so; unconfirmed."""
    mask = parse.mask(call.body.get("copyMask"))
    if not mask:
        raise errors.mask_required("copyMask", call.method.name)
    call.check_mask("copyMask", mask, COPYABLE)
    view = call.view_of(call.body, "readMask", [*mask, "metadata", "memberships"])
    other = call.book.other(f"otherContacts/{call.target}")
    made = call.book.create({name: entries for name, entries in other.fields.items() if name in mask})
    call.book.delete_other(other)
    return show(made, call.book, view)
