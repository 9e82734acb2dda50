"""Accounts over HTTP: connecting, showing, isolating, ending."""

from typing import Any

import pytest

from polydex.core.errors import ProviderTimeout, ProviderUnauthorized
from tests.contract.server.client import Client, basic, bearer
from tests.contract.server.house import PASSWORD, READ_ONLY, House

BODY: dict[str, Any] = {
    "active": True,
    "serviceType": "CardDAV",
    "loginString": "ada@example.com",
    "password": PASSWORD,
    "serverUrl": "https://dav.example.com/",
    "clientOrgId": "org-1",
    "authOrgId": "auth-1",
    "timezone": "Europe/Paris",
    "copyToSent": True,
    "unheardOf": [1],
}


async def upsert(house: House, **more: Any) -> Any:
    answer = await house.back_end.post("/v1/am/accounts", {**BODY, **more})
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "no-store"
    return answer.json


async def test_an_account_is_connected_shown_and_never_tells_its_password(house: House) -> None:
    saved = await upsert(house)
    assert set(saved) == {"accountId", "accessToken"}
    assert saved["accessToken"].startswith("pdx_acc_")
    mine = await house.anyone.having(bearer(saved["accessToken"])).get("/v1/account")
    theirs = await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")
    assert mine.status == theirs.status == 200
    assert mine.json == theirs.json
    account = mine.json
    expected = {
        "id": saved["accountId"], "serviceType": "CardDAV", "active": True, "tokenStatus": "active",
        "type": "personal", "daemon": False, "loginString": "ada@example.com", "email": "me@example.org",
        "name": "Me", "serverUrl": "https://dav.example.com/", "clientOrgId": "org-1", "authOrgId": "auth-1",
        "timezone": "Europe/Paris", "authScopes": ["Contacts.Read", "Contacts.ReadWrite"],
    }  # fmt: skip
    assert {name: account.get(name) for name in expected} == expected
    assert PASSWORD.encode() not in mine.body
    assert account["sync"]["ready"] is False
    assert [source["default"] for source in account["sync"]["sources"]] == [True]


async def test_the_same_login_is_the_same_account_with_one_more_token(house: House) -> None:
    first = await upsert(house)
    second = await upsert(house, clientOrgId="org-2", authScopes=["Contacts.Read"])
    assert second["accountId"] == first["accountId"]
    assert second["accessToken"] != first["accessToken"]
    for token in (first["accessToken"], second["accessToken"]):
        account = (await house.anyone.having(bearer(token)).get("/v1/account")).json
        assert account["clientOrgId"] == "org-2"
        assert account["authScopes"] == ["Contacts.Read"]
    assert (await upsert(house, loginString="eve@example.com"))["accountId"] != first["accountId"]


