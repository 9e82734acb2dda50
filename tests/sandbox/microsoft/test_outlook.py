"""The user's own Outlook: the control API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.microsoft.api import Api, Json
from tests.sandbox.microsoft.conftest import opened

BASE = "/microsoft"


async def failed(api: Api, verb: str, path: str, body: Any = None) -> tuple[int, str]:
    url = f"/control/accounts/{api.account['id']}{BASE}{path}"
    answer = await api.http.request(verb, url, json=body)
    return answer.status_code, str(answer.json()["error"])


async def test_the_user_makes_contacts(api: Api) -> None:
    folder = await api.folder("Friends")
    ada, bob = await api.seed({"givenName": "Ada"}, {"givenName": "Bob", "jobTitle": "Poet"})
    (eve,) = await api.seed({"givenName": "Eve"}, folder=folder)
    shown = (await api.control("GET", f"{BASE}/contacts"))["contacts"]
    assert [one["id"] for one in shown] == [ada, bob, eve]
    inside = (await api.control("GET", f"{BASE}/contacts?folder={folder}"))["contacts"]
    assert [one["id"] for one in inside] == [eve]
    assert await api.control("GET", f"{BASE}/contacts/{ada}") == shown[0]
    assert shown[0]["displayName"] == "Ada"
    # What is made by hand has "" where the API has null.
    read = await api.get(f"/me/contacts/{ada}")
    assert [read[name] for name in ("title", "middleName", "generation", "jobTitle", "nickName")] == [
        "",
        "",
        "",
        "",
        None,
    ]
    assert (await api.get(f"/me/contacts/{bob}"))["jobTitle"] == "Poet"


async def test_made_up_contacts(api: Api, http: httpx.AsyncClient) -> None:
    made = await api.control("POST", f"{BASE}/contacts", {"count": 30, "seed": 7})
    other = await opened(http, email="bob@example.com")
    await other.control("POST", f"{BASE}/contacts", {"count": 30, "seed": 7})
    here: list[Json] = (await api.control("GET", f"{BASE}/contacts"))["contacts"]
    there: list[Json] = (await other.control("GET", f"{BASE}/contacts"))["contacts"]

    def content(found: list[Json]) -> list[Json]:
        own = ("id", "parentFolderId", "changeKey", "@odata.etag")
        return [{name: value for name, value in one.items() if name not in own} for one in found]

    assert content(here) == content(there)
    assert [one["id"] for one in here] == made["ids"]
    assert len({one["emailAddresses"][0]["address"] for one in here}) == 30


async def test_the_user_changes_a_contact(api: Api) -> None:
    (ada,) = await api.seed({"givenName": "Ada"})
    _, link = await api.delta()
    prop = {"id": "String 0x3A21", "value": "pager"}
    changed = await api.control(
        "PATCH", f"{BASE}/contacts/{ada}", {"surname": "King", "singleValueExtendedProperties": [prop]}
    )
    assert (changed["displayName"], changed["extended"]) == ("Ada King", {"String 0x3a21": "pager"})
    assert [one["surname"] for one in (await api.delta(link))[0]] == ["King"]


async def test_extensions_are_not_changed_along(api: Api) -> None:
    (one,) = await api.seed({"givenName": "Ada", "extensions": [{"extensionName": "x", "n": 1}]})
    body = {"givenName": "Bob", "extensions": [{"extensionName": "x", "n": 2}]}
    assert (await failed(api, "PATCH", f"/contacts/{one}", body))[0] == 400
    kept = await api.control("GET", f"{BASE}/contacts/{one}")
    assert (kept["givenName"], kept["extensions"]) == ("Ada", {"x": {"n": 1}})


async def test_deleted_moved_restored(api: Api) -> None:
    folder = await api.folder("Friends")
    ada, bob = await api.seed({"givenName": "Ada"}, {"givenName": "Bob"})
    await api.control("POST", f"{BASE}/contacts/{ada}/move", {"folder": folder})
    assert (await api.get(f"/me/contacts/{ada}"))["parentFolderId"] == folder
    await api.control("DELETE", f"{BASE}/contacts/{ada}")
    await api.control("DELETE", f"{BASE}/contacts/{bob}?forever=true")
    assert (await api.get("/me/contacts"))["value"] == []
    assert [one["id"] for one in (await api.control("GET", f"{BASE}/deleted"))["contacts"]] == [ada]
    back = await api.control("POST", f"{BASE}/contacts/{ada}/restore", {"folder": folder})
    assert back["parentFolderId"] == folder
    assert (await failed(api, "POST", f"/contacts/{ada}/restore", {}))[0] == 404
    assert (await failed(api, "POST", f"/contacts/{bob}/restore", {}))[0] == 404
    await api.control("DELETE", f"{BASE}/folders/{folder}")
    assert (await failed(api, "GET", f"/contacts/{ada}"))[0] == 404
    await api.control("DELETE", f"{BASE}/deleted")
    assert (await api.control("GET", f"{BASE}/deleted"))["contacts"] == []


async def test_photos(api: Api, jpeg: bytes) -> None:
    (ada,) = await api.seed({"givenName": "Ada"})
    assert (await failed(api, "GET", f"/contacts/{ada}/photo"))[0] == 404
    await api.control("PUT", f"{BASE}/contacts/{ada}/photo", content=jpeg)
    url = f"/control/accounts/{api.account['id']}{BASE}/contacts/{ada}/photo"
    assert (await api.http.get(url)).content == jpeg
    assert (await api.send("GET", f"/me/contacts/{ada}/photo/$value")).content == jpeg
    shown = await api.control("GET", f"{BASE}/contacts/{ada}")
    assert shown["photo"] == {"mediaType": "image/jpeg", "width": 12, "height": 8}
    await api.control("DELETE", f"{BASE}/contacts/{ada}/photo")
    assert (await api.refused("GET", f"/me/contacts/{ada}/photo")).code == "ErrorItemNotFound"


async def test_folders(api: Api) -> None:
    made = await api.control("POST", f"{BASE}/folders", {"name": "Friends"})
    below = await api.control("POST", f"{BASE}/folders", {"name": "Best", "parent": made["id"]})
    await api.seed({"givenName": "Ada"}, folder=below["id"])
    await api.control("PATCH", f"{BASE}/folders/{below['id']}", {"name": "Very best", "parent": "contacts"})
    shown = {one["name"]: one for one in (await api.control("GET", f"{BASE}/folders"))["folders"]}
    assert set(shown) == {"Contacts", "Friends", "Very best"}
    assert (shown["Very best"]["contacts"], shown["Very best"]["parent"]) == (1, shown["Contacts"]["id"])
    await api.control("DELETE", f"{BASE}/folders/{below['id']}?forever=true")
    assert (await api.control("GET", f"{BASE}/contacts"))["contacts"] == []


async def test_settings(api: Api, http: httpx.AsyncClient) -> None:
    before = await api.control("GET", f"{BASE}/settings")
    assert before == {
        "namedProperties": 16_000,
        "concurrentRequests": 4,
        "contactLists": 0,
        "subscriptions": 1000,
        "requestSeconds": 0.0,
        "named": 0,
    }
    assert (await api.control("PUT", f"{BASE}/settings", {"concurrentRequests": 9}))["concurrentRequests"] == 9
    other = await opened(http, email="bob@example.com", microsoft={"namedProperties": 3})
    assert (await other.control("GET", f"{BASE}/settings"))["namedProperties"] == 3


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "/contacts", {"contacts": "x"}, 400),
        ("POST", "/contacts", {"contacts": ["x"]}, 400),
        ("POST", "/contacts", {"contacts": [], "count": 1}, 400),
        ("POST", "/contacts", {"contacts": [{"foo": 1}]}, 400),
        ("POST", "/contacts", {"contacts": [{"givenName": "Ada"}, {"foo": 1}]}, 400),
        ("POST", "/contacts", {"count": "x"}, 400),
        ("POST", "/contacts", {"count": -1}, 400),
        ("POST", "/contacts", {"count": 100_001}, 400),
        ("POST", "/contacts", {"foo": 1}, 400),
        ("POST", "/contacts", {"contacts": [], "folder": "x"}, 400),
        ("GET", "/contacts/x", None, 400),
        ("POST", "/folders", {}, 400),
        ("POST", "/folders", {"name": "x", "parent": "x"}, 400),
        ("DELETE", "/folders/contacts", None, 400),
        ("PUT", "/settings", {"namedProperties": -1}, 400),
        ("PUT", "/settings", {"concurrentRequests": 1.5}, 400),
        ("PUT", "/settings", {"requestSeconds": 61}, 400),
        ("PUT", "/settings", {"requestSeconds": True}, 400),
        ("PUT", "/settings", {"foo": 1}, 400),
    ],
)
async def test_what_is_refused(api: Api, verb: str, path: str, body: Any, status: int) -> None:
    assert (await failed(api, verb, path, body))[0] == status
    assert (await api.control("GET", f"{BASE}/contacts"))["contacts"] == []


async def test_an_account_with_bad_settings_is_not_made(http: httpx.AsyncClient) -> None:
    for given in ({"foo": 1}, "x", {"contactLists": -1}):
        answer = await http.post("/control/accounts", json={"email": "x@example.com", "microsoft": given})
        assert answer.status_code == 400
    assert (await http.get("/control/accounts")).json()["accounts"] == []


async def test_accounts_do_not_see_each_other_and_go_away_whole(api: Api, http: httpx.AsyncClient) -> None:
    bob = await opened(http, email="bob@example.com", accessToken="bob")
    await api.create({"givenName": "Ada"})
    assert (await bob.get("/me/contacts"))["value"] == []
    await http.delete(f"/control/accounts/{bob.account['id']}")
    assert (await bob.refused("GET", "/me/contacts")).http == 401
    assert (await http.get(f"/control/accounts/{bob.account['id']}{BASE}/contacts")).status_code == 404
