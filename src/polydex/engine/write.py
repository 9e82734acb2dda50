"""Writes: through to the provider first, with an intent stored before and the answer applied after (J10, J11)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from polydex.connectors.base import Capabilities, Guard, Record
from polydex.core.contact import Contact
from polydex.core.decode import Draft, Request, decode_draft, decode_patch
from polydex.core.errors import (
    FieldUnsupported,
    Internal,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    ProviderTimeout,
    RecordNotFound,
    Stale,
)
from polydex.core.etag import IfMatch, etag_of
from polydex.core.fields import Loss
from polydex.engine import content, fetch
from polydex.engine.attempt import ASK_AGAIN, ATTEMPTS, Attempts, Scene, draft_of, effective
from polydex.engine.context import Context
from polydex.engine.recovery import Recovery
from polydex.engine.turns import Turns
from polydex.store import intents, rows, sources
from polydex.store.accounts import Account
from polydex.store.intents import Intent
from polydex.store.rows import Stored

_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write.

    Attributes:
        record: the contact as it is now, a JSON object; ``{}`` after a delete.
        losses: what the provider does not keep as it was sent.
        intent: to be given back to ``delivered`` once the client has the answer; None when nothing was sent.
    """

    id: str
    etag: str
    record: bytes
    losses: tuple[Loss, ...] = ()
    intent: int | None = None


