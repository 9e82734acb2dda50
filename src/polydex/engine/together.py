"""Several writes of one kind in one call to the provider: each has its own intent, and its own answer (J10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polydex.connectors.base import Batching, New, Record
from polydex.core.errors import PolydexError, ProviderMalformed
from polydex.core.ids import RowId
from polydex.engine import apply, attempt, content
from polydex.engine.attempt import Attempts, Change, Creation, Scene, Sent, Step
from polydex.engine.content import Ready
from polydex.engine.context import Context
from polydex.engine.news import News
from polydex.store.db import Tx
from polydex.store.intents import Intent

_Answer = Record | PolydexError | None
"""What the provider said to one write: the record, the error, or None when it was deleted."""


@dataclass(frozen=True, slots=True)
class _Answered:
    step: Step
    intent: Intent
    answer: _Answer
    ready: Ready | None


async def send(ctx: Context, attempts: Attempts, scene: Scene, steps: Sequence[Step]) -> list[Sent]:
    """Carry out writes of one kind about different contacts, from their intents to their outcomes.

    The intents are stored in one transaction, and so are the answers. A failure of the call as a whole is that of each:
    where the provider may have acted, every intent stays open and is found out by itself. Raises GenerationChanged,
    StoreFailed.
    """
    intents = await attempts.begin(scene, steps)
    answered = [
        _Answered(step, intent, answer, content.ready(answer) if isinstance(answer, Record) else None)
        for step, intent, answer in zip(steps, intents, await _answers(scene, steps), strict=True)
    ]
    found = await ctx.db.write(_conclude, scene, answered, ctx.clock())
    return [await _outcome(attempts, scene, each, row) for each, row in zip(answered, found, strict=True)]


async def _answers(scene: Scene, steps: Sequence[Step]) -> list[_Answer]:
    """One answer to each."""
    try:
        told = await _call(scene, steps)
        if len(told) != len(steps):
            raise ProviderMalformed("The provider's answers are not as many as the questions")
    except PolydexError as error:
        return [error] * len(steps)
    return list(told)


async def _call(scene: Scene, steps: Sequence[Step]) -> Sequence[_Answer]:
    connector = scene.connector
    if not isinstance(connector, Batching):
        raise TypeError("the connector takes one write at a time")
    if isinstance(steps[0], Creation):
        new = [
            New(s.draft.contact, s.mark, s.draft.native, fresh=not s.given) for s in steps if isinstance(s, Creation)
        ]
        return await connector.create_many(new)
    if isinstance(steps[0], Change):
        changes = [(content.record_of(s.base), s.patch) for s in steps if isinstance(s, Change)]
        return await connector.update_many(changes)
    return await connector.delete_many([(s.base.key, s.base.rev) for s in steps])


def _conclude(tx: Tx, scene: Scene, answered: Sequence[_Answered], now: int) -> list[RowId | None]:
    """Apply what was answered, as one observation: the intents began at the same moment; the rows of the records."""
    there = [(each.answer, each.ready) for each in answered if isinstance(each.answer, Record)]
    news = News(
        asked=answered[0].intent.asked,
        asked_ms=answered[0].intent.created_at,
        changed=[record for record, _ in there],
        ready=[ready for _, ready in there if ready is not None],
        removed=[each.step.base.key for each in answered if each.answer is None],
        wrote=True,
    )
    if news.changed or news.removed:
        apply.apply(tx, scene.target, news, now)
    found: list[RowId | None] = []
    for each in answered:
        if isinstance(each.answer, Record):
            found.append(attempt.written(tx, scene.target, each.intent, each.answer.key, now))
            continue
        found.append(None)
        if each.answer is None:
            attempt.deleted(tx, scene, each.intent, each.step.base, now)
        else:
            attempt.failed(tx, each.intent, each.answer, now)
    return found


async def _outcome(attempts: Attempts, scene: Scene, each: _Answered, row: RowId | None) -> Sent:
    if each.answer is None:
        return Sent(each.step, each.intent)
    if isinstance(each.answer, PolydexError):
        return Sent(each.step, each.intent, error=attempt.lost(each.answer))
    try:
        stored = await attempts.settled(scene, each.intent, each.answer.key, row)
    except PolydexError as error:
        return Sent(each.step, each.intent, error=error)
    return Sent(each.step, each.intent, stored, each.answer.losses)
