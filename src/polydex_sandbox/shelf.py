"""Things that change, with all of their past: a list can be asked for as it was, and for what changed since."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar


class Version(Protocol):
    """One state of a thing.

    Attributes:
        seq: counts the changes of the book; every version has its own.
        deleted: the thing was deleted by this change.
    """

    @property
    def seq(self) -> int: ...
    @property
    def deleted(self) -> bool: ...


V = TypeVar("V", bound=Version)


class Shelf(Generic[V]):
    """Versions by key, each list in the order of `seq`."""

    def __init__(self) -> None:
        self._versions: dict[str, list[V]] = {}

    def put(self, key: str, version: V) -> V:
        self._versions.setdefault(key, []).append(version)
        return version

    def last(self, key: str) -> V | None:
        """The newest version, also of a deleted thing; None for an unknown key."""
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def get(self, key: str) -> V | None:
        """The newest version; None when there is none or the thing is deleted."""
        last = self.last(key)
        return None if last is None or last.deleted else last

    def seen(self, key: str, horizon: int) -> V | None:
        """The version that was the newest when the book had counted to `horizon`."""
        versions = self._versions.get(key, [])
        if versions and versions[-1].seq <= horizon:
            return versions[-1]
        index = bisect_right(versions, horizon, key=lambda version: version.seq)
        return versions[index - 1] if index else None

    def versions(self, key: str) -> Sequence[V]:
        """Every version of a thing, the oldest first."""
        return self._versions.get(key, ())

    def at(self, horizon: int) -> Iterator[V]:
        """What was there at `horizon`, in the order of first creation."""
        for key in self._versions:
            version = self.seen(key, horizon)
            if version is not None and not version.deleted:
                yield version

    def changed(self, since: int, horizon: int) -> Iterator[V]:
        """What changed after `since`, as it was at `horizon`; deleted things too."""
        for key, versions in self._versions.items():
            if versions[-1].seq > since:
                version = self.seen(key, horizon)
                if version is not None and version.seq > since:
                    yield version

    def now(self) -> Iterator[V]:
        """What is there, in the order of first creation."""
        return (versions[-1] for versions in list(self._versions.values()) if not versions[-1].deleted)
