"""Folders of contacts. The default one is not listed: ``/contactFolders`` are the folders in it.

"Get the contact folder collection in the default Contacts folder": https://learn.microsoft.com/graph/api/user-list-contactfolders
"""

from __future__ import annotations

from typing import Any

from polydex_sandbox.microsoft import accept, errors, query, show
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Folder
from polydex_sandbox.microsoft.schema import FOLDER, FOLDER_PROPERTIES
from polydex_sandbox.microsoft.views.contacts import folder_of
from polydex_sandbox.microsoft.views.lists import next_link, no_search, page_of


def list_folders(call: Call) -> Answer:
    """Of the folder in the path, or of the default one."""
    select = query.select(call.options, FOLDER_PROPERTIES, FOLDER)
    found = _chosen(call)
    size, skip = page_of(call)
    shown: dict[str, Any] = {"@odata.context": call.context("contactFolders")}
    if query.flag(call.options, "count"):
        shown["@odata.count"] = len(found)
    if size and len(found) > skip + size:
        shown["@odata.nextLink"] = next_link(call, skip + size)
    return Answer(body={**shown, "value": [show.folder(one, call.mailbox, select) for one in found[skip:][:size]]})


def count(call: Call) -> Answer:
    return Answer(body=str(len(_chosen(call))).encode(), headers={"Content-Type": "text/plain"})


def _chosen(call: Call) -> list[Folder]:
    """Filters and orders of folders are beyond this simulation. Raises GraphError for them."""
    no_search(call)
    for name in ("filter", "orderby", "expand"):
        if name in call.options:
            raise errors.bad_query(f"The sandbox does not know '${name}' for folders.")
    return call.mailbox.below(folder_of(call).key)


def create(call: Call) -> Answer:
    """In the folder of the path, or in the default one."""
    parent = folder_of(call)
    given = accept.folder(call.message())
    made = call.mailbox.create_folder(parent, given.get("displayName") or "")
    return Answer(201, _one(call, made))


def get(call: Call) -> Answer:
    return Answer(body=_one(call, folder_of(call)))


def update(call: Call) -> Answer:
    """Another name, or another place: both are documented for contactFolder-update."""
    folder = folder_of(call)
    given = accept.folder(call.message())
    parent = given.get("parentFolderId")
    return Answer(
        body=_one(
            call,
            call.mailbox.update_folder(
                folder, name=given.get("displayName"), parent=call.mailbox.folder(parent) if parent else None
            ),
        )
    )


def delete(call: Call) -> Answer:
    """Into Deleted Items, with everything in it."""
    call.mailbox.delete_folder(folder_of(call))
    return Answer(204)


def purge(call: Call) -> Answer:
    call.mailbox.delete_folder(folder_of(call), forever=True)
    return Answer(204)


def _one(call: Call, folder: Folder) -> dict[str, Any]:
    if "expand" in call.options:
        raise errors.bad_query("The sandbox does not know '$expand' for folders.")
    select = query.select(call.options, FOLDER_PROPERTIES, FOLDER)
    return {"@odata.context": call.context("contactFolders/$entity"), **show.folder(folder, call.mailbox, select)}
