"""Paths and verbs that there are not, headers that every answer has, and requests at once."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from polydex_sandbox.microsoft.routes import APART, OPERATIONS
from polydex_sandbox.microsoft.views import VIEWS
from tests.sandbox.microsoft.api import CONTENT, Api
from tests.sandbox.microsoft.test_auth import PATHS


def test_every_operation_has_a_view() -> None:
    assert {operation.name for operation in OPERATIONS if operation.node not in APART} == set(VIEWS)
    assert len({(operation.node, operation.verb) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("node", PATHS)
async def test_verbs_that_a_path_has_not(api: Api, node: str) -> None:
    known = {operation.verb for operation in OPERATIONS if operation.node == node}
    for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
        error = await api.refused(verb, f"/me{PATHS[node]}", {} if verb != "GET" else None)
        assert (error.http, error.code, error.message) == (
            405,
            "ErrorInvalidRequest",
            "The OData request is not supported.",
        )


async def test_an_empty_id_is_no_question_of_rights(api: Api) -> None:
    for path in ("/me/contacts/", "/me/contacts", "/me/contactFolders/", "/me/contactFolders/contacts/contacts/"):
        for verb in ("PATCH", "DELETE"):
            assert (await api.refused(verb, path, {"givenName": "x"})).http == 405


@pytest.mark.parametrize(
    ("path", "code", "segment"),
    [
        ("/foo", "BadRequest", "foo"),
        ("/me/foo", "BadRequest", "foo"),
        ("/me/messages", "BadRequest", "messages"),
        ("/me/contactFolders/contacts/foo", "BadRequest", "foo"),
        ("/me/contacts/x/foo", "RequestBroker--ParseUri", "foo"),
        ("/me/contacts/x/photos/48x48/$value", "RequestBroker--ParseUri", "photos"),
        ("/me/contacts/x/photo/foo", "BadRequest", "foo"),
        ("/me/contacts/delta/x", "BadRequest", "x"),
        ("/me/contacts()", "BadRequest", "contacts()"),
        ("/me/microsoft.graph.contacts", "BadRequest", "microsoft.graph.contacts"),
    ],
)
async def test_paths_that_there_are_not(api: Api, path: str, code: str, segment: str) -> None:
    error = await api.refused("GET", path)
    assert (error.http, error.code) == (400, code)
    assert error.message == f"Resource not found for the segment '{segment}'."


async def test_all_users_are_not_listed(api: Api) -> None:
    assert (await api.refused("GET", "/users")).http == 405


async def test_segments_do_not_differ_by_case(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    for path in (f"/ME/Contacts/{made['id']}", f"/me/CONTACTFOLDERS/Contacts/contacts/{made['id']}"):
        assert (await api.http.get(f"/v1.0{path}", headers={"Authorization": "Bearer tok"})).json()[
            "givenName"
        ] == "Ada"


async def test_functions_and_actions_may_have_their_namespace(api: Api) -> None:
    for path in ("/me/contacts/microsoft.graph.delta()", "/me/contacts/microsoft.graph.delta", "/me/contacts/delta()"):
        answer = await api.http.get(f"/v1.0{path}", headers={"Authorization": "Bearer tok"})
        assert "@odata.deltaLink" in answer.json()
    made = await api.create({"givenName": "Ada"})
    url = f"/v1.0/me/contacts/{made['id']}/microsoft.graph.permanentDelete"
    headers = {"Authorization": "Bearer tok"}
    assert (await api.http.post(f"{url}()", headers=headers)).status_code == 400
    assert (await api.http.post(url, headers=headers)).status_code == 204


async def test_where_no_option_is_understood(api: Api) -> None:
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/me"}]}
    for verb, path, body in (
        ("GET", "/subscriptions", None),
        ("GET", "/subscriptions/x", None),
        ("POST", "/$batch", batch),
    ):
        answer = await api.http.request(
            verb, f"/v1.0{path}?mine=1&$select=id", headers={"Authorization": "Bearer tok"}, json=body
        )
        assert answer.status_code == 400
        assert "Query option 'Select' is not allowed." in answer.json()["error"]["message"]
        answer = await api.http.request(verb, f"/v1.0{path}?mine=1", headers={"Authorization": "Bearer tok"}, json=body)
        assert answer.status_code == (404 if path.endswith("x") else 200)


@pytest.mark.parametrize("version", ["beta", "v2.0"])
async def test_other_versions(api: Api, version: str) -> None:
    answer = await api.http.get(f"/{version}/me/contacts", headers={"Authorization": "Bearer tok"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert version in answer.json()["error"]["message"]


async def test_what_every_answer_says(api: Api) -> None:
    guid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    seen = set()
    for path in ("/me", "/me/contacts", "/me/foo", "/me/contacts/x"):
        answer = await api.send("GET", path, client_request_id="mine")
        assert answer.headers["content-type"] == CONTENT
        assert answer.headers["odata-version"] == "4.0"
        assert answer.headers["client-request-id"] == "mine"
        assert guid.fullmatch(answer.headers["request-id"])
        seen.add(answer.headers["request-id"])
        if answer.status_code >= 400:
            inner = answer.json()["error"]["innerError"]
            assert inner == {
                "date": "2026-01-01T00:00:00",
                "request-id": answer.headers["request-id"],
                "client-request-id": "mine",
            }
    assert len(seen) == 4
    answer = await api.send("GET", "/me/contacts")
    assert answer.headers["client-request-id"] == answer.headers["request-id"]


async def test_where_a_new_contact_is(api: Api) -> None:
    answer = await api.send("POST", "/me/contacts", {"givenName": "Ada"})
    made = answer.json()
    assert answer.headers["location"] == f"http://sandbox/v1.0/me/contacts('{made['id']}')"
    assert answer.headers["etag"] == made["@odata.etag"]
    assert made["@odata.context"] == f"http://sandbox/v1.0/$metadata#users('{api.account['oid']}')/contacts/$entity"


async def test_a_post_without_a_body_says_so(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    request = api.http.build_request(
        "POST", f"/v1.0/me/contacts/{made['id']}/permanentDelete", headers={"Authorization": "Bearer tok"}
    )
    del request.headers["content-length"]
    assert (await api.http.send(request)).status_code == 411
    assert (await api.get(f"/me/contacts/{made['id']}"))["givenName"] == "Ada"


async def test_four_requests_at_once(api: Api, personal: Api) -> None:
    await api.control("PUT", "/microsoft/settings", {"requestSeconds": 0.05})
    asked = [api.send("GET", "/me/contacts") for _ in range(6)]
    answers: list[httpx.Response] = list(await asyncio.gather(*asked, personal.send("GET", "/me/contacts")))
    assert sorted(one.status_code for one in answers[:6]) == [200, 200, 200, 200, 429, 429]
    assert answers[6].status_code == 200
    (error, _) = (one.json()["error"] for one in answers if one.status_code == 429)
    assert error["code"] == "ApplicationThrottled"
    assert error["message"] == "Application is over its MailboxConcurrency limit."
    assert [one.status_code for one in await asyncio.gather(*(api.send("GET", "/me/contacts") for _ in range(4)))] == (
        [200] * 4
    )


async def test_the_number_at_once_can_be_set(api: Api) -> None:
    await api.control("PUT", "/microsoft/settings", {"requestSeconds": 0.05, "concurrentRequests": 1})
    answers = await asyncio.gather(*(api.send("POST", "/me/contacts", {"givenName": "Ada"}) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 429, 429]
    assert len((await api.control("GET", "/microsoft/contacts"))["contacts"]) == 1


async def test_quirks_of_the_line(api: Api) -> None:
    await api.control("PUT", "/quirks/graph-drop-before", {"count": 1})
    with pytest.raises(Exception, match="dropped"):
        await api.create({"givenName": "Ada"})
    assert (await api.control("GET", "/microsoft/contacts"))["contacts"] == []
    await api.control("PUT", "/quirks/graph-drop-after", {"count": 1})
    with pytest.raises(Exception, match="dropped"):
        await api.create({"givenName": "Ada"})
    assert len((await api.control("GET", "/microsoft/contacts"))["contacts"]) == 1
    await api.control("PUT", "/quirks/graph-slow", {"seconds": 0.01, "count": 1})
    assert len((await api.get("/me/contacts"))["value"]) == 1
