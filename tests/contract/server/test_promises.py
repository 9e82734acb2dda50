"""Sentences of the documentation that no other test holds the interface to, one by one, over HTTP."""

import base64
from pathlib import Path
from typing import Any

import pytest

from polydex.api.app import operations
from polydex.api.operation import Operation, Who
from polydex.core.contact import Contact
from polydex.engine.context import Settings
from tests.contract.server.client import Client
from tests.contract.server.house import PASSWORD, House, open_house
from tests.contract.server.test_contacts import PNG

LOGIN = "me@example.org"
TEN_YEARS = 10 * 366 * 86_400
ABSENT = [each for each in operations() if not each.answers]


async def test_account_tokens_do_not_expire(house: House) -> None:
    client = await house.ready(contacts=1)
    house.clock.advance(TEN_YEARS)
    assert (await client.get("/v1/contacts")).json["length"] == 1
    start = (await client.post("/v1/contacts/sync")).json
    house.clock.advance(TEN_YEARS)
    page = await client.get(f"/v1/contacts/sync/updated?deltaToken={start['syncUpdatedToken']}")
    assert (page.status, page.json["length"]) == (200, 1)


async def test_a_change_merges_the_name_and_the_company_part_by_part(house: House) -> None:
    client = await house.ready()
    created = await client.post(
        "/v1/contacts",
        {
            "name": {"givenName": "Ada", "familyName": "Example", "prefix": "Dr"},
            "company": {"name": "Ltd", "department": "R", "jobTitle": "E"},
            "notes": "n",
            "emailAddresses": [{"address": "a@example.com"}, {"address": "b@example.com"}],
        },
    )
    change = {
        "name": {"givenName": "Eve", "prefix": None},
        "company": {"department": "", "jobTitle": "F"},
        "notes": "",
        "emailAddresses": [{"address": "c@example.com"}],
    }
    record = (await client.patch(f"/v1/contacts/{created.json['id']}", change)).json["record"]
    assert record["name"] == {"givenName": "Eve", "familyName": "Example"}
    assert record["company"] == {"name": "Ltd", "companyName": "Ltd", "jobTitle": "F"}
    assert record["emailAddresses"] == [{"address": "c@example.com"}]
    assert "notes" not in record
    cleared = (await client.patch(f"/v1/contacts/{record['id']}", {"company": None, "emailAddresses": None})).json
    assert {"company", "emailAddresses"}.isdisjoint(cleared["record"])
    assert cleared["record"]["name"] == record["name"]


async def test_in_a_post_empty_means_absent(house: House) -> None:
    client = await house.ready()
    body: dict[str, Any] = {
        "nickName": "Ada",
        "notes": "",
        "urls": [],
        "company": {"name": ""},
        "birthday": None,
        "photo": None,
    }
    record = (await client.post("/v1/contacts", body)).json["record"]
    assert set(record) == {"id", "etag", "createdTime", "lastModifiedTime", "nickName", "hasPhoto"}
    answer = await client.post("/v1/contacts", {"notes": "", "urls": [], "id": "x", "hasPhoto": True})
    assert (answer.status, answer.code) == (400, "badRequest")


async def test_photos_are_replaced_and_removed(house: House) -> None:
    client = await house.ready()
    content = base64.b64encode(PNG).decode()
    created = (await client.post("/v1/contacts", {"nickName": "p"})).json
    path = f"/v1/contacts/{created['id']}"
    assert (await client.patch(path, {"photo": {"content": content}})).json["record"]["hasPhoto"] is True
    read = (await client.get(f"{path}?withPhoto=true")).json
    assert (await client.patch(path, read)).json["etag"] == read["etag"]
    assert (await client.patch(path, {"notes": "x"})).json["record"]["hasPhoto"] is True
    assert (await client.patch(path, {"photo": None})).json["record"]["hasPhoto"] is False
    assert "photo" not in (await client.get(f"{path}?withPhoto=true")).json


