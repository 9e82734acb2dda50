"""Examines installations as ``polydex doctor`` does, and looks at them from outside."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from polydex.app import Role, open_app
from polydex.cli.doctor import settings
from polydex.cli.doctor.command import shown
from polydex.cli.doctor.examination import Examination, Server
from polydex.config import Config
from polydex.connectors.provider import Credentials
from polydex.core.ids import AccountId
from polydex.engine.accounts import AccountSpec
from tests.cli.shell import Shell
from tests.servers.dav import DavAccount
from tests.servers.process import LOOPBACK, free_port

Step = dict[str, Any]
DAY = dt.timedelta(days=1)


@dataclass
class Installation:
    """A data folder, and the settings of the commands that work on it."""

    folder: Path
    more: dict[str, str] = field(
        default_factory=lambda: {
            "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "POLYDEX_PORT": str(free_port()),
            "POLYDEX_LOG_LEVEL": "error",
        }
    )

    def env(self, **more: str) -> dict[str, str]:
        return {"POLYDEX_DATA_DIR": str(self.folder), **self.more, **more}

    async def create(self, server: str = "", login: DavAccount | None = None) -> int:
        """Make it, with an account where a login is given, which is synchronised; the account's number."""
        async with open_app(Config.load(self.env()), Role.TOOL) as app:
            owner = await app.accounts.create_app("tests")
            if login is None:
                return 0
            spec = AccountSpec("CardDAV", login=login.user, password=login.password, server_url=server)
            saved = await app.accounts.upsert(owner.id, spec)
            await app.pulls.run_due()
            await app.pulls.wait_idle()
            return int(saved.account_id)


def check(steps: list[Step]) -> dict[str, Step]:
    """The steps by their names (of several with one name the last that is not ok), each in the form that all have."""
    found: dict[str, Step] = {}
    for step in steps:
        assert step["found"].endswith("."), step
        assert bool(step.get("mend")) or step["state"] in ("ok", "skipped"), step
        if step["state"] != "ok" or step["step"] not in found:
            found[step["step"]] = step
    return found


async def examine(
    place: Installation, only: int | None = None, server: str | None = None, seconds: float = 120, **more: str
) -> dict[str, Step]:
    """The steps of one examination in this process, on an installation or on a server alone."""
    config, steps = settings.load(place.env(**more), None)
    tried = None
    if server is not None:
        tried = Server("CardDAV", Credentials("", "", server), f"polydex accounts add carddav --server {server}")
    async for step in Examination(config, seconds, AccountId(only) if only else None, tried).run():
        steps.append(step)
    return check([shown(step) for step in steps])


def command(place: Installation, *words: str, stdin: str = "", prefix: tuple[str, ...] = ()) -> dict[str, Step]:
    """The same by ``polydex doctor --json`` in a process of its own, whose exit code has to fit the steps."""
    done = Shell(place.folder, place.more, prefix).run("doctor", *words, "--json", stdin=stdin)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    failed = any(step["state"] == "failed" for step in told["steps"])
    assert told["ok"] is not failed
    assert done.returncode == (1 if failed else 0)
    return check(told["steps"])


def wrong(steps: dict[str, Step]) -> dict[str, str]:
    """The steps that are neither ok nor skipped, with their states."""
    return {name: step["state"] for name, step in steps.items() if step["state"] in ("warning", "failed")}


def change(place: Installation, sql: str, *values: object) -> None:
    """Change the database behind everybody's back."""
    with contextlib.closing(sqlite3.connect(place.folder / "polydex.db")) as database, database:
        database.execute(sql, values)


def picture(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: size, time of change and content; not of SQLite's lock file, which readers share."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith("-shm"))
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def certificate(folder: Path, *, begins: dt.timedelta, ends: dt.timedelta) -> Path:
    """A certificate for the loopback address that signs itself, with its key, in one PEM file. Times from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dav.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@contextlib.contextmanager
def web(*, status: int = 200, body: bytes = b"{}", ahead: float = 0, tls: Path | None = None) -> Iterator[str]:
    """A web server that answers everything alike; its URL.

    Args:
        status: of its answers.
        body: of its answers.
        ahead: seconds by which its clock is ahead.
        tls: certificate and key.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            now = dt.datetime.now(dt.UTC).timestamp() if timestamp is None else timestamp
            return super().date_time_string(int(now + ahead))

        def _answer(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_OPTIONS = do_PROPFIND = _answer  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        def get_request(self) -> Any:
            connection, address = super().get_request()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            return connection, address

        def handle_error(self, *_: object) -> None:  # a client that does not like the certificate
            return

    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
    with Server((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://{LOOPBACK}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
