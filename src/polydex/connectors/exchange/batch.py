"""Several writes in one call: each step of a single write, done for all of them together.

Every item is answered by itself. What is odd about one of them is looked at by a write of its own.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from polydex.connectors.base import New, Record
from polydex.connectors.exchange import contacts, marks
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.contacts import Read
from polydex.connectors.exchange.draft import create
from polydex.connectors.exchange.edit import edit
from polydex.connectors.exchange.ids import ItemId
from polydex.connectors.exchange.marks import Refused
from polydex.connectors.exchange.operations import create_item, delete_item, update_item
from polydex.connectors.exchange.operations.update_item import Change
from polydex.connectors.exchange.write import CREATE, DELETE, UPDATE, Writer, not_yet, stale, unread
from polydex.connectors.exchange.xml import Element
from polydex.connectors.outcome import nothing_sent, of_create, unsent
from polydex.core.contact import EMPTY
from polydex.core.errors import PolydexError, ProviderError, ProviderMalformed, ProviderUnavailable, RecordNotFound
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

MOST = 40
"""Writes in one call: so many are carried out in a few seconds, and their marks are found by one search."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Written:
    """A write that was carried out, or one that changes nothing.

    Attributes:
        at: where it stands in the call.
        rev: that it has to have still, when nothing was changed.
        losses: what is not kept.
    """

    at: int
    key: RemoteKey
    losses: tuple[Loss, ...]
    rev: Rev | None = None


