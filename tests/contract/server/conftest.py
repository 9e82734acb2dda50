"""One installation per test; where a module names a service, with a user of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.server.connecting import Server, serving
from tests.contract.server.house import House, open_house
from tests.providers.users import SandboxUser, Service
from tests.servers.sandbox import SandboxServer


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(service: Service, sandbox_server: SandboxServer) -> SandboxUser:
    return service.user.new(sandbox_server)


@pytest.fixture
async def server(service: Service, sandbox_server: SandboxServer, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(service, sandbox_server, tmp_path) as opened:
        yield opened
