"""Photos, where writing one takes a call of its own (``caps.photo_apart``, J10): what is left to do after a lost answer."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Capabilities, Connector, Record
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
from polydex.core.etag import etag_of
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
        return msgspec.structs.replace(record, losses=(*record.losses, _REFUSED))
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


class Halves(msgspec.Struct, frozen=True):
    """A change of the photo, and perhaps of more, before it is sent.

    Attributes:
        base, target: ETags of the contact without its photo, before and as it is meant.
        photo: hash of the photo before, or None.
        removed: no photo is meant.
    """

    base: str
    target: str
    photo: str | None
    removed: bool


def halves(caps: Capabilities, base: Contact, target: Contact, patch: Patch) -> str | None:
    """What is stored with an intent, so that its halves can be told apart; None for a change that is one call."""
    if not caps.photo_apart or patch.photo is UNSET:
        return None
    before = base.photo.hash if base.photo is not None else None
    found = Halves(_etag(base), _etag(target), before, removed=target.photo is None)
    return msgspec.json.encode(found).decode()


class Came(Enum):
    """How far a change has come."""

    ALL_THE_WAY = "all the way"
    NOT_YET = "not yet"  # there is something left of it, and nobody else has changed anything
    OVERTAKEN = "overtaken"  # somebody else has


def came(stored: str, contact: Contact) -> Came:
    """How far a change has come by what the contact is now; ``stored``: what ``halves`` gave.

    The photo that a provider shows is not the one that was sent, by its hash. So another one than before is taken for it.
    """
    change = msgspec.json.decode(stored, type=Halves)
    rest = _etag(contact)
    if rest not in (change.base, change.target):
        return Came.OVERTAKEN
    photo = contact.photo.hash if contact.photo is not None else None
    written = photo is None if change.removed else photo not in (None, change.photo)
    return Came.ALL_THE_WAY if written and rest == change.target else Came.NOT_YET


def _etag(contact: Contact) -> str:
    return etag_of(msgspec.structs.replace(contact, photo=None))


def _lacks(record: Record) -> bool:
    told = any(loss.path == _REFUSED.path for loss in record.losses)
    return record.contact is not None and record.contact.photo is None and not told
