"""The part of the control API that is about subscriptions and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.control import Missing, account_of, answer, nothing, route
from polydex_sandbox.members import BadInput, body_of, text_of
from polydex_sandbox.microsoft.subscription import Subscription
from polydex_sandbox.microsoft.subscriptions import EVENTS

if TYPE_CHECKING:
    from polydex_sandbox.microsoft.service import Graph


def routes(graph: Graph) -> list[BaseRoute]:
    """Below ``/control``."""
    watching = Watching(graph)
    base = "/accounts/{account}/microsoft"
    return [
        route("GET", f"{base}/subscriptions", watching.subscriptions),
        route("DELETE", f"{base}/subscriptions/{{id}}", watching.drop),
        route("POST", f"{base}/lifecycle", watching.event),
        route("POST", "/microsoft/notifications", watching.settle),
    ]


class Watching:
    """Subscriptions as they truly are, and Microsoft's own doings with them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _of(self, request: Request) -> list[Subscription]:
        return self.graph.subscriptions.of(account_of(self.graph.sandbox, request))

    async def subscriptions(self, request: Request) -> Response:
        return answer({"subscriptions": [_shown(one) for one in self._of(request)]})

    async def drop(self, request: Request) -> Response:
        """Remove one, and tell nobody."""
        name = request.path_params["id"]
        found = [one for one in self._of(request) if one.id == name]
        if not found:
            raise Missing(f"There is no subscription {name}")
        self.graph.subscriptions.drop(found[0])
        return nothing()

    async def event(self, request: Request) -> Response:
        """``{"event": ...}``: a lifecycle notification to every subscription of the account, or to ``id``."""
        given = await body_of(request, ("event", "id"))
        event = text_of(given, "event")
        if event not in EVENTS:
            raise BadInput(f"event has to be one of {', '.join(EVENTS)}")
        found = [one for one in self._of(request) if given.get("id", one.id) == one.id]
        for one in found:
            self.graph.subscriptions.event(one, event)
        return answer({"subscriptions": [one.id for one in found]})

    async def settle(self, request: Request) -> Response:
        """Deliver what is due, and wait for it; ``{"patience": seconds}`` that a receiver has from now on."""
        courier = self.graph.subscriptions.courier
        given = await body_of(request, ("patience",))
        patience = given.get("patience", courier.patience)
        if isinstance(patience, bool) or not isinstance(patience, int | float) or not 0 < patience <= 60:
            raise BadInput("patience has to be a number of seconds, at most 60")
        courier.patience = float(patience)
        await courier.settle()
        return answer({"waiting": courier.waiting, "delivered": courier.delivered, "lost": courier.lost})


def _shown(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "resource": one.resource,
        "changeType": one.change_type,
        "notificationUrl": one.url,
        "lifecycleNotificationUrl": one.lifecycle_url,
        "clientState": one.state,
        "expires": one.expires,
        "immutable": one.immutable,
        "paused": one.paused,
    }
