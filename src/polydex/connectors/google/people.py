"""Persons as Google answers them: read one by one, so that one that cannot be read does not stop the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from polydex.connectors.base import Deferred, Record
from polydex.connectors.google import groups, wire
from polydex.connectors.google.api import FETCH_SECONDS, SOURCES, Api, Query, decoded
from polydex.connectors.google.errors import item_failure
from polydex.connectors.google.fields import PERSON_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.read import reading
from polydex.connectors.google.seen import Seen, seen
from polydex.core.errors import PolydexError, ProviderError, ProviderMalformed, RecordNotFound
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev

BATCH_GET = 200
AT_ONCE = 10
"""Persons read between two turns of the event loop: one takes some 50 us, and others wait for their answers."""
_FETCH = "Google contact"
_NOT_FOUND = 5


def record(
    raw: bytes,
    labels: Labels,
    region: str | None,
    losses: tuple[Loss, ...] = (),
    *,
    key: RemoteKey | None = None,
    known: Labels | None = None,
    person: wire.Person | None = None,
) -> Record:
    """The record of a person. Pure. Raises ProviderMalformed.

    Args:
        raw: its document.
        person: the same, where it has been decoded already.
        labels: the user's groups.
        region: two letters, for phone numbers.
        losses: of a write.
        key: its resource name, where the document may still have a former one.
        known: the groups that the connector was made with, where those are others.
    """
    found = reading(wire.person(raw) if person is None else person, labels, region)
    return Record(
        key=key or found.key,
        rev=found.rev,
        raw=raw,
        contact=found.contact,
        stable_key=found.stable_key,
        mark=found.mark,
        modified_ms=found.modified_ms,
        losses=losses,
        ahead=known is not None and known != labels,
    )


async def fetched(api: Api, key: RemoteKey, labels: Labels, region: str | None, *, seconds: float) -> Record:
    """The record of one contact as it is now. A group that it is in and nobody knows is asked for.

    Args:
        api: of the account.
        key: of the contact.
        labels: that the connector was made with.
        region: two letters, for phone numbers.
        seconds: for each request.

    Raises:
        RecordNotFound, ProviderError: as ``get``.
    """
    raw = await get(api, key, seconds=seconds)
    known = labels
    if strange := seen(raw).groups_unknown_to(labels):
        labels = await groups.current(api, labels, strange, seconds=seconds)
    return record(raw, labels, region, known=known)


@dataclass(slots=True)
class Read:
    """What became of persons: read, as they are known, gone, or there and not to be read."""

    records: list[Record] = field(default_factory=list)
    unchanged: list[tuple[RemoteKey, Rev]] = field(default_factory=list)
    gone: list[RemoteKey] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)

    def add(self, person: Seen, raw: msgspec.Raw | bytes, labels: Labels, region: str | None) -> None:
        """Read one."""
        if person.deleted:
            self.gone.append(person.key)
            return
        try:
            self.records.append(record(bytes(raw), labels, region, person=person.person))
        except PolydexError as error:
            self.deferred.append(Deferred(person.key, person.etag, error))


async def all_seen(raws: Sequence[msgspec.Raw]) -> list[Seen]:
    """The people of a page, without holding the event loop for long."""
    found = []
    for at, raw in enumerate(raws):
        if at % (AT_ONCE * 5) == 0:
            await asyncio.sleep(0)
        found.append(seen(raw))
    return found


async def get(api: Api, key: RemoteKey, *, step: str = _FETCH, seconds: float = FETCH_SECONDS) -> bytes:
    """The document of one contact. Raises RecordNotFound, also for one that is no contact any more."""
    raw = await api.get(key, mask(), step=step, seconds=seconds)
    if seen(raw).deleted:
        raise RecordNotFound(f"{step}: Google has no such contact")
    return raw


async def get_many(
    api: Api, keys: Sequence[RemoteKey], *, step: str = _FETCH, seconds: float = FETCH_SECONDS
) -> dict[RemoteKey, bytes | ProviderError]:
    """The documents of at most 200 contacts, each under the name that was asked for; RecordNotFound for what is gone."""
    query = [*mask(), *(("resourceNames", key) for key in keys)]
    answer = decoded(await api.get("people:batchGet", query, step=step, seconds=seconds), wire.GetPeople, step)
    found: dict[RemoteKey, bytes | ProviderError] = {}
    for response in answer.responses or ():
        outcome = outcome_of(response, step)
        name = response.requested_resource_name
        if name is None and isinstance(outcome, bytes):
            name = seen(outcome).key
        if name is not None:
            found[RemoteKey(name)] = outcome
    return found


def outcome_of(response: wire.PersonResponse, step: str) -> bytes | ProviderError:
    """The document, or the error of this one."""
    code = (response.status.code if response.status else None) or 0
    if code == 0 and response.http_status_code == 404:
        code = _NOT_FOUND
    if code != 0:
        return item_failure(code, (response.status.message if response.status else None) or "", step)
    raw = bytes(response.person)
    try:
        return item_failure(_NOT_FOUND, "", step) if not raw or seen(raw).deleted else raw
    except ProviderMalformed as error:  # the others can be read
        return error


def mask() -> Query:
    """What is asked of a person, always the same: so its document is the same bytes from wherever it comes."""
    return [("personFields", PERSON_FIELDS), ("sources", SOURCES)]
