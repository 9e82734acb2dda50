"""Reading and writing single contacts."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import pytest

from tests.sandbox.google.api import ALL, ME, Api, Json, Refused, named

FULL: Json = {
    "addresses": [{"streetAddress": "1 Example Street", "city": "Anytown", "postalCode": "12345", "type": "home"}],
    "biographies": [{"value": "Likes lists.", "contentType": "TEXT_PLAIN"}],
    "birthdays": [{"date": {"month": 2, "day": 29}}],
    "calendarUrls": [{"url": "https://example.com/cal", "type": "freeBusy"}],
    "clientData": [{"key": "k", "value": "v"}, {"key": "k", "value": "v"}],
    "emailAddresses": [
        {"value": "ada@example.com", "type": "work", "displayName": "Ada"},
        {"value": "ada@example.org", "type": "my own", "metadata": {"sourcePrimary": True}},
    ],
    "events": [{"date": {"year": 1999, "month": 12, "day": 31}, "type": "anniversary"}],
    "externalIds": [{"value": "7", "type": "account"}],
    "genders": [{"value": "female", "addressMeAs": "she"}],
    "imClients": [{"username": "ada", "protocol": "googleTalk", "type": "home"}],
    "interests": [{"value": "stargazing"}],
    "locales": [{"value": "en-GB"}],
    "locations": [{"value": "Desk", "current": True, "buildingId": "B"}],
    "miscKeywords": [{"value": "a", "type": "OUTLOOK_KEYWORD"}],
    "names": [{"givenName": "Ada", "familyName": "King", "honorificPrefix": "Dr.", "phoneticGivenName": "Ay-da"}],
    "nicknames": [{"value": "Countess", "type": "ALTERNATE_NAME"}],
    "occupations": [{"value": "programmer"}],
    "organizations": [{"name": "Example Works", "title": "Engineer", "current": True, "startDate": {"year": 2020}}],
    "phoneNumbers": [{"value": "(202) 555-0123", "type": "workFax"}, {"value": "12", "type": "mobile"}],
    "relations": [{"person": "Bob", "type": "domesticPartner"}],
    "sipAddresses": [{"value": "sip:ada@example.com", "type": "work"}],
    "urls": [{"value": "https://example.com", "type": "homePage"}],
    "userDefined": [{"key": "shoe", "value": "38"}],
}


def bare(person: Json) -> Json:
    """Only what a client may write."""
    output_only = {"metadata", "formattedType", "canonicalForm", "formattedProtocol", "formattedValue"}
    output_only |= {"displayName", "displayNameLastFirst", "unstructuredName"}
    found = {}
    for name, entries in person.items():
        if name in FULL:
            drop = output_only - {"displayName"} if name == "emailAddresses" else output_only
            found[name] = [{key: value for key, value in entry.items() if key not in drop} for entry in entries]
    return found


async def test_every_field_comes_back(api: Api) -> None:
    made = await api.create(**FULL)
    read = await api.person(made["resourceName"])
    assert made == read
    expected = copy.deepcopy(FULL)
    for entries in expected.values():
        for entry in entries:
            entry.pop("metadata", None)
    assert bare(read) == expected
    for name in FULL:
        primaries = [entry["metadata"].get("primary") for entry in read[name]]
        assert primaries.count(True) == 1
    assert read["emailAddresses"][1]["metadata"]["sourcePrimary"] is True
    assert "sourcePrimary" not in read["emailAddresses"][0]["metadata"]


async def test_what_google_computes(api: Api) -> None:
    person = await api.create(**FULL)
    (name,) = person["names"]
    assert name["displayName"] == name["unstructuredName"] == "Dr. Ada King"
    assert name["displayNameLastFirst"] == "King, Dr. Ada"
    assert [one.get("canonicalForm") for one in person["phoneNumbers"]] == ["+12025550123", None]
    assert person["phoneNumbers"][0]["formattedType"] == "Work Fax"
    assert person["emailAddresses"][1]["formattedType"] == "my own"
    assert person["addresses"][0]["formattedValue"] == "1 Example Street\nAnytown, 12345"
    assert person["imClients"][0]["formattedProtocol"] == "Google Talk"
    assert person["genders"][0]["formattedValue"] == "Female"
    assert person["relations"][0]["formattedType"] == "Domestic Partner"


async def test_a_name_without_structure_is_split(api: Api) -> None:
    person = await api.create(names=[{"unstructuredName": "Grace Brewster Hopper", "displayName": "ignored"}])
    name = person["names"][0]
    assert (name["givenName"], name["familyName"]) == ("Grace Brewster", "Hopper")
    assert name["displayName"] == "Grace Brewster Hopper"
    person["names"][0]["givenName"] = "Rear Admiral"
    name = (await api.update(person, "names"))["names"][0]
    assert name["displayName"] == name["unstructuredName"] == "Rear Admiral Hopper"


async def test_ids_sources_and_times(api: Api) -> None:
    person = await api.create(**named("Ada"))
    kind, _, number = person["resourceName"].partition("/c")
    (source,) = person["metadata"]["sources"]
    assert kind == "people"
    assert source["type"] == "CONTACT"
    assert source["id"] == f"{int(number):x}"
    assert source["updateTime"].startswith("2026-01-01T00:00:00.000")
    assert source["etag"] != person["etag"]
    assert person["metadata"]["objectType"] == "PERSON"


async def test_a_new_contact_is_in_my_contacts(api: Api) -> None:
    person = await api.create(**named("Ada"))
    membership = {"contactGroupId": "myContacts", "contactGroupResourceName": "contactGroups/myContacts"}
    assert [one["contactGroupMembership"] for one in person["memberships"]] == [membership]


async def test_only_what_the_mask_names_is_shown(api: Api) -> None:
    (name,) = await api.seed(FULL)
    assert set(await api.person(name, "names")) == {"resourceName", "etag", "names"}
    assert set(await api.person(name, "urls,metadata")) == {"resourceName", "etag", "urls", "metadata"}
    assert set(await api.person(name, "ageRanges,coverPhotos,skills")) == {"resourceName", "etag"}
    older = await api.get(f"/v1/{name}", requestMask__includeField="person.names,person.email_addresses")
    assert set(older) == {"resourceName", "etag", "names", "emailAddresses"}
    snake = await api.get(f"/v1/{name}", person_fields="names")
    assert set(snake) == {"resourceName", "etag", "names"}


async def test_masked_fields_are_replaced_whole(api: Api) -> None:
    person = await api.create(**FULL)
    change = {"resourceName": person["resourceName"], "etag": person["etag"]}
    change |= {"names": [{"givenName": "Ida"}], "urls": [{"value": "https://example.net"}]}
    changed = await api.update(change, "names,emailAddresses,urls")
    assert changed == await api.person(person["resourceName"])
    expected = bare(person)
    del expected["emailAddresses"]
    assert bare(changed) == {**expected, "names": [{"givenName": "Ida"}], "urls": [{"value": "https://example.net"}]}
    assert changed["etag"] != person["etag"]


async def test_what_is_not_in_the_mask_is_ignored(api: Api) -> None:
    person = await api.create(**FULL)
    person["names"], person["urls"] = [{"givenName": "Ida"}], []
    changed = await api.update(person, "nicknames")
    assert bare(changed)["names"] == FULL["names"]
    assert bare(changed)["urls"] == FULL["urls"]


async def test_what_was_read_can_be_written_back(api: Api) -> None:
    person = await api.create(**FULL)
    changed = await api.update(person, ",".join(name for name in ALL.split(",") if name not in ("metadata", "photos")))
    assert {name: changed[name] for name in FULL} == {name: person[name] for name in FULL}


async def test_empty_entries_and_defaults_are_not_kept(api: Api) -> None:
    person = await api.create(
        names=[{"givenName": "Ada", "middleName": ""}],
        emailAddresses=[{"value": ""}, {"type": "work"}, {}, {"value": "a@example.com", "type": ""}],
        birthdays=[{"date": {"year": 0, "month": 5, "day": 17}}],
        organizations=[{"name": "Example", "current": False}],
        biographies=[{"contentType": "CONTENT_TYPE_UNSPECIFIED", "value": "x"}],
        urls=[],
        nicknames=None,
    )
    assert bare(person) == {
        "names": [{"givenName": "Ada"}],
        "emailAddresses": [{"value": "a@example.com"}],
        "birthdays": [{"date": {"month": 5, "day": 17}}],
        "organizations": [{"name": "Example"}],
        "biographies": [{"value": "x"}],
    }


async def test_numbers_may_be_texts_and_names_may_have_underscores(api: Api) -> None:
    person = await api.create(
        birthdays=[{"date": {"year": "1815", "month": 12.0, "day": 10}}],
        email_addresses=[{"value": "a@example.com", "display_name": "A"}],
        nicknames=[{"value": "N", "type": 1}],
    )
    assert person["birthdays"][0]["date"] == {"year": 1815, "month": 12, "day": 10}
    assert bare(person)["emailAddresses"] == [{"value": "a@example.com", "displayName": "A"}]
    assert bare(person)["nicknames"] == [{"value": "N", "type": "MAIDEN_NAME"}]


async def test_what_cannot_be_written_is_ignored(api: Api) -> None:
    person = await api.create(
        names=[{"givenName": "Ada"}],
        photos=[{"url": "https://example.com/a.jpg"}],
        skills=[{"value": "a"}],
        fileAses=[{"value": "a"}],
        coverPhotos=[],
        resourceName="people/c1",
        etag="x",
    )
    assert set(bare(person)) == {"names"}
    assert person["resourceName"] != "people/c1"
    assert person["photos"][0]["default"] is True


async def test_bodies_and_answers_may_be_compressed(api: Api) -> None:
    headers = {"Authorization": "Bearer tok", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    path = "/v1/people:createContact"
    answer = await api.http.post(path, content=gzip.compress(json.dumps(FULL).encode()), headers=headers)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers, "compressed for a program that does not say that it means it"
    answer = await api.http.post(
        path, content=gzip.compress(json.dumps(FULL).encode()), headers={**headers, "User-Agent": "mine (gzip)"}
    )
    assert answer.headers["content-encoding"] == "gzip"
    assert bare(answer.json())["names"] == FULL["names"]
    answer = await api.http.post(path, content=b"\x1f\x8bnonsense", headers=headers)
    assert answer.status_code == 400


async def test_a_post_may_stand_for_another_verb(api: Api) -> None:
    person = await api.create(**named("Ada"))
    api.headers["X-HTTP-Method-Override"] = "PATCH"
    path = f"/v1/{person['resourceName']}:updateContact"
    answer = await api.send("POST", path, {**person, **named("Ida")}, updatePersonFields="names")
    assert answer.json()["names"][0]["givenName"] == "Ida"
    api.headers["X-HTTP-Method-Override"] = "DELETE"
    assert (await api.send("POST", path.replace("update", "delete"))).json() == {}


# -- etags


@pytest.mark.parametrize("which", ["person", "source"])
async def test_an_update_needs_the_current_etag(api: Api, which: str) -> None:
    person = await api.create(**named("Ada"))

    def body(seen: Json) -> Json:
        given = {"resourceName": seen["resourceName"], **named("Bob")}
        if which == "person":
            return {**given, "etag": seen["etag"]}
        source = {"type": "CONTACT", "id": seen["metadata"]["sources"][0]["id"]}
        return {**given, "metadata": {"sources": [{**source, "etag": seen["metadata"]["sources"][0]["etag"]}]}}

    changed = await api.update(body(person), "names")
    with pytest.raises(Refused) as caught:
        await api.update(body(person), "names")
    error = caught.value
    assert (error.http, error.error["status"]) == (400, "FAILED_PRECONDITION")
    assert error.message == (
        "Request person.etag is different than the current person.etag. Clear local cache and get the latest person."
    )
    assert error.error["errors"][0]["reason"] == "failedPrecondition"
    # The etag of the answer is good for the next update.
    await api.update(body(changed), "names")


async def test_a_missing_etag(api: Api) -> None:
    person = await api.create(**named("Ada"))
    for given in ({}, {"metadata": {"sources": [{"type": "CONTACT"}]}}, {"etag": ""}):
        with pytest.raises(Refused, match="400") as caught:
            await api.update({"resourceName": person["resourceName"], **given}, "names")
        assert caught.value.message == (
            "Request must set person.etag or person.metadata.sources.etag for the source that is being updated."
        )
    wrong = {"sources": [{"type": "PROFILE", "etag": "x"}]}
    with pytest.raises(Refused, match="400") as caught:
        await api.update({"resourceName": person["resourceName"], "etag": person["etag"], "metadata": wrong}, "names")
    assert "contact source" in caught.value.message


async def test_the_etag_of_the_source_goes_first(api: Api) -> None:
    person = await api.create(**named("Ada"))
    person["etag"] = "old"
    changed = await api.update(person, "names")
    changed["metadata"]["sources"][0]["etag"] = "old"
    with pytest.raises(Refused, match="400"):
        await api.update(changed, "names")


async def test_the_source_has_to_be_that_of_the_contact(api: Api) -> None:
    person = await api.create(**named("Ada"))
    (source,) = person["metadata"]["sources"]
    for other in ({**source, "id": "beef"}, {**source, "type": "PROFILE"}):
        with pytest.raises(Refused, match="must contain the contact source"):
            await api.update({**person, "metadata": {"sources": [other]}}, "names")
    del source["id"]
    await api.update({**person, "metadata": {"sources": [source]}}, "names")


async def test_the_resource_name_in_the_body_has_to_agree(api: Api) -> None:
    person = await api.create(**named("Ada"))
    path = f"/v1/{person['resourceName']}:updateContact"
    with pytest.raises(Refused) as caught:
        await api.call("PATCH", path, {**person, "resourceName": "people/c1"}, updatePersonFields="names")
    assert "must match" in caught.value.message


# -- memberships


async def test_memberships_are_replaced_and_never_empty(api: Api) -> None:
    group = (await api.post("/v1/contactGroups", {"contactGroup": {"name": "Friends of Ada"}}))["resourceName"]
    person = await api.create(**named("Ada"))

    def body(*names: str) -> Json:
        memberships = [{"contactGroupMembership": {"contactGroupResourceName": name}} for name in names]
        return {"resourceName": person["resourceName"], "etag": person["etag"], "memberships": memberships}

    person = await api.update(body(group, "contactGroups/starred", group), "memberships")
    names = [one["contactGroupMembership"]["contactGroupResourceName"] for one in person["memberships"]]
    assert names == [group, "contactGroups/starred"]
    for wrong in ((), ("contactGroups/none",), ("contactGroups/all",), ("contactGroups/family",)):
        with pytest.raises(Refused, match="400"):
            await api.update(body(*wrong), "memberships")
    del person["memberships"]
    with pytest.raises(Refused, match="400"):
        await api.update(person, "memberships")
    assert len((await api.person(person["resourceName"]))["memberships"]) == 2


# -- deleting


async def test_a_deleted_contact_is_gone(api: Api) -> None:
    person = await api.create(**named("Ada"))
    path = f"/v1/{person['resourceName']}:deleteContact"
    assert await api.call("DELETE", path) == {}
    for verb, where, query in (
        ("GET", f"/v1/{person['resourceName']}", {"personFields": "names"}),
        ("DELETE", path, {}),
    ):
        with pytest.raises(Refused, match="404"):
            await api.call(verb, where, **query)
    assert await api.get(ME, personFields="names") == {}


# -- profiles and sources


@pytest.fixture
async def linked(api: Api) -> Json:
    """A contact that is linked to somebody's profile."""
    (name,) = await api.seed({**named("Ada"), "emailAddresses": [{"value": "ada@example.com"}]})
    person = {**named("Augusta", "King"), "emailAddresses": [{"value": "augusta@example.org"}]}
    body = {"id": "199999999999999999999", "person": person}
    found: Json = await api.control("PUT", f"/google/contacts/{name.removeprefix('people/')}/profile", body)
    return found


