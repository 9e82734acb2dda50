"""Microsoft, simulated: the contacts of Microsoft Graph v1.0."""

from __future__ import annotations

from starlette.routing import BaseRoute

from polydex_sandbox.microsoft.service import Graph


def routes(graph: Graph) -> list[BaseRoute]:
    """Everything that lies below the versions of Graph (``/v1.0``)."""
    return graph.routes()
