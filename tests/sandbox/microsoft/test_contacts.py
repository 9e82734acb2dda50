"""Contacts one by one: create, get, update, delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.microsoft.api import Api, Refused


async def refused(api: Api, *args: Any, **headers: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await api.call(*args, **headers)
    return caught.value


async def test_a_contact_lives(api: Api) -> None:
    made = await api.create({"givenName": "Ada", "surname": "Lovelace", "businessPhones": ["+44 1"]})
    assert made["displayName"] == "Ada Lovelace"
    assert made["fileAs"] == "Lovelace, Ada"
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    path = f"/me/contacts/{made['id']}"
    assert await api.get(path) == made
    await api.pass_time(60)
    changed = await api.call("PATCH", path, {"surname": "King"})
    assert changed["businessPhones"] == ["+44 1"]
    assert changed["displayName"] == "Ada King"
    assert changed["changeKey"] != made["changeKey"]
    assert changed["lastModifiedDateTime"] == "2026-01-01T00:01:00Z"
    assert await api.call("DELETE", path) == {}
    error = await refused(api, "GET", path)
    assert (error.http, error.code) == (404, "ErrorItemNotFound")
