"""people.connections.list and people.searchContacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from polydex_sandbox.google import errors, listing
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact
from polydex_sandbox.google.person import deleted, show

_SEARCHED = ("names", "nicknames", "emailAddresses", "phoneNumbers", "organizations")
_CONTACT = ("READ_SOURCE_TYPE_CONTACT",)


def connections(call: Call) -> dict[str, Any]:
    if call.target != "me":
        raise errors.invalid("Only people/me is a valid resource name to list the connections of.")
    query = call.query
    view = call.required_view(in_list=True, history="syncToken" in query)
    order = query.get("sortOrder", "LAST_MODIFIED_ASCENDING")
    sync = query.get("requestSyncToken", False)
    if (sync or query.get("syncToken")) and order != "LAST_MODIFIED_ASCENDING":
        # Seen by users for LAST_MODIFIED_DESCENDING; wording unconfirmed.
        raise errors.invalid("Sort order must be LAST_MODIFIED_ASCENDING when a sync token is requested or used.")
    size = listing.page_size(query.get("pageSize", 0), 100)
    page = listing.page(
        call,
        "connections",
        call.book.contacts,
        size=size,
        order=_ORDERS[order],
        descending=order == "LAST_MODIFIED_DESCENDING",
        sync=sync,
        fixed={"fields": list(view.fields), "sources": list(view.sources), "order": order},
        while_walking={"size": size, "sync": sync},
    )
    people = [deleted(one, view) if one.deleted else show(one, call.book, view) for one in page.items]
    totals = {} if page.total is None else {"totalPeople": page.total, "totalItems": page.total}
    return {**({"connections": people} if people else {}), **page.tokens, **_present(totals)}


def _present(totals: dict[str, int]) -> dict[str, int]:
    """Zero is left out, as everywhere in proto3's JSON."""
    return {name: value for name, value in totals.items() if value}


def _by_name(*parts: str) -> Any:
    def key(contact: Contact) -> Any:
        name = next(iter(contact.fields.get("names", ())), {})
        words = [str(name.get(part, "")).casefold() for part in parts]
        return (not any(words), words, contact.seq)

    return key


_ORDERS = {
    "LAST_MODIFIED_ASCENDING": lambda contact: contact.seq,
    "LAST_MODIFIED_DESCENDING": lambda contact: contact.seq,
    "FIRST_NAME_ASCENDING": _by_name("givenName", "unstructuredName", "familyName"),
    "LAST_NAME_ASCENDING": _by_name("familyName", "givenName", "unstructuredName"),
}


def search_contacts(call: Call) -> dict[str, Any]:
    view = call.view_of(call.query, "readMask", sources=_CONTACT)
    if not view.fields:
        raise errors.mask_required("readMask", call.method.name)
    found = search(call, "contacts", _SEARCHED)
    return {"results": [{"person": show(one, call.book, view)} for one in found]} if found else {}


def search(call: Call, shelf: str, fields: tuple[str, ...]) -> list[Contact]:
    """What the query matches, as far as the cache knows; a query for nothing brings the cache up to date."""
    size = call.query.get("pageSize", 0)
    if size < 0:
        raise errors.invalid("Page size must not be negative.")
    if "query" not in call.query:
        raise errors.invalid("Request must set query.")
    book = call.book
    wanted = _plain(call.query["query"])
    if not wanted:
        book.warm[shelf] = book.seq
        return []
    things = book.contacts if shelf == "contacts" else book.others
    found = [one for one in things.at(book.warm[shelf]) if any(_begins(text, wanted) for text in _texts(one, fields))]
    return found[: min(size or 10, 30)]


def _texts(contact: Contact, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        for entry in contact.fields.get(field, ()):
            values = {name: value for name, value in entry.items() if name != "type" and isinstance(value, str)}
            if field == "names":
                parts = ("givenName", "middleName", "familyName")
                yield _plain(" ".join(values[part] for part in parts if part in values))
                yield _plain(values.get("unstructuredName", ""))
            if field == "phoneNumbers":
                yield re.sub(r"\D", "", values.get("value", ""))
            yield from map(_plain, values.values())


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _begins(text: str, wanted: str) -> bool:
    """Whether a phrase in the text begins with what is wanted: "foo n" in "foo name", but not "oo n"."""
    return any(text.startswith(wanted, match.start()) for match in re.finditer(r"(?<!\S)\S|(?<=\W)\w", text))
