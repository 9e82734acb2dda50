"""Folders: GetFolder, FindFolder, CreateFolder, UpdateFolder, MoveFolder, DeleteFolder.

See [MS-OXWSFOLD] and [MS-OXWSSRCH] 3.1.4.1.
"""

from __future__ import annotations

from typing import Any

from polydex_sandbox.exchange import accept, errors, paging, paths, showfolder
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.item import Folder
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.matching import Restriction, Values
from polydex_sandbox.exchange.paths import Path
from polydex_sandbox.exchange.properties import tag
from polydex_sandbox.exchange.showfolder import FolderShape
from polydex_sandbox.exchange.xml import Element, child, content, m, name_of, t
from polydex_sandbox.properties import Property

KINDS = {"ContactsFolder": "IPF.Contact", "CalendarFolder": "IPF.Appointment", "TasksFolder": "IPF.Task"}
"""Name of an element -> the class of a folder that is made of it."""

_FIELDS = {
    "folder:DisplayName": tag(0x3001),
    "folder:FolderClass": tag(0x3613),
    "folder:TotalCount": tag(0x3602, "Integer"),
    "folder:UnreadCount": tag(0x3603, "Integer"),
    "folder:ChildFolderCount": tag(0x6638, "Integer"),
}
"""Fields that a restriction can name."""


def get(call: Call) -> Element:
    shape = FolderShape(call.part("FolderShape"))

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        return [m("Folders", showfolder.folder(mailbox, folder, shape))]

    return call.each(call.part("FolderIds"), one)


def find(call: Call) -> Element:
    """Below each of the folders that are named: only in it, or with `Deep` at any depth."""
    shape, view = FolderShape(call.part("FolderShape")), paging.view(call.body)
    restriction = Restriction(child(call.body, "Restriction"), _property_of)
    deep, limit = call.body.get("Traversal") == "Deep", paging.limit(restricted=bool(restriction))

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        below = mailbox.tree(folder.key) if deep else mailbox.below(folder.key)
        if call.body.get("Traversal") == "SoftDeleted":
            below = []
        rows = [row for row in below if restriction.holds(_values(mailbox, row))]
        page, attributes = paging.page(view, rows, limit)
        shown = [showfolder.folder(mailbox, row, shape) for row in page]
        return [m("RootFolder", t("Folders", *shown), **attributes)]

    return call.each(call.part("ParentFolderIds"), one)


def _property_of(path: Path) -> Property:
    """Raises EwsError: folders are not searched by it."""
    if path.extended is None and path.uri not in _FIELDS:
        raise errors.unsupported_path()
    return path.extended or _FIELDS[path.uri]


def _values(mailbox: Mailbox, folder: Folder) -> Values:
    return lambda known: showfolder.value(mailbox, folder, known)


def create(call: Call) -> Element:
    mailbox, parent = call.target("ParentFolderId")

    def one(element: Element) -> list[Element]:
        given, implied = content(element, "FolderClass"), KINDS.get(name_of(element))
        if given and implied:
            raise errors.EwsError(
                "ErrorNoFolderClassOverride", "The element says already of which class the folder is."
            )
        kind = given or implied or "IPF.Note"
        made = mailbox.create_folder(parent, content(element, "DisplayName"), kind, properties=_properties(element))
        return [m("Folders", showfolder.only_id(mailbox, made))]

    return call.each(call.part("Folders"), one)


def _properties(element: Element) -> dict[Property, Any]:
    """Raises EwsError."""
    found: dict[Property, Any] = {}
    for one in element:
        if name_of(one) == "ExtendedProperty":
            found |= accept.extended_property(one)
        elif name_of(one) not in ("DisplayName", "FolderClass"):
            uri = f"folder:{name_of(one)}"
            raise errors.property_set(uri if uri in paths.URIS else name_of(one))
    return found


def update(call: Call) -> Element:
    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element[0])
        changes: dict[str, Any] = {}
        properties = dict(folder.properties)
        for each in element[1]:
            _change(each, changes, properties)
        changed = mailbox.update_folder(folder, **changes, properties=properties)
        return [m("Folders", showfolder.only_id(mailbox, changed))]

    return call.each(call.part("FolderChanges"), one)


def _change(element: Element, changes: dict[str, Any], properties: dict[Property, Any]) -> None:
    """Put one change to the others. Raises EwsError."""
    path, kind = paths.path(element[0]), name_of(element)
    if kind == "DeleteFolderField":
        if path.extended is None:
            raise errors.property_delete(path)
        properties.pop(path.extended, None)
        return
    if kind == "AppendToFolderField":
        raise errors.property_append(path)
    members = list(element[1])
    if len(members) != 1:
        raise errors.property_count()
    if path.extended is not None:
        given = accept.extended_property(members[0]) if name_of(members[0]) == "ExtendedProperty" else {}
        if path.extended not in given:
            raise errors.property_mismatch()
        properties |= given
    elif f"folder:{name_of(members[0])}" != path.uri:
        raise errors.property_mismatch()
    elif path.uri == "folder:DisplayName":
        changes["name"] = members[0].text or ""
    elif path.uri == "folder:FolderClass":
        changes["kind"] = members[0].text or ""
    else:
        raise errors.property_set(path)


def move(call: Call) -> Element:
    mailbox, target = call.target("ToFolderId")

    def one(element: Element) -> list[Element]:
        owner, folder = call.folder(element)
        if owner is not mailbox:
            raise errors.cross_mailbox()
        return [m("Folders", showfolder.only_id(mailbox, mailbox.update_folder(folder, parent=target.key)))]

    return call.each(call.part("FolderIds"), one)


def delete(call: Call) -> Element:
    forever = call.body.get("DeleteType") != "MoveToDeletedItems"

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        mailbox.delete_folder(folder, forever=forever)
        return []

    return call.each(call.part("FolderIds"), one)
