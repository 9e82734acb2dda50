"""Every failure of every route has one shape, whoever notices it: the router, a limit, a check, a handler, a bug."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from polydex.api.app import operations
from polydex.api.operation import Operation, Who
from polydex.api.services import Options
from polydex.core import errors
from polydex.core.errors import PolydexError
from polydex.testing.channels import notification
from tests.contract.server.client import Answer, Client, basic, bearer
from tests.contract.server.house import House, open_house

LIMIT = 20_000
EVERY = operations()
BY_ID = {operation.id: operation for operation in EVERY}
NEEDED = {"pushTell": notification()}
"""Bodies without which nobody is served."""
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PolydexError)]

every_operation = pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.id)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, options=Options(max_body=LIMIT)) as opened:
        yield opened


def shaped(answer: Answer, status: int, code: str) -> None:
    """The answer is this failure, in the documented shape."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)
    body = answer.json
    assert set(body) <= {"code", "message", "requestId", "originalError"}, body
    assert body["code"] == code
    assert isinstance(body["message"], str)
    assert body["message"]
    assert str(uuid.UUID(body["requestId"])) == body["requestId"] == answer.headers["x-request-id"]
    assert isinstance(body.get("originalError", {}), dict)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1


def target(operation: Operation) -> str:
    """A path of this operation, with ids that could be."""
    path = re.sub(r"\{contId\}", "a" * 26, operation.path).replace("{provider}", "memory")
    return re.sub(r"\{\w+(:path)?\}", "1", path)


def right(operation: Operation, house: House, account: Client) -> Client:
    """A client with the credentials that the operation asks for."""
    return {Who.ANYONE: house.anyone, Who.APP: house.back_end, Who.ACCOUNT: account}[operation.who]


@every_operation
async def test_no_credentials(operation: Operation, house: House) -> None:
    if operation.who is Who.ANYONE:
        answer = await house.anyone.send(operation.method, target(operation), NEEDED.get(operation.id))
        assert answer.status in (200, 202, 501)
        assert "x-request-id" in answer.headers
        return
    shaped(await house.anyone.send(operation.method, target(operation), b"{}"), 401, "unauthorized")


@every_operation
async def test_wrong_credentials(operation: Operation, house: House) -> None:
    if operation.who is Who.ANYONE:
        anyone = house.anyone.having(bearer("nonsense"))
        answer = await anyone.send(operation.method, target(operation), NEEDED.get(operation.id))
        assert answer.status in (200, 202, 501)  # what is not asked for is not looked at
        return
    for headers in (
        bearer("pdx_acc_1_" + "x" * 43),
        bearer(""),
        basic(house.owner.client_id, "wrong"),
        basic("", ""),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Negotiate x"},
        {"Authorization": "x" * 5000},
        {**basic(house.owner.client_id, house.owner.client_secret), "X-Aurinko-Account-Id": "abc"}
        if operation.who is Who.ACCOUNT
        else bearer("x"),
    ):
        shaped(await house.anyone.having(headers).send(operation.method, target(operation), b"{}"), 401, "unauthorized")