class Writer:
    """Writes of one installation."""

    def __init__(self, ctx: Context, turns: Turns) -> None:
        self._ctx, self._turns = ctx, turns
        self._attempts = Attempts(ctx)
        self.recovery = Recovery(ctx, turns, self._attempts)
        self._open: dict[tuple[int, bytes], asyncio.Task[Written]] = {}
        self._telling: set[asyncio.Task[None]] = set()  # answers that clients have, on their way into the store

    # What clients ask for

    async def create(self, account: Account, body: bytes, *, strict: bool = False) -> Written:
        """Create a contact. Raises BadRequest and what the provider says.

        An identical request attaches to one that is open, or whose answer could not be delivered lately (J10).

        Args:
            strict: write nothing that would not be kept exactly, but raise FieldUnsupported naming every such place.
        """
        draft = decode_draft(body)
        digest = _digest("create", "", "", body, strict=strict)
        return await self._once(
            account, digest, body, lambda scene: self._create(scene, draft, body, digest, strict=strict)
        )

    async def create_once(self, account: Account, body: bytes, mark: str) -> Written:
        """Create a contact that is recognised by its mark: however often it is asked for, there is one.

        What carries the mark already is returned as it is. ``body`` is JSON as for ``create``, or a vCard, which a
        provider of vCards keeps with all that it says. Raises BadRequest and what the provider says; ProviderTimeout
        while the outcome of an earlier attempt is not known.
        """
        draft = draft_of(body)
        digest = _digest("create", "", mark, body)
        return await self._once(
            account, digest, body, lambda scene: self._create(scene, draft, body, digest, strict=False, mark=mark)
        )

    async def update(
        self, account: Account, contact_id: str, body: bytes, if_match: str | None, *, strict: bool = False
    ) -> Written:
        """Update a contact; ``strict`` as for ``create``.

        Raises NotFound, PreconditionFailed, PreconditionRequired, BadRequest, FieldUnsupported.
        """
        match = self._match(if_match)
        request = decode_patch(body)
        digest = _digest("update", contact_id, if_match or "", body, strict=strict)
        return await self._once(
            account,
            digest,
            body,
            lambda scene: self._update(scene, contact_id, request, body, match, digest, strict=strict),
        )

    async def delete(self, account: Account, contact_id: str, if_match: str | None) -> int | None:
        """Delete a contact; the intent, to be given back to ``delivered``. Raises NotFound, PreconditionFailed."""
        match = IfMatch.parse(if_match) if if_match else None
        digest = _digest("delete", contact_id, if_match or "", b"")
        written = await self._once(account, digest, b"", lambda scene: self._delete(scene, contact_id, match, digest))
        return written.intent

    async def delivered(self, intent: int | None) -> None:
        """The client has the answer: an identical request from now on is another one."""
        if intent is not None:
            telling = asyncio.create_task(self._ctx.db.write(intents.deliver, intent))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
            await asyncio.shield(telling)

    async def drain(self, grace: float) -> None:
        """Let writes that run finish for ``grace`` seconds. What is cut off is found out by its intent."""
        running = list(self._open.values())
        if running:
            _, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    # One at a time

    def _match(self, if_match: str | None) -> IfMatch | None:
        if if_match:
            return IfMatch.parse(if_match)
        if self._ctx.settings.require_if_match:
            raise PreconditionRequired
        return None

    async def _once(
        self, account: Account, digest: bytes, body: bytes, work: Callable[[Scene], Awaitable[Written]]
    ) -> Written:
        """Run one write to its end, whatever becomes of the caller; identical requests share it."""
        key = (int(account.id), digest)
        task = self._open.get(key)
        if task is None:
            task = asyncio.create_task(self._in_turn(account, digest, body, work))
            self._open[key] = task

            def done(finished: asyncio.Task[Written]) -> None:
                self._open.pop(key, None)
                if not finished.cancelled():
                    finished.exception()  # told to those who wait; nobody may be left

            task.add_done_callback(done)
        return await asyncio.shield(task)

    async def _in_turn(
        self, account: Account, digest: bytes, body: bytes, work: Callable[[Scene], Awaitable[Written]]
    ) -> Written:
        try:
            async with asyncio.timeout(self._ctx.settings.write_deadline):
                if self._telling:
                    await asyncio.wait(set(self._telling))
                after = await self._ctx.db.read(intents.last_delivered, account.id, digest)
                async with self._turns.turn(account.id):
                    return await self._write(account, digest, body, after, work)
        except TimeoutError:
            raise ProviderTimeout(retry_after=ASK_AGAIN) from None

    async def _write(
        self, account: Account, digest: bytes, body: bytes, after: int, work: Callable[[Scene], Awaitable[Written]]
    ) -> Written:
        source = await self._ctx.db.read(sources.default, account.id)
        if source is None:
            raise Internal(detail="the account has no default source")
        scene = self._attempts.scene(account, source)
        since = self._ctx.clock() - int(self._ctx.settings.replay_window * 1000)
        same = await self._ctx.db.read(intents.same_request, account.id, digest, since, after)
        if same is not None:
            if same.state == intents.ABANDONED:
                # "Not there" was true then. What had been created may have been put back since, so the same mark is
                # asked for again, and used again.
                same = await self._attempts.reopen(scene, same, body)
            if same is not None and same.state == intents.OPEN:
                await self.recovery.resolve(scene, same, wanted=True)
                same = await self._ctx.db.read(intents.get, same.id)
            if same is not None and same.state == intents.DONE:
                return await self._replayed(scene, same)
        await self.recovery.run(account, source)
        return await work(scene)

    async def _replayed(self, scene: Scene, intent: Intent) -> Written:
        if intent.verb == "delete":
            return Written("", "", b"{}", intent=intent.id)
        stored = await self._ctx.db.read(rows.at, intent.row) if intent.row is not None else None
        if stored is not None and stored.verify_due is not None:  # carried out, but what is there now was not heard yet
            known_at = intent.finished_at or intent.created_at
            await fetch.fetch(self._ctx, scene.target, scene.connector, stored.key, known_at)
            stored = await self._ctx.db.read(rows.by_key, scene.source.id, stored.key)
        if stored is None or not stored.live:
            raise NotFound("The contact has been deleted since")
        return _written(stored, intent=intent.id)

    # Create

    async def _create(
        self, scene: Scene, draft: Draft, body: bytes, digest: bytes, *, strict: bool, mark: str | None = None
    ) -> Written:
        if strict:
            await _demand_lossless(scene, draft.contact)
        if mark is None:
            mark = self._ctx.random_bytes(_MARK_BYTES).hex()
        elif await self._ctx.db.read(intents.is_open, scene.account.id, mark):  # with another body
            raise ProviderTimeout("The outcome of an earlier attempt is not known yet", retry_after=ASK_AGAIN)
        target = etag_of(draft.contact)
        intent = await self._attempts.begin(scene, "create", digest, body, mark=mark, target_etag=target)
        stored, record = await self._attempts.create(scene, draft, intent)
        return _written(stored, record.losses, intent.id)

    # Update

    async def _update(
        self,
        scene: Scene,
        contact_id: str,
        request: Request,
        body: bytes,
        match: IfMatch | None,
        digest: bytes,
        *,
        strict: bool,
    ) -> Written:
        # J11: without a guard the base is fetched here; a checking connector fetches and compares it by itself.
        must_fetch = scene.caps.update_guard is Guard.NONE
        for _ in range(ATTEMPTS):
            stored = await self._base(scene, contact_id)
            fetched = must_fetch or _capped(scene.caps, stored)
            if fetched:
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            _demand(match, stored)
            patch = effective(request, stored)
            if patch.is_empty():
                if fetched:
                    return _written(stored)
                must_fetch = True  # an empty difference counts only against a fetched copy
                continue
            after = patch.apply(content.contact_of(stored))
            if strict:
                await _demand_lossless(scene, after, content.record_of(stored))
            intent = await self._attempts.begin(
                scene, "update", digest, body, row=stored.row, base_etag=stored.etag, target_etag=etag_of(after)
            )
            try:
                stored, record = await self._attempts.update(scene, stored, patch, intent)
            except Stale:
                same = await self._ctx.db.read(intents.get, intent.id)
                if same is not None and same.state == intents.DONE:
                    # This process stood still, and another one has sent it in its place: what is newer came after.
                    return await self._replayed(scene, same)
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                continue
            except RecordNotFound:
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                raise NotFound("There is no such contact") from None
            return _written(stored, record.losses, intent.id)
        raise PreconditionFailed

    # Delete

    async def _delete(self, scene: Scene, contact_id: str, match: IfMatch | None, digest: bytes) -> Written:
        for _ in range(ATTEMPTS):
            stored = await self._base(scene, contact_id)
            guard = scene.caps.delete_guard
            if stored.rev is None or guard is Guard.NONE or (guard is Guard.CHECKED and match is not None):
                # No revision that is compared, or one that two versions may have: look first.
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            _demand(match, stored)
            intent = await self._attempts.begin(scene, "delete", digest, None, row=stored.row, base_etag=stored.etag)
            try:
                await self._attempts.delete(scene, stored, intent)
            except Stale:
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                continue
            after = await self._ctx.db.read(rows.at, stored.row)
            if after is not None and after.verify_due is not None and after.verify_due <= self._ctx.clock():
                # Written meanwhile: ask what is there now.
                await fetch.fetch(self._ctx, scene.target, scene.connector, stored.key, 0)
            return Written(contact_id, "", b"{}", intent=intent.id)
        raise PreconditionFailed

    async def _base(self, scene: Scene, contact_id: str) -> Stored:
        stored = await self._ctx.db.read(rows.find, scene.account.id, contact_id)
        if stored is None or not stored.live or stored.etag is None or stored.source != scene.source.id:
            raise NotFound("There is no such contact")
        return stored


def _digest(verb: str, contact_id: str, if_match: str, body: bytes, *, strict: bool = False) -> bytes:
    # Whoever asks for strict handling must not get the answer of a request that did not.
    verb = f"{verb}, strictly" if strict else verb
    parts = (verb.encode(), contact_id.encode(), if_match.encode(), body)
    return hashlib.sha256(b"\0".join(parts)).digest()


def _written(stored: Stored, losses: tuple[Loss, ...] = (), intent: int | None = None) -> Written:
    return Written(str(stored.public_id), stored.etag or "", stored.body or b"{}", losses, intent)


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
