"""The way to a server, step by step: its name, a connection, encryption. For finding out where it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from polydex.core.errors import PolydexError, ProviderUnavailable
from polydex.net.addresses import Purpose
from polydex.net.client import Net
from polydex.net.guard import Rule, literal, parse_url

CONNECT_SECONDS: Final = 10.0

Place: TypeAlias = tuple[str, int]
"""An address and a port."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One step. After one with an error comes no other.

    Attributes:
        step: ``dns``, ``tcp`` or ``tls``.
        found: one sentence.
        error: why it failed.
        expires: unix seconds, when the certificate of the server ends; only of ``tls``.
    """

    step: str
    found: str = ""
    error: PolydexError | None = None
    expires: int | None = None


async def reach(net: Net, url: str, purpose: Purpose = "provider") -> AsyncIterator[Reached]:
    """Go to the server of a URL without asking it anything. Raises AddressForbidden for what is no URL to call."""
    parsed = parse_url(url)
    host, port = parsed.raw_host or "", parsed.port or 443
    rule = Rule(purpose)
    try:
        places = await _addresses(net, host, port, rule)
    except PolydexError as error:
        yield Reached("dns", error=error)
        return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        refused = ProviderUnavailable("The host name cannot be resolved", sent=False, detail=f"{host}: {reason}")
        yield Reached("dns", error=refused)
        return
    yield Reached("dns", f"{host} has {_count(len(places), 'address', 'addresses')}.")
    try:
        place = await _connect(places)
    except OSError as error:
        reason = error.strerror or ("no answer" if isinstance(error, TimeoutError) else type(error).__name__)
        silent = ProviderUnavailable(
            f"Nothing accepts a connection at {host}, port {port}: {reason}", sent=False, detail=f"{host}:{port}"
        )
        yield Reached("tcp", error=silent)
        return
    yield Reached("tcp", f"Port {port} accepts connections.")
    if parsed.scheme == "https":
        yield await _encrypt(net, host, place)


async def _addresses(net: Net, host: str, port: int, rule: Rule) -> Sequence[Place]:
    if literal(host) is not None:
        net.sessions.check(parse_url(f"http://{f'[{host}]' if ':' in host else host}/"), rule)
        return [(host, port)]
    return [(each["host"], port) for each in await net.sessions.resolver(rule).resolve(host, port, socket.AF_UNSPEC)]


async def _connect(places: Sequence[Place]) -> Place:
    """The first place that accepts a connection. Raises OSError, of the last one."""
    failed: OSError = OSError("no address")
    for place in places:
        try:
            async with asyncio.timeout(CONNECT_SECONDS / len(places)):
                _, writer = await asyncio.open_connection(*place)
        except OSError as error:
            failed = error
            continue
        await _close(writer)
        return place
    raise failed


async def _encrypt(net: Net, host: str, place: Place) -> Reached:
    try:
        context = net.sessions.tls() or ssl.create_default_context()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(*place, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or "it cannot be verified"
        return _insecure(f"The certificate of {host} is not accepted: {reason}", host, error)
    except ValueError as error:
        return _insecure(f"The settings for TLS cannot be used: {error}", host, error)
    except OSError as error:
        reason = getattr(error, "reason", None) or ("no answer" if isinstance(error, TimeoutError) else "it broke off")
        return _insecure(f"No secure connection to {host} is possible: {reason}", host, error)
    certificate = writer.get_extra_info("peercert") or {}
    version = writer.get_extra_info("ssl_object").version()
    await _close(writer)
    return Reached("tls", f"{version} with a certificate that is accepted.", expires=_end(certificate))


def _insecure(message: str, host: str, error: Exception) -> Reached:
    detail = f"{host}: {type(error).__name__}"
    return Reached("tls", error=ProviderUnavailable(message, sent=False, detail=detail))


def _end(certificate: dict[str, str]) -> int | None:
    text = certificate.get("notAfter")
    return None if text is None else ssl.cert_time_to_seconds(text)


async def _close(writer: asyncio.StreamWriter) -> None:
    """A server that was let down in the middle of something may complain; nobody listens."""
    writer.close()
    try:
        async with asyncio.timeout(1):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
