"""What unmodified clients have sent is taken, and what they are answered is as Microsoft's schemas have it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.exchange import contract

TRANSCRIPTS = contract.CONTRACTS.parent / "transcripts"
CODES = re.compile(rb"ResponseCode[^>]*>(\w+)<")
ITEM = re.compile(rb'ItemId Id="([^"]+)" ChangeKey="([^"]+)"')
STATE = re.compile(rb"SyncState>([^<]+)<")
ODD = {"ErrorInvalidSyncStateData": 1, "ErrorInternalServerError": 1}
"""exchangelib was made to send a state that is none, and to ask for item:UniqueBody of a contact (exchangelib#1192)."""
STUBS = re.compile(rb'Id="AAitem1=" ChangeKey="[^"]*"'), re.compile(rb">H4sI2<")


@dataclass(frozen=True)
class Sent:
    """A recorded request: headers with names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


def recorded(name: str) -> Iterator[Sent]:
    """The requests of a transcript, in their order."""
    text = Path(TRANSCRIPTS / f"{name}.txt").read_bytes()
    for request in re.split(rb"^===== REQUEST \d+ =====\n", text, flags=re.MULTILINE)[1:]:
        head, _, body = request.partition(b"\n----- RESPONSE")[0].partition(b"\n\n")
        first, *lines = head.decode("latin-1").splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        yield Sent(first.split(" ")[1], headers, body)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("exchangelib-ver", {"NoError": 12, **ODD, "ErrorInvalidIdMalformed": 1}),
        ("exchangelib-noauth", {"NoError": 12, **ODD, "ErrorInvalidIdMalformed": 2}),
        ("node-ews-javascript-api", {"NoError": 7}),
        ("davmail-ews", {"NoError": 24, "ErrorItemNotFound": 2}),
    ],
)
async def test_recorded_clients(name: str, codes: dict[str, int], http: httpx.AsyncClient) -> None:
    if not TRANSCRIPTS.is_dir():
        pytest.skip("the transcripts are not beside this repository (../shared/contracts)")
    account = {"email": "alice@example.com", "name": "Alice Example", "exchange": {"password": "secret"}}
    assert (await http.post("/control/accounts", json=account)).status_code == 201
    found: Counter[str] = Counter()
    item, key, state = b"none", b"none", b"none"
    for sent in recorded(name):
        # What the recorded server called an item and a state has the sandbox's own names.
        body = STUBS[0].sub(b'Id="%b" ChangeKey="%b"' % (item, key), sent.body)
        body = STUBS[1].sub(b">%b<" % state, body)
        kept = ("content-type", "authorization", "user-agent")
        headers = {header: sent.headers[header] for header in kept if header in sent.headers}
        answer = await http.post(sent.path, content=body, headers=headers)
        if "authorization" not in headers:
            assert answer.status_code == 401
            continue
        assert answer.status_code == 200, answer.text
        answered = contract.answer(answer.content)
        found.update(code.decode() for code in CODES.findall(answer.content))
        if answered in ("CreateItemResponse", "UpdateItemResponse"):
            [(item, key)] = ITEM.findall(answer.content)
        if match := STATE.search(answer.content):
            state = match[1]
    assert found == codes
