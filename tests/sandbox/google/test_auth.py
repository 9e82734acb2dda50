"""Who may call what."""

from __future__ import annotations

from typing import Any

import pytest

from polydex_sandbox.google.methods import METHODS, SCOPE
from tests.sandbox.google.api import ME, Api, Refused


async def refused(api: Api, *args: Any, **query: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await api.call(*args, **query)
    return caught.value


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_every_method_wants_a_token_with_its_scope(api: Api, method: Any) -> None:
    path = method.path.replace("{people}", "me").replace("{contactGroups}", "all").replace("{otherContacts}", "c1")
    api.token = ""
    error = await refused(api, method.verb, path)
    assert (error.http, error.error["status"]) == (401, "UNAUTHENTICATED")
    assert error.error["details"][0]["metadata"]["method"] == method.rpc
    await api.control("POST", "/tokens", {"accessToken": "none", "scopes": [f"{SCOPE}drive"]})
    api.token = "none"
    error = await refused(api, method.verb, path)
    assert (error.http, error.error["status"]) == (403, "PERMISSION_DENIED")
    assert error.error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert method.scopes[0] in error.headers["www-authenticate"]


async def test_tokens_that_are_no_longer_good(api: Api) -> None:
    await api.get(ME, personFields="names")
    await api.pass_time(3600)
    error = await refused(api, "GET", ME, personFields="names")
    assert error.error["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"
    assert error.headers["www-authenticate"].endswith('error="invalid_token"')
    await api.control("POST", "/tokens/revoke", {})
    error = await refused(api, "GET", ME, personFields="names")
    assert error.http == 401
    assert error.message.startswith("Request had invalid authentication credentials.")


async def test_a_token_in_the_query(api: Api) -> None:
    api.headers["Authorization"] = "Basic abc"
    assert await api.get(ME, personFields="names", access_token="tok") == {}
    assert (await refused(api, "GET", ME, personFields="names")).http == 401
    logged = (await api.http.get("/control/requests")).json()["requests"]
    assert logged[0]["account"] == api.account["id"]
    assert logged[0]["operation"] == "people.connections.list"
    assert ["access_token", "***"] in logged[0]["query"]


async def test_scopes_that_only_read(api: Api) -> None:
    (name,) = await api.seed({"names": [{"givenName": "Ada"}]})
    await api.control("POST", "/tokens", {"accessToken": "read", "scopes": [f"{SCOPE}contacts.readonly"]})
    api.token = "read"
    assert (await api.person(name))["names"][0]["givenName"] == "Ada"
    assert (await refused(api, "DELETE", f"/v1/{name}:deleteContact")).http == 403
    assert (await refused(api, "GET", "/v1/otherContacts", readMask="names")).http == 403


async def test_a_scope_for_the_profile_opens_no_contacts(api: Api) -> None:
    (name,) = await api.seed({"names": [{"givenName": "Ada"}]})
    await api.control("POST", "/tokens", {"accessToken": "p", "scopes": [f"{SCOPE}userinfo.profile"]})
    api.token = "p"
    me = await api.person("people/me", "names,emailAddresses")
    assert me["names"][0]["displayName"] == "Ada Example"
    assert "emailAddresses" not in me
    assert (await refused(api, "GET", f"/v1/{name}", personFields="names")).http == 403
    batch = {"personFields": "names", "resourceNames": ["people/me", name]}
    assert (await refused(api, "GET", "/v1/people:batchGet", **batch)).http == 403


async def test_accounts_do_not_see_each_other(api: Api) -> None:
    (name,) = await api.seed({"names": [{"givenName": "Ada"}]})
    await api.http.post("/control/accounts", json={"email": "bob@example.com", "accessToken": "bob"})
    other = Api(api.http, api.account, "bob")
    assert (await refused(other, "GET", f"/v1/{name}", personFields="names")).http == 404
    assert await other.get(ME, personFields="names") == {}
