"""``python -m polydex_sandbox``: the sandbox as a server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.connection import Connection
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.microsoft.clients import DEFAULT as ENTRA
from polydex_sandbox.sandbox import Sandbox


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="polydex sandbox", description="Simulated providers, in memory.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn at random")
    parser.add_argument("--tls-certificate", default="", help="PEM file; with it the sandbox speaks https")
    parser.add_argument("--tls-key", default="", help="PEM file of the certificate's key")
    parser.add_argument("--json", action="store_true", help="write the address and settings as one JSON object")
    options = parser.parse_args(argv)
    if bool(options.tls_certificate) != bool(options.tls_key):
        sys.stderr.write("--tls-certificate and --tls-key belong together\n")
        return 2
    try:
        listener = socket.create_server((options.host, options.port), family=_family(options.host), backlog=1024)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(f"Cannot listen on {options.host}, port {options.port}: {reason}\n")
        return 2
    listener.setblocking(False)
    sandbox = Sandbox(Clock(), options.seed)
    server = _Server(
        uvicorn.Config(
            build(sandbox, _shown(options.tls_certificate)), http=Connection, ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
            ssl_certfile=options.tls_certificate or None, ssl_keyfile=options.tls_key or None,
        )
    )  # fmt: skip
    scheme = "https" if options.tls_certificate else "http"
    with listener:
        _announce(listener, scheme, sandbox.client, as_json=options.json)
        server.run(sockets=[listener])
    return 0


def _shown(path: str) -> bytes | None:
    """The certificate of a PEM file, DER: the first one, which is the server's."""
    if not path:
        return None
    text = Path(path).read_text("ascii")
    return ssl.PEM_cert_to_DER_cert(text[text.index(ssl.PEM_HEADER) : text.index(ssl.PEM_FOOTER)] + ssl.PEM_FOOTER)


class _Server(uvicorn.Server):
    """Ended by SIGINT or SIGTERM in an orderly way: uvicorn's own raises the signal again after its end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if os.name != "posix":
            with super().capture_signals():
                yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def settings(url: str, client: Client) -> dict[str, str]:
    """What points Polydex at the sandbox: variable -> value; client is the one at Google."""
    return {
        "POLYDEX_GOOGLE_API_URL": url,
        "POLYDEX_GOOGLE_TOKEN_URL": f"{url}/token",
        "POLYDEX_GOOGLE_AUTH_URL": f"{url}/o/oauth2/v2/auth",
        "POLYDEX_GOOGLE_REVOKE_URL": f"{url}/revoke",
        "POLYDEX_GOOGLE_CLIENT_ID": client.id,
        "POLYDEX_GOOGLE_CLIENT_SECRET": client.secret,
        "POLYDEX_GRAPH_API_URL": url,
        "POLYDEX_MICROSOFT_TOKEN_URL": f"{url}/common/oauth2/v2.0/token",
        "POLYDEX_MICROSOFT_AUTH_URL": f"{url}/common/oauth2/v2.0/authorize",
        "POLYDEX_MICROSOFT_CLIENT_ID": ENTRA.id,
        "POLYDEX_MICROSOFT_CLIENT_SECRET": ENTRA.secret,
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _announce(listener: socket.socket, scheme: str, client: Client, *, as_json: bool) -> None:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - not bound
    url = f"{scheme}://{host}:{port}"
    found = settings(url, client)
    if as_json:
        sys.stdout.write(json.dumps({"url": url, "control": f"{url}/control", "environment": found}) + "\n")
    else:
        sys.stdout.write(f"Sandbox on {url} (control API: {url}/control)\n")
        sys.stdout.writelines(f"export {name}={value}\n" for name, value in found.items())
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
