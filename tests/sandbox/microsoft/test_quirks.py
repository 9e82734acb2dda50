"""Every quirk of the catalogue, one test each: `quirk_` and its id; notifications are in test_odd_notifications."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from polydex_sandbox.connection import Dropped
from polydex_sandbox.microsoft.quirks import CATALOGUE, NOTIFICATIONS
from polydex_sandbox.microsoft.routes import OPERATIONS
from tests.sandbox.microsoft import test_odd_notifications
from tests.sandbox.microsoft.api import Api, Json

C = "/me/contacts"
D = "/me/contactFolders/contacts/contacts/delta"
JPEG = b"\xff\xd8\xff\xe0"
PAGE = {"prefer": "odata.maxpagesize=2"}
NAMED = "String {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} Name Quirk"


def test_every_quirk_has_a_test_a_sentence_and_a_source() -> None:
    names = [*globals(), *vars(test_odd_notifications)]
    tests = {name.removeprefix("test_quirk_").replace("_", "-") for name in names if name.startswith("test_quirk_")}
    assert {quirk.id.removeprefix("graph-") for quirk in CATALOGUE} == tests
    known = {operation.name for operation in OPERATIONS} | {NOTIFICATIONS}
    for quirk in CATALOGUE:
        assert quirk.id.startswith("graph-")
        assert quirk.text.endswith(".")
        assert quirk.source.startswith("https://")
        assert quirk.methods <= known


async def quirk(api: Api, name: str, **given: Any) -> None:
    await api.control("PUT", f"/quirks/graph-{name}", given)


async def calm(api: Api) -> None:
    await api.control("DELETE", "/quirks")


def names(items: list[Json]) -> list[str]:
    return [one["givenName"] if "@removed" not in one else "gone" for one in items]


async def three(api: Api) -> list[str]:
    """Three contacts' ids."""
    return [(await api.create({"givenName": name}))["id"] for name in ("Ada", "Bob", "Cay")]


async def test_quirk_slow(api: Api) -> None:
    await quirk(api, "slow", seconds=0.2, count=1)
    call = asyncio.create_task(api.get(C))
    done, _ = await asyncio.wait([call], timeout=0.1)
    assert not done
    assert (await call)["value"] == []


async def test_quirk_drop_before(api: Api) -> None:
    await quirk(api, "drop-before", count=1)
    with pytest.raises(Dropped):
        await api.create({"givenName": "Ada"})
    assert (await api.get(C))["value"] == []


async def test_quirk_drop_after(api: Api) -> None:
    await quirk(api, "drop-after", count=1)
    with pytest.raises(Dropped):
        await api.create({"givenName": "Ada"})
    assert names((await api.get(C))["value"]) == ["Ada"]


async def test_quirk_throttled(api: Api) -> None:
    await quirk(api, "throttled", count=1)
    error = await api.refused("GET", C)
    assert (error.http, error.code) == (429, "ApplicationThrottled")
    assert "retry-after" not in error.headers
    await quirk(api, "throttled", count=1, retryAfter=7)
    assert (await api.refused("GET", C)).headers["retry-after"] == "7"
    await quirk(api, "throttled", count=1, methods=["contacts.list"], retryAfter=3)
    parts = [{"id": name, "method": "GET", "url": C} for name in "ab"]
    answer = await api.call("POST", "/$batch", {"requests": parts})
    waits = {one["status"]: one["headers"].get("Retry-After") for one in answer["responses"]}
    assert waits == {429: "3", 200: None}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "ErrorInternalServerError"),
        (502, "UnknownError"),
        (503, "ServiceUnavailable"),
        (504, "UnknownError"),
        (509, "BandwidthLimitExceeded"),
    ],
)
async def test_quirk_unavailable(api: Api, status: int, code: str) -> None:
    await quirk(api, "unavailable", count=1, status=status, retryAfter=5)
    error = await api.refused("POST", C, {"givenName": "Ada"})
    assert (error.http, error.code, error.headers["retry-after"]) == (status, code, "5")
    assert (await api.get(C))["value"] == []


async def test_quirk_forbidden(api: Api) -> None:
    await quirk(api, "forbidden", count=1, methods=["contacts.list"])
    assert (await api.refused("GET", C)).code == "ErrorAccessDenied"


async def test_quirk_token_refused(api: Api) -> None:
    await quirk(api, "token-refused", count=1)
    error = await api.refused("GET", "/me")
    assert (error.http, error.code) == (401, "InvalidAuthenticationToken")
    assert (await api.get("/me"))["id"]


async def test_quirk_no_mailbox(api: Api) -> None:
    await quirk(api, "no-mailbox")
    error = await api.refused("GET", C)
    assert (error.http, error.code) == (404, "MailboxNotEnabledForRESTAPI")


