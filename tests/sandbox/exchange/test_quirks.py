"""Every quirk of the catalogue, one test each: `quirk_` and its id; those of autodiscover are in test_autodiscover."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from polydex_sandbox.connection import Dropped
from polydex_sandbox.exchange.quirks import CATALOGUE
from polydex_sandbox.exchange.views import VIEWS
from tests.sandbox.exchange.api import Api, Element, Refused, found, text
from tests.sandbox.exchange.test_attachments import attach

GET = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="contacts"/><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
)
ADDRESS = '<t:EmailAddresses><t:Entry Key="EmailAddress1">ada@example.org</t:Entry></t:EmailAddresses>'
CHANGE = (
    '<t:SetItemField><t:FieldURI FieldURI="contacts:Surname"/><t:Contact><t:Surname>King</t:Surname></t:Contact>'
    "</t:SetItemField>"
)


def test_every_quirk_has_a_test_a_sentence_and_a_source() -> None:
    tests = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals() if name.startswith("test_quirk_")}
    assert {quirk.id.removeprefix("exchange-") for quirk in CATALOGUE} == tests
    for quirk in CATALOGUE:
        assert quirk.id.startswith("exchange-")
        assert quirk.text.endswith(".")
        assert quirk.source.startswith("https://")
        assert quirk.methods <= set(VIEWS)


async def quirk(api: Api, name: str, **given: Any) -> None:
    url = f"/control/accounts/{api.account['id']}/quirks/exchange-{name}"
    answer = await api.http.put(url, json={"count": 1, **given})
    assert answer.status_code == 200, answer.text


async def refused(api: Api, operation: str = GET) -> Refused:
    with pytest.raises(Refused) as caught:
        await api.one(operation)
    return caught.value


def asked(*items: Element) -> str:
    ids = "".join(f'<t:ItemId Id="{one.get("Id")}"/>' for one in items)
    shape = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
    return f"<m:GetItem>{shape}<m:ItemIds>{ids}</m:ItemIds></m:GetItem>"


def codes(messages: list[Element]) -> list[str]:
    return [found(one, "m:ResponseCode").text or "" for one in messages]


async def test_quirk_truncated_texts(api: Api) -> None:
    await api.create(f"<t:GivenName>{'x' * 300}</t:GivenName>")
    message = await api.one(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>'
    )
    assert found(message, ".//t:GivenName").text == "x" * 255


async def test_quirk_slow(api: Api) -> None:
    await quirk(api, "slow", seconds=0.2)
    call = asyncio.create_task(api.one(GET))
    done, _ = await asyncio.wait([call], timeout=0.1)
    assert not done
    await call


async def test_quirk_drop_before(api: Api) -> None:
    await quirk(api, "drop-before")
    with pytest.raises(Dropped):
        await api.create("<t:GivenName>Ada</t:GivenName>")
    assert (await api.sync()).changes == []


async def test_quirk_drop_after(api: Api) -> None:
    await quirk(api, "drop-after")
    with pytest.raises(Dropped):
        await api.create("<t:GivenName>Ada</t:GivenName>")
    assert len((await api.sync()).changes) == 1


@pytest.mark.parametrize(("status", "wait"), [(200, 5000), (500, 5000), (500, 0)])
async def test_quirk_server_busy(api: Api, status: int, wait: int) -> None:
    await quirk(api, "server-busy", status=status, backOff=wait)
    error = await refused(api)
    assert (error.http, error.code) == (status, "ErrorServerBusy")
    assert error.values == ({"BackOffMilliseconds": str(wait)} if wait else {})
    await api.one(GET)


async def test_a_busy_server_answers_for_every_item(api: Api) -> None:
    await quirk(api, "server-busy", status=200)
    assert codes(await api.messages(GET)) == ["ErrorServerBusy"] * 2


async def test_quirk_unavailable(api: Api) -> None:
    await quirk(api, "unavailable", status=503, retryAfter=7)
    answer = await api.post(GET)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert b"Envelope" not in answer.content


@pytest.mark.parametrize("status", [200, 500])
async def test_quirk_timeout(api: Api, status: int) -> None:
    await quirk(api, "timeout", status=status)
    error = await refused(api)
    assert (error.http, error.code) == (status, "ErrorTimeoutExpired")


@pytest.mark.parametrize("code", ["ErrorInternalServerError", "ErrorMailboxStoreUnavailable"])
async def test_quirk_internal_error(api: Api, code: str) -> None:
    await quirk(api, "internal-error", code=code, methods=["CreateItem"])
    with pytest.raises(Refused) as caught:
        await api.create("<t:GivenName>Ada</t:GivenName>")
    assert (caught.value.http, caught.value.code) == (200, code)
    assert (await api.sync()).changes == []


async def test_quirk_too_many_connections(api: Api) -> None:
    await quirk(api, "too-many-connections")
    assert (await refused(api)).code == "ErrorExceededConnectionCount"


async def test_quirk_password_expired(api: Api) -> None:
    await quirk(api, "password-expired")
    answer = await api.post(GET)
    assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)
    assert (await api.post(GET)).status_code == 200


async def test_quirk_version_refused(api: Api) -> None:
    await quirk(api, "version-refused")
    assert (await refused(api)).code == "ErrorInvalidServerVersion"


async def test_quirk_batch_stopped(api: Api) -> None:
    items = [await api.create(f"<t:GivenName>{name}</t:GivenName>") for name in "ABC"]
    await quirk(api, "batch-stopped", methods=["DeleteItem"])
    ids = "".join(f'<t:ItemId Id="{one.get("Id")}"/>' for one in items)
    messages = await api.messages(f'<m:DeleteItem DeleteType="HardDelete"><m:ItemIds>{ids}</m:ItemIds></m:DeleteItem>')
    assert codes(messages) == ["NoError", "ErrorBatchProcessingStopped", "ErrorBatchProcessingStopped"]
    assert len((await api.sync()).changes) == 2


async def test_quirk_item_unreadable(api: Api) -> None:
    items = [await api.create(f"<t:GivenName>{name}</t:GivenName>") for name in "ABC"]
    await quirk(api, "item-unreadable", code="ErrorCorruptData", skip=1)
    assert codes(await api.messages(asked(*items))) == ["NoError", "ErrorCorruptData", "NoError"]


@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "ErrorStaleObject"])
async def test_quirk_conflict(api: Api, code: str) -> None:
    item = await api.create("<t:Surname>Byron</t:Surname>")
    await quirk(api, "conflict", code=code)
    with pytest.raises(Refused) as caught:
        await api.update(item, CHANGE)
    assert caught.value.code == code
    assert text(await api.get(item), "Surname") == "Byron"
    await api.update(item, CHANGE)


async def test_quirk_stale_answer(api: Api) -> None:
    await quirk(api, "stale-answer")
    item = await api.create("<t:Surname>Byron</t:Surname>")
    with pytest.raises(Refused) as caught:
        await api.update(item, CHANGE)
    assert caught.value.code == "ErrorIrresolvableConflict"


async def test_quirk_illegal_characters(api: Api) -> None:
    item = await api.create("<t:Surname>Byron</t:Surname>")
    await quirk(api, "illegal-characters")
    assert b"<t:Surname>Byron&#x1F;</t:Surname>" in (await api.post(asked(item))).content
    assert b"<t:Surname>Byron</t:Surname>" in (await api.post(asked(item))).content


async def test_quirk_legacy_addresses(api: Api) -> None:
    await quirk(api, "legacy-addresses")
    item = await api.create(ADDRESS)
    original = '<t:ExtendedFieldURI DistinguishedPropertySetId="Address" PropertyId="32900" PropertyType="String"/>'
    shown = await api.get(item, original)
    entry = found(shown, "t:EmailAddresses")[0]
    assert (entry.get("RoutingType"), (entry.text or "")[:3]) == ("EX", "/o=")
    assert found(shown, "t:ExtendedProperty/t:Value").text == "ada@example.org"


@pytest.mark.parametrize("kept", [True, False])
async def test_quirk_photo_lost(api: Api, *, kept: bool) -> None:
    item = await api.create(ADDRESS)
    await quirk(api, "photo-lost", kept=kept)
    await attach(api, item, "ContactPicture.jpg", b"jpeg", photo=True)
    shown = await api.get(item)
    assert (text(shown, "HasPicture"), text(shown, "HasAttachments")) == ("false", str(kept).lower())


async def test_quirk_sync_state_invalid(api: Api) -> None:
    state = (await api.sync()).state
    await quirk(api, "sync-state-invalid")
    await api.sync()
    with pytest.raises(Refused) as caught:
        await api.sync(state)
    assert caught.value.code == "ErrorInvalidSyncStateData"
    assert base64.b64decode(state)
    assert (await api.sync(state)).changes == []


async def test_quirk_sync_ghost(api: Api) -> None:
    await quirk(api, "sync-ghost")
    ghost = (await api.sync()).changes[0][0][0]
    with pytest.raises(Refused) as caught:
        await api.get(ghost)
    assert caught.value.code == "ErrorItemNotFound"
