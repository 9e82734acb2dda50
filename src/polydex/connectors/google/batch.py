"""Several writes in one call.

Google refuses a batch as a whole, and names the entries because of which (README.md, batches): the others are sent again. Where
it names none, the batch is taken apart until the entry is found.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET

from polydex.connectors.base import New, Record
from polydex.connectors.google import wire
from polydex.connectors.google.api import SOURCES, decoded, encoded
from polydex.connectors.google.draft import create
from polydex.connectors.google.edit import Edited, edit
from polydex.connectors.google.errors import entry_failures
from polydex.connectors.google.fields import PERSON_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.people import get_many, outcome_of
from polydex.connectors.google.read import read
from polydex.connectors.google.write import CREATE, DELETE, UPDATE, Writer, named
from polydex.connectors.outcome import nothing_sent, of_create, unsent
from polydex.core.contact import EMPTY
from polydex.core.errors import (
    PolydexError,
    ProviderError,
    ProviderMalformed,
    ProviderRejected,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

BATCH = 200
"""The least of Google's limits (create, update, get: 200; delete: 500)."""

E = TypeVar("E")


class _Created(wire.Wire, frozen=True):
    """The answer of people.batchCreateContacts."""

    created_people: tuple[wire.PersonResponse, ...] | None = None


class _Updated(wire.Wire, frozen=True):
    """The answer of people.batchUpdateContacts."""

    update_result: dict[str, wire.PersonResponse] | None = None


_READ = {"readMask": PERSON_FIELDS, "sources": [SOURCES]}


@dataclass(frozen=True, slots=True)
class _Made:
    """A create: where it stands, what is sent, how its answer is known, and what is not kept."""

    at: int
    body: bytes
    mark: str | None
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """An update. ``at``: where it stands."""

    at: int
    base: Record
    patch: Patch
    edited: Edited


class _RefusedError(Exception):
    """A batch was refused: ``error`` as a whole, ``entries`` the errors of those that it names."""

    def __init__(self, error: ProviderError, entries: Mapping[str, ProviderError]) -> None:
        super().__init__(error.message)
        self.error, self.entries = error, entries


@dataclass(frozen=True, slots=True)
class _Way(Generic[E]):
    """How entries of one kind are written.

    Attributes:
        send: writes some of them, and keeps their outcomes. Raises _RefusedError, ProviderError.
        fail: keeps the error of one.
        name: what Google calls an entry in a refusal, given its place in the request.
        divides: whether a refusal that names nobody may be about one entry, and none of the others was carried out.
    """

    send: Callable[[Sequence[E]], Awaitable[None]]
    fail: Callable[[E, PolydexError], Awaitable[None]]
    name: Callable[[int, E], str]
    divides: Callable[[ProviderError], bool]


