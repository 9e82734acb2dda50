"""Subscribe, GetEvents, GetStreamingEvents and Unsubscribe: of what happens in a mailbox."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from lxml import etree

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange import schema
from polydex_sandbox.exchange.streaming import HEARTBEAT
from polydex_sandbox.exchange.subscriptions import MINUTE
from polydex_sandbox.sandbox import Sandbox
from tests.providers.serving import serving
from tests.sandbox.conftest import START
from tests.sandbox.exchange.api import NS, Api, Element, M, Refused, T, found
from tests.sandbox.exchange.conftest import opened

CONTACTS = '<t:DistinguishedFolderId Id="contacts"/>'
KINDS = ("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent")


def request(
    kind: str, end: str = "", kinds: tuple[str, ...] = KINDS, folders: str | None = CONTACTS, attributes: str = ""
) -> str:
    """A Subscribe for pull or streaming."""
    named = "" if folders is None else f"<t:FolderIds>{folders}</t:FolderIds>"
    types = "".join(f"<t:EventType>{one}</t:EventType>" for one in kinds)
    return (
        f"<m:Subscribe><m:{kind}SubscriptionRequest{attributes}>{named}<t:EventTypes>{types}</t:EventTypes>{end}"
        f"</m:{kind}SubscriptionRequest></m:Subscribe>"
    )


async def pull(api: Api, minutes: int = 10, **more: Any) -> tuple[str, str]:
    """A new subscription's id, and its watermark."""
    message = await api.one(request("Pull", f"<t:Timeout>{minutes}</t:Timeout>", **more))
    return found(message, "m:SubscriptionId").text or "", found(message, "m:Watermark").text or ""


