"""What a SyncState says: which items were told, and which of their changes ([MS-OXCFXICS] 3.2.5.3).

It is a set of items and a set of changes, as ranges of numbers: nothing of it depends on when the state was made.
"""

from __future__ import annotations

import base64
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from polydex_sandbox import sealed


@dataclass
class Ranges:
    """A set of whole numbers that is kept as ranges.

    Attributes:
        starts: first number of each range, in order.
        ends: the number after its last one.
    """

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self.starts, number) - 1
        return place >= 0 and number < self.ends[place]

    def __iter__(self) -> Iterator[int]:
        for start, end in zip(self.starts, self.ends, strict=True):
            yield from range(start, end)

    def copy(self) -> Ranges:
        return Ranges([*self.starts], [*self.ends])

    def add(self, number: int) -> None:
        if number in self:
            return
        place = bisect_right(self.starts, number)
        before = place > 0 and self.ends[place - 1] == number
        after = place < len(self.starts) and self.starts[place] == number + 1
        if before and after:
            self.ends[place - 1] = self.ends[place]
            del self.starts[place], self.ends[place]
        elif before:
            self.ends[place - 1] += 1
        elif after:
            self.starts[place] -= 1
        else:
            self.starts.insert(place, number)
            self.ends.insert(place, number + 1)

    def discard(self, number: int) -> None:
        if number not in self:
            return
        place = bisect_right(self.starts, number) - 1
        start, end = self.starts[place], self.ends[place]
        rest = [(first, last) for first, last in ((start, number), (number + 1, end)) if first < last]
        self.starts[place : place + 1] = [first for first, _last in rest]
        self.ends[place : place + 1] = [last for _first, last in rest]

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Ranges:
        made = cls()
        for number in sorted(set(numbers)):
            made.add(number)
        return made

    def plain(self) -> list[int]:
        """Differences: they are small."""
        found, before = [], 0
        for start, end in zip(self.starts, self.ends, strict=True):
            found += [start - before, end - start]
            before = end
        return found

    @classmethod
    def read(cls, plain: list[int]) -> Ranges:
        made, at = cls(), 0
        for gap, length in zip(plain[::2], plain[1::2], strict=True):
            made.starts.append(at + gap)
            at += gap + length
            made.ends.append(at)
        return made


@dataclass(frozen=True)
class SyncState:
    """What was told.

    Attributes:
        given: keys of the items that the client has.
        seen: numbers of the changes that it knows.
        read: number of the mailbox's last change of a read flag that it knows.
        told: number of the mailbox's last departure of an item that was looked at.
    """

    given: Ranges = field(default_factory=Ranges)
    seen: Ranges = field(default_factory=Ranges)
    read: int = 0
    told: int = 0


def write(kind: str, place: str, state: SyncState) -> str:
    """The text of a state.

    Args:
        kind: of what: `items`, `folders`.
        place: the folder that it is of, and its mailbox.
        state: what it says.
    """
    content = {"g": state.given.plain(), "s": state.seen.plain(), "r": state.read, "t": state.told}
    packed = sealed.pack(kind, place, content).encode()
    return base64.b64encode(zlib.compress(packed, 6)).decode()


def read(kind: str, place: str, text: str) -> SyncState:
    """Raises ValueError: it is no state of this kind and place."""
    try:
        packed = zlib.decompress(base64.b64decode(text, validate=True)).decode()
    except (zlib.error, UnicodeDecodeError):
        raise ValueError("No state of the sandbox") from None
    content = sealed.unpack(kind, place, packed)
    return SyncState(Ranges.read(content["g"]), Ranges.read(content["s"]), content["r"], content["t"])
