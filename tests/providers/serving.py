"""An application of the sandbox on a port of loopback, in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from polydex_sandbox.connection import Connection


@contextlib.asynccontextmanager
async def serving(app: Any, tls: Path | None = None) -> AsyncIterator[str]:
    """The application on a free port, with this certificate and key if there is one; its URL.

    Uvicorn's connections without its ``Server``, which looks only ten times a second whether it has to end, and then
    gives its clients as long again: thousands of tests would wait for that.
    """
    config = uvicorn.Config(
        app, http=Connection, ws="none", lifespan="off", log_config=None, access_log=False, ssl_certfile=tls
    )
    config.load()
    state = ServerState()
    # Not a socket of our own: asyncio sends small parts at once only where it knows that a socket is one of TCP.
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, state, {}), "127.0.0.1", 0, ssl=config.ssl
    )
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        running = list(state.tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
