"""Contact folders: which there are."""

from __future__ import annotations

from polydex.connectors.base import SourceInfo
from polydex.connectors.exchange.api import FETCH_SECONDS, Api
from polydex.connectors.exchange.operations import find_folder, get_folder
from polydex.connectors.exchange.operations.find_folder import CLASS
from polydex.connectors.exchange.operations.folders import Folder
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderError

DEFAULT = "contacts"
"""The distinguished name of the default folder."""
ROOT = "msgfolderroot"
"""The folder that holds all that the user sees."""
MOST = 500
"""Folders that are looked at, whatever a mailbox says it has."""
_DELETED = "deleteditems"
_STEP = "Exchange folders"


async def sources(api: Api, *, seconds: float = FETCH_SECONDS) -> tuple[SourceInfo, ...]:
    """The contact folders of a mailbox, the default one first, each nested one after the one that it is in.

    Their keys are ids, which stay when a folder is renamed or moved (learn.microsoft.com, ews-identifiers-in-exchange).
    What is in Deleted Items is none of them, nor are the lists that Exchange keeps for itself: they are of other classes, as
    IPF.Contact.RecipientCache. Raises ProviderError.
    """
    async with api.opened() as here:
        payload = get_folder.payload(DEFAULT)
        default = get_folder.parse(await here.one(payload, step=_STEP, seconds=seconds, idempotent=True))
        payload = find_folder.payload(ROOT, _DELETED, most=MOST)
        messages = await here.many(payload, 2, step=_STEP, seconds=seconds, idempotent=True)
    below, deleted = (_folders(message) for message in messages)
    gone = {folder.id for folder in deleted}
    found = [
        folder
        for folder in below
        if folder.kind.lower() == CLASS.lower() and folder.id not in gone and folder.id != default.id
    ]
    first = SourceInfo(DEFAULT, default.name or "Contacts", default=True, read_only=not default.writable)
    return (first, *_nested(found))


def _folders(message: Element | ProviderError) -> tuple[Folder, ...]:
    if isinstance(message, ProviderError):
        raise message
    return find_folder.parse(message).folders


def _nested(folders: list[Folder]) -> list[SourceInfo]:
    """With the names of the contact folders that each is in, and after them."""
    inside: dict[str | None, list[Folder]] = {}
    known = {folder.id for folder in folders}
    for folder in folders:
        inside.setdefault(folder.parent if folder.parent in known else None, []).append(folder)
    made: list[SourceInfo] = []
    waiting = [("", folder) for folder in reversed(inside.pop(None, []))]
    while waiting:
        above, folder = waiting.pop()
        name = folder.name or "?"
        path = f"{above} / {name}" if above else name
        made.append(SourceInfo(folder.id, path, read_only=not folder.writable))
        waiting += [(path, child) for child in reversed(inside.pop(folder.id, []))]
    return made
