"""WebDAV calls for one login: method, depth, deadline, and an error for every answer that was not hoped for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from polydex.connectors.carddav import hrefs, wire
from polydex.connectors.carddav.errors import failure
from polydex.core.errors import ProviderMalformed
from polydex.net.auth import Auth
from polydex.net.client import Net
from polydex.net.message import Answer, Call

T = TypeVar("T")

XML = "application/xml; charset=utf-8"
LARGE_BODY = 256 * 1024
"""Bytes from which on parsing happens in a thread."""
READ_SECONDS = 60.0
"""For the requests of a pull: a server may take its time to list a large book."""
WRITE_SECONDS = 24.0
"""For all requests of one write together (JOURNAL.md, J10: every write is answered within 25 s)."""

TRUSTED_HOSTS = ("*.icloud.com", "*.fastmail.com")


def trusted_hosts(server_url: str) -> tuple[str, ...]:
    """Host patterns of a service that spreads over several hosts (iCloud: ``pNN-contacts.icloud.com``)."""
    host = hrefs.origin(server_url)[1]
    return tuple(pattern for pattern in TRUSTED_HOSTS if host.endswith(pattern[1:]))


class Budget:
    """The time that several requests have together, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """Never less than a second, so that what must be known after a slow write can still be asked."""
        return max(1.0, self._end - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Dav:
    """Args:
    net: the outbound client.
    auth: who is asking.
    trusted: host patterns that credentials may follow to.
    """

    net: Net
    auth: Auth
    trusted: tuple[str, ...] = ()

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = True,
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """One call, whatever its status."""
        return await self.net.send(
            Call(
                method=method,
                url=url,
                headers=headers or {},
                body=body,
                auth=self.auth,
                deadline=seconds,
                idempotent=idempotent,
                trusted_hosts=self.trusted,
                label="carddav",
            )
        )

    async def ask(
        self, method: str, url: str, body: bytes, *, depth: int, step: str, seconds: float = READ_SECONDS
    ) -> tuple[wire.Multistatus, Answer]:
        """PROPFIND or REPORT.

        Raises:
            ProviderError: the answer is no multistatus; the message begins with ``step``.
        """
        headers = {"Content-Type": XML, "Depth": str(depth)}
        answer = await self.send(method, url, body=body, headers=headers, seconds=seconds)
        if answer.status not in (200, 207):
            raise failure(answer, step)
        try:
            found = await off_loop(len(answer.body), lambda: wire.multistatus(answer.body, answer.url))
        except ProviderMalformed as error:
            raise ProviderMalformed(
                f"{step}: {error.message} ({answer.status})", detail=error.detail, original={"status": answer.status}
            ) from None
        return found, answer

    async def propfind(
        self, url: str, properties: Collection[str], *, depth: int, step: str, seconds: float = READ_SECONDS
    ) -> tuple[wire.Multistatus, Answer]:
        """The properties of a resource, and with depth 1 of its members."""
        body = wire.propfind(*properties)
        return await self.ask("PROPFIND", url, body, depth=depth, step=step, seconds=seconds)


async def off_loop(size: int, work: Callable[[], T]) -> T:
    """Run pure work, in a thread when the input is large."""
    return work() if size < LARGE_BODY else await asyncio.to_thread(work)
