"""A bare Starlette application that answers a constant: the floor for everything that Polydex does with a request."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def serve(port: int, size: int) -> None:
    """Answer ``size`` bytes to every GET."""
    constant = b'"' + b"x" * (size - 2) + b'"'

    async def answer(_request: Request) -> Response:
        return Response(constant, media_type="application/json")

    app = Starlette(routes=[Route("/{path:path}", answer)])
    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
