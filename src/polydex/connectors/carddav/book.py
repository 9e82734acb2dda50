"""One address book: its state, its listing, its cards. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from polydex.connectors.base import Record
from polydex.connectors.carddav import etags, hrefs, wire
from polydex.connectors.carddav.dav import READ_SECONDS, Dav, off_loop
from polydex.connectors.carddav.errors import date_ms, failure, refused
from polydex.connectors.carddav.mapping import record
from polydex.core.errors import ProviderError, ProviderMalformed, ProviderUnavailable, RecordNotFound
from polydex.core.ids import RemoteKey, Rev

_STATE = (wire.SYNC_TOKEN, wire.GETCTAG, wire.SUPPORTED_REPORT_SET, wire.RESOURCETYPE)
_MEMBER = (wire.GETETAG, wire.RESOURCETYPE)


@dataclass(frozen=True, slots=True)
class State:
    """What the server says about a book as a whole.

    Attributes:
        token: ``DAV:sync-token``.
        ctag: ``CS:getctag``.
        syncs: whether the sync-collection report may be tried.
        clock: the server's clock before it looked, unix milliseconds.
    """

    token: str | None
    ctag: str | None
    syncs: bool
    clock: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """One answer of sync-collection. ``changed``: what is there, with its revision; ``removed``: what is gone."""

    changed: dict[RemoteKey, Rev | None]
    removed: tuple[RemoteKey, ...]
    token: str | None
    truncated: bool
    clock: int | None


class Card(msgspec.Struct, frozen=True, gc=False):
    """A card as it was read, with CRLF line ends.

    Attributes:
        key: its path.
        raw: the text.
        etag: as the server wrote it.
        clock: the server's clock at that moment, unix milliseconds.
    """

    key: RemoteKey
    raw: bytes
    etag: str | None = None
    clock: int | None = None

    @property
    def rev(self) -> Rev | None:
        return etags.bare(self.etag)

    def is_same(self, other: Card) -> bool:
        """Whether the server showed the same both times, whenever that was."""
        return (self.key, self.raw, self.etag) == (other.key, other.raw, other.etag)


@dataclass(frozen=True, slots=True)
class Book:
    """Args:
    dav: the calls.
    url: of the collection, with a slash at its end.
    region: two letters for phone numbers without a country code, or None.
    """

    dav: Dav
    url: str
    region: str | None = None

    @property
    def path(self) -> RemoteKey:
        return hrefs.key_of(self.url, self.url)

    def url_of(self, key: RemoteKey) -> str:
        """The URL of a card; always on the book's own host."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{key}"

    def record(self, card: Card, listed: Rev | None = None) -> Record:
        """The record of a card.

        Args:
            card: what was read.
            listed: the revision that an earlier listing showed, for a card that came without one. It may be older than
                the card, which is safe: then the next listing shows another one.

        Raises:
            ProviderMalformed: the card cannot be read.
        """
        return record(card.raw, card.key, card.rev or listed, self.region)

    async def state(self) -> State:
        """Ask for the state. Raises ProviderUnavailable when the address book is not there any more."""
        step = "CardDAV address book"
        try:
            found, answer = await self.dav.propfind(self.url, _STATE, depth=0, step=step)
        except RecordNotFound as error:
            raise self._missing(step, error) from None
        response = found.of(hrefs.key_of(answer.url, answer.url)) or found.of(self.path)
        if response is None and len(found.responses) == 1:
            response = found.responses[0]  # under another of its names
        if response is None:
            raise ProviderMalformed(f"{step}: the answer says nothing about it")
        if response.status in (404, 410):
            raise self._missing(step, None)
        token = response.text(wire.SYNC_TOKEN)
        reports = response.children(wire.SUPPORTED_REPORT_SET)
        return State(
            token=token,
            ctag=response.text(wire.GETCTAG),
            syncs=wire.SYNC_COLLECTION in reports or (token is not None and not reports),
            clock=date_ms(answer),
        )

    def _missing(self, step: str, error: RecordNotFound | None) -> ProviderUnavailable:
        # Not RecordNotFound, which speaks of a contact; and never an empty book.
        return ProviderUnavailable(f"{step}: it is not there", original=error.original if error else None)

    async def listing(self) -> tuple[dict[RemoteKey, Rev | None], bool]:
        """All cards with their revisions, by PROPFIND; and whether the server says that this is all."""
        found, answer = await self.dav.propfind(self.url, _MEMBER, depth=1, step="CardDAV listing")
        cards = await off_loop(len(answer.body), lambda: _listed(found, self._names(answer.url)))
        return cards, not found.truncated

    async def changes(self, token: str) -> Changes:
        """What sync-collection (RFC 6578) tells since the token; an empty one begins.

        Raises:
            CursorExpired: the server does not know the token (any more).
        """
        body = wire.sync_collection(token)
        found, answer = await self.dav.ask("REPORT", self.url, body, depth=0, step="CardDAV sync-collection")
        changed, removed = await off_loop(len(answer.body), lambda: _changes(found, self._names(answer.url)))
        return Changes(changed, removed, found.sync_token, found.truncated, date_ms(answer))

    def _names(self, url: str) -> frozenset[str]:
        """The paths of the collection, as it was asked for and as the server answered, without their final slash."""
        return frozenset(path.rstrip("/") for path in (self.path, hrefs.key_of(url, url)))

    async def read(
        self, key: RemoteKey, seconds: float = READ_SECONDS, *, moved: bool = False, close: bool = False
    ) -> Card:
        """The card as it is now.

        Args:
            key: its path.
            seconds: to wait for it.
            moved: the key is our own idea; where the server redirects it, the card has the key that it ends at.
            close: leave no connection behind that the next request would be sent on.

        Raises:
            RecordNotFound: the server says 404 or 410.
        """
        # Uncompressed: compressing proxies mark the ETag as weak or change it ("x-gzip").
        headers = {"Accept-Encoding": "identity"} | ({"Connection": "close"} if close else {})
        answer = await self.dav.send("GET", self.url_of(key), headers=headers, seconds=seconds)
        if answer.status != 200:
            raise failure(answer, "CardDAV card")
        raw = wire.with_crlf(answer.body)
        if not raw:
            raise ProviderMalformed("CardDAV card: the server answers with nothing")
        if moved:
            key = hrefs.key_of(answer.url, answer.url)
        card = Card(key, raw, answer.headers.get("ETag"), date_ms(answer))
        if card.rev is not None:
            return card
        # Card and revision of one moment: from one answer or not at all.
        return (await self._multiget_or_none(key)) or card

    async def _multiget_or_none(self, key: RemoteKey) -> Card | None:
        try:
            return (await self.multiget((key,))).get(key)
        except ProviderError as error:
            if not refused(error):
                raise
            return None

    async def multiget(self, keys: Sequence[RemoteKey], seconds: float = READ_SECONDS) -> dict[RemoteKey, Card]:
        """The cards among these that the server gives; one that it leaves out or refuses is missing from the answer."""
        body = wire.multiget(keys)
        found, _ = await self.dav.ask("REPORT", self.url, body, depth=0, step="CardDAV multiget", seconds=seconds)
        return _cards(found)

    async def find_uid(self, uid: str, seconds: float = READ_SECONDS) -> tuple[Card, ...]:
        """The cards that the server finds by their UID; to be checked, as servers match loosely."""
        body = wire.uid_query(uid)
        found, _ = await self.dav.ask("REPORT", self.url, body, depth=1, step="CardDAV query", seconds=seconds)
        return tuple(_cards(found).values())


