"""The judge of Graph's requests and answers refuses what is not described, and takes what is."""

from __future__ import annotations

import base64
import copy
import json
import re
from typing import Any

import pytest

from tests.microsoft.contract import Broken, Json, document, operation, operations
from tests.microsoft.judge import Judge, answer, notification, request

CONTACTS = "/v1.0/me/contactFolders/contacts/contacts"
CONTACT = f"{CONTACTS}/AAMkAGI2%3D"
JSON = {"content-type": "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8"}
NEXT = "https://graph.microsoft.com/v1.0/me/contacts/delta?$skiptoken=a"
MATCH = {**JSON, "if-match": 'W/"EQ"'}


def contact(**more: Any) -> Json:
    """A contact as Graph answers with it, with all its members."""
    found: Json = {
        "@odata.etag": 'W/"EQ"', "id": "AAMkAGI2=", "changeKey": "EQ", "createdDateTime": "2026-01-01T00:00:00Z",
        "lastModifiedDateTime": "2026-01-01T00:00:00.123Z", "categories": [], "parentFolderId": "AAMkF=",
        "emailAddresses": [{"name": "Ada", "address": "ada@example.com"}], "businessPhones": ["+1 2"], "homePhones": [],
        "imAddresses": [], "children": [], "homeAddress": {"city": "Bern"}, "businessAddress": {}, "otherAddress": {},
    }  # fmt: skip
    for name in (
        "assistantName", "birthday", "businessHomePage", "companyName", "department", "displayName", "fileAs",
        "generation", "givenName", "initials", "jobTitle", "manager", "middleName", "mobilePhone", "nickName",
        "officeLocation", "personalNotes", "profession", "spouseName", "surname", "title", "yomiCompanyName",
        "yomiGivenName", "yomiSurname",
    ):  # fmt: skip
        found[name] = None
    return found | more


def of(value: Any) -> bytes:
    return json.dumps(value).encode()


def step(number: int, **more: Any) -> Json:
    return {"id": str(number), "method": "GET", "url": "/me/contacts/A", **more}


def steps(*given: Json) -> bytes:
    return of({"requests": list(given)})


PROPERTY = {"id": "String 0x3A21", "value": "x"}

GOOD_REQUESTS = [
    ("GET", f"{CONTACTS}?$top=5&$select=id,displayName&$count=true&$orderby=displayName%20desc", {}, b""),
    ("GET", f"{CONTACTS}/delta", {"prefer": 'odata.maxpagesize=500, IdType="ImmutableId"'}, b""),
    ("GET", f"{CONTACTS}/delta()?$deltatoken=x", {}, b""),
    ("GET", "/v1.0/users/ada%40example.com/contacts/microsoft.graph.delta()", {}, b""),
    ("GET", "/v1.0/me/contactfolders('AAMk%3D')/contacts('A')", {}, b""),
    ("GET", "/v1.0/me/contactFolders/a/childFolders/b/contacts/c/photo/$value", {}, b""),
    ("POST", CONTACTS, JSON, of({"givenName": "Ada", "singleValueExtendedProperties": [PROPERTY]})),
    ("POST", "/v1.0/me/contacts", JSON, of({"@odata.type": "#microsoft.graph.contact", "mobilePhone": None})),
    ("PATCH", CONTACT, MATCH, of({"birthday": "1815-12-10T11:59:00Z", "emailAddresses": []})),
    ("DELETE", CONTACT, {"if-match": "x"}, b""),
    ("PUT", f"{CONTACT}/photo/$value", {"content-type": "image/jpeg"}, b"\xff\xd8"),
    ("POST", f"{CONTACT}/extensions", JSON, of({"extensionName": "com.example.a", "anything": [1]})),
    ("POST", f"{CONTACT}/permanentDelete", {}, b""),
    ("GET", "/v1.0/me?$select=id,mail", {}, b""),
    (
        "POST",
        "/v1.0/me/translateExchangeIds",
        JSON,
        of({"inputIds": ["a"], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}),
    ),
    (
        "POST",
        "/v1.0/subscriptions",
        JSON,
        of(
            {
                "changeType": "created,updated,deleted",
                "notificationUrl": "https://example.com/n",
                "resource": "/me/contacts",
                "expirationDateTime": "2026-01-02T00:00:00Z",
            }
        ),
    ),
    (
        "POST",
        "/v1.0/$batch",
        JSON,
        steps(
            step(1, headers={"Prefer": 'IdType="ImmutableId"'}),
            step(2, method="POST", url="me/contacts", headers=JSON, body={"surname": "B"}, dependsOn=["1"]),
            step(3, method="PUT", url="/me/contacts/A/photo/$value", headers={"Content-Type": "image/jpeg"}, body="_w"),
        ),
    ),
]

