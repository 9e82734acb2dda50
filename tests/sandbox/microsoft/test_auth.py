"""Who may call what, of whose mailbox."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from polydex_sandbox.accounts import TENANT
from polydex_sandbox.microsoft.routes import OPERATIONS, SCOPE, Operation
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.microsoft.api import Api, Json
from tests.sandbox.microsoft.conftest import opened

PATHS = {
    "user": "",
    "translate": "/translateExchangeIds",
    "contacts": "/contacts",
    "contacts count": "/contacts/$count",
    "contacts delta": "/contacts/delta",
    "contact": "/contacts/x",
    "contact purge": "/contacts/x/permanentDelete",
    "folders": "/contactFolders",
    "folders count": "/contactFolders/$count",
    "folders delta": "/contactFolders/delta",
    "folder": "/contactFolders/contacts",
    "folder purge": "/contactFolders/contacts/permanentDelete",
    "photo": "/contacts/x/photo",
    "photo value": "/contacts/x/photo/$value",
    "extensions": "/contacts/x/extensions",
    "extension": "/contacts/x/extensions/y",
}
OWN = [one for one in OPERATIONS if one.node in PATHS]


async def token(api: Api, value: str, *scopes: str, **more: Any) -> None:
    await api.control("POST", "/tokens", {"accessToken": value, "scopes": [SCOPE + one for one in scopes], **more})
    api.token = value


@pytest.mark.parametrize("operation", OWN, ids=lambda one: one.name)
async def test_every_operation_wants_a_token_with_its_scope(api: Api, operation: Operation) -> None:
    path = f"/me{PATHS[operation.node]}"
    body: Json | None = {} if operation.verb in ("POST", "PATCH") else None
    api.token = ""
    error = await api.refused(operation.verb, path, body)
    assert (error.http, error.code) == (401, "InvalidAuthenticationToken")
    await token(api, "none", "Mail.Read")
    error = await api.refused(operation.verb, path, body)
    if operation.node == "user":
        assert (error.http, error.code) == (403, "Authorization_RequestDenied")
    else:
        assert (error.http, error.code) == (403, "ErrorAccessDenied")
        assert error.message == "Access is denied. Check credentials and try again."


@pytest.mark.parametrize("operation", OWN, ids=lambda one: one.name)
async def test_scopes_that_only_read(api: Api, operation: Operation) -> None:
    await token(api, "read", "Contacts.Read", "User.Read")
    path = f"/me{PATHS[operation.node]}"
    answer = await api.send(operation.verb, path, {} if operation.verb in ("POST", "PATCH") else None)
    assert (answer.status_code == 403) is operation.writes


async def test_scopes_may_be_short(api: Api) -> None:
    await api.control(
        "POST", "/tokens", {"accessToken": "short", "scopes": ["contacts.readwrite", "Contacts.ReadWrite"]}
    )
    api.token = "short"
    assert (await api.create({"givenName": "Ada"}))["givenName"] == "Ada"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Access token is empty."),
        ("Bearer", "IDX14100"),
        ("Bearer nope", "IDX14100"),
        ("Basic dG9r", "IDX14100"),
        ("tok", "IDX14100"),
    ],
)
async def test_what_is_no_token(api: Api, header: str | None, message: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await api.http.get("/v1.0/me/contacts", headers=headers)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert error["code"] == "InvalidAuthenticationToken"
    assert error["message"].startswith(message)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_tokens_that_are_no_longer_good(api: Api) -> None:
    assert (await api.get("/me/contacts"))["value"] == []
    await api.pass_time(3600)
    error = await api.refused("GET", "/me/contacts")
    assert (error.http, error.message) == (401, "Lifetime validation failed, the token is expired.")
    await api.control("POST", "/tokens/revoke", {})
    error = await api.refused("GET", "/me/contacts")
    assert (error.http, error.code) == (401, "InvalidAuthenticationToken")


async def test_a_token_of_another_provider_is_none(api: Api) -> None:
    given = {"accessToken": "google", "scopes": ["https://www.googleapis.com/auth/contacts"]}
    await api.control("POST", "/tokens", given)
    api.token = "google"
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/me"}]}
    for verb, path, body in (
        ("GET", "/me/contacts", None),
        ("GET", "/subscriptions", None),
        ("POST", "/$batch", batch),
    ):
        error = await api.refused(verb, path, body)
        assert (error.http, error.code) == (401, "InvalidAuthenticationToken")
        assert error.message == "Access token validation failure. Invalid audience."


async def test_nobody_is_called_me(api: Api) -> None:
    assert (await api.refused("GET", "/users/me")).http == 403
    assert (await api.refused("GET", "/users/me/contacts")).http == 403
    assert (await api.get(f"/users/{api.account['oid']}/contacts"))["value"] == []


async def test_who_has_no_token_learns_nothing(api: Api) -> None:
    api.token = ""
    for path in ("/me/foo", "/users/nobody@example.com/contacts", "/me/contacts/x"):
        assert (await api.refused("GET", path)).http == 401


async def test_the_user(api: Api, personal: Api) -> None:
    me = await api.get("/me")
    assert me["id"] == api.account["oid"]
    assert (me["displayName"], me["givenName"], me["surname"]) == ("Ada Example", "Ada", "Example")
    assert me["mail"] == me["userPrincipalName"] == "ada@example.com"
    # Of the directory's objects nothing comes but what was selected, not even the id.
    some = await api.http.get("/v1.0/me?$select=mail", headers={"Authorization": "Bearer tok"})
    assert set(some.json()) == {"@odata.context", "mail"}
    for name in (me["id"], "ada@example.com", "ADA@example.com"):
        assert await api.get(f"/users/{name}") == me
    own = await personal.get("/me")
    assert len(own["id"]) == 16
    assert own["id"] == personal.account["oid"].replace("-", "")[16:]
    assert (await personal.get(f"/users/{own['id']}"))["id"] == own["id"]


async def test_a_user_reaches_the_own_mailbox_only(api: Api, http: httpx.AsyncClient) -> None:
    other = await opened(http, email="bob@example.com", accessToken="bob")
    made = await api.create({"givenName": "Ada"})
    for name in (api.account["oid"], "ada@example.com"):
        found = await api.get(f"/users/{name}/contacts/{made['id']}")
        assert found["givenName"] == "Ada"
        assert (await api.get(f"/users('{name}')/contacts"))["value"][0]["id"] == made["id"]
    for name in ("bob@example.com", other.account["oid"], "nobody@example.com"):
        error = await api.refused("GET", f"/users/{name}/contacts")
        assert (error.http, error.code) == (403, "ErrorAccessDenied")
        assert (await api.refused("GET", f"/users/{name}")).code == "Authorization_RequestDenied"


@pytest.fixture
def application(sandbox: Sandbox, api: Api) -> Api:
    """An application of the work account's directory, by itself."""
    now = sandbox.clock.now()
    scopes = [f"{SCOPE}Contacts.ReadWrite", f"{SCOPE}User.Read.All"]
    sandbox.tokens.issue("", scopes, now=now, client_id="app", token="app", tenant=TENANT)
    return Api(api.http, api.account, "app")


