"""The quirks as they are played: some refuse a call, some change it, some change its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.xml import Element


class Odd:
    """The quirks that are switched on for one call; calling it asks for one of them, and counts."""

    def __init__(self, strike: Callable[[str], dict[str, Any] | None]) -> None:
        self._strike = strike

    def __call__(self, quirk: str) -> dict[str, Any] | None:
        return self._strike(quirk)

    def refuse(self) -> None:
        """Raises the EwsError of the first quirk that strikes, of those that any call can meet."""

    def bent(self, call: Call, view: Callable[[Call], Element]) -> Element:
        """The answer as it is sent."""
        return view(call)
