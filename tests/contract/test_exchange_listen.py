"""Exchange tells of changes over a connection; what it has forgotten is asked for anew, and what it refuses is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.listen import listen
from polydex.connectors.exchange.shared import Shared
from polydex.core.errors import (
    PolydexError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.net.auth import BearerAuth
from polydex.net.bound import BoundAuth
from polydex.net.client import Net
from polydex.testing.clock import FakeClock
from tests.contract.net.servers import BODY, LOOPBACK, Server, serving
from tests.servers.windows import LOGIN, PASSWORD, Doorkeeper, accounts
from tests.unit.exchange.answers import answered, failed, fault, success

FOLDER = "contacts"
OPERATIONS = ("Subscribe", "GetStreamingEvents", "Unsubscribe")
EVENT = (
    "<m:Notifications><m:Notification><t:SubscriptionId>s</t:SubscriptionId><t:{0}Event><t:TimeStamp>2026-01-01T00:00:00Z"
    '</t:TimeStamp><t:ItemId Id="i" ChangeKey="c"/><t:ParentFolderId Id="f"/></t:{0}Event></m:Notification></m:Notifications>'
)
Said = bytes | int | None


def status(word: str) -> bytes:
    return answered(
        "GetStreamingEvents", success("GetStreamingEvents", f"<m:ConnectionStatus>{word}</m:ConnectionStatus>")
    )


def event(*kinds: str) -> bytes:
    messages = [success("GetStreamingEvents", EVENT.format(kind)) for kind in kinds]
    return answered("GetStreamingEvents", *messages)


def error(code: str) -> bytes:
    return answered("GetStreamingEvents", failed("GetStreamingEvents", code))


BEAT, CLOSED = status("OK"), status("Closed")


@dataclass
class Exchange:
    """What it says on each connection is in ``scripts``: bytes as they are; 0: it ends the answer; None: it breaks off.

    After the last word of a script it stays silent.
    """

    scripts: list[list[Said]]
    keeper: Doorkeeper | None = None
    refuses: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    living: set[str] = field(default_factory=set)
    connections: int = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        out = self.keeper.ask(request) if self.keeper else None
        if out is not None:
            return out
        body = request[BODY]
        operation = next(name for name in OPERATIONS if f"m:{name}".encode() in body)
        self.asked.append(operation)
        refusal = self.refuses.get(operation)
        if refusal is not None:
            return web.Response(status=500 if b"Fault" in refusal else 200, body=refusal)
        if operation == "Subscribe":
            name = f"s-{self.asked.count(operation)}"
            self.living.add(name)
            return web.Response(
                body=answered(operation, success(operation, f"<m:SubscriptionId>{name}</m:SubscriptionId>"))
            )
        [name] = [known for known in self.living if known.encode() in body] or [""]
        if operation == "Unsubscribe":
            self.living.discard(name)
            return web.Response(body=answered(operation, success(operation)))
        return await self._speak(request)

    async def _speak(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/xml"})
        await response.prepare(request)
        self.connections += 1
        try:
            for word in self.scripts.pop(0):
                if word is None and request.transport is not None:
                    request.transport.abort()
                if not word:
                    return response
                assert isinstance(word, bytes)
                await response.write(word)
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - aiohttp does not tell that the other end has hung up
                await asyncio.sleep(0.02)
            return response
        finally:
            self.connections -= 1


@dataclass
class Place:
    exchange: Exchange
    server: Server
    api: Api

    async def heard(self, most: int = 10) -> int:
        """How many words there are until the end, or until there are ``most``."""
        found = 0
        async with contextlib.aclosing(listen(self.api, FOLDER)) as told:
            async for _ in told:
                found += 1
                if found == most:
                    break
        return found


@contextlib.asynccontextmanager
async def placed(exchange: Exchange, auth: BoundAuth | BearerAuth | None = None) -> AsyncIterator[Place]:
    clock = FakeClock()
    async with serving(exchange.handle) as server, Net(allow_private=LOOPBACK, now=clock) as net:
        channel = Channel(net, auth or BearerAuth("secret"))
        yield Place(exchange, server, Api(channel, server.url("/EWS/Exchange.asmx"), Shared(clock), clock))


async def test_it_listens_and_tells_until_exchange_ends_it() -> None:
    script: list[Said] = [BEAT, event("Created"), BEAT, event("Modified", "Deleted"), event("Moved"), CLOSED, BEAT]
    async with placed(Exchange([script])) as place:
        assert await place.heard() == 1 + 1 + 2 + 1
        assert place.exchange.asked == ["Subscribe", "GetStreamingEvents", "Unsubscribe"]
        assert place.exchange.living == set()


async def test_the_first_word_comes_before_anything_has_changed() -> None:
    async with placed(Exchange([[BEAT]])) as place:
        async with contextlib.aclosing(listen(place.api, FOLDER)) as told:
            await anext(told)
            assert place.exchange.connections == 1
            assert place.exchange.living == {"s-1"}
        assert place.exchange.living == set()


async def test_signs_of_life_are_no_news() -> None:
    async with placed(Exchange([[*[BEAT] * 50, CLOSED]])) as place:
        assert await place.heard() == 1


async def test_words_come_in_pieces() -> None:
    whole = BEAT + event("Created") + CLOSED
    async with placed(Exchange([[whole[:7], whole[7 : len(BEAT) + 9], whole[len(BEAT) + 9 :]]])) as place:
        assert await place.heard() == 2


async def test_an_answer_that_ends_without_a_word_has_ended() -> None:
    async with placed(Exchange([[BEAT, event("Created"), 0]])) as place:
        assert await place.heard() == 2


@pytest.mark.parametrize(
    "code",
    [
        "ErrorSubscriptionNotFound",
        "ErrorExpiredSubscription",
        "ErrorInvalidWatermark",
        "ErrorMissedNotificationEvents",
    ],
)
async def test_what_exchange_has_forgotten_is_asked_for_anew_and_pulled(code: str) -> None:
    async with placed(Exchange([[BEAT, error(code)], [BEAT, event("Created"), CLOSED]])) as place:
        assert await place.heard() == 3
        assert place.exchange.asked == ["Subscribe", "GetStreamingEvents"] * 2 + ["Unsubscribe"]
        assert b"Watermark" not in b"".join(seen.body for seen in place.server.seen)


async def test_what_exchange_forgets_again_and_again_is_a_failure() -> None:
    """Else Exchange would be asked without a pause."""
    script: list[Said] = [BEAT, error("ErrorSubscriptionNotFound")]
    async with placed(Exchange([list(script) for _ in range(9)])) as place:
        with pytest.raises(ProviderUnavailable):
            await place.heard()
        assert place.exchange.asked.count("Subscribe") == 2


async def test_what_exchange_forgets_at_once_is_a_failure() -> None:
    async with placed(Exchange([[error("ErrorSubscriptionNotFound")]])) as place:
        with pytest.raises(ProviderUnavailable):
            await place.heard()
        assert place.exchange.asked.count("Subscribe") == 1


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (error("ErrorExceededConnectionCount"), ProviderThrottled),
        (fault("ErrorExceededConnectionCount"), ProviderThrottled),
        (error("ErrorSubscriptionAccessDenied"), ProviderForbidden),
    ],
)
async def test_refusals_are_told(refusal: bytes, expected: type[PolydexError]) -> None:
    async with placed(Exchange([], refuses={"GetStreamingEvents": refusal})) as place:
        with pytest.raises(expected):
            await place.heard()
        assert place.exchange.living == set()
        place.api.shared.pause.check()  # nobody else has to wait for it


async def test_too_many_subscriptions_hold_nobody_else_back() -> None:
    full = answered("Subscribe", failed("Subscribe", "ErrorExceededSubscriptionCount"))
    async with placed(Exchange([], refuses={"Subscribe": full})) as place:
        with pytest.raises(ProviderThrottled):
            await place.heard()
        place.api.shared.pause.check()


async def test_a_busy_server_holds_all_back() -> None:
    async with placed(Exchange([[BEAT, error("ErrorServerBusy")]])) as place:
        with pytest.raises(ProviderThrottled):
            await place.heard()
        with pytest.raises(ProviderThrottled):
            place.api.shared.pause.check()
        with pytest.raises(ProviderThrottled):
            await place.heard()
        assert place.exchange.asked.count("Subscribe") == 1


@pytest.mark.parametrize(
    ("script", "expected"),
    [([b"<html>Sign in</html>", 0], ProviderUnavailable), ([b"<Envelope></Envelope>", 0], ProviderMalformed)],
)
async def test_what_is_no_answer_of_exchange_is_a_failure(script: list[Said], expected: type[PolydexError]) -> None:
    async with placed(Exchange([script])) as place:
        with pytest.raises(expected):
            await place.heard()


@pytest.mark.parametrize("last", [None, BEAT[:-20]])
async def test_a_connection_that_breaks_is_a_failure(last: bytes | None) -> None:
    async with placed(Exchange([[BEAT, event("Created"), last, 0]])) as place:
        with pytest.raises(ProviderUnavailable):
            await place.heard()
        assert place.exchange.living == set()


async def test_a_subscription_that_cannot_be_ended_is_left_to_run_out() -> None:
    refusal = {"Unsubscribe": fault("ErrorInternalServerError")}
    async with placed(Exchange([[BEAT, CLOSED]], refuses=refusal)) as place:
        assert await place.heard() == 1


async def test_who_is_cancelled_hangs_up() -> None:
    async with placed(Exchange([[BEAT]])) as place:
        begun = asyncio.Event()

        async def hear() -> None:
            async with contextlib.aclosing(listen(place.api, FOLDER)) as told:
                async for _ in told:
                    begun.set()

        task = asyncio.create_task(hear())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert place.exchange.living == set()
        while place.exchange.connections:  # noqa: ASYNC110 - the server notices in its own time
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("method", ["ntlm", None])
async def test_over_a_connection_that_is_logged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str | None
) -> None:
    accounts(tmp_path, monkeypatch)
    auth = BoundAuth(LOGIN, PASSWORD, "ntlm" if method else None)
    async with placed(Exchange([[BEAT, event("Created"), CLOSED]], keeper=Doorkeeper()), auth) as place:
        assert await place.heard() == 2
        assert place.exchange.living == set()


async def test_with_a_password_that_goes_with_each_request() -> None:
    auth = BoundAuth(LOGIN, PASSWORD)
    async with placed(Exchange([[BEAT, event("Created"), CLOSED]], keeper=Doorkeeper(("Basic",))), auth) as place:
        assert await place.heard() == 2
    async with placed(Exchange([], keeper=Doorkeeper(("Basic",))), BoundAuth(LOGIN, "wrong", "basic")) as place:
        with pytest.raises(ProviderUnauthorized):
            await place.heard()
        assert len(place.server.seen) == 1  # a directory locks whom it refuses too often
