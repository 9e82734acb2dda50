"""What answers about folders say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed

_ASKED: Final = ("folder:ParentFolderId", "folder:FolderClass", "folder:DisplayName", "folder:EffectiveRights")
_RIGHTS: Final = ("CreateContents", "Delete", "Modify")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder.

    Attributes:
        id: ``FolderId/@Id``, which stays when the folder is renamed or moved.
        parent: id of the folder that it is in.
        kind: ``FolderClass``, as ``IPF.Contact``.
        name: as the user sees it.
        writable: items in it may be created, changed and deleted.
    """

    id: str
    parent: str | None = None
    kind: str = ""
    name: str = ""
    writable: bool = True


def shape(request: Element) -> None:
    """Add the ``m:FolderShape`` that asks for all that ``read_folder`` reads."""
    made = etree.SubElement(request, M + "FolderShape")
    etree.SubElement(made, T + "BaseShape").text = "IdOnly"
    more = etree.SubElement(made, T + "AdditionalProperties")
    for uri in _ASKED:
        etree.SubElement(more, T + "FieldURI", FieldURI=uri)


def read_folder(element: Element) -> Folder:
    """From ``t:Folder``, ``t:ContactsFolder`` and their like. Raises ProviderMalformed."""
    found, parent = element.find(T + "FolderId"), element.find(T + "ParentFolderId")
    id_ = None if found is None else found.get("Id")
    if not id_:
        raise ProviderMalformed("Exchange: a folder has no id")
    rights = element.find(T + "EffectiveRights")
    denied = rights is not None and any(rights.findtext(T + right) in ("false", "0") for right in _RIGHTS)
    return Folder(
        id=id_,
        parent=None if parent is None else parent.get("Id"),
        kind=element.findtext(T + "FolderClass") or "",
        name=element.findtext(T + "DisplayName") or "",
        writable=not denied,
    )
