"""What every provider looks like to the engine: the Connector protocol, its values and its capabilities.

A connector serves one source (address book) of one authorised account. It is stateless between calls, knows no
database, never retries, never sleeps and never logs a secret. Every failure is an error of ``core.errors``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol, runtime_checkable

import msgspec

from polydex.core.contact import Contact, Photo
from polydex.core.errors import PolydexError
from polydex.core.fields import ALL_FIELDS, FieldSet, Loss
from polydex.core.ids import Cursor, RemoteKey, Rev, StableKey
from polydex.core.patch import Patch


class Guard(Enum):
    """How far a provider refuses a stale write (ARCHITECTURE.md, capabilities).

    ENFORCED: the provider compares the revision itself. CHECKED: the connector compares just before, a gap remains.
    NONE: nobody compares.
    """

    ENFORCED = "enforced"
    CHECKED = "checked"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can do; decides in engine, store and tests, never the provider's name.

    Attributes:
        update_guard, delete_guard: strength of the guard per verb.
        delta: the provider has a change feed (False: every pull is a snapshot).
        photos: photos can be read and written.
        push: ``Watching`` is offered: the provider tells of changes by itself.
        streams: ``Listening`` is offered: the same, over a connection that we hold open.
        marks: ``find_mark`` can answer found or absent.
        writable: the fields that can be written at all.
        makes: the fields that the provider makes of others by itself when they are not written.
        list_caps: per field, the number of entries that the provider lists at most (J11: such a list is no base).
        read_lag: seconds by which lists may lag behind a write (0: read-your-write).
        mark_lag: seconds after which an absent mark is believed.
        loses_marks: a create may be carried out and lose its mark: ``Recognizing`` is offered.
        create_lag: seconds in which "not found" for a known key is not believed (J12).
        parallel: requests at once for one account.
        trusts_snapshot_cursor: the cursor of a snapshot is as of its start (J2).
        tells_brief: a delta tells that a record is gone that came after the walk before it. False: what is there by our
            write, or by a fetch, is asked for by itself until a list has told of it.
        full_every: seconds after which the engine asks for a snapshot although the change feed works; None: never.
        vcards: ``Record.raw`` is a vCard, and ``create`` keeps what one that it is given says besides the contact.
        batch: writes of one kind in one call; 1: ``Batching`` is not offered.
        photo_apart: a create writes the photo by a second call, so that what was created may lack it. When that call
            fails, the contact is there: a refusal for good is a loss, anything else is a ProviderTimeout (J10).
    """

    update_guard: Guard = Guard.ENFORCED
    delete_guard: Guard = Guard.ENFORCED
    delta: bool = True
    photos: bool = True
    push: bool = False
    streams: bool = False
    marks: bool = True
    writable: FieldSet = ALL_FIELDS
    makes: FieldSet = frozenset()
    list_caps: Mapping[str, int] = field(default_factory=dict)
    read_lag: float = 0.0
    mark_lag: float = 0.0
    loses_marks: bool = False
    create_lag: float = 0.0
    parallel: int = 4
    trusts_snapshot_cursor: bool = True
    tells_brief: bool = True
    full_every: float | None = None
    vcards: bool = False
    batch: int = 1
    photo_apart: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an authorised account is. ``subject`` is the provider's immutable id of it, never an address (J9).

    For a password service without such an id it is the principal's URL.
    """

    subject: str
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One address book as discovery found it. ``key`` is stable within the account (for CardDAV the href)."""

    key: str
    name: str | None = None
    default: bool = False
    read_only: bool = False


