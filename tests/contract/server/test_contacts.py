"""Contacts over HTTP, with the real engine behind it."""

import base64
from typing import Any

from polydex.core.contact import Contact, Name, Photo
from polydex.testing.world import Fault
from tests.contract.server.house import House

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_create_answers_201_with_id_etag_and_record(house: House) -> None:
    client = await house.ready()
    answer = await client.post("/v1/contacts", {"name": {"givenName": "Ada"}, "notes": "hi"})
    assert answer.status == 201, answer.body
    created = answer.json
    assert set(created) == {"id", "etag", "record"}
    assert created["record"]["id"] == created["id"]
    assert created["record"]["etag"] == created["etag"]
    assert created["record"]["name"]["givenName"] == "Ada"
    assert answer.headers["etag"] == f'"{created["etag"]}"'
    assert answer.headers["location"] == f"/v1/contacts/{created['id']}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"


async def test_read_gives_stored_bytes_with_age_from_the_mirror(house: House) -> None:
    client = await house.ready()
    created = (await client.post("/v1/contacts", {"nickName": "Bob"})).json
    answer = await client.get(f"/v1/contacts/{created['id']}")
    assert answer.status == 200
    assert answer.json == created["record"]
    assert answer.headers["etag"] == f'"{created["etag"]}"'
    assert answer.headers["age"] == "0"
    house.clock.advance(30)
    assert (await client.get(f"/v1/contacts/{created['id']}")).headers["age"] == "30"


async def test_no_cache_reads_from_the_provider(house: House) -> None:
    client = await house.ready(contacts=1)
    world = house.village.world("me@example.org")
    listed = (await client.get("/v1/contacts")).json["records"][0]
    world.put(Contact(nick_name="changed"), "key-0000")
    mirrored = await client.get(f"/v1/contacts/{listed['id']}")
    assert "nickName" not in mirrored.json
    forced = await client.get(f"/v1/contacts/{listed['id']}", Cache_Control="max-age=0, No-Cache")
    assert forced.json["nickName"] == "changed"
    assert "age" not in forced.headers


async def test_patch_with_if_match_and_412(house: House) -> None:
    client = await house.ready()
    first = (await client.post("/v1/contacts", {"nickName": "one"})).json
    path = f"/v1/contacts/{first['id']}"
    second = await client.patch(path, {"nickName": "two"}, If_Match=first["etag"])
    assert second.status == 200, second.body
    assert second.json["id"] == first["id"]
    assert second.json["record"]["nickName"] == "two"
    assert second.headers["etag"] == f'"{second.json["etag"]}"'
    for stale in (first["etag"], f'"{first["etag"]}"', f'W/"{first["etag"]}"'):
        refused = await client.patch(path, {"nickName": "three"}, If_Match=stale)
        assert (refused.status, refused.code) == (412, "precondition.failed")
    for good in ("*", f'"x", "{second.json["etag"]}"'):
        assert (await client.patch(path, {"nickName": "two"}, If_Match=good)).status == 200
    assert (await client.patch(path, {"nickName": "four"})).status == 200


async def test_delete_answers_an_empty_object_then_404(house: House) -> None:
    client = await house.ready()
    created = (await client.post("/v1/contacts", {"nickName": "one"})).json
    path = f"/v1/contacts/{created['id']}"
    assert (await client.delete(path, If_Match='"other"')).status == 412
    answer = await client.delete(path, If_Match=created["etag"])
    assert (answer.status, answer.body) == (200, b"{}")
    for again in (await client.delete(path), await client.get(path), await client.patch(path, {"notes": "x"})):
        assert (again.status, again.code) == (404, "notFound")


async def test_photo_is_given_when_asked_for(house: House) -> None:
    client = await house.ready()
    content = base64.b64encode(PNG).decode()
    created = await client.post("/v1/contacts", {"nickName": "p", "photo": {"content": content}})
    assert created.status == 201, created.body
    assert created.json["record"]["hasPhoto"] is True
    path = f"/v1/contacts/{created.json['id']}"
    assert "photo" not in (await client.get(path)).json
    assert (await client.get(f"{path}?withPhoto=true")).json["photo"]["content"] == content
    assert "photo" not in (await client.get(f"{path}?withPhoto=0")).json


async def test_body_type_html_escapes_the_notes(house: House) -> None:
    client = await house.ready()
    created = (await client.post("/v1/contacts", {"notes": "a < b\nc & d"})).json
    path = f"/v1/contacts/{created['id']}"
    assert (await client.get(f"{path}?bodyType=html")).json["notes"] == "a &lt; b<br>\nc &amp; d"
    assert (await client.get(f"{path}?bodyType=TEXT")).json["notes"] == "a < b\nc & d"
    assert (await client.get(f"{path}?bodyType=rtf")).status == 400


async def test_native_properties_by_any_list_spelling(house: House) -> None:
    client = await house.ready()
    world = house.village.world("me@example.org")
    world.put(Contact(nick_name="n"), "native", native={"X-A": "1", "X-B": "2"})
    house.clock.advance(3600)
    found = (await client.get("/v1/contacts?q=n")).json["records"][0]
    for query in (
        "nativeProperties=X-A&nativeProperties=X-B",
        "nativeProperties=X-A,X-B",
        "nativeProperties=X-A%20X-B",
        "nativeProperties=X-A+X-B&includeUpdateToken=true",
    ):
        answer = await client.get(f"/v1/contacts/{found['id']}?{query}")
        assert answer.json["nativeProperties"] == {"X-A": "1", "X-B": "2"}, query
    assert "nativeProperties" not in (await client.get(f"/v1/contacts/{found['id']}?nativeProperties=")).json


