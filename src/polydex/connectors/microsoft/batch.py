"""Several writes in one call: each step of a single write, done for all of them together by ``$batch``.

Every part is answered by itself. What is odd about one of them is looked at by a write of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from polydex.connectors.base import New, Record
from polydex.connectors.microsoft import contacts, marks
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.edit import edit
from polydex.connectors.microsoft.parts import Part, ask_together
from polydex.connectors.microsoft.read import read
from polydex.connectors.microsoft.sent import amiss, as_sent, body_of, unkept
from polydex.connectors.microsoft.write import CREATE, DELETE, UPDATE, Writer, if_match, not_yet
from polydex.connectors.outcome import nothing_sent, of_create, unsent
from polydex.core.contact import EMPTY
from polydex.core.errors import PolydexError, ProviderError, ProviderUnavailable, RecordNotFound, Stale
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Written:
    """A write that was carried out.

    Attributes:
        at: where it stands in the call.
        body: what was sent.
        before: the document before, None of a new contact.
        meant: the document as it should be now.
        losses: what is not kept.
    """

    at: int
    key: RemoteKey
    body: bytes
    before: bytes | None
    meant: bytes
    losses: tuple[Loss, ...]


class Batch:
    """The writes of one call of the engine's. Errors of single entries are outcomes; what concerns all is raised as long
    as nothing has been sent.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer, self._api, self._folder = writer, writer.api, writer.folder
        self._sent = False

    # --- create ---------------------------------------------------------------------------------------------------

    async def create(self, new: Sequence[New]) -> list[Record | PolydexError]:
        """See ``Batching.create_many``."""
        outcomes = await self._marked(new)
        made: list[tuple[int, bytes, tuple[Loss, ...]]] = []
        for at, each in enumerate(new):
            if at in outcomes:
                continue
            try:
                one = create(each.draft, each.mark, each.native)
            except PolydexError as error:
                outcomes[at] = error
            else:
                made.append((at, one.body, one.losses))
        path = contacts.path(self._api, self._folder)
        answers = await self._ask([Part("POST", path, body) for _, body, _ in made], CREATE)
        written: list[_Written] = []
        for (at, body, losses), answer in zip(made, answers, strict=True):
            if isinstance(answer, ProviderError):
                outcomes[at] = of_create(answer)
                continue
            try:
                meant = as_sent(answer, body)
                written.append(_Written(at, read(meant).key, body, None, meant, losses))
            except PolydexError as error:
                outcomes[at] = error
        await self._read_again(written, outcomes, CREATE)
        return [outcomes[at] for at in range(len(new))]

    async def _marked(self, new: Sequence[New]) -> dict[int, Record | PolydexError]:
        """Those that are there already, by where they stand. When it raises, nothing has been sent."""
        wanted = list(dict.fromkeys(each.mark for each in new if each.mark is not None and not each.fresh))
        with nothing_sent():
            keys = await marks.find_many(self._api, self._folder, wanted, seconds=self._left)
            found = await contacts.get_many(
                self._api, self._folder, list(dict.fromkeys(keys.values())), step=CREATE, seconds=self._left
            )
        outcomes: dict[int, Record | PolydexError] = {}
        for at, each in enumerate(new):
            key = keys.get(each.mark) if each.mark is not None and not each.fresh else None
            there = found.get(key) if key is not None else None
            if key is None or there is None:
                continue
            if isinstance(there, ProviderError):
                outcomes[at] = not_yet() if isinstance(there, RecordNotFound) else unsent(there)
            else:
                outcomes[at] = self._made(there, key, ())
        return outcomes

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, changes: Sequence[tuple[Record, Patch]]) -> list[Record | PolydexError]:
        """See ``Batching.update_many``."""
        outcomes: dict[int, Record | PolydexError] = {}
        later: list[int] = []
        first: dict[RemoteKey, int] = {}
        for at, (base, _) in enumerate(changes):
            if first.setdefault(base.key, at) != at:
                later.append(at)
        with nothing_sent():
            found = await contacts.get_many(self._api, self._folder, list(first), step=UPDATE, seconds=self._left)
        sent: list[tuple[int, bytes, bytes, tuple[Loss, ...]]] = []
        for at in first.values():
            base, patch = changes[at]
            document = found[base.key]
            try:
                document = await self._is_base(base, document)
                edited = edit(document, patch, base.contact or EMPTY)
            except PolydexError as error:
                outcomes[at] = error
                continue
            if edited.body is None:
                outcomes[at] = self._made(document, base.key, edited.losses)
            else:
                sent.append((at, document, edited.body, edited.losses))
        answers = await self._ask([self._change(changes[at][0].key, *parts) for at, *parts, _ in sent], UPDATE)
        written: list[_Written] = []
        for (at, document, body, losses), answer in zip(sent, answers, strict=True):
            if isinstance(answer, Stale):
                later.append(at)
            elif isinstance(answer, ProviderError):
                outcomes[at] = answer
            else:
                try:
                    meant = as_sent(answer, body, document)
                except PolydexError as error:
                    outcomes[at] = error
                else:
                    written.append(_Written(at, changes[at][0].key, body, document, meant, losses))
        await self._read_again(written, outcomes, UPDATE)
        for at in sorted(later):
            outcomes[at] = await self._alone(self._writer.update(*changes[at]))
        return [outcomes[at] for at in range(len(changes))]

    async def _is_base(self, base: Record, document: bytes | ProviderError) -> bytes:
        """The document, when it is that of the base. Raises Stale, RecordNotFound, ProviderError."""
        if isinstance(document, ProviderError):
            raise unsent(document)
        with nothing_sent():
            if await contacts.is_elsewhere(self._api, self._folder, document, seconds=self._left):
                raise RecordNotFound(f"{UPDATE}: the contact is in another folder")
        known = base.rev or (contacts.head(base.raw).etag if base.raw else None)
        if known is None or contacts.head(document).etag != known:
            raise Stale(f"{UPDATE}: the contact has changed at Microsoft")
        return document

    def _change(self, key: RemoteKey, document: bytes, body: bytes) -> Part:
        path = contacts.path(self._api, self._folder, key)
        return Part("PATCH", path, body, if_match(contacts.head(document).etag))

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> list[PolydexError | None]:
        """See ``Batching.delete_many``."""
        wanted = list(dict.fromkeys(key for key, _ in keys))
        with nothing_sent():
            found = await contacts.get_many(self._api, self._folder, wanted, step=DELETE, seconds=self._left)
        outcomes: list[PolydexError | None] = []
        doomed: dict[RemoteKey, Part] = {}
        for key, rev in keys:
            document = found[key]
            try:
                going = await self._may_go(document, rev)
            except PolydexError as error:
                outcomes.append(error)
                continue
            outcomes.append(None)
            if going is not None:
                path = contacts.path(self._api, self._folder, key)
                doomed[key] = Part("DELETE", path, headers=if_match(going if rev is not None else None))
        answers = dict(zip(doomed, await self._ask(list(doomed.values()), DELETE), strict=True))
        for at, (key, rev) in enumerate(keys):
            answer = answers.get(key)
            if outcomes[at] is not None or not isinstance(answer, ProviderError) or isinstance(answer, RecordNotFound):
                continue
            again = isinstance(answer, Stale)
            outcomes[at] = await self._alone(self._writer.delete(key, rev)) if again else answer
        return outcomes

    async def _may_go(self, document: bytes | ProviderError, rev: Rev | None) -> str | None:
        """The etag of what is to be deleted; None when it is gone. Raises Stale, ProviderError."""
        if isinstance(document, RecordNotFound):
            return None
        if isinstance(document, ProviderError):
            raise unsent(document)
        with nothing_sent():
            if await contacts.is_elsewhere(self._api, self._folder, document, seconds=self._left):
                return None
        etag = contacts.head(document).etag
        if rev is not None and etag != rev:
            raise Stale(f"{DELETE}: the contact has changed at Microsoft")
        return etag or ""

    # --- what all have in common ------------------------------------------------------------------------------------

    @property
    def _left(self) -> float:
        return self._writer.deadline.left

    async def _ask(self, parts: Sequence[Part], step: str) -> list[bytes | ProviderError]:
        answers = await ask_together(self._api, parts, step=step, seconds=self._left)
        self._sent = self._sent or bool(parts)
        return answers

    async def _read_again(
        self, written: Sequence[_Written], outcomes: dict[int, Record | PolydexError], step: str
    ) -> None:
        """The contacts as they are now. What cannot be read was written nevertheless: it has no revision."""
        documents = await self._documents([one.key for one in written], step)
        again: dict[RemoteKey, Part] = {}
        for one in written:
            document = documents.pop(one.key, None)
            if not isinstance(document, bytes) or contacts.is_from_before(document, one.meant, one.before):
                continue
            try:
                wrong = amiss(document, one.body)
            except PolydexError:
                continue  # it says nothing of the others
            documents[one.key] = document
            if wrong:
                again[one.key] = self._change(one.key, document, body_of(wrong))
        if again:
            with contextlib.suppress(ProviderError):  # what is there then tells what was kept
                await self._ask(list(again.values()), step)
            documents |= await self._documents(list(again), step)
        for one in written:
            document = documents.get(one.key)
            if not isinstance(document, bytes):
                there = self._made(one.meant, one.key, one.losses)
                outcomes[one.at] = msgspec.structs.replace(there, rev=None) if isinstance(there, Record) else there
                continue
            lost = unkept(document, one.meant) if amiss(document, one.body) else ()
            outcomes[one.at] = self._made(document, one.key, (*one.losses, *lost))

    async def _documents(self, keys: Sequence[RemoteKey], step: str) -> dict[RemoteKey, bytes | ProviderError]:
        try:
            return await contacts.get_many(self._api, self._folder, keys, step=step, seconds=self._left)
        except ProviderError:
            return {}

    async def _alone(self, writing: Coroutine[object, object, T]) -> T | PolydexError:
        if self._writer.deadline.over:
            writing.close()
            return ProviderUnavailable("There was no time left for this one", sent=False, retry_after=1.0)
        try:
            return await writing
        except PolydexError as error:
            return error

    def _made(self, document: bytes, key: RemoteKey, losses: tuple[Loss, ...]) -> Record | PolydexError:
        try:
            return self._writer.made(document, key, losses)
        except PolydexError as error:
            return error