BAD_REQUESTS = [
    ("GET", "/beta/me/contacts", {}, b"", "not below"),
    ("GET", "/v1.0/me/contact", {}, b"", "no path"),
    ("GET", "/v1.0/me/contacts//photo", {}, b"", "no path"),
    ("PUT", CONTACT, JSON, b"{}", "has no PUT"),
    ("PATCH", CONTACTS, JSON, b"{}", "has no PATCH"),
    ("GET", f"{CONTACTS}?top=5", {}, b"", "unknown parameter top"),
    ("GET", f"{CONTACTS}?$top=-1", {}, b"", "cannot be"),
    ("GET", f"{CONTACTS}?$top=1&$top=2", {}, b"", "twice"),
    ("GET", f"{CONTACTS}?$count=yes", {}, b"", "cannot be"),
    ("GET", f"{CONTACTS}?$select=", {}, b"", "cannot be"),
    ("GET", CONTACT, {"if-match": "x"}, b"", "If-Match"),
    ("GET", CONTACT, {"prefer": "IdType=ImmutableId"}, b"", "unknown preference"),
    ("GET", CONTACT, {"prefer": "odata.maxpagesize=0"}, b"", "unknown preference"),
    ("GET", CONTACT, {}, b"{}x", "takes no body"),
    ("POST", CONTACTS, JSON, b"", "without a body"),
    ("POST", CONTACTS, {}, b"{}", "no media type"),
    ("POST", CONTACTS, JSON, b"{", "not JSON"),
    ("POST", CONTACTS, JSON, of({"name": "Ada"}), "'name' does not match"),
    ("POST", CONTACTS, JSON, of({"id": "A"}), "'id' does not match"),
    ("POST", CONTACTS, JSON, of({"@odata.etag": "A"}), "'@odata.etag' does not"),
    ("PATCH", CONTACT, JSON, of({"changeKey": "A"}), "'changeKey' does not match"),
    ("PATCH", CONTACT, JSON, of({"emailAddresses": None}), "None is not of type"),
    ("PATCH", CONTACT, JSON, of({"emailAddresses": [{"address": "a", "type": "home"}]}), "type"),
    ("PATCH", CONTACT, JSON, of({"homeAddress": {"country": "CH"}}), "country"),
    ("PATCH", CONTACT, JSON, of({"birthday": "1815-12-10"}), "does not match"),
    ("PATCH", CONTACT, JSON, of({"homePhones": "+1"}), "not of type"),
    ("PATCH", CONTACT, JSON, of({"singleValueExtendedProperties": [{"value": "x"}]}), "required"),
    ("POST", f"{CONTACT}/extensions", JSON, of({"anything": 1}), "extensionName"),
    ("PUT", f"{CONTACT}/photo/$value", {"content-type": "image/gif"}, b"x", "image/gif"),
    ("POST", "/v1.0/subscriptions", JSON, of({"expires": "2026-01-02T00:00:00Z"}), "expires"),
    ("POST", "/v1.0/$batch", JSON, steps(*[step(number) for number in range(21)]), "too long"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1), step(1)), "twice"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, id="a"), step(1, id="A")), "twice"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, dependsOn=["2"])), "depends on"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, url="https://graph.microsoft.com/v1.0/me")), "not relative"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, method="POST", url="/me/contacts", body={})), "no media type"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, method="POST", url="/me/contacts", body="e", headers=JSON)), "text"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, method="PATCH", headers=JSON, body={"id": "A"})), "id"),
    ("POST", "/v1.0/$batch", JSON, steps(step(1, url="/me/nothing")), "no path"),
]


@pytest.mark.parametrize(("verb", "target", "headers", "body"), GOOD_REQUESTS)
def test_requests_that_are_described(verb: str, target: str, headers: dict[str, str], body: bytes) -> None:
    assert request(verb, target, headers, body).verb == verb


@pytest.mark.parametrize(("verb", "target", "headers", "body", "why"), BAD_REQUESTS)
def test_requests_that_are_not(verb: str, target: str, headers: dict[str, str], body: bytes, why: str) -> None:
    with pytest.raises(Broken, match=re.escape(why)):
        request(verb, target, headers, body)


