"""Attachments: CreateAttachment, GetAttachment, DeleteAttachment; a contact's photo is one of them.

See [MS-OXWSATT]. Every change gives the item another change key, which the answer tells.
"""

from __future__ import annotations

import base64
from dataclasses import replace

from polydex_sandbox.exchange import errors, ids, show
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import CONTACT, Attachment, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.xml import Element, content, m, name_of, t


def create(call: Call) -> Element:
    """Those of one item; the change key of the last one made is the item's."""
    parent = call.part("ParentItemId")

    def one(element: Element) -> list[Element]:
        mailbox, item = call.item(parent)
        made = file(mailbox, item.kind, element)
        given = call.strike("exchange-photo-lost") if made.photo else None
        kept = tuple(each for each in item.attachments if not (made.photo and each.photo))
        if given is None:
            kept = (*kept, made)
        elif given["kept"]:
            kept = (*kept, replace(made, photo=False))
        changed = mailbox.update(item, attachments=kept)
        ident = t(
            "AttachmentId",
            Id=mailbox.attachment_id(changed, made),
            RootItemId=mailbox.item_id(changed),
            RootItemChangeKey=mailbox.change_key(changed),
        )
        return [m("Attachments", t("FileAttachment", ident))]

    return call.each(call.part("Attachments"), one)


def file(mailbox: Mailbox, kind: str, element: Element) -> Attachment:
    """The file of a FileAttachment, to be put to an item of a kind.

    That a second photo takes the place of the first is unconfirmed.

    Raises:
        EwsError: it is no file, or not what it says.
    """
    if name_of(element) != "FileAttachment":
        raise errors.invalid("The sandbox attaches files alone.")
    try:
        data = base64.b64decode(content(element, "Content"), validate=False)
    except ValueError:
        raise errors.property_value("item:Attachments") from None
    photo = content(element, "IsContactPhoto") in ("true", "1") and kind == CONTACT
    name = content(element, "Name")
    return mailbox.attachment(name, data, photo=photo, media_type=content(element, "ContentType"))


def get(call: Call) -> Element:
    def one(element: Element) -> list[Element]:
        mailbox, item, found = _found(call, element)
        return [m("Attachments", show.attachment(mailbox, item, found, whole=True))]

    return call.each(call.part("AttachmentIds"), one)


def delete(call: Call) -> Element:
    def one(element: Element) -> list[Element]:
        mailbox, item, found = _found(call, element)
        changed = mailbox.update(item, attachments=tuple(each for each in item.attachments if each is not found))
        root = {"RootItemId": mailbox.item_id(changed), "RootItemChangeKey": mailbox.change_key(changed)}
        return [m("RootItemId", **root)]

    return call.each(call.part("AttachmentIds"), one)


def _found(call: Call, element: Element) -> tuple[Mailbox, Item, Attachment]:
    """Raises EwsError."""
    known = call.known(element)
    if known.kind != ids.ATTACHMENT:
        raise errors.EwsError("ErrorInvalidAttachmentId", "The attachment id is not valid.")
    mailbox = call.owned(known.mailbox)
    item = mailbox.holder(known)
    for one in item.attachments:
        if one.number == known.attachment:
            return mailbox, item, one
    raise errors.item_not_found()
