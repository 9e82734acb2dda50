"""What passes through the judge is judged, and arrives as it was sent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.exchange import contract
from tests.exchange.judge import Judge
from tests.exchange.test_schemas import creation, deletion, fault, sync

GOOD, WRONG = sync(512), creation("<t:Nonsense/>")
DELETED, NONSENSE = deletion("NoError"), deletion("ErrorBadMood")


def echo(answer: bytes, status: int = 200) -> Any:
    """An Exchange that always answers this."""

    async def answering(request: Request) -> Response:
        assert await request.body()
        return Response(answer, status, media_type="text/xml")

    return Starlette(routes=[Route("/{path:path}", answering, methods=["POST"])])


@pytest.mark.parametrize(
    ("sent", "answer", "status", "lenient", "faults", "seen"),
    [
        (GOOD, DELETED, 200, False, 0, {"SyncFolderItems"}),
        (WRONG, DELETED, 200, False, 1, set()),
        (GOOD, NONSENSE, 200, False, 1, {"SyncFolderItems"}),
        (WRONG, fault("ErrorSchemaValidation"), 500, False, 1, set()),
        (WRONG, fault("ErrorSchemaValidation"), 500, True, 0, set()),
        (WRONG, fault("ErrorBadMood"), 500, True, 1, set()),
        (WRONG, b"", 401, False, 0, set()),
    ],
)
async def test_requests_and_answers(
    sent: bytes, answer: bytes, status: int, lenient: bool, faults: int, seen: set[str]
) -> None:
    contract.schema("2016")
    judge = Judge(echo(answer, status), lenient=lenient)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=judge), base_url="http://exchange") as http:
        got = await http.post("/EWS/Exchange.asmx", content=sent)
        assert (got.status_code, got.content) == (status, answer)
        await http.post("/owa/", content=WRONG)
    assert len(judge.faults) == faults
    assert judge.seen == seen
