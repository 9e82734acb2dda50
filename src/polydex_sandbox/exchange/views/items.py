"""Items: CreateItem, GetItem, UpdateItem, DeleteItem, MoveItem, CopyItem.

See [MS-OXWSCORE] 3.1.4 and [MS-OXWSCONT].
"""

from __future__ import annotations

from polydex_sandbox.exchange import accept, compute, errors, odd, shape, show
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import CONTACT, LIST, Folder, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.show import View
from polydex_sandbox.exchange.views import attachments
from polydex_sandbox.exchange.xml import Element, child, content, m, name_of, t

ALWAYS, NEVER = "AlwaysOverwrite", "NeverOverwrite"


def get(call: Call) -> Element:
    wanted = shape.shape(call.part("ItemShape"))

    def one(element: Element) -> list[Element]:
        mailbox, found = call.item(element)
        if (given := call.strike("exchange-item-unreadable")) is not None:
            raise errors.unreadable(given["code"])
        return [m("Items", show.item(View(found, mailbox, wanted)))]

    return call.each(call.part("ItemIds"), one)


def create(call: Call) -> Element:
    saved = child(call.body, "SavedItemFolderId")
    mailbox, folder = call.target("SavedItemFolderId") if saved is not None else (call.mailbox, None)

    def one(element: Element) -> list[Element]:
        kind = name_of(element)
        if kind not in (CONTACT, LIST):
            # Everything else is beyond this simulation.
            raise errors.EwsError("ErrorInvalidRequest", f"The sandbox does not make items of the kind {kind}.")
        target = folder or mailbox.distinguished("contacts")
        if not target.kind.startswith("IPF.Contact"):
            message = "Contacts can be created in contacts folders alone."
            raise errors.EwsError("ErrorCannotCreateContactInNonContactFolder", message)
        if kind == LIST:
            return [m("Items", show.only_id(mailbox, _list(mailbox, target, element)))]
        files = child(element, "Attachments")
        attached = tuple(attachments.file(mailbox, kind, one) for one in files) if files is not None else ()
        taken = odd.stored(call, accept.item(element))
        given = {known: value for known, value in taken.items() if value is not None}
        made = mailbox.create(target, kind, given, attachments=attached)
        return [m("Items", show.only_ids(mailbox, made))]

    return call.each(call.part("Items"), one)


def _list(mailbox: Mailbox, folder: Folder, element: Element) -> Item:
    """A distribution list. Raises EwsError."""
    given: accept.Changes = {}
    members: tuple[tuple[str, str], ...] = ()
    for one in element:
        if name_of(one) == "Members":
            boxes = [box for member in one if (box := child(member, "Mailbox")) is not None]
            members = tuple((content(box, "Name"), content(box, "EmailAddress")) for box in boxes)
        else:
            given |= accept.extended_property(one) if name_of(one) == "ExtendedProperty" else accept.field(one)
    kept = {known: value for known, value in given.items() if value is not None}
    return mailbox.create(folder, LIST, kept, members=members)


def update(call: Call) -> Element:
    resolution = call.body.get("ConflictResolution", "AutoResolve")

    def one(element: Element) -> list[Element]:
        ident = child(element, "ItemId")
        if ident is None:
            raise errors.malformed_id()
        mailbox, found = call.item(ident)
        _current(mailbox, found, ident.get("ChangeKey", ""), resolution)
        updates = child(element, "Updates")
        changes: accept.Changes = {}
        for each in updates if updates is not None else ():
            changes |= accept.change(each, found.kind)
        changed = changed_by(mailbox, found, odd.stored(call, changes))
        return [m("Items", show.only_id(mailbox, changed)), m("ConflictResults", t("Count", text="0"))]

    return call.each(call.part("ItemChanges"), one)


def changed_by(mailbox: Mailbox, found: Item, changes: accept.Changes) -> Item:
    """The item after changes to its properties. Raises EwsError."""
    after = accept.applied(dict(found.properties), changes)
    if found.kind == CONTACT:
        compute.refiled(found.properties, after, set(changes))
    return mailbox.update(found, properties=after)


def _current(mailbox: Mailbox, found: Item, key: str, resolution: str) -> None:
    """Raises EwsError: the change key is not that of the item as it is, and the call says that this matters."""
    if resolution == ALWAYS:
        return
    if not key:
        raise errors.change_key_required_to_write()
    if resolution == NEVER and mailbox.seq_of(key) != found.seq:
        raise errors.conflict()


def delete(call: Call) -> Element:
    """Change keys are not compared."""
    how = call.body.get("DeleteType", "")

    def one(element: Element) -> list[Element]:
        mailbox, found = call.item(element)
        removed(mailbox, found, how)
        return []

    return call.each(call.part("ItemIds"), one)


def removed(mailbox: Mailbox, found: Item, how: str) -> None:
    """As a `DisposalType` says: what is deleted where deleted items are, is kept where users do not see it."""
    hidden = mailbox.distinguished("recoverableitemsdeletions")
    if how == "HardDelete":
        mailbox.purge(found)
    elif how == "MoveToDeletedItems" and found.folder != mailbox.distinguished("deleteditems").key:
        mailbox.move(found, mailbox.distinguished("deleteditems"))
    else:
        mailbox.move(found, hidden)


def move(call: Call) -> Element:
    mailbox, folder = call.target("ToFolderId")

    def one(element: Element) -> list[Element]:
        owner, found = call.item(element)
        if owner is not mailbox:
            raise errors.cross_mailbox()
        moved = found if found.folder == folder.key else mailbox.move(found, folder)
        return [m("Items", show.only_id(mailbox, moved))]

    return call.each(call.part("ItemIds"), one)


def copy(call: Call) -> Element:
    mailbox, folder = call.target("ToFolderId")

    def one(element: Element) -> list[Element]:
        owner, found = call.item(element)
        if owner is not mailbox:
            raise errors.cross_mailbox()
        return [m("Items", show.only_id(mailbox, mailbox.copy(found, folder)))]

    return call.each(call.part("ItemIds"), one)
