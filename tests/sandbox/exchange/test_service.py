"""The service itself: HTTP, SOAP, versions, whose mailbox it is."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.exchange.api import NS, SOAP, Api, Refused, T, found
from tests.sandbox.exchange.conftest import opened

GET = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="contacts"/></m:FolderIds></m:GetFolder>'
)


def impersonating(name: str, text: str) -> str:
    return f"<t:ExchangeImpersonation><t:ConnectingSID><t:{name}>{text}</t:{name}></t:ConnectingSID></t:ExchangeImpersonation>"


async def test_the_door_is_where_iis_has_it(api: Api) -> None:
    http, auth = api.http, (api.account["email"], "secret")
    assert (await http.get("/EWS/Exchange.asmx")).status_code == 401
    answer = await http.post("/ews/EXCHANGE.ASMX", content=b"", auth=(api.account["email"], "wrong"))
    assert answer.status_code == 401
    assert "Basic" in answer.headers["www-authenticate"]
    assert (await http.get("/ews/exchange.asmx", auth=auth)).status_code == 302
    assert (await http.put("/ews/exchange.asmx", auth=auth)).status_code == 405
    assert (await http.post("/ews/exchange.asmx", auth=auth, content=b"{}")).status_code == 415
    answer = await api.post(GET)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    log = (await http.get("/control/requests")).json()["requests"]
    assert (log[-1]["operation"], log[-1]["account"]) == ("GetFolder", api.account["id"])


@pytest.mark.parametrize("version", ["2013", "2016", "2019", "SE"])
async def test_every_answer_tells_the_server_s_version(http: httpx.AsyncClient, version: str) -> None:
    api = await opened(http, email="ada@example.com", exchange={"version": version})
    answer = await api.post(GET)
    numbers = {"2013": ("15", "0"), "2016": ("15", "1"), "2019": ("15", "2"), "SE": ("15", "2")}
    assert f'MajorVersion="{numbers[version][0]}" MinorVersion="{numbers[version][1]}"' in answer.text


async def test_a_server_knows_no_version_newer_than_its_own(http: httpx.AsyncClient) -> None:
    api = await opened(http, email="ada@example.com", exchange={"version": "2013"})
    api.version = "Exchange2016"
    with pytest.raises(Refused) as refused:
        await api.one(GET)
    assert (refused.value.http, refused.value.code) == (500, "ErrorInvalidServerVersion")
    api.version = "Exchange2013_SP1"
    await api.one(GET)


async def test_what_is_none_of_the_schema_is_refused_as_a_whole(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.create("<t:Surname>A</t:Surname><t:GivenName>B</t:GivenName>")
    assert (refused.value.http, refused.value.code) == (500, "ErrorSchemaValidation")
    assert "GivenName" in refused.value.message
    assert b"LineNumber" in refused.value.body
    for raw in (b"<broken", b"<a/>", f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>'.encode()):
        answer = await api.post("", content=raw)
        assert (answer.status_code, "ErrorSchemaValidation" in answer.text) == (500, True)
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert "DTD" in (await api.post("", content=bomb)).text


async def test_only_the_namespaces_of_the_service_count(http: httpx.AsyncClient, api: Api) -> None:
    for namespace in ("urn:x", T):
        operation = GET.replace("m:GetFolder", "x:GetFolder").replace(
            "<x:GetFolder", f'<x:GetFolder xmlns:x="{namespace}"'
        )
        with pytest.raises(Refused) as refused:
            await api.one(operation)
        assert (refused.value.http, refused.value.code) == (500, "ErrorSchemaValidation")
    # A header of somebody else is none of Exchange's.
    await opened(http, email="bob@example.com")
    other = impersonating("SmtpAddress", "bob@example.com").replace(
        "Impersonation>", 'Impersonation xmlns:t="urn:x">', 1
    )
    await api.one(GET, headers=other)


async def test_a_header_that_is_there_twice_is_refused(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.one(GET, headers='<t:RequestServerVersion Version="Exchange2016"/>')
    assert (refused.value.http, refused.value.code) == (500, "ErrorDuplicateSOAPHeader")


async def test_nothing_is_too_deep_to_be_answered(api: Api) -> None:
    for depth in (100, 150, 200, 1000, 3000):
        restriction = (
            "<t:Not>" * depth + '<t:Exists><t:FieldURI FieldURI="item:Subject"/></t:Exists>' + "</t:Not>" * depth
        )
        answer = await api.post(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
            f"<m:Restriction>{restriction}</m:Restriction><m:ParentFolderIds>"
            '<t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>'
        )
        assert (answer.status_code, "ErrorSchemaValidation" in answer.text) == (
            (200, False) if depth < 190 else (500, True)
        )


async def test_a_request_can_be_too_large(api: Api) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8", "Content-Length": str(64 * 2**20 + 1)}
    auth = (api.account["email"], api.password)
    answer = await api.http.post("/EWS/Exchange.asmx", content=b"<a/>", auth=auth, headers=headers)
    assert answer.status_code == 413


async def test_rights_decide_who_may_be_impersonated(http: httpx.AsyncClient) -> None:
    bob = await opened(http, email="bob@example.com")
    item = await bob.create("<t:GivenName>Bob's</t:GivenName>")
    service = await opened(http, email="service@example.com", exchange={"impersonates": ["bob@example.com"]})
    await opened(http, email="eve@example.com")
    sid = (await http.get("/control/accounts/bob@example.com/exchange/settings")).json()["sid"]
    get = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item.get("Id")}"/></m:ItemIds></m:GetItem>'
    )
    for name, text in (
        ("PrimarySmtpAddress", "Bob@example.com"),
        ("SmtpAddress", "bob@example.com"),
        ("PrincipalName", "bob@example.com"),
        ("SID", sid),
    ):
        message = await service.one(get, headers=impersonating(name, text))
        assert found(message, ".//t:ItemId").get("Id") == item.get("Id")
    with pytest.raises(Refused) as refused:
        await service.one(get)
    assert (refused.value.http, refused.value.code) == (200, "ErrorAccessDenied")
    for address, code in (("eve@example.com", "ErrorImpersonateUserDenied"), ("x@y.org", "ErrorNonExistentMailbox")):
        with pytest.raises(Refused) as refused:
            await service.one(GET, headers=impersonating("SmtpAddress", address))
        assert (refused.value.http, refused.value.code) == (500, code)


async def test_a_shared_mailbox_can_be_opened(http: httpx.AsyncClient) -> None:
    bob = await opened(http, email="bob@example.com")
    await bob.create("<t:GivenName>Ada</t:GivenName>")
    api = await opened(http, email="ada@example.com", exchange={"opens": ["Bob@example.com"]})
    box = "<t:Mailbox><t:EmailAddress>bob@example.com</t:EmailAddress></t:Mailbox>"
    folder = f'<t:DistinguishedFolderId Id="contacts">{box}</t:DistinguishedFolderId>'
    assert len((await api.sync(folder=folder)).changes) == 1
    assert (await api.sync()).changes == []


async def test_an_error_of_the_target_is_told_for_each_item(api: Api) -> None:
    messages = await api.messages(
        '<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:DistinguishedFolderId Id="conflicts"/>'
        "</m:SavedItemFolderId><m:Items><t:Contact/><t:Contact/></m:Items></m:CreateItem>"
    )
    codes = [one.findtext("m:ResponseCode", "", NS) for one in messages]
    assert codes == ["ErrorItemNotFound", "ErrorItemNotFound"]


async def test_connections_at_once_are_counted(http: httpx.AsyncClient) -> None:
    api = await opened(http, email="ada@example.com", exchange={"connections": 0})
    with pytest.raises(Refused) as refused:
        await api.one(GET)
    assert refused.value.code == "ErrorExceededConnectionCount"
