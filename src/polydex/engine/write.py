"""Writes: through to the provider first, with an intent stored before and the answer applied after (J10, J11)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Sequence

from polydex.connectors.base import Batching
from polydex.core.decode import decode_draft, decode_patch
from polydex.core.errors import Internal, PreconditionFailed, PreconditionRequired, ProviderTimeout
from polydex.core.etag import IfMatch
from polydex.core.ids import AccountId
from polydex.engine.attempt import ASK_AGAIN, ATTEMPTS, Attempts, Scene, Sent, Step, draft_of
from polydex.engine.context import Context
from polydex.engine.errand import Create, Delete, Errand, Update, Written, replayed
from polydex.engine.recovery import Recovery
from polydex.engine.together import send as send_together
from polydex.engine.turns import Turns
from polydex.engine.waiting import Waiting
from polydex.store import intents, sources
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.intents import Intent
from polydex.store.sources import Source


class Writer:
    """Writes of one installation."""

    def __init__(self, ctx: Context, turns: Turns) -> None:
        self._ctx, self._turns = ctx, turns
        self._attempts = Attempts(ctx)
        self.recovery = Recovery(ctx, turns, self._attempts)
        self._waiting = Waiting(turns, self._carry)
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
        errand = Create(ctx=self._ctx, about="", digest=digest, body=body, strict=strict, draft=draft)
        return await self._once(account, errand)

    async def create_once(self, account: Account, body: bytes, mark: str) -> Written:
        """Create a contact that is recognised by its mark: however often it is asked for, there is one.

        What carries the mark already is returned as it is. ``body`` is JSON as for ``create``, or a vCard, which a
        provider of vCards keeps with all that it says. Raises BadRequest and what the provider says; ProviderTimeout
        while the outcome of an earlier attempt is not known.
        """
        draft = draft_of(body)
        digest = _digest("create", "", mark, body)
        return await self._once(account, Create(ctx=self._ctx, about=mark, digest=digest, body=body, draft=draft))

    async def update(
        self, account: Account, contact_id: str, body: bytes, if_match: str | None, *, strict: bool = False
    ) -> Written:
        """Update a contact; ``strict`` as for ``create``.

        Raises NotFound, PreconditionFailed, PreconditionRequired, BadRequest, FieldUnsupported.
        """
        match = self._match(if_match)
        request = decode_patch(body)
        digest = _digest("update", contact_id, if_match or "", body, strict=strict)
        errand = Update(
            ctx=self._ctx, about=contact_id, digest=digest, body=body, strict=strict, request=request, match=match
        )
        return await self._once(account, errand)

    async def delete(self, account: Account, contact_id: str, if_match: str | None) -> int | None:
        """Delete a contact; the intent, to be given back to ``delivered``. Raises NotFound, PreconditionFailed."""
        match = IfMatch.parse(if_match) if if_match else None
        digest = _digest("delete", contact_id, if_match or "", b"")
        errand = Delete(ctx=self._ctx, about=contact_id, digest=digest, body=b"", match=match)
        return (await self._once(account, errand)).intent

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
        await self._waiting.finished()

    # One turn after the other

    def _match(self, if_match: str | None) -> IfMatch | None:
        if if_match:
            return IfMatch.parse(if_match)
        if self._ctx.settings.require_if_match:
            raise PreconditionRequired
        return None

    async def _once(self, account: Account, errand: Errand) -> Written:
        """Run one write to its end, whatever becomes of the caller; identical requests share it."""
        key = (int(account.id), errand.digest)
        task = self._open.get(key)
        if task is None:
            task = asyncio.create_task(self._in_turn(account, errand))
            self._open[key] = task

            def done(finished: asyncio.Task[Written]) -> None:
                self._open.pop(key, None)
                if not finished.cancelled():
                    finished.exception()  # told to those who wait; nobody may be left

            task.add_done_callback(done)
        return await asyncio.shield(task)

    async def _in_turn(self, account: Account, errand: Errand) -> Written:
        try:
            async with asyncio.timeout(self._ctx.settings.write_deadline):
                if self._telling:
                    await asyncio.wait(set(self._telling))
                errand.after, source = await self._ctx.db.read(_arrival, account.id, errand.digest)
                return await self._waiting.served(account, errand, _room(self._scene(account, source)))
        except TimeoutError:
            raise ProviderTimeout(retry_after=ASK_AGAIN) from None

    def _scene(self, account: Account, source: Source | None) -> Scene:
        if source is None:
            raise Internal(detail="the account has no default source")
        return self._attempts.scene(account, source)

    async def _carry(self, account: Account, errands: Sequence[Errand]) -> None:
        """Carry out errands of one kind, and answer each. The caller has the account's turn."""
        source, same = await self._ctx.db.read(_standing, self._ctx, account.id, errands)
        scene = self._scene(account, source)
        for errand, intent in zip(errands, same, strict=True):
            if intent is not None:
                await _answering(errand, self._attached(scene, errand, intent))
        if left := [errand for errand in errands if errand.awaited]:
            await self.recovery.run(account, scene.source, {errand.about for errand in left})
            await self._attempted(scene, left)

    async def _attached(self, scene: Scene, errand: Errand, same: Intent) -> Written | None:
        """The outcome of an identical request that nobody has heard; None when it did not happen."""
        found: Intent | None = same
        if same.state == intents.ABANDONED:
            # "Not there" was true then. What had been created may have been put back since, so the same mark is
            # asked for again, and used again.
            found = await self._attempts.reopen(scene, same, errand.body)
        if found is not None and found.state == intents.OPEN:
            await self.recovery.resolve(scene, found, wanted=True)
            found = await self._ctx.db.read(intents.get, found.id)
        if found is not None and found.state == intents.DONE:
            return await replayed(self._ctx, scene, found)
        return None

    async def _attempted(self, scene: Scene, errands: Sequence[Errand]) -> None:
        """Send what is to be sent: together what can travel so, the others one by one."""
        steps = await self._prepared(scene, errands)
        room = _room(scene)
        together = [pair for pair in steps if room > 1 and pair[1].travels(scene.caps)]
        loads = [together[at : at + room] for at in range(0, len(together), room)]
        loads += [[pair] for pair in steps if pair not in together]
        for load in loads:
            try:
                sent = await self._sent(scene, [step for _, step in load])
            except Exception as error:  # noqa: BLE001 - told to those whose writes these are
                for errand, _ in load:
                    if errand.awaited:
                        errand.answer.set_exception(error)
                continue
            for (errand, _), outcome in zip(load, sent, strict=True):
                await _answering(errand, self._ended(scene, errand, outcome))

    async def _sent(self, scene: Scene, steps: Sequence[Step]) -> list[Sent]:
        if len(steps) == 1:
            return [await self._attempts.send(scene, steps[0])]
        return await send_together(self._ctx, self._attempts, scene, steps)

    async def _prepared(self, scene: Scene, errands: Sequence[Errand]) -> list[tuple[Errand, Step]]:
        """What is to be sent for those errands that are not answered by that already."""
        steps: dict[Errand, Step] = {}
        room = asyncio.Semaphore(scene.caps.parallel)

        async def prepare(errand: Errand) -> Written | None:
            async with room:
                step = await errand.prepare(scene)
            if isinstance(step, Written):
                return step
            steps[errand] = step
            return None

        async def answered(errand: Errand) -> None:
            # Made in here: of a task that is cancelled before it has begun nobody would ever await the work.
            await _answering(errand, prepare(errand))

        await asyncio.gather(*map(answered, errands))
        return [(errand, steps[errand]) for errand in errands if errand in steps]

    async def _ended(self, scene: Scene, errand: Errand, sent: Sent) -> Written:
        """The outcome of an errand whose first attempt was sent; when its base was superseded, it is tried again."""
        for left in reversed(range(ATTEMPTS)):
            written = await errand.settle(scene, sent)
            if written is not None:
                return written
            if left:
                step = await errand.prepare(scene)
                if isinstance(step, Written):
                    return step
                sent = await self._attempts.send(scene, step)
        raise PreconditionFailed


