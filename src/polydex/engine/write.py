"""Writes: through to the provider first, with an intent stored before and the answer applied after (J10, J11)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from polydex.connectors.base import Absent, Capabilities, Connector, Found, Guard, Record
from polydex.core.decode import Draft, Request, decode_draft, decode_patch
from polydex.core.errors import (
    Internal,
    NotFound,
    PolydexError,
    PreconditionFailed,
    PreconditionRequired,
    ProviderError,
    ProviderMalformed,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.etag import IfMatch, etag_of
from polydex.core.fields import Loss
from polydex.core.ids import AccountId, RemoteKey, RowId
from polydex.core.patch import Patch, diff
from polydex.engine import apply, content, fetch
from polydex.engine.apply import News, Target
from polydex.engine.context import Context
from polydex.engine.turns import Turns
from polydex.log import logger
from polydex.store import accounts, contacts, intents, rows, sources
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.intents import Intent
from polydex.store.rows import Stored
from polydex.store.sources import Source

R = TypeVar("R")
_ATTEMPTS = 3
_ASK_AGAIN = 5.0
"""Seconds after which a client, or the worker, asks what became of a write whose answer was lost."""
_MARK_BYTES = 16
_ACCOUNT_BATCH = 50

log = logger(__name__)


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


class Writer:
    """Writes of one installation."""

    def __init__(self, ctx: Context, turns: Turns) -> None:
        self._ctx, self._turns = ctx, turns
        self._open: dict[tuple[int, bytes], asyncio.Task[Written]] = {}

    # What clients ask for

    async def create(self, account: Account, body: bytes) -> Written:
        """Create a contact. Raises BadRequest and what the provider says.

        An identical request attaches to one that is open, or whose answer could not be delivered lately (J10).
        """
        draft = decode_draft(body)
        digest = _digest("create", "", "", body)
        return await self._once(account, digest, lambda scene: self._create(scene, draft, body, digest))

    async def update(self, account: Account, contact_id: str, body: bytes, if_match: str | None) -> Written:
        """Update a contact. Raises NotFound, PreconditionFailed, PreconditionRequired, BadRequest."""
        match = self._match(if_match)
        request = decode_patch(body)
        digest = _digest("update", contact_id, if_match or "", body)
        return await self._once(
            account, digest, lambda scene: self._update(scene, contact_id, request, body, match, digest)
        )

    async def delete(self, account: Account, contact_id: str, if_match: str | None) -> int | None:
        """Delete a contact; the intent, to be given back to ``delivered``. Raises NotFound, PreconditionFailed."""
        match = IfMatch.parse(if_match) if if_match else None
        digest = _digest("delete", contact_id, if_match or "", b"")
        written = await self._once(account, digest, lambda scene: self._delete(scene, contact_id, match, digest))
        return written.intent

    async def delivered(self, intent: int | None) -> None:
        """The client has the answer: an identical request from now on is another one."""
        if intent is not None:
            await self._ctx.db.write(intents.deliver, intent)

    async def recover_due(self) -> int:
        """Find out what became of writes whose answer was lost; the number of accounts looked at."""
        now = self._ctx.clock()
        due = await self._ctx.db.read(intents.due_accounts, now, _ACCOUNT_BATCH)
        for account_id in due:
            try:
                async with asyncio.timeout(self._ctx.settings.write_deadline), self._turns.turn(account_id):
                    await self._recover(await self._ctx.db.read(_scene_rows, account_id))
            except (PolydexError, TimeoutError) as error:
                log.info("write.recovery", account=account_id, error=type(error).__name__)
                await self._ctx.db.write(_postpone, account_id, self._ctx.clock())
        return len(due)

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

    async def _once(self, account: Account, digest: bytes, work: Callable[[Scene], Awaitable[Written]]) -> Written:
        """Run one write to its end, whatever becomes of the caller; identical requests share it."""
        key = (int(account.id), digest)
        task = self._open.get(key)
        if task is None:
            task = asyncio.create_task(self._in_turn(account, digest, work))
            self._open[key] = task

            def done(finished: asyncio.Task[Written]) -> None:
                self._open.pop(key, None)
                if not finished.cancelled():
                    finished.exception()  # told to those who wait; nobody may be left

            task.add_done_callback(done)
        return await asyncio.shield(task)

    async def _in_turn(self, account: Account, digest: bytes, work: Callable[[Scene], Awaitable[Written]]) -> Written:
        try:
            async with asyncio.timeout(self._ctx.settings.write_deadline), self._turns.turn(account.id):
                scene = await self._scene(account)
                since = self._ctx.clock() - int(self._ctx.settings.replay_window * 1000)
                same = await self._ctx.db.read(intents.same_request, account.id, digest, since)
                if same is not None:
                    if same.state == intents.OPEN:
                        await self._resolve(scene, same, wanted=True)
                        same = await self._ctx.db.read(intents.get, same.id)
                    if same is not None and same.state == intents.DONE:
                        return await self._replayed(same)
                await self._recover((account, scene.source))
                return await work(scene)
        except TimeoutError:
            raise ProviderTimeout(retry_after=_ASK_AGAIN) from None

    async def _scene(self, account: Account) -> Scene:
        source = await self._ctx.db.read(sources.default, account.id)
        if source is None:
            raise Internal(detail="the account has no default source")
        return Scene(account, source, self._ctx.target(account, source), self._ctx.connector(account, source))

    async def _replayed(self, intent: Intent) -> Written:
        if intent.verb == "delete":
            return Written("", "", b"{}", intent=intent.id)
        stored = await self._ctx.db.read(rows.at, intent.row) if intent.row is not None else None
        if stored is None or not stored.live:
            raise NotFound("The contact has been deleted since")
        return _written(stored, intent=intent.id)

    # Create

    async def _create(self, scene: Scene, draft: Draft, body: bytes, digest: bytes) -> Written:
        mark = self._ctx.random_bytes(_MARK_BYTES).hex()
        intent = await self._begin(scene, "create", digest, body, mark=mark, target_etag=etag_of(draft.contact))
        return await self._send_create(scene, draft, intent)

    async def _send_create(self, scene: Scene, draft: Draft, intent: Intent) -> Written:
        record = await self._call(intent, scene.connector.create(draft.contact, intent.mark, draft.native or None))
        stored = await self._conclude(scene, intent, record)
        return _written(stored, record.losses, intent.id)

    # Update

    async def _update(
        self, scene: Scene, contact_id: str, request: Request, body: bytes, match: IfMatch | None, digest: bytes
    ) -> Written:
        # J11: without a guard the base is fetched here; a checking connector fetches and compares it by itself.
        must_fetch = scene.caps.update_guard is Guard.NONE
        for _ in range(_ATTEMPTS):
            stored = await self._base(scene, contact_id)
            fetched = must_fetch or _capped(scene.caps, stored)
            if fetched:
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            _demand(match, stored)
            patch = _effective(request, stored)
            if patch.is_empty():
                if fetched:
                    return _written(stored)
                must_fetch = True  # an empty difference counts only against a fetched copy
                continue
            after = patch.apply(content.contact_of(stored))
            intent = await self._begin(
                scene, "update", digest, body, row=stored.row, base_etag=stored.etag, target_etag=etag_of(after)
            )
            try:
                record = await self._call(intent, scene.connector.update(content.record_of(stored), patch))
            except Stale:
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                continue
            except RecordNotFound:
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                raise NotFound("There is no such contact") from None
            stored = await self._conclude(scene, intent, record)
            return _written(stored, record.losses, intent.id)
        raise PreconditionFailed

    # Delete

    async def _delete(self, scene: Scene, contact_id: str, match: IfMatch | None, digest: bytes) -> Written:
        for _ in range(_ATTEMPTS):
            stored = await self._base(scene, contact_id)
            if scene.caps.delete_guard is Guard.NONE:
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            _demand(match, stored)
            intent = await self._begin(scene, "delete", digest, None, row=stored.row, base_etag=stored.etag)
            try:
                await self._call(intent, scene.connector.delete(stored.key, stored.rev))
            except Stale:
                await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
                continue
            now = self._ctx.clock()
            await self._ctx.db.write(_gone, scene.target, intent, stored.key, now, _doubtful_until(scene.caps, stored))
            after = await self._ctx.db.read(rows.at, stored.row)
            if after is not None and after.verify_due is not None and after.verify_due <= now:
                # Written meanwhile: ask what is there now.
                await fetch.fetch(self._ctx, scene.target, scene.connector, stored.key, 0)
            return Written(contact_id, "", b"{}", intent=intent.id)
        raise PreconditionFailed

    # Steps that every write shares

    async def _base(self, scene: Scene, contact_id: str) -> Stored:
        stored = await self._ctx.db.read(rows.find, scene.account.id, contact_id)
        if stored is None or not stored.live or stored.etag is None or stored.source != scene.source.id:
            raise NotFound("There is no such contact")
        return stored

    async def _begin(
        self,
        scene: Scene,
        verb: str,
        digest: bytes,
        body: bytes | None,
        *,
        mark: str | None = None,
        row: RowId | None = None,
        base_etag: str | None = None,
        target_etag: str | None = None,
    ) -> Intent:
        return await self._ctx.db.write(
            _begin, self._ctx, scene, verb, digest, body, mark, row, base_etag, target_etag, self._ctx.clock()
        )

    async def _call(self, intent: Intent, call: Awaitable[R]) -> R:
        """Await the provider. A refusal ends the intent; a lost answer leaves it open, to be found out."""
        try:
            return await call
        except PolydexError as error:
            if ambiguous(error):
                due = self._ctx.clock() + int(_ASK_AGAIN * 1000)
                await self._ctx.db.write(intents.again, intent.id, due)
                raise ProviderTimeout(
                    "The provider's answer was lost; the outcome is being found out",
                    retry_after=_ASK_AGAIN,
                    original=error.original,
                ) from error
            await self._ctx.db.write(intents.finish, intent.id, intents.FAILED, self._ctx.clock())
            raise

    async def _conclude(self, scene: Scene, intent: Intent, record: Record) -> Stored:
        """Apply the provider's answer and end the intent, in one transaction; the row as it is then."""
        row = await self._ctx.db.write(_applied, scene.target, intent, record, self._ctx.clock())
        for _ in range(_ATTEMPTS):
            stored = await self._ctx.db.read(rows.by_key, scene.source.id, record.key)
            if stored is not None and stored.verify_due is None and stored.live and stored.body is not None:
                if row is None:
                    await self._ctx.db.write(intents.found_row, intent.id, stored.row)
                return stored
            # A pull has written the row since we asked: what is there now decides.
            if await fetch.fetch(self._ctx, scene.target, scene.connector, record.key, self._ctx.clock()):
                raise NotFound("The contact was deleted at the provider meanwhile")
        raise ProviderUnavailable(retry_after=_ASK_AGAIN)

    # Finding out

    async def _recover(self, of: tuple[Account, Source]) -> None:
        """Find out what became of the account's open intents, in their order."""
        account, source = of
        for intent in await self._ctx.db.read(intents.open_of_account, account.id):
            if intent.generation != account.generation or intent.source != source.id:
                await self._ctx.db.write(intents.finish, intent.id, intents.ABANDONED, self._ctx.clock())
                continue
            scene = Scene(account, source, self._ctx.target(account, source), self._ctx.connector(account, source))
            try:
                await self._resolve(scene, intent, wanted=False)
            except ProviderError as error:
                log.info("write.unresolved", intent=intent.id, verb=intent.verb, error=error.code)
                due = self._ctx.clock() + int(_pause(intent.tries) * 1000)
                await self._ctx.db.write(intents.again, intent.id, due)

    async def _resolve(self, scene: Scene, intent: Intent, *, wanted: bool) -> None:
        """Find out what became of one intent, and send it again where that is right (J10).

        Raises ProviderTimeout while it cannot be known. ``wanted``: a client asks for exactly this again.
        """
        if intent.verb == "create":
            await self._resolve_create(scene, intent, wanted=wanted)
        else:
            await self._resolve_change(scene, intent)

    async def _resolve_create(self, scene: Scene, intent: Intent, *, wanted: bool) -> None:
        asked_ms = self._ctx.clock()
        answer = await scene.connector.find_mark(intent.mark or "")
        if isinstance(answer, Found):
            await self._conclude(scene, intent, answer.record)
            return
        believed = isinstance(answer, Absent) and (asked_ms >= intent.created_at + int(scene.caps.mark_lag * 1000))
        if not believed:
            raise ProviderTimeout("The outcome of this request is not known yet", retry_after=_ASK_AGAIN)
        if wanted and intent.body is not None:
            await self._send_create(scene, decode_draft(intent.body), intent)
        else:
            await self._ctx.db.write(intents.finish, intent.id, intents.ABANDONED, self._ctx.clock())

    async def _resolve_change(self, scene: Scene, intent: Intent) -> None:
        stored = await self._ctx.db.read(rows.at, intent.row) if intent.row is not None else None
        if stored is not None and stored.live:
            try:
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            except NotFound:
                stored = None
        if stored is None or not stored.live:
            state = intents.DONE if intent.verb == "delete" else intents.FAILED
        elif intent.verb == "update" and stored.etag == intent.target_etag:
            state = intents.DONE
        elif stored.etag == intent.base_etag:
            await self._send_again(scene, intent, stored)
            return
        else:
            state = intents.FAILED
        await self._ctx.db.write(intents.finish, intent.id, state, self._ctx.clock())

    async def _send_again(self, scene: Scene, intent: Intent, stored: Stored) -> None:
        """The provider still has the base: the change never arrived, or what arrived was refused."""
        try:
            if intent.verb == "delete":
                await self._call(intent, scene.connector.delete(stored.key, stored.rev))
                until = _doubtful_until(scene.caps, stored)
                await self._ctx.db.write(_gone, scene.target, intent, stored.key, self._ctx.clock(), until)
                return
            patch = _effective(decode_patch(intent.body or b"{}"), stored)
            record = await self._call(intent, scene.connector.update(content.record_of(stored), patch))
        except (Stale, RecordNotFound):
            return  # superseded: the intent has ended as failed, and the next pull tells what is there
        await self._conclude(scene, intent, record)


