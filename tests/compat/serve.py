"""A server for clients of other people: the real interface and engine on a free port, a made-up provider behind it.

Run as a program with a folder; prints one line of JSON with what a client needs, then serves until it is ended.
"""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from polydex.api.connection import Connection
from polydex.api.services import Options
from polydex.engine.context import Settings
from polydex.testing.clock import FakeClock
from polydex.testing.world import Character
from tests.contract.server.house import House, open_house, person

LOGIN = "me@example.org"


class RealClock(FakeClock):
    """The time as it passes."""

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Served:
    """Where the server is, and the credentials that it knows.

    Attributes:
        token: of an account with a few contacts, of another application than ``client_id``.
    """

    url: str
    token: str
    client_id: str
    client_secret: str
    house: House


@contextlib.asynccontextmanager
async def serving(
    folder: Path,
    *,
    contacts: int = 7,
    options: Options | None = None,
    settings: Settings | None = None,
    connection: type[Connection] = Connection,
    held: tuple[str, str] | None = None,
    character: Character | None = None,
) -> AsyncIterator[Served]:
    """A server on a free port of loopback, until the end of the block.

    ``held``: a gate that is shut from the start. ``character``: the provider's habits.
    """
    async with open_house(folder, clock=RealClock(), options=options, settings=settings) as house:
        house.village.character = character or house.village.character
        world = house.village.world(LOGIN)
        for number in range(contacts):
            world.put(person(number))
        if held is not None:
            world.gates.hold(*held)
        saved = await house.accounts.upsert(house.owner.id, house.spec(LOGIN))
        other = await house.accounts.create_app("other")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            config = uvicorn.Config(house.app, http=connection, log_config=None, access_log=False, lifespan="on")
            server = uvicorn.Server(config)
            worker = asyncio.create_task(house.worker.run())
            house.hints.start()
            task = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                while not server.started:
                    assert not task.done()
                    await asyncio.sleep(0.01)
                yield Served(
                    f"http://127.0.0.1:{port}", saved.access_token, other.client_id, other.client_secret, house
                )
            finally:
                server.should_exit = True
                await task
                await house.worker.stop(5.0)
                await worker


async def main(folder: Path) -> None:
    async with serving(folder) as served:
        known = {name: getattr(served, name) for name in ("url", "token", "client_id", "client_secret")}
        print(json.dumps(known), flush=True)  # noqa: T201 - its answer to who started it
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1])))