class Batch:
    """The writes of one call of the engine's. Errors of single entries are outcomes; what concerns all is raised as long
    as nothing has been sent.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer, self._api = writer, writer.api
        self._sent = False

    # --- create ---------------------------------------------------------------------------------------------------

    async def create(self, new: Sequence[New]) -> list[Record | PolydexError]:
        """See ``Batching.create_many``."""
        given = [each.mark for each in new if each.mark is not None and not each.fresh]
        there = await self._writer.marked(given) if given else {}
        outcomes = {at: there[each.mark] for at, each in enumerate(new) if not each.fresh and each.mark in there}
        words = [word for at, each in enumerate(new) if at not in outcomes for word in each.draft.keywords]
        labels = await self._writer.labels_for(tuple(words))
        made: list[_Made] = []
        for at, each in enumerate(new):
            if at in outcomes:
                continue
            try:
                one = create(each.draft, each.mark, each.native, labels)
            except PolydexError as error:
                outcomes[at] = error
            else:
                made.append(_Made(at, one.body, each.mark, one.losses))

        async def fail(one: _Made, error: PolydexError) -> None:
            outcomes[one.at] = error

        way = _Way(lambda part: self._created(part, labels, outcomes), fail, lambda place, _: str(place), _is_invalid)
        await self._in_parts(made, way)
        return [outcomes[at] for at in range(len(new))]

    async def _created(self, part: Sequence[_Made], labels: Labels, outcomes: dict[int, Record | PolydexError]) -> None:
        contacts = [{"contactPerson": msgspec.Raw(one.body)} for one in part]
        body = encoded({"contacts": contacts, **_READ})
        answer = await self._call("people:batchCreateContacts", body, CREATE)
        responses = decoded(answer, _Created, CREATE).created_people or ()
        found = [outcome_of(response, CREATE) for response in responses]
        found = [of_create(one) if isinstance(one, ProviderError) else one for one in found]
        by_mark: dict[str, bytes] = {}
        for raw in found:
            if isinstance(raw, bytes) and (mark := read(raw, labels, None).mark) is not None:
                by_mark[mark] = raw
        for place, one in enumerate(part):
            # That the answers come in the order of the request is not promised; the marks tell them apart.
            outcome: bytes | PolydexError | None = by_mark.get(one.mark) if one.mark is not None else None
            if outcome is None and len(found) == len(part):
                there = found[place]
                if one.mark is None or isinstance(there, PolydexError):
                    outcome = there
            outcomes[one.at] = self._outcome(outcome, labels, one.losses, CREATE)

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, changes: Sequence[tuple[Record, Patch]]) -> list[Record | PolydexError]:
        """See ``Batching.update_many``.

        One mask holds for all contacts of a call, and a field that it names and a contact does not bring is cleared: so
        only changes of the very same fields go together.
        """
        outcomes: dict[int, Record | PolydexError] = {}
        words = [word for _, patch in changes if patch.keywords is not UNSET for word in patch.keywords]
        about_groups = any(patch.keywords is not UNSET for _, patch in changes)
        labels = await self._writer.labels_for(tuple(words), always=about_groups)
        parts: dict[tuple[str, ...], list[_Change]] = {}
        later: list[int] = []
        seen: set[RemoteKey] = set()
        for at, (base, patch) in enumerate(changes):
            if not base.raw or base.key in seen:
                later.append(at)
                continue
            seen.add(base.key)
            try:
                edited = edit(base.raw, patch, labels, base.contact or EMPTY)
                if not edited.fields:
                    outcomes[at] = self._writer.made(base.raw, labels, edited.losses, key=base.key)
            except PolydexError as error:
                outcomes[at] = error
                continue
            if edited.fields:
                parts.setdefault(edited.fields, []).append(_Change(at, base, patch, edited))

        async def fail(one: _Change, error: PolydexError) -> None:
            # An etag that is refused is looked at by a write of its own.
            again = isinstance(error, Stale)
            outcomes[one.at] = await self._alone(self._writer.update(one.base, one.patch)) if again else error

        way = _Way(
            lambda part: self._updated(part, labels, outcomes), fail, lambda _, one: one.base.key, _is_of_an_entry
        )
        for part in parts.values():
            await self._in_parts(part, way)
        for at in later:
            outcomes[at] = await self._alone(self._writer.update(*changes[at]))
        return [outcomes[at] for at in range(len(changes))]

    async def _updated(
        self, part: Sequence[_Change], labels: Labels, outcomes: dict[int, Record | PolydexError]
    ) -> None:
        if len(part) == 1:
            [one] = part
            outcomes[one.at] = await self._alone(self._writer.update(one.base, one.patch))
            return
        contacts = {one.base.key: msgspec.Raw(named(one.edited.body, one.base.key)) for one in part}
        body = encoded({"contacts": contacts, "updateMask": ",".join(part[0].edited.fields), **_READ})
        answer = await self._call("people:batchUpdateContacts", body, UPDATE)
        results = decoded(answer, _Updated, UPDATE).update_result or {}
        by_name = {name: outcome_of(response, UPDATE) for name, response in results.items()}
        for response in results.values():
            if response.requested_resource_name:
                by_name.setdefault(response.requested_resource_name, outcome_of(response, UPDATE))
        for one in part:
            outcome = by_name.get(one.base.key)
            outcomes[one.at] = self._outcome(outcome, labels, one.edited.losses, UPDATE)

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> list[PolydexError | None]:
        """See ``Batching.delete_many``: the contacts are looked at right before, as Google compares no etags."""
        with nothing_sent():
            found = await get_many(
                self._api, list(dict.fromkeys(key for key, _ in keys)), step=DELETE, seconds=self._left
            )
        outcomes: list[PolydexError | None] = []
        doomed: dict[RemoteKey, None] = {}
        for key, rev in keys:
            error = self._may_go(found.get(key), rev)
            outcomes.append(error)
            if error is None and isinstance(found.get(key), bytes):
                doomed[key] = None
        failed: dict[RemoteKey, PolydexError] = {}

        async def fail(key: RemoteKey, error: PolydexError) -> None:
            if not isinstance(error, RecordNotFound):  # else it has gone meanwhile
                failed[key] = error

        await self._in_parts(list(doomed), _Way(self._deleted, fail, lambda _, key: key, _is_of_an_entry))
        return [outcome or failed.get(key) for outcome, (key, _) in zip(outcomes, keys, strict=True)]

    def _may_go(self, found: bytes | ProviderError | None, rev: Rev | None) -> PolydexError | None:
        if found is None:
            return unsent(ProviderMalformed(f"{DELETE}: the contact was asked for and not answered"))
        if isinstance(found, bytes):
            stale = rev is not None and read(found, self._writer.labels, None).rev != rev
            return Stale(f"{DELETE}: the contact has changed at Google") if stale else None
        return None if isinstance(found, RecordNotFound) else unsent(found)

    async def _deleted(self, keys: Sequence[RemoteKey]) -> None:
        await self._call("people:batchDeleteContacts", encoded({"resourceNames": keys}), DELETE)

    # --- what all have in common ------------------------------------------------------------------------------------

    @property
    def _left(self) -> float:
        return self._writer.deadline.left

    async def _call(self, path: str, body: bytes, step: str) -> bytes:
        answer = await self._api.ask("POST", path, body=body, seconds=self._left)
        if answer.status != 200:
            error, entries = self._api.refused(answer, step, "write"), entry_failures(answer.body, step)
            if step == CREATE:
                error, entries = of_create(error), {name: of_create(its) for name, its in entries.items()}
            raise _RefusedError(error, entries)
        self._sent = True
        return answer.body

    async def _in_parts(self, entries: Sequence[E], way: _Way[E]) -> None:
        """Send the entries together; what is refused together again without those that it is refused for, or by halves."""
        if not entries:
            return
        try:
            await way.send(entries)
        except _RefusedError as refused:
            error = refused.error
            blamed = [refused.entries.get(way.name(at, entry)) for at, entry in enumerate(entries)]
            if any(blamed):
                self._sent = True
                for entry, its in zip(entries, blamed, strict=True):
                    if its is not None:
                        await way.fail(entry, its)
                await self._in_parts([entry for entry, its in zip(entries, blamed, strict=True) if its is None], way)
            elif len(entries) > 1 and way.divides(error):
                self._sent = True
                half = len(entries) // 2
                await self._in_parts(entries[:half], way)
                await self._in_parts(entries[half:], way)
            elif self._sent or way.divides(error):
                for entry in entries:
                    await way.fail(entry, error)
            else:
                raise error from None
        except ProviderError as error:
            if not self._sent:
                raise
            for entry in entries:
                await way.fail(entry, error)

    async def _alone(self, writing: Coroutine[object, object, Record]) -> Record | PolydexError:
        if self._writer.deadline.over:
            writing.close()
            return ProviderUnavailable("There was no time left for this one", sent=False, retry_after=1.0)
        try:
            return await writing
        except PolydexError as error:
            return error
        finally:
            self._sent = True

    def _outcome(
        self, outcome: bytes | PolydexError | None, labels: Labels, losses: tuple[Loss, ...], step: str
    ) -> Record | PolydexError:
        if outcome is None:
            return ProviderUnavailable(f"{step}: Google's answer says nothing of this contact", sent=True)
        if isinstance(outcome, PolydexError):
            return outcome
        try:
            return self._writer.made(outcome, labels, losses)
        except PolydexError as error:
            return error


def _is_of_an_entry(error: ProviderError) -> bool:
    """A refusal of the whole that may be about one entry. Should Google have carried out others of them, that shows when
    they are sent again: a change by its etag, a removal by what is missing.
    """
    return isinstance(error, ProviderRejected | Stale | RecordNotFound)


def _is_invalid(error: ProviderError) -> bool:
    """A batch of creates that names nobody is only taken apart when it was invalid: then none was created ("a list of errors
    for each invalid contact", BatchCreateContactsResponse). Who sends any other again may double what has been created.
    """
    return (
        isinstance(error, ProviderRejected)
        and (error.original or {}).get("status") == 400
        and ((error.original or {}).get("code") in (None, "INVALID_ARGUMENT"))
    )
