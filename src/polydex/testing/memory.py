"""A connector over a :class:`MemoryWorld`: everything a provider can do, and every way in which one can misbehave."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from polydex.connectors.base import (
    Absent,
    Capabilities,
    Found,
    Guard,
    Identity,
    MarkAnswer,
    New,
    Record,
    SourceInfo,
    Unknown,
    Watch,
)
from polydex.connectors.provider import Credentials, Handshake, Notice, Probe, probe_by_discovery
from polydex.core.contact import EMPTY, Contact, Photo
from polydex.core.errors import (
    BadRequest,
    PolydexError,
    ProviderError,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Field, Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch, diff
from polydex.testing import channels, document as documents
from polydex.testing.feed import AFTER, BEFORE, MemoryFeed
from polydex.testing.world import Fault, MemoryWorld, Version

_T = TypeVar("_T")
_BETWEEN = (Fault.PARTLY,)


class MemoryConnector(MemoryFeed):
    """One address book of a made-up provider; made as a ``MemoryFeed`` is."""

    @property
    def caps(self) -> Capabilities:
        character = self.world.character
        writable = character.writable
        return Capabilities(
            update_guard=character.update_guard,
            delete_guard=character.delete_guard,
            delta=character.delta,
            photos=character.photos,
            push=character.push,
            streams=character.streams,
            marks=character.marks,
            loses_marks=character.loses_marks,
            writable=writable if character.photos else writable - {Field.PHOTO},
            read_lag=character.read_lag,
            mark_lag=character.mark_lag,
            create_lag=character.create_lag,
            trusts_snapshot_cursor=character.honest_cursor,
            full_every=character.full_every,
            list_caps=character.list_caps,
            batch=character.batch,
            photo_apart=character.photo_apart,
        )

    async def identify(self) -> Identity:
        await self._ask("identify", "")
        await self._answer("identify", "")
        return Identity(subject=self.world.subject, name="Memory")

    async def fetch(self, key: RemoteKey) -> Record:
        await self._ask("fetch", key)
        version = self.world.read(key)
        await self._answer("fetch", key)
        return self._record(key, version)

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str] | None = None,
        document: bytes | None = None,
        *,
        fresh: bool = False,
    ) -> Record:
        del document  # not a provider of vCards
        new = New(draft, mark, native or {}, fresh=fresh)
        self._demand_fresh(new)
        await self._ask("create", mark or "")
        made = self._document(new, len(self.world.calls))
        photo = documents.photo_of(made)
        apart = self.caps.photo_apart and photo is not None
        first = documents.without_photo(made) if apart else made
        key, version = self.world.create(first, mark)
        losses = self.losses(draft)
        if apart and version.document is first:  # what was there already is given back as it is
            self.world.strike("create", _BETWEEN)
            try:
                version = await self._write_photo(key, made)
            except ProviderRejected:
                losses += (Loss("$.photo", "the provider refuses it"),)
        await self._answer("create", key)
        record = self._record(RemoteKey(key), version, written=True)
        return msgspec.structs.replace(record, losses=losses)

    async def _write_photo(self, key: str, made: documents.Document) -> Version:
        """The second call of a create. Whatever stops it but a refusal: the contact is there (J10)."""
        try:
            await self._ask("create_photo", key)
            self._admit(documents.photo_of(made))
            version = self.world.write(key, made)
            await self._answer("create_photo", key)
        except ProviderRejected:
            raise
        except ProviderError as error:
            raise ProviderTimeout from error
        return version

    def _admit(self, photo: Photo | None) -> None:
        if photo is not None and self.world.refuses_photos:
            raise ProviderRejected

    def _document(self, new: New, number: int) -> documents.Document:
        """What is stored for a contact that is created. ``number``: another one for each without a mark."""
        contact = documents.kept(new.draft, self.caps.writable)
        mark = new.mark if self.world.character.marks else None
        if self.world.character.loses_marks:
            contact, mark = msgspec.structs.replace(contact, notes=None), None
        members = {"native": dict(new.native)} if new.native else {}
        document = documents.new(contact, uid=f"uid-{new.mark or number}", mark=mark, **members)
        return self.world.labelled(document)

    async def find_mark(self, mark: str) -> MarkAnswer:
        await self._ask("find_mark", mark)
        found = self.world.by_mark(mark)
        await self._answer("find_mark", mark)
        if not self.world.character.marks:
            return Unknown()
        return Found(self._record(RemoteKey(found[0]), found[1])) if found else Absent()

    def may_be(self, record: Record, draft: Contact) -> bool:
        wanted = msgspec.structs.replace(documents.kept(draft, self.caps.writable), notes=None, photo=None)
        there = msgspec.structs.replace(record.contact or EMPTY, notes=None, photo=None)
        return not diff(wanted, there).fields()

    async def update(self, base: Record, patch: Patch) -> Record:
        await self._ask("update", base.key)
        if self.caps.photo_apart and isinstance(patch.photo, Photo):
            self._admit(patch.photo)
        document = self._patched(base, patch)
        if documents.encode(document) == base.raw:  # nothing to write; whether the base is current is not ours to say
            return base
        guard = self.world.character.update_guard
        if guard is Guard.CHECKED:
            self._check(base.key, base.raw)
            await self._gap("update", base.key)
        version = self.world.write(base.key, document, if_rev=base.rev if guard is Guard.ENFORCED else None)
        await self._answer("update", base.key)
        return self._updated(base, patch, version)

    def _patched(self, base: Record, patch: Patch) -> documents.Document:
        document = documents.patched(documents.decode(base.raw), patch, self.caps.writable)
        return self.world.labelled(document, anew=Field.KEYWORDS in patch.fields())

    def _updated(self, base: Record, patch: Patch, version: Version) -> Record:
        record = self._record(base.key, version, written=True)
        return msgspec.structs.replace(record, losses=self.losses(patch.apply(Contact())))

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        await self._ask("delete", key)
        guard = self.world.character.delete_guard
        try:
            if guard is Guard.CHECKED:
                if rev is not None and self.world.read(key).rev != rev:
                    raise Stale
                await self._gap("delete", key)
            self.world.write(key, None, if_rev=rev if guard is Guard.ENFORCED else None)
        except RecordNotFound:
            pass  # already gone is success
        await self._answer("delete", key)

    # --- several at once ------------------------------------------------------------------------------------------

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        return await self._many("create", [self._creation(each, at) for at, each in enumerate(new)])

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        return await self._many("update", [self._change(base, patch) for base, patch in changes])

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        return await self._many("delete", [self._deletion(key, rev) for key, rev in keys])

    def _creation(self, new: New, at: int) -> tuple[str, Callable[[], Record]]:
        if self.caps.photo_apart and new.draft.photo is not None:
            raise ValueError("a photo that takes a second call does not travel in a batch")

        self._demand_fresh(new)

        def act() -> Record:
            marked = self.world.character.marks and new.mark is not None and not new.fresh
            there = self.world.by_mark(new.mark or "") if marked else None
            key, version = there or self.world.add(self._document(new, 1000 * len(self.world.calls) + at))
            return msgspec.structs.replace(
                self._record(RemoteKey(key), version, written=True), losses=self.losses(new.draft)
            )

        return new.mark or "", act

    def _demand_fresh(self, new: New) -> None:
        """Whoever says that nobody carries the mark has to be right: a provider that believes it makes a second contact."""
        if new.fresh and new.mark is not None and self.world.marked(new.mark):
            raise ValueError("a mark that is called fresh is in use")

    def _change(self, base: Record, patch: Patch) -> tuple[str, Callable[[], Record]]:
        def act() -> Record:
            document = self._patched(base, patch)
            if documents.encode(document) == base.raw:
                return base
            guard = self.world.character.update_guard
            if guard is Guard.CHECKED:
                self._check(base.key, base.raw)
            if_rev = base.rev if guard is Guard.ENFORCED else None
            return self._updated(base, patch, self.world.write(base.key, document, if_rev=if_rev))

        return base.key, act

    def _deletion(self, key: RemoteKey, rev: Rev | None) -> tuple[str, Callable[[], None]]:
        def act() -> None:
            with contextlib.suppress(RecordNotFound):  # already gone is success
                guarded = self.world.character.delete_guard is not Guard.NONE
                self.world.write(key, None, if_rev=rev if guarded else None)

        return key, act

    async def _many(self, verb: str, items: Sequence[tuple[str, Callable[[], _T]]]) -> list[_T | PolydexError]:
        """One call. Its own faults bear the name of the verb with ``_many``; those of the verb befall a single item."""
        call, keys = f"{verb}_many", ",".join(key for key, _ in items)
        if not 0 < len(items) <= self.caps.batch:
            raise ValueError(f"{len(items)} in one call")
        await self._ask(call, keys)
        self.world.happened[f"{verb} together"] += len(items) > 1
        answers: list[_T | PolydexError] = []
        for number, (_, act) in enumerate(items):
            if number == (len(items) + 1) // 2:
                self.world.strike(call, _BETWEEN)
            try:
                self.world.strike(verb, BEFORE)
                answer = act()
                self.world.strike(verb, AFTER)
            except PolydexError as error:
                answers.append(error)
            else:
                answers.append(answer)
        await self._answer(call, keys)
        return answers

    async def watch(self, url: str, secret: str, current: Watch | None) -> Watch:
        name = current.id if current else ""
        await self._ask("watch", name)
        channel = self.world.channels.open(url, secret, name)
        await self._answer("watch", channel.id)
        return Watch(channel.id, channel.expires_at)

    async def unwatch(self, watch: Watch) -> None:
        await self._ask("unwatch", watch.id)
        self.world.channels.close(watch.id)
        await self._answer("unwatch", watch.id)

    async def listen(self) -> AsyncGenerator[None, None]:
        await self._ask("listen", "")
        with self.world.lines.taken() as line:
            await self._answer("listen", "")
            yield
            while await line.told():
                yield

    async def photo(self, record: Record) -> Photo | None:
        await self._ask("photo", record.key)
        await self._answer("photo", record.key)
        return documents.photo_of(documents.decode(record.raw))

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        self.world.happened["mapped anew"] += 1
        return self._map(documents.decode(raw), raw, key, rev)

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        del document
        if base is not None and base.contact is not None:
            draft = diff(base.contact, draft).apply(Contact())
        return documents.losses(draft, self.caps.writable)

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        native = documents.decode(raw).get("native", {})
        return {name: native[name] for name in names if name in native}


class MemoryProvider:
    """A provider of memory address books; registered by passing it.

    Args:
        books: the address books by their keys; the first one is the default. All of them belong to the account whose
            subject is the first world's.
        mapping_version: may be raised by a test, as by an upgrade; connectors made later map so.

    Attributes:
        password: the one that is accepted.
    """

    name = "memory"
    services = ("Memory",)

    def __init__(self, books: Mapping[str, MemoryWorld], *, mapping_version: int = 1) -> None:
        self.books = dict(books)
        self.mapping_version = mapping_version
        self.password = "secret"  # noqa: S105 - made up

    @property
    def streams(self) -> bool:
        return any(world.character.streams for world in self.books.values())

    def configured(self, options: Mapping[str, str]) -> MemoryProvider:
        del options
        return self

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        if service not in self.services or not credentials.password:
            raise BadRequest("$.password: missing")
        return credentials

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        del net
        if credentials.password != self.password:
            raise ProviderUnauthorized
        first = next(iter(self.books))
        identity = await MemoryConnector(self.books[first]).identify()
        return identity, tuple(SourceInfo(key=key, name=key, default=key == first) for key in self.books)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> MemoryConnector:
        del net, credentials, options
        return MemoryConnector(self.books[source_key], mapping_version=self.mapping_version, context=context)

    def notified(self, query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
        return channels.notified(query, body)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe_by_discovery(self, net, credentials, source_key)
