"""What the official clients send, byte for byte, and what they look at in the answers."""

import asyncio
import json
from pathlib import Path

from tests.compat.serve import serving
from tests.contract.server.house import House

# What the generated SDK makes of an object with one member set: every list that it knows goes along, empty.
SDK_PATCH = (
    b'{"nickName":"Bob","relations":[],"keywords":[],"emailAddresses":[],"phoneNumbers":[],"addresses":[],"urls":[],'
    b'"nativeProperties":{}}'
)


async def test_the_generated_sdks_default_object_clears_nothing(house: House) -> None:
    client = await house.ready(contacts=1)
    before = (await client.get("/v1/contacts")).json["records"][0]
    answer = await client.patch(f"/v1/contacts/{before['id']}", SDK_PATCH)
    assert answer.status == 200, answer.body
    record = answer.json["record"]
    assert record["nickName"] == "Bob"
    assert record["emailAddresses"] == before["emailAddresses"]
    assert record["name"] == before["name"]


async def test_anywhere_else_an_empty_list_clears(house: House) -> None:
    client = await house.ready(contacts=1)
    before = (await client.get("/v1/contacts")).json["records"][0]
    answer = await client.patch(f"/v1/contacts/{before['id']}", b'{"nickName":"Bob","emailAddresses":[]}')
    assert answer.status == 200
    assert "emailAddresses" not in answer.json["record"]


async def test_what_was_read_can_be_sent_back(house: House) -> None:
    client = await house.ready(contacts=1)
    before = (await client.get("/v1/contacts")).json["records"][0]
    answer = await client.patch(f"/v1/contacts/{before['id']}", before, If_Match=before["etag"])
    assert answer.status == 200, answer.body
    assert answer.json["etag"] == before["etag"]


async def test_the_java_client_reads_its_recovery_out_of_the_message(house: House) -> None:
    client = await house.ready()
    answer = await client.get("/v1/contacts/sync/updated?deltaToken=from-another-server")
    assert answer.status == 400
    assert "Page token is invalid" in answer.json["message"] or "token.notValid" in answer.json["message"]


async def test_tokens_hold_nothing_that_the_java_client_misreads(house: House) -> None:
    client = await house.ready(contacts=3)
    start = (await client.post("/v1/contacts/sync")).json
    page = (await client.get(f"/v1/contacts/sync/updated?deltaToken={start['syncUpdatedToken']}&limit=1")).json
    for token in (start["syncUpdatedToken"], start["syncDeletedToken"], page["nextPageToken"]):
        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
        assert not token.startswith("page:")


async def test_a_request_as_it_is_on_the_wire(tmp_path: Path) -> None:
    async with serving(tmp_path, contacts=2) as served:
        port = int(served.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = (
            f"POST /v1/contacts/sync?awaitReady=true HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {served.token}\r\nAccept: application/json\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(request.encode())
        raw = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"application/json" in head
    assert json.loads(body)["ready"] is True
