"""What the tours have in common: calls that are shown and verified, a first synchronisation, and the feeds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from polydex.cli.demo.client import Answer, Client
from polydex.core.errors import PolydexError

_PATIENCE = 60.0
"""Seconds until a first pull that does not end is a failure."""


class NotVerified(PolydexError):
    """A step of the demonstration did not end as it should."""

    code, default_message = "demo.notVerified", "A step was not verified"


class Screen(Protocol):
    """Where the tour is shown."""

    def done(self, text: str) -> None:
        """A step is verified."""
        ...

    def curl(self, line: str) -> None:
        """How to repeat it."""
        ...

    def progress(self, done: int, total: int | None) -> None:
        """How far the first synchronisation is."""
        ...


@dataclass(slots=True, kw_only=True)
class Steps:
    """One account, as a client of the API sees it.

    Attributes:
        updated, deleted: tokens of the two feeds.
    """

    client: Client
    screen: Screen
    updated: str = ""
    deleted: str = ""

    def synchronise(self, total: int) -> None:
        """Wait for the first pull, with its progress. ``total``: how many records there are."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            start = self.client.call("POST", "/v1/contacts/sync", query={"awaitReady": "false"})
            check(start.status == 200, f"the first synchronisation answers 200, not {start.status}")
            if start.body["ready"]:
                break
            source = self.client.call("GET", "/v1/account").body["sync"]["sources"][0]
            progress = source.get("progress", {})
            self.screen.progress(int(progress.get("done", 0)), progress.get("total"))
            check(time.monotonic() < deadline, "the first synchronisation ends")
            time.sleep(0.05)
        self.screen.progress(total, total)
        self.updated, self.deleted = start.body["syncUpdatedToken"], start.body["syncDeletedToken"]
        self.screen.curl(self.client.curl("POST", "/v1/contacts/sync"))

    def call(
        self,
        status: int,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        as_app: bool = False,
    ) -> Answer:
        """A call that is shown, and has to answer with this status."""
        self.screen.curl(self.client.curl(method, path, body, query=query, headers=headers, as_app=as_app))
        answer = self.client.call(method, path, body, query=query, headers=headers, as_app=as_app)
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        check(answer.status == status, f"{method} {path} answers {status}, not {answer.status} {code or ''}".rstrip())
        return answer

    def feed(self, name: str, token: str) -> tuple[list[dict[str, Any]], str]:
        """A feed from a token to its end, and the token for the next time."""
        records: list[dict[str, Any]] = []
        query: dict[str, object] = {"deltaToken": token}
        while True:
            page = self.client.call("GET", f"/v1/contacts/sync/{name}", query=query)
            check(page.status == 200, f"the feed {name} answers 200, not {page.status}")
            records += page.body["records"]
            if "nextDeltaToken" in page.body:
                return records, page.body["nextDeltaToken"]
            query = {"pageToken": page.body["nextPageToken"]}


def check(holds: bool, expected: str) -> None:
    """Raises NotVerified."""
    if not holds:
        raise NotVerified(f"Not verified: {expected}")
