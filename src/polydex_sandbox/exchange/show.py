"""An item as answers show it: the fields that a shape asks for, in the order of the schema."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from polydex_sandbox.exchange import errors, properties, values
from polydex_sandbox.exchange.item import CONTACT, Attachment, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.shape import ALL, DEFAULT, NOT_IN_TABLES, Shape
from polydex_sandbox.exchange.xml import Element, t, text_of
from polydex_sandbox.properties import Property

TRUNCATED = 255
"""Characters of a long text in a row of a table: https://github.com/gautamsi/ews-javascript-api/issues/429."""


@dataclass(frozen=True)
class View:
    """An item, and how it is wanted.

    Attributes:
        item: what.
        mailbox: where it is.
        shape: what to show.
        table: as a row of a table: long texts are cut.
        partial: as a list has it: without body and attachments.
    """

    item: Item
    mailbox: Mailbox
    shape: Shape
    table: bool = False
    partial: bool = False

    def text(self, known: Property) -> str | None:
        found = self.value(known)
        return found if isinstance(found, str) else None

    def value(self, known: Property) -> Any:
        found = values.value(self.item, self.mailbox, known)
        if self.table:
            cut = [one[:TRUNCATED] for one in found] if isinstance(found, list) else found and found[:TRUNCATED]
            return cut if known.type.startswith("String") else found
        return found

    def wants(self, uri: str, key: str, part: str = "") -> bool:
        """Whether an entry of a dictionary is wanted."""
        entries = self.shape.entries.get(uri)
        if entries is None or uri in self.shape.fields or self.shape.base == ALL:
            return True
        if self.shape.base == DEFAULT and self.item.kind == CONTACT:
            return True
        return (key, part) in entries


def item(view: View) -> Element:
    """The element of an item. Raises EwsError: it cannot be read."""
    if view.item.unreadable:
        raise errors.unreadable(view.item.unreadable)
    if view.shape.unique and view.item.kind == CONTACT and not view.partial:
        # https://github.com/ecederstrand/exchangelib/issues/1192
        raise errors.internal()
    made = t(view.item.kind)
    for uri in view.shape.uris(view.item.kind):
        if view.partial and uri in NOT_IN_TABLES:
            continue
        made.extend(_SHOWN[uri](view))
    return made


def id_of(mailbox: Mailbox, known: Item, name: str = "ItemId") -> Element:
    return t(name, Id=mailbox.item_id(known), ChangeKey=mailbox.change_key(known))


def only_id(mailbox: Mailbox, known: Item) -> Element:
    """The element of an item with its id and nothing else."""
    return t(known.kind, id_of(mailbox, known))


def only_ids(mailbox: Mailbox, known: Item) -> Element:
    """The element of an item with its id and those of its attachments."""
    files = [t("FileAttachment", t("AttachmentId", Id=mailbox.attachment_id(known, one))) for one in known.attachments]
    return t(known.kind, id_of(mailbox, known), *([t("Attachments", *files)] if files else []))


def attachment(mailbox: Mailbox, known: Item, one: Attachment, *, whole: bool = False) -> Element:
    """The element of an attachment; with its content when it is wanted whole."""
    made = t("FileAttachment", t("AttachmentId", Id=mailbox.attachment_id(known, one)), t("Name", text=one.name))
    if one.media_type:
        made.append(t("ContentType", text=one.media_type))
    made.append(t("Size", text=str(len(one.content) + 500)))
    made.append(t("LastModifiedTime", text=values.time(one.at)))
    made.append(t("IsInline", text="false"))
    made.append(t("IsContactPhoto", text=text_of(one.photo)))
    if whole:
        made.append(t("Content", text=base64.b64encode(one.content).decode()))
    return made


def extended_property(path_element: Element, found: Any) -> Element:
    """An extended property with its value, or values."""
    if isinstance(found, list):
        return t("ExtendedProperty", path_element, t("Values", *(t("Value", text=one) for one in found)))
    return t("ExtendedProperty", path_element, t("Value", text=found))


def rights() -> Element:
    names = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
    return t("EffectiveRights", *(t(name, text="true") for name in names))


def _name(uri: str) -> str:
    return uri.partition(":")[2]


def _plain(uri: str, known: Property) -> Callable[[View], list[Element]]:
    def show(view: View) -> list[Element]:
        found = view.text(known)
        return [] if found is None else [t(_name(uri), text=found)]

    return show


