"""``$batch``: every part has its own answer, and the batch as a whole is refused when it cannot be read."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from polydex_sandbox.connection import Dropped
from tests.pictures import picture
from tests.sandbox.microsoft.api import Api, Json, Refused

TYPE = {"Content-Type": "application/json"}
C = "/me/contacts"


def part(name: str, url: str, method: str = "GET", **more: Any) -> Json:
    return {"id": name, "method": method, "url": url, **more}


def write(name: str, body: Any, url: str = C, method: str = "POST", **more: Any) -> Json:
    return part(name, url, method, body=body, headers=TYPE, **more)


async def batch(api: Api, *parts: Json) -> dict[str, Json]:
    """The answers by their ids."""
    answer = await api.call("POST", "/$batch", {"requests": list(parts)})
    assert set(answer) == {"responses"}
    return {one["id"]: one for one in answer["responses"]}


async def refused(api: Api, body: Any) -> str:
    with pytest.raises(Refused) as caught:
        await api.call("POST", "/$batch", body)
    assert (caught.value.http, caught.value.code) == (400, "BadRequest")
    return caught.value.message


async def test_every_part_is_answered(api: Api) -> None:
    ada = await api.create({"givenName": "Ada"})
    found = await batch(
        api,
        part("1", f"{C}/{ada['id']}?$select=givenName", headers={"Prefer": 'IdType="ImmutableId"'}),
        part("2", f"{C}/AAMkAGI2nothing="),
        write("3", {"givenName": "Bob"}),
        write("4", {"surname": "King"}, f"{C}/{ada['id']}", "PATCH"),
        part("5", "/me/nothing"),
    )
    assert {name: one["status"] for name, one in found.items()} == {"1": 200, "2": 400, "3": 201, "4": 200, "5": 400}
    assert found["1"]["body"]["givenName"] == "Ada"
    assert found["1"]["body"]["id"] != ada["id"]
    assert found["1"]["headers"]["Preference-Applied"] == 'IdType="ImmutableId"'
    assert found["2"]["body"]["error"]["code"] == "ErrorInvalidIdMalformed"
    assert found["2"]["headers"]["Content-Type"] == "application/json"
    assert found["3"]["headers"]["Location"].endswith(f"('{found['3']['body']['id']}')")
    assert (await api.get(f"{C}/{ada['id']}"))["surname"] == "King"
    gone = await batch(api, part("a", f"{C}/{ada['id']}", "DELETE"))
    assert gone["a"]["status"] == 204
    assert "body" not in gone["a"]


async def test_urls_are_relative(api: Api) -> None:
    ada = await api.create({"givenName": "Ada"})
    found = await batch(
        api,
        part("plain", f"me/contacts/{ada['id']}"),
        part("absolute", f"https://graph.microsoft.com/v1.0/me/contacts/{ada['id']}"),
        part("versioned", f"/v1.0/me/contacts/{ada['id']}"),
    )
    assert {name: one["status"] for name, one in found.items()} == {"plain": 200, "absolute": 400, "versioned": 400}
    message = found["absolute"]["body"]["error"]["message"]
    assert message == "Resource not found for the segment 'https:'."


async def test_answers_come_in_any_order(api: Api) -> None:
    orders = set()
    for _ in range(20):
        answer = await api.call(
            "POST", "/$batch", {"requests": [part(str(number), "/me/nothing") for number in range(5)]}
        )
        orders.add(tuple(one["id"] for one in answer["responses"]))
    assert len(orders) > 1
    assert {"".join(sorted(one)) for one in orders} == {"01234"}


async def test_what_depends_on_a_failure_is_not_done(api: Api) -> None:
    found = await batch(
        api,
        write("c", {"givenName": "Cay"}, dependsOn=["B"]),
        write("b", {"givenName": "Bob"}, dependsOn=["a"]),
        write("a", {"nothing": "Ada"}),
        write("d", {"givenName": "Dan"}),
        write("e", {"givenName": "Eve"}, dependsOn=["d"]),
    )
    assert {name: one["status"] for name, one in found.items()} == {"a": 400, "b": 424, "c": 424, "d": 201, "e": 201}
    assert found["b"]["body"]["error"]["code"] == "FailedDependency"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Invalid batch payload format."),
        ({"requests": {}}, "Invalid batch payload format."),
        ({"requests": []}, "Invalid batch payload format."),
        ({"requests": [1]}, "Invalid batch payload format."),
        ({"requests": [{"id": 1, "method": "GET", "url": "/me"}]}, "Invalid batch payload format."),
        ({"requests": [{"method": "GET", "url": "/me"}]}, "Invalid batch payload format."),
        ({"requests": [part("1", "/me", "LIST")]}, "Invalid batch payload format."),
        ({"requests": [part("1", "/me", dependsOn="2")]}, "Invalid batch payload format."),
        ({"requests": [part("1", "/me", headers={"Prefer": 1})]}, "Invalid batch payload format."),
        (
            {"requests": [part(str(number), "/me") for number in range(21)]},
            "Number of batch request steps exceeds the maximum value of 20.",
        ),
        ({"requests": [part("x", "/me"), part("X", "/me")]}, "Request Id X has to be unique in a batch."),
        (
            {"requests": [part("1", C, "POST", body={})]},
            "Write request id : 1 does not contain Content-Type header or body.",
        ),
        (
            {"requests": [part("1", f"{C}/A/permanentDelete", "POST", headers=TYPE)]},
            "Write request id : 1 does not contain Content-Type header or body.",
        ),
        (
            {"requests": [part("1", "/me", dependsOn=["2"])]},
            "Request Id 1 depends on Request Id 2, which is not in the batch.",
        ),
        (
            {"requests": [part("1", "/me", dependsOn=["2"]), part("2", "/me", dependsOn=["1"])]},
            "The dependencies of the requests in the batch are circular.",
        ),
        *(
            (
                {
                    "requests": [
                        part("1", f"{C}/A/photo/$value", "PUT", headers={"Content-Type": "image/jpeg"}, body=text)
                    ]
                },
                "Invalid batch payload format.",
            )
            for text in ("aa+b", "aa/b", "aaaaa")
        ),
    ],
)
async def test_a_batch_that_cannot_be_read_does_nothing(api: Api, body: Json, message: str) -> None:
    if body.get("requests") and isinstance(body["requests"], list) and len(body["requests"]) < 20:
        body = {"requests": [write("good", {"givenName": "Ada"}), *body["requests"]]}
    before = api.account["id"]
    assert await refused(api, body) == message
    log = (await api.http.get(f"/control/requests?account={before}")).json()["requests"]
    assert [one["operation"] for one in log] == ["batch"]


async def test_pictures_are_base64(api: Api) -> None:
    """Going in as a URL has it, and coming back as anybody else."""
    ada = await api.create({"givenName": "Ada"})
    path = f"{C}/{ada['id']}/photo/$value"
    data = picture(size=(9, 9))
    encoded = base64.urlsafe_b64encode(data).decode()
    assert "_" in encoded
    put = part("1", path, "PUT", headers={"Content-Type": "image/jpeg"}, body=encoded)
    found = await batch(api, put, part("2", path, dependsOn=["1"]))
    assert found["1"]["status"] == 200
    assert found["2"]["headers"]["Content-Type"] == "image/jpeg"
    assert base64.b64decode(found["2"]["body"], validate=True) == data
    bare = await batch(api, {**put, "body": encoded.rstrip("=")})
    assert bare["1"]["status"] == 200


async def test_a_batch_has_no_batch_in_it(api: Api) -> None:
    found = await batch(api, write("1", {"requests": [part("1", "/me")]}, "/$batch"))
    assert found["1"]["status"] == 400


async def test_twenty_are_answered_four_at_once(api: Api, sandbox: Any) -> None:
    await api.control("PUT", "/quirks/graph-slow", {"seconds": 0.001, "methods": ["contacts.create"]})
    found = await batch(api, *(write(str(number), {"givenName": f"N{number}"}) for number in range(20)))
    assert [one["status"] for one in found.values()] == [201] * 20
    # Beside a batch that runs there is room for nobody else, nor for all of another batch.
    names = [write(str(number), {"givenName": "More"}) for number in range(20)]
    first, second = await asyncio.gather(batch(api, *names), batch(api, *names))
    statuses = [one["status"] for one in (*first.values(), *second.values())]
    assert set(statuses) == {201, 429}


async def test_a_token_is_that_of_the_batch(api: Api, personal: Api) -> None:
    api.headers = {}
    ada = await api.create({"givenName": "Ada"})
    found = await batch(personal, part("1", f"/users/{api.account['email']}/contacts/{ada['id']}"))
    assert found["1"]["status"] == 403
    api.token = "nobody"
    with pytest.raises(Refused) as caught:
        await batch(api, part("1", "/me"))
    assert caught.value.http == 401


async def test_a_part_that_drops_the_connection_drops_it_for_all(api: Api) -> None:
    await api.control("PUT", "/quirks/graph-drop-after", {"count": 1, "methods": ["contacts.create"]})
    with pytest.raises(Dropped):
        await batch(api, write("1", {"givenName": "Ada"}), part("2", "/me/nothing"))
    await api.control("PUT", "/quirks/graph-drop-before", {"count": 1, "methods": ["batch"]})
    with pytest.raises(Dropped):
        await batch(api, write("1", {"givenName": "Bob"}))
    await api.control("PUT", "/quirks/graph-drop-after", {"count": 1, "methods": ["batch"]})
    with pytest.raises(Dropped):
        await batch(api, write("1", {"givenName": "Cay"}))