class Batch:
    """The writes of one call of the engine's. Errors of single entries are outcomes; what concerns all is raised as long
    as nothing has been sent.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._api: Api = writer.api

    # --- create ---------------------------------------------------------------------------------------------------

    async def create(self, new: Sequence[New]) -> list[Record | PolydexError]:
        """See ``Batching.create_many``."""
        outcomes = await self._marked(new)
        made: list[tuple[int, Element, tuple[Loss, ...]]] = []
        for at, each in enumerate(new):
            if at in outcomes:
                continue
            try:
                made.append((at, *create(each.draft, each.mark, each.native)))
            except PolydexError as error:
                outcomes[at] = error
        written: list[_Written] = []
        if made:
            payload = create_item.payload(self._writer.folder, [element for _, element, _ in made])
            try:
                answers = await self._api.many(payload, len(made), step=CREATE, seconds=self._left)
            except ProviderError as error:
                raise of_create(error) from None
            for (at, _, losses), answer in zip(made, answers, strict=True):
                try:
                    written.append(_Written(at, create_item.parse(_told(answer)).key, losses))
                except ProviderError as error:
                    outcomes[at] = of_create(error)
        await self._read_again(written, outcomes, CREATE)
        for one in written:
            made_, mark = outcomes[one.at], new[one.at].mark
            if isinstance(made_, Record) and None not in (mark, made_.mark) and made_.mark != mark:
                raise _in_disorder(CREATE)
        return [outcomes[at] for at in range(len(new))]

    async def _marked(self, new: Sequence[New]) -> dict[int, Record | PolydexError]:
        """Those that are there already, by where they stand. When it raises, nothing has been sent."""
        wanted = list(dict.fromkeys(each.mark for each in new if each.mark is not None and not each.fresh))
        if not wanted:
            return {}
        by_mark: dict[str, Record | PolydexError] = {}
        with nothing_sent():
            try:
                keys = await marks.find_many(self._api, self._writer.folder, wanted, seconds=self._left)
            except Refused:
                return {}
            found = await contacts.get_many(self._api, keys, step=CREATE, seconds=self._left)
            for one in found.values():
                if isinstance(one, ProviderError):  # whose mark it carries cannot be told
                    raise not_yet() if isinstance(one, RecordNotFound) else one
                record = one.record(self._writer.region)
                if record.mark is not None:
                    by_mark.setdefault(record.mark, record)
        return {
            at: by_mark[each.mark]
            for at, each in enumerate(new)
            if each.mark is not None and not each.fresh and each.mark in by_mark
        }

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, changes: Sequence[tuple[Record, Patch]]) -> list[Record | PolydexError]:
        """See ``Batching.update_many``."""
        outcomes: dict[int, Record | PolydexError] = {}
        later: list[int] = []
        seen: set[RemoteKey] = set()
        sent: list[tuple[_Written, Change]] = []
        same: list[_Written] = []
        for at, (base, patch) in enumerate(changes):
            if base.key in seen:
                later.append(at)
                continue
            seen.add(base.key)
            try:
                if base.rev is None or not base.raw:
                    raise stale(UPDATE)
                edited = edit(base.raw, patch, base.contact or EMPTY)
            except PolydexError as error:
                outcomes[at] = error
                continue
            if edited.updates:
                change = Change(ItemId(base.key, base.rev), edited.updates)
                sent.append((_Written(at, base.key, edited.losses), change))
            else:
                same.append(_Written(at, base.key, edited.losses, base.rev))
        written = list(same)
        if sent:
            payload = update_item.payload([change for _, change in sent])
            answers = await self._api.many(payload, len(sent), step=UPDATE, seconds=self._left)
            keys = {one.key for one, _ in sent}
            for (one, _), answer in zip(sent, answers, strict=True):
                if isinstance(answer, ProviderError):
                    outcomes[one.at] = answer
                    continue
                if update_item.parse(answer).key in keys - {one.key}:
                    raise _in_disorder(UPDATE)
                written.append(one)
        await self._read_again(written, outcomes, UPDATE)
        for at in later:
            outcomes[at] = await self._alone(self._writer.update(*changes[at]))
        return [outcomes[at] for at in range(len(changes))]

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> list[PolydexError | None]:
        """See ``Batching.delete_many``."""
        compared = list(dict.fromkeys(key for key, rev in keys if rev is not None))
        with nothing_sent():
            found = await contacts.versions(self._api, compared, step=DELETE, seconds=self._left)
            if any(isinstance(one, RecordNotFound) for one in found.values()):
                await self._writer.is_missing()
        outcomes: list[PolydexError | None] = []
        doomed: dict[RemoteKey, ItemId] = {}
        for key, rev in keys:
            there = found.get(key) if rev is not None else ItemId(key)
            if isinstance(there, ProviderError):
                outcomes.append(None if isinstance(there, RecordNotFound) else unsent(there))
            elif there is None or (rev is not None and there.rev != rev):
                outcomes.append(stale(DELETE))
            else:
                outcomes.append(None)
                doomed[key] = there
        if not doomed:
            return outcomes
        payload = delete_item.payload(list(doomed.values()))
        answers = await self._api.many(payload, len(doomed), step=DELETE, seconds=self._left, idempotent=True)
        answered = dict(zip(doomed, answers, strict=True))
        missing: ProviderError | None = None
        if any(isinstance(answer, RecordNotFound) for answer in answers):
            try:
                await self._writer.is_missing()
            except ProviderError as error:  # of the others it says nothing: they are gone
                missing = error
        for at, (key, _) in enumerate(keys):
            answer = answered.get(key)
            if outcomes[at] is None and isinstance(answer, ProviderError):
                outcomes[at] = missing if isinstance(answer, RecordNotFound) else answer
        return outcomes

    # --- what all have in common ------------------------------------------------------------------------------------

    @property
    def _left(self) -> float:
        return self._writer.deadline.left

    async def _read_again(
        self, written: Sequence[_Written], outcomes: dict[int, Record | PolydexError], step: str
    ) -> None:
        """The contacts as they are now. What cannot be read was written nevertheless."""
        keys = [one.key for one in written]
        found: dict[RemoteKey, Read | ProviderError]
        try:
            found = await contacts.get_many(self._api, keys, step=step, seconds=self._left)
        except ProviderError as error:
            found = dict.fromkeys(keys, error)
        for one in written:
            there = found[one.key]
            if isinstance(there, ProviderError):
                outcomes[one.at] = unread(there, step) if one.rev is None else unsent(there)
            elif one.rev is not None and there.item.rev != one.rev:
                outcomes[one.at] = stale(step)
            else:
                try:
                    outcomes[one.at] = there.record(self._writer.region, one.losses)
                except PolydexError as error:
                    outcomes[one.at] = error

    async def _alone(self, writing: Coroutine[object, object, T]) -> T | PolydexError:
        if self._writer.deadline.over:
            writing.close()
            return ProviderUnavailable("There was no time left for this one", sent=False, retry_after=1.0)
        try:
            return await writing
        except PolydexError as error:
            return error


def _in_disorder(step: str) -> ProviderMalformed:
    """Answers are told apart by their order alone. Where that is wrong nobody knows what became of whom, of those that are
    said to have failed neither.
    """
    return ProviderMalformed(f"{step}: Exchange has answered in another order")


def _told(answer: Element | ProviderError) -> Element:
    if isinstance(answer, ProviderError):
        raise answer
    return answer
