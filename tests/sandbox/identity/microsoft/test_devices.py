"""Device codes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import CLIENT_ID, SCOPE, Visitor, error_of, good
from tests.sandbox.identity.visitor import Forms

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class Device:
    """A device that shows a code."""

    def __init__(self, visitor: Visitor, shown: dict[str, Any]) -> None:
        self.visitor, self.shown = visitor, shown

    async def ask(self) -> httpx.Response:
        return await self.visitor.token(grant_type=GRANT_TYPE, device_code=self.shown["device_code"])

    async def type(self, code: str | None = None) -> None:
        """The user types the code."""
        page = await self.visitor.http.get(self.shown["verification_uri"])
        form = Forms(page.text)
        self.visitor.page = await self.visitor.http.post(form.action, data={"otc": code or self.shown["user_code"]})


@pytest.fixture
async def device(visitor: Visitor) -> Device:
    given = {"client_id": CLIENT_ID, "scope": SCOPE}
    answer = await visitor.http.post("/common/oauth2/v2.0/devicecode", data=given)
    return Device(visitor, good(answer))


async def test_a_user_confirms(device: Device) -> None:
    shown, visitor = device.shown, device.visitor
    assert (shown["expires_in"], shown["interval"]) == (900, 5)
    assert shown["user_code"] in shown["message"]
    assert error_of(await device.ask()) == (400, "authorization_pending", 70016)
    await device.type(f" {shown['user_code'].lower()} ")
    await visitor.press("account", "2")
    await visitor.press("answer", "accept")
    assert "You have signed in" in visitor.page.text
    given = good(await device.ask())
    good(await visitor.refresh(given["refresh_token"]))
    assert error_of(await device.ask()) == (400, "invalid_grant", 54005)


async def test_a_user_declines(device: Device) -> None:
    await device.type()
    await device.visitor.press("account", "1")
    await device.visitor.press("answer", "cancel")
    assert "You have not signed in" in device.visitor.page.text
    assert error_of(await device.ask()) == (400, "authorization_declined", 70021)


async def test_a_code_that_is_wrong(device: Device) -> None:
    await device.type("WRONG")
    assert "Check the code and try again" in device.visitor.page.text
    await device.type()
    assert ("account", "1") in Forms(device.visitor.page.text).buttons
    other = await device.visitor.token(grant_type=GRANT_TYPE, device_code="nothing")
    assert error_of(other) == (400, "invalid_grant", 70000)


async def test_it_does_not_wait_forever(device: Device) -> None:
    await control(device.visitor.http, "POST", "/clock", {"advance": 900})
    assert error_of(await device.ask()) == (400, "expired_token", 70020)
    await device.type()
    assert "Check the code and try again" in device.visitor.page.text


async def test_only_by_post(visitor: Visitor) -> None:
    assert error_of(await visitor.http.get("/common/oauth2/v2.0/devicecode")) == (405, "invalid_request", 900561)
    answer = await visitor.http.post("/common/oauth2/v2.0/devicecode", data={"client_id": CLIENT_ID})
    assert error_of(answer) == (400, "invalid_request", 900144)