def _list(uri: str, known: Property) -> Callable[[View], list[Element]]:
    def show(view: View) -> list[Element]:
        found = view.value(known)
        return [t(_name(uri), *(t("String", text=one) for one in found))] if found else []

    return show


def _choice(uri: str, known: Property, words: dict[str, str], default: str | None) -> Callable[[View], list[Element]]:
    def show(view: View) -> list[Element]:
        word = words.get(view.text(known) or "", default)
        return [] if word is None else [t(_name(uri), text=word)]

    return show


def _fixed(name: str, text: str) -> Callable[[View], list[Element]]:
    return lambda _view: [t(name, text=text)]


def _body(view: View) -> list[Element]:
    text, raw = view.item.properties.get(properties.BODY), view.item.properties.get(properties.HTML)
    wanted = view.shape.body
    if wanted == "Best":
        wanted = "HTML" if raw is not None else "Text"
    if wanted == "Text":
        return [t("Body", text=text or "", BodyType="Text")]
    if raw is not None:
        return [t("Body", text=base64.b64decode(raw).decode(), BodyType="HTML")]
    return [t("Body", text=as_html(text or ""), BodyType="HTML")]


def as_html(text: str) -> str:
    """Plain text as Exchange makes HTML of it, in short."""
    lines = "<br>\r\n".join(html.escape(line, quote=False) for line in text.splitlines())
    return f'<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n<body>\r\n{lines}\r\n</body>\r\n</html>\r\n'


def _attachments(view: View) -> list[Element]:
    if not view.item.attachments:
        return []
    return [t("Attachments", *(attachment(view.mailbox, view.item, one) for one in view.item.attachments))]


def _mime(view: View) -> list[Element]:
    name = view.item.properties.get(properties.DISPLAY_NAME, "")
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEND:VCARD\r\n"
    return [t("MimeContent", text=base64.b64encode(card.encode()).decode(), CharacterSet="UTF-8")]


def _extended(view: View) -> list[Element]:
    found = ((path, view.value(path.extended)) for path in view.shape.extended if path.extended is not None)
    return [extended_property(path.element(), value) for path, value in found if value is not None]


def _complete_name(view: View) -> list[Element]:
    parts = (
        ("Title", properties.TITLE),
        ("FirstName", properties.GIVEN_NAME),
        ("MiddleName", properties.MIDDLE_NAME),
        ("LastName", properties.SURNAME),
        ("Suffix", properties.GENERATION),
        ("Initials", properties.INITIALS),
        ("FullName", properties.DISPLAY_NAME),
        ("Nickname", properties.NICKNAME),
        ("YomiFirstName", properties.YOMI_FIRST),
        ("YomiLastName", properties.YOMI_LAST),
    )
    found = [t(name, text=text) for name, known in parts if (text := view.text(known)) is not None]
    return [t("CompleteName", *found)] if found else []


def _emails(view: View) -> list[Element]:
    found = []
    for key, slot in properties.EMAILS.items():
        address = view.text(slot["address"])
        if address is None or not view.wants("contacts:EmailAddresses", key):
            continue
        name, routing = view.text(slot["name"]), view.text(slot["type"])
        more = {"Name": name or address, "RoutingType": routing or "SMTP", "MailboxType": "Contact"}
        found.append(t("Entry", text=address, Key=key, **more))
    return [t("EmailAddresses", *found)] if found else []


def _dictionary(uri: str, slots: dict[str, Property]) -> Callable[[View], list[Element]]:
    def show(view: View) -> list[Element]:
        found = [
            t("Entry", text=text, Key=key)
            for key, known in slots.items()
            if view.wants(uri, key) and (text := view.text(known)) is not None
        ]
        return [t(_name(uri), *found)] if found else []

    return show


def _addresses(view: View) -> list[Element]:
    found = []
    for key, parts in properties.ADDRESSES.items():
        shown = [
            t(part, text=text)
            for part, known in parts.items()
            if view.wants("contacts:PhysicalAddresses", key, part) and (text := view.text(known)) is not None
        ]
        if shown:
            found.append(t("Entry", *shown, Key=key))
    return [t("PhysicalAddresses", *found)] if found else []


