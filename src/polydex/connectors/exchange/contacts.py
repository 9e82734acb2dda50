"""Contacts as Exchange answers them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence, Set as AbstractSet

import msgspec

from polydex.connectors.base import Record
from polydex.connectors.deadline import Deadline
from polydex.connectors.exchange import folders
from polydex.connectors.exchange.api import FETCH_SECONDS, READ_SECONDS, Api
from polydex.connectors.exchange.cut import Cutting
from polydex.connectors.exchange.errors import is_untried, may_be_of_one
from polydex.connectors.exchange.identity import confirm, home
from polydex.connectors.exchange.ids import ItemId, read_item_id
from polydex.connectors.exchange.operations import find_item, get_item
from polydex.connectors.exchange.read import record
from polydex.connectors.exchange.shape import SHAPE
from polydex.connectors.exchange.wire import T, document
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderError, ProviderMalformed, ProviderTimeout, ProviderUnavailable, RecordNotFound
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey

FETCH = "Exchange contact"
_PARENT = T + "ParentFolderId"
_OTHERS = 20
"""Contacts that are tried to see whether anybody can be read."""


class Read(msgspec.Struct, frozen=True, gc=False):
    """An item as it is now: a contact, or what lies among them, as a distribution list.

    Attributes:
        item: its id, with its version.
        element: all of it.
        document: what is stored of it, where that is at hand already.
    """

    item: ItemId
    element: Element
    document: bytes | None = None

    def record(self, region: str | None, losses: tuple[Loss, ...] = ()) -> Record:
        """Its record. Raises ProviderMalformed.

        Args:
            region: two letters (ISO 3166), for phone numbers.
            losses: of a write.
        """
        raw = document(self.element) if self.document is None else self.document
        return record(raw, region, self.item.key, losses, item=self.element)


async def get(api: Api, key: RemoteKey, *, step: str = FETCH, seconds: float = FETCH_SECONDS) -> Read:
    """One of them. Raises RecordNotFound, also for one that is in another folder now: its id has changed then."""
    found = (await get_many(api, [key], step=step, seconds=seconds))[key]
    if isinstance(found, ProviderError):
        raise found
    return found


async def fetch(api: Api, folder: str, key: RemoteKey, subject: str) -> Read:
    """One of them, for who wants to know what has become of it.

    Args:
        api: of the mailbox.
        folder: where it is listed.
        key: its id.
        subject: whose mailbox it has to be: of another one nobody believes that somebody is gone.

    Raises:
        RecordNotFound: it is gone, or in another contact folder.
        ProviderMalformed: Exchange fails of this one alone. Else it would stop the others for ever (J4).
        ProviderError: otherwise.
    """
    deadline = Deadline(FETCH_SECONDS)
    try:
        found = await get(api, key, seconds=deadline.left)
    except RecordNotFound:
        await confirm(api, subject, seconds=deadline.left)
        raise
    except (ProviderUnavailable, ProviderTimeout) as error:
        if not may_be_of_one(error):
            raise
        alone: bool | None = False
        with contextlib.suppress(ProviderError):
            alone = await others_answer(api, folder, (key,), seconds=deadline.left)
        if not alone:
            raise
        raise ProviderMalformed(f"{FETCH}: Exchange fails of this one alone", original=error.original) from error
    if await _is_elsewhere(api, folder, found.element, subject, deadline):
        raise RecordNotFound(f"{FETCH}: it is in another folder")
    return found


async def _is_elsewhere(api: Api, folder: str, item: Element, subject: str, deadline: Deadline) -> bool:
    """Whether an item is known to be in another contact folder of the mailbox: who was moved is found there by a mark.

    Who is in a folder that nobody knows counts as here: it may be ours, by another id.
    """
    parent = item.find(_PARENT)
    there = None if parent is None else parent.get("Id")
    if there is None or there == await home(api, folder, subject, seconds=deadline.left):
        return False
    for book in await folders.sources(api, seconds=deadline.left):
        if book.key != folder and there == await home(api, book.key, subject, seconds=deadline.left):
            return True
    return False


async def get_many(
    api: Api, keys: Sequence[RemoteKey], *, step: str = FETCH, seconds: float = READ_SECONDS
) -> dict[RemoteKey, Read | ProviderError]:
    """Several; RecordNotFound for what is gone. Raises ProviderError when nothing was answered at all."""
    found: dict[RemoteKey, Read | ProviderError] = {}
    asked = frozenset(keys)
    async for key, message, cutting in _messages(api, keys, SHAPE, step, seconds):
        try:
            found[key] = message if isinstance(message, ProviderError) else _read(message, key, asked, cutting)
        except ProviderMalformed as error:
            found[key] = error
    return found


async def versions(
    api: Api, keys: Sequence[RemoteKey], *, step: str, seconds: float
) -> dict[RemoteKey, ItemId | ProviderError]:
    """Only the versions of several. Raises ProviderError when nothing was answered at all."""
    found: dict[RemoteKey, ItemId | ProviderError] = {}
    asked = frozenset(keys)
    async for key, message, _ in _messages(api, keys, None, step, seconds):
        try:
            found[key] = message if isinstance(message, ProviderError) else _read(message, key, asked).item
        except ProviderMalformed as error:
            found[key] = error
    return found


async def others_answer(
    api: Api, folder: str, keys: Collection[RemoteKey], *, step: str = FETCH, seconds: float = READ_SECONDS
) -> bool | None:
    """Whether anybody in a folder but these can be read: who cannot is at fault then, and not Exchange. None: there is
    nobody else.

    Raises ProviderError when not even that is answered.
    """
    most = len(keys) + _OTHERS
    message = await api.one(find_item.payload([folder], most=most), step=step, seconds=seconds, idempotent=True)
    others = [item.key for item in find_item.parse(message).items if item.key not in keys][:_OTHERS]
    if not others:
        return None
    found = await get_many(api, others, step=step, seconds=seconds)
    return any(isinstance(one, Read) for one in found.values())


async def _messages(
    api: Api, keys: Sequence[RemoteKey], shape: Element | None, step: str, seconds: float
) -> AsyncIterator[tuple[RemoteKey, Element | ProviderError, Cutting]]:
    """What is said of each, and the answer in which it is. Those that Exchange has not tried, as it stopped at one before them, are asked for again."""
    while keys:
        request = get_item.payload(keys, shape)
        messages, answer = await api.whole(request, len(keys), step=step, seconds=seconds, idempotent=True)
        cutting = Cutting(answer)
        untried = []
        for at, (key, message) in enumerate(zip(keys, messages, strict=True)):
            if at and isinstance(message, ProviderError) and is_untried(message):
                untried.append(key)
            else:
                yield key, message, cutting
        keys = untried


def _read(
    message: Element, key: RemoteKey, asked: AbstractSet[RemoteKey] = frozenset(), cutting: Cutting | None = None
) -> Read:
    """Raises ProviderMalformed, also for the item of somebody else of those who were asked for with it: answers are told
    apart by their order alone, and nobody may get the contents of another one.
    """
    element = get_item.parse(message)
    item = read_item_id(element)
    if item.key != key and item.key in asked:
        raise ProviderMalformed("Exchange: an answer is of another contact")
    raw = None if cutting is None else cutting.document(element, key)
    return Read(ItemId(key, item.rev), element, raw)