async def events(api: Api, name: str, watermark: str) -> Element:
    message = await api.one(
        f"<m:GetEvents><m:SubscriptionId>{name}</m:SubscriptionId><m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )
    return found(message, "m:Notification")


def told(notification: Element) -> list[tuple[str, str]]:
    """What happened to which item or folder."""
    names = ("ItemId", "FolderId")
    return [
        (etree.QName(one).localname, child.get("Id", ""))
        for one in notification
        for child in one
        if etree.QName(child).localname in names
    ]


async def code(awaited: Any) -> str:
    with pytest.raises(Refused) as refused:
        await awaited
    return refused.value.code


async def test_pull(api: Api) -> None:
    name, start = await pull(api)
    (status,) = (await events(api, name, start)).iterfind("t:StatusEvent", NS)
    assert found(status, "t:Watermark").text == start
    made = await api.create("<t:GivenName>Ada</t:GivenName>")
    changed = await api.update(
        made, '<t:SetItemField><t:FieldURI FieldURI="contacts:GivenName"/><t:Contact><t:GivenName>A</t:GivenName>'
        "</t:Contact></t:SetItemField>"
    )  # fmt: skip
    notification = await events(api, name, start)
    assert found(notification, "t:SubscriptionId").text == name
    assert found(notification, "t:PreviousWatermark").text == start
    assert told(notification) == [("CreatedEvent", made.get("Id")), ("ModifiedEvent", made.get("Id"))]
    _, _, _, created, modified = notification
    assert found(modified, "t:ItemId").get("ChangeKey") == changed.get("ChangeKey")
    assert found(created, "t:TimeStamp").text == "2026-01-01T00:00:00Z"
    after = found(created, "t:Watermark").text or ""
    assert told(await events(api, name, after)) == [("ModifiedEvent", made.get("Id"))]
    assert await code(events(api, name, start)) == "ErrorInvalidWatermark"


async def test_moves_copies_and_deletions(api: Api) -> None:
    name, start = await pull(api)
    first, second, third = [await api.create(f"<t:GivenName>{one}</t:GivenName>") for one in "abc"]
    watermark = (await events(api, name, start)).findall(".//t:Watermark", NS)[-1].text or ""
    await api.delete(first)
    await api.delete(second, "HardDelete")
    copied = await api.one(
        f'<m:CopyItem><m:ToFolderId><t:DistinguishedFolderId Id="drafts"/></m:ToFolderId><m:ItemIds>'
        f'<t:ItemId Id="{third.get("Id")}"/></m:ItemIds></m:CopyItem>'
    )
    moved, deleted, copy = list(await events(api, name, watermark))[3:]
    assert [etree.QName(one).localname for one in (moved, deleted, copy)] == [
        "MovedEvent",
        "DeletedEvent",
        "CopiedEvent",
    ]
    assert found(moved, "t:OldItemId").get("Id") == first.get("Id")
    assert found(moved, "t:ItemId").get("Id") != first.get("Id")
    assert found(moved, "t:OldParentFolderId").get("Id") == found(deleted, "t:ParentFolderId").get("Id")
    assert found(moved, "t:ParentFolderId").get("Id") != found(moved, "t:OldParentFolderId").get("Id")
    assert found(deleted, "t:ItemId").get("Id") == second.get("Id")
    assert found(copy, "t:ItemId").get("Id") == found(copied, ".//t:ItemId").get("Id")
    assert found(copy, "t:OldItemId").get("Id") == third.get("Id")


async def test_folders(api: Api) -> None:
    name, start = await pull(api, folders=None, attributes=' SubscribeToAllFolders="true"')
    made = await api.one(
        f"<m:CreateFolder><m:ParentFolderId>{CONTACTS}</m:ParentFolderId><m:Folders><t:ContactsFolder>"
        "<t:DisplayName>Friends</t:DisplayName></t:ContactsFolder></m:Folders></m:CreateFolder>"
    )
    folder = found(made, ".//t:FolderId").get("Id")
    for how in ("MoveToDeletedItems", "HardDelete"):
        await api.one(
            f'<m:DeleteFolder DeleteType="{how}"><m:FolderIds><t:FolderId Id="{folder}"/></m:FolderIds></m:DeleteFolder>'
        )
    assert told(await events(api, name, start)) == [
        ("CreatedEvent", folder), ("MovedEvent", folder), ("DeletedEvent", folder),
    ]  # fmt: skip


async def test_what_is_not_subscribed_to(api: Api) -> None:
    name, start = await pull(api, kinds=("DeletedEvent",))
    await api.create("<t:GivenName>Ada</t:GivenName>")
    await api.create("<t:GivenName>Bob</t:GivenName>", '<t:DistinguishedFolderId Id="quickcontacts"/>')
    assert told(await events(api, name, start)) == []


async def test_subscriptions_that_are_none(api: Api) -> None:
    timeout = "<t:Timeout>1</t:Timeout>"
    everything = ' SubscribeToAllFolders="true"'
    for asked, refused in (
        (request("Pull", timeout, folders=None), "ErrorInvalidSubscriptionRequest"),
        (request("Pull", timeout, attributes=everything), "ErrorInvalidSubscriptionRequest"),
        (request("Pull", f"<t:Watermark>x</t:Watermark>{timeout}"), "ErrorInvalidWatermark"),
        (request("Pull", timeout, folders='<t:FolderId Id="x"/>'), "ErrorInvalidIdMalformed"),
        (request("Pull", "<t:Timeout>1441</t:Timeout>"), "ErrorSchemaValidation"),
        ("<m:Subscribe><m:PushSubscriptionRequest/></m:Subscribe>", "ErrorInvalidPushSubscriptionUrl"),
        ("<m:Unsubscribe><m:SubscriptionId>x</m:SubscriptionId></m:Unsubscribe>", "ErrorSubscriptionNotFound"),
    ):
        assert await code(api.one(asked)) == refused


async def test_the_end_of_a_subscription(sandbox: Sandbox, api: Api) -> None:
    name, start = await pull(api, 1)
    await api.one(f"<m:Unsubscribe><m:SubscriptionId>{name}</m:SubscriptionId></m:Unsubscribe>")
    assert await code(events(api, name, start)) == "ErrorSubscriptionNotFound"
    name, start = await pull(api, 1)
    sandbox.clock.advance(MINUTE)
    assert await code(events(api, name, start)) == "ErrorExpiredSubscription"
    other = await opened(api.http, email="bob@example.com")
    name, start = await pull(api, 1)
    assert await code(events(other, name, start)) == "ErrorSubscriptionAccessDenied"
    refused = other.one(f"<m:Unsubscribe><m:SubscriptionId>{name}</m:SubscriptionId></m:Unsubscribe>")
    assert await code(refused) == "ErrorSubscriptionAccessDenied"


@pytest.mark.parametrize(
    ("quirk", "refused"),
    [
        ("exchange-subscription-lost", "ErrorSubscriptionNotFound"),
        ("exchange-missed-events", "ErrorMissedNotificationEvents"),
    ],
)
async def test_quirks(sandbox: Sandbox, api: Api, quirk: str, refused: str) -> None:
    name, start = await pull(api)
    sandbox.quirks.switch_on("1", quirk, {"count": 1})
    assert await code(events(api, name, start)) == refused
    assert await code(events(api, name, start)) == "ErrorSubscriptionNotFound"


# -- streaming


@dataclass
class Held:
    """A connection that is held open: envelopes, one after the other."""

    chunks: AsyncIterator[str]
    rest: str = ""

    async def message(self) -> Element:
        """The next message; it obeys the schema, but for a namespace that servers have in another way."""
        end = "</s:Envelope>"
        while end not in self.rest:
            self.rest += await anext(self.chunks)
        text, _, self.rest = self.rest.partition(end)
        body = found(etree.fromstring(f"{text}{end}".encode()), "s:Body")[0]
        copy = etree.fromstring(etree.tostring(body))
        for name in ("Notification", "SubscriptionId"):
            for one in copy.iter(f"{{{M}}}{name}"):
                one.tag = f"{{{T}}}{name}"
        assert schema.check(copy) is None
        return found(body, "m:ResponseMessages")[0]


@dataclass
class Server:
    """A simulator on a port, with a mailbox."""

    sandbox: Sandbox
    api: Api

    async def subscribe(self) -> str:
        message = await self.api.one(request("Streaming"))
        assert message.find("m:Watermark", NS) is None
        return found(message, "m:SubscriptionId").text or ""

    @contextlib.asynccontextmanager
    async def connected(self, *names: str, minutes: int = 1) -> AsyncIterator[Held]:
        ids = "".join(f"<t:SubscriptionId>{name}</t:SubscriptionId>" for name in names)
        text = (
            f'<s:Envelope xmlns:s="{NS["s"]}" xmlns:m="{M}" xmlns:t="{T}"><s:Header><t:RequestServerVersion '
            f'Version="Exchange2013_SP1"/></s:Header><s:Body><m:GetStreamingEvents><m:SubscriptionIds>{ids}'
            f"</m:SubscriptionIds><m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents></s:Body>"
            "</s:Envelope>"
        )
        async with self.api.http.stream(
            "POST", "/EWS/Exchange.asmx", content=text, auth=(self.api.account["email"], "secret"),
            headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=60,
        ) as answer:  # fmt: skip
            assert answer.headers["content-type"] == "text/xml; charset=utf-8"
            yield Held(answer.aiter_text())


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    sandbox = Sandbox(Clock(START, frozen=True))
    async with serving(build(sandbox)) as url, httpx.AsyncClient(base_url=url) as http:
        yield Server(sandbox, await opened(http, email="ada@example.com"))


def status(message: Element) -> str | None:
    return message.findtext("m:ConnectionStatus", None, NS)


async def test_streaming(server: Server) -> None:
    name = await server.subscribe()
    async with server.connected(name) as held:
        assert status(await held.message()) == "OK"
        made = await server.api.create("<t:GivenName>Ada</t:GivenName>")
        message = await held.message()
        (notification,) = found(message, "m:Notifications")
        assert found(notification, "t:SubscriptionId").text == name
        assert told(notification) == [("CreatedEvent", made.get("Id"))]
        server.sandbox.clock.advance(HEARTBEAT)
        assert status(await held.message()) == "OK"
        await server.api.one(f"<m:Unsubscribe><m:SubscriptionId>{name}</m:SubscriptionId></m:Unsubscribe>")
        message = await held.message()
        assert message.findtext("m:ResponseCode", None, NS) == "ErrorSubscriptionNotFound"
        assert message.findtext("m:ErrorSubscriptionIds/m:SubscriptionId", None, NS) == name
        assert status(await held.message()) == "Closed"


async def test_subscriptions_that_cannot_be_streamed(server: Server) -> None:
    good = await server.subscribe()
    for bad in ("x", (await pull(server.api))[0]):
        async with server.connected(good, bad) as held:
            message = await held.message()
            assert message.findtext("m:ResponseCode", None, NS) == "ErrorSubscriptionNotFound"
            assert message.findtext("m:ErrorSubscriptionIds/m:SubscriptionId", None, NS) == bad
            assert status(message) == "Closed"


@pytest.mark.parametrize("status_code", [200, 500])
async def test_a_stream_that_is_refused(server: Server, status_code: int) -> None:
    server.sandbox.quirks.switch_on("1", "exchange-server-busy", {"status": status_code, "count": 1})
    asked = (
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>x</t:SubscriptionId></m:SubscriptionIds>"
        "<m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>"
    )
    with pytest.raises(Refused) as refused:
        await server.api.one(asked)
    assert (refused.value.http, refused.value.code) == (status_code, "ErrorServerBusy")


async def test_connections_at_once(server: Server) -> None:
    api = server.api
    settings = f"/control/accounts/{api.account['id']}/exchange/settings"
    assert (await api.http.put(settings, json={"version": "2013"})).status_code == 200
    asked = (
        f"<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>{await server.subscribe()}</t:SubscriptionId>"
        "</m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>"
    )
    async with contextlib.AsyncExitStack() as stack:
        every = [await stack.enter_async_context(server.connected(await server.subscribe())) for _ in range(3)]
        assert [status(await held.message()) for held in every] == ["OK"] * 3
        with pytest.raises(Refused) as refused:
            await api.call(asked)
        assert (refused.value.http, refused.value.code) == (500, "ErrorExceededConnectionCount")
