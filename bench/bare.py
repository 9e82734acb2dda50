"""The floor of reads: a bare Starlette application that joins the same rows from the same SQLite file.

No authentication, no tokens, no freshness, no log, no limits: what is left when everything is taken away that is not
the rows themselves.
"""

from __future__ import annotations

import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = (
    "SELECT c.seq, d.body FROM contact c JOIN document d ON d.row_id = c.row_id "
    "WHERE c.source_id = 1 AND c.live = 1 AND c.seq > ? ORDER BY c.seq LIMIT ?"
)
ONE = (
    "SELECT d.body FROM contact c JOIN document d ON d.row_id = c.row_id "
    "WHERE c.account_id = 1 AND c.public_id = ? AND c.live = 1"
)


def reading(path: str) -> sqlite3.Connection:
    """A connection like those of Polydex."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def application(path: str) -> Starlette:
    """``GET /updated?after=&limit=`` and ``GET /contacts/{id}``."""
    database = reading(path)

    async def updated(request: Request) -> Response:
        query = request.query_params
        rows = database.execute(PAGE, (int(query["after"]), int(query["limit"]))).fetchall()
        body = b'{"length":%d,"records":[%b]}' % (len(rows), b",".join([row[1] for row in rows]))
        return Response(body, media_type="application/json")

    async def contact(request: Request) -> Response:
        (body,) = database.execute(ONE, (request.path_params["id"],)).fetchone()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/updated", updated), Route("/contacts/{id}", contact)])


def serve(app: Starlette, port: int) -> None:
    """Serve until killed, with the server that Polydex has."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    serve(application(sys.argv[2]), int(sys.argv[1]))
