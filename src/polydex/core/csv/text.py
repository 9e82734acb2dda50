"""From the bytes of a file to its records (RFC 4180), leniently where it is safe, and with a reason where it is not.

A quotation mark that is not closed, or is followed by something else, spoils its record alone: nothing that may be the
rest of a cell is ever taken for a record of its own.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from polydex.core.errors import BadRequest

DELIMITERS = (",", ";", "\t")
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_BREAK = re.compile(r"\r\n|\r|\n")
_REST = re.compile(r"[^\r\n]*")
_SEP = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record.

    Attributes:
        line, last_line: from 1.
        start, end: in the text, with the line's end.
        cells: what stands in it.
        fault: why the record cannot be read; then ``cells`` are those before the fault.
    """

    line: int
    last_line: int
    start: int
    end: int
    cells: tuple[str, ...]
    fault: str | None = None


def decode(data: bytes, encoding: str | None) -> tuple[str, str]:
    """The text of a file without its byte order mark, and the encoding that it is in.

    Args:
        data: the file.
        encoding: its encoding; None: UTF-8, or what the byte order mark says.

    Raises:
        BadRequest: the encoding is unknown, or the file is not in it. Nothing is guessed: text in a wrong encoding
            would be stored as it is.
    """
    if encoding is None:
        encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        text = codecs.lookup(encoding).decode(data, "strict")[0]
    except LookupError:
        raise BadRequest(f"The encoding {encoding!r} is not known") from None
    except UnicodeError as error:
        line = data.count(b"\n", 0, getattr(error, "start", 0)) + 1
        hint = "; if an older Excel or Outlook wrote it, give the encoding windows-1252" if encoding == "utf-8" else ""
        raise BadRequest(f"Line {line} is not {encoding.removesuffix('-sig').upper()}{hint}") from None
    if not isinstance(text, str):  # a codec such as hex
        raise BadRequest(f"The encoding {encoding!r} is not one of text")
    if encoding == "utf-8" and data[:400].count(0) * 3 > len(data[:400]):
        raise BadRequest("The file looks like UTF-16 without a byte order mark: give the encoding utf-16-le")
    return text.removeprefix("\ufeff"), encoding


def records(text: str, delimiter: str) -> Iterator[Record]:
    """The records, from top to bottom. Blank lines at the end of the text are none."""
    at, line, end = _first(text), 1, len(text.rstrip("\r\n"))
    line += at > 0
    while at < end:
        record = _record(text, at, line, delimiter)
        yield record
        at, line = record.end, record.last_line + 1


def named_delimiter(text: str) -> str | None:
    """The delimiter that Excel's first line ``sep=;`` names."""
    found = _SEP.match(text)
    return found[1] if found else None


def _first(text: str) -> int:
    found = _SEP.match(text)
    return found.end() if found else 0


def _record(text: str, start: int, line: int, delimiter: str) -> Record:
    cells: list[str] = []
    at = start
    size = len(text)
    plain = _plain(delimiter)
    fault: str | None = None
    while True:
        if text.startswith('"', at):
            found = _QUOTED.match(text, at)
            if found is None:
                at, fault = size, "a quotation mark is not closed"
                break
            at = found.end()
            cells.append(found[1].replace('""', '"') if '""' in found[1] else found[1])
            if at < size and text[at] not in (delimiter, "\r", "\n"):
                rest = plain.match(text, at)
                if rest is not None and not rest[0].strip(" "):  # blanks before the delimiter
                    at = rest.end()
                if at < size and text[at] not in (delimiter, "\r", "\n"):
                    at, fault = _end_of_line(text, at), "something stands behind a quotation mark"
                    break
        else:
            found = plain.match(text, at)
            cells.append(found[0] if found else "")
            at = found.end() if found else at
        if at < size and text[at] == delimiter:
            at += 1
            continue
        break
    ending = _BREAK.match(text, at)
    end = ending.end() if ending else at
    within = len(_BREAK.findall(text, start, at))
    return Record(line, line + within, start, end, tuple(cells), fault)


@lru_cache(maxsize=8)
def _plain(delimiter: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(delimiter)}\r\n]*+")


def _end_of_line(text: str, at: int) -> int:
    found = _REST.match(text, at)
    return found.end() if found else at
