"""What one request wants to have written: how it is worked out, and what its outcome means (J10, J11)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar

from polydex.connectors.base import Capabilities, Guard, Record
from polydex.core.contact import Contact
from polydex.core.decode import Draft, Request
from polydex.core.errors import (
    FieldUnsupported,
    NotFound,
    PreconditionFailed,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.etag import IfMatch, etag_of
from polydex.core.fields import Loss
from polydex.engine import content, fetch, photos
from polydex.engine.attempt import ASK_AGAIN, ATTEMPTS, Change, Creation, Deletion, Scene, Sent, Step, effective
from polydex.engine.context import Context
from polydex.store import intents, rows
from polydex.store.intents import Intent
from polydex.store.rows import Stored

_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write.

    Attributes:
        record: the contact as it is now, a JSON object; ``{}`` after a delete.
        losses: what the provider does not keep as it was sent.
        intent: to be given back to ``Writer.delivered`` once the client has the answer; None when nothing was sent.
    """

    id: str
    etag: str
    record: bytes
    losses: tuple[Loss, ...] = ()
    intent: int | None = None


@dataclass(kw_only=True, eq=False)
class Errand:
    """A write that somebody waits for.

    Attributes:
        about: the id of the contact, or a mark that was given; two errands about the same keep their order. Empty:
            about nothing that exists.
        digest: of everything that makes the request.
        after: ``intents.last_delivered`` when the request arrived.
        answer: what those who wait are told; cancelled when nobody waits any more.
    """

    verb: ClassVar[str]
    ctx: Context
    about: str
    digest: bytes
    body: bytes
    strict: bool = False
    after: int = 0
    answer: asyncio.Future[Written] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def awaited(self) -> bool:
        """Whether it has no answer yet, and somebody waits for one."""
        return not self.answer.done()

    async def prepare(self, scene: Scene) -> Step | Written:
        """What is to be sent, or the outcome when nothing is. Raises what refuses the request."""
        raise NotImplementedError

    async def settle(self, scene: Scene, sent: Sent) -> Written | None:
        """The outcome of what was sent; None: the base was superseded, prepare once more. Raises what refused it."""
        raise NotImplementedError

    async def _base(self, scene: Scene) -> Stored:
        stored = await self.ctx.db.read(rows.find, scene.account.id, self.about)
        if stored is None or not stored.live or stored.etag is None or stored.source != scene.source.id:
            raise NotFound("There is no such contact")
        return stored

    async def _refreshed(self, scene: Scene, stored: Stored) -> Stored:
        return await fetch.refresh(self.ctx, scene.target, scene.connector, stored)


@dataclass(kw_only=True, eq=False)
class Create(Errand):
    """A contact is to be created; ``about`` is its mark when that was given."""

    verb = "create"
    draft: Draft

    async def prepare(self, scene: Scene) -> Step | Written:
        if self.strict:
            await _demand_lossless(scene, self.draft.contact)
        given = self.about or None
        if given is not None and await self.ctx.db.read(intents.is_open, scene.account.id, given):  # with another body
            raise ProviderTimeout("The outcome of an earlier attempt is not known yet", retry_after=ASK_AGAIN)
        if given is not None:  # the provider looks for it among its newest contacts at the most
            here = await self._marked(scene, given)
            if here is not None and here.etag is not None:
                return told(here)
        return Creation(
            digest=self.digest,
            body=self.body,
            draft=self.draft,
            mark=given or self.ctx.random_bytes(_MARK_BYTES).hex(),
            given=given is not None,
            target_etag=etag_of(self.draft.contact),
        )

    async def _marked(self, scene: Scene, mark: str) -> Stored | None:
        """The row that carries a mark. What is not certain of it is asked for, not made a second time."""
        for _ in range(ATTEMPTS):
            here = await self.ctx.db.read(rows.by_mark, scene.source.id, mark)
            if here is None or here.verify_due is None:
                return here
            await fetch.fetch(self.ctx, scene.target, scene.connector, here.key, fetch.known_at(here))
        raise ProviderUnavailable(retry_after=ASK_AGAIN)

    async def settle(self, scene: Scene, sent: Sent) -> Written | None:
        del scene
        return _written(sent)


