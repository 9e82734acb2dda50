"""SRV and TXT records, for the discovery of services (RFC 6764)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

_SECONDS: Final = 3.0


class Dns:
    """Asks the system's name servers, or the given ones. A failure is an empty answer: discovery has other ways.

    Args:
        nameservers: addresses of name servers; the system's configuration by default.
        port: of those.
        seconds: for one question, with all its repetitions.
    """

    def __init__(self, nameservers: Sequence[str] | None = None, port: int = 53, seconds: float = _SECONDS) -> None:
        self._nameservers = nameservers
        self._port = port
        self._seconds = seconds
        self._made: Resolver | None = None

    async def srv(self, name: str) -> list[tuple[str, int, int, int]]:
        """(host, port, priority, weight), lowest priority first, among equals the greatest weight (RFC 2782)."""
        records = [
            (record.target.to_text(omit_final_dot=True).lower(), record.port, record.priority, record.weight)
            for record in await self._ask(name, "SRV")
        ]
        # A target of "." says that the service is decidedly not available.
        return sorted((record for record in records if record[0] not in ("", ".")), key=lambda r: (r[2], -r[3], r[0]))

    async def txt(self, name: str) -> list[str]:
        """The texts, the strings of one record joined."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in await self._ask(name, "TXT")]

    async def _ask(self, name: str, kind: str) -> Sequence[Any]:
        if not name.strip("."):
            return []  # the root, which has neither
        import dns.exception
        import dns.resolver

        try:
            answer = await self._resolver().resolve(name, kind, lifetime=self._seconds, search=False)
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError):
            # No such name, no records, no name server, no network, or nothing that can be a name.
            return []
        return list(answer)

    def _resolver(self) -> Resolver:
        if self._made is None:
            from dns.asyncresolver import Resolver

            self._made = Resolver(configure=self._nameservers is None)
            if self._nameservers is not None:
                self._made.nameservers = list(self._nameservers)
                self._made.port = self._port
        return self._made