async def test_if_match_may_be_demanded(tmp_path: Path) -> None:
    async with open_house(tmp_path, settings=Settings(require_if_match=True)) as house:
        client = await house.ready()
        created = (await client.post("/v1/contacts", {"nickName": "a"})).json
        path = f"/v1/contacts/{created['id']}"
        for headers in ({}, {"If_Match": ""}):
            answer = await client.patch(path, {"nickName": "b"}, **headers)
            assert (answer.status, answer.code) == (428, "precondition.required")
        assert (await client.patch(path, {"nickName": "b"}, If_Match=created["etag"])).status == 200
        assert (await client.delete(path)).status == 200


async def test_if_match_of_several_lines_is_one_list(house: House) -> None:
    client = await house.ready()
    created = (await client.post("/v1/contacts", {"nickName": "a"})).json
    path = f"/v1/contacts/{created['id']}"
    for header in (f'"x" , W/"{created["etag"]}"', f"x,{created['etag']}", "*"):
        assert (await client.patch(path, {"nickName": "a"}, If_Match=header)).status == 200, header
    answer = await client.patch(path, {"nickName": "b"}, If_Match='"unclosed')
    assert (answer.status, answer.code) == (400, "badRequest")
    assert "If-Match" in answer.json["message"]


async def test_both_spellings_are_taken_and_given(house: House) -> None:
    client = await house.ready()
    body = {
        "company": {"companyName": "Ltd", "yomiName": "Y"},
        "urls": [{"value": "https://example.com/a", "type": "HOMEPAGE"}],
        "phoneNumbers": [{"value": "1", "type": "workfax"}],
    }
    record = (await client.post("/v1/contacts", body)).json["record"]
    assert record["company"] == {"name": "Ltd", "companyName": "Ltd", "yomiCompanyName": "Y"}
    url = {"href": "https://example.com/a", "value": "https://example.com/a", "type": "homePage"}
    assert record["urls"] == [url]
    assert record["phoneNumbers"] == [{"number": "1", "type": "workFax"}]
    path = f"/v1/contacts/{record['id']}"
    edited = {**record, "company": {**record["company"], "companyName": "GmbH"}, "urls": [{**url, "href": "b"}]}
    after = (await client.patch(path, edited)).json["record"]
    assert (after["company"]["name"], after["company"]["companyName"]) == ("GmbH", "GmbH")
    assert after["urls"] == [{"href": "b", "value": "b", "type": "homePage"}]
    neither = await client.patch(path, {"company": {"name": "A", "companyName": "B"}})
    assert (neither.status, neither.code) == (400, "badRequest")
    assert "$.company" in neither.json["message"]
    assert (await client.post("/v1/contacts", {"company": {"name": "A", "companyName": "B"}})).status == 400


async def test_an_id_may_be_percent_encoded(house: House) -> None:
    client = await house.ready()
    created = (await client.post("/v1/contacts", {"nickName": "a"})).json
    encoded = "".join(f"%{ord(letter):02x}" for letter in created["id"])
    assert (await client.get(f"/v1/contacts/{encoded}")).json["id"] == created["id"]
    for path in (f"/v1/contacts/{created['id']}/", f"/v1/contacts/{created['id']}%2F", "/v1/contacts/sync%2Fupdated"):
        answer = await client.get(path)
        assert (answer.status, answer.code) == (404, "notFound"), path


async def test_no_cache_is_heeded_on_lists_and_feeds_and_age_says_so(house: House) -> None:
    client = await house.ready(contacts=1)
    world = house.village.world(LOGIN)
    token = (await client.post("/v1/contacts/sync")).json["syncUpdatedToken"]
    for number, path in enumerate(("/v1/contacts", f"/v1/contacts/sync/updated?deltaToken={token}"), start=2):
        house.clock.advance(1)
        world.put(Contact(nick_name=f"n{number}"), f"late-{number}")
        assert (await client.get(path)).json["length"] == number - 1
        fresh = await client.get(path, Cache_Control="no-cache")
        assert fresh.json["length"] == number
        assert int(fresh.headers.get("age", "0")) == 0


