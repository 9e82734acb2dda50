"""How many pulls one process runs at once, so that a provider that does not answer holds up no other.

A pull takes a place while it works. One whose provider keeps silent uses nothing but a connection: after some seconds its
place is free for others. So that a struggling server is not asked by more and more pulls, each server has its own limit.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from polydex.core.ids import SourceId

MOST = 128
"""Pulls that run in all, most of them waiting, unless there are more places: the outbound client has 256 connections."""


@dataclass(slots=True)
class _Running:
    """Attributes: heard: seconds of the monotonic clock, when its provider last sent something, or when it began."""

    server: str
    heard: float


class Places:
    """The pulls of one process."""

    def __init__(self) -> None:
        self._running: dict[SourceId, _Running] = {}

    def take(self, source: SourceId, server: str) -> None:
        """A pull of this source begins; ``server``: the address that its account has."""
        self._running[source] = _Running(server, time.monotonic())

    def heard(self, source: SourceId) -> None:
        """Its provider has sent a page."""
        if source in self._running:
            self._running[source].heard = time.monotonic()

    def leave(self, source: SourceId) -> None:
        """The pull has ended."""
        self._running.pop(source, None)

    def room(self, count: int, silent: float) -> int:
        """How many pulls may begin now.

        Args:
            count: places in all.
            silent: seconds after which a pull that hears nothing has no place.
        """
        since = time.monotonic() - silent
        working = sum(pull.heard > since for pull in self._running.values())
        return max(0, min(count - working, max(MOST, count) - len(self._running)))

    def full(self, count: int) -> list[str]:
        """Servers that are asked by as many pulls as there are places, so that no more may begin."""
        return [
            server
            for server, pulls in Counter(each.server for each in self._running.values()).items()
            if pulls >= count
        ]
