"""Google, simulated: the People API v1."""

from __future__ import annotations

from starlette.routing import BaseRoute

from polydex_sandbox.google.service import Google


def routes(google: Google) -> list[BaseRoute]:
    """Everything that lies at the root of the port; the last one answers what nobody knows."""
    return google.routes()
