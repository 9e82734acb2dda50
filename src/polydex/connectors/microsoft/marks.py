"""Idempotency marks: a named property, found again by a filter."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from polydex.connectors.deadline import Deadline
from polydex.connectors.microsoft import folders, wire
from polydex.connectors.microsoft.api import Api, decoded
from polydex.connectors.microsoft.parts import MOST, Part, ask_together
from polydex.core.errors import ProviderError, ProviderRejected
from polydex.core.ids import RemoteKey

_STEP = "Microsoft marks"


class Refused(ProviderRejected):
    """The mailbox cannot be asked for a mark."""


class _Entry(msgspec.Struct, gc=False):
    id: str


class _Page(msgspec.Struct, gc=False):
    value: list[_Entry]
    following: str | None = msgspec.field(name="@odata.nextLink", default=None)


async def find(api: Api, folder: str, mark: str, *, seconds: float) -> RemoteKey | None:
    """The key of the contact that carries a mark. Who was copied has copies with the mark: then one of them.

    Raises:
        Refused: the mailbox does not take such a filter, or its answer is not all there is.
        ProviderError: otherwise.
    """
    try:
        return _found(await api.get(_path(api, folder, mark), step=_STEP, seconds=seconds))
    except ProviderRejected as error:
        raise Refused(error.message, original=error.original) from None


async def find_many(api: Api, folder: str, marks: Sequence[str], *, seconds: float) -> dict[str, RemoteKey]:
    """The same of at most 20 marks, of those that are found quickly. Raises ProviderError."""
    parts = [Part("GET", _path(api, folder, mark)) for mark in marks]
    found: dict[str, RemoteKey] = {}
    for mark, answer in zip(marks, await ask_together(api, parts, step=_STEP, seconds=seconds), strict=True):
        if isinstance(answer, ProviderRejected):
            continue
        if isinstance(answer, ProviderError):
            raise answer
        try:
            key = _found(answer)
        except Refused:
            continue
        if key is not None:
            found[mark] = key
    return found


async def find_elsewhere(api: Api, folder: str, mark: str, deadline: Deadline) -> RemoteKey | None:
    """The same in all other folders of the mailbox: users move contacts. A filter looks through one folder alone."""
    others = [book.key for book in await folders.sources(api) if book.key != folder]
    for at in range(0, len(others), MOST):
        parts = [Part("GET", _path(api, other, mark)) for other in others[at : at + MOST]]
        for answer in await ask_together(api, parts, step=_STEP, seconds=deadline.left):
            if isinstance(answer, ProviderRejected):
                raise Refused(answer.message, original=answer.original)
            if isinstance(answer, ProviderError):
                raise answer
            key = _found(answer)
            if key is not None:
                return key
    return None


def _path(api: Api, folder: str, mark: str) -> str:
    query = [("$filter", wire.mark_filter(mark)), ("$select", "id"), ("$top", "1")]
    return api.own("contactFolders", folder, "contacts", query=query)


def _found(body: bytes) -> RemoteKey | None:
    page = decoded(body, _Page, _STEP)
    if page.value:
        return RemoteKey(page.value[0].id)
    if page.following is not None:  # Exchange stops looking after so many rows; what it did not look at is not known
        raise Refused(f"{_STEP}: Microsoft has not looked through all contacts")
    return None