async def test_an_application_reaches_every_mailbox_of_its_directory(application: Api, http: httpx.AsyncClient) -> None:
    bob = await opened(http, email="bob@example.com", accessToken="bob")
    await bob.create({"givenName": "Carol"})
    for name in ("bob@example.com", bob.account["oid"]):
        assert [one["givenName"] for one in (await application.get(f"/users/{name}/contacts"))["value"]] == ["Carol"]
        assert (await application.get(f"/users/{name}"))["mail"] == "bob@example.com"
    made = await application.create({"givenName": "Dan"}, "/users/ada@example.com/contacts")
    found, link = await application.delta("/users/ada@example.com/contactFolders/contacts/contacts/delta")
    assert [one["id"] for one in found] == [made["id"]]
    assert "/v1.0/users/ada@example.com/" in link


async def test_an_application_is_nobody(application: Api) -> None:
    for path in ("/me", "/me/contacts", "/me/contactFolders"):
        error = await application.refused("GET", path)
        assert (error.http, error.code) == (400, "BadRequest")
        assert error.message == "/me request is only valid with delegated authentication flow."


async def test_an_application_reaches_no_other_directory(
    application: Api, http: httpx.AsyncClient, personal: Api
) -> None:
    await opened(http, email="far@example.org", tenant="11111111-2222-3333-4444-555555555555")
    for name in ("nobody@example.com", "far@example.org", personal.account["email"]):
        error = await application.refused("GET", f"/users/{name}/contacts")
        assert (error.http, error.code, error.message) == (
            404,
            "ErrorInvalidUser",
            f"The requested user '{name}' is invalid.",
        )
        assert (await application.refused("GET", f"/users/{name}")).code == "Request_ResourceNotFound"


async def test_what_is_logged_tells_who_and_what(api: Api) -> None:
    await api.get("/me/contacts?$top=3")
    (entry,) = (await api.http.get("/control/requests")).json()["requests"]
    assert (entry["account"], entry["operation"], entry["status"]) == (api.account["id"], "contacts.list", 200)
    assert entry["path"] == "/v1.0/me/contacts"
    await api.control("DELETE", "/microsoft/deleted")
    assert len((await api.http.get("/control/requests?operation=contacts.list")).json()["requests"]) == 1
