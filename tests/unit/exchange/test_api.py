"""Calls, against a server that answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.operations import get_item
from polydex.connectors.exchange.shared import LOCKOUT_SECONDS, Shared
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import RemoteKey
from polydex.net.auth import BearerAuth
from polydex.net.client import Net
from polydex.testing.clock import FakeClock
from tests.microsoft.scripted import Asked, Reply, Scripted, scripted
from tests.unit.exchange.answers import answered, envelope, failed, fault, success

ITEMS = '<m:Items><t:Contact><t:ItemId Id="{0}" ChangeKey="1"/></t:Contact></m:Items>'
BUSY = '<{0}:MessageXml><t:Value Name="BackOffMilliseconds">90000</t:Value></{0}:MessageXml>'
GOOD = Reply(answered("GetItem", success("GetItem", ITEMS.format("k"))))


@contextlib.asynccontextmanager
async def api_of(server: Scripted, *, mailbox: str = "", clock: FakeClock | None = None) -> AsyncIterator[Api]:
    clock = clock or FakeClock()
    async with Net(allow_private="127.0.0.0/8", now=clock) as net:
        yield Api(
            Channel(net, BearerAuth("secret")), f"{server.url}/EWS/Exchange.asmx", Shared(clock), clock, "ada", mailbox
        )


def get(*keys: str) -> Element:
    return get_item.payload([RemoteKey(key) for key in keys or ("k",)])


async def test_a_request_and_its_answer() -> None:
    async with scripted(GOOD) as server, api_of(server) as api:
        message = await api.one(get(), step="Exchange contact")
    assert get_item.parse(message).tag.endswith("}Contact")
    [asked] = server.asked
    assert (asked.method, asked.path) == ("POST", "/EWS/Exchange.asmx")
    assert asked.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert asked.headers["Authorization"].startswith("Bearer ")
    assert "X-AnchorMailbox" not in asked.headers
    assert b"ExchangeImpersonation" not in asked.body


async def test_a_service_account_names_the_mailbox() -> None:
    async with scripted(GOOD) as server, api_of(server, mailbox="bob@example.com") as api:
        await api.one(get(), step="x")
    assert server.asked[0].headers["X-AnchorMailbox"] == "bob@example.com"
    assert b"<t:PrimarySmtpAddress>bob@example.com</t:PrimarySmtpAddress>" in server.asked[0].body


async def test_each_of_several_things_has_its_own_outcome() -> None:
    answer = answered("GetItem", success("GetItem", ITEMS.format("a")), failed("GetItem", "ErrorItemNotFound"))
    async with scripted(Reply(answer)) as server, api_of(server) as api:
        first, second = await api.many(get("a", "b"), 2, step="x")
        assert not isinstance(first, ProviderError)
        assert isinstance(second, RecordNotFound)
        with pytest.raises(ProviderMalformed):
            await api.many(get("a", "b", "c"), 3, step="x")


async def test_what_went_wrong_with_the_only_thing_is_raised() -> None:
    gone = Reply(answered("GetItem", failed("GetItem", "ErrorItemNotFound")))
    async with scripted(gone) as server, api_of(server) as api:
        with pytest.raises(RecordNotFound):
            await api.one(get(), step="x")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(fault("ErrorSchemaValidation"), 500), ProviderRejected),
        (Reply(fault("ErrorSchemaValidation"), 200), ProviderRejected),
        (Reply(b"<html>Log in</html>"), ProviderMalformed),
        (Reply(envelope("<m:GetItemResponse><m:ResponseMessages/></m:GetItemResponse>")), ProviderMalformed),
        (Reply(b"", 401), ProviderUnauthorized),
        (Reply(b"<html>", 500), ProviderUnavailable),
        (
            Reply(b"", 302, {"Location": "/ews/genericerrorpage.htm?aspxerrorpath=/ews/exchange.asmx"}),
            ProviderUnavailable,
        ),
    ],
)
async def test_what_goes_wrong_with_the_whole(reply: Reply, expected: type[ProviderError]) -> None:
    async with scripted(reply) as server, api_of(server) as api:
        with pytest.raises(expected, match=r"^x: "):
            await api.one(get(), step="x")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(fault("ErrorServerBusy", extra=BUSY.format("t")), 500),
        Reply(answered("GetItem", failed("GetItem", "ErrorServerBusy", extra=BUSY.format("m")))),
        Reply(b"", 503, {"Retry-After": "90"}),
    ],
)
async def test_a_busy_server_holds_the_whole_account_back(reply: Reply) -> None:
    clock = FakeClock()
    async with scripted(reply) as server, api_of(server, clock=clock) as api:
        with pytest.raises(ProviderThrottled if reply.status != 503 else ProviderUnavailable) as first:
            await api.one(get(), step="x")
        with pytest.raises(ProviderThrottled) as second:
            await api.one(get(), step="x")
        assert first.value.sent == (reply.status == 503), "of a proxy: nobody knows whether it was carried out"
        assert first.value.retry_after == second.value.retry_after == pytest.approx(90)
        assert not second.value.sent
        assert len(server.asked) == 1, "the second one was not sent"
        clock.advance(90)
        server.replies = [GOOD]
        await api.one(get(), step="x")


async def test_a_call_that_was_repeated_and_is_refused_then_may_have_been_carried_out() -> None:
    """A deletion whose first answer was lost on the way, and whose second sending comes to a busy server."""
    busy = Reply(answered("GetItem", failed("GetItem", "ErrorServerBusy", extra=BUSY.format("m"))))
    async with scripted(Reply(b"", 502), busy) as server, api_of(server) as api:
        with pytest.raises(ProviderUnavailable) as refused:
            await api.one(get(), step="x", idempotent=True)
        assert refused.value.sent
        assert refused.value.retry_after == pytest.approx(90)
        with pytest.raises(ProviderThrottled):
            await api.one(get(), step="x")
    assert len(server.asked) == 2


async def test_a_refused_login_is_not_tried_by_every_call() -> None:
    """Directories lock users out for that. Another password is tried at once."""
    clock = FakeClock()
    async with scripted(Reply(b"", 401)) as server, api_of(server, clock=clock) as api:
        with pytest.raises(ProviderUnauthorized) as first:
            await api.one(get(), step="x")
        with pytest.raises(ProviderUnauthorized) as second:
            await api.one(get(), step="x")
        assert first.value.retry_after is None
        assert (second.value.sent, second.value.retry_after) == (False, LOCKOUT_SECONDS)
        assert len(server.asked) == 1, "the second one was not sent"
        server.replies = [GOOD]
        other = replace(api, channel=replace(api.channel, auth=BearerAuth("better")))
        await other.one(get(), step="x")
        clock.advance(LOCKOUT_SECONDS)
        await api.one(get(), step="x")


async def test_calls_within_a_connection_share_it_one_after_the_other() -> None:
    most, inside = 0, 0

    async def handler(_: Asked) -> Reply:
        nonlocal most, inside
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        return GOOD

    async with scripted(GOOD) as server, api_of(server) as api:
        server.handler = handler
        async with api.opened() as here, here.opened() as same:
            assert same is here
            await asyncio.gather(*(here.one(get(), step="x") for _ in range(4)))
        assert most == 1


async def test_what_may_have_been_carried_out_before_leaves_the_outcome_open() -> None:
    """The first sending was answered with a failure behind the server."""
    denied = Reply(answered("GetItem", failed("GetItem", "ErrorAccessDenied")))
    async with scripted(Reply(b"", 502), denied) as server, api_of(server) as api:
        with pytest.raises(ProviderError) as caught:
            await api.one(get(), step="x", idempotent=True)
    assert caught.value.sent
    assert len(server.asked) == 2
