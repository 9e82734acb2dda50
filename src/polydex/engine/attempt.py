"""One write at the provider: its intent is stored before the call, the answer applied after it (J10, J11)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Capabilities, Connector, Record
from polydex.core import vcard
from polydex.core.decode import Draft, Request, decode_draft
from polydex.core.errors import (
    BadRequest,
    Internal,
    NotFound,
    PolydexError,
    ProviderMalformed,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, RowId
from polydex.core.patch import Patch, diff
from polydex.engine import apply, content, fetch, photos
from polydex.engine.context import Context
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import contacts, intents, rows, sources
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.intents import Intent
from polydex.store.rows import Stored
from polydex.store.sources import Source

R = TypeVar("R")
_BEGIN_VCARD = re.compile(rb"(?:\xef\xbb\xbf)?(?:[\w-]+\.)?BEGIN[ \t]*:", re.IGNORECASE)
"""How the cards begin that ``vcard.entries`` finds; no JSON does."""
ATTEMPTS = 3
ASK_AGAIN = 5.0
"""Seconds after which a client, or the worker, asks what became of a write whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one write works with."""

    account: Account
    source: Source
    target: Target
    connector: Connector

    @property
    def caps(self) -> Capabilities:
        """What the source can do."""
        return self.connector.caps


@dataclass(frozen=True, kw_only=True)
class Step:
    """One write, worked out, as it is to be sent.

    Attributes:
        digest: of everything that makes the request.
        body: the request's.
        mark: of a create.
        stored: the base of a change.
        target_etag: the content meant.
        halves: of a change that takes two calls (``photos.Halves``).
    """

    verb: ClassVar[str]
    digest: bytes
    body: bytes | None = None
    mark: str | None = None
    stored: Stored | None = None
    target_etag: str | None = None
    halves: str | None = None

    @property
    def base(self) -> Stored:
        """The base of a change."""
        if self.stored is None:
            raise Internal(detail=f"a {self.verb} has no base")
        return self.stored

    def travels(self, caps: Capabilities) -> bool:
        """Whether it may go with others in one call: what takes several calls goes alone."""
        del caps
        return True


@dataclass(frozen=True, kw_only=True)
class Creation(Step):
    """``given``: the mark was given by who asked, and may be there already."""

    verb = "create"
    draft: Draft
    given: bool = False

    def travels(self, caps: Capabilities) -> bool:
        photo = caps.photo_apart and self.draft.contact.photo is not None
        return not photo and not (caps.vcards and self.draft.document is not None)


@dataclass(frozen=True, kw_only=True)
class Change(Step):
    """The patch is what really changes."""

    verb = "update"
    patch: Patch

    def travels(self, caps: Capabilities) -> bool:
        return not caps.photo_apart or self.patch.photo is UNSET


@dataclass(frozen=True, kw_only=True)
class Deletion(Step):
    """The contact ``stored`` goes."""

    verb = "delete"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a step: the row as it is then (None for a delete) with what was lost, or the error."""

    step: Step
    intent: Intent
    stored: Stored | None = None
    losses: tuple[Loss, ...] = ()
    error: PolydexError | None = None


