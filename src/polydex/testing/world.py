"""The truth of a made-up provider: one address book, its history, and the habits with which it tells about them."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from polydex.connectors.base import Guard
from polydex.core.contact import Contact
from polydex.core.errors import (
    CursorExpired,
    ProviderError,
    ProviderMalformed,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import ALL_FIELDS, FieldSet
from polydex.testing import document as documents
from polydex.testing.channels import Channels
from polydex.testing.document import Document
from polydex.testing.gates import Gates
from polydex.testing.lines import Lines


@dataclass(frozen=True, slots=True)
class Character:
    """The habits of a provider; the defaults are those of a perfect one.

    Attributes:
        revisions: ``counter``; ``hash`` of the content (deleted and put back, it is the same again); ``missing``
            everywhere; ``flaky``: missing in the answers of writes and of every third item of a list.
        delta: there is a change feed; without it every pull is a snapshot.
        ctag: without a change feed: a tag tells that nothing has changed at all.
        page_size: items of one page of a list.
        documents_in_list: lists bring documents; False: only revisions, documents are fetched where they differ.
        read_lag, mark_lag, create_lag: seconds, as in Capabilities; ``MemoryWorld.lag`` is the lag of the moment.
        repeats: pages but the last come twice, items of a page too.
        honest_cursor: a snapshot's cursor is as of its start (J2).
        resume: ``works``; ``none`` is given; ``cut``: what is given has lost its end and is refused.
        renames: a moved record is ``reported`` as renamed; or it is removed here and new there with the same
            ``stable`` key, the same ``uid``, or nothing in common (``none``).
        marks: marks are stored and found.
        loses_marks: as in Capabilities: no create keeps its mark, nor its notes.
        update_guard, delete_guard: as in Capabilities. ENFORCED needs revisions that are always there.
        photos, writable: as in Capabilities.
        full_every: as in Capabilities.
        list_caps: as in Capabilities: what lists bring is cut so, a direct read is not.
        batch, photo_apart: as in Capabilities.
        labels: keywords are names of labels, which documents know by their ids; a renamed label is in no change feed.
        push: as in Capabilities; a channel lasts for ``channel_life`` seconds.
        streams: as in Capabilities.
    """

    revisions: Literal["counter", "hash", "missing", "flaky"] = "counter"
    delta: bool = True
    ctag: bool = False
    page_size: int = 100
    documents_in_list: bool = True
    read_lag: float = 0.0
    mark_lag: float = 0.0
    create_lag: float = 0.0
    repeats: bool = False
    honest_cursor: bool = True
    resume: Literal["works", "none", "cut"] = "works"
    renames: Literal["reported", "stable", "uid", "none"] = "reported"
    marks: bool = True
    loses_marks: bool = False
    update_guard: Guard = Guard.ENFORCED
    delete_guard: Guard = Guard.ENFORCED
    photos: bool = True
    writable: FieldSet = ALL_FIELDS
    full_every: float | None = None
    list_caps: Mapping[str, int] = field(default_factory=dict)
    batch: int = 1
    photo_apart: bool = False
    labels: bool = False
    push: bool = False
    streams: bool = False
    channel_life: float = 600_000.0

    def __post_init__(self) -> None:
        if self.revisions in ("missing", "flaky") and Guard.ENFORCED in (self.update_guard, self.delete_guard):
            raise ValueError("a provider without revisions cannot compare them")


class Fault(Enum):
    """What happens to a single call."""

    REFUSED = "refused"  # it never arrived
    FAILED = "failed"  # it arrived, and may have acted; it did not
    LOST = "lost"  # it acted, and the answer is lost
    PARTLY = "partly"  # it acted on half of a batch, or without the photo, and the answer is lost; else as LOST
    DENIED = "denied"  # the credentials were refused
    NONE = "none"  # nothing: it lets one call pass before the next fault


@dataclass(frozen=True, slots=True)
class Version:
    """A record from one event on; ``document`` is None when it is gone."""

    position: int
    at: int
    document: Document | None
    rev: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the change feed."""

    at: int
    key: str
    renamed_from: str | None = None


