"""Microsoft's own clients for Python and JavaScript, unmodified, on the simulated Graph: every call, judged on its way."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.sandbox import Sandbox
from tests.contract.net.servers import certify
from tests.microsoft.contract import operations
from tests.microsoft.judge import Judge
from tests.microsoft.receiver import PATH, Receiver
from tests.providers.serving import serving
from tests.witness.packages import installed

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TOKEN = "EwB-sandbox"
NAME = "string {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} name witness"
SECONDS = 120
"""After which a client is taken for dead."""

EXPECTED: dict[str, Any] = {
    "me": ["ada@example.com", "Ada Example"],
    "users": True,
    "create": [
        "Ada", "Lovelace", "Ada Lovelace", "Lovelace, Ada", "1815-12-10", "ada@example.org", ["+44 1"], "London",
        ["Friends"],
    ],
    "etag": True,
    "update": ["King", "Ada King", "+44 2", True],
    "stale": [412, "ErrorIrresolvableConflict"],
    "as user": "King",
    "deleted": [404, "ErrorItemNotFound"],
    "permanently deleted": [404, "ErrorItemNotFound"],
    "list": [["Eve", "Dan", "Cay", "Bob"], 4, None],
    "filter": ["Cay"],
    "skip": ["Dan", "Eve"],
    "folders": ["Choir"],
    "children": ["Basses"],
    "default": ["Contacts", True, True],
    "child": True,
    "contact in a folder": ["Kim"],
    "its folder": True,
    "folder delta": ["Basses", "Choir"],
    "folder gone": [[True, True]],
    "no folder": [404, "ErrorFolderNotFound"],
    "no folders": 0,
    "delta": [2, True, ["Bob", "Cay", "Dan", "Eve"]],
    "changes": ["Bobby", "removed", 0],
    "selected delta": [True, None],
    "properties": [["string 0x3a21", "+44 3"], [NAME, "some text"]],
    "by property": ["Fay"],
    "expanded list": [0, 2],
    "changed properties": ["+44 3", "other"],
    "extension": ["com.example.witness", {"colour": "blue", "size": 5}],
    "read extension": {"colour": "blue", "size": 5},
    "all extensions": [{"colour": "blue", "size": 5}],
    "expanded extension": ["red"],
    "no extension": 404,
    "no photo": 404,
    "photo": [1, 1, "image/jpeg"],
    "picture": True,
    "delete photo": 405,
    "batch": [200, 404, 201],
    "made in a batch": [True],
    "delete in a batch": 204,
    "subscription": ["created,updated,deleted", "/me/contacts", "secret"],
    "read subscription": True,
    "all subscriptions": [True],
    "renewed": True,
    "notified": ["created"],
    "no subscription": [404, "ResourceNotFound"],
    "other resource": 403,
    "immutable": True,
    "translated": [True, True],
    "not found": [404, "ErrorItemNotFound"],
    "too many": 400,
    "bad filter": 400,
    "unauthorized": [401, "InvalidAuthenticationToken"],
    "gone": [410, "SyncStateNotFound"],
}  # fmt: skip

UNASKED = {"UpdatePhoto", "DeletePhotoContent"}
"""Operations that are described and that Graph refuses: the last words of their ids."""


@pytest.fixture(scope="session")
def javascript() -> Iterator[Path]:
    """A folder with the client for JavaScript in it, and the calls."""
    with installed(HERE / "js") as folder:
        yield folder


@pytest.fixture(params=["python", "javascript"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """What makes the calls."""
    if request.param == "python":
        return [sys.executable, "-m", "tests.witness.microsoft.calls"]
    return ["node", str(request.getfixturevalue("javascript") / "calls.mjs")]


async def test_every_call(command: list[str], tmp_path: Path) -> None:
    judge = Judge(build(Sandbox(Clock())), lenient=True)
    receiver = Receiver(judge)
    # The client for JavaScript gives its token to https alone; the sandbox's own client knows no authority of tests.
    authority = certify(tmp_path, "127.0.0.1")
    async with serving(receiver, tmp_path / "server.pem") as url, serving(receiver) as plain:
        async with httpx.AsyncClient() as http:
            given = {"email": "ada@example.com", "name": "Ada Example", "accessToken": TOKEN}
            assert (await http.post(f"{plain}/control/accounts", json=given)).status_code == 201
        environment = {
            **os.environ,
            "SSL_CERT_FILE": str(authority.bundle),
            "NODE_EXTRA_CA_CERTS": str(authority.bundle),
        }
        found = await observed([*command, url, TOKEN, f"{plain}{PATH}"], environment)
    assert judge.faults == []
    assert found["seen"] == EXPECTED
    assert list(found["seen"]) == list(EXPECTED)
    assert found["unknown"] == []
    described = {one.id.rpartition(".")[2] for _, verbs in operations() for one in verbs.values()}
    assert {name.rpartition(".")[2] for name in judge.seen} == described - UNASKED
    assert receiver.hands == [PATH, PATH]
    assert set(receiver.queries) == {"a=b"}
    [told] = receiver.told
    assert told["clientState"] == "secret"


async def observed(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """What a client wrote."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()[-4000:]
    found: dict[str, Any] = json.loads(output)
    return found


def test_the_calls_of_both_clients_are_named_alike() -> None:
    text = (HERE / "js" / "calls.mjs").read_text(encoding="utf-8")
    for name in EXPECTED:
        assert f'seen["{name}"]' in text, name
