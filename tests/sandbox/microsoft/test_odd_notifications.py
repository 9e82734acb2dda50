"""The quirks of notifications, one test each."""

from __future__ import annotations

from typing import Any

from tests.sandbox.microsoft.test_subscriptions import S, Watch, deaf, watch

__all__ = ["deaf", "watch"]


async def quirk(watch: Watch, name: str, **given: Any) -> None:
    await watch.make()
    await watch.api.control("PUT", f"/quirks/graph-{name}", given)


async def test_quirk_no_delete_notification(watch: Watch) -> None:
    await quirk(watch, "no-delete-notification")
    ada = await watch.api.create({"givenName": "Ada"})
    await watch.api.call("DELETE", f"/me/contacts/{ada['id']}")
    await watch.settle()
    assert watch.receiver.changes == ["created"]


async def test_quirk_created_and_updated(watch: Watch) -> None:
    await quirk(watch, "created-and-updated")
    ada = await watch.api.create({"givenName": "Ada"})
    await watch.api.update(ada["id"], {"surname": "King"})
    await watch.settle()
    assert watch.receiver.changes == ["created", "updated", "updated"]


async def test_quirk_notification_repeats(watch: Watch) -> None:
    await quirk(watch, "notification-repeats", count=1)
    for name in ("Ada", "Bob"):
        await watch.api.create({"givenName": name})
    await watch.settle()
    ids = [one["resourceData"]["id"] for one in watch.receiver.told]
    assert (len(ids), ids[0]) == (3, ids[1])


async def test_quirk_notification_delay(watch: Watch) -> None:
    await quirk(watch, "notification-delay", seconds=60)
    await watch.api.create({"givenName": "Ada"})
    await watch.api.pass_time(59)
    assert (await watch.settle())["waiting"] == 1
    assert watch.receiver.changes == []
    await watch.api.pass_time(1)
    await watch.settle()
    assert watch.receiver.changes == ["created"]


async def test_quirk_endless_missed(watch: Watch) -> None:
    await quirk(watch, "endless-missed")
    for _ in range(3):
        await watch.api.delta()
        await watch.settle()
    assert watch.receiver.events == ["missed"] * 3


async def test_quirk_subscription_vanishes(watch: Watch) -> None:
    await quirk(watch, "subscription-vanishes")
    await watch.api.create({"givenName": "Ada"})
    await watch.settle()
    assert watch.receiver.told == []
    assert (await watch.api.get(S))["value"] == []