@every_operation
async def test_other_methods_are_405_with_allow(operation: Operation, house: House) -> None:
    served = {other.method for other in EVERY if other.path == operation.path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - served:
        answer = await house.anyone.send(method, target(operation))
        shaped(answer, 405, "methodNotAllowed")
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed == served | {"OPTIONS"} | ({"HEAD"} if "GET" in served else set())


@every_operation
async def test_options_tells_the_methods(operation: Operation, house: House) -> None:
    answer = await house.anyone.send("OPTIONS", target(operation))
    assert (answer.status, answer.body) == (204, b"")
    assert operation.method in answer.headers["allow"].split(", ")
    assert "x-request-id" in answer.headers


@every_operation
async def test_head_is_get_without_the_body(operation: Operation, house: House) -> None:
    if operation.method != "GET":
        assert (await house.anyone.send("HEAD", target(operation))).status in (200, 401, 405, 501)
        return
    client = right(operation, house, await house.connect())
    get, head = [await client.send(method, target(operation)) for method in ("GET", "HEAD")]
    assert head.status == get.status
    assert head.body == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    if operation.id != "metrics":  # it counts the requests themselves
        assert head.headers["content-length"] == get.headers["content-length"]


@every_operation
async def test_a_body_over_the_limit_is_413(operation: Operation, house: House) -> None:
    client = right(operation, house, await house.connect())
    too_large = b'{"nickName":"' + b"x" * LIMIT + b'"}'
    shaped(await client.send(operation.method, target(operation), too_large), 413, "payload.tooLarge")
    claimed = await client.send(operation.method, target(operation), b"{}", length=10**12)
    shaped(claimed, 413, "payload.tooLarge")
    if operation.body is not None or operation.writes:
        pieces = [b"x" * 7_000] * 5
        shaped(await client.send(operation.method, target(operation), chunks=pieces), 413, "payload.tooLarge")
        lie = await client.send(operation.method, target(operation), too_large, length=2)
        shaped(lie, 413, "payload.tooLarge")


@every_operation
async def test_broken_escapes_are_400(operation: Operation, house: House) -> None:
    client = right(operation, house, await house.connect())
    for query in ("?a=%zz", "?%=1", "?a=%ff", "?limit=%", "?pageToken=%C3%28"):
        if operation.id in ("contSyncUpdated", "contSyncDeleted") and "pageToken" in query:
            continue  # beside it, the next test
        shaped(await client.send(operation.method, target(operation) + query), 400, "badRequest")
    for path in ("/%zz", "/%", "/%ff", "/%00"):
        shaped(await client.send(operation.method, target(operation) + path), 400, "badRequest")


async def test_paths_that_are_not_there(house: House) -> None:
    for path in ("/", "/nothing", "/v1", "/v1/contacts/", "/v1/contacts/a/b", "/v1/am/accounts/1/2", "/docs/x", "//"):
        for method in ("GET", "POST", "HEAD", "OPTIONS"):
            answer = await house.anyone.send(method, path)
            if method == "HEAD":
                assert (answer.status, answer.body) == (404, b"")
            else:
                shaped(answer, 404, "notFound")


async def test_ids_that_cannot_be_are_not_found(house: House) -> None:
    client = await house.ready()
    for contact in ("A" * 26, "a" * 25, "sync2", "%E2%82%AC", "1", "a" * 26):
        shaped(await client.get(f"/v1/contacts/{contact}"), 404, "notFound")
        shaped(await client.patch(f"/v1/contacts/{contact}", {"notes": "x"}), 404, "notFound")
        shaped(await client.delete(f"/v1/contacts/{contact}"), 404, "notFound")
    for account in ("0", "01", "-1", "x", "9" * 18, "9" * 30, "%D9%A1"):
        shaped(await house.back_end.get(f"/v1/am/accounts/{account}"), 404, "notFound")
        shaped(await house.back_end.delete(f"/v1/am/accounts/{account}"), 404, "notFound")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_error_of_the_tree(kind: type[PolydexError], house: House) -> None:
    async def fail() -> None:
        raise kind("told", detail="not told", original={"status": 418}, retry_after=1.2)

    house.checks["broken"] = fail
    answer = await house.anyone.get("/ready")
    shaped(answer, 503, "unavailable")
    assert "broken" in answer.json["message"]
    # The same where nothing stands between the error and the one that renders it.
    house.village.broken = kind("told", detail="not told", original={"status": 418}, retry_after=1.2)
    body = {"serviceType": "CardDAV", "loginString": "me", "password": "secret"}
    answer = await house.back_end.post("/v1/am/accounts/connect", body)
    shaped(answer, kind.status, kind.code)
    assert b"not told" not in answer.body
    if kind.status == 500:
        assert set(answer.json) == {"code", "message", "requestId"}
        assert answer.json["message"] == "Internal error"
    else:
        assert answer.json["message"] == "told"
        assert answer.json["originalError"] == {"status": 418}
        assert answer.headers["retry-after"] == "2"


async def test_a_bug_is_500_without_details(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("secret thing")

    house.checks["broken"] = fail
    answer = await house.anyone.get("/ready")
    shaped(answer, 500, "internal")
    assert b"secret" not in answer.body
    logged = capfd.readouterr().err
    assert answer.headers["x-request-id"] in logged
    assert "ZeroDivisionError" in logged


async def test_time_is_up_is_503(tmp_path: Path) -> None:
    async with open_house(tmp_path, options=Options(max_seconds=0.05)) as house:

        async def forever() -> None:
            await asyncio.Event().wait()

        house.checks["slow"] = forever
        shaped(await house.anyone.get("/ready"), 503, "unavailable")


async def test_request_ids_are_never_the_same(house: House) -> None:
    answers = [await house.anyone.get("/health") for _ in range(20)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 20
    given = await house.anyone.send("GET", "/health", headers={"X-Request-Id": "mine"})
    assert uuid.UUID(given.headers["x-request-id"]).version == 4


def test_every_failure_that_a_route_can_answer_is_documented() -> None:
    assert {kind.status for kind in KINDS} | {400, 404, 405, 413, 503} >= {
        status for operation in EVERY for status in operation.statuses
    }
    assert set(BY_ID["createContact"].statuses) >= {400, 401, 403, 409, 413, 422, 429, 500, 502, 503, 504}
    assert set(BY_ID["updateContact"].statuses) >= {404, 412, 428}
    assert 410 in BY_ID["contSyncUpdated"].statuses
