"""How the made-up provider tells of changes: its channels, and what a notification of it looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from polydex.connectors.provider import Handshake, Notice
from polydex.core.errors import BadRequest, ProviderRejected

Kind = Literal["changed", "renew", "ended"]
_KINDS: dict[str, Kind] = {"changed": "changed", "renew": "renew", "ended": "ended"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. ``expires_at``: unix milliseconds."""

    id: str
    url: str
    secret: str = field(repr=False)
    expires_at: int


class Channels:
    """Every channel that there ever was.

    Args:
        clock: unix milliseconds.
        life: milliseconds that a channel lasts without being renewed.

    Attributes:
        refuses: the address of whoever wants one is not accepted.
        made: how many there have been.
        told: what was told: (address, notification).
    """

    def __init__(self, clock: Callable[[], int], life: int) -> None:
        self._clock, self.life = clock, life
        self._all: dict[str, Channel] = {}
        self.refuses = False
        self.made = 0
        self.told: list[tuple[str, bytes]] = []

    @property
    def living(self) -> dict[str, Channel]:
        """Those that have not ended, by their ids."""
        return {name: channel for name, channel in self._all.items() if channel.expires_at > self._clock()}

    def open(self, url: str, secret: str, current: str | None) -> Channel:
        """The current one for its whole time again, or a new one. Raises ProviderRejected."""
        if self.refuses:
            raise ProviderRejected("The provider does not reach the address")
        known = self.living.get(current or "")
        if known is None:
            self.made += 1
        name = known.id if known else f"channel-{self.made}"
        channel = self._all[name] = Channel(name, url, secret, self._clock() + self.life)
        return channel

    def close(self, name: str) -> None:
        """End one; that it has ended already is no error."""
        self._all.pop(name, None)

    def end(self) -> None:
        """End every one, without a word."""
        self._all.clear()

    def tell(self, kind: Kind = "changed") -> None:
        """Tell everybody who has a channel."""
        self.told += [(channel.url, notification((channel.secret, kind))) for channel in self.living.values()]


def notification(*notices: tuple[str, Kind]) -> bytes:
    """The body of a notification: (secret, kind) each."""
    return json.dumps({"notices": [{"secret": secret, "kind": kind} for secret, kind in notices]}).encode()


def notified(query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
    """See ``Pushing.notified``. The handshake is the parameter ``hello``."""
    if "hello" in query:
        return Handshake(query["hello"])
    try:
        (*notices,) = json.loads(body)["notices"]
        return tuple(Notice(str(each["secret"]), _KINDS[each["kind"]]) for each in notices)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRequest("This is no notification") from None
