"""Export: every contact of an account's address book, once, in bounded memory, while writes go on."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

import msgspec

from polydex.connectors.base import Connector
from polydex.core import csv, vcard
from polydex.core.contact import Contact, Photo
from polydex.core.csv import writer
from polydex.core.ids import RemoteKey, RowId
from polydex.core.vcard import file
from polydex.engine import content
from polydex.engine.context import Context
from polydex.engine.read import Reader
from polydex.store import rows
from polydex.store.accounts import Account
from polydex.store.rows import Stored
from polydex.store.sources import Source

PAGE = 50
"""Rows that are held at once: a card with a photo may have a megabyte."""

Write = Callable[[bytes], object]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Exported:
    """What an export brought.

    Attributes:
        contacts: that were written.
        groups: cards that are no contacts, written as they are (vCard only).
        missing: keys at the provider of what is there but was never readable, and so is not in the file.
        doubtful: contacts that are written as they were last known, and are to be looked at again.
        losses: what the format has no place for, in plain words -> number of contacts.
    """

    contacts: int = 0
    groups: int = 0
    missing: tuple[RemoteKey, ...] = ()
    doubtful: int = 0
    losses: Counter[str] = field(default_factory=Counter)


class Exporter:
    """Exports of one installation."""

    def __init__(self, ctx: Context, reader: Reader) -> None:
        self._ctx, self._reader = ctx, reader

    async def vcards(self, account: Account, write: Write, progress: Progress) -> Exported:
        """Write every contact as a vCard.

        The documents of a provider of vCards are written as they are stored, groups included; for others vCards of
        version 3.0 are made, with the photo. Raises NotReady, and what the provider says.

        Args:
            account: whose default address book.
            write: takes the bytes, in order.
            progress: is told how many are done, and of how many.
        """
        source = await self._reader.source(account)
        connector = self._ctx.connector(account, source)
        done = Exported()
        async for stored in self._contacts(source, done, progress):
            if connector.caps.vcards:
                write(whole(stored.raw or b""))
            elif stored.etag is not None:
                made = await self._made(connector, stored)
                done.losses.update({f"{loss.path}: {loss.reason}" for loss in made.losses})
                write(made.raw)
            if stored.etag is not None:
                done.contacts += 1
            elif connector.caps.vcards:
                done.groups += 1
        return done

    async def csv(self, account: Account, write: Write, progress: Progress) -> Exported:
        """Write every contact as a row of CSV in UTF-8, in the layout of docs/reference/csv.md.

        How many columns lists need is known at the end only, so the contacts wait in a temporary file without a name.
        Raises NotReady, and what the provider says.
        """
        source = await self._reader.source(account)
        done, lines = Exported(), csv.Writer()
        with tempfile.TemporaryFile() as waiting:
            async for stored in self._contacts(source, done, progress):
                if stored.etag is None:
                    continue
                contact = content.contact_of(stored)
                done.contacts += 1
                done.losses.update({f"{loss.path}: {loss.reason}" for loss in writer.losses(contact)})
                lines.measure(contact)
                waiting.write(msgspec.json.encode((stored.public_id, contact)) + b"\n")
            waiting.seek(0)
            write(lines.header().encode())
            for contact_id, contact in _waiting(waiting):
                write(lines.row(contact, contact_id).encode())
        return done

    async def _contacts(self, source: Source, done: Exported, progress: Progress) -> AsyncIterator[Stored]:
        """Every live record once, by immutable row numbers; one that is made anew meanwhile comes once, too."""
        total = await self._ctx.db.read(rows.count_live, source.id)
        seen: set[RemoteKey] = set()
        after, read = RowId(0), 0
        while page := await self._ctx.db.read(rows.live, source.id, after, PAGE):
            for stored in page:
                if stored.key not in seen:
                    seen.add(stored.key)
                    done.doubtful += stored.verify_due is not None
                    yield stored
            after = page[-1].row
            read += len(page)
            progress(read, max(total, read))
        done.missing = tuple(await self._ctx.db.read(rows.unread, source.id))

    async def _made(self, connector: Connector, stored: Stored) -> vcard.Edited:
        contact, uid = content.contact_of(stored), str(stored.public_id)
        photo: Photo | None = None
        if contact.photo is not None:
            photo = await connector.photo(content.record_of(stored))
        contact = msgspec.structs.replace(contact, photo=photo)
        return await asyncio.to_thread(vcard.create, contact, uid=uid, mark=None)


def whole(raw: bytes) -> bytes:
    """A stored card so that another one can follow it: a line end, or an end of the card, that it lacks is added."""
    if not raw.endswith((b"\n", b"\r")):
        raw += b"\r\n"
    if any(piece.fault is not None for piece in file.split(raw)):
        raw += b"END:VCARD\r\n"
    return raw


def _waiting(lines: IO[bytes]) -> Iterator[tuple[str, Contact]]:
    decoder = msgspec.json.Decoder(tuple[str, Contact])
    for line in lines:
        yield decoder.decode(line)
