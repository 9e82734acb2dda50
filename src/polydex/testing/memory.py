"""A connector over a :class:`MemoryWorld`: everything a provider can do, and every way in which one can misbehave."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from polydex.connectors.base import (
    Absent,
    Capabilities,
    Credentials,
    Deferred,
    Found,
    Guard,
    Identity,
    MarkAnswer,
    New,
    Page,
    Probe,
    Record,
    SourceInfo,
    Unknown,
    Walk,
    probe_by_discovery,
)
from polydex.core.contact import Contact, Photo
from polydex.core.errors import (
    BadRequest,
    CursorExpired,
    PolydexError,
    ProviderError,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Field, Loss
from polydex.core.ids import Cursor, RemoteKey, Rev, StableKey
from polydex.core.patch import Patch, diff
from polydex.testing import document as documents
from polydex.testing.gates import Step
from polydex.testing.world import Fault, MemoryWorld, Version

_T = TypeVar("_T")
_BEFORE = (Fault.REFUSED, Fault.FAILED, Fault.DENIED, Fault.NONE)
_BETWEEN = (Fault.PARTLY,)
_AFTER = (Fault.LOST, Fault.PARTLY)


class MemoryConnector:
    """One address book of a made-up provider.

    Args:
        world: the provider's truth; its character decides how the connector behaves.
        mapping_version: how documents are mapped, see ``polydex.testing.document``.
        context: the names of the labels as a pull has found them; None: they are asked for.
    """

    def __init__(self, world: MemoryWorld, *, mapping_version: int = 1, context: bytes | None = None) -> None:
        self.world = world
        self.mapping_version = mapping_version
        self._given = context
        self._labels: Mapping[str, str] | None = None
        if world.character.labels:
            self._labels = dict(world.labels) if context is None else documents.decode(context)

    @property
    def caps(self) -> Capabilities:
        character = self.world.character
        writable = character.writable
        return Capabilities(
            update_guard=character.update_guard,
            delete_guard=character.delete_guard,
            delta=character.delta,
            photos=character.photos,
            marks=character.marks,
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
    ) -> Record:
        del document  # not a provider of vCards
        await self._ask("create", mark or "")
        made = self._document(New(draft, mark, native or {}), len(self.world.calls))
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
        return replace(record, losses=losses)

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
        return replace(record, losses=self.losses(patch.apply(Contact())))

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

        def act() -> Record:
            key, version = self.world.add(self._document(new, 1000 * len(self.world.calls) + at))
            return replace(self._record(RemoteKey(key), version, written=True), losses=self.losses(new.draft))

        return new.mark or "", act

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
                self.world.strike(verb, _BEFORE)
                answer = act()
                self.world.strike(verb, _AFTER)
            except PolydexError as error:
                answers.append(error)
            else:
                answers.append(answer)
        await self._answer(call, keys)
        return answers

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

    # --- pull ---------------------------------------------------------------------------------------------------

    async def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        self.world.happened["resumed"] += resume  # otherwise these cursors tell themselves what they are
        walks, era = self.world.walks, self.world.era
        if self.world.character.labels:
            await self._ask("labels", "")
            self._labels = dict(self.world.labels)
            await self._answer("labels", "")
        pages = self._snapshot(None, walk, era)
        if cursor is not None:
            kind, *rest = self.world.parts(cursor)
            if kind == "delta":
                pages = self._delta(int(rest[0]), walk, era)
            elif kind == "walk":
                pages = self._snapshot((int(rest[0]), rest[1]), walk, era)
            elif kind == "tag":
                asked = await self._list(walk, "tag")
                visible = self.world.visible
                await self._listed("tag")
                if int(rest[0]) == visible:
                    yield Page(mode="delta", cursor=cursor, last=True, asked=asked, context=self._context())
                    return
        context = self._given
        async for bare in pages:
            page = replace(bare, context=self._context() if self._context() != context else None)
            context = self._context()
            yield page
            if self.world.character.repeats and not page.last:
                self.world.happened["page repeated"] += 1
                yield page
            if self.world.walks != walks and not page.last:
                expired = CursorExpired()
                expired.resume = True
                self.world.happened["page token refused"] += 1
                raise expired

    async def _delta(self, position: int, walk: Walk, era: int) -> AsyncIterator[Page]:
        size = self.world.character.page_size
        last = False
        while not last:
            asked = await self._list(walk, f"delta/{position}")
            visible = self.world.visible
            stop = min(position + size, max(visible, position))
            last = stop >= visible
            keys, renamed = dict[str, None](), []
            for event in self.world.events(position, stop):
                if event.renamed_from is not None:
                    self.world.happened["renamed"] += 1
                    renamed.append((RemoteKey(event.renamed_from), RemoteKey(event.key)))
                keys[event.key] = None
            gone = [key for key in keys if self.world.version(key, visible) is None]
            changed, deferred = self._records([key for key in keys if key not in gone], visible)
            moved_away = {old for old, _ in renamed}
            cursor = self.world.cursor(era, "delta", stop)
            await self._listed(f"delta/{position}")
            yield Page(
                mode="delta",
                changed=changed,
                removed=self._repeated(RemoteKey(key) for key in gone if key not in moved_away),
                renamed=tuple(renamed),
                deferred=deferred,
                cursor=Cursor(cursor) if last else self._resume(cursor),
                last=last,
                asked=asked,
            )
            position = stop

    async def _snapshot(self, resumed: tuple[int, str] | None, walk: Walk, era: int) -> AsyncIterator[Page]:
        character = self.world.character
        start, after = resumed or (-1, "")
        last = False
        while not last:
            asked = await self._list(walk, f"walk/{after}")
            visible = self.world.visible
            if start < 0:
                start = visible
            everything = {} if self.world.blackout else self.world.state(visible)
            keys = [key for key in everything if key > after]
            last = len(keys) <= character.page_size
            keys = keys[: character.page_size]
            # Such a list is known whole from the start, as that of a CardDAV server is.
            whole = (not character.documents_in_list or character.renames == "uid") and resumed is None and not after
            after = keys[-1] if keys else after
            await self._listed(f"walk/{after}")
            if character.documents_in_list:
                unchanged: tuple[tuple[RemoteKey, Rev], ...] = ()
                changed, deferred = self._records(keys, visible)
            else:
                unchanged, changed, deferred = await self._compared(keys, visible, walk)
            yield Page(
                mode="snapshot",
                changed=changed,
                unchanged=unchanged,
                deferred=deferred,
                listing=frozenset(RemoteKey(key) for key in everything) if whole else None,
                cursor=self._last_cursor(era, start)
                if last
                else self._resume(self.world.cursor(era, "walk", start, after)),
                last=last,
                total=len(everything),
                asked=asked,
            )

    async def _compared(
        self, keys: Sequence[str], visible: int, walk: Walk
    ) -> tuple[tuple[tuple[RemoteKey, Rev], ...], tuple[Record, ...], tuple[Deferred, ...]]:
        """Only what is new or different is fetched, as the list saw it."""
        known = await walk.known([RemoteKey(key) for key in keys])
        same = []
        for key in keys:
            version = self.world.version(key, visible)
            rev = version and self._rev(version)
            if rev is not None and known.get(RemoteKey(key)) == rev and key not in self.world.unreadable:
                same.append((RemoteKey(key), rev))
        equal = {key for key, _ in same}
        changed, deferred = self._records([key for key in keys if key not in equal], visible)
        return tuple(same), changed, deferred

    def _last_cursor(self, era: int, start: int) -> Cursor | None:
        character = self.world.character
        position = start if character.honest_cursor else self.world.visible
        if character.delta:
            return Cursor(self.world.cursor(era, "delta", position))
        return Cursor(self.world.cursor(era, "tag", position)) if character.ctag else None

    def _resume(self, cursor: str) -> Cursor | None:
        match self.world.character.resume:
            case "works":
                return Cursor(cursor)
            case "cut":
                return Cursor(cursor[:-4])
            case _:
                return None

    def _records(self, keys: Sequence[str], visible: int) -> tuple[tuple[Record, ...], tuple[Deferred, ...]]:
        self._learn(self.world.version(key, visible) for key in keys)  # so that a page is mapped with one context
        records, deferred = [], []
        for index, key in enumerate(keys):
            version = self.world.version(key, visible)
            if version is None or version.document is None:
                continue
            if key in self.world.unreadable:
                self.world.happened["deferred"] += 1
                deferred.append(Deferred(RemoteKey(key), self._rev(version), self.world.refusal()))
            else:
                listed = replace(version, document=documents.cut(version.document, self.world.character.list_caps))
                record = self._record(RemoteKey(key), listed, written=index % 3 == 2)
                records.append(replace(record, ahead=False))
        return self._repeated(records), self._repeated(deferred)

    def _repeated(self, items: Iterable[_T]) -> tuple[_T, ...]:
        once = tuple(items)
        return once + once if self.world.character.repeats else once

    # --- steps of a call ----------------------------------------------------------------------------------------

    async def _ask(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "ask", key))
        self.world.strike(verb, _BEFORE)
        self.world.calls.append((verb, key))

    async def _gap(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "gap", key))

    async def _answer(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "answer", key))
        self.world.strike(verb, _AFTER)

    async def _list(self, walk: Walk, place: str) -> int:
        asked = await walk.stamp()
        await self._ask("list", place)
        return asked

    async def _listed(self, place: str) -> None:
        await self._answer("list", place)

    # --- mapping ------------------------------------------------------------------------------------------------

    def _check(self, key: str, raw: bytes) -> None:
        current = self.world.read(key).document
        if current is None or documents.encode(current) != raw:
            self.world.happened["stale"] += 1
            raise Stale

    def _rev(self, version: Version) -> Rev | None:
        return None if self.world.character.revisions == "missing" else Rev(version.rev)

    def _record(self, key: RemoteKey, version: Version, *, written: bool = False) -> Record:
        if key in self.world.unreadable:
            raise self.world.refusal
        assert version.document is not None
        self._learn([version])
        rev = None if written and self.world.character.revisions == "flaky" else self._rev(version)
        record = self._map(version.document, documents.encode(version.document), key, rev)
        ahead = self._given is not None and self._context() != self._given
        return replace(record, created_ms=version.created_ms, modified_ms=version.at, ahead=ahead)

    def _learn(self, versions: Iterable[Version | None]) -> None:
        """Ask for the labels once more where a document has one that is new."""
        ids = {label for v in versions if v and v.document for label in v.document.get("labels", ())}
        if self._labels is not None and not self._labels.keys() >= ids:
            self._labels = dict(self.world.labels)

    def _context(self) -> bytes | None:
        """The labels that documents are mapped with at this moment."""
        return None if self._labels is None else documents.encode(dict(sorted(self._labels.items())))

    def _map(self, document: documents.Document, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        renames = self.world.character.renames
        return Record(
            key=key,
            rev=rev,
            raw=raw,
            contact=documents.contact_of(document, self.mapping_version, self._labels),
            stable_key=StableKey(document["uid"]) if renames == "stable" else None,
            uid=document["uid"] if renames == "uid" else None,
            mark=document.get("mark"),
        )


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

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe_by_discovery(self, net, credentials, source_key)
