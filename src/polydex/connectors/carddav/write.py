"""Writes: guarded by If-Match and If-None-Match, and, as not every server heeds them, by reading before and after.

A create is addressed before it is sent: file name and UID follow from the idempotency mark, so the same create finds
itself again. What a write returns is what the server stores, not what was sent.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from polydex.connectors.base import Absent, Found, MarkAnswer, Record, Unknown
from polydex.connectors.carddav import etags, hrefs, wire
from polydex.connectors.carddav.book import Book, Card
from polydex.connectors.carddav.dav import WRITE_SECONDS, Budget
from polydex.connectors.carddav.errors import NO_UID_CONFLICT, failure, refused
from polydex.connectors.carddav.load import Loader
from polydex.core import vcard
from polydex.core.contact import Contact
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Field, Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch, diff
from polydex.net.message import Answer

SCANNED = 500
"""Cards that are read to find one, on a server that cannot search."""
_MARKS = uuid.UUID("2f0f5c3e-7c0b-5b52-9d2a-5f8f6f6b7a11")
_VCARD = "text/vcard; charset=utf-8"
_WRITE = "CardDAV write"
_DELETE = "CardDAV delete"


def uid_of(mark: str) -> str:
    """The UID, and thereby the file name, of the card that is created under a mark."""
    return str(uuid.uuid5(_MARKS, mark))


@dataclass(frozen=True, slots=True)
class Writer:
    """The writes of one request. ``budget``: the time for all its calls together."""

    book: Book
    budget: Budget

    @classmethod
    def of(cls, book: Book) -> Writer:
        return cls(book, Budget(WRITE_SECONDS))

    # --- create ---------------------------------------------------------------------------------------------------

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str],
        losses: tuple[Loss, ...] = (),
        document: bytes | None = None,
    ) -> Record:
        """See ``Connector.create``."""
        uid = uid_of(mark) if mark is not None else str(uuid.uuid4())
        key = RemoteKey(f"{self.book.path}{uid}.vcf")
        if mark is not None:
            # A server that does not heed If-None-Match would overwrite what was created and perhaps edited before.
            with _before_writing():
                found = await self._look(key, moved=True)
            if found is not None:
                return self._ours(found, uid, mark)
        if document is not None:
            edited = vcard.adopt(document, draft, uid=uid, mark=mark)
        else:
            edited = vcard.create(draft, uid=uid, mark=mark, version="3.0", rev=None, native=native)
        losses = (*losses, *edited.losses)
        sent = Card(key, edited.raw)
        try:
            answer = await self._put_new(sent)
        except (ProviderTimeout, ProviderUnavailable) as silence:
            if not silence.sent:
                raise
            record = await self._after_silence(silence, key, uid, mark)
            if record is not None:
                return record
            answer = await self._put_new(sent)
        if 200 <= answer.status < 300:
            stored = self._stored_at(answer, key)
            return await self._read_back(stored, Card(stored, edited.raw), losses, uid)
        return await self._not_created(answer, key, uid, mark)

    async def _put_new(self, card: Card) -> Answer:
        headers = {"Content-Type": _VCARD, "If-None-Match": "*"}
        return await self._put(card.key, card.raw, headers, idempotent=False)

    async def _not_created(self, answer: Answer, key: RemoteKey, uid: str, mark: str | None) -> Record:
        """A refused create may still be there already, from an earlier attempt."""
        error = failure(answer, _WRITE)
        if isinstance(error, ProviderTimeout | ProviderUnavailable):
            found = await self._after_silence(error, key, uid, mark)
            if found is None:
                raise error
            return found
        existing: Card | None = None
        if isinstance(error, Stale):
            existing = await self._look(key, moved=True)
        elif NO_UID_CONFLICT in wire.conditions(answer.body):
            existing = await self._conflicting(answer, uid)
        if existing is not None:
            return self._ours(existing, uid, mark)
        if isinstance(error, RecordNotFound):
            raise ProviderRejected(f"{_WRITE}: the address book is not there", original=error.original)
        raise ProviderRejected(error.message, original=error.original) if isinstance(error, Stale) else error

    def _stored_at(self, answer: Answer, key: RemoteKey) -> RemoteKey:
        """Where the server put it: Location (RFC 9110 section 10.2.2), or the end of the redirects."""
        place = answer.headers.get("Location", "").strip() if answer.status == 201 else ""
        try:
            stored = hrefs.key_of(place, answer.url) if place else hrefs.key_of(answer.url, answer.url)
        except ValueError:
            return key
        return stored if not stored.endswith("/") else key

    def _ours(self, card: Card, uid: str, mark: str | None) -> Record:
        record = self.book.record(card)
        if _is_ours(record, uid, mark):
            return record
        raise ProviderRejected(f"{_WRITE}: the server has another card under this name")

    async def _conflicting(self, answer: Answer, uid: str) -> Card | None:
        """The card that no-uid-conflict (RFC 6352 section 6.3.2.1) speaks of."""
        href = wire.conditions(answer.body).href
        if href:
            try:
                found = await self._look(hrefs.key_of(href, answer.url), moved=True)
            except ValueError:
                found = None
            if found is not None:
                return found
        cards = await self._by_uid(uid)
        return cards[0] if cards else None

    async def _after_silence(self, error: ProviderError, key: RemoteKey, uid: str, mark: str | None) -> Record | None:
        """The answer of a create is lost: look whether it happened, by its UID and under its name.

        None when it did not and the connection broke (servers drop kept-alive connections without a word): then it may
        be sent once more, under the same name and If-None-Match, so that however late the first one arrives, there is
        one card. After a time-out it is never sent again from here (J10), nor where cards may get other names than we
        give them and none can be found by its UID.
        """
        try:
            elsewhere = await self._by_uid(uid)
            found = await self._look(key, moved=True, close=True)  # the last one: nothing is left to be sent on
        except ProviderError:
            raise error from None
        if found is None and elsewhere:
            found = elsewhere[0]
        if found is not None:
            record = self.book.record(found)
            if _is_ours(record, uid, mark):
                return record
            raise error
        if elsewhere is None or isinstance(error, ProviderTimeout) or error.original is not None:
            raise error
        return None

    # --- the mark -------------------------------------------------------------------------------------------------

    async def find_mark(self, mark: str) -> MarkAnswer:
        """See ``Connector.find_mark``."""
        uid = uid_of(mark)
        found = await self._look(RemoteKey(f"{self.book.path}{uid}.vcf"), moved=True)
        cards: Iterable[Card] | None = (found,) if found is not None else await self._by_uid(uid)
        if cards is None:
            return Unknown()
        for card in cards:
            try:
                record = self.book.record(card)
            except ProviderMalformed:
                return Unknown()
            if _is_ours(record, uid, mark):
                return Found(record)
        return Unknown() if found is not None else Absent()

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, base: Record, patch: Patch, losses: tuple[Loss, ...] = ()) -> Record:
        """See ``Connector.update``."""
        with _before_writing():
            fresh = await self.book.read(base.key, self.budget.left)
        current = self.book.record(fresh)
        if not self._is_base(fresh, current, base):
            raise Stale(f"{_WRITE}: the card has changed at the server")
        if current.contact is None:
            raise ProviderRejected(f"{_WRITE}: the card is no contact")
        edited = vcard.edit(fresh.raw, patch, base=current.contact, rev=_rev(fresh.clock))
        losses = (*losses, *edited.losses)
        if edited.raw == fresh.raw:
            return _with_losses(current, losses)
        answer = await self._put_over(fresh, edited.raw)
        if not 200 <= answer.status < 300:
            error = failure(answer, _WRITE)
            if isinstance(error, Stale):
                return await self._if_it_was_ours(edited.raw, base.key, losses, error)
            raise error
        stored = self._stored_at(answer, base.key)
        return await self._read_back(stored, Card(stored, edited.raw), losses, current.uid)

    def _is_base(self, fresh: Card, current: Record, base: Record) -> bool:
        """Whether the card is still what the caller decided on.

        The same text is, even under another ETag (some servers change those by themselves). Under the same ETag the
        text may differ in what is not shown (a report and a GET need not give the same version of vCard), as the edit
        is made on the fresh text; but not in what is shown: some servers make ETags of the time in seconds.
        """
        if wire.with_crlf(base.raw) == fresh.raw:
            return True
        if base.rev is None or fresh.rev != base.rev:
            return False
        return self.book.record(Card(base.key, base.raw)).contact == current.contact

    async def _put_over(self, fresh: Card, raw: bytes) -> Answer:
        headers = {"Content-Type": _VCARD, "If-Match": etags.if_match(fresh.rev)}
        answer = await self._put(fresh.key, raw, headers, idempotent=True)
        verbatim = etags.verbatim(fresh.etag)
        if verbatim is None or not _failed_precondition(answer):
            return answer
        if not fresh.is_same(await self.book.read(fresh.key, self.budget.left)):
            return answer
        # Nothing has changed: the server compares If-Match by the letter with its own unquoted or weak spelling.
        return await self._put(fresh.key, raw, {**headers, "If-Match": verbatim}, idempotent=True)

    async def _if_it_was_ours(self, raw: bytes, key: RemoteKey, losses: tuple[Loss, ...], error: Stale) -> Record:
        """A 412 may be the answer to a repetition of a write that was carried out, its first answer lost."""
        again = await self.book.read(key, self.budget.left)
        if _lines(again.raw) != _lines(raw):
            raise error
        return _with_losses(self.book.record(again), losses)

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        """See ``Connector.delete``."""
        with _before_writing():
            card = await self._look(key)
        if card is None:
            return
        if rev is not None and card.rev != rev:
            raise Stale(f"{_DELETE}: the card has changed at the server")
        answer = await self._delete(key, etags.if_match(card.rev))
        verbatim = etags.verbatim(card.etag)
        if answer.status == 412:
            again = await self._look(key)
            if again is None:  # 412 for what is not there any more, as after a repetition whose first answer was lost
                return
            if verbatim is not None and _failed_precondition(answer) and again.is_same(card):  # see _put_over
                answer = await self._delete(key, verbatim)
        if 200 <= answer.status < 300:
            self._check_parts(answer)
        elif answer.status not in (404, 410):
            raise failure(answer, _DELETE)

    async def _delete(self, key: RemoteKey, match: str) -> Answer:
        url = self.book.url_of(key)
        return await self.book.dav.send("DELETE", url, headers={"If-Match": match}, seconds=self.budget.left)

    def _check_parts(self, answer: Answer) -> None:
        """A 207 to DELETE names what could not be deleted (RFC 4918 section 9.6.1)."""
        if answer.status != 207:
            return
        for response in wire.multistatus(answer.body, answer.url).responses:
            if response.status is not None and response.status not in (404, 410):
                raise ProviderRejected(f"{_DELETE}: refused ({response.status})", original={"status": response.status})

    # --- reading --------------------------------------------------------------------------------------------------

    async def _put(self, key: RemoteKey, raw: bytes, headers: dict[str, str], *, idempotent: bool) -> Answer:
        return await self.book.dav.send(
            "PUT",
            self.book.url_of(key),
            body=raw,
            headers=headers,
            idempotent=idempotent,
            seconds=self.budget.left,
        )

    async def _look(self, key: RemoteKey, *, moved: bool = False, close: bool = False) -> Card | None:
        """The card, or None when the server says that there is none. ``moved``, ``close``: see ``Book.read``."""
        try:
            return await self.book.read(key, self.budget.left, moved=moved, close=close)
        except RecordNotFound:
            return None

    async def _by_uid(self, uid: str) -> tuple[Card, ...] | None:
        """The cards with this UID; None when the server does not answer such a question."""
        try:
            cards = await self.book.find_uid(uid, self.budget.left)
        except ProviderError as error:
            if not refused(error):
                raise
            return await self._scan(uid)
        return tuple(card for card in cards if _uid(self.book, card) == uid)

    async def _scan(self, uid: str) -> tuple[Card, ...] | None:
        """The same without the server's help, for books of a size that can be read in the time of a write."""
        listed, complete = await self.book.listing()
        if not complete or len(listed) > SCANNED:
            return None
        loaded = await Loader(self.book).load(listed)
        found = tuple(Card(record.key, record.raw, record.rev) for record in loaded.records if record.uid == uid)
        return found or (None if loaded.deferred else ())

    async def _read_back(self, key: RemoteKey, sent: Card, losses: tuple[Loss, ...], uid: str | None) -> Record:
        """What the server stores now. The write itself is done, so a failure from here on must not look like its own.

        Without a reading the record has no revision, so that the next pull fetches it.
        """
        try:
            card = await self._look(key)
            if card is None and uid is not None:
                elsewhere = await self._by_uid(uid)
                card = elsewhere[0] if elsewhere else None
        except ProviderError:
            return _with_losses(self.book.record(sent), losses)
        if card is None:
            raise ProviderUnavailable(f"{_WRITE}: done, but the server does not show the card", sent=True)
        stored = self.book.record(card)
        return _with_losses(stored, (*losses, *_changed(self.book.record(sent).contact, stored.contact)))


