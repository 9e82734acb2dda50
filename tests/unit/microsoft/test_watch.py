"""Subscriptions: renewed while they are ours to renew, and made anew where they are not."""

from __future__ import annotations

import pytest

from polydex.connectors.base import Watch
from polydex.connectors.microsoft import watch
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.core.errors import ProviderError, ProviderForbidden, ProviderThrottled, ProviderUnavailable
from tests.microsoft.scripted import Reply, api_of, refusal, scripted

URL, OLD = "https://polydex.example.com/push/microsoft", Watch("old", 0)
MADE = Reply({"id": "new", "expirationDateTime": "2026-03-09T12:30:00.1234567Z"}, 201)


@pytest.mark.parametrize(
    "refusals",
    [
        [refusal(404, "ResourceNotFound")],
        [refusal(403, "ExtensionError")],
        [refusal(401, "ExtensionError"), refusal(401, "ExtensionError")],  # to another access token as well
    ],
)
async def test_one_that_is_not_ours_to_renew_is_followed_by_another(refusals: list[Reply]) -> None:
    async with scripted(*refusals, MADE) as server, api_of(server) as api:
        found = await watch.watch(api, DEFAULT, URL, "secret", OLD)
    assert found == Watch("new", 1_773_059_400_123)
    *renewals, made = server.asked
    assert {(each.method, each.path) for each in renewals} == {("PATCH", "/v1.0/subscriptions/old")}
    assert (made.method, made.path) == ("POST", "/v1.0/subscriptions")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(429, "ApplicationThrottled"), ProviderThrottled),
        (refusal(503, "ServiceUnavailable"), ProviderUnavailable),
    ],
)
async def test_one_that_cannot_be_renewed_now_is_not_doubled(reply: Reply, kind: type[ProviderError]) -> None:
    async with scripted(reply) as server, api_of(server) as api:
        with pytest.raises(kind):
            await watch.watch(api, DEFAULT, URL, "secret", OLD)
    assert {each.method for each in server.asked} == {"PATCH"}


async def test_without_the_permission_none_is_made() -> None:
    async with scripted(refusal(403, "ErrorAccessDenied")) as server, api_of(server) as api:
        with pytest.raises(ProviderForbidden):
            await watch.watch(api, DEFAULT, URL, "secret", OLD)
    assert [each.method for each in server.asked] == ["PATCH", "POST"]
