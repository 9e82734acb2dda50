"""An application of the sandbox on a port of loopback, in this process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn

from polydex_sandbox.connection import Connection


@contextlib.asynccontextmanager
async def serving(app: Any, tls: Path | None = None) -> AsyncIterator[str]:
    """The application on a free port, with this certificate and key if there is one; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        server = uvicorn.Server(
            uvicorn.Config(
                app, http=Connection, ws="none", lifespan="off", log_config=None, access_log=False, ssl_certfile=tls
            )
        )
        task = asyncio.create_task(server.serve([listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            await task
