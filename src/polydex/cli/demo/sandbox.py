"""The sandbox for the demonstration: Google, Microsoft and Exchange as a process of its own, and its control API."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from polydex.cli.demo.dav import LOOPBACK
from polydex.cli.demo.process import free_port, running
from polydex.core.errors import ConfigInvalid


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The sandbox as a process of its own, on a free port of loopback: its URL, and the settings that point to it.

    Raises:
        ConfigInvalid: it does not come up.
    """
    port = free_port()
    argv = [sys.executable, "-m", "polydex_sandbox", "--host", LOOPBACK, "--port", str(port), "--json"]
    log = folder / "sandbox.log"
    with running(argv, "the sandbox", LOOPBACK, port, log):
        url = f"http://{LOOPBACK}:{port}"
        control(url, "GET", "health")  # it has said by then what points to it
        yield url, json.loads(log.read_text(encoding="utf-8").splitlines()[0])["environment"]


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """A call of the control API; its answer, None when there is none. Raises ConfigInvalid."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/control/{path}", content, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        raw = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise ConfigInvalid(f"The demonstration's sandbox answers {answer.status}")
    return json.loads(raw) if raw else None
