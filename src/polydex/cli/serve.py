"""``polydex serve``."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from polydex.cli.common import Common, common_of, note, write_json
from polydex.core.errors import ConfigInvalid

if TYPE_CHECKING:
    import uvicorn

    from polydex.app import Polydex
    from polydex.config import Config

_BACKLOG = 1024


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on (POLYDEX_HOST).")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one (POLYDEX_PORT).")] = None,
    role: Annotated[
        Literal["all", "api", "worker"],
        Parameter(help="What this process does: everything, requests only, pulls only."),
    ] = "all",
    common: Common | None = None,
) -> None:
    """Run the server until Ctrl-C or SIGTERM.

    Everything is in the data folder; nothing else has to be installed or started.
    """
    from polydex import log

    common = common_of(common)
    if port is not None and not 0 <= port <= 65535:
        raise ConfigInvalid("--port must be a whole number from 0 to 65535")
    config = common.config(host=host, port=port)
    log.setup(config.log_level)
    # Uvicorn tells each step of its start and end; ours are told by _announce.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))
    for variable in config.unknown:
        log.logger(__name__).warning("config.unknown", variable=variable)
    listener = _listen(config) if role != "worker" else None
    with _loop() as runner:
        runner.run(_serve(config, role, listener, common))


async def _serve(
    config: Config, role: Literal["all", "api", "worker"], listener: socket.socket | None, common: Common
) -> None:
    from polydex.app import Role, collect_rarely, open_app

    with listener or contextlib.nullcontext():
        async with open_app(config, Role(role)) as app:
            collect_rarely()
            stop = _stop_signals()
            if listener is None:
                _announce(config, None, common)
                await stop.wait()
                return
            await _answer(app, listener, stop, common)


async def _answer(app: Polydex, listener: socket.socket, stop: asyncio.Event, common: Common) -> None:
    import uvicorn

    from polydex.api.connection import Connection

    server = _quiet_server(
        uvicorn.Config(
            app.asgi(),
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # Longer than the proxies in front of us keep theirs (nginx and most balancers: 60 s): whoever ends an idle
            # connection first must not be the one that the next request is sent to.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, int(app.config.shutdown_timeout)),
        )
    )

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch())
    _announce(app.config, listener, common)
    try:
        await server.serve(sockets=[listener])
    finally:
        watching.cancel()


def _quiet_server(config: uvicorn.Config) -> uvicorn.Server:
    """A server that leaves the signals to us: its own way ends the process before the data folder is closed."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


def _stop_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT. A second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first(number: signal.Signals) -> None:
        stop.set()
        for known in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(known)
        note(f"{number.name}: finishing what runs")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first, number)
    return stop


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.Runner]:
    try:
        import uvloop
    except ImportError:  # not on Windows
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner


def _listen(config: Config) -> socket.socket:
    """A bound socket, before anything else is opened: a port that is taken should be told at once."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        hint = "choose another address with --host"
        if error.errno == errno.EADDRINUSE:
            hint = "is another server running? choose another port with --port"
        elif error.errno == errno.EACCES:
            hint = "ports below 1024 need rights of their own; choose another with --port"
        reason = (error.strerror or str(error)).rstrip(".")
        raise ConfigInvalid(f"Cannot listen on {config.host}, port {config.port}: {reason}; {hint}") from error
    listener.setblocking(False)
    return listener


def _announce(config: Config, listener: socket.socket | None, common: Common) -> None:
    folder = config.data_dir.absolute()
    if listener is None:
        if common.json:
            write_json({"role": "worker", "dataDir": str(folder)})
        else:
            note(f"Polydex worker on {folder}; Ctrl-C ends it.")
        return
    url = url_of(listener)
    if common.json:
        write_json({"url": url, "dataDir": str(folder)})
    else:
        option = _option(folder)
        note(
            f"Polydex listens on {url}  (data: {folder})\n"
            f"  Try          curl {url}/health\n"
            f"  API          {url}/docs\n"
            f"  Next         polydex apps create my-app{option}\n"
            f"               polydex accounts add carddav --server https://dav.example.com --login you{option}\n"
            f"Ctrl-C ends it."
        )
    sys.stdout.flush()


def url_of(listener: socket.socket) -> str:
    """The URL under which a client on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - not bound
    return f"http://{host}:{port}"


def _option(folder: Path) -> str:
    """What a command in this directory needs to find the folder."""
    from polydex.config import Config

    return "" if folder == Config().data_dir.absolute() else f" --data-dir {shlex.quote(str(folder))}"
