"""A row of envelopes on one connection, taken apart as its bytes come. Pure.

Each envelope may have an XML declaration in front of it, and pieces end anywhere (exchangelib reads them in the same way:
services/common.py, DocumentYielder). No more is held than one envelope that has not ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from polydex.core.errors import ProviderMalformed

MAX_BYTES: Final = 4 * 2**20
"""Of one envelope. A thousand events take half a megabyte."""
_END: Final = re.compile(rb"</(?:[A-Za-z_][\w.\-]{0,31}:)?Envelope\s{0,16}>")
_LONGEST_END: Final = 64
_BETWEEN: Final = b" \t\r\n\0\xef\xbb\xbf"


class Envelopes:
    """What has come and is not complete yet."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def cut(self) -> bool:
        """Whether the answer would end in the middle of an envelope."""
        return bool(self._held.strip(_BETWEEN))

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The envelopes that end in this piece. Raises ProviderMalformed: one is too long."""
        held = self._held
        start = max(0, len(held) - _LONGEST_END)
        held += piece
        while found := _END.search(held, start):
            yield bytes(held[: found.end()]).lstrip(_BETWEEN)
            del held[: found.end()]
            start = 0
        if len(held) > MAX_BYTES:
            raise ProviderMalformed("Exchange's answer is too large")
