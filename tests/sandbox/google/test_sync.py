"""Lists, pages and incremental synchronisation."""

from __future__ import annotations

from typing import Any

import pytest

from polydex_sandbox.clock import DAY
from tests.sandbox.google.api import ME, Api, Json, Refused, given_names, named


async def sync(api: Api, token: str, **query: Any) -> tuple[list[Json], str]:
    people, last = await api.everyone(requestSyncToken=True, syncToken=token, **query)
    return people, last["nextSyncToken"]


async def first_sync(api: Api, **query: Any) -> str:
    _, last = await api.everyone(requestSyncToken=True, **query)
    return str(last["nextSyncToken"])


async def expired(api: Api, token: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await sync(api, token)
    return caught.value


async def longer(api: Api) -> None:
    """A token that outlives what the test plays."""
    await api.control("POST", "/tokens", {"accessToken": "tok", "lifetime": 10**8})


async def test_pages(api: Api) -> None:
    await api.seed(*(named(f"P{number:02}") for number in range(25)))
    page = await api.get(ME, personFields="names", pageSize=10)
    assert (page["totalPeople"], page["totalItems"]) == (25, 25)
    assert "nextSyncToken" not in page
    assert len(page["connections"]) == 10
    people, last = await api.everyone(pageSize=10, requestSyncToken=True)
    assert given_names(people) == [f"P{number:02}" for number in range(25)]
    assert len(last["connections"]) == 5
    assert last["nextSyncToken"]
    default = await api.get(ME, personFields="names")
    assert len(default["connections"]) == 25
    assert "nextSyncToken" not in default


async def test_a_hundred_are_a_page_unless_told(api: Api) -> None:
    await api.control("POST", "/google/contacts", {"count": 101})
    assert len((await api.get(ME, personFields="names", pageSize=0))["connections"]) == 100
    assert len((await api.get(ME, personFields="names", pageSize=1000))["connections"]) == 101


async def test_a_walk_sees_the_account_as_it_was_and_its_token_is_of_then(api: Api) -> None:
    names = await api.seed(*(named(f"P{number}") for number in range(4)))
    first = await api.get(ME, personFields="names", pageSize=2, requestSyncToken=True)
    await api.control("DELETE", f"/google/contacts/{names[3].removeprefix('people/')}")
    await api.seed(named("Late"))
    query = {"personFields": "names", "pageSize": 2, "requestSyncToken": True}
    second = await api.get(ME, **query, pageToken=first["nextPageToken"])
    assert given_names(first["connections"] + second["connections"]) == ["P0", "P1", "P2", "P3"]
    changes = await api.get(ME, **query, syncToken=second["nextSyncToken"])
    assert [one.get("metadata", {}).get("deleted", False) for one in changes["connections"]] == [True, False]


async def test_orders(api: Api) -> None:
    people = [named("bob", "Zed"), named("Ada", "young"), {"emailAddresses": [{"value": "x@example.com"}]}]
    first, *_ = await api.seed(*people)
    person = await api.person(first)
    await api.update(person, "names")

    async def order(name: str) -> list[str]:
        found, _ = await api.everyone("names", sortOrder=name)
        return [one.get("names", [{"givenName": "-"}])[0]["givenName"] for one in found]

    assert await order("LAST_MODIFIED_ASCENDING") == ["Ada", "-", "bob"]
    assert await order("LAST_MODIFIED_DESCENDING") == ["bob", "-", "Ada"]
    assert await order("FIRST_NAME_ASCENDING") == ["Ada", "bob", "-"]
    assert await order("LAST_NAME_ASCENDING") == ["Ada", "bob", "-"]


async def test_changes_since_a_token(api: Api) -> None:
    ada, bob, eve = await api.seed(named("Ada"), named("Bob"), named("Eve"))
    token = await first_sync(api)
    assert await sync(api, token) == ([], (await sync(api, token))[1])
    await api.update({**(await api.person(ada)), **named("Ida")}, "names")
    await api.call("DELETE", f"/v1/{bob}:deleteContact")
    kim = await api.create(**named("Kim"))
    people, token = await sync(api, token)
    assert [one["resourceName"] for one in people] == [ada, bob, kim["resourceName"]]
    assert people[1]["metadata"] == {"deleted": True}
    assert "names" not in people[1]
    assert given_names([people[0], people[2]]) == ["Ida", "Kim"]
    people, token = await sync(api, token)
    assert people == []
    await api.control("POST", f"/google/contacts/{bob.removeprefix('people/')}/restore")
    people, _ = await sync(api, token)
    assert given_names(people) == ["Bob"]
    assert eve not in [one["resourceName"] for one in people]


async def test_deletions_are_in_no_full_list(api: Api) -> None:
    ada, _ = await api.seed(named("Ada"), named("Bob"))
    await api.call("DELETE", f"/v1/{ada}:deleteContact")
    people, last = await api.everyone()
    assert given_names(people) == ["Bob"]
    assert last["totalItems"] == 1


async def test_incremental_lists_have_pages_and_no_total(api: Api) -> None:
    token = await first_sync(api, pageSize=2)
    await api.seed(*(named(f"P{number}") for number in range(5)))
    people, last = await api.everyone(requestSyncToken=True, syncToken=token, pageSize=2)
    assert len(people) == 5
    assert "totalItems" not in last


async def test_tokens_are_bound_to_their_parameters(api: Api) -> None:
    await api.seed(*(named(f"P{number}") for number in range(3)))
    query = {"personFields": "names,metadata", "pageSize": 1, "requestSyncToken": True}
    page = (await api.get(ME, **query))["nextPageToken"]
    _, last = await api.everyone("names,metadata", pageSize=1, requestSyncToken=True)
    token = last["nextSyncToken"]
    changed: tuple[dict[str, Any], ...] = (
        {"personFields": "names"},
        {"sources": "READ_SOURCE_TYPE_CONTACT"},
        {"pageSize": 2},
        {"requestSyncToken": False},
    )
    for number, other in enumerate(changed):
        # After a sync token, Google's own example leaves requestSyncToken out.
        for given in ({"pageToken": page}, {"syncToken": token})[: 2 if number < 2 else 1]:
            with pytest.raises(Refused, match="400") as caught:
                await api.get(ME, **{**query, **other, **given})
            assert "must match" in caught.value.message
    assert await api.get(ME, personFields="names,metadata", syncToken=token) == {}
    # The order of the fields makes no difference.
    await api.get(ME, **{**query, "personFields": "metadata,names", "pageToken": page})
    with pytest.raises(Refused, match="400"):
        await api.get(ME, **query, pageToken=page, syncToken=token)


async def test_tokens_are_bound_to_their_list_and_account(api: Api) -> None:
    token = await first_sync(api)
    groups = (await api.get("/v1/contactGroups"))["nextSyncToken"]
    for path, given in ((ME, groups), ("/v1/contactGroups", token)):
        with pytest.raises(Refused, match="400") as caught:
            await api.get(path, syncToken=given, **({"personFields": "names,metadata"} if path == ME else {}))
        assert caught.value.message == "Request contains an invalid argument."
    await api.http.post("/control/accounts", json={"email": "bob@example.com", "accessToken": "bob"})
    other = Api(api.http, api.account, "bob")
    with pytest.raises(Refused, match="400"):
        await sync(other, token)


async def test_a_token_lives_seven_days_from_its_full_sync(api: Api) -> None:
    await longer(api)
    token = await first_sync(api)
    await api.pass_time(6 * DAY / 1000)
    _, renewed = await sync(api, token)
    await api.pass_time(DAY / 1000 - 1)
    await sync(api, token)
    await api.pass_time(1)
    for old in (token, renewed):
        error = await expired(api, old)
        assert (error.http, error.error["status"]) == (400, "FAILED_PRECONDITION")
        assert error.message == "Sync token is expired. Clear local cache and retry call without the sync token."
        assert error.error["details"] == [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "EXPIRED_SYNC_TOKEN",
                "domain": "people.googleapis.com",
            }
        ]
    await sync(api, await first_sync(api))


