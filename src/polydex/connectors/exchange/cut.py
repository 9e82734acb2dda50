"""The documents of the items of an answer, cut out of its bytes: to write each of them again costs as much as to parse it. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from polydex.connectors.exchange.wire import document
from polydex.connectors.exchange.xml import Element
from polydex.core.ids import RemoteKey

_DECLARATION: Final = len(b"\xef\xbb\xbf<?")
"""Where the mark of an XML declaration ends, behind a byte order mark perhaps."""
_PREFIX: Final = "t"
_ITEM_ID: Final = b'<t:ItemId Id="%b"'


class Cutting:
    """One answer, gone through from its beginning.

    Nothing is cut but what is written as Exchange writes it: a start tag without attributes, directly behind it the
    ``ItemId`` with the key, then everything as far as the end tag, with no other item of this name in between. In
    well-formed XML "<" begins markup and nothing else, so that without comments, processing instructions and CDATA
    sections what looks like a tag is one. Whatever is written in another way is serialised.
    """

    def __init__(self, answer: bytes) -> None:
        """``answer``: well-formed, in UTF-8."""
        self._answer = answer
        self._is_plain = not _has(answer, b"!", 0) and not _has(answer, b"?", _DECLARATION)
        self._at = 0
        self._names: dict[str | None, str] = {}
        self._head = b""

    def document(self, item: Element, key: RemoteKey) -> bytes:
        """What is stored of an item of the answer (``wire.document``); of each in its turn."""
        if not self._is_plain or item.prefix != _PREFIX:
            return document(item)
        answer, start, end = self._answer, *_tags(item.tag)
        begin = answer.find(start, self._at)
        inside = begin + len(start)
        stop = answer.find(end, inside)
        if begin < 0 or stop < 0 or answer.find(start, inside, stop) >= 0:
            return document(item)
        if not answer.startswith(_ITEM_ID % key.encode("utf-8", "replace"), inside):
            return document(item)
        self._at = stop + len(end)
        names = item.nsmap
        if names != self._names or not self._head.startswith(start[:-1] + b" "):
            self._names, self._head = names, document(item).partition(b">")[0] + b">"
        return self._head + answer[inside : self._at]


def _has(answer: bytes, mark: bytes, begin: int) -> bool:
    """Whether "<" and this mark stand together behind a place. A single byte is found ten times as fast as two."""
    at = answer.find(mark, begin)
    while at >= 0:
        if answer.startswith(b"<", at - 1):
            return True
        at = answer.find(mark, at + 1)
    return False


@lru_cache(maxsize=64)
def _tags(name: str) -> tuple[bytes, bytes]:
    """The start tag and the end tag of an element, in lxml's notation."""
    qualified = f"{_PREFIX}:{name.rpartition('}')[2]}".encode()
    return b"<%b>" % qualified, b"</%b>" % qualified
