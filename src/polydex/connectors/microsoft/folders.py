"""Contact folders: which there are, and whether a contact is in one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from polydex.connectors.base import SourceInfo
from polydex.connectors.microsoft.api import FETCH_SECONDS, Api, decoded
from polydex.core.errors import ProviderMalformed

DEFAULT = "contacts"
"""The well-known name of the default folder, which the list of folders leaves out (microsoft-graph-docs#6273)."""
MOST = 500
"""Folders that are looked at, whatever a mailbox says it has."""
_STEP = "Microsoft folders"
_PAGE = "100"
_INSIDE = "childFolders"


class _Folder(msgspec.Struct, rename="camel", gc=False):
    id: str | None = None
    display_name: str | None = None


class _Folders(msgspec.Struct, gc=False):
    value: list[_Folder]
    following: str | None = msgspec.field(name="@odata.nextLink", default=None)


class _Child(msgspec.Struct, rename="camel", gc=False):
    parent_folder_id: str | None = None


class _Children(msgspec.Struct, gc=False):
    value: list[_Child]


async def sources(api: Api) -> tuple[SourceInfo, ...]:
    """The contact folders of a mailbox, the default one first, each nested one after the one that it is in.

    Their keys are ids, which never change (concepts/outlook-immutable-id.md: those of folders are constant). Raises ProviderError.
    """
    path = api.own("contactFolders", DEFAULT, query=[("$select", "id,displayName")])
    default = decoded(await api.get(path, step=_STEP), _Folder, _STEP)
    found = [SourceInfo(DEFAULT, default.display_name or "Contacts", default=True)]
    known = {default.id}
    # Whether the list shows the folders beside the default one, or those in it, is told in both ways.
    top = [
        *await _new(api, known, "", "contactFolders"),
        *await _new(api, known, "", "contactFolders", DEFAULT, _INSIDE),
    ]
    waiting = top[::-1]
    while waiting and len(found) < MOST:
        folder = waiting.pop()
        found.append(folder)
        waiting += (await _new(api, known, folder.name or "", "contactFolders", folder.key, _INSIDE))[::-1]
    return tuple(found)


async def _new(api: Api, known: set[str | None], above: str, *segments: str) -> list[SourceInfo]:
    """The folders of a list that are not known yet, each with the names of those above it; now they are known."""
    found = []
    async for folder in _listed(api, *segments):
        if folder.id is not None and folder.id not in known:
            known.add(folder.id)
            name = folder.display_name or "?"
            found.append(SourceInfo(folder.id, f"{above} / {name}" if above else name))
    return found


async def parent(api: Api, folder: str, *, seconds: float = FETCH_SECONDS) -> str | None:
    """What the contacts in a folder name as their ``parentFolderId``.

    A contact that is deleted goes to another folder, and its immutable id still leads to it there, whatever folder the path
    names (concepts/outlook-immutable-id.md; that the path does not matter is not documented). So this tells who is really
    in the folder. It is taken from a contact in it, so that both are ids of one shape, and from the folder when it is
    empty, as nobody can be in that. Raises ProviderError.
    """
    known = api.shared.parents.get(folder)
    if known is not None:
        return known
    path = api.own("contactFolders", folder, "contacts", query=[("$select", "parentFolderId"), ("$top", "1")])
    page = decoded(await api.get(path, step=_STEP, seconds=seconds), _Children, _STEP)
    found = next((child.parent_folder_id for child in page.value), None)
    if found is None:
        path = api.own("contactFolders", folder, query=[("$select", "id")])
        return decoded(await api.get(path, step=_STEP, seconds=seconds), _Folder, _STEP).id
    api.shared.parents[folder] = found
    return found


async def _listed(api: Api, *segments: str) -> AsyncIterator[_Folder]:
    link: str | None = api.own(*segments, query=[("$select", "id,displayName"), ("$top", _PAGE)])
    seen: set[str] = set()
    while link is not None:
        if link in seen or len(seen) >= MOST:
            raise ProviderMalformed(f"{_STEP}: the list does not end")
        seen.add(link)
        page = decoded(await api.get(link, step=_STEP), _Folders, _STEP)
        for folder in page.value:
            yield folder
        link = page.following