ERROR = {"error": {"code": "ErrorItemNotFound", "message": "No.", "innerError": {"date": "2026-01-01T00:00:00"}}}
EXPANDED = contact(singleValueExtendedProperties=[{"id": "string 0x3a21", "value": "x"}])
ANNOTATED = contact(**{"singleValueExtendedProperties@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x"})
PHOTO = {"id": "1x1", "width": 1, "height": 1, "@odata.mediaContentType": "image/jpeg", "@odata.mediaEtag": "x"}
ASKED = steps(step(1), step(2, method="DELETE"), step(3, url="/me/contacts/A/photo/$value"))
GOT = [
    {"id": "2", "status": 204, "headers": {"Cache-Control": "no-cache"}},
    {"id": "1", "status": 404, "headers": {"Content-Type": "application/json"}, "body": ERROR},
    {
        "id": "3",
        "status": 200,
        "headers": {"Content-Type": "image/jpeg"},
        "body": base64.b64encode(b"\xff\xd8").decode(),
    },
]

GOOD_ANSWERS: list[tuple[str, str, int, Any]] = [
    ("GET", CONTACT, 200, contact()),
    ("GET", f"{CONTACT}?$expand=singleValueExtendedProperties($filter=id%20eq%20'x')", 200, EXPANDED),
    ("GET", CONTACT, 200, ANNOTATED),
    ("GET", f"{CONTACT}?$select=displayName", 200, {"@odata.etag": "x", "id": "A", "displayName": None}),
    ("GET", CONTACTS, 200, {"value": [contact()], "@odata.context": "x", "@odata.count": 1, "@odata.nextLink": NEXT}),
    ("GET", f"{CONTACTS}/delta", 200, {"value": [{"@odata.etag": "x", "id": "A"}], "@odata.nextLink": NEXT}),
    ("GET", f"{CONTACTS}/delta", 200, {"value": [{"id": "A", "@removed": {"reason": "deleted"}}], "@odata.deltaLink": NEXT}),
    ("GET", CONTACT, 404, ERROR),
    ("GET", "/v1.0/me/nothing", 400, ERROR),
    ("GET", f"{CONTACT}/photo", 200, PHOTO),
    ("DELETE", CONTACT, 204, None),
    ("POST", f"{CONTACT}/extensions", 201, {"id": "microsoft.graph.x", "extensionName": "x", "anything": 1}),
    ("POST", "/v1.0/me/translateExchangeIds", 200, {"value": [{"sourceId": "a", "targetId": "b"}]}),
]  # fmt: skip

BAD_ANSWERS: list[tuple[str, str, int, Any, str]] = [
    ("GET", CONTACT, 200, contact(pager="1"), "pager"),
    ("GET", CONTACT, 200, {**contact(), "@odata.unknown": "1"}, "@odata.unknown"),
    ("GET", CONTACT, 200, {name: one for name, one in contact().items() if name != "@odata.etag"}, "required"),
    ("GET", CONTACT, 200, {name: one for name, one in contact().items() if name != "surname"}, "without surname"),
    ("GET", CONTACT, 200, contact(emailAddresses=[{"address": "a", "type": "home"}]), "type"),
    ("GET", CONTACT, 200, contact(birthday="1815-12-10"), "does not match"),
    ("GET", CONTACT, 200, contact(children=None), "None is not of type"),
    ("GET", CONTACT, 200, contact(singleValueExtendedProperties=[{"id": "a"}]), "required"),
    ("GET", CONTACT, 200, contact(photo={"id": "1", "width": "1"}), "photo"),
    ("GET", CONTACT, 201, contact(), "this status"),
    ("GET", CONTACT, 404, {"error": "gone"}, "not of type"),
    ("GET", CONTACT, 404, {"error": {"code": "x"}}, "message"),
    ("GET", CONTACT, 404, {"error": {**ERROR["error"], "reason": "x"}}, "reason"),
    ("GET", CONTACTS, 200, {}, "value"),
    ("GET", CONTACTS, 200, {"value": [{"id": "A", "@removed": {"reason": "deleted"}}]}, "value"),
    ("GET", f"{CONTACTS}/delta", 200, {"value": []}, "one of nextLink"),
    ("GET", f"{CONTACTS}/delta", 200, {"value": [], "@odata.nextLink": NEXT, "@odata.deltaLink": NEXT}, "one of nextLink"),
    (
        "GET",
        f"{CONTACTS}/delta",
        200,
        {"value": [{"id": "A", "@removed": {"reason": "moved"}}], "@odata.deltaLink": NEXT},
        "value",
    ),
    ("GET", f"{CONTACT}/photo", 200, {**PHOTO, "width": 2**31}, "maximum"),
    ("DELETE", CONTACT, 204, {}, "none is described"),
    ("DELETE", CONTACT, 200, contact(), "this status"),
]  # fmt: skip


