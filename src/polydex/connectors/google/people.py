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
from polydex.connectors.google.fields import CONTACT, PERSON_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.read import read
from polydex.core.errors import PolydexError, ProviderMalformed, RecordNotFound
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev

LIST_CAP = 100
"""E-mail addresses, and phone numbers, that people.connections.list gives of a person (discovery document, Person)."""
BATCH_GET = 200
AT_ONCE = 10
"""Persons read between two turns of the event loop: one takes some 50 us, and others wait for their answers."""
_FETCH = "Google contact"
_NOT_FOUND = 5


class _Source(msgspec.Struct, gc=False):
    type: str | None = None
    etag: str | None = None


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    deleted: bool | None = None
    previous_resource_names: list[str] | None = None
    sources: list[_Source] | None = None


class _Group(msgspec.Struct, gc=False, rename="camel"):
    contact_group_resource_name: str | None = None


class _Membership(msgspec.Struct, gc=False, rename="camel"):
    contact_group_membership: _Group | None = None


class Head(msgspec.Struct, gc=False, rename="camel"):
    """What a walk has to know of a person, whatever else is wrong with it."""

    resource_name: str
    metadata: _Metadata | None = None
    memberships: list[_Membership] | None = None
    email_addresses: list[msgspec.Raw] | None = None
    phone_numbers: list[msgspec.Raw] | None = None

    @property
    def key(self) -> RemoteKey:
        return RemoteKey(self.resource_name)

    @property
    def deleted(self) -> bool:
        """Said to be deleted, or nothing is left of it in the address book (a profile, perhaps)."""
        if self.metadata is None or self.metadata.deleted:
            return self.metadata is not None
        sources = self.metadata.sources
        return bool(sources) and all(source.type != CONTACT for source in sources or ())

    @property
    def rev(self) -> Rev | None:
        """The etag of its contact source."""
        for source in (self.metadata.sources if self.metadata else None) or ():
            if source.type == CONTACT and source.etag:
                return Rev(source.etag)
        return None

    @property
    def former(self) -> list[RemoteKey]:
        """The names that it had before."""
        names = (self.metadata.previous_resource_names if self.metadata else None) or ()
        return [RemoteKey(name) for name in names if name and name != self.resource_name]

    @property
    def capped(self) -> bool:
        """It may have more addresses or numbers than a list gives."""
        return len(self.email_addresses or ()) >= LIST_CAP or len(self.phone_numbers or ()) >= LIST_CAP

    def groups_unknown_to(self, labels: Labels) -> list[str]:
        """The groups it is in that are not among the labels."""
        named = (membership.contact_group_membership for membership in self.memberships or ())
        names = (group.contact_group_resource_name for group in named if group is not None)
        return [name for name in names if name is not None and groups.is_unknown(name, labels)]


_head = msgspec.json.Decoder(Head)


class _Name(msgspec.Struct, gc=False, rename="camel"):
    resource_name: str


def head(raw: msgspec.Raw | bytes) -> Head:
    """What can be told of a person. Raises ProviderMalformed for what is none at all."""
    try:
        return _head.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            return Head(msgspec.json.decode(raw, type=_Name).resource_name)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise ProviderMalformed("Google list: an entry has no resource name") from None


def record(
    raw: bytes,
    labels: Labels,
    region: str | None,
    losses: tuple[Loss, ...] = (),
    *,
    key: RemoteKey | None = None,
    known: Labels | None = None,
) -> Record:
    """The record of a person. Pure. Raises ProviderMalformed.

    Args:
        raw: its document.
        labels: the user's groups.
        region: two letters, for phone numbers.
        losses: of a write.
        key: its resource name, where the document may still have a former one.
        known: the groups that the connector was made with, where those are others.
    """
    reading = read(raw, labels, region)
    return Record(
        key=key or reading.key,
        rev=reading.rev,
        raw=raw,
        contact=reading.contact,
        stable_key=reading.stable_key,
        mark=reading.mark,
        modified_ms=reading.modified_ms,
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
    if head(raw).groups_unknown_to(labels):
        labels = await groups.listed(api, seconds=seconds)
    return record(raw, labels, region, known=known)


@dataclass(slots=True)
class Read:
    """What became of persons: read, gone, or there and not to be read."""

    records: list[Record] = field(default_factory=list)
    gone: list[RemoteKey] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)

    def add(self, person: Head, raw: msgspec.Raw | bytes, labels: Labels, region: str | None) -> None:
        """Read one."""
        if person.deleted:
            self.gone.append(person.key)
            return
        try:
            self.records.append(record(bytes(raw), labels, region))
        except PolydexError as error:
            self.deferred.append(Deferred(person.key, person.rev, error))


async def heads(raws: Sequence[msgspec.Raw]) -> list[Head]:
    """The heads of a page, without holding the event loop for long."""
    found = []
    for at, raw in enumerate(raws):
        if at % (AT_ONCE * 10) == 0:
            await asyncio.sleep(0)
        found.append(head(raw))
    return found


async def get(api: Api, key: RemoteKey, *, step: str = _FETCH, seconds: float = FETCH_SECONDS) -> bytes:
    """The document of one contact. Raises RecordNotFound, also for one that is no contact any more."""
    raw = await api.get(key, mask(), step=step, seconds=seconds)
    if head(raw).deleted:
        raise RecordNotFound(f"{step}: Google has no such contact")
    return raw


async def get_many(
    api: Api, keys: Sequence[RemoteKey], *, step: str = _FETCH, seconds: float = FETCH_SECONDS
) -> dict[RemoteKey, bytes | PolydexError]:
    """The documents of at most 200 contacts, each under the name that was asked for; RecordNotFound for what is gone."""
    query = [*mask(), *(("resourceNames", key) for key in keys)]
    answer = decoded(await api.get("people:batchGet", query, step=step, seconds=seconds), wire.GetPeople, step)
    found: dict[RemoteKey, bytes | PolydexError] = {}
    for response in answer.responses or ():
        outcome = outcome_of(response, step)
        name = response.requested_resource_name
        if name is None and isinstance(outcome, bytes):
            name = head(outcome).resource_name
        if name is not None:
            found[RemoteKey(name)] = outcome
    return found


def outcome_of(response: wire.PersonResponse, step: str) -> bytes | PolydexError:
    """The document, or the error of this one."""
    code = (response.status.code if response.status else None) or 0
    if code == 0 and response.http_status_code == 404:
        code = _NOT_FOUND
    if code != 0:
        return item_failure(code, (response.status.message if response.status else None) or "", step)
    raw = bytes(response.person)
    if not raw:
        return item_failure(_NOT_FOUND, "", step)
    return item_failure(_NOT_FOUND, "", step) if head(raw).deleted else raw


def mask() -> Query:
    """What is asked of a person, always the same: so its document is the same bytes from wherever it comes."""
    return [("personFields", PERSON_FIELDS), ("sources", SOURCES)]