def _members(view: View) -> list[Element]:
    members = []
    for name, address in view.item.members:
        box = t(
            "Mailbox", t("Name", text=name), t("EmailAddress", text=address), t("RoutingType", text="SMTP"),
            t("MailboxType", text="OneOff"),
        )  # fmt: skip
        key = base64.b64encode(f"{name}\0{address}".encode()).decode()
        members.append(t("Member", box, t("Status", text="Normal"), Key=key))
    return [t("Members", *members)] if members else []


_SHOWN: dict[str, Callable[[View], list[Element]]] = {
    **{uri: _plain(uri, known) for uri, known in (properties.TEXTS | properties.TIMES).items()},
    **{uri: _plain(uri, known) for uri, known in properties.NUMBERS.items()},
    **{uri: _list(uri, known) for uri, known in properties.LISTS.items()},
    "item:Sensitivity": _choice("item:Sensitivity", *properties.CHOICES["item:Sensitivity"], "Normal"),
    "item:Importance": _choice("item:Importance", *properties.CHOICES["item:Importance"], "Normal"),
    "contacts:PostalAddressIndex": _choice(
        "contacts:PostalAddressIndex", *properties.CHOICES["contacts:PostalAddressIndex"], "None"
    ),
    "contacts:FileAsMapping": _choice("contacts:FileAsMapping", *properties.CHOICES["contacts:FileAsMapping"], "None"),
    "item:Culture": _choice("item:Culture", *properties.CHOICES["item:Culture"], "en-US"),
    "item:ReminderIsSet": lambda view: [
        t("ReminderIsSet", text=view.text(properties.FLAGS["item:ReminderIsSet"]) or "false")
    ],
    "item:MimeContent": _mime,
    "item:ItemId": lambda view: [id_of(view.mailbox, view.item)],
    "item:ParentFolderId": lambda view: [
        t(
            "ParentFolderId",
            Id=view.mailbox.folder_id(view.item.folder),
            ChangeKey=view.mailbox.folder_change_key(view.mailbox.folder(view.item.folder)),
        )
    ],
    "item:Body": _body,
    "item:TextBody": lambda view: [t("TextBody", text=view.item.properties.get(properties.BODY, ""), BodyType="Text")],
    "item:Attachments": _attachments,
    "item:DateTimeReceived": lambda view: [t("DateTimeReceived", text=values.time(view.item.created))],
    "item:Size": lambda view: [t("Size", text=str(values.size(view.item)))],
    "item:IsSubmitted": _fixed("IsSubmitted", "false"),
    "item:IsDraft": _fixed("IsDraft", "false"),
    "item:IsFromMe": _fixed("IsFromMe", "false"),
    "item:IsResend": _fixed("IsResend", "false"),
    "item:IsUnmodified": _fixed("IsUnmodified", "false"),
    "item:DateTimeSent": lambda view: [t("DateTimeSent", text=values.time(view.item.created))],
    "item:DateTimeCreated": lambda view: [t("DateTimeCreated", text=values.time(view.item.created))],
    "item:DisplayCc": _fixed("DisplayCc", ""),
    "item:DisplayTo": _fixed("DisplayTo", ""),
    "item:HasAttachments": lambda view: [t("HasAttachments", text=text_of(bool(view.item.attachments)))],
    "extended": _extended,
    "item:EffectiveRights": lambda _view: [rights()],
    "item:LastModifiedName": lambda view: [t("LastModifiedName", text=view.mailbox.account.name)],
    "item:LastModifiedTime": lambda view: [t("LastModifiedTime", text=values.time(view.item.at))],
    "item:IsAssociated": _fixed("IsAssociated", "false"),
    "item:ConversationId": lambda view: [t("ConversationId", Id=view.mailbox.item_id(view.item))],
    "item:Flag": lambda _view: [t("Flag", t("FlagStatus", text="NotFlagged"))],
    "item:InstanceKey": lambda view: [t("InstanceKey", text=base64.b64encode(view.item.key.to_bytes(8)).decode())],
    "contacts:CompleteName": _complete_name,
    "contacts:EmailAddresses": _emails,
    "contacts:PhysicalAddresses": _addresses,
    "contacts:PhoneNumbers": _dictionary("contacts:PhoneNumbers", properties.PHONES),
    "contacts:ImAddresses": _dictionary("contacts:ImAddresses", properties.IMS),
    "contacts:ContactSource": _fixed("ContactSource", "Store"),
    "contacts:HasPicture": lambda view: [t("HasPicture", text=text_of(view.item.photo is not None))],
    "distributionlist:Members": _members,
}