async def test_quirk_folder_in_path(api: Api) -> None:
    [ada, *_] = await three(api)
    folder = await api.folder("Friends")
    path = f"/me/contactFolders/{folder}/contacts/{ada}"
    assert (await api.get(path))["givenName"] == "Ada"
    await quirk(api, "folder-in-path", checked=True)
    assert (await api.refused("GET", path)).http == 404


async def test_quirk_fresh_id_unknown(api: Api) -> None:
    await quirk(api, "fresh-id-unknown", seconds=30)
    made = await api.create({"givenName": "Ada"})
    path = f"{C}/{made['id']}"
    assert names((await api.get(C))["value"]) == ["Ada"]
    assert (await api.delta())[0][0]["id"] == made["id"]
    for verb, body in (("GET", None), ("PATCH", {"surname": "King"}), ("DELETE", None)):
        assert (await api.refused(verb, path, body)).code == "ErrorItemNotFound"
    await api.pass_time(29)
    assert (await api.refused("GET", path)).http == 404
    await api.pass_time(1)
    assert (await api.get(path))["givenName"] == "Ada"


async def test_quirk_spurious_conflict(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    path = f"{C}/{made['id']}"
    await quirk(api, "spurious-conflict", count=3)
    for headers in ({}, {"if-match": made["@odata.etag"]}):
        error = await api.refused("PATCH", path, {"surname": "King"}, **headers)
        assert (error.http, error.code) == (412, "ErrorIrresolvableConflict")
    assert (await api.refused("DELETE", path)).http == 412
    assert await api.get(path) == made
    await api.call("PATCH", path, {"surname": "King"}, **{"if-match": made["@odata.etag"]})


async def test_quirk_given_name_required(api: Api) -> None:
    await quirk(api, "given-name-required")
    error = await api.refused("POST", C, {"companyName": "Example"})
    assert (error.http, error.code) == (400, "ErrorInvalidProperty")
    assert "'GivenName' is required" in error.message
    await api.create({"givenName": "Ada"})


async def test_quirk_create_drops_properties(api: Api, personal: Api) -> None:
    body = {"givenName": "Ada", "singleValueExtendedProperties": [{"id": NAMED, "value": "x"}]}

    async def kept(client: Api, path: str) -> list[str]:
        expand = f"?$expand=singleValueExtendedProperties($filter=id eq '{NAMED}')"
        found = (await client.get(path + expand)).get("singleValueExtendedProperties", [])
        return [one["value"] for one in found]

    for client in (api, personal):
        await quirk(client, "create-drops-properties")
    assert await kept(api, f"{C}/{(await api.create(body))['id']}") == ["x"]
    path = f"{C}/{(await personal.create(body))['id']}"
    assert await kept(personal, path) == []
    await personal.call("PATCH", path, {"singleValueExtendedProperties": body["singleValueExtendedProperties"]})
    assert await kept(personal, path) == ["x"]
    await quirk(api, "create-drops-properties", everywhere=True)
    assert await kept(api, f"{C}/{(await api.create(body))['id']}") == []


async def test_quirk_stale_answer(api: Api) -> None:
    await quirk(api, "stale-answer")
    made = await api.create({"givenName": "Ada"})
    path = f"{C}/{made['id']}"
    now = await api.get(path)
    assert now["@odata.etag"] != made["@odata.etag"]
    assert {**now, "@odata.etag": "", "changeKey": ""} == {**made, "@odata.etag": "", "changeKey": ""}
    error = await api.refused("PATCH", path, {"surname": "King"}, **{"if-match": made["@odata.etag"]})
    assert error.http == 412
    changed = await api.call("PATCH", path, {"surname": "King"}, **{"if-match": now["@odata.etag"]})
    assert (await api.get(path))["@odata.etag"] != changed["@odata.etag"]


async def test_quirk_email_names(api: Api) -> None:
    await quirk(api, "email-names")
    emails = [{"name": "Countess", "address": "ada@example.org"}]
    made = await api.create({"displayName": "Ada L", "emailAddresses": emails})
    assert made["emailAddresses"] == [{"name": "Ada L (ada@example.org)", "address": "ada@example.org"}]
    changed = await api.update(made["id"], {"emailAddresses": emails})
    assert changed["emailAddresses"] == made["emailAddresses"]


async def test_quirk_photo_not_stored(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    path = f"{C}/{made['id']}/photo"
    await quirk(api, "photo-not-stored")
    answer = await api.send("PUT", f"{path}/$value", content=JPEG, content_type="image/jpeg")
    assert answer.status_code == 200
    assert (await api.refused("GET", path)).http == 404


@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateNotFound", "SyncStateInvalid", "resyncRequired"])
@pytest.mark.parametrize("status", [410, 400])
async def test_quirk_sync_state_expired(api: Api, code: str, status: int) -> None:
    _, link = await api.delta()
    await quirk(api, "sync-state-expired", code=code, status=status, count=1)
    # A round that begins anew is not struck.
    await api.get(D)
    error = await api.refused("GET", link)
    assert (error.http, error.code) == (status, code)
    assert "location" not in error.headers
    await api.get(link)


async def test_a_sync_state_expires_in_the_middle_of_a_round(api: Api) -> None:
    await three(api)
    page = await api.get(D, **PAGE)
    await quirk(api, "sync-state-expired", on="nextLink", location=True)
    _, link = await api.delta(D, prefer="odata.maxpagesize=9")
    await api.get(link)
    error = await api.refused("GET", page["@odata.nextLink"], **PAGE)
    assert error.http == 410
    fresh = await api.get(error.headers["location"], prefer="odata.maxpagesize=9")
    assert names(fresh["value"]) == ["Ada", "Bob", "Cay"]
    await quirk(api, "sync-state-expired", on="deltaLink")
    await api.get(page["@odata.nextLink"], **PAGE)
    assert (await api.refused("GET", link)).http == 410


async def test_quirk_delta_repeats(api: Api) -> None:
    await three(api)
    await quirk(api, "delta-repeats")
    items, link = await api.delta(D, **PAGE)
    assert names(items) == ["Ada", "Bob", "Bob", "Cay"]
    assert (await api.delta(link))[0] == []


async def test_quirk_delta_replays(api: Api) -> None:
    ada, bob, cay = await three(api)
    _, link = await api.delta(D)
    await quirk(api, "delta-replays", most=1)
    await api.update(bob, {"surname": "King"})
    await api.call("DELETE", f"{C}/{cay}")
    items, link = await api.delta(link)
    assert [(one["id"], one.get("surname")) for one in items] == [(ada, None), (bob, None), (bob, "King"), (cay, None)]
    assert "@removed" in items[-1]
    await quirk(api, "delta-replays", most=9, old=False)
    assert names((await api.delta(link))[0]) == ["Ada", "Bob"]


async def test_quirk_delta_empty_page(api: Api) -> None:
    await three(api)
    await quirk(api, "delta-empty-page", count=1)
    page = await api.get(D)
    assert page["value"] == []
    items, link = await api.delta(page["@odata.nextLink"])
    assert names(items) == ["Ada", "Bob", "Cay"]
    await api.create({"givenName": "Dan"})
    await quirk(api, "delta-empty-page", count=2)
    assert names((await api.delta(link))[0]) == ["Dan"]


async def test_quirk_delta_endless(api: Api) -> None:
    for _ in range(2):
        await three(api)
    await quirk(api, "delta-endless")
    first = await api.get(D, **PAGE)
    second = await api.get(first["@odata.nextLink"], **PAGE)
    assert second["@odata.nextLink"] == first["@odata.nextLink"]
    await calm(api)
    assert len((await api.delta(second["@odata.nextLink"], **PAGE))[0]) == 4


async def test_quirk_delta_lag(api: Api) -> None:
    ada, _, _ = await three(api)
    await quirk(api, "delta-lag", seconds=30)
    await api.pass_time(30)
    await api.update(ada, {"surname": "King"})
    await api.create({"givenName": "Dan"})
    items, link = await api.delta(D)
    assert [(one["givenName"], one["surname"]) for one in items] == [("Ada", None), ("Bob", None), ("Cay", None)]
    await api.pass_time(29)
    assert (await api.delta(link))[0] == []
    await api.pass_time(1)
    items, _ = await api.delta(link)
    assert [(one["givenName"], one["surname"]) for one in items] == [("Ada", "King"), ("Dan", None)]


async def test_quirk_null_keeps_property(api: Api) -> None:
    name = "String 0x3A21"
    made = await api.create({"singleValueExtendedProperties": [{"id": name, "value": "pager"}]})
    await api.control("PUT", "/quirks/graph-null-keeps-property", {"count": 1})
    body = {"surname": "x", "singleValueExtendedProperties": [{"id": name, "value": None}]}
    for expected in ({"String 0x3a21": "pager"}, {}):
        changed = await api.update(made["id"], body)
        assert changed["surname"] == "x"
        assert (await api.control("GET", f"/microsoft/contacts/{made['id']}"))["extended"] == expected


async def test_quirk_deleted_item_answers(api: Api) -> None:
    (ada,) = await api.seed({"givenName": "Ada"})
    before = await api.get(f"/me/contacts/{ada}")
    _, link = await api.delta()
    await api.control("PUT", "/quirks/graph-deleted-item-answers", {})
    await api.call("DELETE", f"/me/contacts/{ada}")
    found = await api.get(f"/me/contacts/{ada}")
    assert found["parentFolderId"] != before["parentFolderId"]
    assert found["@odata.etag"] != before["@odata.etag"]
    changed = await api.update(ada, {"surname": "x"})
    assert changed["surname"] == "x"
    assert [one["@removed"] for one in (await api.delta(link))[0]] == [{"reason": "deleted"}]
    assert (await api.get("/me/contacts"))["value"] == []
    await api.control("DELETE", "/quirks/graph-deleted-item-answers")
    assert (await api.refused("GET", f"/me/contacts/{ada}")).code == "ErrorItemNotFound"