class Attempts:
    """What every write does at the provider, be it asked for or found out later."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def scene(self, account: Account, source: Source) -> Scene:
        """What a write to a source works with. Raises TokenDead, Unauthorized."""
        return Scene(account, source, self._ctx.target(account, source), self._ctx.connector(account, source))

    async def begin(self, scene: Scene, steps: Sequence[Step]) -> list[Intent]:
        """Store what is about to be done, in one transaction. Raises GenerationChanged."""
        return await self._ctx.db.write(_begin, self._ctx, scene, steps, self._ctx.clock())

    async def send(self, scene: Scene, step: Step) -> Sent:
        """One write by itself, from its intent to its outcome."""
        [intent] = await self.begin(scene, [step])
        try:
            if isinstance(step, Creation):
                stored, record = await self.create(scene, step.draft, intent, fresh=not step.given)
            elif isinstance(step, Change):
                stored, record = await self.update(scene, step.base, step.patch, intent)
            else:
                await self.delete(scene, step.base, intent)
                return Sent(step, intent)
        except PolydexError as error:
            return Sent(step, intent, error=error)
        return Sent(step, intent, stored, record.losses)

    async def renew(self, scene: Scene, intent: Intent) -> Intent:
        """Note that the write is about to be sent once more: lags count from now on. Raises GenerationChanged."""
        return await self._ctx.db.write(_renew, self._ctx, scene, intent, self._ctx.clock())

    async def reopen(self, scene: Scene, intent: Intent, body: bytes) -> Intent | None:
        """Take an abandoned intent up again, as a client asks for the same; None when it was made for something else."""
        if intent.generation != scene.account.generation or intent.source != scene.source.id:
            return None
        return await self._ctx.db.write(_reopen, intent, body, _due(self._ctx, self._ctx.clock()))

    async def create(self, scene: Scene, draft: Draft, intent: Intent, *, fresh: bool = False) -> tuple[Stored, Record]:
        """Create the contact of an intent, and apply the answer: the row as it is then, and what the provider said.

        ``fresh``: its mark is asked for the first time.
        """
        document = draft.document if scene.caps.vcards else None
        call = scene.connector.create(draft.contact, intent.mark, draft.native or None, document, fresh=fresh)
        record = await self._call(intent, call)
        record = await self._call(intent, self._with_photo(scene, intent, draft, record))
        return await self.conclude(scene, intent, record), record

    async def found(self, scene: Scene, intent: Intent, record: Record) -> None:
        """What an earlier attempt has created is there: the intent ends with it.

        A photo that takes a call of its own may be missing: it is written first.
        """
        if scene.caps.photo_apart and intent.body is not None:
            record = await self._with_photo(scene, intent, draft_of(intent.body), record)
        await self.conclude(scene, intent, record)

    async def _with_photo(self, scene: Scene, intent: Intent, draft: Draft, record: Record) -> Record:
        return await photos.complete(self._ctx, scene.connector, intent, draft.contact, record)

    async def update(self, scene: Scene, stored: Stored, patch: Patch, intent: Intent) -> tuple[Stored, Record]:
        """Carry out a patch, and apply the answer. Raises Stale and RecordNotFound; the intent has failed then."""
        record = await self._call(intent, scene.connector.update(content.record_of(stored), patch))
        return await self.conclude(scene, intent, record), record

    async def delete(self, scene: Scene, stored: Stored, intent: Intent) -> None:
        """Delete a contact, and apply the answer. Raises Stale; the intent has failed then."""
        await self._call(intent, scene.connector.delete(stored.key, stored.rev))
        await self._ctx.db.write(_gone, scene, intent, stored, self._ctx.clock())

    async def conclude(self, scene: Scene, intent: Intent, record: Record) -> Stored:
        """Apply the provider's answer and end the intent, in one transaction; the row as it is then."""
        row = await self._ctx.db.write(_applied, scene.target, intent, record, self._ctx.clock())
        return await self.settled(scene, intent, record.key, row)

    async def settled(self, scene: Scene, intent: Intent, key: RemoteKey, row: RowId | None) -> Stored:
        """The row of a record whose answer was applied to ``row``, once there is no doubt about it."""
        for _ in range(ATTEMPTS):
            stored = await self._ctx.db.read(rows.by_key, scene.source.id, key)
            if stored is not None and stored.verify_due is None and stored.live and stored.body is not None:
                if stored.row != row:
                    await self._ctx.db.write(intents.found_row, intent.id, stored.row)
                return stored
            # A pull has written the row since we asked: what is there now decides.
            if await fetch.fetch(self._ctx, scene.target, scene.connector, key, self._ctx.clock()):
                moved = await self._ctx.db.read(rows.at, intent.row) if intent.row is not None else None
                if moved is None or not moved.live or moved.key == key:
                    raise NotFound("The contact was deleted at the provider meanwhile")
                key = moved.key
        raise ProviderUnavailable(retry_after=ASK_AGAIN)

    async def _call(self, intent: Intent, call: Awaitable[R]) -> R:
        """Await the provider. A refusal ends the intent; a lost answer leaves it open, to be found out."""
        try:
            return await call
        except PolydexError as error:
            await self._ctx.db.write(failed, intent, error, self._ctx.clock())
            if _ambiguous(error):
                raise lost(error) from error
            raise


def draft_of(body: bytes) -> Draft:
    """The draft of a create: its body is JSON or, from an import, a vCard. Raises BadRequest, PayloadTooLarge."""
    if not _BEGIN_VCARD.match(body):
        return decode_draft(body)
    contact = vcard.read(body).contact
    if contact is None:
        raise BadRequest("The card is a group, no contact")
    return Draft(contact, document=body)


def effective(request: Request, stored: Stored) -> Patch:
    """What a request really changes, so that nothing else is sent to the provider."""
    base = content.contact_of(stored)
    patch = request.resolve(base)
    return msgspec.structs.replace(diff(base, patch.apply(base)), native_properties=patch.native_properties)


