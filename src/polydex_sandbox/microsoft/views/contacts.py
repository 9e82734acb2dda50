"""One contact: get, create, update, delete, permanentDelete."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.microsoft import accept, errors, query, show
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Contact, Folder
from polydex_sandbox.microsoft.schema import CONTACT, NAVIGATION, PROPERTIES

SELECTABLE = frozenset({*PROPERTIES, *NAVIGATION})


def get(call: Call) -> Answer:
    return Answer(body=_shown(call, found(call)))


def create(call: Call) -> Answer:
    """Into the folder of the path."""
    folder = folder_of(call)
    changes = accept.contact(call.message())
    fields = accept.applied({}, changes)
    extended = {known: value for known, value in changes.extended.items() if value is not None}
    made = call.mailbox.create(folder, fields, extended)
    shown = _shown(call, made)
    return Answer(201, shown, {"ETag": shown["@odata.etag"], "Location": f"{_url(call)}('{shown['id']}')"})


def update(call: Call) -> Answer:
    """What is in the body; a collection or an address as a whole."""
    contact = found(call)
    changes = accept.contact(call.message())
    check(call, contact)
    fields = accept.applied(contact.fields, changes)
    extended = {known: value for known, value in {**contact.extended, **changes.extended}.items() if value is not None}
    moved = {} if changes.parent is None else {"folder": call.mailbox.folder(changes.parent).key}
    return Answer(body=_shown(call, call.mailbox.update(contact, fields=fields, extended=extended, **moved)))


def delete(call: Call) -> Answer:
    """Into Deleted Items."""
    contact = found(call)
    check(call, contact)
    call.mailbox.delete(contact)
    return Answer(204)


def purge(call: Call) -> Answer:
    """Away for ever: https://learn.microsoft.com/graph/api/contact-permanentdelete."""
    contact = found(call)
    check(call, contact)
    call.mailbox.purge(contact)
    return Answer(204)


def folder_of(call: Call) -> Folder:
    """The folder that the path names: the innermost one, or the default one. Raises GraphError."""
    folder = call.mailbox.folder("contacts")
    for text in call.place.folders:
        folder = call.mailbox.folder(text)
    return folder


def found(call: Call) -> Contact:
    """The contact that the path names, in whatever folder it is.

    "GET /contacts applies to all the contacts in the user's mailbox":
    https://learn.microsoft.com/graph/known-issues; that a folder in the path is not compared is unconfirmed.
    """
    folder_of(call)
    return call.mailbox.contact(call.place.contact)


def check(call: Call, contact: Contact) -> None:
    """If-Match. Raises GraphError: the contact is another by now."""
    given = call.asked.headers.get("if-match", "*").strip()
    etag = call.mailbox.etag(contact)
    if given != "*" and given.removeprefix("W/") != etag.removeprefix("W/"):
        raise errors.conflict()


def _shown(call: Call, contact: Contact) -> dict[str, Any]:
    select = query.select(call.options, SELECTABLE, CONTACT)
    shown = show.contact(contact, call.mailbox, immutable=call.prefer.immutable, select=select)
    return {"@odata.context": call.context("contacts/$entity"), **shown}


def _url(call: Call) -> str:
    return call.asked.base + call.asked.path.rstrip("/")