class Record(msgspec.Struct, frozen=True, gc=False):
    """A provider's contact.

    Attributes:
        key: addresses it at the provider.
        rev: the provider's revision, or None when the provider gave none (then it never equals anything).
        raw: the provider's document, kept byte for byte.
        contact: ``raw`` as seen through the public interface, in normal form; None for a record that is not a contact
            (a group card): it is counted as seen, stored with its raw document, and never shown.
        stable_key: what identifies the record for as long as possible; defaults to the key.
        uid: joins a removed key and a new one of the same walk (a move), or None.
        mark: the idempotency mark found in the document, or None.
        created_ms, modified_ms: the provider's own times, unix milliseconds, or None.
        losses: what a create or an update could not keep.
        ahead: the connector has learnt more since it was made than its context says, as a label that is new, and has
            mapped this with it: the next pull maps it anew. Never in a Page, which has its context with it.
    """

    key: RemoteKey
    rev: Rev | None
    raw: bytes
    contact: Contact | None
    stable_key: StableKey | None = None
    uid: str | None = None
    mark: str | None = None
    created_ms: int | None = None
    modified_ms: int | None = None
    losses: tuple[Loss, ...] = ()
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """A record that is there but could not be read (J4)."""

    key: RemoteKey
    rev: Rev | None
    error: PolydexError


@dataclass(frozen=True, slots=True)
class Page:
    """One step of a pull.

    Attributes:
        mode: "delta" lists changes, "snapshot" lists everything that exists.
        changed: records with their documents.
        unchanged: (key, rev) of records whose known revision the connector was told and found equal, so that it did not
            fetch their documents.
        removed: keys that the provider says are gone; of a snapshot those that it has listed before. A page with removals
            is written before the connector is asked for the next one.
        renamed: (old key, new key); applied before removals.
        deferred: records that exist but could not be read.
        unlisted: keys of those of whom it may never be told that they go, although they are in this page
            (``Capabilities.tells_brief``): a read has found them, or may find them, while the list says that they are gone;
            or the list is asked for once more, and does not know that it has told of them.
        cursor: where to go on: with ``last`` the new change-feed cursor, else the resume cursor of this walk.
        context: what mapping needs besides the record; the records of this page and of those after it are mapped with it;
            stored with the cursor; a change maps stored documents anew. None: as before.
        listing: snapshot only: every key that exists, when the connector knows them all at once; of a connector whose
            records are joined by nothing but ``Record.uid`` it is required of the first page, and of every page from
            which on keys come that it did not name. Keys that are known and not in it are then removals of this walk
            from there on, so that a moved record (same uid, new key) keeps its identity.
        last: the walk is complete.
        total: how many records the walk will bring, when known, for progress.
        asked: ``await walk.stamp()`` from before the earliest request whose answer this page holds (J1). What a listing
            said (removed, unchanged) must not travel in a page with a later stamp than that listing's.
    """

    mode: Literal["delta", "snapshot"]
    changed: tuple[Record, ...] = ()
    unchanged: tuple[tuple[RemoteKey, Rev], ...] = ()
    removed: tuple[RemoteKey, ...] = ()
    renamed: tuple[tuple[RemoteKey, RemoteKey], ...] = ()
    deferred: tuple[Deferred, ...] = ()
    unlisted: tuple[RemoteKey, ...] = ()
    listing: frozenset[RemoteKey] | None = None
    cursor: Cursor | None = None
    context: bytes | None = None
    last: bool = False
    total: int | None = None
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The marked record exists."""

    record: Record


@dataclass(frozen=True, slots=True)
class Absent:
    """The marked record does not exist (to be believed after ``caps.mark_lag``)."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider cannot tell."""


MarkAnswer = Found | Absent | Unknown


class Walk(Protocol):
    """What the engine lends to a pull: its knowledge and its counter."""

    async def known(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Rev]:
        """The revisions of those keys that are stored and live, so that a full listing need not fetch them again."""
        ...

    async def stamp(self) -> int:
        """Note the account's counter. To be called before each request leaves; see ``Page.asked`` (J1)."""
        ...


