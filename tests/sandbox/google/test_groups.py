"""Contact groups."""

from __future__ import annotations

import pytest

from tests.sandbox.google.api import Api, Json, Refused, named

G = "/v1/contactGroups"


async def group(api: Api, name: str) -> Json:
    return await api.post(G, {"contactGroup": {"name": name}})


async def members(api: Api, name: str) -> list[str]:
    found: list[str] = (await api.get(f"/v1/{name}", maxMembers=100)).get("memberResourceNames", [])
    return found


async def groups_of(api: Api, name: str) -> list[str]:
    person = await api.person(name, "memberships")
    return [one["contactGroupMembership"]["contactGroupId"] for one in person.get("memberships", [])]


async def test_system_groups(api: Api) -> None:
    await api.seed(named("Ada"))
    listed = await api.get(G)
    found = {one["name"]: one for one in listed["contactGroups"]}
    assert listed["totalItems"] == len(found) == 8
    assert found["myContacts"]["formattedName"] == "My Contacts"
    assert found["myContacts"]["memberCount"] == found["all"]["memberCount"] == 1
    assert all(one["groupType"] == "SYSTEM_CONTACT_GROUP" for one in found.values())
    assert "memberCount" not in found["starred"]
    assert "memberResourceNames" not in found["all"]


async def test_create_rename_delete(api: Api) -> None:
    made = await group(api, "Climbers")
    assert made["resourceName"].startswith("contactGroups/")
    assert (made["name"], made["formattedName"], made["groupType"]) == ("Climbers", "Climbers", "USER_CONTACT_GROUP")
    assert "memberCount" not in made
    path = f"/v1/{made['resourceName']}"
    body = {"contactGroup": {"name": "Hikers", "etag": made["etag"]}}
    changed = await api.call("PUT", path, body)
    assert changed["name"] == "Hikers"
    assert changed["etag"] != made["etag"]
    with pytest.raises(Refused, match="400") as caught:
        await api.call("PUT", path, body)
    assert caught.value.error["status"] == "FAILED_PRECONDITION"
    assert (await api.call("PUT", path, {"contactGroup": {"name": "Hikers"}}))["name"] == "Hikers"
    assert await api.call("DELETE", path) == {}
    with pytest.raises(Refused, match="404"):
        await api.get(path)


async def test_client_data_and_masks(api: Api) -> None:
    data = [{"key": "a", "value": "b"}, {"key": "a", "value": "b"}]
    body = {"contactGroup": {"name": "G", "clientData": data}, "readGroupFields": "clientData"}
    made = await api.post(G, body)
    assert set(made) == {"resourceName", "etag", "clientData"}
    assert made["clientData"] == data
    path = f"/v1/{made['resourceName']}"
    await api.call("PUT", path, {"contactGroup": {"name": "ignored"}, "updateGroupFields": "clientData"})
    found = await api.get(path, groupFields="clientData,name,memberCount,metadata,groupType")
    assert found["name"] == "G"
    assert "clientData" not in found
    assert found["metadata"]["updateTime"].startswith("2026-01-01T00:00:00")
    assert set(await api.get(path, groupFields="groupType")) == {"resourceName", "etag", "groupType"}


@pytest.mark.parametrize("name", ["Climbers", "climbers", "myContacts", "My Contacts", "Friends"])
async def test_a_name_that_is_taken(api: Api, name: str) -> None:
    await group(api, "Climbers")
    other = await group(api, "Other")
    body = {"contactGroup": {"name": name}}
    for verb, path in (("POST", G), ("PUT", f"/v1/{other['resourceName']}")):
        with pytest.raises(Refused, match="409") as caught:
            await api.call(verb, path, body)
        assert caught.value.error["status"] == "ALREADY_EXISTS"


@pytest.mark.parametrize("first", ["Chess", " Chess "])
async def test_spaces_make_no_other_name(api: Api, first: str) -> None:
    await api.post(G, {"contactGroup": {"name": first}})
    with pytest.raises(Refused, match="409"):
        await api.post(G, {"contactGroup": {"name": "Chess "}})