def ambiguous(error: PolydexError) -> bool:
    """Whether the provider may have acted although the call failed."""
    return isinstance(error, ProviderTimeout | ProviderMalformed) or (
        isinstance(error, ProviderUnavailable) and error.sent
    )


def _digest(verb: str, contact_id: str, if_match: str, body: bytes) -> bytes:
    parts = (verb.encode(), contact_id.encode(), if_match.encode(), body)
    return hashlib.sha256(b"\0".join(parts)).digest()


def _written(stored: Stored, losses: tuple[Loss, ...] = (), intent: int | None = None) -> Written:
    return Written(str(stored.public_id), stored.etag or "", stored.body or b"{}", losses, intent)


def _demand(match: IfMatch | None, stored: Stored) -> None:
    if match is not None and not match.matches(stored.etag or ""):
        raise PreconditionFailed


def _effective(request: Request, stored: Stored) -> Patch:
    """What a request really changes, so that nothing else is sent to the provider."""
    base = content.contact_of(stored)
    patch = request.resolve(base)
    return msgspec.structs.replace(diff(base, patch.apply(base)), native_properties=patch.native_properties)


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


def _pause(tries: int) -> float:
    return float(min(_ASK_AGAIN * 2 ** min(tries, 10), 3600.0))


def _scene_rows(tx: Tx, account_id: AccountId) -> tuple[Account, Source]:
    account = accounts.get(tx, account_id)
    source = sources.default(tx, account_id)
    if account is None or source is None:
        raise NotFound
    return account, source