class MemoryWorld:
    """One address book. Public methods are what other clients (the user's phone) do behind our back.

    Attributes:
        unreadable: keys whose documents cannot be read for now (J4); ``refusal`` is how it is said.
        lag: seconds by which lists lag at this moment; at most ``character.read_lag``.
        refuses_photos: a photo that is written by a call of its own is refused for good.
        labels: the names of labels by their ids, where the address book has them.
        channels, lines: by which it tells of changes.
        blackout: full lists are empty, although everything is there (J13).
        walks: counts ``break_walks``.
        faults: what happens to the next calls: (verb or ``*``, fault); each is used once, the first that fits.
        calls: (verb, key) of everything that arrived.
        happened: how often which misbehaviour was met, for tests that want to know that they got there.
    """

    def __init__(
        self, clock: Callable[[], int], character: Character | None = None, *, subject: str = "memory:1"
    ) -> None:
        self.clock = clock
        self.character = character or Character()
        self.subject = subject
        self.gates = Gates()
        self.unreadable: set[str] = set()
        self.refusal: type[ProviderError] = ProviderMalformed
        self.refuses_photos = False
        self.labels: dict[str, str] = {}
        self.channels = Channels(clock, round(self.character.channel_life * 1000))
        self.lines = Lines()
        self.lag = 0.0
        self.blackout = False
        self.faults: deque[tuple[str, Fault]] = deque()
        self.calls: list[tuple[str, str]] = []
        self.happened: Counter[str] = Counter()
        self._events: list[Event] = []
        self.history: dict[str, list[Version]] = {}
        self._names = 0
        self._labels = 0
        self._cursors = 0
        self.walks = 0

    # --- what other clients do ---------------------------------------------------------------------------------

    def put(self, contact: Contact, key: str | None = None, **members: Any) -> str:
        """Create, or replace the fields of, a contact. ``members``: anything else for the document. Returns its key."""
        if key is None:
            self._names += 1
            key = f"k{self._names}"
        found = self.find(key)
        if found is None:
            fresh = documents.new(contact, uid=f"uid-{len(self._events)}-{key}", **members)
            self._append(key, self.labelled(fresh))
        else:
            self._append(key, self.labelled({**found, **documents.new(contact, uid=found["uid"]), **members}))
        return key

    def put_document(self, key: str, document: Document) -> None:
        """Store a document as it is."""
        self._append(key, document)

    def remove(self, key: str) -> None:
        """Delete a contact; a missing one is no error."""
        if self.find(key) is not None:
            self._append(key, None)

    def move(self, key: str, new_key: str) -> None:
        """Give a record another key; what was there is replaced. A missing one is no error."""
        document = self.find(key)
        if document is None or key == new_key:
            return
        created = self.history[key][-1].created_ms
        self._record(key, None)
        reported = self.character.renames == "reported"
        if not reported:
            self._events.append(Event(self.clock(), key))
        self._record(new_key, document, created_ms=created)
        self._events.append(Event(self.clock(), new_key, renamed_from=key if reported else None))

    def label(self, name: str) -> str:
        """The id of the label of this name, which is made if there is none."""
        for label, known in self.labels.items():
            if known == name:
                return label
        self._labels += 1
        self.labels[f"l{self._labels}"] = name
        return f"l{self._labels}"

    def rename_label(self, name: str, new_name: str) -> None:
        """Give a label another name, unless that is taken. A missing one is no error. No contact is written by it."""
        if name in self.labels.values() and new_name not in self.labels.values():
            self.labels[self.label(name)] = new_name

    def expire_cursors(self) -> None:
        """Every cursor that was handed out is refused from now on."""
        self._cursors += 1

    def break_walks(self) -> None:
        """Every walk in progress is refused its next page; the cursors of complete ones stay good."""
        self.walks += 1

    # --- the truth -----------------------------------------------------------------------------------------------

    def find(self, key: str, position: int | None = None) -> Document | None:
        """The document under a key, now or as of an event."""
        version = self._version(key, position)
        return version.document if version else None

    def state(self, position: int | None = None) -> dict[str, Document]:
        """Every document by its key, in the order of the keys."""
        pairs = ((key, self.find(key, position)) for key in sorted(self.history))
        return {key: document for key, document in pairs if document is not None}

    def contacts(self) -> dict[str, Contact]:
        """Every contact by its key, photos by their hash; groups left out."""
        pairs = ((key, self.contact_of(document, 1)) for key, document in self.state().items())
        return {key: contact for key, contact in pairs if contact is not None}

    def contact_of(self, document: Document, mapping_version: int) -> Contact | None:
        """What a document shows, with the labels as they are now."""
        return documents.contact_of(document, mapping_version, self.labels if self.character.labels else None)

    def marked(self, mark: str) -> list[str]:
        """Every key that ever carried this mark, living or not: more than one is a doubled contact."""
        return [
            key
            for key, versions in self.history.items()
            if any(v.document is not None and v.document.get("mark") == mark for v in versions)
        ]

    # --- what the connector asks ---------------------------------------------------------------------------------

    def strike(self, verb: str, faults: tuple[Fault, ...]) -> None:
        """Raise what the next fault for this verb demands, if it is one of ``faults``."""
        for index, (name, fault) in enumerate(self.faults):
            if name in ("*", verb):
                if fault not in faults:
                    return
                del self.faults[index]
                self.happened[f"{fault.value} {verb}"] += 1
                if fault is Fault.NONE:
                    return
                if fault is Fault.DENIED:
                    raise ProviderUnauthorized
                if fault is Fault.REFUSED:
                    raise ProviderUnavailable(sent=False)
                if fault is Fault.FAILED:
                    raise ProviderUnavailable(sent=True)
                raise ProviderTimeout

    def read(self, key: str) -> Version:
        """A record as a direct read sees it. Raises RecordNotFound, for fresh records too (``create_lag``)."""
        version = self._version(key)
        if version is None or version.document is None:
            raise RecordNotFound
        if self.clock() < version.created_ms + self.character.create_lag * 1000:
            self.happened["not found yet"] += 1
            raise RecordNotFound
        return version

    def write(self, key: str, document: Document | None, *, if_rev: str | None = None) -> Version:
        """Replace or (None) delete a record that exists. Raises Stale, RecordNotFound."""
        current = self.read(key)
        if if_rev is not None and current.rev != if_rev:
            self.happened["stale"] += 1
            raise Stale
        return self._append(key, document)

    def labelled(self, document: Document, *, anew: bool = True) -> Document:
        """A document whose keywords are names, as it is stored. ``anew``: they replace the labels."""
        return documents.labelled(document, self.label, anew=anew) if self.character.labels else document

    def add(self, document: Document) -> tuple[str, Version]:
        """A new record, whatever mark it carries."""
        self._names += 1
        key = f"c{self._names}"
        return key, self._append(key, document)

    def create(self, document: Document, mark: str | None) -> tuple[str, Version]:
        """A new record; one that carries the mark already, and can be found, is given back as it is."""
        if mark is not None and self.character.marks:
            found = self.by_mark(mark)
            if found is not None:
                return found
        # As with an address that is made from the mark: the same create lands at the same place.
        if mark is not None and self.character.marks and not self.character.mark_lag:
            return f"m-{mark}", self._append(f"m-{mark}", document)
        return self.add(document)

    def by_mark(self, mark: str) -> tuple[str, Version] | None:
        """The record with this mark, as the search index knows it: later than the truth by ``mark_lag``."""
        horizon = self.clock() - self.character.mark_lag * 1000
        for key in self.history:
            version = self._version(key)
            if version is None or version.document is None or version.document.get("mark") != mark:
                continue
            if self._appeared(key) <= horizon:
                return key, version
        return None

    @property
    def visible(self) -> int:
        """The number of events that lists know of at this moment."""
        horizon = self.clock() - self.lag * 1000
        position = len(self._events)
        while position and self._events[position - 1].at > horizon:
            position -= 1
        self.happened["list lags"] += position < len(self._events)
        return position

    def events(self, start: int, stop: int) -> Iterator[Event]:
        """The change feed between two positions."""
        return iter(self._events[start:stop])

    def version(self, key: str, position: int) -> Version | None:
        """The record as of a position, None when it is not there."""
        found = self._version(key, position)
        return found if found is not None and found.document is not None else None

    @property
    def era(self) -> int:
        """Between two calls of :meth:`expire_cursors`; a pull gives out cursors of the era that it began in."""
        return self._cursors

    def cursor(self, era: int, *parts: object) -> str:
        """A cursor with these parts; refused in another era."""
        return "/".join(str(part) for part in (*parts, era, "end"))

    def parts(self, cursor: str) -> list[str]:
        """The parts of a cursor. Raises CursorExpired."""
        *parts, generation, end = cursor.split("/") if cursor.count("/") >= 2 else ("", "", "")
        if end != "end" or generation != str(self._cursors):
            self.happened["cursor refused"] += 1
            raise CursorExpired
        return parts

    # --- its own ------------------------------------------------------------------------------------------------

    def _append(self, key: str, document: Document | None) -> Version:
        version = self._record(key, document)
        self._events.append(Event(self.clock(), key))
        self.channels.tell()
        self.lines.tell()
        return version

    def _record(self, key: str, document: Document | None, *, created_ms: int | None = None) -> Version:
        """A version that begins with the next event; the caller appends that event."""
        before = self._version(key)
        if created_ms is None:
            created_ms = before.created_ms if before and before.document is not None else self.clock()
        position = len(self._events) + 1
        rev = str(position)
        if self.character.revisions == "hash" and document is not None:
            rev = hashlib.sha256(documents.encode(document)).hexdigest()[:16]
        version = Version(position, self.clock(), document, rev, created_ms)
        self.history.setdefault(key, []).append(version)
        return version

    def _version(self, key: str, position: int | None = None) -> Version | None:
        for version in reversed(self.history.get(key, ())):
            if position is None or version.position <= position:
                return version
        return None

    def _appeared(self, key: str) -> int:
        """When the record under this key came into being, for the last time."""
        at = 0
        for version in reversed(self.history[key]):
            if version.document is None:
                break
            at = version.at
        return at
