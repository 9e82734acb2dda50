"""How the memory provider tells about its contacts: change feeds and lists, single steps of a call, the mapping."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from polydex.connectors.base import Deferred, Page, Record, Walk
from polydex.core.errors import CursorExpired, Stale
from polydex.core.ids import Cursor, RemoteKey, Rev, StableKey
from polydex.testing import document as documents
from polydex.testing.gates import Step
from polydex.testing.world import Fault, MemoryWorld, Version

_T = TypeVar("_T")
BEFORE = (Fault.REFUSED, Fault.FAILED, Fault.DENIED, Fault.NONE)
AFTER = (Fault.LOST, Fault.PARTLY)


class MemoryFeed:
    """What of a memory connector only reads.

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
                records.append(msgspec.structs.replace(record, ahead=False))
        return self._repeated(records), self._repeated(deferred)

    def _repeated(self, items: Iterable[_T]) -> tuple[_T, ...]:
        once = tuple(items)
        return once + once if self.world.character.repeats else once

    # --- steps of a call ----------------------------------------------------------------------------------------

    async def _ask(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "ask", key))
        self.world.strike(verb, BEFORE)
        self.world.calls.append((verb, key))

    async def _gap(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "gap", key))

    async def _answer(self, verb: str, key: str) -> None:
        await self.world.gates.pass_through(Step(verb, "answer", key))
        self.world.strike(verb, AFTER)

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
        return msgspec.structs.replace(record, created_ms=version.created_ms, modified_ms=version.at, ahead=ahead)

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
