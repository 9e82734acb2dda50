"""A file of many vCards, cut into cards: what is broken is reported with its lines, and the other cards go on."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from polydex.core.contact import is_empty, without_photo_content
from polydex.core.entry import Entry, Fault
from polydex.core.errors import BadRequest, ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.vcard import lines as content
from polydex.core.vcard.reader import read

_LINE = re.compile(rb"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_FRAME = re.compile(rb"(?:\xef\xbb\xbf)?(?:[\w-]+\.)?(BEGIN|END)[ \t]*:[ \t]*VCARD[ \t\0]*", re.IGNORECASE)
_AGENT = re.compile(rb"(?:[\w-]+\.)?AGENT(?:;[^:]*)?:[ \t]*", re.IGNORECASE)
MAX_CARD = 16 * 1024 * 1024
"""Bytes; a photo of 4 MB in base64 is 5.5 MB."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file that belong together. ``fault``: why they are no card; blank lines between cards are no piece."""

    line: int
    last_line: int
    start: int
    end: int
    fault: str | None = None


def utf8(data: bytes) -> bytes:
    """The file in UTF-8, when a byte order mark says that it is in UTF-16; otherwise as it is. Raises BadRequest."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        return data.decode("utf-16").encode()
    except UnicodeError:
        raise BadRequest("The file is not UTF-16, as its byte order mark says") from None


def split(data: bytes) -> Iterator[Piece]:
    """The cards of a file and what lies between them, from top to bottom."""
    at, number, depth = 0, 0, 0
    start = first = 0
    agent = False
    open_piece = False
    size = len(data)
    while at < size:
        found = _LINE.match(data, at)
        end = found.end() if found else size
        number += 1
        text = found[1] if found else b""
        frame = _FRAME.fullmatch(text) if len(text) < 200 else None
        word = frame[1].upper() if frame else b""
        if word == b"BEGIN" and not (depth and agent):
            if open_piece:
                yield Piece(first, number - 1, start, at, "the card does not end" if depth else "no card")
            open_piece, depth, start, first = True, 1, at, number
        elif word == b"BEGIN":
            depth += 1
        elif word == b"END" and depth:
            depth -= 1
            if not depth:
                yield Piece(first, number, start, end)
                open_piece = False
        elif not depth and not open_piece and text.strip(b" \t\0\x1a\xef\xbb\xbf"):
            open_piece, start, first = True, at, number
        agent = bool(depth) and len(text) < 200 and _AGENT.fullmatch(text) is not None
        at = end
    if open_piece:
        yield Piece(first, number, start, size, "the card does not end" if depth else "no card")


def entries(data: bytes) -> Iterator[Entry]:
    """An entry for every piece of a file (as ``utf8`` gives it)."""
    for number, piece in enumerate(split(data), 1):
        yield _entry(data, number, piece)


def _entry(data: bytes, number: int, piece: Piece) -> Entry:
    def entry(*faults: Fault) -> Entry:
        return Entry(number, piece.line, piece.last_line, piece.start, piece.end, None, faults)

    if piece.fault is not None:
        return entry(Fault(None, piece.fault))
    if piece.end - piece.start > MAX_CARD:
        return entry(Fault(None, f"larger than {MAX_CARD // 1024 // 1024} MB"))
    raw = data[piece.start : piece.end]
    try:
        reading = read(raw)
    except ProviderMalformed:
        return entry(Fault(None, "no vCard"))
    identity = f"uid:{reading.uid}" if reading.uid else None
    contact = reading.contact
    if contact is None:
        fault = Fault(None, "a group of contacts, not a contact")
        return Entry(number, piece.line, piece.last_line, piece.start, piece.end, None, (fault,), (), identity)
    if is_empty(contact):
        return entry(Fault(None, "there is no contact in the card"))
    contact = without_photo_content(contact)  # the bytes stay in the file
    losses = _losses(raw, piece.line)
    return Entry(number, piece.line, piece.last_line, piece.start, piece.end, contact, (), losses, identity)


def _losses(raw: bytes, first: int) -> tuple[Loss, ...]:
    """What reading the card has left out, or had to guess."""
    found: list[Loss] = []
    line = first
    for each in content.parse(raw):
        if not each.name and each.value.strip(" \t\0"):
            found.append(Loss(f"line {line}", "no property of a vCard"))
        line += each.source.count("\n") or each.source.count("\r")
    try:
        raw.decode()
    except UnicodeDecodeError:
        if b"CHARSET=" not in raw.upper():
            found.append(Loss("text", "not in UTF-8", kept="as Windows-1252"))
    return tuple(found)