def body_of(value: Any) -> bytes:
    return b"" if value is None else of(value)


@pytest.mark.parametrize(("verb", "target", "status", "value"), GOOD_ANSWERS)
def test_answers_that_are_described(verb: str, target: str, status: int, value: Any) -> None:
    answer(verb, target, status, JSON, body_of(value))
    if value is not None:
        with pytest.raises(Broken, match="not JSON but text/html"):
            answer(verb, target, status, {"content-type": "text/html"}, body_of(value))


@pytest.mark.parametrize(("verb", "target", "status", "value", "why"), BAD_ANSWERS)
def test_answers_that_are_not(verb: str, target: str, status: int, value: Any, why: str) -> None:
    with pytest.raises(Broken, match=re.escape(why)):
        answer(verb, target, status, JSON, body_of(value))


def test_pictures() -> None:
    answer("GET", f"{CONTACT}/photo/$value", 200, {"content-type": "image/jpeg"}, b"\xff\xd8")
    with pytest.raises(Broken, match="no picture"):
        answer("GET", f"{CONTACT}/photo/$value", 200, JSON, b"{}")


def test_the_answer_to_a_batch_answers_each_request_once() -> None:
    answer("POST", "/v1.0/$batch", 200, JSON, of({"responses": GOT}), ASKED)
    with pytest.raises(Broken, match="asked for"):
        answer("POST", "/v1.0/$batch", 200, JSON, of({"responses": GOT[:2]}), ASKED)
    for number, member, value, why in [
        (0, "status", 200, "this status"),
        (0, "body", {}, "does not say so"),
        (1, "body", {"error": 7}, "not of type"),
        (1, "headers", {}, "does not say so"),
        (2, "headers", {"Content-Type": "text/plain"}, "no picture"),
    ]:
        changed = copy.deepcopy(GOT)
        changed[number][member] = value
        with pytest.raises(Broken, match=why):
            answer("POST", "/v1.0/$batch", 200, JSON, of({"responses": changed}), ASKED)


NOTICE = {
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "subscriptionExpirationDateTime": "2026-01-01T00:00:00.952Z",
    "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    "clientState": "secret",
    "changeType": "created",
    "resource": "Users/a/Contacts/b",
    "resourceData": {"@odata.type": "#Microsoft.Graph.Contact", "@odata.id": "Users/a/Contacts/b", "id": "b"},
}
EVENT = {name: NOTICE[name] for name in ("subscriptionId", "subscriptionExpirationDateTime", "tenantId", "clientState")}


def test_notifications() -> None:
    notification({"value": [NOTICE, {**EVENT, "lifecycleEvent": "missed"}]})
    for change in ({"changeType": "moved"}, {"resourceData": {"id": "b"}}, {"tenantId": "me"}, {"more": 1}):
        with pytest.raises(Broken):
            notification({"value": [{**NOTICE, **change}]})
    with pytest.raises(Broken, match="without changeType, resource, resourceData"):
        notification({"value": [EVENT]})


def test_every_path_is_found_and_names_its_operation() -> None:
    for template, item in document()["paths"].items():
        for verb in set(item) & {"get", "post", "put", "patch", "delete"}:
            path = re.sub(r"\{[^}]+\}", "AAMk%3D", template)
            assert operation(verb.upper(), path).id == item[verb]["operationId"]
            elsewhere = path.replace("/me", "/users/ada%40example.com", 1)
            assert operation(verb.upper(), elsewhere).id == item[verb]["operationId"]
    assert len(operations()) > 2 * len(document()["paths"])


async def test_a_judge_around_an_application_notes_what_is_wrong() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [(b"Content-Type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"err', "more_body": True})
        await send({"type": "http.response.body", "body": b'or": {"code": "a", "message": "b"}}'})

    async def play(judge: Judge, verb: str, path: str) -> list[str]:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            taken.append(message)

        taken: list[Any] = []
        scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
        }
        await judge(scope, receive, send)
        assert len(taken) == 3
        return judge.faults

    status = 404
    assert await play(Judge(app), "GET", "/v1.0/me/contacts") == []
    assert await play(Judge(app), "GET", "/token") == []
    assert await play(Judge(app, lenient=True), "PATCH", "/v1.0/me/contacts") == []
    assert await play(Judge(app), "PATCH", "/v1.0/me/contacts") == ["/me/contacts has no PATCH"]
    status = 200
    [fault] = await play(Judge(app, lenient=True), "GET", "/v1.0/me/contacts")
    assert fault.startswith("GET /v1.0/me/contacts -> 200: $: ")
