"""Every quirk of the catalogue, one test each: `quirk_` and its id."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import httpx
import pytest
from PIL import Image

from polydex_sandbox.connection import Dropped
from polydex_sandbox.google.methods import METHODS
from polydex_sandbox.google.quirks import CATALOGUE
from tests.sandbox.google.api import ME, Api, Json, Refused, given_names, named
from tests.sandbox.google.test_photos import fetch, picture, put

G = "/v1/contactGroups"


def test_every_quirk_has_a_test_a_sentence_and_a_source() -> None:
    tests = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals() if name.startswith("test_quirk_")}
    assert {quirk.id.removeprefix("google-") for quirk in CATALOGUE} == tests
    for quirk in CATALOGUE:
        assert quirk.text.endswith(".")
        assert quirk.source.startswith("https://")
        assert quirk.methods <= {method.name for method in METHODS}


async def refused(api: Api, *args: Any, **query: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await api.call(*args, **query)
    return caught.value


async def token_of(api: Api, **query: Any) -> str:
    _, last = await api.everyone(requestSyncToken=True, **query)
    return str(last["nextSyncToken"])


async def changes(api: Api, token: str) -> tuple[list[Json], Json]:
    return await api.everyone(requestSyncToken=True, syncToken=token)


@pytest.mark.parametrize(
    ("variant", "details", "code", "status"),
    [
        ("FAILED_PRECONDITION", True, 400, "FAILED_PRECONDITION"),
        ("INVALID_ARGUMENT", True, 400, "INVALID_ARGUMENT"),
        ("INVALID_ARGUMENT", False, 400, "INVALID_ARGUMENT"),
        ("410", True, 410, "FAILED_PRECONDITION"),
        ("410", False, 410, "FAILED_PRECONDITION"),
    ],
)
async def test_quirk_sync_token_expired(api: Api, variant: str, details: bool, code: int, status: str) -> None:
    token = await token_of(api)
    await api.quirk("google-sync-token-expired", variant=variant, details=details, count=1)
    with pytest.raises(Refused) as caught:
        await changes(api, token)
    error = caught.value
    assert (error.http, error.error["status"], "details" in error.error) == (code, status, details)
    assert error.message == "Sync token is expired. Clear local cache and retry call without the sync token."
    await changes(api, token)


async def test_quirk_sync_token_expires(api: Api) -> None:
    await api.quirk("google-sync-token-expires", days=1, variant="410", renews=True)
    await api.control("POST", "/tokens", {"accessToken": "tok", "lifetime": 10**7})
    first = await token_of(api)
    await api.pass_time(80_000)
    _, last = await changes(api, first)
    await api.pass_time(80_000)
    with pytest.raises(Refused, match="410"):
        await changes(api, first)
    await changes(api, last["nextSyncToken"])


async def test_quirk_default_photo(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    person = await api.person(name, "photos")
    assert [one["default"] for one in person["photos"]] == [True]


async def test_quirk_group_rename_is_silent(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    group = (await api.post(G, {"contactGroup": {"name": "A"}}))["resourceName"]
    await api.post(f"/v1/{group}/members:modify", {"resourceNamesToAdd": [name]})
    token = await token_of(api)
    await api.call("PUT", f"/v1/{group}", {"contactGroup": {"name": "B"}})
    assert (await changes(api, token))[0] == []
    await api.quirk("google-group-rename-is-silent", members=True)
    await api.call("PUT", f"/v1/{group}", {"contactGroup": {"name": "C"}})
    assert [one["resourceName"] for one in (await changes(api, token))[0]] == [name]


async def test_quirk_stale_search(api: Api) -> None:
    await api.seed(named("Ada"))
    query = {"readMask": "names", "query": "ada"}
    assert await api.get("/v1/people:searchContacts", **query) == {}
    await api.get("/v1/people:searchContacts", readMask="names", query="")
    assert len((await api.get("/v1/people:searchContacts", **query))["results"]) == 1


async def test_quirk_propagation_delay(api: Api) -> None:
    (old,) = await api.seed(named("Old"))
    await api.pass_time(600)
    token = await token_of(api)
    await api.quirk("google-propagation-delay", seconds=120)
    new = await api.create(**named("New"))
    await api.call("DELETE", f"/v1/{old}:deleteContact")
    await api.pass_time(119)
    people, last = await api.everyone()
    assert given_names(people) == ["Old"]
    assert last["totalItems"] == 1
    people, last = await changes(api, token)
    assert people == []
    assert (await api.person(new["resourceName"], "names"))["names"][0]["givenName"] == "New"
    await api.pass_time(1)
    assert given_names((await api.everyone())[0]) == ["New"]
    # A token of before knows nothing of what had not arrived.
    people, _ = await changes(api, last["nextSyncToken"])
    assert [one["resourceName"] for one in people] == [new["resourceName"], old]


async def test_a_clock_that_was_put_back_delays_no_longer(api: Api) -> None:
    await api.pass_time(86_400)
    await api.control("POST", "/tokens", {"accessToken": "new"})
    api.token = "new"
    await api.seed(named("Early"))
    await api.quirk("google-propagation-delay", seconds=60)
    await api.quirk("google-read-quota", perMinute=4, methods=["people.get"])
    await api.person("people/me")
    await api.pass_time(-86_400)
    await api.seed(named("Late"))
    assert (await api.everyone())[0] == []
    await api.pass_time(60)
    assert given_names((await api.everyone())[0]) == ["Early", "Late"]
    for _ in range(4):
        await api.person("people/me")
    assert (await refused(api, "GET", "/v1/people/me", personFields="names")).http == 429


async def test_quirk_read_quota(api: Api) -> None:
    await api.quirk("google-read-quota", count=1)
    error = await refused(api, "GET", ME, personFields="names")
    assert (error.http, error.error["status"]) == (429, "RESOURCE_EXHAUSTED")
    info = error.error["details"][0]
    assert info["reason"] == "RATE_LIMIT_EXCEEDED"
    assert info["metadata"]["quota_limit"] == "CriticalReadsPerMinutePerProjectPerUser"
    assert "retry-after" not in error.headers
    assert await api.get(ME, personFields="names") == {}


async def test_reads_per_minute(api: Api) -> None:
    await api.quirk("google-read-quota", perMinute=3)
    for _ in range(3):
        await api.get(G)
    assert (await refused(api, "GET", G)).http == 429
    await api.create(**named("Ada"))
    await api.pass_time(59)
    assert (await refused(api, "GET", G)).http == 429
    await api.pass_time(1)
    await api.get(G)


async def test_quirk_write_quota(api: Api) -> None:
    await api.quirk("google-write-quota")
    error = await refused(api, "POST", "/v1/people:createContact", named("Ada"))
    assert error.http == 429
    (detail,) = error.error["details"]
    assert detail["violations"] == [{"subject": "QUOTA_EXCEEDED", "description": "FBS quota limit exceeded"}]
    assert await api.get(ME, personFields="names") == {}


async def test_quirk_full_sync_quota(api: Api) -> None:
    await api.seed(named("A"), named("B"))
    query = {"personFields": "names", "pageSize": 1, "requestSyncToken": True}
    page = (await api.get(ME, **query))["nextPageToken"]
    await api.quirk("google-full-sync-quota")
    assert (await refused(api, "GET", ME, **query)).http == 429
    await api.get(ME, **query, pageToken=page)
    await api.get(ME, personFields="names")


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
async def test_quirk_rate_limit_403(api: Api, reason: str) -> None:
    await api.quirk("google-rate-limit-403", reason=reason)
    error = await refused(api, "GET", G)
    assert error.http == 403
    assert error.error["errors"][0]["domain"] == "usageLimits"
    assert error.error["errors"][0]["reason"] == reason


async def test_quirk_forbidden(api: Api) -> None:
    await api.quirk("google-forbidden", methods=["contactGroups.list"])
    error = await refused(api, "GET", G)
    assert (error.http, error.error["status"]) == (403, "PERMISSION_DENIED")
    assert "errors" not in error.error
    await api.get(f"{G}/all")


async def test_quirk_unavailable(api: Api) -> None:
    await api.quirk("google-unavailable", retryAfter=7, skip=1, count=1)
    await api.get(G)
    error = await refused(api, "GET", G)
    assert (error.http, error.error["status"], error.headers["retry-after"]) == (503, "UNAVAILABLE", "7")
    await api.get(G)


async def test_quirk_slow(api: Api) -> None:
    # How long it takes is not judged here: that it strikes is.
    await api.quirk("google-slow", seconds=0.0, count=1)
    await api.get(G)
    (setting,) = (await api.control("GET", "/quirks"))["quirks"]
    assert (setting["struck"], setting["count"]) == (1, 0)


async def test_quirk_drop_before(api: Api) -> None:
    await api.quirk("google-drop-before", count=1)
    with pytest.raises(Dropped):
        await api.create(**named("Ada"))
    assert await api.get(ME, personFields="names") == {}
    logged = (await api.http.get("/control/requests?operation=people.createContact")).json()["requests"]
    assert [one["status"] for one in logged] == [None]


async def test_quirk_drop_after(api: Api) -> None:
    await api.quirk("google-drop-after", count=1)
    with pytest.raises(Dropped):
        await api.create(**named("Ada"))
    assert given_names((await api.everyone())[0]) == ["Ada"]


async def test_quirk_recompressed_photo(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    await api.quirk("google-recompressed-photo")
    data = picture("PNG")
    await put(api, name, data)
    (photo,) = (await api.person(name, "photos"))["photos"]
    media_type, read = await fetch(api, photo["url"] + "?sz=999")
    assert media_type == "image/jpeg"
    assert read != data
    with Image.open(io.BytesIO(read)) as image:
        assert image.size == (300, 200)


async def test_quirk_etag_changes(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    await api.quirk("google-etag-changes")
    seen = {(await api.person(name))["etag"]}
    await put(api, name, picture())
    seen.add((await api.person(name))["etag"])
    await api.post(f"{G}/starred/members:modify", {"resourceNamesToAdd": [name]})
    seen.add((await api.person(name))["etag"])
    await api.call("DELETE", f"/v1/{name}:deleteContactPhoto")
    seen.add((await api.person(name))["etag"])
    assert len(seen) == 4


async def test_quirk_no_source_etag(api: Api) -> None:
    await api.quirk("google-no-source-etag")
    person = await api.create(**named("Ada"))
    assert person["etag"]
    assert set(person["metadata"]["sources"][0]) == {"type", "id", "updateTime"}
    people, _ = await api.everyone()
    assert "etag" not in people[0]["metadata"]["sources"][0]
    await api.update(person, "names")


async def test_quirk_spurious_precondition(api: Api) -> None:
    person = await api.create(**named("Ada"))
    await api.quirk("google-spurious-precondition", count=1)
    with pytest.raises(Refused, match="FAILED_PRECONDITION"):
        await api.update(person, "names")
    await api.update(person, "names")


async def test_quirk_source_etag_refused(api: Api) -> None:
    person = await api.create(**named("Ada"))
    await api.quirk("google-source-etag-refused")
    with pytest.raises(Refused, match="FAILED_PRECONDITION"):
        await api.update(person, "names")
    await api.update({name: person[name] for name in ("resourceName", "etag", "names")}, "names")


async def test_quirk_list_etag_refused(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    await api.quirk("google-list-etag-refused")
    (listed,), _ = await api.everyone()
    read = await api.person(name, "names,metadata")
    for etags in ({"etag": listed["etag"]}, {"metadata": listed["metadata"]}):
        with pytest.raises(Refused, match="FAILED_PRECONDITION"):
            await api.update({"resourceName": name, **named("Ida"), **etags}, "names")
    assert given_names([await api.update({**read, **named("Ida")}, "names")]) == ["Ida"]


async def test_quirk_no_next_sync_token(api: Api) -> None:
    await api.quirk("google-no-next-sync-token", methods=["people.connections.list"])
    assert await api.get(ME, personFields="names", requestSyncToken=True) == {}
    assert "nextSyncToken" in await api.get(G)


async def test_quirk_duplicate_between_pages(api: Api) -> None:
    await api.seed(*(named(f"P{number}") for number in range(5)))
    await api.quirk("google-duplicate-between-pages", count=1)
    people, _ = await api.everyone(pageSize=2)
    assert given_names(people) == ["P0", "P1", "P1", "P2", "P3", "P4"]


async def test_quirk_page_token_expires(api: Api) -> None:
    await api.seed(*(named(f"P{number}") for number in range(5)))
    await api.quirk("google-page-token-expires", count=1)
    with pytest.raises(Refused, match="400"):
        await api.everyone(pageSize=2)
    assert len((await api.everyone(pageSize=2))[0]) == 5


async def test_quirk_renames(api: Api) -> None:
    person = await api.create(**named("Ada"))
    await api.quirk("google-renames", count=1)
    changed = await api.update({**person, **named("Ida")}, "names")
    assert changed["resourceName"] != person["resourceName"]
    assert (await api.person(person["resourceName"]))["resourceName"] == changed["resourceName"]
    again = await api.update(changed, "names")
    name = changed["resourceName"]
    assert again["resourceName"] == name
    await api.quirk("google-renames", count=1)
    batch = {"contacts": {name: {**again, **named("Eve")}}, "updateMask": "names", "readMask": "names,metadata"}
    result = (await api.post("/v1/people:batchUpdateContacts", batch))["updateResult"]
    assert result[name]["requestedResourceName"] == name
    assert result[name]["person"]["resourceName"] not in (name, person["resourceName"])
    assert given_names([await api.person(name)]) == ["Eve"]


# -- switching


async def test_a_probability_is_drawn_from_a_seed(api: Api) -> None:
    async def drawn(seed: int) -> list[bool]:
        await api.quirk("google-unavailable", probability=0.5, seed=seed)
        return [(await api.send("GET", G)).status_code == 503 for _ in range(20)]

    first = await drawn(1)
    assert await drawn(1) == first
    assert await drawn(2) != first
    assert 0 < sum(first) < 20


async def test_quirks_are_switched_per_account(api: Api) -> None:
    await api.http.post("/control/accounts", json={"email": "bob@example.com", "accessToken": "bob"})
    await api.quirk("google-unavailable")
    other = Api(api.http, api.account, "bob")
    await other.get(G)
    assert (await refused(api, "GET", G)).http == 503
    await api.control("DELETE", "/quirks/google-unavailable")
    await api.get(G)
    await api.quirk("google-forbidden")
    await api.control("DELETE", "/quirks")
    await api.get(G)


async def test_the_catalogue(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/control/quirks")).json()["quirks"]
    assert [one["id"] for one in listed][: len(CATALOGUE)] == [quirk.id for quirk in CATALOGUE]


@pytest.mark.parametrize(
    ("quirk", "given", "status"),
    [
        ("google-nothing", {}, 404),
        ("google-slow", {"seconds": "1"}, 400),
        ("google-slow", {"minutes": 1.0}, 400),
        ("google-slow", {"probability": 2}, 400),
        ("google-slow", {"count": -1}, 400),
        ("google-slow", {"methods": "people.get"}, 400),
        ("google-read-quota", {"methods": ["people.createContact"]}, 400),
        ("google-sync-token-expired", {"variant": "411"}, 400),
        ("google-sync-token-expired", {"details": 1}, 400),
        ("google-propagation-delay", {"seconds": True}, 400),
        ("google-slow", {"seconds": math.inf}, 400),
        ("google-slow", {"count": math.inf}, 400),
        ("google-slow", {"skip": math.inf}, 400),
        ("google-slow", {"seed": math.inf}, 400),
        ("google-sync-token-expires", {"count": 1}, 400),
        ("google-default-photo", {"probability": 0.5}, 400),
        ("google-group-rename-is-silent", {"methods": ["contactGroups.update"]}, 400),
    ],
)
async def test_bad_settings_are_refused(api: Api, quirk: str, given: Json, status: int) -> None:
    path = f"/control/accounts/{api.account['id']}/quirks"
    # JSON knows no infinity, but 1e999 is read as one.
    body = json.dumps(given).replace("Infinity", "1e999")
    answer = await api.http.put(f"{path}/{quirk}", content=body)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert (await api.http.get(path)).json() == {"quirks": []}
