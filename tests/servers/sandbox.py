"""`polydex sandbox` as a process of its own, on a free loopback port."""

from __future__ import annotations

import contextlib
import itertools
import json
import ssl
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.net.servers import CHAIN, certify
from tests.servers import process

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class SandboxServer:
    """A running sandbox.

    Attributes:
        url: of its root.
        authority: who has signed its certificate, a PEM file; None without https.
    """

    url: str
    authority: Path | None = None

    def control(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of the control API: its decoded answer. Raises urllib.error.HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control{path}", data, method=verb)  # noqa: S310 - our own server
        trusting = None if self.authority is None else ssl.create_default_context(cafile=str(self.authority))
        with urllib.request.urlopen(request, timeout=60, context=trusting) as answer:  # noqa: S310 - the same
            raw = answer.read()
        return json.loads(raw) if raw else None

    def new_account(self, **given: Any) -> dict[str, Any]:
        """A fresh account: what the control API answers."""
        email = f"user{next(_NUMBERS)}@example.com"
        found: dict[str, Any] = self.control("POST", "/accounts", {"email": email, **given})
        return found


@contextlib.contextmanager
def serve(*, https: bool = False) -> Iterator[SandboxServer]:
    """With https it has a certificate of its own authority. Raises ServerUnavailableError."""
    port = process.free_port()
    argv = [sys.executable, "-m", "polydex", "sandbox", "--port", str(port)]
    with process.workspace("sandbox") as folder:
        authority = None
        if https:
            authority = certify(folder, process.LOOPBACK).bundle
            argv += ["--tls-certificate", str(folder / CHAIN), "--tls-key", str(folder / CHAIN)]
        with process.running(argv, log=folder / "log", answers=lambda: process.listening(port)):
            yield SandboxServer(f"{'https' if https else 'http'}://{process.LOOPBACK}:{port}", authority)
