"""Batches: of reads each for itself, of writes whole or not at all."""

from __future__ import annotations

import pytest

from tests.sandbox.google.api import Api, Json, Refused, given_names, named

CREATE = "/v1/people:batchCreateContacts"
UPDATE = "/v1/people:batchUpdateContacts"
DELETE = "/v1/people:batchDeleteContacts"


def contacts(*people: Json) -> list[Json]:
    return [{"contactPerson": person} for person in people]


async def test_get(api: Api) -> None:
    ada, bob = await api.seed(named("Ada"), named("Bob"))
    names = [bob, "people/c404", ada, bob, "people/me"]
    found = await api.get("/v1/people:batchGet", resourceNames=names, personFields="names")
    assert [one["requestedResourceName"] for one in found["responses"]] == names
    assert [one["httpStatusCode"] for one in found["responses"]] == [200, 404, 200, 200, 200]
    assert found["responses"][1]["status"]["code"] == 5
    assert "person" not in found["responses"][1]
    assert [one["person"]["resourceName"] for one in found["responses"][2:4]] == [ada, bob]


async def test_create(api: Api) -> None:
    body = {"contacts": contacts(named("Ada"), named("Bob")), "readMask": "names"}
    made = (await api.post(CREATE, body))["createdPeople"]
    assert given_names([one["person"] for one in made]) == ["Ada", "Bob"]
    assert set(made[0]["person"]) == {"resourceName", "etag", "names"}
    assert [one["httpStatusCode"] for one in made] == [200, 200]
    assert await api.post(CREATE, {"contacts": contacts(named("Eve"))}) == {}
    people, _ = await api.everyone()
    assert given_names(people) == ["Ada", "Bob", "Eve"]


async def test_create_is_whole_or_not_at_all(api: Api) -> None:
    two_names = {"names": [{"givenName": "A"}, {"givenName": "B"}]}
    body = {"contacts": contacts(named("Ada"), two_names, named("Bob"), two_names), "readMask": "names"}
    with pytest.raises(Refused, match="400") as caught:
        await api.post(CREATE, body)
    (detail,) = caught.value.error["details"]
    assert detail["@type"] == "type.googleapis.com/google.people.v1.BatchCreateContactsErrorDetails"
    assert set(detail["contactErrors"]) == {"1", "3"}
    assert detail["contactErrors"]["1"]["code"] == 3
    assert await api.everyone() == ([], {})


async def test_update(api: Api) -> None:
    people = [await api.create(**named(name)) for name in ("Ada", "Bob")]
    given = {one["resourceName"]: {**one, **named(f"New {one['names'][0]['givenName']}")} for one in people}
    body = {"contacts": given, "updateMask": "names", "readMask": "names,metadata"}
    result = (await api.post(UPDATE, body))["updateResult"]
    assert set(result) == set(given)
    assert given_names([one["person"] for one in result.values()]) == ["New Ada", "New Bob"]
    given = {name: {**one["person"], **named("Again")} for name, one in result.items()}
    assert await api.post(UPDATE, {"contacts": given, "updateMask": "names", "readMask": ""}) == {}


async def test_update_is_whole_or_not_at_all(api: Api) -> None:
    ada, bob, eve = [await api.create(**named(name)) for name in ("Ada", "Bob", "Eve")]
    await api.update({**bob, **named("Bobby")}, "names")
    given = {
        ada["resourceName"]: {**ada, **named("New")},
        bob["resourceName"]: {**bob, **named("New")},
        "people/c404": {"etag": "x"},
        eve["resourceName"]: {**eve, "resourceName": ada["resourceName"]},
    }
    with pytest.raises(Refused, match="400") as caught:
        await api.post(UPDATE, {"contacts": given, "updateMask": "names"})
    assert caught.value.error["status"] == "FAILED_PRECONDITION"
    (detail,) = caught.value.error["details"]
    assert detail["@type"] == "type.googleapis.com/google.people.v1.BatchUpdateContactsErrorDetails"
    codes = {name: error["code"] for name, error in detail["contactErrors"].items()}
    assert codes == {bob["resourceName"]: 9, "people/c404": 5, eve["resourceName"]: 3}
    people, _ = await api.everyone()
    assert sorted(given_names(people)) == ["Ada", "Bobby", "Eve"]


async def test_the_same_contact_twice_under_two_names(api: Api) -> None:
    person = await api.create(**named("Ada"))
    old = person["resourceName"]
    renamed = await api.control("POST", f"/google/contacts/{old.removeprefix('people/')}/rename")
    given = {name: {**named("New"), "etag": renamed["etag"]} for name in (old, renamed["resourceName"])}
    with pytest.raises(Refused, match="more than once"):
        await api.post(UPDATE, {"contacts": given, "updateMask": "names"})


async def test_delete(api: Api) -> None:
    ada, bob, eve = await api.seed(named("Ada"), named("Bob"), named("Eve"))
    with pytest.raises(Refused, match="404"):
        await api.post(DELETE, {"resourceNames": [ada, "people/c404"]})
    assert len((await api.everyone())[0]) == 3
    assert await api.post(DELETE, {"resourceNames": [ada, bob, ada]}) == {}
    people, _ = await api.everyone()
    assert [one["resourceName"] for one in people] == [eve]