async def test_a_profile_is_mixed_in_unless_only_the_contact_is_asked_for(api: Api, linked: Json) -> None:
    name = linked["resourceName"]
    both = await api.person(name, "names,emailAddresses,metadata")
    assert [one["metadata"]["source"]["type"] for one in both["names"]] == ["CONTACT", "PROFILE"]
    assert [one["metadata"].get("primary") for one in both["names"]] == [True, None]
    assert both["emailAddresses"][1]["metadata"]["verified"] is True
    assert [one["type"] for one in both["metadata"]["sources"]] == ["CONTACT", "PROFILE"]
    assert both["metadata"]["linkedPeopleResourceNames"] == ["people/199999999999999999999"]
    alone = await api.person(name, "names,metadata", sources="READ_SOURCE_TYPE_CONTACT")
    assert [one["displayName"] for one in alone["names"]] == ["Ada Example"]
    assert [one["type"] for one in alone["metadata"]["sources"]] == ["CONTACT"]
    profile = await api.person(name, "names,memberships,photos", sources="READ_SOURCE_TYPE_PROFILE")
    assert [one["displayName"] for one in profile["names"]] == ["Augusta King"]
    assert set(profile) == {"resourceName", "etag", "names"}
    assert (await api.person(name, "names", sources="READ_SOURCE_TYPE_UNSPECIFIED"))["names"] == both["names"]
    listed, _ = await api.everyone("names", sources="READ_SOURCE_TYPE_CONTACT")
    assert [len(one["names"]) for one in listed] == [1]


