"""Recovery: what became of a write whose answer was lost, or that a crash interrupted (J10)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Absent, Found, MarkAnswer, Unknown
from polydex.core.decode import decode_patch
from polydex.core.errors import NotFound, PolydexError, ProviderError, ProviderTimeout, RecordNotFound, Stale
from polydex.core.etag import etag_of
from polydex.core.ids import AccountId
from polydex.core.patch import NamePatch
from polydex.engine import content, fetch, photos, unmarked
from polydex.engine.attempt import ASK_AGAIN, Attempts, Scene, draft_of, effective
from polydex.engine.context import Context
from polydex.engine.photos import Came
from polydex.engine.turns import Turns
from polydex.log import logger
from polydex.store import accounts, contacts, intents, rows, sources
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.intents import Intent
from polydex.store.rows import Stored
from polydex.store.sources import Source

_ACCOUNT_BATCH = 50
_LONGEST_PAUSE = 3600.0

log = logger(__name__)


class Recovery:
    """Finds out the outcome of open intents, for the worker and for clients that ask again."""

    def __init__(self, ctx: Context, turns: Turns, attempts: Attempts) -> None:
        self._ctx, self._turns, self._attempts = ctx, turns, attempts

    async def run_due(self) -> int:
        """Find out what became of the writes that are due for it; the number of accounts looked at."""
        now = self._ctx.clock()
        due = await self._ctx.db.read(intents.due_accounts, now, _ACCOUNT_BATCH)
        for account_id in due:
            try:
                async with asyncio.timeout(self._ctx.settings.write_deadline), self._turns.turn(account_id):
                    await self.run(*await self._ctx.db.read(_rows, account_id))
            except (PolydexError, TimeoutError) as error:
                log.info("write.recovery", account=account_id, error=type(error).__name__)
                await self._ctx.db.write(_postpone, account_id, self._ctx.clock())
        return len(due)

    async def run(self, account: Account, source: Source, about: Collection[str] = ()) -> None:
        """Find out what became of the account's open intents, in their order. The caller has the account's turn.

        Args:
            account, source: whose.
            about: ids of contacts that are written next: what is open about these is found out in any case.
        """
        for intent in await self._ctx.db.read(intents.open_of_account, account.id):
            if self._was_looked_for(intent) and not await self._is_about(intent, about):
                continue
            if intent.generation != account.generation or intent.source != source.id:
                await self._ctx.db.write(intents.finish, intent.id, intents.ABANDONED, self._ctx.clock())
                continue
            try:
                await self.resolve(self._attempts.scene(account, source), intent, wanted=False)
            except ProviderError as error:
                log.info("write.unresolved", intent=intent.id, verb=intent.verb, error=error.code)
                due = self._ctx.clock() + int(_pause(intent.tries) * 1000)
                await self._ctx.db.write(intents.again, intent.id, due)
            except NotFound:
                continue  # known: it was carried out, and the contact has been deleted since

    def _was_looked_for(self, intent: Intent) -> bool:
        """One whose outcome could not be found out lately: no write of something else need wait for the next look."""
        lately = intent.due_at is not None and intent.due_at > self._ctx.clock()
        return intent.tries > 1 and lately

    async def _is_about(self, intent: Intent, about: Collection[str]) -> bool:
        if intent.row is None or not about:
            return False
        stored = await self._ctx.db.read(rows.at, intent.row)
        return stored is not None and stored.public_id in about

    async def resolve(self, scene: Scene, intent: Intent, *, wanted: bool) -> None:
        """Find out what became of one intent, and send it again where that is right (J10).

        Raises ProviderTimeout while it cannot be known. ``wanted``: a client asks for exactly this again.
        """
        if intent.verb == "create":
            await self._resolve_create(scene, intent, wanted=wanted)
        else:
            await self._resolve_change(scene, intent)

    async def _resolve_create(self, scene: Scene, intent: Intent, *, wanted: bool) -> None:
        answer = await self._made(scene, intent)
        if isinstance(answer, Found):
            await self._attempts.found(scene, intent, answer.record)
            return
        if not isinstance(answer, Absent):
            raise ProviderTimeout("The outcome of this request is not known yet", retry_after=ASK_AGAIN)
        if wanted and intent.body is not None:
            draft = draft_of(intent.body)
            await self._attempts.create(scene, draft, await self._attempts.renew(scene, intent))
        else:
            await self._ctx.db.write(intents.finish, intent.id, intents.ABANDONED, self._ctx.clock())

    async def _made(self, scene: Scene, intent: Intent) -> MarkAnswer:
        """What a create has made; Absent as far as it is to be believed."""
        asked_ms = self._ctx.clock()
        answer = await self._found(scene, intent.mark or "")
        if not isinstance(answer, Absent):
            return answer
        if asked_ms < intent.created_at + int(scene.caps.mark_lag * 1000):
            return Unknown()
        return await unmarked.find(self._ctx, scene, intent) if scene.caps.loses_marks else answer

    async def _found(self, scene: Scene, mark: str) -> MarkAnswer:
        """What is known of a mark: a pull may have brought it by now, and then nobody need be asked."""
        here = await self._ctx.db.read(rows.by_mark, scene.source.id, mark)
        if here is not None and here.verify_due is None:
            return Found(content.record_of(here))
        return await scene.connector.find_mark(mark)

    async def _resolve_change(self, scene: Scene, intent: Intent) -> None:
        before = stored = await self._ctx.db.read(rows.at, intent.row) if intent.row is not None else None
        if stored is not None and stored.live:
            try:
                stored = await fetch.refresh(self._ctx, scene.target, scene.connector, stored)
            except NotFound:
                stored = None
        if stored is None or not stored.live:
            state = intents.DONE if intent.verb == "delete" else intents.FAILED
        elif intent.halves is not None:
            far = photos.came(intent.halves, content.contact_of(stored))
            if far is Came.NOT_YET:
                await self._send_again(scene, intent, stored)
                return
            state = intents.DONE if far is Came.ALL_THE_WAY else intents.FAILED
        elif stored.etag == intent.base_etag:  # also when only native properties were to change: the ETag has none
            await self._send_again(scene, intent, stored)
            return
        elif intent.verb == "update" and (stored.etag == intent.target_etag or _is_met(intent, before, stored)):
            state = intents.DONE
        else:
            state = intents.FAILED
        await self._ctx.db.write(_found_out, intent, state, self._ctx.clock())

    async def _send_again(self, scene: Scene, intent: Intent, stored: Stored) -> None:
        """The provider still has the base: the change never arrived, or what arrived was refused."""
        intent = await self._attempts.renew(scene, intent)
        try:
            if intent.verb == "delete":
                await self._attempts.delete(scene, stored, intent)
            else:
                patch = effective(decode_patch(intent.body or b"{}"), stored)
                await self._attempts.update(scene, stored, patch, intent)
        except (Stale, RecordNotFound):
            return  # superseded: the intent has ended as failed, and the next pull tells what is there


def _is_met(intent: Intent, before: Stored | None, stored: Stored) -> bool:
    """Whether a contact is what an update was to make of it but for the display name, which some providers make by
    themselves out of the parts of the name, so that no target foresees it.

    ``before``: the mirror's row before the contact was read anew; without the base in it nothing can be said.
    """
    if before is None or not before.live or before.etag != intent.base_etag:
        return False
    base, found = content.contact_of(before), content.contact_of(stored)
    patch = decode_patch(intent.body or b"{}").resolve(base)
    meant = patch.apply(base)
    if not isinstance(patch.name, NamePatch) or meant.name is None or found.name is None:
        return False
    if patch.name.display_name is not UNSET:
        return False
    name = msgspec.structs.replace(meant.name, display_name=found.name.display_name)
    return etag_of(msgspec.structs.replace(meant, name=name)) == stored.etag


def _found_out(tx: Tx, intent: Intent, state: str, now: int) -> None:
    """End an intent. What was carried out is a write of ours, and lists may lag behind it (J1)."""
    if state == intents.DONE and intent.row is not None:
        contacts.wrote(tx, intent.row, now)
        intents.supersede(tx, intent, now)
    intents.finish(tx, intent.id, state, now)


def _pause(tries: int) -> float:
    return float(min(ASK_AGAIN * 2 ** min(tries, 10), _LONGEST_PAUSE))


def _rows(tx: Tx, account_id: AccountId) -> tuple[Account, Source]:
    account = accounts.get(tx, account_id)
    source = sources.default(tx, account_id)
    if account is None or source is None:
        raise NotFound
    return account, source


def _postpone(tx: Tx, account_id: AccountId, now: int) -> None:
    for intent in intents.open_of_account(tx, account_id):
        intents.again(tx, intent.id, now + int(_pause(intent.tries) * 1000))
