"""GetFolder (learn.microsoft.com, web-service-reference/getfolder-operation)."""

from __future__ import annotations

from polydex.connectors.exchange.ids import folder_ids, request
from polydex.connectors.exchange.operations.folders import Folder, read_folder, shape
from polydex.connectors.exchange.wire import M
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed


def payload(*folders: str) -> Element:
    """Ids or distinguished names; each is answered by a response message of its own, in this order."""
    made = request("GetFolder")
    shape(made)
    folder_ids(made, M + "FolderIds", folders)
    return made


def parse(message: Element) -> Folder:
    """The folder."""
    found = message.find(M + "Folders")
    if found is None or len(found) != 1:
        raise ProviderMalformed("Exchange: an answer has no folder")
    return read_folder(found[0])
