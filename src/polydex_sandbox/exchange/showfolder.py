"""A folder as answers show it."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.exchange import errors, paths, show
from polydex_sandbox.exchange.item import Folder
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.paths import Path
from polydex_sandbox.exchange.properties import tag
from polydex_sandbox.exchange.xml import Element, child, content, t
from polydex_sandbox.properties import Property

_ORDER = (
    "folder:FolderId", "folder:ParentFolderId", "folder:FolderClass", "folder:DisplayName", "folder:TotalCount",
    "folder:ChildFolderCount", "extended", "folder:EffectiveRights", "folder:DistinguishedFolderId",
    "folder:SharingEffectiveRights", "folder:PermissionSet", "folder:UnreadCount",
)  # fmt: skip
_DEFAULT = frozenset(
    {"folder:FolderId", "folder:DisplayName", "folder:TotalCount", "folder:ChildFolderCount", "folder:UnreadCount"}
)
_ALL = frozenset(_ORDER) - {"extended", "folder:PermissionSet", "folder:SharingEffectiveRights"}


class FolderShape:
    """What a call wants to see of folders. Raises EwsError."""

    def __init__(self, element: Element) -> None:
        base = content(element, "BaseShape")
        self.uris = {"IdOnly": frozenset({"folder:FolderId"}), "Default": _DEFAULT}.get(base, _ALL)
        self.extended: list[Path] = []
        more = child(element, "AdditionalProperties")
        for one in more if more is not None else ():
            path = paths.path(one)
            if path.extended is not None:
                self.extended.append(path)
            elif path.uri.startswith("folder:"):
                self.uris |= {path.uri}
            else:
                raise errors.property_request(path)


def kind_of(folder: Folder) -> str:
    """Name of its element."""
    return {"IPF.Contact": "ContactsFolder", "IPF.Appointment": "CalendarFolder", "IPF.Task": "TasksFolder"}.get(
        ".".join(folder.kind.split(".")[:2]), "Folder"
    )


def folder_id(mailbox: Mailbox, folder: Folder, name: str = "FolderId") -> Element:
    return t(name, Id=mailbox.folder_id(folder.key), ChangeKey=mailbox.folder_change_key(folder))


def only_id(mailbox: Mailbox, folder: Folder) -> Element:
    return t(kind_of(folder), folder_id(mailbox, folder))


def value(mailbox: Mailbox, folder: Folder, known: Property) -> Any:
    """Of an extended property; None when the folder has it not."""
    items = len(mailbox.inside(folder.key))
    computed: dict[Property, str] = {
        tag(0x3001): folder.name,
        tag(0x3613): folder.kind,
        tag(0x3601, "Integer"): "1",
        tag(0x3602, "Integer"): str(items),
        tag(0x3603, "Integer"): "0",
        tag(0x360A, "Boolean"): "true" if mailbox.below(folder.key) else "false",
        tag(0x6638, "Integer"): str(len(mailbox.below(folder.key))),
        tag(0x6751, "Integer"): str(max((one.key for one in mailbox.inside(folder.key)), default=folder.key) + 1),
        tag(0x6752, "Integer"): str(items),
    }
    found = computed.get(known)
    return folder.properties.get(known) if found is None else found or None


def folder(mailbox: Mailbox, shown: Folder, shape: FolderShape) -> Element:
    made = t(kind_of(shown))
    for uri in _ORDER:
        if uri == "extended":
            found = ((path, value(mailbox, shown, path.extended)) for path in shape.extended if path.extended)
            made.extend(show.extended_property(path.element(), text) for path, text in found if text is not None)
        elif uri in shape.uris:
            made.extend(_member(mailbox, shown, uri))
    return made


def _member(mailbox: Mailbox, shown: Folder, uri: str) -> list[Element]:
    kind = kind_of(shown)
    match uri.partition(":")[2]:
        case "FolderId":
            return [folder_id(mailbox, shown)]
        case "ParentFolderId":
            return [folder_id(mailbox, mailbox.folder(shown.parent), "ParentFolderId")]
        case "FolderClass":
            return [t("FolderClass", text=shown.kind)] if shown.kind else []
        case "DisplayName":
            return [t("DisplayName", text=shown.name)]
        case "TotalCount":
            return [t("TotalCount", text=str(len(mailbox.inside(shown.key))))]
        case "ChildFolderCount":
            return [t("ChildFolderCount", text=str(len(mailbox.below(shown.key))))]
        case "EffectiveRights":
            return [show.rights()]
        case "DistinguishedFolderId":
            return [t("DistinguishedFolderId", text=shown.known)] if shown.known else []
        case "UnreadCount" if kind in ("Folder", "TasksFolder"):
            return [t("UnreadCount", text=str(sum(not one.read for one in mailbox.inside(shown.key))))]
        case "PermissionSet" if kind in ("Folder", "ContactsFolder", "TasksFolder"):
            return [t("PermissionSet", t("Permissions", *_permissions()))]
        case _:
            return []


def _permissions() -> list[Element]:
    """Nobody but the owner has any."""
    return [
        t(
            "Permission",
            t("UserId", t("DistinguishedUser", text=who)),
            t("CanCreateItems", text="false"),
            t("CanCreateSubFolders", text="false"),
            t("IsFolderOwner", text="false"),
            t("IsFolderVisible", text="false"),
            t("IsFolderContact", text="false"),
            t("EditItems", text="None"),
            t("DeleteItems", text="None"),
            t("ReadItems", text="None"),
            t("PermissionLevel", text="None"),
        )
        for who in ("Default", "Anonymous")
    ]
