"""One contact: get, create, update, delete, permanentDelete."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.microsoft import accept, errors, extended, query, show
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Contact, Folder
from polydex_sandbox.microsoft.extended import Expansion
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.schema import CONTACT, NAVIGATION, PROPERTIES

SELECTABLE = frozenset({*PROPERTIES, *NAVIGATION})


def get(call: Call) -> Answer:
    view = View(call)
    return Answer(body=view.one(found(call)))


def create(call: Call) -> Answer:
    """Into the folder of the path; a `parentFolderId` in the body says nothing (unconfirmed)."""
    view, folder = View(call), folder_of(call)
    made = created(call.mailbox, folder, call.message())
    shown = view.one(made)
    location = f"{call.root}/contacts('{shown['id']}')"
    return Answer(201, shown, {"ETag": shown["@odata.etag"], "Location": location})


_BLANK = ("title", "middleName", "generation", "jobTitle")
"""Texts that are "" and not null when a contact was made by hand; captured from Outlook.com."""


def created(mailbox: Mailbox, folder: Folder, body: dict[str, Any], *, by_hand: bool = False) -> Contact:
    """A contact out of a body; by hand: made in Outlook. Raises GraphError."""
    changes = accept.contact(body)
    fields = accept.applied({}, changes)
    if by_hand:
        fields |= {name: fields[name] or "" for name in _BLANK}
    kept = {known: value for known, value in changes.extended.items() if value is not None}
    return mailbox.create(folder, fields, kept, dict(changes.extensions))


def update(call: Call) -> Answer:
    """What is in the body; a collection or an address as a whole. Another `parentFolderId` moves the contact."""
    view, contact, body = View(call), found(call), call.message()
    if "extensions" in body:
        # Reported by users; the body is Exchange's usual one.
        raise errors.internal("An internal server error occurred. The operation failed.")
    changes = accept.contact(body)
    check(call, contact)
    return Answer(body=view.one(updated(call.mailbox, contact, changes)))


def updated(mailbox: Mailbox, contact: Contact, changes: accept.Changes) -> Contact:
    """The contact after a body was applied to it. Raises GraphError."""
    fields = accept.applied(contact.fields, changes)
    kept = {known: value for known, value in {**contact.extended, **changes.extended}.items() if value is not None}
    moved = {} if changes.parent is None else {"folder": mailbox.folder(changes.parent).key}
    return mailbox.update(contact, fields=fields, extended=kept, **moved)


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


class View:
    """How a call wants to see contacts: `$select`, `$expand`, its kind of id. Raises GraphError."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.select = query.select(call.options, SELECTABLE, CONTACT)
        self.expansion: Expansion = extended.expansion(call.options.get("expand"))
        self.context = call.context(_set_of(call))

    def show(self, contact: Contact) -> dict[str, Any]:
        """As a member of a list."""
        mailbox = self.call.mailbox
        shown = show.contact(contact, mailbox, immutable=self.call.prefer.immutable, select=self.select)
        return shown | self.expansion.show(contact, mailbox, f"{self.context}('{shown['id']}')")

    def one(self, contact: Contact) -> dict[str, Any]:
        """As an answer of its own."""
        return {"@odata.context": f"{self.context}/$entity", **self.show(contact)}


def _set_of(call: Call) -> str:
    folders = call.place.folders
    return f"contactFolders('{folders[-1]}')/contacts" if folders else "contacts"


def folder_of(call: Call) -> Folder:
    """The folder that the path names: the innermost one, or the default one. Raises GraphError."""
    folder = call.mailbox.folder("contacts")
    for text in call.place.folders:
        folder = call.mailbox.folder(text)
    return folder


def found(call: Call) -> Contact:
    """The contact that the path names, in whatever folder it is, unless the quirk wants it there. Raises GraphError."""
    folder = folder_of(call)
    if call.strike("graph-deleted-item-answers") is not None:
        return call.mailbox.last(call.place.contact)
    contact = call.mailbox.contact(call.place.contact)
    if call.place.folders and contact.folder != folder.key and call.setting("graph-folder-in-path")["checked"]:
        raise errors.not_found()
    return contact


def check(call: Call, contact: Contact) -> None:
    """If-Match. Raises GraphError: the contact is another by now."""
    given = call.asked.headers.get("if-match", "*").strip()
    etag = call.mailbox.etag(contact)
    if given != "*" and given.removeprefix("W/") != etag.removeprefix("W/"):
        raise errors.conflict()
