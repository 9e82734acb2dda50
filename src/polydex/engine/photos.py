"""The photo of a contact that was created, where writing it takes a call of its own (``caps.photo_apart``, J10)."""

from __future__ import annotations

from dataclasses import replace

from polydex.connectors.base import Connector, Record
from polydex.core.contact import Contact
from polydex.core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderRejected,
    ProviderTimeout,
    RecordNotFound,
    RequestError,
    Stale,
)
from polydex.core.fields import Loss
from polydex.core.patch import Patch
from polydex.engine.context import Context
from polydex.log import logger
from polydex.store.intents import Intent

_TRIES = 3
_ASK_AGAIN = 5.0
_REFUSED = Loss("$.photo", "the provider does not take it")

log = logger(__name__)


async def complete(ctx: Context, connector: Connector, intent: Intent, draft: Contact, record: Record) -> Record:
    """The record that a create has made, with the draft's photo: written now, where it is missing.

    A photo that is refused for good is a loss, and logged; what is there then is the outcome. One that somebody else
    has put there meanwhile stays. Raises ProviderTimeout when it is to be tried later.
    """
    if draft.photo is None or not connector.caps.photo_apart or not _lacks(record):
        return record
    try:
        return await _written(ctx, connector, intent, draft, record)
    except (Stale, RecordNotFound, ProviderRejected, ProviderForbidden, RequestError) as error:
        log.warning("write.photo_refused", intent=intent.id, error=error.code)
        return replace(record, losses=(*record.losses, _REFUSED))
    except ProviderError as error:
        raise ProviderTimeout(
            "The contact is there, its photo is being written", retry_after=_ASK_AGAIN, original=error.original
        ) from error


async def _written(ctx: Context, connector: Connector, intent: Intent, draft: Contact, record: Record) -> Record:
    for _ in range(_TRIES):
        try:
            return await connector.update(record, Patch(photo=draft.photo))
        except Stale:  # somebody has changed it since it was created: so much the more care
            record = await connector.fetch(record.key)
            if not _lacks(record):
                return record
        except RecordNotFound:
            if ctx.clock() < intent.created_at + connector.caps.create_lag * 1000:  # not to be believed yet (J12)
                raise ProviderTimeout from None
            raise
    raise Stale


def _lacks(record: Record) -> bool:
    told = any(loss.path == _REFUSED.path for loss in record.losses)
    return record.contact is not None and record.contact.photo is None and not told