@contextlib.contextmanager
def _before_writing() -> Iterator[None]:
    """A failure in here is no ambiguous write: nothing was sent that changes anything."""
    try:
        yield
    except ProviderError as error:
        error.sent = False
        raise


def _is_ours(record: Record, uid: str, mark: str | None) -> bool:
    """By the UID, which we made up or derived from the mark; some servers drop the mark, some make UIDs of their own."""
    return record.uid == uid or (mark is not None and record.mark == mark)


def _changed(sent: Contact | None, stored: Contact | None) -> Iterator[Loss]:
    """What the server stores otherwise than it was sent (or another client has changed since, which looks the same).

    A photo counts only when it is gone: some servers keep it elsewhere, and put its address into the card.
    """
    if sent is None or stored is None:
        return
    fields = diff(sent, stored).fields()
    for field in Field:
        if field in fields and (field is not Field.PHOTO or stored.photo is None):
            yield Loss(f"$.{field.value}", "the server stores something else than was sent")


def _with_losses(record: Record, losses: tuple[Loss, ...]) -> Record:
    """The record with what a write could not keep."""
    return msgspec.structs.replace(record, losses=losses)


def _rev(clock: int | None) -> str | None:
    """The time of the change for REV, by the server's clock."""
    return None if clock is None else datetime.fromtimestamp(clock / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _failed_precondition(answer: Answer) -> bool:
    return answer.status == 412 and not wire.conditions(answer.body).names


def _lines(raw: bytes) -> list[bytes]:
    """The lines of a card, unfolded, in an order of their own: servers sort them and change the case of names."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    return sorted(
        line.lower() for line in text.split(b"\n") if line and not line.upper().startswith((b"REV", b"PRODID"))
    )


def _uid(book: Book, card: Card) -> str | None:
    try:
        return book.record(card).uid
    except ProviderError:
        return None
