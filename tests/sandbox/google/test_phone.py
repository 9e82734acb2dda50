"""The control API as the user's own phone, and as the eye of the tests."""

from __future__ import annotations

import pytest

from tests.google.discovery import validator
from tests.sandbox.google.api import Api, Refused, given_names, named


async def test_made_up_people(api: Api) -> None:
    made = await api.control("POST", "/google/contacts", {"count": 30, "seed": 7})
    assert len(made["resourceNames"]) == 30
    people = (await api.control("GET", "/google/contacts"))["people"]
    assert [one["resourceName"] for one in people] == made["resourceNames"]
    for person in people:
        validator("Person").validate(person)
        assert person["emailAddresses"][0]["value"].endswith("@example.com")
    await api.http.post("/control/accounts", json={"email": "bob@example.com"})
    again = await api.http.post("/control/accounts/bob@example.com/google/contacts", json={"count": 30, "seed": 7})
    assert again.status_code == 201
    others = (await api.http.get("/control/accounts/bob@example.com/google/contacts")).json()["people"]
    assert [one["names"] for one in map(bare, others)] == [one["names"] for one in map(bare, people)]


def bare(person: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    return {"names": [one["displayName"] for one in person["names"]]}


async def test_the_phone_is_not_struck_by_quirks(api: Api) -> None:
    await api.quirk("google-unavailable")
    (name,) = await api.seed(named("Ada"))
    path = f"/google/contacts/{name.removeprefix('people/')}"
    before = await api.control("GET", path)
    after = await api.control("PATCH", path, {**named("Ida"), "urls": [{"value": "https://example.com"}]})
    assert after["etag"] != before["etag"]
    assert given_names([after]) == ["Ida"]
    assert [one["value"] for one in after["urls"]] == ["https://example.com"]
    cleared = await api.control("PATCH", path, {"urls": []})
    assert "urls" not in cleared
    assert given_names([cleared]) == ["Ida"]


async def test_trash(api: Api) -> None:
    ada, bob = await api.seed(named("Ada"), named("Bob"))
    for name in (ada, bob):
        await api.control("DELETE", f"/google/contacts/{name.removeprefix('people/')}")
    assert given_names((await api.control("GET", "/google/trash"))["people"]) == ["Ada", "Bob"]
    restored = await api.control("POST", f"/google/contacts/{ada.removeprefix('people/')}/restore")
    assert restored["resourceName"] == ada
    assert given_names((await api.everyone())[0]) == ["Ada"]
    await api.control("DELETE", "/google/trash")
    path = f"/control/accounts/{api.account['id']}/google/contacts/{bob.removeprefix('people/')}/restore"
    assert (await api.http.post(path)).status_code == 404


async def test_what_was_merged_cannot_be_restored(api: Api) -> None:
    into, away = await api.seed(named("Ada"), named("Ida"))
    await api.control("POST", f"/google/contacts/{into.removeprefix('people/')}/merge", {"with": away})
    path = f"/control/accounts/{api.account['id']}/google/contacts/{away.removeprefix('people/')}"
    assert (await api.http.post(f"{path}/restore")).status_code == 404
    assert (await api.http.get(path)).status_code == 404
    with pytest.raises(Refused, match="404"):
        await api.person(away)


async def test_groups(api: Api) -> None:
    ada, bob = await api.seed(named("Ada"), named("Bob"))
    made = await api.control("POST", "/google/groups", {"name": "G"})
    path = f"/google/groups/{made['resourceName'].removeprefix('contactGroups/')}"
    assert (await api.control("PATCH", path, {"add": [ada, bob]}))["members"] == [ada, bob]
    changed = await api.control("PATCH", path, {"name": "H", "remove": [ada]})
    assert (changed["name"], changed["members"]) == ("H", [bob])
    assert changed in (await api.control("GET", "/google/groups"))["groups"]
    await api.control("DELETE", f"{path}?contacts=true")
    assert given_names((await api.everyone())[0]) == ["Ada"]


async def test_a_profile_is_parted_again(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    path = f"/google/contacts/{name.removeprefix('people/')}/profile"
    linked = await api.control("PUT", path, {"person": named("Augusta"), "rename": True})
    assert linked["resourceName"] != name
    assert len(linked["names"]) == 2
    parted = await api.control("DELETE", path)
    assert len(parted["names"]) == 1
    assert parted["resourceName"] == linked["resourceName"]


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "/contacts", {}, 400),
        ("POST", "/contacts", {"count": -1}, 400),
        ("POST", "/contacts", {"count": "3"}, 400),
        ("POST", "/contacts", {"people": {}}, 400),
        ("POST", "/contacts", {"people": [1]}, 400),
        ("POST", "/contacts", {"people": [{"title": []}]}, 400),
        ("POST", "/contacts", {"people": [{"names": [{"givenName": "A"}, {"givenName": "B"}]}]}, 400),
        ("POST", "/contacts", {"people": [], "count": 1}, 400),
        ("GET", "/contacts/c1", None, 404),
        ("PATCH", "/contacts/c1", {}, 404),
        ("DELETE", "/contacts/c1", None, 404),
        ("POST", "/contacts/c1/merge", {"with": "people/c2"}, 404),
        ("POST", "/groups", {}, 400),
        ("POST", "/groups", {"name": "Friends"}, 400),
        ("PATCH", "/groups/none", {"name": "A"}, 404),
        ("DELETE", "/groups/friends", None, 400),
        ("DELETE", "/others/c1", None, 404),
        ("PUT", "/settings", {"contactLimit": -1}, 400),
        ("PUT", "/settings", {"region": "Germany"}, 400),
        ("PUT", "/settings", {"limit": 1}, 400),
        ("POST", "/groups", {"name": ["A"]}, 400),
        ("PATCH", "/groups/friends", {"name": 1}, 400),
        ("PATCH", "/groups/myContacts", {"add": 5}, 400),
        ("PATCH", "/groups/myContacts", {"remove": None}, 400),
        ("PATCH", "/groups/myContacts", {"add": [1]}, 400),
    ],
)
async def test_bad_input_changes_nothing(api: Api, verb: str, path: str, body: object, status: int) -> None:
    answer = await api.http.request(verb, f"/control/accounts/{api.account['id']}/google{path}", json=body)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert await api.everyone() == ([], {})


@pytest.mark.parametrize("given", [{"photo": "é"}, {"photo": 1}, {"id": {}}, {"rename": "no"}, {"person": []}])
async def test_a_bad_profile_is_not_linked(api: Api, given: object) -> None:
    (name,) = await api.seed(named("Ada"))
    path = f"/control/accounts/{api.account['id']}/google/contacts/{name.removeprefix('people/')}/profile"
    answer = await api.http.put(path, json=given)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert "linkedPeopleResourceNames" not in (await api.person(name))["metadata"]


async def test_an_account_with_bad_settings_is_not_made(api: Api) -> None:
    given = {"email": "bob@example.com", "google": {"region": 1}}
    assert (await api.http.post("/control/accounts", json=given)).status_code == 400
    assert len((await api.http.get("/control/accounts")).json()["accounts"]) == 1