def lost(error: PolydexError) -> PolydexError:
    """What is told of a call that failed: when the provider may have acted, that it is being found out."""
    if not _ambiguous(error):
        return error
    return ProviderTimeout(
        "The provider's answer was lost; the outcome is being found out",
        retry_after=ASK_AGAIN,
        original=error.original,
    )


def failed(tx: Tx, intent: Intent, error: PolydexError, now: int) -> None:
    """A call failed: a refusal ends the intent, a lost answer leaves it open."""
    if _ambiguous(error):
        due = now + int(ASK_AGAIN * 1000)
        intents.again(tx, intent.id, due)
        if intent.verb == "create":  # a pull brings what is there, of many at once
            sources.make_due(tx, intent.source, due)
    else:
        intents.refused(tx, intent.id, now)


def _ambiguous(error: PolydexError) -> bool:
    """Whether the provider may have acted although the call failed."""
    return isinstance(error, ProviderTimeout | ProviderMalformed) or (
        isinstance(error, ProviderUnavailable) and error.sent
    )


def _begin(tx: Tx, ctx: Context, scene: Scene, steps: Sequence[Step], now: int) -> list[Intent]:
    asked = apply.stamp(tx, scene.account.id, scene.account.generation)
    numbers = [
        intents.begin(
            tx,
            account=scene.account.id,
            source=scene.source.id,
            generation=scene.account.generation,
            verb=step.verb,
            body_hash=step.digest,
            body=step.body,
            asked=asked,
            now=now,
            due_at=_due(ctx, now),
            mark=step.mark,
            row=step.stored.row if step.stored else None,
            base_etag=step.stored.etag if step.stored else None,
            target_etag=step.target_etag,
            halves=step.halves,
        )
        for step in steps
    ]
    return [_stored(tx, number) for number in numbers]


def _renew(tx: Tx, ctx: Context, scene: Scene, intent: Intent, now: int) -> Intent:
    asked = apply.stamp(tx, scene.account.id, scene.account.generation)
    intents.renew(tx, intent.id, asked, now, _due(ctx, now))
    return _stored(tx, intent.id)


def _reopen(tx: Tx, intent: Intent, body: bytes, due_at: int) -> Intent:
    intents.reopen(tx, intent.id, body, due_at)
    return _stored(tx, intent.id)


def _due(ctx: Context, now: int) -> int:
    """When somebody else may ask what became of an attempt that begins now."""
    return now + int((ctx.settings.write_deadline + ASK_AGAIN) * 1000)


def _stored(tx: Tx, number: int) -> Intent:
    intent = intents.get(tx, number)
    if intent is None:
        raise Internal(detail="an intent vanished in its own transaction")
    return intent


def _applied(tx: Tx, target: Target, intent: Intent, record: Record, now: int) -> RowId | None:
    """The row that the record's key has afterwards; a doubt about it is settled by the caller."""
    news = News(asked=intent.asked, asked_ms=intent.created_at, changed=(record,), wrote=True)
    apply.apply(tx, target, news, now)
    return written(tx, target, intent, record.key, now)


def written(tx: Tx, target: Target, intent: Intent, key: RemoteKey, now: int) -> RowId | None:
    """End an intent whose answer has been applied; the row of its key."""
    stored = rows.by_key(tx, target.source, key)
    row = stored.row if stored is not None else None
    if stored is not None and stored.wrote_at < now:  # the answer was not believed; lists lag behind our write anyway
        contacts.wrote(tx, stored.row, now)
    intents.finish(tx, intent.id, intents.DONE, now, row=row)
    intents.supersede(tx, intent, now)
    return row


def _doubtful_until(caps: Capabilities, stored: Stored) -> int:
    """Until when the provider may call this record "not found" although it is there, unix milliseconds (J12)."""
    return fetch.known_at(stored) + int(caps.create_lag * 1000) if caps.create_lag else 0


def _gone(tx: Tx, scene: Scene, intent: Intent, stored: Stored, now: int) -> None:
    news = News(asked=intent.asked, asked_ms=intent.created_at, removed=(stored.key,), wrote=True)
    apply.apply(tx, scene.target, news, now)
    deleted(tx, scene, intent, stored, now)


def deleted(tx: Tx, scene: Scene, intent: Intent, stored: Stored, now: int) -> None:
    """End the intent of a delete whose answer has been applied."""
    doubtful_until = _doubtful_until(scene.caps, stored)
    if doubtful_until > now and intent.row is not None:  # "already gone" may have been "not there yet"
        contacts.verify(tx, doubtful_until, [intent.row])
        sources.make_due(tx, scene.source.id, doubtful_until)
    intents.finish(tx, intent.id, intents.DONE, now)
