"""What the routes need of the rest of the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from polydex.engine.accounts import Accounts
from polydex.engine.hints import Hints
from polydex.engine.read import Reader
from polydex.engine.write import Writer

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Services:
    """The use cases that the interface offers.

    Attributes:
        checks: what must work before traffic is wanted (``/ready``), by name; a check that fails raises.
    """

    accounts: Accounts
    reader: Reader
    writer: Writer
    hints: Hints
    checks: Mapping[str, Check] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """Limits of the interface.

    Attributes:
        max_body: bytes of a request body; a photo of 4 MB in base64 fits in the default.
        max_seconds: of a request. Official clients give up at 35 s, and a write is decided within 25 s.
        drain_seconds: that writes get at the end, when their callers have been told that the server stops.
    """

    max_body: int = 8 * 1024 * 1024
    max_seconds: float = 30.0
    drain_seconds: float = 30.0
