"""Rules about one contact, with what belongs to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from polydex.connectors.base import Connector
from polydex.core.body import ContactBody, parse_body, read_body, rendered_again, rfc3339
from polydex.core.contact import Contact, Photo
from polydex.core.etag import etag_of
from polydex.core.ids import AccountId, RemoteKey, Rev, StableKey, contact_id
from polydex.core.search import words
from polydex.engine.check import rules
from polydex.engine.check.rules import Rule
from polydex.engine.content import look_ups
from polydex.store.tables import AccountLine, ContactLine, Documents, SourceLine

Problem = tuple[Rule, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact lies.

    Attributes:
        connector: maps its documents; None when its provider is not installed.
        mapping_version: of that provider.
    """

    account: AccountLine
    source: SourceLine
    connector: Connector | None = None
    mapping_version: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a contact should be found by.

    Attributes:
        words: folded.
        keys: (kind, value).
    """

    words: tuple[str, ...] = ()
    keys: frozenset[tuple[str, str]] = frozenset()


NOTHING = Found()
Problems = Iterator[Problem]
Judge = Callable[[ContactLine, Place], Problems]


def of_row(line: ContactLine, place: Place) -> Problems:
    """Rules about the columns alone."""
    account, source = place.account, place.source
    if source.account_id != line.account_id:
        yield rules.OWNERS, "its address book belongs to another account"
    yield from _journal(line, account)
    yield from _state(line)
    for number, most, what in (
        (line.touch, account.touch, "touched after the account's counter"),
        (line.gone_asked, account.touch, "its absence was asked for after the account's counter"),
        (line.seen_walk, source.walk_id, "seen by a walk that there was not"),
        (line.gone_walk or 0, source.walk_id, "missed by a walk that there was not"),
    ):
        if not 0 <= number <= most:
            yield rules.COUNTERS, what
    if line.verify_due is not None and not (line.current == 1 and line.verify_due >= 0):
        yield rules.DOUBTS, "a fetch is due for a row that no longer has its address, or at no time"
    if line.pending_delete is not None:
        if line.live != 1:
            yield rules.HELD, "a deletion waits for a contact that is deleted"
        if not 1 <= line.pending_delete <= source.walk_id:
            yield rules.HELD, "a deletion waits that no walk has found"
        if source.halted_walk is None and line.verify_due is None:
            yield rules.HELD, "a deletion waits that nobody is asked about"


def _journal(line: ContactLine, account: AccountLine) -> Problems:
    together = [value is None for value in (line.seq, line.created_seq, line.n, line.public_id)]
    if any(together) and not all(together):
        yield rules.JOURNAL, "it has some of: number, first number, public id; not all"
    elif line.seq is not None and line.created_seq is not None:
        if not 1 <= line.created_seq <= line.seq:
            yield rules.JOURNAL, "it was created after its last change"
        if line.seq > account.seq:
            yield rules.JOURNAL, f"its number {line.seq} is beyond the account's {account.seq}"


def _state(line: ContactLine) -> Problems:
    if line.live not in (0, 1) or line.current not in (0, 1):
        yield rules.LIVE, "neither live nor deleted"
    elif line.live == 1:
        if line.current != 1:
            yield rules.LIVE, "alive, but without its address"
        if line.deleted_at is not None:
            yield rules.LIVE, "alive, with the time of a deletion"
        if (line.etag is None) != (line.seq is None):
            yield rules.LIVE, "shown without an ETag, or hidden with one"
        if line.seq is not None and (line.created_ms is None or line.modified_ms is None):
            yield rules.LIVE, "shown without its times"
    else:
        kept = {
            "rev": line.rev, "etag": line.etag, "photo_hash": line.photo_hash, "photo_mime": line.photo_mime,
            "mark": line.mark,
        }  # fmt: skip
        for name, value in kept.items():
            if value is not None:
                yield rules.TOMBSTONES, f"it keeps {name}"
        if line.seq is not None and line.deleted_at is None:
            yield rules.TOMBSTONES, "nobody knows when it was deleted"


def of_id(line: ContactLine, place: Place, id_key: bytes) -> Problems:
    """The public id is the derived one (J7)."""
    if line.public_id is None or line.n is None:
        return
    stable = StableKey(line.stable_key)
    derived = contact_id(id_key, AccountId(line.account_id), place.source.key, stable, line.n)
    if derived != line.public_id:
        yield rules.IDS, "another id than the derived one"


def of_documents(line: ContactLine, place: Place, documents: Documents | None) -> tuple[list[Problem], Found]:
    """Rules about the documents; and what the contact should be found by."""
    if line.live != 1:
        if documents is not None:
            return [(rules.TOMBSTONES, "it keeps a document")], NOTHING
        return [], NOTHING
    if documents is None or documents.raw is None:
        return [(rules.LIVE, "the provider's document is missing")], NOTHING
    if line.seq is None or line.etag is None:
        return [(rules.LIVE, "hidden, with a body")] if documents.body is not None else [], NOTHING
    if documents.body is None:
        return [(rules.LIVE, "shown without a body")], NOTHING
    photo = None if line.photo_hash is None else Photo(hash=line.photo_hash, mime_type=line.photo_mime)
    try:
        read = read_body(documents.body)
        contact = parse_body(documents.body, photo)
        same = rendered_again(read, contact) == documents.body
    except (msgspec.DecodeError, ValueError):
        return [(rules.BODIES, "its JSON cannot be read")], NOTHING
    found = Found(tuple(words(contact)), look_ups(contact))
    problems = [*_body(line, read)]
    if not same:
        problems.append((rules.BODIES, "its JSON encodes to another one"))
    if etag_of(contact) != line.etag:
        problems.append((rules.ETAGS, "another ETag than the digest of its content"))
    else:
        problems += _mapped(line, place, documents.raw, line.etag)
    return problems, found


def _body(line: ContactLine, read: ContactBody) -> Problems:
    if read.id != line.public_id:
        yield rules.BODIES, "its JSON names another id"
    if read.etag != line.etag:
        yield rules.BODIES, "its JSON names another ETag"
    if read.has_photo != (line.photo_hash is not None):
        yield rules.BODIES, "its JSON is not sure whether there is a photo"
    if line.modified_ms is not None and read.last_modified_time != rfc3339(line.modified_ms):
        yield rules.BODIES, "its JSON names another time of its last change"


def _mapped(line: ContactLine, place: Place, raw: bytes, etag: str) -> Problems:
    # What waits to be mapped anew, or to be asked for, may differ until then.
    if place.connector is None or line.mapping_version != place.mapping_version or line.verify_due is not None:
        return
    try:
        record = place.connector.remap(raw, RemoteKey(line.key), None if line.rev is None else Rev(line.rev))
        mapped: Contact | None = record.contact
    except Exception:  # noqa: BLE001 - whatever a connector says about a damaged document, it cannot be mapped
        mapped = None
    if mapped is None or etag_of(mapped) != etag:
        yield rules.DOCUMENTS, "its document gives another contact"