async def test_a_body_of_an_account_may_leave_out_what_means_nothing(house: House) -> None:
    body = {"serviceType": "CardDAV", "loginString": "x@example.org", "password": PASSWORD}
    assert (await house.back_end.post("/v1/am/accounts", body)).status == 200
    for raw, place in (
        (b"", "$"),
        (b"[]", "$"),
        (b'{"serviceType":"CardDAV","serviceType":"iCloud"}', "$.serviceType: given twice"),
        (b'{"serviceType":"CardDAV","x":NaN}', "$"),
        (b'{"serviceType":"\xff"}', "$"),
        (b'{"serviceType":"CardDAV","active":1}', "$.active"),
        (b'{"serviceType":"CardDAV","trustServer":"true"}', "$.trustServer"),
    ):
        answer = await house.back_end.post("/v1/am/accounts", raw)
        assert (answer.status, answer.code) == (400, "badRequest"), raw
        assert place in answer.json["message"]


@pytest.mark.parametrize("each", ABSENT, ids=lambda each: each.id)
async def test_what_is_not_served_says_what_it_is(house: House, each: Operation) -> None:
    client = await house.connect() if each.who is Who.ACCOUNT else house.back_end
    path = each.path.replace("{code}", "c").replace("{rest:path}", "a/b").replace("{accId}", "1").replace("{id}", "1")
    answer = await client.send(each.method, path + "?limit=1&includeInactive=true", b"{}")
    assert (answer.status, answer.code) == (501, "notImplemented")
    assert any(word in answer.json["message"] for word in ("OAuth", "Subscriptions", "Service accounts", "sessions"))


async def test_lists_of_keys_come_in_every_spelling(house: House) -> None:
    body = {"serviceType": "CardDAV", "loginString": "x@example.org", "password": PASSWORD}
    for query in (
        "recycleKeys=email&recycleKeys=userId",
        "recycleKeys=email,userId",
        "recycleKeys=email%20userId",
        "recycleKeys=email+userId",
        "recycleKeys=%20,email,,USERID,",
        "recycleKeys=",
    ):
        assert (await house.back_end.post(f"/v1/am/accounts?{query}", body)).status == 200, query
    for query in ("recycleKeys=email,nonsense", "recycleKeys=email%00"):
        answer = await house.back_end.post(f"/v1/am/accounts?{query}", body)
        assert answer.status == 400, query
        assert "'recycleKeys'" in answer.json["message"]
    for query in ("recycleKeys=userId,orgId", "recycleKeys=email&recycleKeys=clientOrgId"):
        assert (await house.back_end.post(f"/v1/am/accounts?{query}", body)).status == 501, query


async def test_sessions_are_not_served_whatever_stands_beside_them(house: House) -> None:
    client = await house.ready()
    for name, value in (("X-Aurinko-Session", "s"), ("X-Aurinko-Auth-Type", "exchangeIdToken")):
        for sender in (client, house.anyone, house.anyone.having({"Authorization": "Bearer of-another-kind"})):
            answer = await sender.send("GET", "/v1/contacts", headers={name: value})
            assert (answer.status, answer.code) == (501, "notImplemented"), name
            assert f"'{name}'" in answer.json["message"]
    for name, value in (("X-Aurinko-Auth-Type", "Default"), ("X-Aurinko-Client-Id", "x"), ("X-Aurinko-Session", "")):
        assert (await client.send("GET", "/v1/contacts", headers={name: value})).status == 200, name


async def test_credentials_are_taken_in_any_letter_case_of_their_scheme(house: House) -> None:
    client = await house.ready()
    token = client.headers["Authorization"].split()[1]
    for value in (f"bearer {token}", f"BEARER   {token}", f"Bearer {token} "):
        assert (await Client(house.app, {"Authorization": value}).get("/v1/account")).status == 200, value
    basic = house.back_end.headers["Authorization"].split()[1]
    assert (await Client(house.app, {"Authorization": f"basic {basic}"}).get("/v1/am/application")).status == 200
