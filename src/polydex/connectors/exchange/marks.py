"""Idempotency marks: a named property, found again by a search."""

from __future__ import annotations

from collections.abc import Sequence

from polydex.connectors.exchange import folders, paths
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.operations import find_item
from polydex.connectors.exchange.operations.find_item import Found
from polydex.connectors.exchange.paths import Path
from polydex.connectors.exchange.xml import Element
from polydex.connectors.outlook import mapi
from polydex.core.errors import ProviderError, ProviderRejected
from polydex.core.ids import RemoteKey

_STEP = "Exchange marks"
_MOST = 2
"""Items with one mark that are listed: who was copied has copies with the mark."""


class Refused(ProviderRejected):
    """The mailbox cannot be asked for a mark."""


async def find(api: Api, folder: str, mark: str, *, seconds: float) -> RemoteKey | None:
    """The key of the contact that carries a mark. Who was copied has copies with the mark: then one of them.

    Raises:
        Refused: the mailbox does not take such a search, or has not looked at everybody.
        ProviderError: otherwise.
    """
    return next(iter(await find_many(api, folder, [mark], seconds=seconds)), None)


async def find_many(api: Api, folder: str, marks: Sequence[str], *, seconds: float) -> list[RemoteKey]:
    """The keys of those that carry any of these marks, at least one of each that is there. Raises as ``find``."""
    payload = find_item.payload([folder], most=_MOST * len(marks), property_=paths.element(_MARK), values=marks)
    try:
        message = await api.one(payload, step=_STEP, seconds=seconds, idempotent=True)
    except ProviderRejected as error:
        raise Refused(error.message, original=error.original) from None
    found = find_item.parse(message)
    if found.items and not found.last and len(marks) > 1:  # copies of one leave no place for the others
        alone = [await find_many(api, folder, [mark], seconds=seconds) for mark in marks]
        return [key for keys in alone for key in keys]
    return _keys(found)


async def find_elsewhere(api: Api, folder: str, mark: str, *, seconds: float) -> RemoteKey | None:
    """The same in all other contact folders of the mailbox: users move contacts. Raises as ``find``."""
    here = folders.DEFAULT if folder == api.shared.default_folder else folder
    others = [book.key for book in await folders.sources(api, seconds=seconds) if book.key != here]
    if not others:
        return None
    payload = find_item.payload(others, most=_MOST, property_=paths.element(_MARK), values=[mark])
    messages = await api.many(payload, len(others), step=_STEP, seconds=seconds, idempotent=True)
    for message in messages:
        for key in _keys(find_item.parse(_searched(message))):
            return key
    return None


def _searched(message: Element | ProviderError) -> Element:
    if isinstance(message, ProviderRejected):
        raise Refused(message.message, original=message.original)
    if isinstance(message, ProviderError):
        raise message
    return message


def _keys(found: Found) -> list[RemoteKey]:
    if not found.items and not found.last:
        raise Refused(f"{_STEP}: Exchange has not looked through all contacts")
    return [item.key for item in found.items]


_MARK = Path(mapi.MARK)