async def test_writing_mixed_fields_back(api: Api, linked: Json) -> None:
    both = await api.person(linked["resourceName"])
    with pytest.raises(Refused, match="400") as caught:
        await api.update(both, "names")
    assert caught.value.message == "Cannot have more than one person.names per source."
    changed = await api.update(both, "emailAddresses", sources="READ_SOURCE_TYPE_CONTACT")
    assert [one["value"] for one in changed["emailAddresses"]] == ["ada@example.com"]


async def test_a_change_of_the_profile_changes_the_person_s_etag_only(api: Api, linked: Json) -> None:
    name = linked["resourceName"].removeprefix("people/")
    changed = await api.control("PUT", f"/google/contacts/{name}/profile", {"person": named("Countess", "King")})
    before, after = (one["metadata"]["sources"] for one in (linked, changed))
    assert before[0]["etag"] == after[0]["etag"]
    assert before[1]["etag"] != after[1]["etag"]
    assert linked["etag"] != changed["etag"]


async def test_other_google_accounts(api: Api, linked: Json) -> None:
    person = await api.person("people/199999999999999999999", "names,metadata")
    assert person["resourceName"] == "people/199999999999999999999"
    assert person["names"][0]["displayName"] == "Augusta King"


async def test_the_user_s_own_profile(api: Api) -> None:
    me = await api.person("people/me", "names,emailAddresses,metadata,photos,memberships")
    subject = api.account["subject"]
    assert me["resourceName"] == f"people/{subject}"
    (source,) = me["metadata"]["sources"]
    assert (source["type"], source["id"]) == ("PROFILE", subject)
    assert source["profileMetadata"] == {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]}
    assert me["names"][0]["displayName"] == "Ada Example"
    assert me["emailAddresses"][0]["value"] == "ada@example.com"
    assert await api.person(f"people/{subject}", "names,emailAddresses,metadata,photos,memberships") == me
    alone: dict[str, Any] = await api.person("people/me", "names,metadata", sources="READ_SOURCE_TYPE_CONTACT")
    assert "names" not in alone
    with pytest.raises(Refused, match="is not a valid contact person resource"):
        await api.update({**me, "resourceName": "people/me"}, "names")
