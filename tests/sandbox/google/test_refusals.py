"""Requests that Google refuses, with its words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.google.api import ME, Api, Refused, named

G = "/v1/contactGroups"


async def refused(api: Api, *args: Any, **query: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await api.call(*args, **query)
    return caught.value


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        (ME, {}, "personFields mask is required."),
        (ME, {"personFields": ""}, "personFields mask is required."),
        (ME, {"personFields": "names,title"}, 'Invalid personFields mask path: "title".'),
        (ME, {"personFields": "etag"}, 'Invalid personFields mask path: "etag".'),
        (ME, {"personFields": "fileAses"}, 'Invalid personFields mask path: "fileAses".'),
        (ME, {"personFields": "names.givenName"}, 'Invalid personFields mask path: "names.givenName".'),
        (ME, {"personFields": "*"}, 'Invalid personFields mask path: "*".'),
        (ME, {"requestMask__includeField": "names"}, 'Invalid personFields mask path: "?names".'),
        (ME, {"personFields": "names", "pageSize": 1001}, "Page size must be between 1 and 1000."),
        (ME, {"personFields": "names", "pageSize": -1}, "Page size must be between 1 and 1000."),
        (ME, {"personFields": "names", "pageSize": "x"}, "Invalid value at 'page_size' (TYPE_INT32), \"x\""),
        (ME, {"personFields": "names", "pageSize": "99999999999"}, "Invalid value at 'page_size' (TYPE_INT32)"),
        (ME, {"personFields": "names", "requestSyncToken": "1"}, "Invalid value at 'request_sync_token' (TYPE_BOOL)"),
        (ME, {"personFields": "names", "sortOrder": "NAME"}, "Invalid value at 'sort_order'"),
        (ME, {"personFields": "names", "sources": "CONTACT"}, "Invalid value at 'sources'"),
        (ME, {"personFields": "names", "pagesize": 1}, 'Unknown name "pagesize": Cannot bind query parameter.'),
        (ME, {"personFields": ["names", "photos"]}, "Invalid value at 'person_fields'"),
        (ME, {"personFields": "names", "pageToken": "abc"}, "Request contains an invalid argument."),
        (ME, {"personFields": "names", "pageToken": "ä"}, "Request contains an invalid argument."),
        (ME, {"personFields": "names", "syncToken": "abc"}, "Request contains an invalid argument."),
        (ME, {"personFields": "names", "alt": "proto"}, "does not serve alt=proto"),
        (ME, {"personFields": "names", "requestSyncToken": True, "sortOrder": "FIRST_NAME_ASCENDING"}, "Sort order"),
        ("/v1/people/c1/connections", {"personFields": "names"}, "Only people/me"),
        ("/v1/people/me", {}, "personFields mask is required."),
        ("/v1/people:batchGet", {"personFields": "names"}, "Request must set resource_names."),
        ("/v1/people:batchGet", {"resourceNames": "people/me"}, "personFields mask is required."),
        (
            "/v1/people:batchGet",
            {"personFields": "names", "resourceNames": ["people/c1"] * 201},
            "Request must have at most 200 resource_names.",
        ),
        ("/v1/people:searchContacts", {"query": "a"}, "readMask mask is required."),
        ("/v1/people:searchContacts", {"readMask": "names"}, "Request must set query."),
        ("/v1/people:searchContacts", {"query": "a", "readMask": "names", "pageSize": -1}, "Page size"),
        ("/v1/otherContacts", {}, "readMask mask is required."),
        ("/v1/otherContacts", {"readMask": "addresses"}, 'Invalid readMask mask path: "addresses".'),
        (
            "/v1/otherContacts",
            {"readMask": "names", "sources": "READ_SOURCE_TYPE_PROFILE"},
            "READ_SOURCE_TYPE_PROFILE cannot be specified without READ_SOURCE_TYPE_CONTACT.",
        ),
        (
            "/v1/otherContacts",
            {"readMask": "names", "sources": ["READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_DOMAIN_CONTACT"]},
            "Sources must be READ_SOURCE_TYPE_CONTACT, with or without READ_SOURCE_TYPE_PROFILE.",
        ),
        ("/v1/otherContacts:search", {"query": "a", "readMask": "photos"}, 'Invalid readMask mask path: "photos".'),
        (G, {"groupFields": "names"}, 'Invalid groupFields mask path: "names".'),
        (G, {"pageSize": 1001}, "Page size must be between 1 and 1000."),
        (f"{G}:batchGet", {}, "Request must have 1 to 200 resource_names."),
        (f"{G}/all", {"maxMembers": -1}, "max_members must not be negative."),
    ],
)
async def test_bad_parameters(api: Api, path: str, query: dict[str, Any], said: str) -> None:
    error = await refused(api, "GET", path, **query)
    assert (error.http, error.error["status"]) == (400, "INVALID_ARGUMENT")
    assert said in error.message


PERSON = "/v1/people:createContact"
CREATE = "/v1/people:batchCreateContacts"
UPDATE = "/v1/people:batchUpdateContacts"
DELETE = "/v1/people:batchDeleteContacts"


@pytest.mark.parametrize(
    ("verb", "path", "body", "said"),
    [
        ("POST", PERSON, {"name": []}, "Unknown name \"name\" at 'person': Cannot find field."),
        (
            "POST",
            PERSON,
            {"names": [{"given": "A"}]},
            "Unknown name \"given\" at 'person.names[0]': Cannot find field.",
        ),
        ("POST", PERSON, {"names": {"givenName": "A"}}, "Invalid value at 'person.names'"),
        ("POST", PERSON, {"names": ["A"]}, "Invalid value at 'person.names[0]'"),
        (
            "POST",
            PERSON,
            {"names": [{"givenName": 5}]},
            "Invalid value at 'person.names[0].given_name' (TYPE_STRING), 5",
        ),
        ("POST", PERSON, {"names": [{"givenName": ["A"]}]}, "Proto field is not repeating, cannot start list."),
        (
            "POST",
            PERSON,
            {"nicknames": [{"value": "A", "type": "NICK"}]},
            "Invalid value at 'person.nicknames[0].type'",
        ),
        (
            "POST",
            PERSON,
            {"birthdays": [{"date": {"month": "May"}}]},
            "Invalid value at 'person.birthdays[0].date.month'",
        ),
        ("POST", PERSON, {"birthdays": [{"date": {"month": 2, "day": 30}}]}, "is not a date"),
        ("POST", PERSON, {"birthdays": [{"date": {"year": 1999, "month": 2, "day": 29}}]}, "is not a date"),
        ("POST", PERSON, {"birthdays": [{"date": {"month": 13, "day": 1}}]}, "is not a date"),
        ("POST", PERSON, {"events": [{"date": {"year": 1999, "day": 1}}]}, "is not a date"),
        ("POST", PERSON, {"names": [{"givenName": "A"}, {"givenName": "B"}]}, "more than one person.names per source"),
        ("POST", PERSON, {"birthdays": [{"text": "A"}, {"text": "B"}]}, "more than one person.birthdays per source"),
        ("POST", PERSON, {"biographies": [{"value": "A"}, {"value": "B"}]}, "more than one person.biographies"),
        ("POST", PERSON, {"genders": [{"value": "A"}, {"value": "B"}]}, "more than one person.genders per source"),
        (
            "POST",
            PERSON,
            {"urls": [{"value": value, "metadata": {"sourcePrimary": True}} for value in ("a", "b")]},
            "at most one person.urls with metadata.source_primary",
        ),
        (
            "POST",
            PERSON,
            {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/none"}}]},
            "contactGroups/none does not exist",
        ),
        (
            "POST",
            PERSON,
            {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/friends"}}]},
            "cannot be added to the system group",
        ),
        ("POST", PERSON, {"memberships": [{"contactGroupMembership": {}}]}, "must be set to the resource name"),
        ("POST", PERSON, {"names": [{"givenName": "A", "given_name": "B"}]}, "is set twice"),
        ("POST", PERSON, {"metadata": {"sources": [{"updateTime": "yesterday"}]}}, "Illegal timestamp format"),
        ("POST", PERSON, {"metadata": {"sources": [{"updateTime": "2026-13-01T00:00:00Z"}]}}, "Illegal timestamp"),
        ("POST", CREATE, {}, "Request must set contacts."),
        ("POST", CREATE, {"contacts": [{}]}, "Request must set contacts.contact_person."),
        ("POST", CREATE, {"contacts": [{"person": {}}]}, "Unknown name \"person\" at 'contacts[0]'"),
        ("POST", CREATE, {"contacts": [{"contactPerson": {}}] * 201}, "at most 200 contacts"),
        ("POST", CREATE, {"contacts": [{"contactPerson": {}}], "readMask": "x"}, "Invalid readMask mask path"),
        ("POST", UPDATE, {"updateMask": "names"}, "Request must set contacts."),
        ("POST", UPDATE, {"contacts": {"people/c1": {}}}, "updateMask mask is required."),
        ("POST", UPDATE, {"contacts": {"people/c1": {}}, "updateMask": "photos"}, "Invalid updateMask mask path"),
        ("POST", UPDATE, {"contacts": {"people/c1": {"x": 1}}, "updateMask": "names"}, "at 'contacts[0].value'"),
        (
            "POST",
            UPDATE,
            {"contacts": {f"people/c{n}": {} for n in range(201)}, "updateMask": "names"},
            "at most 200 contacts",
        ),
        ("POST", DELETE, {}, "Request must set resource_names."),
        ("POST", DELETE, {"resourceNames": ["people/c1"] * 501}, "at most 500 resource_names"),
        ("POST", G, {}, "Request must set contact_group."),
        ("POST", G, {"contactGroup": {"name": " "}}, "Contact group name is required."),
        ("POST", G, {"contactGroup": {"name": "A"}, "readGroupFields": "memberCount"}, "Invalid readGroupFields mask"),
        (
            "POST",
            f"{G}/all/members:modify",
            {"resourceNamesToAdd": ["people/c1"]},
            "cannot be added to the system group",
        ),
        ("POST", f"{G}/all/members:modify", {"resourceNamesToAdd": ["people/c1"] * 1001}, "at most 1000"),
        ("PUT", f"{G}/friends", {"contactGroup": {"name": "A"}}, "System contact groups cannot be changed."),
        ("PUT", f"{G}/friends", {"contactGroup": {}, "updateGroupFields": "etag"}, "Invalid updateGroupFields mask"),
        ("DELETE", f"{G}/friends", None, "System contact groups cannot be deleted."),
        ("PATCH", "/v1/people/c1:updateContact", {}, "updatePersonFields mask is required."),
        ("PATCH", "/v1/people/c1:updateContactPhoto", {}, "Request must set photo_bytes."),
        ("PATCH", "/v1/people/c1:updateContactPhoto", {"photoBytes": "*"}, "Base64 decoding failed"),
    ],
)
async def test_bad_bodies(api: Api, verb: str, path: str, body: Any, said: str) -> None:
    error = await refused(api, verb, path, body)
    assert (error.http, error.error["status"]) == (400, "INVALID_ARGUMENT"), error.message
    assert said in error.message
    assert await api.get(ME, personFields="names") == {}


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("photos", 'Invalid updatePersonFields mask path: "photos".'),
        ("skills", 'Invalid updatePersonFields mask path: "skills".'),
        ("metadata", 'Invalid updatePersonFields mask path: "metadata".'),
        ("names,names.givenName", 'Invalid updatePersonFields mask path: "names.givenName".'),
        ("", "updatePersonFields mask is required."),
    ],
)
async def test_masks_of_updates(api: Api, mask: str, said: str) -> None:
    person = await api.create(**named("Ada"))
    with pytest.raises(Refused, match="400") as caught:
        await api.update(person, mask)
    assert said in caught.value.message


@pytest.mark.parametrize(
    "raw", ["{", "[]", '"x"', '{"names": NaN}', '{"names": [], "names": []}', "\ud800", '{"a": "\\ud800"}', "[" * 5000]
)
async def test_malformed_json(api: Api, raw: str) -> None:
    content = raw.encode("utf-8", "surrogatepass")
    headers = {"Authorization": "Bearer tok", "Content-Type": "application/json"}
    answer = await api.http.post(PERSON, content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid JSON payload received.")


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        (PERSON, rb'{"names": [{"givenName": "\ud800"}]}'),
        (PERSON, rb'{"\ud800": 1}'),
        (PERSON, rb'{"\ud800": 1, "\ud800": 1}'),
        (PERSON, rb'{"names": "\ud800"}'),
        (PERSON, rb'{"nicknames": [{"type": "\ud800"}]}'),
        (PERSON, rb'{"organizations": [{"current": "\ud800"}]}'),
        (PERSON, rb'{"birthdays": [{"date": {"month": "\ud800"}}]}'),
        (UPDATE, rb'{"updateMask": "names", "contacts": {"\ud800": {"etag": "x"}}}'),
    ],
)
async def test_a_lone_surrogate_is_no_text(api: Api, path: str, raw: bytes) -> None:
    headers = {"Authorization": "Bearer tok", "Content-Type": "application/json"}
    answer = await api.http.post(path, content=raw, headers=headers)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_a_person_without_a_body(api: Api) -> None:
    error = await refused(api, "POST", PERSON)
    assert (error.http, error.message) == (400, "Request must contain a person.")
    assert await api.everyone() == ([], {})
    # The resource name in the path is a person already.
    (name,) = await api.seed(named("Ada"))
    error = await refused(api, "PATCH", f"/v1/{name}:updateContact", updatePersonFields="names")
    assert "Request must set person.etag" in error.message


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PATCH", "updateContact", {"etag": "x"}),
        ("DELETE", "deleteContact", None),
        ("PATCH", "updateContactPhoto", {"photoBytes": "eA=="}),
        ("DELETE", "deleteContactPhoto", None),
    ],
)
@pytest.mark.parametrize("person", ["me", "112233445566778899001"])
async def test_a_profile_is_no_contact(api: Api, verb: str, path: str, body: Any, person: str) -> None:
    query = {"updatePersonFields": "names"} if path == "updateContact" else {}
    error = await refused(api, verb, f"/v1/people/{person}:{path}", body, **query)
    assert (error.http, error.error["status"]) == (400, "INVALID_ARGUMENT")
    assert error.message == f'Resource name "people/{person}" is not a valid contact person resource.'


@pytest.mark.parametrize(
    ("verb", "path", "name", "page"),
    [
        ("PATCH", "/v1/people/c1:updateContact", "updatePersonFields", "people/updateContact"),
        ("GET", "/v1/people/me", "personFields", "people/get"),
        ("GET", ME, "personFields", "people.connections/list"),
        ("GET", "/v1/otherContacts", "readMask", "otherContacts/list"),
    ],
)
async def test_where_masks_are_documented(api: Api, verb: str, path: str, name: str, page: str) -> None:
    error = await refused(api, verb, path, {} if verb == "PATCH" else None)
    assert error.message == (
        f"{name} mask is required. Please specify one or more valid paths. Valid paths are documented at "
        f"https://developers.google.com/people/api/rest/v1/{page}."
    )


@pytest.mark.parametrize("name", ["people/me", "otherContacts/c1", "c1", ""])
async def test_a_batch_is_of_contacts(api: Api, name: str) -> None:
    said = f'Resource name "{name}" is not a valid contact person resource.'
    error = await refused(api, "POST", DELETE, {"resourceNames": [name]})
    assert (error.http, error.message) == (400, said)
    error = await refused(api, "POST", UPDATE, {"contacts": {name: {"etag": "x"}}, "updateMask": "names"})
    assert error.error["details"][0]["contactErrors"] == {name: {"code": 3, "message": said}}


async def test_bodies_where_none_belongs(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    headers = {"Authorization": "Bearer tok"}
    answer = await api.http.request("DELETE", f"/v1/{name}:deleteContact", content=b'{"a":1}', headers=headers)
    assert answer.status_code == 400
    answer = await api.http.request("DELETE", f"/v1/{name}:deleteContact", content=b"{}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "/v1/people/c404", None),
        ("PATCH", "/v1/people/c404:updateContact", {"etag": "x"}),
        ("DELETE", "/v1/people/c404:deleteContact", None),
        ("DELETE", "/v1/people/c404:deleteContactPhoto", None),
        ("POST", DELETE, {"resourceNames": ["people/c404"]}),
        ("GET", f"{G}/404", None),
        ("PUT", f"{G}/404", {"contactGroup": {"name": "A"}}),
        ("DELETE", f"{G}/404", None),
        ("POST", f"{G}/404/members:modify", {}),
        ("POST", "/v1/otherContacts/c404:copyOtherContactToMyContactsGroup", {"copyMask": "names"}),
    ],
)
async def test_what_is_not_there(api: Api, verb: str, path: str, body: Any) -> None:
    query = {"personFields": "names"} if verb == "GET" and "people" in path else {}
    query |= {"updatePersonFields": "names"} if path.endswith("updateContact") else {}
    error = await refused(api, verb, path, body, **query)
    assert (error.http, error.error["status"]) == (404, "NOT_FOUND")
    assert error.message == "Requested entity was not found."


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/persons/me"),
        ("GET", "/v2/people/me"),
        ("POST", "/v1/people/me:createContact"),
        ("POST", "/v1/people/me"),
        ("PUT", "/v1/people/c1:updateContact"),
        ("GET", "/v1/people/c1:updateContact"),
        ("GET", "/v1/people/me/connections/"),
        ("GET", "/v1/people"),
        ("DELETE", "/v1/people:batchDeleteContacts"),
        ("OPTIONS", "/v1/contactGroups"),
        ("GET", "/photos/none=s100"),
        ("GET", "/photos/letter-1-65=sx"),
    ],
)
async def test_unknown_paths_and_verbs(api: Api, verb: str, path: str) -> None:
    answer = await api.send(verb, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Error 404 (Not Found)!!1" in answer.text


@pytest.mark.parametrize("name", ["listDirectoryPeople", "searchDirectoryPeople"])
async def test_a_consumer_has_no_directory(api: Api, name: str) -> None:
    scope = "https://www.googleapis.com/auth/directory.readonly"
    await api.control("POST", "/tokens", {"accessToken": "d", "scopes": [scope]})
    api.token = "d"
    query = {"readMask": "names", "sources": "DIRECTORY_SOURCE_TYPE_DOMAIN_PROFILE"}
    error = await refused(api, "GET", f"/v1/people:{name}", **query)
    assert (error.http, error.error["status"]) == (403, "PERMISSION_DENIED")


async def test_the_account_is_full(api: Api) -> None:
    await api.control("PUT", "/google/settings", {"contactLimit": 2})
    person = await api.create(**named("Ada"))
    await api.create(**named("Bob"))
    error = await refused(api, "POST", PERSON, named("Eve"))
    assert error.message == "MY_CONTACTS_OVERFLOW_COUNT"
    await api.call("DELETE", f"/v1/{person['resourceName']}:deleteContact")
    # The trash counts, for thirty days.
    assert (await refused(api, "POST", PERSON, named("Eve"))).message == "MY_CONTACTS_OVERFLOW_COUNT"
    await api.pass_time(30 * 86_400)
    await api.control("POST", "/tokens", {"accessToken": "new"})
    api.token = "new"
    two = {"contacts": [{"contactPerson": named("Eve")}, {"contactPerson": named("Kim")}]}
    assert (await refused(api, "POST", CREATE, two)).message == "MY_CONTACTS_OVERFLOW_COUNT"
    await api.create(**named("Eve"))
    people, _ = await api.everyone()
    assert len(people) == 2