async def test_which_mailbox_it_is_and_how_its_login_is_proven_is_as_it_was_said_last(house: House) -> None:
    given = {"mailbox": "team@example.com", "authMethod": "ntlm"}
    saved = await upsert(house, **given)
    account = (await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")).json
    assert {name: account[name] for name in given} == given
    assert (await upsert(house))["accountId"] == saved["accountId"]
    account = (await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")).json
    assert not set(given) & set(account)


async def test_what_was_sent_as_imap_is_answered_as_imap(house: House) -> None:
    for provider in ("Fastmail", "iCloud"):
        login = f"{provider}@example.com"
        saved = await upsert(house, serviceType="IMAP", serviceProvider=provider, loginString=login)
        account = (await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")).json
        assert (account["serviceType"], account["serviceProvider"]) == ("IMAP", provider)
    for service in ("iCloud", "Fastmail"):
        saved = await upsert(house, serviceType=service, loginString=f"x-{service}")
        account = (await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")).json
        assert (account["serviceType"], account.get("serviceProvider")) == (service, None)


@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({"serviceType": "Google"}, 501, "Google"),
        ({"serviceType": "Nonsense"}, 501, "serviceType"),
        ({"serviceType": "IMAP"}, 501, "serviceProvider"),
        ({"serviceType": "IMAP", "serviceProvider": "Yahoo"}, 501, "serviceProvider"),
        ({"trustServer": True}, 501, "trustServer"),
        ({"serviceType": None}, 400, "$.serviceType"),
        ({"serviceType": 5}, 400, "$.serviceType"),
        ({"loginString": None}, 400, "$.loginString"),
        ({"password": None}, 400, "$.password"),
        ({"password": 5}, 400, "$.password"),
        ({"name": {}}, 400, "$.name"),
        ({"name": "a\u0000b"}, 400, "$.name"),
        ({"active": "yes"}, 400, "$.active"),
        ({"authScopes": {"a": 1}}, 400, "$.authScopes"),
        ({"authScopes": ["what?"]}, 400, "$.authScopes"),
        ({"password": "wrong"}, 401, "refused"),
    ],
)
async def test_what_cannot_be_connected_is_named(
    house: House, changes: dict[str, Any], status: int, place: str
) -> None:
    for path in ("/v1/am/accounts", "/v1/am/accounts/connect"):
        answer = await house.back_end.post(path, {**BODY, **changes})
        assert answer.status == status, answer.body
        assert place in answer.json["message"]
    assert (await house.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_email_stands_in_for_the_login(house: House) -> None:
    saved = await upsert(house, loginString="", email="mail@example.com")
    account = (await house.back_end.get(f"/v1/am/accounts/{saved['accountId']}")).json
    assert account["loginString"] == account["email"] == "mail@example.com"


async def test_connect_stores_nothing(house: House) -> None:
    answer = await house.back_end.post("/v1/am/accounts/connect", BODY)
    assert (answer.status, answer.json) == (200, {"status": "Ok"})
    assert (await house.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_a_login_without_an_address_book_is_refused(house: House) -> None:
    house.village.empty.add("ada@example.com")
    answer = await house.back_end.post("/v1/am/accounts", BODY)
    assert (answer.status, answer.code) == (422, "provider.rejected")


async def test_a_provider_that_does_not_answer_is_504(house: House) -> None:
    house.village.broken = ProviderTimeout()
    answer = await house.back_end.post("/v1/am/accounts/connect", BODY)
    assert (answer.status, answer.code) == (504, "provider.timeout")


@pytest.mark.parametrize(
    ("scopes", "granted"),
    [
        ([], ["Contacts.Read", "Contacts.ReadWrite"]),
        (None, ["Contacts.Read", "Contacts.ReadWrite"]),
        (["Contacts.Read", "Mail.Read"], ["Contacts.Read"]),
        (["Contacts.Read,Mail.Read Calendar.ReadWrite"], ["Contacts.Read"]),
        ("Contacts.ReadWrite Mail.All", ["Contacts.ReadWrite"]),
        (["Mail.Read"], []),
    ],
)
async def test_scopes_of_other_kinds_are_not_granted(house: House, scopes: Any, granted: list[str]) -> None:
    saved = await upsert(house, authScopes=scopes)
    client = house.anyone.having(bearer(saved["accessToken"]))
    assert (await client.get("/v1/account")).json["authScopes"] == granted
    may_read, may_write = bool(granted), "Contacts.ReadWrite" in granted
    assert ((await client.get("/v1/contacts")).status == 200) is may_read
    answer = await client.post("/v1/contacts", {"nickName": "x"})
    assert answer.status == (201 if may_write else 403), answer.body


async def test_read_only_tokens_cannot_write(house: House) -> None:
    client = await house.connect(scopes=READ_ONLY)
    contact = "/v1/contacts/" + "a" * 26
    for answer in (
        await client.post("/v1/contacts", {"nickName": "x"}),
        await client.patch(contact, {"nickName": "x"}),
        await client.delete(contact),
    ):
        assert (answer.status, answer.code) == (403, "forbidden")
        assert "Contacts.ReadWrite" in answer.json["message"]
    assert (await client.post("/v1/contacts/sync")).status == 200
    assert house.village.world("me@example.org").contacts() == {}


async def test_pages_of_accounts_always_say_whether_they_are_done(house: House) -> None:
    for number in range(5):
        await upsert(house, loginString=f"n{number}@example.com", authOrgId="even" if number % 2 == 0 else "odd")
    seen = []
    offset = 0
    while True:
        page = (await house.back_end.get(f"/v1/am/accounts?limit=2&offset={offset}")).json
        assert (page["offset"], page["totalSize"]) == (offset, 5)
        seen += [account["loginString"] for account in page["records"]]
        offset += len(page["records"])
        if page["done"]:
            break
    assert seen == [f"n{number}@example.com" for number in range(5)]
    assert (await house.back_end.get("/v1/am/accounts?offset=99")).json["done"] is True
    assert (await house.back_end.get("/v1/am/accounts?authOrgId=even")).json["totalSize"] == 3
    assert (await house.back_end.get("/v1/am/accounts?serviceType=CardDAV")).json["totalSize"] == 5
    assert (await house.back_end.get("/v1/am/accounts?serviceType=iCloud")).json["totalSize"] == 0
    for query in ("serviceType=Nonsense", "limit=0", "offset=-1"):
        assert (await house.back_end.get(f"/v1/am/accounts?{query}")).status == 400


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/am/accounts?subscriptionId=1", "subscriptionId"),
        ("POST", "/v1/am/accounts?userId=1", "userId"),
        ("POST", "/v1/am/accounts?userAccount=primary", "userAccount"),
        ("POST", "/v1/am/accounts?recycleKeys=email,orgId", "recycleKeys"),
        ("POST", "/v1/am/accounts?recycleKeys=clientOrgId", "recycleKeys"),
    ],
)
async def test_what_is_not_served_is_named_never_ignored(house: House, method: str, path: str, name: str) -> None:
    answer = await house.back_end.send(method, path, BODY)
    assert (answer.status, answer.code) == (501, "notImplemented")
    assert name in answer.json["message"]
    assert (await house.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_what_asks_for_nothing_is_accepted(house: House) -> None:
    query = "userId=&userAccount=&recycleKeys=email%20userId&recycleKeys=serverUrl,username&ensureAccess=true"
    assert (await house.back_end.post(f"/v1/am/accounts?{query}", BODY)).status == 200
    client = await house.connect()
    assert (await client.get("/v1/account?includeProviderAuth=false&pingProvider=")).status == 200
    answer = await client.get("/v1/account?includeProviderAuth=true")
    assert answer.status == 501
    assert "includeProviderAuth" in answer.json["message"]


async def test_applications_do_not_see_each_others_accounts(house: House) -> None:
    saved = await upsert(house)
    other = await house.accounts.create_app("other")
    stranger = house.anyone.having(basic(other.client_id, other.client_secret))
    path = f"/v1/am/accounts/{saved['accountId']}"
    for answer in (await stranger.get(path), await stranger.delete(path)):
        assert (answer.status, answer.code) == (403, "forbidden")
    assert (await stranger.get("/v1/am/accounts")).json["records"] == []
    acting = stranger.having({**stranger.headers, "X-Aurinko-Account-Id": str(saved["accountId"])})
    for method, target in (("GET", "/v1/contacts"), ("GET", "/v1/account"), ("DELETE", "/v1/account")):
        answer = await acting.send(method, target)
        assert (answer.status, answer.code) == (403, "forbidden")
    unknown = stranger.having({**stranger.headers, "X-Aurinko-Account-Id": "424242"})
    assert (await unknown.get("/v1/account")).status == 404
    # The same login connected by the other application is another account.
    again = (await stranger.post("/v1/am/accounts", BODY)).json
    assert again["accountId"] != saved["accountId"]


async def test_an_application_acts_on_its_account(house: House) -> None:
    saved = await upsert(house)
    acting = Client(house.app, {**house.back_end.headers, "X-Aurinko-Account-Id": str(saved["accountId"])})
    assert (await acting.get("/v1/account")).json["id"] == saved["accountId"]
    assert (await acting.post("/v1/contacts", {"nickName": "x"})).status == 201
    assert (await house.back_end.get("/v1/contacts")).status == 401
    token = bearer(saved["accessToken"])
    mismatch = Client(house.app, {**token, "X-Aurinko-Account-Id": str(saved["accountId"] + 1)})
    assert (await mismatch.get("/v1/account")).status == 403
    match = Client(house.app, {**token, "X-Aurinko-Account-Id": str(saved["accountId"])})
    assert (await match.get("/v1/account")).status == 200


async def test_contacts_of_one_account_are_not_there_for_another(house: House) -> None:
    mine, theirs = await house.ready("a@example.org", contacts=1), await house.ready("b@example.org")
    contact = (await mine.get("/v1/contacts")).json["records"][0]["id"]
    for answer in (
        await theirs.get(f"/v1/contacts/{contact}"),
        await theirs.patch(f"/v1/contacts/{contact}", {"nickName": "x"}),
        await theirs.delete(f"/v1/contacts/{contact}"),
    ):
        assert (answer.status, answer.code) == (404, "notFound")
    assert (await mine.get(f"/v1/contacts/{contact}")).status == 200


async def test_sessions_of_users_are_named_as_not_served(house: House) -> None:
    for name in ("X-Aurinko-Session", "X-Aurinko-Auth-Type", "X-Aurinko-Client-Id"):
        answer = await house.anyone.send("GET", "/v1/contacts", headers={name: "x"})
        assert answer.status == 501
        assert name in answer.json["message"]


async def test_deleting_an_account_ends_everything_of_it(house: House) -> None:
    client = await house.ready(contacts=3)
    account = (await client.get("/v1/account")).json["id"]
    answer = await client.delete("/v1/account")
    assert (answer.status, answer.body) == (200, b"{}")
    assert (await client.get("/v1/account")).status == 401
    assert (await house.back_end.get(f"/v1/am/accounts/{account}")).status == 404
    assert (await house.back_end.delete(f"/v1/am/accounts/{account}")).status == 404
    assert len(house.village.world("me@example.org").contacts()) == 3
    again = await house.ready()
    assert (await again.get("/v1/account")).json["id"] != account


async def test_deleting_the_token_stops_everything_but_the_account(house: House) -> None:
    client = await house.ready(contacts=1)
    account = (await client.get("/v1/account")).json["id"]
    answer = await client.delete("/v1/account/token")
    assert (answer.status, answer.body) == (200, b"{}")
    assert (await client.get("/v1/account")).status == 401
    acting = Client(house.app, {**house.back_end.headers, "X-Aurinko-Account-Id": str(account)})
    for method, path in (("GET", "/v1/contacts"), ("GET", "/v1/account"), ("POST", "/v1/contacts/sync")):
        dead = await acting.send(method, path)
        assert (dead.status, dead.code) == (401, "token.dead")
    assert (await house.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "dead"
    world = house.village.world("me@example.org")
    calls = len(world.calls)
    house.clock.advance(86_400)
    assert await house.pulls.run_due() == 0
    assert len(world.calls) == calls
    # Connected again, the journal goes on.
    back = await house.connect()
    assert (await back.get("/v1/account")).json["id"] == account
    assert (await back.get("/v1/contacts")).json["length"] == 1


async def test_ping_tells_that_the_provider_refuses_the_credentials(house: House) -> None:
    client = await house.ready()
    house.village.refused = ProviderUnauthorized()
    account = (await client.get("/v1/account?pingProvider=true")).json
    assert (account["tokenStatus"], account["tokenError"]) == ("invalid", "The provider refused the credentials")
    house.village.refused = None
    account = (await client.get("/v1/account?pingProvider=true")).json
    assert (account["tokenStatus"], account.get("tokenError")) == ("active", None)


async def test_the_application_sees_itself(house: House) -> None:
    shown = (await house.back_end.get("/v1/am/application")).json
    assert set(shown) == {"id", "name", "clientId", "createdAt"}
    assert shown["clientId"] == house.owner.client_id
