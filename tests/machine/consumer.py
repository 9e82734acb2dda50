"""A consumer of the two feeds, exactly as docs describe it: pages applied in turn, updated to its end, then deleted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from polydex.engine.read import FeedPage, SyncStart


@dataclass
class Ledger:
    """What all consumers together have learnt: a deletion is final."""

    deleted: set[str] = field(default_factory=set)


@dataclass
class Consumer:
    """A copy of the contacts, kept by one client.

    Attributes:
        copy: the contacts by id, as served.
        updated, deleted: the delta tokens of the last complete runs; older ones in ``old``.
        page: the page token within a run.
        ahead: something was applied that the stored tokens do not know of.
    """

    ledger: Ledger
    limit: int
    copy: dict[str, bytes] = field(default_factory=dict)
    updated: str | None = None
    deleted: str | None = None
    page: str | None = None
    stream: str = "updated"
    old: list[tuple[str, str]] = field(default_factory=list)
    in_run: set[str] = field(default_factory=set)
    rounds: int = 0
    ahead: bool = False

    async def step(
        self,
        start: Callable[[], Awaitable[SyncStart]],
        feed: Callable[[str, str | None, str | None, int], Awaitable[FeedPage]],
    ) -> None:
        """One request. ``feed(stream, delta token, page token, limit)``; failures leave everything as it was."""
        if self.updated is None or self.deleted is None:
            begun = await start()
            if begun.ready:
                self.updated, self.deleted = begun.updated_token, begun.deleted_token
                assert self.updated
                assert self.deleted
            return
        delta = self.updated if self.stream == "updated" else self.deleted
        page = await feed(self.stream, None if self.page else delta, self.page, self.limit)
        assert len(page.bodies) <= self.limit
        assert (page.next_page is None) != (page.next_delta is None), "a page has one of the two tokens"
        self.ahead = self.ahead or bool(page.bodies)
        for body in page.bodies:
            self._apply(body)
        if page.next_page is not None:
            self.page = page.next_page
            return
        self.page = None
        self.ahead = False
        self.in_run.clear()
        assert page.next_delta is not None
        if self.stream == "updated":
            self.updated, self.stream = page.next_delta, "deleted"
        else:
            self.deleted, self.stream = page.next_delta, "updated"
            self.old.append((self.updated, self.deleted))
            self.rounds += 1

    def crash(self) -> None:
        """In the middle of a run: what was applied stays, the place in the run is lost."""
        self.page = None
        self.in_run.clear()

    def go_back(self, how_far: int) -> None:
        """A backup of the client's own tokens: it asks from old ones again."""
        if self.old:
            self.crash()
            self.stream, self.ahead = "updated", True
            self.updated, self.deleted = self.old[how_far % len(self.old)]

    def start_over(self) -> None:
        """The tokens are refused: everything is fetched anew."""
        self.crash()
        self.copy.clear()
        self.old.clear()
        self.updated = self.deleted = None
        self.stream, self.ahead = "updated", False

    def _apply(self, body: bytes) -> None:
        contact_id = json.loads(body)["id"]
        assert contact_id not in self.in_run, f"{contact_id} came twice in one run of {self.stream}"
        self.in_run.add(contact_id)
        if self.stream == "deleted":
            self.ledger.deleted.add(contact_id)
            self.copy.pop(contact_id, None)
        else:
            assert contact_id not in self.ledger.deleted, f"{contact_id} was deleted and is served again"
            self.copy[contact_id] = body