async def test_members(api: Api) -> None:
    ada, bob = await api.seed(named("Ada"), named("Bob"))
    made = (await group(api, "G"))["resourceName"]
    path = f"/v1/{made}/members:modify"
    assert await api.post(path, {"resourceNamesToAdd": [ada, bob, ada, "people/c404"]}) == {
        "notFoundResourceNames": ["people/c404"]
    }
    assert await members(api, made) == [ada, bob]
    assert (await api.get(f"/v1/{made}", maxMembers=1))["memberResourceNames"] == [ada]
    assert (await api.get(f"/v1/{made}"))["memberCount"] == 2
    assert await groups_of(api, ada) == ["myContacts", made.partition("/")[2]]
    assert await api.post(path, {"resourceNamesToRemove": [bob, "people/c404"]}) == {
        "notFoundResourceNames": ["people/c404"]
    }
    assert await members(api, made) == [ada]
    assert await api.post(f"{G}/myContacts/members:modify", {"resourceNamesToRemove": [ada]}) == {}
    assert await api.post(path, {"resourceNamesToRemove": [ada]}) == {
        "canNotRemoveLastContactGroupResourceNames": [ada]
    }
    assert await groups_of(api, ada) == [made.partition("/")[2]]
    assert await api.post(path, {}) == {}


async def test_members_arrive_as_changed(api: Api) -> None:
    (ada,) = await api.seed(named("Ada"))
    _, last = await api.everyone("memberships", requestSyncToken=True)
    before = await api.person(ada)
    await api.post(f"{G}/starred/members:modify", {"resourceNamesToAdd": [ada]})
    people, _ = await api.everyone("memberships", requestSyncToken=True, syncToken=last["nextSyncToken"])
    assert [len(one["memberships"]) for one in people] == [2]
    assert (await api.person(ada))["etag"] == before["etag"]


async def test_deleting_a_group_leaves_its_members(api: Api) -> None:
    ada, bob = await api.seed(named("Ada"), named("Bob"))
    made = (await group(api, "G"))["resourceName"]
    await api.post(f"/v1/{made}/members:modify", {"resourceNamesToAdd": [ada, bob]})
    await api.post(f"{G}/myContacts/members:modify", {"resourceNamesToRemove": [ada]})
    await api.call("DELETE", f"/v1/{made}", deleteContacts=False)
    assert await groups_of(api, ada) == await groups_of(api, bob) == ["myContacts"]
    again = (await group(api, "G"))["resourceName"]
    await api.post(f"/v1/{again}/members:modify", {"resourceNamesToAdd": [ada]})
    await api.call("DELETE", f"/v1/{again}", deleteContacts=True)
    with pytest.raises(Refused, match="404"):
        await api.person(ada)
    assert await groups_of(api, bob) == ["myContacts"]


async def test_batch_get(api: Api) -> None:
    (ada,) = await api.seed(named("Ada"))
    names = ["contactGroups/myContacts", "contactGroups/404", "people/c1"]
    found = await api.get(f"{G}:batchGet", resourceNames=names, maxMembers=5)
    first, *rest = found["responses"]
    assert first["contactGroup"]["memberResourceNames"] == [ada]
    assert [(one["requestedResourceName"], one["status"]["code"]) for one in rest] == [(names[1], 5), (names[2], 5)]


async def test_pages_and_sync(api: Api) -> None:
    first = await api.get(G, pageSize=5)
    assert len(first["contactGroups"]) == 5
    assert "nextSyncToken" not in first
    second = await api.get(G, pageSize=5, pageToken=first["nextPageToken"])
    assert len(second["contactGroups"]) == 3
    token = second["nextSyncToken"]
    kept, gone = await group(api, "Kept"), await group(api, "Gone")
    await api.call("DELETE", f"/v1/{gone['resourceName']}")
    changes = await api.get(G, syncToken=token)
    assert [one["resourceName"] for one in changes["contactGroups"]] == [kept["resourceName"], gone["resourceName"]]
    assert changes["contactGroups"][1]["metadata"] == {"deleted": True}
    assert "totalItems" not in changes
    assert "contactGroups" not in await api.get(G, syncToken=changes["nextSyncToken"])
