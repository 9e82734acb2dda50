"""Creates whose mark may be lost although they were carried out (``caps.loses_marks``, J10): who has come since, and is it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Absent, Found, MarkAnswer, Recognizing, Record, Unknown
from polydex.core.contact import EMPTY, Contact, Name
from polydex.core.decode import Draft
from polydex.core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderRejected,
    ProviderTimeout,
    RequestError,
    Stale,
)
from polydex.core.patch import Patch, diff
from polydex.engine import content
from polydex.engine.attempt import ASK_AGAIN, ATTEMPTS, Scene, draft_of
from polydex.engine.context import Context
from polydex.log import logger
from polydex.store import rows, sources
from polydex.store.db import Tx
from polydex.store.intents import Intent
from polydex.store.rows import Stored

_SPAN_MS = 600_000
"""The provider's clock may differ from ours so far, and a request may be under way so long."""

log = logger(__name__)


async def find(ctx: Context, scene: Scene, intent: Intent) -> MarkAnswer:
    """What a create has made, where its mark is not found: by the mirror, once a pull has begun ``mark_lag`` after it.

    Who is found has lost more than the mark, perhaps: that is written first. Raises ProviderTimeout when it is to be
    tried later.
    """
    if intent.body is None or not isinstance(scene.connector, Recognizing):
        return Unknown()
    came = await ctx.db.write(_came, scene, intent)
    if came is None or not all(stored.live for stored in came):
        return Unknown()  # who it is will be known
    draft = draft_of(intent.body)
    for stored in came:
        record = content.record_of(stored)
        if scene.connector.may_be(record, draft.contact):
            return Found(await _completed(scene, intent, draft, record))
    return Absent()


def _came(tx: Tx, scene: Scene, intent: Intent) -> list[Stored] | None:
    """Who has come since the attempt began; None while that is not known, and then a pull is due."""
    believed = intent.created_at + int(scene.caps.mark_lag * 1000)
    source = sources.get(tx, intent.source)
    if source is None or source.pulled_at is None or source.pulled_at < believed:
        sources.make_due(tx, intent.source, believed)
        return None
    begun, until = intent.created_at - _SPAN_MS, intent.created_at + _SPAN_MS
    return rows.unmarked(tx, intent.account, intent.source, begun, until, intent.asked)


async def _completed(scene: Scene, intent: Intent, draft: Draft, record: Record) -> Record:
    """The record with all that the draft has, but for a photo that is written apart."""
    try:
        for _ in range(ATTEMPTS):
            patch = _rest(draft, record.contact or EMPTY)
            if not patch.fields() and patch.native_properties is UNSET:
                return record
            try:
                return await scene.connector.update(record, patch)
            except Stale:
                record = await scene.connector.fetch(record.key)
    except (ProviderRejected, ProviderForbidden, RequestError) as error:
        log.warning("write.rest_refused", intent=intent.id, error=error.code)
        return record
    except ProviderError as error:
        raise ProviderTimeout(
            "The contact is there, not all of it yet", retry_after=ASK_AGAIN, original=error.original
        ) from error
    raise ProviderTimeout(retry_after=ASK_AGAIN)


def _rest(draft: Draft, found: Contact) -> Patch:
    """What of a draft is not in a contact; what the provider has made up besides stays."""
    wanted: dict[str, Any] = {
        member: value
        for member in Contact.__struct_fields__
        if member not in ("name", "photo") and (value := getattr(draft.contact, member))
    }
    name = draft.contact.name
    if name is not None:
        parts = {part: value for part in Name.__struct_fields__ if (value := getattr(name, part))}
        wanted["name"] = msgspec.structs.replace(found.name or Name(), **parts)
    patch = diff(found, msgspec.structs.replace(found, **wanted))
    return msgspec.structs.replace(patch, native_properties=draft.native) if draft.native else patch