@dataclass(kw_only=True, eq=False)
class Update(Errand):
    """The contact ``about`` is to be changed."""

    verb = "update"
    request: Request
    match: IfMatch | None

    async def prepare(self, scene: Scene) -> Step | Written:
        stored = await self._base(scene)
        # J11: without a guard the base is fetched here; a checking connector fetches and compares it by itself.
        fetched = scene.caps.update_guard is Guard.NONE or _capped(scene.caps, stored)
        while True:
            if fetched:
                stored = await self._refreshed(scene, stored)
            _demand(self.match, stored)
            patch = effective(self.request, stored)
            if not patch.is_empty():
                break
            if fetched:
                # An earlier change whose answer was lost must not be sent again over what is acknowledged here (J10).
                await self.ctx.db.write(intents.overtake, scene.account.id, stored.row, stored.etag, self.ctx.clock())
                return told(stored)
            fetched = True  # an empty difference counts only against a fetched copy
        after = patch.apply(content.contact_of(stored))
        if self.strict:
            await _demand_lossless(scene, after, content.record_of(stored))
        halves = photos.halves(scene.caps, content.contact_of(stored), after, patch)
        return Change(
            digest=self.digest, body=self.body, stored=stored, patch=patch, target_etag=etag_of(after), halves=halves
        )

    async def settle(self, scene: Scene, sent: Sent) -> Written | None:
        if isinstance(sent.error, Stale):
            same = await self.ctx.db.read(intents.get, sent.intent.id)
            if same is not None and same.state == intents.DONE:
                # This process stood still, and another one has sent it in its place: what is newer came after.
                return await replayed(self.ctx, scene, same)
            await self._refreshed(scene, sent.step.base)
            return None
        if isinstance(sent.error, RecordNotFound):
            await self._refreshed(scene, sent.step.base)
            raise NotFound("There is no such contact") from None
        return _written(sent)


@dataclass(kw_only=True, eq=False)
class Delete(Errand):
    """The contact ``about`` is to be deleted."""

    verb = "delete"
    match: IfMatch | None

    async def prepare(self, scene: Scene) -> Step | Written:
        stored = await self._base(scene)
        guard = scene.caps.delete_guard
        if stored.rev is None or guard is Guard.NONE or (guard is Guard.CHECKED and self.match is not None):
            # No revision that is compared, or one that two versions may have: look first.
            stored = await self._refreshed(scene, stored)
        _demand(self.match, stored)
        return Deletion(digest=self.digest, stored=stored)

    async def settle(self, scene: Scene, sent: Sent) -> Written | None:
        stored = sent.step.base
        if isinstance(sent.error, Stale):
            await self._refreshed(scene, stored)
            return None
        if sent.error is not None:
            raise sent.error
        after = await self.ctx.db.read(rows.at, stored.row)
        if after is not None and after.verify_due is not None and after.verify_due <= self.ctx.clock():
            # Written meanwhile: ask what is there now.
            await fetch.fetch(self.ctx, scene.target, scene.connector, stored.key, 0)
        return Written(self.about, "", b"{}", intent=sent.intent.id)


async def replayed(ctx: Context, scene: Scene, intent: Intent) -> Written:
    """The outcome of a write that was carried out before. Raises NotFound when its contact is gone."""
    if intent.verb == "delete":
        return Written("", "", b"{}", intent=intent.id)
    stored = await ctx.db.read(rows.at, intent.row) if intent.row is not None else None
    if stored is not None and stored.verify_due is not None:  # carried out, but what is there now was not heard yet
        known_at = intent.finished_at or intent.created_at
        await fetch.fetch(ctx, scene.target, scene.connector, stored.key, known_at)
        stored = await ctx.db.read(rows.by_key, scene.source.id, stored.key)
    if stored is None or not stored.live:
        raise NotFound("The contact has been deleted since")
    return told(stored, intent=intent.id)


def told(stored: Stored, losses: tuple[Loss, ...] = (), intent: int | None = None) -> Written:
    """The outcome that is this contact."""
    return Written(str(stored.public_id), stored.etag or "", stored.body or b"{}", losses, intent)


def _written(sent: Sent) -> Written:
    if sent.error is not None or sent.stored is None:
        raise sent.error or NotFound
    return told(sent.stored, sent.losses, sent.intent.id)


def _demand(match: IfMatch | None, stored: Stored) -> None:
    if match is not None and not match.matches(stored.etag or ""):
        raise PreconditionFailed


async def _demand_lossless(scene: Scene, after: Contact, base: Record | None = None) -> None:
    """Raise FieldUnsupported naming every place that the provider would not keep as it was sent."""
    losses = await asyncio.to_thread(scene.connector.losses, after, base)
    if losses:
        raise FieldUnsupported("; ".join(f"{loss.path}: {loss.reason}" for loss in losses))


def _capped(caps: Capabilities, stored: Stored) -> bool:
    """Whether a list is so long that the provider's lists may have cut it: then it is no base (J11)."""
    if not caps.list_caps or stored.body is None:
        return False
    contact = content.contact_of(stored)
    lists = {
        "emailAddresses": contact.email_addresses,
        "phoneNumbers": contact.phone_numbers,
        "addresses": contact.addresses,
        "urls": contact.urls,
        "relations": contact.relations,
    }
    return any(len(lists.get(name, ())) >= most for name, most in caps.list_caps.items())