class Connector(Protocol):
    """One source of one authorised account."""

    @property
    def caps(self) -> Capabilities:
        """What this source can do."""
        ...

    async def identify(self) -> Identity:
        """Who the credentials belong to. Raises ProviderUnauthorized."""
        ...

    async def fetch(self, key: RemoteKey) -> Record:
        """The record as it is now. Raises RecordNotFound."""
        ...

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str] | None = None,
        document: bytes | None = None,
        *,
        fresh: bool = False,
    ) -> Record:
        """Create a contact, with native properties by name; ``mark`` is stored with it.

        A record that already carries the mark, and can be found quickly, is returned as it is. ``fresh``: the mark was made
        for this very call, so nobody need look. ``document``: the vCard that the draft was read from, only where
        ``caps.vcards``: what it says besides is kept, too.
        """
        ...

    async def find_mark(self, mark: str) -> MarkAnswer:
        """Look before repeating an ambiguous create (J10)."""
        ...

    async def update(self, base: Record, patch: Patch) -> Record:
        """Apply a patch to the provider's document. Raises Stale when the base is superseded, RecordNotFound."""
        ...

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        """Delete; already gone is success. Raises Stale when ``rev`` is superseded."""
        ...

    def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        """Pages of changes since ``cursor``, or of everything when it is None.

        A snapshot is always complete; ``walk.known`` may spare it fetching documents. With ``resume`` the cursor is that of
        a walk in progress (the ``cursor`` of its last page before ``last``). Raises CursorExpired.
        """
        ...

    async def photo(self, record: Record) -> Photo | None:
        """The photo with its bytes, or None."""
        ...

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        """Map a stored document anew (after an upgrade of the mapping, or a change of context). Pure, no I/O."""
        ...

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        """What this provider would not keep of a contact that is created, or that ``base`` is changed into.

        ``document``: as for ``create``. The same as the losses of the record that the write would give. Pure, but not quick: a photo may be scaled.
        """
        ...

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        """Native properties by name out of a stored document. Pure."""
        ...


@runtime_checkable
class Recognizing(Protocol):
    """What a connector with ``caps.loses_marks`` offers besides."""

    def may_be(self, record_: Record, draft: Contact) -> bool:
        """Whether a record without a mark has all that a create of this draft is sure to leave there. Pure."""
        ...


@dataclass(frozen=True, slots=True)
class New:
    """A contact that is to be created, as in ``Connector.create``."""

    draft: Contact
    mark: str | None
    native: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False


@runtime_checkable
class Batching(Protocol):
    """What a connector with ``caps.batch`` > 1 offers besides: several writes in one call.

    Each answer stands for the write in the same place: the outcome, or the error of this one alone. What concerns the
    call as a whole is raised, and then, where the error's ``sent`` says so, any of them may have been carried out.
    Where ``caps.photo_apart``, no photo is among them; nor is a vCard's document: such writes go by the single calls.
    """

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        """Create at most ``caps.batch`` contacts; each as by ``create``."""
        ...

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        """Change at most ``caps.batch`` contacts, each guarded as by ``update``."""
        ...

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        """Delete at most ``caps.batch`` contacts, each guarded as by ``delete``; already gone is success."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """A channel by which the provider tells that something has changed.

    Attributes:
        id: the provider's, of the channel.
        expires_at: when it ends unless it is renewed, unix milliseconds.
    """

    id: str
    expires_at: int


@runtime_checkable
class Watching(Protocol):
    """What a connector with ``caps.push`` offers besides. A notification is a hint that a pull is worth while, no more."""

    async def watch(self, url: str, secret: str, current: Watch | None) -> Watch:
        """A channel to ``url``: ``current`` renewed, or a new one where there is none, or it has ended at the provider.

        Args:
            url: where notifications go, https; the provider may ask it for an answer before this call returns.
            secret: at most 128 characters, that comes with each notification.
            current: the channel that there is; its url and secret are the same, else the caller ends it first.

        Raises:
            ProviderRejected: the provider does not accept the address.
            ProviderError: otherwise.
        """
        ...

    async def unwatch(self, watch: Watch) -> None:
        """End a channel; one that has ended already is success. Raises ProviderError."""
        ...


@runtime_checkable
class Listening(Protocol):
    """What a connector with ``caps.streams`` offers besides. What is told is a hint that a pull is worth while, no more."""

    def listen(self) -> AsyncGenerator[None, None]:
        """One connection to the provider, which is open while this is iterated over.

        The first ``None`` says that the provider listens: what changes from then on is told, and what has changed until
        then is the caller's to pull. Each further one says that something may have changed, or that the provider may
        have left something out. It ends when the provider ends the connection in good order. A connection on which
        nothing comes, not even a sign of life, is an error in the end.

        Raises:
            ProviderThrottled: the provider has too many such connections; ``retry_after`` in seconds, where it says so.
            ProviderError: otherwise; also when the connection breaks.
        """
        ...