def _listed(found: wire.Multistatus, own: frozenset[str]) -> dict[RemoteKey, Rev | None]:
    return {
        response.key: response.rev
        for response in found.responses
        if response.status not in (404, 410, 507) and not _is_book(response, own)
    }


def _changes(found: wire.Multistatus, own: frozenset[str]) -> tuple[dict[RemoteKey, Rev | None], tuple[RemoteKey, ...]]:
    """What is there and what is not there any more."""
    changed: dict[RemoteKey, Rev | None] = {}
    removed: dict[RemoteKey, None] = {}
    for response in found.responses:
        if response.status == 507 or _is_book(response, own):
            continue
        if response.status in (404, 410):
            removed[response.key] = None
        else:  # any other status is not a deletion: to be looked at
            changed[response.key] = response.rev if response.status is None else None
    return changed, tuple(key for key in removed if key not in changed)


def _is_book(response: wire.Response, own: frozenset[str]) -> bool:
    """Whether a response is about the collection (some servers list it among its members) or one inside it."""
    return response.is_collection or response.key.rstrip("/") in own


def _cards(found: wire.Multistatus) -> dict[RemoteKey, Card]:
    return {
        response.key: Card(response.key, raw, response.etag)
        for response in found.responses
        if response.status is None and (raw := response.card) is not None
    }
