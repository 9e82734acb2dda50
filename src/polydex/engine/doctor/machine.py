"""What Polydex runs on: Python, SQLite, the port, name servers, certificate authorities, the outbound guard. Blocks."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import platform
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from polydex.engine.doctor.step import Step, failed, ok, skipped, warning
from polydex.net.addresses import METADATA, AllowedNetwork, parse_networks

PYTHON = (3, 11)
SQLITE = (3, 35)
ANSWER_SECONDS = 5.0
# Half of IPv4 in one network, or all of what IPv6 has for private use, is hardly one that somebody runs.
_WIDE = {4: 8, 6: 7}


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Step:
    """Whether this Python is new enough."""
    text = ".".join(map(str, version))
    if version < PYTHON:
        return failed("python", f"Python {text} is too old.", f"Install Python {'.'.join(map(str, PYTHON))} or newer.")
    return ok("python", f"{platform.python_implementation()} {text} on {platform.system()}.")


def sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Step:
    """Whether this SQLite is new enough and has full-text search, which is a choice of whoever built it."""
    text, mend = ".".join(map(str, version)), "Use a Python whose SQLite is 3.35 or newer and built with FTS5."
    if version < SQLITE:
        return failed("sqlite", f"SQLite {text} is too old.", mend)
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE probe USING fts5(words, content='', columnsize=0, detail=none)")
        except sqlite3.OperationalError:
            return failed("sqlite", f"SQLite {text} was built without full-text search (FTS5).", mend)
    return ok("sqlite", f"SQLite {text} with full-text search.")


def port(host: str, number: int) -> list[Step]:
    """Whether the port is free or has a Polydex."""
    return [_port(host, number)]


def answers(steps: list[Step]) -> bool:
    """Whether the steps of ``port`` found a server."""
    return any(step.name == "port.server" for step in steps)


def _port(host: str, number: int) -> Step:
    if number == 0:
        return skipped("port", "The server takes any free port (0).")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            reason = (error.strerror or str(error)).rstrip(".")
            mend = "Choose another address or port with POLYDEX_HOST and POLYDEX_PORT."
            return failed("port", f"The server cannot listen on {host}, port {number}: {reason}.", mend)
    else:
        return ok("port", f"Port {number} is free: no server runs on {host}.")
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not to listen on
    if _is_ours(asked, number):
        return ok("port.server", f"A Polydex answers on {host}, port {number}.")
    mend = f"See what it is (ss -ltnp 'sport = :{number}'), or choose another port with POLYDEX_PORT."
    return failed("port", f"Another program has port {number}, or a Polydex that does not answer.", mend)


def _is_ours(host: str, number: int) -> bool:
    connection = http.client.HTTPConnection(host, number, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read(1000)) == {"status": "ok"}
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def name_servers(path: Path = Path("/etc/resolv.conf")) -> Step:
    """Whether this machine knows whom to ask for names."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return skipped("dns", f"There is no {path} to look at.")
    if not any(line.split()[:1] == ["nameserver"] for line in lines):
        said = f"{path} names no name server: hosts are found only when they stand in /etc/hosts."
        return warning("dns", said, f"Name one: echo 'nameserver ADDRESS' >> {path}")
    return ok("dns", "Name servers are configured.")


def guard(allowed: str) -> Step:
    """Whether the operator lets more through than anybody has."""
    networks = parse_networks(allowed)
    wide = [str(each.network) for each in networks if each.network.prefixlen < _WIDE[each.network.version]]
    if wide:
        said = f"POLYDEX_ALLOW_PRIVATE_NETWORKS opens more than one network: {', '.join(wide)}."
        return warning(
            "guard", said, "Name the networks of your servers only, such as 192.168.1.0/24 or 192.168.1.5/32."
        )
    alone = [str(each.network) for each in networks if _is_metadata(each)]
    if alone:
        said = f"POLYDEX_ALLOW_PRIVATE_NETWORKS opens where cloud machines ask for their secrets: {', '.join(alone)}."
        return warning("guard", said, "Remove it, unless a CardDAV server of yours has this address.")
    if not networks:
        return ok("guard", "Only public addresses may be called.")
    return ok(
        "guard", f"Besides public addresses these may be called: {', '.join(str(each.network) for each in networks)}."
    )


def _is_metadata(allowed: AllowedNetwork) -> bool:
    return allowed.network.num_addresses == 1 and allowed.network.network_address in METADATA


def authorities(bundle: Path | None, now: int) -> Iterator[Step]:
    """Whether the file of certificate authorities can be read and is still valid. ``now``: unix milliseconds."""
    if bundle is None:
        yield ok("ca-bundle", "The certificate authorities of the system are trusted.")
        return
    from cryptography import x509

    mend = f"Put certificates in PEM into {bundle}, or unset POLYDEX_CA_BUNDLE."
    try:
        found = x509.load_pem_x509_certificates(bundle.read_bytes())
    except OSError as error:
        yield failed("ca-bundle", f"{bundle} cannot be read: {error.strerror}.", mend)
        return
    except ValueError:
        yield failed("ca-bundle", f"{bundle} holds no certificate that can be read.", mend)
        return
    ended = [each for each in found if each.not_valid_after_utc.timestamp() * 1000 < now]
    if ended:
        said = f"{len(ended)} of the {len(found)} certificates in {bundle} have ended."
        yield warning("ca-bundle", said, "Put the new ones in their place.")
        return
    yield ok("ca-bundle", f"{len(found)} certificates of {bundle} are trusted besides those of the system.")
