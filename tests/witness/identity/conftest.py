from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """A sandbox process for the tests of a module; each makes accounts and clients of its own."""
    with sandbox.serve() as running:
        yield running
