"""A consumer of the two feeds, as the documentation describes it, whose tokens outlive every crash of the server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.crash.book import Shown
from tests.crash.home import NO_CACHE, Home

LATER = (429, 502, 503, 504)


class Interrupted(Exception):
    """The server did not answer, or says that it cannot now."""


@dataclass
class Consumer:
    """A copy of the contacts.

    Attributes:
        copy: the records by id.
        gone: every id that was ever reported as deleted; final.
    """

    home: Home
    limit: int = 100
    updated: str = ""
    deleted: str = ""
    copy: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    async def begin(self) -> bool:
        """Get the start tokens; whether the first synchronisation is complete."""
        begun = await self._ask("POST", "/v1/contacts/sync")
        if begun["ready"]:
            self.updated, self.deleted = begun["syncUpdatedToken"], begun["syncDeletedToken"]
        return bool(begun["ready"])

    async def follow(self, *, fresh: bool = False) -> None:
        """Both feeds to their ends. Raises Interrupted; what was applied until then stays, and the tokens do not move.

        Args:
            fresh: the answer has to rest on a pull that begins now.
        """
        self.updated = await self._stream("updated", self.updated, fresh=fresh)
        self.deleted = await self._stream("deleted", self.deleted, fresh=fresh)

    async def _stream(self, name: str, token: str, *, fresh: bool) -> str:
        query = f"deltaToken={token}&limit={self.limit}"
        seen: set[str] = set()
        while True:
            page = await self._ask("GET", f"/v1/contacts/sync/{name}?{query}", NO_CACHE if fresh else None)
            for record in page["records"]:
                assert record["id"] not in seen, "twice in one run"
                seen.add(record["id"])
                if name == "deleted":
                    self.gone.add(record["id"])
                    self.copy.pop(record["id"], None)
                else:
                    assert record["id"] not in self.gone, "a deleted contact is served again"
                    self.copy[record["id"]] = record
            if "nextDeltaToken" in page:
                return str(page["nextDeltaToken"])
            query = f"pageToken={page['nextPageToken']}"

    async def _ask(self, method: str, path: str, headers: dict[str, str] | None = None) -> Any:
        try:
            answer = await self.home.ask(method, path, headers=headers)
        except httpx.TransportError as error:
            raise Interrupted(type(error).__name__) from error
        if answer.status in LATER:
            raise Interrupted(answer.json)
        assert answer.status == 200, answer
        return answer.json


def shown(record: dict[str, Any]) -> Shown:
    return Shown(record.get("name", {}).get("displayName", ""), record.get("notes", ""), record["hasPhoto"])


async def listed(home: Home) -> dict[str, dict[str, Any]]:
    """Every contact of ``GET /v1/contacts``, after a pull that begins now."""
    found: dict[str, dict[str, Any]] = {}
    query, headers = "limit=500", NO_CACHE
    while True:
        answer = await home.ask("GET", f"/v1/contacts?{query}", headers=headers)
        if answer.status in LATER:
            raise Interrupted(answer.json)
        assert answer.status == 200, answer
        for record in answer.json["records"]:
            assert record["id"] not in found
            found[record["id"]] = record
        if "nextPageToken" not in answer.json:
            return found
        query, headers = f"pageToken={answer.json['nextPageToken']}", {}


async def until_ready(consumer: Consumer, tries: int = 100) -> None:
    """Wait for the first synchronisation."""
    for _ in range(tries):
        try:
            if await consumer.begin():
                return
        except Interrupted:
            await asyncio.sleep(0.2)
    raise AssertionError("the first synchronisation does not end")