async def test_pages_cover_every_contact_once(house: House) -> None:
    client = await house.ready(contacts=23)
    seen: list[str] = []
    target = "/v1/contacts?limit=5"
    sizes = []
    while True:
        answer = await client.get(target)
        assert answer.status == 200, answer.body
        page = answer.json
        assert page["length"] == len(page["records"])
        assert "age" in answer.headers
        sizes.append(page["length"])
        seen += [record["id"] for record in page["records"]]
        assert "nextDeltaToken" not in page
        if "nextPageToken" not in page:
            break
        target = f"/v1/contacts?limit=5&pageToken={page['nextPageToken']}"
    assert sizes == [5, 5, 5, 5, 3]
    assert len(seen) == len(set(seen)) == 23


async def test_filters(house: House) -> None:
    client = await house.ready(contacts=12)

    async def names(query: str) -> list[Any]:
        answer = await client.get(f"/v1/contacts?{query}")
        assert answer.status == 200, answer.body
        return [record["name"]["givenName"] for record in answer.json["records"]]

    assert await names("q=given3%20FAMILY3") == ["Given3"]
    assert await names("emailAddress=PERSON7@example.org") == ["Given7"]
    assert await names("q=nobody") == []
    assert len(await names("q=given1")) == 3
    assert await names("modifiedSince=2100-01-01T00:00:00Z") == []
    assert len(await names("modifiedSince=2001-01-01T00:00:00%2B02:00")) == 12
    assert len(await names("modifiedSince=2001-01-01T00:00:00+02:00")) == 12
    assert len(await names("q=&emailAddress=&phoneNumber=&modifiedSince=&pageToken=")) == 12


async def test_page_token_of_other_filters_is_refused(house: House) -> None:
    client = await house.ready(contacts=3)
    token = (await client.get("/v1/contacts?limit=1&q=given")).json["nextPageToken"]
    assert (await client.get(f"/v1/contacts?limit=1&q=given&pageToken={token}")).status == 200
    refused = await client.get(f"/v1/contacts?limit=1&q=other&pageToken={token}")
    assert (refused.status, refused.code) == (400, "token.notValid")


async def test_parameters_out_of_range_are_named(house: House) -> None:
    client = await house.ready()
    for query, name in (
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=1&limit=2", "limit"),
        ("modifiedSince=yesterday", "modifiedSince"),
        ("modifiedSince=2026-02-30T00:00:00Z", "modifiedSince"),
        ("q=%00", "q"),
    ):
        answer = await client.get(f"/v1/contacts?{query}")
        assert (answer.status, answer.code) == (400, "badRequest"), query
        assert f"'{name}'" in answer.json["message"], query
    answer = await client.get("/v1/contacts/aaaaaaaaaaaaaaaaaaaaaaaaaa?withPhoto=maybe")
    assert answer.status == 400
    assert "'withPhoto'" in answer.json["message"]


async def test_what_is_not_built_is_refused_before_anything_is_written(house: House) -> None:
    client = await house.ready()
    answer = await client.post("/v1/contacts?dryRun=true", {"nickName": "x"})
    assert (answer.status, answer.code) == (501, "notImplemented")
    assert "'dryRun'" in answer.json["message"]
    answer = await client.send("POST", "/v1/contacts", {"nickName": "x"}, headers={"Idempotency-Key": "k"})
    assert answer.status == 501
    assert "'Idempotency-Key'" in answer.json["message"]
    assert house.village.world("me@example.org").contacts() == {}
    assert (await client.post("/v1/contacts?dryRun=false", {"nickName": "x"})).status == 201


async def test_bodies_that_cannot_be_read_are_named_by_their_json_path(house: House) -> None:
    client = await house.ready()
    for body, place in (
        (b"", "$"),
        (b"{", "$"),
        (b"[]", "$"),
        (b'{"nickName":5}', "$.nickName"),
        (b'{"name":{"prefix":[]}}', "$.name.prefix"),
        (b'{"emailAddresses":[{"address":1}]}', "$.emailAddresses[0].address"),
        (b'{"notes":"\xff"}', "$"),
    ):
        answer = await client.post("/v1/contacts", body)
        assert (answer.status, answer.code) == (400, "badRequest"), body
        assert place in answer.json["message"], body


async def test_the_providers_failures_reach_the_caller_in_our_shape(house: House) -> None:
    client = await house.ready()
    world = house.village.world("me@example.org")
    world.faults.append(("create", Fault.REFUSED))
    answer = await client.post("/v1/contacts", {"nickName": "x"})
    assert (answer.status, answer.code) == (503, "provider.unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert world.contacts() == {}


async def test_a_lost_answer_is_not_a_second_contact(house: House) -> None:
    client = await house.ready()
    world = house.village.world("me@example.org")
    world.faults.append(("create", Fault.LOST))
    first = await client.post("/v1/contacts", {"nickName": "x"})
    second = await client.post("/v1/contacts", {"nickName": "x"})
    assert second.status == 201, (first.body, second.body)
    assert len(world.contacts()) == 1


async def test_photo_bytes_count_as_content(house: House) -> None:
    client = await house.ready()
    world = house.village.world("me@example.org")
    world.put(Contact(name=Name(given_name="P"), photo=Photo.of(PNG, "image/png")), "p")
    house.clock.advance(3600)
    found = (await client.get("/v1/contacts")).json["records"][0]
    answer = await client.get(f"/v1/contacts/{found['id']}?withPhoto=TRUE")
    assert base64.b64decode(answer.json["photo"]["content"]) == PNG
    assert answer.json["photo"]["mimeType"] == "image/png"
