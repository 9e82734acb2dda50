"""`polydex sandbox` as a process of its own, on a free loopback port."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.servers import process

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class SandboxServer:
    """A running sandbox.

    Attributes:
        url: of its root.
    """

    url: str

    def control(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of the control API: its decoded answer. Raises urllib.error.HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control{path}", data, method=verb)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            raw = answer.read()
        return json.loads(raw) if raw else None

    def new_account(self, **given: Any) -> dict[str, Any]:
        """A fresh account: what the control API answers."""
        email = f"user{next(_NUMBERS)}@example.com"
        found: dict[str, Any] = self.control("POST", "/accounts", {"email": email, **given})
        return found


@contextlib.contextmanager
def serve() -> Iterator[SandboxServer]:
    """Raises ServerUnavailableError."""
    port = process.free_port()
    argv = [sys.executable, "-m", "polydex", "sandbox", "--port", str(port)]
    with (
        process.workspace("sandbox") as folder,
        process.running(argv, log=folder / "log", answers=lambda: process.listening(port)),
    ):
        yield SandboxServer(f"http://{process.LOOPBACK}:{port}")