async def _answering(errand: Errand, work: Awaitable[Written | None]) -> None:
    """Answer an errand by the outcome of this work; None: it goes on. Its failure is nobody else's."""
    try:
        written = await work
    except Exception as error:  # noqa: BLE001 - told to those who wait
        if errand.awaited:
            errand.answer.set_exception(error)
    else:
        if written is not None and errand.awaited:
            errand.answer.set_result(written)


def _arrival(tx: Tx, account: AccountId, digest: bytes) -> tuple[int, Source | None]:
    return intents.last_delivered(tx, account, digest), sources.default(tx, account)


def _standing(
    tx: Tx, ctx: Context, account: AccountId, errands: Sequence[Errand]
) -> tuple[Source | None, list[Intent | None]]:
    """The address book, and for each errand the identical request whose outcome it may share."""
    since = ctx.clock() - int(ctx.settings.replay_window * 1000)
    same = [intents.same_request(tx, account, errand.digest, since, errand.after) for errand in errands]
    return sources.default(tx, account), same


def _room(scene: Scene) -> int:
    """How many writes may travel in one call."""
    return scene.caps.batch if isinstance(scene.connector, Batching) else 1


def _digest(verb: str, contact_id: str, if_match: str, body: bytes, *, strict: bool = False) -> bytes:
    # Whoever asks for strict handling must not get the answer of a request that did not.
    verb = f"{verb}, strictly" if strict else verb
    parts = (verb.encode(), contact_id.encode(), if_match.encode(), body)
    return hashlib.sha256(b"\0".join(parts)).digest()
