"""An operation of the interface, declared once: what is served, checked and documented is one and the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, cast

from polydex.api.auth import Caller
from polydex.api.parameters import Parameter
from polydex.api.reply import Reply
from polydex.api.services import Services

T = TypeVar("T")
Schema = Mapping[str, Any]


class Who(Enum):
    """Who may call (the table of "Authentication" in the documentation)."""

    ANYONE = "anyone"
    APP = "app"
    ACCOUNT = "account"


READ, WRITE = "Contacts.Read", "Contacts.ReadWrite"


class Call:
    """One request, as a handler sees it: the caller, the declared parameters, the body; the query as it was sent."""

    def __init__(
        self,
        services: Services,
        caller: Caller,
        values: Mapping[Parameter[Any], object],
        body: bytes,
        query: Mapping[str, Sequence[str]],
    ) -> None:
        self.services = services
        self.caller = caller
        self.body = body
        self.query = query
        self._values = values

    def __getitem__(self, parameter: Parameter[T]) -> T:
        """The value of a parameter that the operation declares."""
        return cast("T", self._values[parameter])


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True)
class Link:
    """A value of an answer that is a parameter of another operation.

    Attributes:
        operation: its operationId.
        parameter: its parameter.
        place: JSON pointer in the answer's body.
    """

    operation: str
    parameter: str
    place: str


@dataclass(frozen=True)
class Answer:
    """A successful answer, for the documentation.

    Attributes:
        schema: the name of a component schema, or None for a body that is not JSON.
        text: what it means.
        headers: names of documented headers (``polydex.api.openapi.HEADERS``) that are always there.
        maybe: names of headers that may be there.
        media: the media type.
        links: what can be asked next with what this answer says.
        example: a body that is not JSON; the others have that of their schema.
    """

    schema: str | None
    text: str
    headers: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    media: str = "application/json"
    links: tuple[Link, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        id: the operationId; that of the Aurinko contract where it has one.
        body: the name of the body's component schema, or None.
        max_body: bytes that a body may have here, if that is less than anywhere else.
        errors: statuses besides those that follow from the rest (see ``statuses``).
        writes: the handler changes something at a provider: it is never cut short by the caller's going away.
        alive: an account whose credentials are dead is answered 401 at once.
        scope: the scope that the caller's token must have.
        documented: shown in /openapi.json.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    handler: Handler
    who: Who = Who.ACCOUNT
    scope: str | None = None
    parameters: tuple[Parameter[Any], ...] = ()
    body: str | None = None
    max_body: int | None = None
    answers: Mapping[int, Answer] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    writes: bool = False
    alive: bool = True
    text: str = ""
    documented: bool = True

    @property
    def statuses(self) -> Sequence[int]:
        """Every status of a failure that this operation can answer with."""
        # 400: a malformed request; 413: a body over the limit, on whatever route; 503: time is up.
        found = {400, 413, 500, 503, *self.errors}
        if self.who is not Who.ANYONE:
            found.add(401)
            # User sessions and similar credentials of the contract that are not served.
            found.add(501)
        if self.who is Who.ACCOUNT:
            found |= {403, 404}
        if any(parameter.where == "path" for parameter in self.parameters):
            found.add(404)
        return sorted(found)
