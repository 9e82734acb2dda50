"""Searches, their cache, and "Other contacts"."""

from __future__ import annotations

import pytest

from tests.sandbox.google.api import Api, Json, Refused, given_names, named

SEARCH = "/v1/people:searchContacts"
OTHERS = "/v1/otherContacts"


async def found(api: Api, query: str, path: str = SEARCH, **more: int) -> list[Json]:
    answer = await api.get(path, query=query, readMask="names,emailAddresses", **more)
    return [one["person"] for one in answer.get("results", [])]


async def warm(api: Api, path: str = SEARCH) -> None:
    assert await api.get(path, query="", readMask="names") == {}


async def test_a_search_knows_what_was_there_at_its_last_warm_up(api: Api) -> None:
    (ada,) = await api.seed(named("Ada"))
    assert await found(api, "ada") == []
    await warm(api)
    assert given_names(await found(api, "ada")) == ["Ada"]
    person = await api.person(ada)
    await api.update({**person, **named("Ida")}, "names")
    (stale,) = await found(api, "ada")
    assert stale["etag"] == person["etag"]
    assert await found(api, "ida") == []
    await warm(api)
    assert await found(api, "ada") == []
    assert given_names(await found(api, "ida")) == ["Ida"]
    await api.call("DELETE", f"/v1/{ada}:deleteContact")
    await warm(api)
    assert await found(api, "ida") == []


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("f", True),
        ("FOO", True),
        ("foo n", True),
        ("name", True),
        ("oo n", False),
        ("nick", True),
        ("foo@exa", True),
        ("xample.com", False),
        ("2025550123", True),
        ("+1 202", True),
        ("works", True),
        ("engin", True),
        ("street", False),
    ],
)
async def test_prefixes_of_phrases_match(api: Api, query: str, hit: bool) -> None:
    await api.seed(
        {
            **named("foo", "name"),
            "nicknames": [{"value": "Nick"}],
            "emailAddresses": [{"value": "foo@example.com"}],
            "phoneNumbers": [{"value": "+1 202-555-0123"}, {"value": "2025550123"}],
            "organizations": [{"name": "Example Works", "title": "Engineer"}],
            "addresses": [{"streetAddress": "street"}],
        }
    )
    await warm(api)
    assert bool(await found(api, query)) is hit


async def test_sizes(api: Api) -> None:
    await api.seed(*(named("Ada") for _ in range(40)))
    await warm(api)
    assert len(await found(api, "ada")) == len(await found(api, "ada", pageSize=0)) == 10
    assert len(await found(api, "ada", pageSize=25)) == 25
    assert len(await found(api, "ada", pageSize=100)) == 30


async def others(api: Api, *people: Json) -> list[str]:
    names: list[str] = (await api.control("POST", "/google/others", {"people": people}))["resourceNames"]
    return names


async def test_other_contacts_are_apart(api: Api) -> None:
    (name,) = await others(api, {**named("Eve"), "emailAddresses": [{"value": "e@example.com"}], "urls": []})
    assert name.startswith("otherContacts/c")
    assert (await api.everyone())[0] == []
    page = await api.get(OTHERS, readMask="names,emailAddresses,metadata,photos")
    (person,) = page["otherContacts"]
    assert page["totalSize"] == 1
    assert person["resourceName"] == name
    assert person["metadata"]["sources"][0]["type"] == "OTHER_CONTACT"
    both = ["READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_PROFILE"]
    page = await api.get(OTHERS, readMask="addresses,names", sources=both)
    assert given_names(page["otherContacts"]) == ["Eve"]


async def test_other_contacts_have_pages_and_sync_tokens(api: Api) -> None:
    names = await others(api, named("A"), named("B"), named("C"))
    query = {"readMask": "names,metadata", "pageSize": 2, "requestSyncToken": True}
    first = await api.get(OTHERS, **query)
    second = await api.get(OTHERS, **query, pageToken=first["nextPageToken"])
    assert given_names(first["otherContacts"] + second["otherContacts"]) == ["A", "B", "C"]
    await api.control("DELETE", f"/google/others/{names[1].removeprefix('otherContacts/')}")
    await others(api, named("D"))
    page = await api.get(OTHERS, **query, syncToken=second["nextSyncToken"])
    gone, new = page["otherContacts"]
    assert (gone["resourceName"], gone["metadata"]) == (names[1], {"deleted": True})
    assert given_names([new]) == ["D"]
    assert "totalSize" not in page


async def test_searching_other_contacts(api: Api) -> None:
    await others(api, named("Eve"))
    assert await found(api, "eve", f"{OTHERS}:search") == []
    await warm(api, f"{OTHERS}:search")
    assert given_names(await found(api, "eve", f"{OTHERS}:search")) == ["Eve"]
    await warm(api)
    assert await found(api, "eve") == []


async def test_an_other_contact_becomes_a_contact(api: Api) -> None:
    given = {**named("Eve"), "emailAddresses": [{"value": "e@example.com"}], "phoneNumbers": [{"value": "12"}]}
    (name,) = await others(api, given)
    path = f"/v1/{name}:copyOtherContactToMyContactsGroup"
    for body in ({}, {"copyMask": "addresses"}):
        with pytest.raises(Refused, match="400"):
            await api.post(path, body)
    person = await api.post(path, {"copyMask": "names,emailAddresses"})
    assert set(person) == {"resourceName", "etag", "names", "emailAddresses", "metadata", "memberships"}
    assert person["resourceName"].startswith("people/c")
    assert given_names((await api.everyone())[0]) == ["Eve"]
    assert await api.get(OTHERS, readMask="names") == {}


async def test_an_other_contact_by_its_name_as_a_person(api: Api) -> None:
    (name,) = await others(api, named("Eve"))
    as_person = name.replace("otherContacts/", "people/")
    with pytest.raises(Refused, match="404"):
        await api.person(as_person, "names")
    found = await api.person(as_person, "names", sources="READ_SOURCE_TYPE_OTHER_CONTACT")
    assert (found["resourceName"], given_names([found])) == (as_person, ["Eve"])
