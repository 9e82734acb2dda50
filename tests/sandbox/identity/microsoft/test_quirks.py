"""The quirks of the token endpoint."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from polydex_sandbox.connection import Dropped
from polydex_sandbox.identity.microsoft.quirks import CATALOGUE
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import CLIENT_ID, GRAPH, TENANT, Visitor, error_of, good

BAD = (400, "invalid_grant", 70000)
PREFIX = "identity-microsoft-"


async def switch_on(visitor: Visitor, quirk: str, account: str = "1", **given: Any) -> None:
    await control(visitor.http, "PUT", f"/accounts/{account}/quirks/{PREFIX}{quirk}", given)


def test_they_are_named_after_the_identity_platform() -> None:
    assert all(quirk.id.startswith(PREFIX) and quirk.source.startswith("https://") for quirk in CATALOGUE)


async def test_strict_rotation(visitor: Visitor) -> None:
    await switch_on(visitor, "strict-rotation")
    first = (await visitor.allow())["refresh_token"]
    second = good(await visitor.refresh(first))["refresh_token"]
    refused = await visitor.refresh(first)
    assert error_of(refused) == BAD
    assert refused.json()["suberror"] == "bad_token"
    third = good(await visitor.refresh(second))["refresh_token"]
    # What was refused has used nothing up.
    good(await visitor.refresh(third))


async def test_strict_rotation_of_a_whole_family(visitor: Visitor) -> None:
    await switch_on(visitor, "strict-rotation", family=True)
    first = (await visitor.allow())["refresh_token"]
    second = good(await visitor.refresh(first))["refresh_token"]
    other = (await visitor.allow())["refresh_token"]
    assert error_of(await visitor.refresh(first)) == BAD
    assert error_of(await visitor.refresh(second)) == BAD
    good(await visitor.refresh(other))


async def test_strict_rotation_and_an_answer_that_is_lost(visitor: Visitor) -> None:
    """The worst of all: whoever did not get the answer has nothing left."""
    await switch_on(visitor, "strict-rotation")
    token = (await visitor.allow())["refresh_token"]
    await switch_on(visitor, "drop-after", count=1)
    with pytest.raises(Dropped):
        await visitor.refresh(token)
    assert error_of(await visitor.refresh(token)) == BAD


async def test_an_answer_that_is_lost(visitor: Visitor) -> None:
    code = await visitor.code()
    await switch_on(visitor, "drop-before", count=1)
    with pytest.raises(Dropped):
        await visitor.exchange(code)
    token = good(await visitor.exchange(code))["refresh_token"]
    await switch_on(visitor, "drop-after", count=1)
    with pytest.raises(Dropped):
        await visitor.refresh(token)
    listed = (await control(visitor.http, "GET", "/accounts/1/microsoft/grants"))["refreshTokens"]
    assert len([each for each in listed if each["clientId"] == CLIENT_ID]) == 2
    good(await visitor.refresh(token))


async def test_a_refresh_that_keeps_the_refresh_token(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    await switch_on(visitor, "keeps-refresh-token", count=1)
    assert "refresh_token" not in good(await visitor.refresh(token))
    assert good(await visitor.refresh(token))["refresh_token"] != token


async def test_a_personal_account_at_common(visitor: Visitor) -> None:
    token = (await visitor.allow(login_hint="bob@example.net"))["refresh_token"]
    await switch_on(visitor, "common-refresh", "2")
    refused = await visitor.refresh(token)
    assert error_of(refused) == BAD
    assert "as the grant is expired" in refused.json()["error_description"]
    good(await visitor.refresh(token, tenant="consumers"))


@pytest.mark.parametrize(
    ("quirk", "given", "expected", "wait"),
    [
        ("unavailable", {}, (503, "temporarily_unavailable", 90033), None),
        ("unavailable", {"status": 504, "retryAfter": 7}, (504, "temporarily_unavailable", 90033), "7"),
        ("throttled", {}, (429, "temporarily_unavailable", 90055), "30"),
        ("throttled", {"retryAfter": 0}, (429, "temporarily_unavailable", 90055), None),
    ],
)
async def test_not_now(
    visitor: Visitor, quirk: str, given: dict[str, Any], expected: tuple[int, str, int], wait: str | None
) -> None:
    token = (await visitor.allow())["refresh_token"]
    await switch_on(visitor, quirk, count=1, **given)
    refused = await visitor.refresh(token)
    assert error_of(refused) == expected
    assert refused.headers.get("retry-after") == wait
    good(await visitor.refresh(token))


@pytest.mark.parametrize(
    ("quirk", "kind", "error", "number", "suberror"),
    [
        ("interaction", "mfa", "invalid_grant", 50076, "basic_action"),
        ("interaction", "enrol", "interaction_required", 50079, "basic_action"),
        ("interaction", "policy", "invalid_grant", 53003, "message_only"),
        ("interaction", "frequency", "invalid_grant", 70043, "bad_token"),
        ("dead", "revoked", "invalid_grant", 50173, "bad_token"),
        ("dead", "inactive", "invalid_grant", 700082, "bad_token"),
        ("dead", "ended", "invalid_grant", 70000, "bad_token"),
    ],
)
async def test_the_user_has_to_come(
    visitor: Visitor, quirk: str, kind: str, error: str, number: int, suberror: str
) -> None:
    code = await visitor.code()
    token = good(await visitor.exchange(code))["refresh_token"]
    await switch_on(visitor, quirk, kind=kind, count=2)
    for refused in (await visitor.refresh(token), await visitor.exchange(await visitor.code())):
        assert error_of(refused) == (400, error, number)
        value = refused.json()
        assert value["suberror"] == suberror
        assert ("claims" in value) == (kind in ("mfa", "enrol", "policy"))
        assert json.loads(value.get("claims", "{}")).get("access_token", {"capolids": None}).keys() == {"capolids"}
    good(await visitor.refresh(token))


async def test_slowly(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    await switch_on(visitor, "slow", seconds=30.0, count=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(visitor.refresh(token), 0.2)
    good(await visitor.refresh(token))


async def test_an_application_is_struck_by_what_its_directory_has(visitor: Visitor) -> None:
    ask: dict[str, Any] = {"tenant": TENANT, "grant_type": "client_credentials", "scope": f"{GRAPH}.default"}
    await switch_on(visitor, "unavailable", "3", count=1)
    good(await visitor.token(**ask))
    await switch_on(visitor, "unavailable", count=1, methods=["client_credentials"])
    assert error_of(await visitor.token(**ask))[2] == 90033
    good(await visitor.token(**ask))
