"""A token endpoint: what is asked of it, and what its answers mean."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from polydex.core.errors import (
    AddressForbidden,
    PolydexError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
    Retry,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.net.client import Net
from polydex.net.oauth import Client, Issued
from tests.contract.net.servers import LOOPBACK, Handler, Names, Script, scripted, serving

NOW = 1_790_000_000_000
SECRETS = ("hush-client", "1//hush-token")


def client(url: str, **more: Any) -> Client:
    names = {"id_setting": "CLIENT_ID", "secret_setting": "CLIENT_SECRET", "label": "someone"}
    return Client("Someone", url, f"{url}/revoke", **{"id": "me", "secret": SECRETS[0], **names, **more})


def answering(body: object, status: int = 200, **headers: str) -> Handler:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=raw, status=status, headers=headers)

    return handler


async def refreshed(handler: Handler, **more: Any) -> Issued:
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        asked = client(server.url("/token"), **more)
        return asked.issued(await net.send(asked.refresh(SECRETS[1])), NOW)


async def test_a_refresh_is_a_form_with_the_client_in_it() -> None:
    async with serving(answering({"access_token": "a", "token_type": "Bearer"})) as server:
        asked = client(server.url("/token"), secret="a&b=ü+")
        async with Net(allow_private=LOOPBACK) as net:
            await net.send(asked.refresh("1//x+y/z="))
        [seen] = server.seen
    assert (seen.method, seen.path) == ("POST", "/token")
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(seen.body.decode(), strict_parsing=True)) == {
        "grant_type": "refresh_token", "refresh_token": "1//x+y/z=", "client_id": "me", "client_secret": "a&b=ü+",
    }  # fmt: skip


async def test_what_the_endpoint_gives() -> None:
    whole = {
        "access_token": "a", "expires_in": 3599, "refresh_token": "r", "refresh_token_expires_in": 604799,
        "scope": "x y", "token_type": "Bearer", "id_token": "e.y.J",
    }  # fmt: skip
    issued = await refreshed(answering(whole))
    assert issued == Issued("a", "r", NOW + 3_599_000, NOW + 604_799_000, frozenset({"x", "y"}))
    assert await refreshed(answering({"access_token": "a"})) == Issued("a", None, None, None, None)
    odd = {"access_token": "a", "expires_in": "60", "refresh_token": "", "scope": 5, "token_type": "bearer"}
    assert await refreshed(answering(odd)) == Issued("a", None, NOW + 60_000, None, None)
    for nonsense in (True, -1, 0, 0.2, "0", 1e300, "soon", None, [1]):
        assert (await refreshed(answering({"access_token": "a", "expires_in": nonsense}))).expires_at is None
    assert "'r'" not in repr(issued)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        # RFC 6749 section 5.2.
        (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, TokenDead, "connect again"),
        (400, {"error": "invalid_grant", "error_subtype": "invalid_rapt"}, TokenDead, "policy"),
        (401, {"error": "invalid_grant"}, TokenDead, "connect again"),
        (401, {"error": "invalid_client"}, TokenRefreshFailed, "check CLIENT_ID and CLIENT_SECRET"),
        (400, {"error": "unauthorized_client"}, TokenRefreshFailed, "CLIENT_ID"),
        (400, {"error": "invalid_scope"}, TokenRefreshFailed, "scopes"),
        (400, {"error": "invalid_request"}, TokenRefreshFailed, "CLIENT_ID"),
        (400, {"error": "unsupported_grant_type"}, TokenRefreshFailed, "CLIENT_ID"),
        # Google's own.
        (401, {"error": "deleted_client"}, TokenRefreshFailed, "deleted"),
        (401, {"error": "disabled_client"}, TokenRefreshFailed, "disabled"),
        (400, {"error": "admin_policy_enforced"}, TokenRefreshFailed, "administrator"),
        (403, {"error": "org_internal"}, TokenRefreshFailed, "organisation"),
        (403, {"error": "access_denied"}, TokenRefreshFailed, "denies"),
        (418, {"error": "new_one"}, TokenRefreshFailed, "new_one"),
        (418, {"error": "with 1//hush-token in it"}, TokenRefreshFailed, "418"),
        (400, b"<html>", TokenRefreshFailed, "400"),
        (429, {"error": "x"}, ProviderThrottled, "fewer"),
        (403, {"error": "rate_limit_exceeded"}, ProviderThrottled, "fewer"),
        (503, b"", ProviderUnavailable, "cannot give out"),
        (503, {"error": "invalid_grant"}, ProviderUnavailable, "cannot give out"),  # which is no verdict
        (429, {"error": "invalid_grant"}, ProviderThrottled, "fewer"),
        (500, {"error": "internal_failure"}, ProviderUnavailable, "cannot give out"),
        (400, {"error": "temporarily_unavailable"}, ProviderUnavailable, "cannot give out"),
        (302, b"", ProviderMalformed, "302"),
        (200, b"<html>", ProviderMalformed, "no JSON"),
        (200, [], ProviderMalformed, "no JSON"),
        (200, {}, ProviderMalformed, "without an access token"),
        (200, {"access_token": ""}, ProviderMalformed, "without an access token"),
        (200, {"access_token": "a b\r\nc"}, ProviderMalformed, "without an access token"),
        (200, {"access_token": "a", "token_type": "mac"}, ProviderMalformed, "without an access token"),
    ],
)
async def test_what_a_refusal_means(status: int, body: object, kind: type[PolydexError], message: str) -> None:
    with pytest.raises(kind) as caught:
        await refreshed(answering(body, status))
    error = caught.value
    assert type(error) is kind
    assert message in error.message
    told = f"{error.message} {error.detail} {error.original}"
    assert not [secret for secret in SECRETS if secret in told]
    assert (error.retry is Retry.LATER) == (kind not in (TokenDead, TokenRefreshFailed))


async def test_a_limit_says_for_how_long() -> None:
    for headers, seconds in (({"Retry-After": "7"}, 7.0), ({}, 60.0)):
        with pytest.raises(ProviderThrottled) as caught:
            await refreshed(answering({}, 429, **headers))
        assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("missing", "setting"),
    [({"id": ""}, "CLIENT_ID"), ({"secret": ""}, "CLIENT_SECRET"), ({"id": "", "secret": ""}, "CLIENT_ID")],
)
async def test_without_a_client_nothing_is_asked(missing: dict[str, str], setting: str) -> None:
    with pytest.raises(TokenRefreshFailed, match=f"has to set {setting}$"):
        client("https://example.com/token", **missing).refresh("r")


def dropping_once() -> Script:
    """Drops the connection of the first request, and answers the others."""
    arrived: list[bytes] = []

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        arrived.append(request)
        if len(arrived) == 1:
            return False
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"access_token":"a"}')
        return True

    return script


async def test_a_refresh_whose_answer_was_lost_is_asked_for_once_more() -> None:
    async with scripted(dropping_once()) as server, Net(allow_private=LOOPBACK) as net:
        asked = client(server.url("/token"))
        assert asked.issued(await net.send(asked.refresh("r")), NOW).access_token == "a"
        assert len(server.requests) == 2


async def test_a_revocation_is_a_form_with_the_token() -> None:
    async with serving(answering({})) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(client(server.url("/token")).revoke("1//x", 5.0))
        [seen] = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/token/revoke", b"token=1%2F%2Fx")


async def test_secrets_do_not_travel_in_the_clear() -> None:
    """Over http they go only into networks that the operator named; a name counts by its address."""
    names = Names({"tokens.example.com": [["127.0.0.1"]], "public.example.com": [["192.0.2.1"], ["8.8.8.8"]]})
    async with serving(answering({"access_token": "a"})) as server:
        async with Net(resolver=names) as net:
            for url in (server.url("/token"), server.url("/token", "tokens.example.com"), "http://8.8.8.8/token"):
                with pytest.raises(AddressForbidden):
                    await net.send(client(url).refresh("r"))
        assert server.seen == []
        async with Net(resolver=names, allow_private=LOOPBACK) as net:
            with pytest.raises(AddressForbidden):
                await net.send(client("http://public.example.com/token").refresh("r"))
            answer = await net.send(client(server.url("/token", "tokens.example.com")).refresh("r"))
            assert answer.status == 200


async def test_a_redirect_is_not_followed_with_the_secrets() -> None:
    async with serving(answering(b"", 307, Location="/elsewhere")) as server, Net(allow_private=LOOPBACK) as net:
        asked = client(server.url("/token"))
        with pytest.raises(ProviderMalformed):
            asked.issued(await net.send(asked.refresh("r")), NOW)
        assert [seen.path for seen in server.seen] == ["/token"]


def test_a_client_shows_no_secret() -> None:
    assert SECRETS[0] not in repr(client("https://example.com/token"))
    assert SECRETS[1] not in repr(client("https://example.com/token").refresh(SECRETS[1]))
