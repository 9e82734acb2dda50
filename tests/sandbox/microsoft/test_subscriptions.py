"""Subscriptions: how they are made, kept and lost, and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft.courier import Courier, Endpoint
from tests.microsoft.receiver import PATH, Receiver
from tests.providers.serving import serving
from tests.sandbox.conftest import START
from tests.sandbox.microsoft.api import Api, Json, Refused
from tests.sandbox.microsoft.conftest import opened

S = "/subscriptions"
IMMUTABLE = 'IdType="ImmutableId"'
DAY = 86_400_000
MINUTE = 60_000


@dataclass
class Watch:
    """A client whose notifications go to a receiver."""

    api: Api
    receiver: Receiver
    url: str

    def body(self, **more: Any) -> Json:
        return {
            "changeType": "created,updated,deleted",
            "notificationUrl": f"{self.url}{PATH}?who=ada",
            "lifecycleNotificationUrl": f"{self.url}{PATH}/life",
            "resource": "/me/contacts",
            "expirationDateTime": rfc3339(START + DAY),
            "clientState": "secret",
            **more,
        }

    async def make(self, headers: dict[str, str] | None = None, **more: Any) -> Json:
        body = {name: value for name, value in self.body(**more).items() if value is not None}
        return await self.api.call("POST", S, body, **(headers or {}))

    async def refused(self, **more: Any) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.make(**more)
        return caught.value

    async def settle(self, **given: Any) -> Json:
        answer = await self.api.http.post("/control/microsoft/notifications", json=given)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


@pytest.fixture
async def watch(api: Api) -> AsyncIterator[Watch]:
    receiver = Receiver()
    async with serving(receiver) as url:
        await api.control("POST", "/tokens", {"accessToken": "tok", "lifetime": 10**9})
        yield Watch(api, receiver, url)


@pytest.fixture
def deaf(api: Api) -> Watch:
    """Without a receiver: nobody is to be asked."""
    return Watch(api, Receiver(), "http://127.0.0.1:1")


async def test_a_subscription_lives(watch: Watch) -> None:
    api = watch.api
    made = await watch.make()
    assert watch.receiver.hands == [PATH, f"{PATH}/life"]
    assert made["clientState"] == "secret"
    assert made["expirationDateTime"] == "2026-01-02T00:00:00.000000Z"
    assert made["applicationId"]
    path = f"{S}/{made['id']}"
    hidden = {**made, "clientState": None}
    assert await api.get(path) == hidden
    del hidden["@odata.context"]
    assert (await api.get(S))["value"] == [hidden]
    renewed = await api.call("PATCH", path, {"expirationDateTime": "2026-01-03T00:00:00Z"})
    assert renewed["expirationDateTime"] == "2026-01-03T00:00:00.000000Z"
    await api.call("POST", f"{path}/reauthorize", content=b"")
    await api.call("DELETE", path)
    for verb, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/reauthorize")):
        with pytest.raises(Refused) as caught:
            await api.call(verb, where, content=b"")
        assert (caught.value.http, caught.value.code) == (404, "ResourceNotFound")
    assert (await api.get(S))["value"] == []
    assert watch.receiver.hands == [PATH, f"{PATH}/life"]


async def test_changes_are_told(watch: Watch) -> None:
    api = watch.api
    made = await watch.make()
    ada = await api.create({"givenName": "Ada"})
    await watch.settle()
    await api.update(ada["id"], {"surname": "King"})
    await watch.settle()
    await api.call("DELETE", f"/me/contacts/{ada['id']}")
    assert (await watch.settle())["waiting"] == 0
    assert watch.receiver.changes == ["created", "updated", "deleted"]
    assert set(watch.receiver.queries) == {"who=ada"}
    first = watch.receiver.told[0]
    assert first["subscriptionId"] == made["id"]
    assert first["subscriptionExpirationDateTime"] == made["expirationDateTime"]
    assert (first["clientState"], first["tenantId"]) == ("secret", api.account["tenant"])
    assert first["resource"] == f"Users/{api.account['oid']}/Contacts/{ada['id']}"
    data = first["resourceData"]
    assert (data["id"], data["@odata.id"]) == (ada["id"], first["resource"])
    assert data["@odata.type"] == "#Microsoft.Graph.Contact"
    assert data["@odata.etag"] == ada["@odata.etag"]


async def test_ids_are_told_in_the_form_that_the_subscription_asked_for(watch: Watch) -> None:
    api = watch.api
    await watch.make()
    await watch.make({"prefer": IMMUTABLE})
    ada = await api.create({"givenName": "Ada"})
    immutable = await api.get(f"/me/contacts/{ada['id']}", prefer=IMMUTABLE)
    await watch.settle()
    assert [one["resourceData"]["id"] for one in watch.receiver.told] == [ada["id"], immutable["id"]]
    # Notifications of several subscriptions came in one request.
    assert len(watch.receiver.posts) == 1


async def test_only_what_was_asked_for_is_told(watch: Watch) -> None:
    api = watch.api
    await watch.make(changeType="deleted", clientState=None, lifecycleNotificationUrl=None)
    ada = await api.create({"givenName": "Ada"})
    await api.update(ada["id"], {"surname": "King"})
    await api.call("POST", f"/me/contacts/{ada['id']}/permanentDelete", content=b"")
    await watch.settle()
    assert watch.receiver.changes == ["deleted"]
    assert watch.receiver.told[0]["clientState"] is None


@pytest.mark.parametrize("resource", ["/me/contacts", "me/contacts", "users/ada@example.com/contacts", "{folder}"])
async def test_resources(watch: Watch, resource: str) -> None:
    api = watch.api
    resource = resource.replace("{folder}", f"users('{api.account['oid']}')/contactFolders('contacts')/contacts")
    assert (await watch.make(resource=resource))["resource"] == resource
    await api.create({"givenName": "Ada"})
    await watch.settle()
    assert watch.receiver.changes == ["created"]


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        ("/me/messages", 403, "ExtensionError"),
        ("/me/contacts?$select=givenName", 403, "ExtensionError"),
        ("/me/contactFolders", 403, "ExtensionError"),
        ("/me", 403, "ExtensionError"),
        ("nothing", 400, "InvalidRequest"),
        ("users/eve@example.net/contacts", 403, "ExtensionError"),
        ("/me/contactFolders/AAMkAGI2nothing=/contacts", 404, "ExtensionError"),
    ],
)
async def test_resources_that_cannot_be_watched(deaf: Watch, resource: str, status: int, code: str) -> None:
    await opened(deaf.api.http, email="eve@example.net")
    error = await deaf.refused(resource=resource)
    assert (error.http, error.code) == (status, code)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"changeType": None}, "'changeType'"),
        ({"changeType": "moved"}, "Invalid 'changeType' attribute: 'moved'."),
        ({"notificationUrl": None}, "'notificationUrl'"),
        ({"notificationUrl": "http://example.com/n"}, "HTTPS"),
        ({"notificationUrl": "https://"}, "HTTPS"),
        ({"notificationUrl": "http://[/"}, "HTTPS"),
        ({"lifecycleNotificationUrl": "http://example.com/n"}, "HTTPS"),
        ({"resource": None}, "'resource'"),
        ({"expirationDateTime": None}, "'expirationDateTime'"),
        ({"expirationDateTime": rfc3339(START + 10_081 * MINUTE)}, "10080 minutes"),
        ({"expirationDateTime": "soon"}, "JSON"),
        ({"expirationDateTime": "2026-01-02"}, "JSON"),
        ({"expirationDateTime": "2026-01-02T00:00:00"}, "JSON"),
        ({"expirationDateTime": "20260102T000000Z"}, "JSON"),
        ({"expirationDateTime": "2026-W01-5T00:00:00Z"}, "JSON"),
        ({"latestSupportedTlsVersion": "v9"}, "'latestSupportedTlsVersion'"),
        ({"clientState": "x" * 129}, "128"),
        ({"includeResourceData": True}, "not supported"),
        ({"clientState": 1}, "string"),
        ({"secret": "x"}, "does not exist"),
    ],
)
async def test_what_is_refused(deaf: Watch, given: Json, text: str) -> None:
    error = await deaf.refused(**given)
    assert error.http == 400
    assert text in error.message


async def test_an_expiry_that_is_near_or_past_is_raised(watch: Watch) -> None:
    least = rfc3339(START + 45 * MINUTE)
    for given in (START + MINUTE, START - DAY):
        assert (await watch.make(expirationDateTime=rfc3339(given)))["expirationDateTime"] == least
    most = rfc3339(START + 10_080 * MINUTE)
    assert (await watch.make(expirationDateTime=most))["expirationDateTime"] == most


@pytest.mark.parametrize(
    ("hand", "text"),
    [
        (PlainTextResponse("no", 404), "HTTP status code is '404'"),
        (PlainTextResponse("", 202), "HTTP status code is '202'"),
        (PlainTextResponse("another"), "Response must match validationToken"),
        (PlainTextResponse("x", media_type="text/html"), "Response must match validationToken"),
    ],
)
async def test_who_does_not_shake_hands_is_not_told(watch: Watch, hand: PlainTextResponse, text: str) -> None:
    watch.receiver.hand = hand
    error = await watch.refused()
    assert (error.http, error.code) == (400, "ValidationError")
    assert error.message.startswith("Subscription validation request failed.")
    assert text in error.message
    assert (await watch.api.get(S))["value"] == []


async def test_nobody_is_there_to_shake_hands(watch: Watch) -> None:
    error = await watch.refused(notificationUrl="http://127.0.0.1:1/n")
    assert error.message.endswith("Notification endpoint must respond with 200 OK to validation request.")


async def test_a_mailbox_has_so_many_subscriptions_and_no_more(watch: Watch) -> None:
    assert (await watch.api.control("GET", "/microsoft/settings"))["subscriptions"] == 1000
    await watch.api.control("PUT", "/microsoft/settings", {"subscriptions": 2})
    first = await watch.make()
    await watch.make()
    error = await watch.refused()
    assert (error.http, error.code) == (403, "ExtensionError")
    await watch.api.call("DELETE", f"{S}/{first['id']}")
    await watch.make()


async def test_it_expires(watch: Watch) -> None:
    api = watch.api
    made = await watch.make()
    await api.pass_time(86_399)
    await api.create({"givenName": "Ada"})
    await watch.settle()
    await api.pass_time(1)
    await api.create({"givenName": "Bob"})
    await watch.settle()
    assert watch.receiver.changes == ["created"]
    with pytest.raises(Refused, match="404"):
        await api.get(f"{S}/{made['id']}")


async def test_only_the_expiry_can_be_changed(watch: Watch) -> None:
    path = f"{S}/{(await watch.make(lifecycleNotificationUrl=None))['id']}"
    for body, text in (
        ({"lifecycleNotificationUrl": f"{watch.url}{PATH}"}, "'lifecycleNotificationUrl' attribute cannot be updated"),
        ({"expirationDateTime": rfc3339(START), "clientState": "x"}, "'clientState' attribute cannot be updated"),
        ({}, "'expirationDateTime' attribute is required"),
        ({"expirationDateTime": rfc3339(START + 11 * DAY)}, "10080 minutes"),
    ):
        with pytest.raises(Refused, match="400") as caught:
            await watch.api.call("PATCH", path, body)
        assert text in caught.value.message


async def test_subscriptions_are_of_a_user_and_an_application(watch: Watch) -> None:
    path = f"{S}/{(await watch.make())['id']}"
    eve = await opened(watch.api.http, email="eve@example.net")
    with pytest.raises(Refused, match="404"):
        await eve.get(path)
    assert (await eve.get(S))["value"] == []


async def test_without_the_scope_nothing_can_be_watched(deaf: Watch) -> None:
    scopes = ["https://graph.microsoft.com/User.Read"]
    await deaf.api.control("POST", "/tokens", {"accessToken": "poor", "scopes": scopes})
    deaf.api.token = "poor"
    assert (await deaf.refused()).http == 403


async def test_what_is_not_taken_is_told_again_for_four_hours(watch: Watch) -> None:
    await watch.make()
    watch.receiver.status = 500
    await watch.api.create({"givenName": "Ada"})
    assert (await watch.settle())["waiting"] == 1
    assert len(watch.receiver.posts) == 1
    assert (await watch.settle())["waiting"] == 1
    assert len(watch.receiver.posts) == 1
    await watch.api.pass_time(10)
    await watch.settle()
    assert len(watch.receiver.posts) == 2
    watch.receiver.status = 202
    await watch.api.pass_time(3600)
    assert (await watch.settle()) == {"waiting": 0, "delivered": 1, "lost": 0}
    assert watch.receiver.changes == ["created"] * 3


async def test_what_is_given_up_is_told_as_missed(watch: Watch) -> None:
    await watch.make()
    watch.receiver.status = 503
    await watch.api.create({"givenName": "Ada"})
    for _ in range(40):
        await watch.api.pass_time(600)
        await watch.settle()
    assert (await watch.settle())["lost"] == 1
    watch.receiver.status = 202
    await watch.api.pass_time(600)
    assert await watch.settle() == {"waiting": 0, "delivered": 1, "lost": 1}
    assert watch.receiver.events[-1] == "missed"


async def test_an_answer_that_is_late_is_none(watch: Watch) -> None:
    await watch.make()
    watch.receiver.seconds = 0.2
    await watch.settle(patience=0.05)
    await watch.api.create({"givenName": "Ada"})
    assert (await watch.settle())["waiting"] == 1
    watch.receiver.seconds = 0.0
    await watch.api.pass_time(10)
    assert (await watch.settle(patience=3))["delivered"] == 1


@pytest.mark.parametrize(
    ("answers", "slow", "waits", "lost"),
    [(99, 99, 0, 0), (100, 9, 0, 0), (100, 10, 600_000, 0), (100, 14, 600_000, 0), (100, 15, None, 1)],
)
async def test_who_is_slow_is_told_late_and_then_nothing(answers: int, slow: int, waits: int | None, lost: int) -> None:
    told: list[str] = []
    now = START
    courier = Courier(lambda: now, lambda subscription, _notice: told.append(subscription))
    url = "http://127.0.0.1:1/n"
    endpoint = courier._endpoints[url] = Endpoint()
    endpoint.answers.extend((START, number < slow) for number in range(answers))
    courier.send(url, "one", {})
    assert [item.due - START for item in endpoint.waiting.values()] == ([] if waits is None else [waits])
    assert (courier.lost, len(told)) == (lost, lost)
    # After ten minutes it is counted anew.
    now += 600_000
    courier.send(url, "two", {})
    assert list(endpoint.waiting.values())[-1].due == now
    courier.forget("one")
    courier.forget("two")
    assert courier.waiting == 0


async def test_what_is_forgotten_on_its_way_is_not_told_again() -> None:
    told: list[str] = []
    courier = Courier(lambda: START, lambda subscription, _notice: told.append(subscription))
    url = "http://127.0.0.1:1/n"
    for number in range(250):
        courier.send(url, f"{number % 2}", {"n": number})
    courier.forget("0")
    assert courier.waiting == 125
    # Nobody is there: every one is tried once, in rounds of a hundred, and waits.
    await courier.settle()
    assert {(item.subscription, item.tries) for item in courier._endpoints[url].waiting.values()} == {("1", 1)}
    assert [item.notice["n"] for item in courier._endpoints[url].waiting.values()] == list(range(1, 250, 2))
    assert (courier.waiting, courier.delivered, courier.lost, told) == (125, 0, 0, [])
    courier.forget("1")


async def test_the_lifecycle(watch: Watch) -> None:
    api = watch.api
    first, second = await watch.make(), await watch.make()
    told = await api.control("POST", "/microsoft/lifecycle", {"event": "missed", "id": first["id"]})
    assert told == {"subscriptions": [first["id"]]}
    await watch.settle()
    [event] = watch.receiver.told
    assert (event["lifecycleEvent"], event["subscriptionId"]) == ("missed", first["id"])
    assert (event["clientState"], event["tenantId"]) == ("secret", api.account["tenant"])
    assert "changeType" not in event
    # Until it is authorized again, changes are lost.
    await api.control("POST", "/microsoft/lifecycle", {"event": "reauthorizationRequired"})
    await api.create({"givenName": "Ada"})
    await api.call("POST", f"{S}/{first['id']}/reauthorize", content=b"")
    await api.create({"givenName": "Bob"})
    await api.call("PATCH", f"{S}/{second['id']}", {"expirationDateTime": rfc3339(START + DAY)})
    await api.create({"givenName": "Cay"})
    await watch.settle()
    assert watch.receiver.events == ["missed", "reauthorizationRequired", "reauthorizationRequired"]
    changes = [one["subscriptionId"] for one in watch.receiver.told if "changeType" in one]
    assert sorted(changes) == sorted([first["id"], first["id"], second["id"]])
    await api.control("POST", "/microsoft/lifecycle", {"event": "subscriptionRemoved", "id": first["id"]})
    await watch.settle()
    assert watch.receiver.events[-1] == "subscriptionRemoved"
    assert [one["id"] for one in (await api.get(S))["value"]] == [second["id"]]


async def test_the_control_api_sees_and_removes_subscriptions(watch: Watch) -> None:
    api = watch.api
    made = await watch.make({"prefer": IMMUTABLE})
    [found] = (await api.control("GET", "/microsoft/subscriptions"))["subscriptions"]
    assert (found["id"], found["clientState"], found["immutable"]) == (made["id"], "secret", True)
    await api.control("DELETE", f"/microsoft/subscriptions/{made['id']}")
    await api.create({"givenName": "Ada"})
    await watch.settle()
    assert watch.receiver.told == []
    account = f"/control/accounts/{api.account['id']}/microsoft"
    assert (await api.http.delete(f"{account}/subscriptions/{made['id']}")).status_code == 404
    assert (await api.http.post(f"{account}/lifecycle", json={"event": "other"})).status_code == 400
    for patience in (0, "1", True):
        answer = await api.http.post("/control/microsoft/notifications", json={"patience": patience})
        assert answer.status_code == 400


async def test_an_account_that_is_removed_is_not_watched_any_more(watch: Watch, http: httpx.AsyncClient) -> None:
    await watch.make()
    await watch.api.create({"givenName": "Ada"})
    await http.delete(f"/control/accounts/{watch.api.account['id']}")
    assert (await watch.settle())["waiting"] == 0


async def test_notifications_come_by_themselves(watch: Watch) -> None:
    await watch.make()
    await watch.api.create({"givenName": "Ada"})
    for _ in range(500):
        if watch.receiver.changes:
            break
        await asyncio.sleep(0.01)
    assert watch.receiver.changes == ["created"]
