"""One item of a mailbox, and one folder: states that never change; a change makes another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polydex_sandbox.properties import Property

CONTACT, LIST, MESSAGE, ITEM = "Contact", "DistributionList", "Message", "Item"
CLASSES = {CONTACT: "IPM.Contact", LIST: "IPM.DistList", MESSAGE: "IPM.Note", ITEM: "IPM.Activity"}
"""Kind, which is the name of its element -> item class that it has when it was not given another one."""


@dataclass(frozen=True)
class Attachment:
    """A file at an item.

    Attributes:
        number: among those that the item ever had.
        name: of the file.
        content: its bytes.
        at: Unix milliseconds of its creation.
        photo: it is the contact's photo.
        media_type: as given; "" for none.
    """

    number: int
    name: str
    content: bytes
    at: int
    photo: bool = False
    media_type: str = ""


@dataclass(frozen=True)
class Item:
    """One item.

    Attributes:
        key: number in its mailbox; an item that moves gets another one.
        seq: number of its last change, in its mailbox.
        kind: name of its element.
        folder: key of where it is.
        created: Unix milliseconds.
        at: Unix milliseconds of the last change.
        properties: property -> canonical value; what the fields are bound to is here as well.
        attachments: files, the oldest first.
        members: of a distribution list: name and address.
        read: whether it was read.
        read_seq: number of the last change of `read`.
        unreadable: the response code with which reading it fails; "" for an item that can be read.
    """

    key: int
    seq: int
    kind: str
    folder: int
    created: int
    at: int
    properties: Mapping[Property, Any]
    attachments: tuple[Attachment, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    read: bool = True
    read_seq: int = 0
    unreadable: str = ""

    @property
    def photo(self) -> Attachment | None:
        return next((one for one in self.attachments if one.photo), None)


@dataclass(frozen=True)
class Folder:
    """One folder.

    Attributes:
        key: number in its mailbox.
        seq: number of its last change.
        name: shown name.
        parent: key; its own for the root.
        kind: folder class, as ``IPF.Contact``; "" for none.
        known: its distinguished id; "" for a folder that users made.
        at: Unix milliseconds of its creation.
        properties: extended ones.
    """

    key: int
    seq: int
    name: str
    parent: int
    kind: str
    known: str = ""
    at: int = 0
    properties: Mapping[Property, Any] = field(default_factory=dict)
