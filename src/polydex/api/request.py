"""What is known of the request at hand by everything that handles it: its id, its route, its account."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from starlette.types import Scope

_KEY = "polydex.request"


@dataclass
class RequestFacts:
    """Facts for the log, the metrics and the error shape.

    Attributes:
        id: a random UUID (RFC 9562, version 4).
        route: the path template, once known; the path itself is never logged, it may hold anything.
        account: the account's number, once known.
    """

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    route: str = ""
    account: int | None = None


def request_of(scope: Scope) -> RequestFacts:
    """The facts of the request with this scope; made when they are asked for first."""
    facts = scope.get(_KEY)
    if not isinstance(facts, RequestFacts):
        facts = scope[_KEY] = RequestFacts()
    return facts
