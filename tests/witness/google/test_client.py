"""google-api-python-client, unmodified, on the simulated Google: every call, and every answer as its own document says."""

from __future__ import annotations

import base64
import io
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no types
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no types
from PIL import Image

from tests.google.discovery import validator
from tests.servers.sandbox import SandboxServer

Json = dict[str, Any]
FIELDS = "names,emailAddresses,phoneNumbers,memberships,metadata,photos"


class Client:
    """The client and its account; answers are judged on their way."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.account = server.new_account(name="Ada Example")
        self.service = build(
            "people",
            "v1",
            credentials=Credentials(self.account["accessToken"]),  # type: ignore[no-untyped-call]  # has no types
            client_options={"api_endpoint": server.url},
            static_discovery=True,
            cache_discovery=False,
        )
        self.people = self.service.people()
        self.groups = self.service.contactGroups()
        self.others = self.service.otherContacts()

    def run(self, request: Any, schema: str) -> Json:
        found: Json = request.execute()
        validator(schema).validate(found)
        return found

    def create(self, given: str, family: str = "Example") -> Json:
        body = {"names": [{"givenName": given, "familyName": family}]}
        validator("Person", writable=True).validate(body)
        return self.run(self.people.createContact(body=body, personFields=FIELDS), "Person")

    def control(self, verb: str, path: str, body: Any = None) -> Any:
        return self.server.control(verb, f"/accounts/{self.account['id']}{path}", body)


@pytest.fixture
def client(sandbox_server: SandboxServer) -> Iterator[Client]:
    found = Client(sandbox_server)
    yield found
    found.service.close()


def refused(request: Any) -> tuple[int, Json]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    details = caught.value.error_details
    return int(caught.value.status_code), {"reason": caught.value.reason, "details": details}


def test_create_get_update_delete(client: Client) -> None:
    made = client.create("Ada")
    name = made["resourceName"]
    read = client.run(client.people.get(resourceName=name, personFields=FIELDS), "Person")
    assert read == made
    read["names"][0]["givenName"] = "Ida"
    update = client.people.updateContact(resourceName=name, updatePersonFields="names", personFields=FIELDS, body=read)
    changed = client.run(update, "Person")
    assert changed["names"][0]["displayName"] == "Ida Example"
    status, error = refused(update)
    assert status == 400
    assert error["reason"].startswith("Request person.etag is different than the current person.etag.")
    assert client.run(client.people.deleteContact(resourceName=name), "Empty") == {}
    assert refused(client.people.get(resourceName=name, personFields=FIELDS))[0] == 404


def test_list_with_pages_and_sync(client: Client) -> None:
    names = [client.create(given)["resourceName"] for given in ("Ada", "Bob", "Eve")]
    connections = client.people.connections()
    query = {"resourceName": "people/me", "personFields": FIELDS, "pageSize": 2, "requestSyncToken": True}
    request = connections.list(**query, sortOrder="LAST_MODIFIED_ASCENDING")
    seen, token = [], None
    while request is not None:
        page = client.run(request, "ListConnectionsResponse")
        seen += [one["resourceName"] for one in page["connections"]]
        token = page.get("nextSyncToken")
        request = connections.list_next(request, page)
    assert seen == names
    client.run(client.people.deleteContact(resourceName=names[1]), "Empty")
    kim = client.create("Kim")["resourceName"]
    request = connections.list(**query, syncToken=token)
    page = client.run(request, "ListConnectionsResponse")
    assert [(one["resourceName"], one["metadata"].get("deleted")) for one in page["connections"]] == [
        (names[1], True),
        (kim, None),
    ]
    assert connections.list_next(request, page) is None
    client.control("PUT", "/quirks/google-sync-token-expired", {"variant": "INVALID_ARGUMENT"})
    status, error = refused(connections.list(**query, syncToken=token))
    assert status == 400
    assert error["details"][0]["reason"] == "EXPIRED_SYNC_TOKEN"


def test_batches(client: Client) -> None:
    body = {
        "contacts": [{"contactPerson": {"names": [{"givenName": given}]}} for given in ("Ada", "Bob")],
        "readMask": "names,metadata",
    }
    validator("BatchCreateContactsRequest", writable=True).validate(body)
    made = client.run(client.people.batchCreateContacts(body=body), "BatchCreateContactsResponse")["createdPeople"]
    names = [one["person"]["resourceName"] for one in made]
    got = client.run(client.people.getBatchGet(resourceNames=names, personFields=FIELDS), "GetPeopleResponse")
    assert [one["requestedResourceName"] for one in got["responses"]] == names
    change = {
        "contacts": {
            one["person"]["resourceName"]: {"etag": one["person"]["etag"], "names": [{"givenName": "New"}]}
            for one in got["responses"]
        },
        "updateMask": "names",
        "readMask": "names",
    }
    validator("BatchUpdateContactsRequest", writable=True).validate(change)
    changed = client.run(client.people.batchUpdateContacts(body=change), "BatchUpdateContactsResponse")
    assert {one["person"]["names"][0]["givenName"] for one in changed["updateResult"].values()} == {"New"}
    status, error = refused(client.people.batchUpdateContacts(body=change))
    assert status == 400
    assert set(error["details"][0]["contactErrors"]) == set(names)
    # A request line that is too long: the client sends a POST that stands for a GET.
    many = client.people.getBatchGet(resourceNames=names * 100, personFields=FIELDS)
    assert len(many.uri) > 2048
    assert len(client.run(many, "GetPeopleResponse")["responses"]) == 200
    assert client.run(client.people.batchDeleteContacts(body={"resourceNames": names}), "Empty") == {}


def test_search(client: Client) -> None:
    client.create("Ada")
    warm = client.people.searchContacts(query="", readMask="names")
    assert client.run(warm, "SearchResponse") == {}
    found = client.run(client.people.searchContacts(query="ada", readMask="names", pageSize=10), "SearchResponse")
    assert [one["person"]["names"][0]["givenName"] for one in found["results"]] == ["Ada"]


def test_groups(client: Client) -> None:
    name = client.create("Ada")["resourceName"]
    body = {"contactGroup": {"name": "Climbers"}}
    group = client.run(client.groups.create(body=body), "ContactGroup")["resourceName"]
    assert refused(client.groups.create(body=body))[0] == 409
    modify = client.groups.members().modify(resourceName=group, body={"resourceNamesToAdd": [name, "people/c404"]})
    assert client.run(modify, "ModifyContactGroupMembersResponse") == {"notFoundResourceNames": ["people/c404"]}
    got = client.run(client.groups.get(resourceName=group, maxMembers=10), "ContactGroup")
    assert got["memberResourceNames"] == [name]
    update = client.groups.update(resourceName=group, body={"contactGroup": {"name": "Hikers"}})
    assert client.run(update, "ContactGroup")["name"] == "Hikers"
    batch = client.run(client.groups.batchGet(resourceNames=[group]), "BatchGetContactGroupsResponse")
    assert batch["responses"][0]["contactGroup"]["name"] == "Hikers"
    request = client.groups.list(pageSize=5)
    names = []
    while request is not None:
        page = client.run(request, "ListContactGroupsResponse")
        names += [one["name"] for one in page["contactGroups"]]
        request = client.groups.list_next(request, page)
    assert names[-1] == "Hikers"
    assert len(names) == 9
    assert client.run(client.groups.delete(resourceName=group, deleteContacts=True), "Empty") == {}
    assert refused(client.people.get(resourceName=name, personFields="names"))[0] == 404


def test_photos(client: Client) -> None:
    name = client.create("Ada")["resourceName"]
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "blue").save(picture, "PNG")
    body = {"photoBytes": base64.b64encode(picture.getvalue()).decode(), "personFields": "photos"}
    validator("UpdateContactPhotoRequest", writable=True).validate(body)
    update = client.people.updateContactPhoto(resourceName=name, body=body)
    (photo,) = client.run(update, "UpdateContactPhotoResponse")["person"]["photos"]
    with urllib.request.urlopen(f"{photo['url']}?sz=64", timeout=60) as answer:  # noqa: S310 - a URL of ours
        assert answer.read() == picture.getvalue()
    delete = client.people.deleteContactPhoto(resourceName=name, personFields="photos")
    (photo,) = client.run(delete, "DeleteContactPhotoResponse")["person"]["photos"]
    assert photo["default"] is True


def test_other_contacts(client: Client) -> None:
    client.control("POST", "/google/others", {"people": [{"names": [{"givenName": "Eve"}]}]})
    page = client.run(client.others.list(readMask="names", requestSyncToken=True), "ListOtherContactsResponse")
    (other,) = page["otherContacts"]
    assert page["nextSyncToken"]
    client.run(client.others.search(query="", readMask="names"), "SearchResponse")
    found = client.run(client.others.search(query="eve", readMask="names"), "SearchResponse")
    assert found["results"][0]["person"]["resourceName"] == other["resourceName"]
    copy = client.others.copyOtherContactToMyContactsGroup(
        resourceName=other["resourceName"], body={"copyMask": "names"}
    )
    assert client.run(copy, "Person")["names"][0]["givenName"] == "Eve"


def test_the_user(client: Client) -> None:
    me = client.run(client.people.get(resourceName="people/me", personFields="names,metadata"), "Person")
    assert me["resourceName"] == f"people/{client.account['subject']}"


def test_directories_are_for_workspace(client: Client) -> None:
    sources = "DIRECTORY_SOURCE_TYPE_DOMAIN_PROFILE"
    assert refused(client.people.listDirectoryPeople(readMask="names", sources=sources))[0] == 403
    assert refused(client.people.searchDirectoryPeople(query="a", readMask="names", sources=sources))[0] == 403


def test_throttling(client: Client) -> None:
    client.control("PUT", "/quirks/google-write-quota", {})
    status, error = refused(client.people.createContact(body={}))
    assert status == 429
    assert error["details"][0]["violations"][0]["description"] == "FBS quota limit exceeded"


def test_every_method_was_called() -> None:
    """The calls above are all that the client has."""
    from pathlib import Path

    from tests.google.discovery import methods

    text = Path(__file__).read_text(encoding="utf-8")
    for name in methods():
        assert f".{name.rpartition('.')[2]}(" in text, name