def _postpone(tx: Tx, account_id: AccountId, now: int) -> None:
    for intent in intents.open_of_account(tx, account_id):
        intents.again(tx, intent.id, now + int(_pause(intent.tries) * 1000))


def _begin(
    tx: Tx,
    ctx: Context,
    scene: Scene,
    verb: str,
    digest: bytes,
    body: bytes | None,
    mark: str | None,
    row: RowId | None,
    base_etag: str | None,
    target_etag: str | None,
    now: int,
) -> Intent:
    asked = apply.stamp(tx, scene.account.id, scene.account.generation)
    number = intents.begin(
        tx,
        account=scene.account.id,
        source=scene.source.id,
        generation=scene.account.generation,
        verb=verb,
        body_hash=digest,
        body=body,
        asked=asked,
        now=now,
        due_at=now + int((ctx.settings.write_deadline + _ASK_AGAIN) * 1000),
        mark=mark,
        row=row,
        base_etag=base_etag,
        target_etag=target_etag,
    )
    intent = intents.get(tx, number)
    if intent is None:
        raise Internal(detail="an intent vanished in its own transaction")
    return intent


def _applied(tx: Tx, target: Target, intent: Intent, record: Record, now: int) -> RowId | None:
    news = News(asked=intent.asked, asked_ms=intent.created_at, changed=(record,), wrote=True)
    apply.apply(tx, target, news, now)
    stored = rows.by_key(tx, target.source, record.key)
    row = stored.row if stored is not None and stored.live else None
    intents.finish(tx, intent.id, intents.DONE, now, row=row)
    return row


def _doubtful_until(caps: Capabilities, stored: Stored) -> int:
    """Until when the provider may call this record "not found" although it is there, unix milliseconds (J12)."""
    return fetch.known_at(stored) + int(caps.create_lag * 1000) if caps.create_lag else 0


def _gone(tx: Tx, target: Target, intent: Intent, key: RemoteKey, now: int, doubtful_until: int) -> None:
    news = News(asked=intent.asked, asked_ms=intent.created_at, removed=(key,), wrote=True)
    apply.apply(tx, target, news, now)
    if doubtful_until > now and intent.row is not None:  # "already gone" may have been "not there yet"
        contacts.verify(tx, doubtful_until, [intent.row])
        sources.make_due(tx, target.source, doubtful_until)
    intents.finish(tx, intent.id, intents.DONE, now)