async def test_groups_have_sync_tokens_too(api: Api) -> None:
    await longer(api)
    token = (await api.get("/v1/contactGroups"))["nextSyncToken"]
    await api.pass_time(7 * DAY / 1000)
    with pytest.raises(Refused, match="400") as caught:
        await api.get("/v1/contactGroups", syncToken=token)
    assert caught.value.error["details"][0]["reason"] == "EXPIRED_SYNC_TOKEN"


async def test_another_resource_name(api: Api) -> None:
    (old,) = await api.seed(named("Ada"))
    token = await first_sync(api)
    renamed = await api.control("POST", f"/google/contacts/{old.removeprefix('people/')}/rename")
    new = renamed["resourceName"]
    assert new != old
    people, _ = await sync(api, token)
    assert [(one["resourceName"], one["metadata"]["previousResourceNames"]) for one in people] == [(new, [old])]
    full, _ = await api.everyone()
    assert "previousResourceNames" not in full[0]["metadata"]
    # The id and etag of the source stay, and the old name leads to the person.
    assert (await api.person(old))["resourceName"] == new
    batch = await api.get("/v1/people:batchGet", resourceNames=[old], personFields="names")
    (found,) = batch["responses"]
    assert (found["requestedResourceName"], found["person"]["resourceName"]) == (old, new)
    person = await api.person(new)
    assert f"people/c{int(person['metadata']['sources'][0]['id'], 16)}" == old
    changed = await api.update({**person, **named("Ida")}, "names")
    await api.call("DELETE", f"/v1/{old}:deleteContact")
    people, _ = await sync(api, token)
    assert [(one["resourceName"], one["metadata"]["deleted"]) for one in people] == [(changed["resourceName"], True)]


async def test_a_merge(api: Api) -> None:
    into, away = await api.seed(
        {**named("Ada"), "emailAddresses": [{"value": "a@example.com"}]},
        {**named("Ada"), "emailAddresses": [{"value": "a@example.com"}, {"value": "b@example.com"}]},
    )
    token = await first_sync(api, fields="names,emailAddresses,metadata")
    await api.control("POST", f"/google/contacts/{into.removeprefix('people/')}/merge", {"with": away})
    people, _ = await sync(api, token, fields="names,emailAddresses,metadata")
    assert [one["metadata"].get("deleted", False) for one in people] == [True, False]
    assert [one["resourceName"] for one in people] == [away, into]
    assert [one["value"] for one in people[1]["emailAddresses"]] == ["a@example.com", "b@example.com"]


async def test_lists_give_a_hundred_addresses_and_get_gives_all(api: Api) -> None:
    many = {
        "emailAddresses": [{"value": f"a{number}@example.com"} for number in range(101)],
        "phoneNumbers": [{"value": f"+1202555{number:04}"} for number in range(101)],
        "urls": [{"value": f"https://example.com/{number}"} for number in range(101)],
    }
    (name,) = await api.seed(many)
    listed, _ = await api.everyone("emailAddresses,phoneNumbers,urls")
    assert [len(listed[0][field]) for field in many] == [100, 100, 101]
    person = await api.person(name)
    assert [len(person[field]) for field in many] == [101, 101, 101]
