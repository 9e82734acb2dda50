"""Random batches, subscriptions and paths break nothing; with quirks on, who follows delta queries still loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.microsoft.routes import APART, OPERATIONS, Operation
from polydex_sandbox.sandbox import Sandbox
from tests.microsoft import judge
from tests.sandbox.conftest import START
from tests.sandbox.microsoft.api import Api, Json, Refused
from tests.sandbox.microsoft.conftest import opened
from tests.soak import SOAK

SEEDS = [int(os.environ["POLYDEX_SEED"])] if "POLYDEX_SEED" in os.environ else range(200 if SOAK else 4)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXT, below, max_size=2),
    max_leaves=4,
)
PROPERTY = "String {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} Name Any"
PATHS = {
    "batch": "/$batch", "subscriptions": "/subscriptions", "subscription": "/subscriptions/ID",
    "subscription reauthorize": "/subscriptions/ID/reauthorize",
}  # fmt: skip
"""Of each node that names no mailbox."""
PARTS = [*PATHS.values(), "/me", "/me/contacts", "/me/contacts/x/photo/$value", "me/contactFolders", "/", "http://x/y"]
HEADERS = st.dictionaries(st.sampled_from(["Content-Type", "If-Match", "x"]), TEXT | st.just("application/json"))
WORDS = st.sampled_from(
    [
        "/me/contacts",
        "updated",
        "created,deleted",
        "https://127.0.0.1:1/",
        "http://127.0.0.1:1/",
        "2026-01-02T00:00:00Z",
    ]
)
SUBSCRIPTION = [
    "changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "expirationDateTime", "clientState",
    "includeResourceData", "nothing",
]  # fmt: skip


@st.composite
def parts(draw: st.DrawFn) -> Json:
    """A part of a batch, likely and odd."""
    found: Json = {
        "id": draw(st.sampled_from("aAb")),
        "method": draw(st.sampled_from(["GET", "POST", "PATCH", "DELETE", "x"])),
        "url": draw(st.sampled_from(PARTS) | TEXT),
    }
    rest = {"body": JSON, "headers": HEADERS | JSON, "dependsOn": st.lists(st.sampled_from("abc"), max_size=2) | JSON}
    for name in draw(st.lists(st.sampled_from(sorted(rest)), unique=True)):
        found[name] = draw(rest[name])
    return found


BATCHES = st.fixed_dictionaries({"requests": st.lists(parts() | JSON, max_size=3) | JSON})
SUBSCRIPTIONS = st.dictionaries(st.sampled_from(SUBSCRIPTION), WORDS | JSON)


async def fresh(app: Any, **more: Any) -> Api:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox")
    return await opened(http, email="ada@example.com", accessToken="tok", **more)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.node in APART], ids=lambda operation: operation.name
)
@given(data=st.data())
@settings(max_examples=2_000 if SOAK else 25)
@pytest.mark.soak
def test_no_call_breaks_it(operation: Operation, data: st.DataObject) -> None:
    """Whatever is sent, the answer is Graph's: as described, or an error in its shape."""
    target = data.draw(st.sampled_from(["x", "%00", "%C3%A4", "00000000-0000-0000-0000-000000000000"]))
    bodies = BATCHES if operation.node == "batch" else SUBSCRIPTIONS
    body = b"" if operation.verb in ("GET", "DELETE") else json.dumps(data.draw(bodies | JSON)).encode()
    media = data.draw(st.sampled_from(["application/json"] * 4 + ["text/plain", ""]))

    async def play() -> None:
        api = await fresh(build(Sandbox(Clock(START, frozen=True))))
        url = f"/v1.0{PATHS[operation.node].replace('ID', target)}"
        sent = {"Authorization": "Bearer tok", "Content-Type": media}
        answer = await api.http.request(operation.verb, url, content=body, headers=sent)
        await api.http.aclose()
        assert answer.status_code < 500
        judge.answer(operation.verb, url, answer.status_code, answer.headers, answer.content, body)

    asyncio.run(play())


@given(
    path=st.text(st.sampled_from("/abcME$'()%0123=.-_ä"), max_size=40),
    verb=st.sampled_from(["GET", "POST", "PATCH", "PUT"]),
)
@settings(max_examples=2_000 if SOAK else 100)
@pytest.mark.soak
def test_no_path_breaks_it(path: str, verb: str) -> None:
    async def play() -> int:
        api = await fresh(build(Sandbox(Clock(START, frozen=True))))
        url = f"http://sandbox/v1.0/me/{quote(path, safe='/%$()=')}"
        answer = await api.http.request(verb, url, headers={"Authorization": "Bearer tok"}, json={})
        await api.http.aclose()
        return answer.status_code

    assert asyncio.run(play()) < 500


@dataclass
class Mirror:
    """Somebody who keeps a copy of a folder by delta queries alone.

    Attributes:
        api: a client.
        path: of the folder.
        random: of the sizes of pages.
        immutable: ids are those that stay.
        contacts: the copy, by id.
        link: of the next round.
    """

    api: Api
    path: str
    random: Random
    immutable: bool
    contacts: dict[str, Json] = field(default_factory=dict)
    link: str | None = None

    async def sync(self) -> None:
        """One round; from the beginning when the token is no longer good."""
        try:
            await self._round()
        except Refused as error:
            if error.http != 410:
                raise
            self.contacts, self.link = {}, None
            await self.api.control("DELETE", "/quirks/graph-sync-state-expired")
            await self._round()

    async def _round(self) -> None:
        prefer = [f"odata.maxpagesize={self.random.randint(1, 9)}"] + ['IdType="ImmutableId"'] * self.immutable
        page = await self.api.get(self.link or f"{self.path}/delta", prefer=", ".join(prefer))
        while True:
            for item in page["value"]:
                if "@removed" in item:
                    self.contacts.pop(item["id"], None)
                else:
                    self.contacts[item["id"]] = item
            if "@odata.deltaLink" in page:
                self.link = page["@odata.deltaLink"]
                return
            if self.random.random() < 0.3:
                await change(self.api, self.random)
            page = await self.api.get(page["@odata.nextLink"], prefer=", ".join(prefer))

    async def truth(self) -> dict[str, Json]:
        prefer = {"prefer": 'IdType="ImmutableId"'} if self.immutable else {}
        return {one["id"]: one for one in await self.api.whole(f"{self.path}?$top=50", **prefer)}


async def change(api: Api, random: Random) -> None:
    """One change, by the API or in Outlook."""
    contacts = (await api.control("GET", "/microsoft/contacts"))["contacts"]
    folders = [one["id"] for one in (await api.control("GET", "/microsoft/folders"))["folders"]]
    name = random.choice(contacts)["id"] if contacts else ""
    path = f"/me/contacts/{name}"
    body = {"givenName": f"N{random.randrange(1000)}", "businessHomePage": str(random.random())}
    kind = random.choice(["create"] * 4 + ["edit"] * 2 + ["delete", "purge", "move", "restore", "outlook", "empty"])
    if kind == "create" or not contacts:
        await api.create(body, f"/me/contactFolders/{random.choice(folders)}/contacts")
    elif kind == "edit":
        await api.call("PATCH", path, {"nickName": str(random.random())})
    elif kind == "delete":
        await api.call("DELETE", path)
    elif kind == "purge":
        await api.call("POST", f"{path}/permanentDelete", content=b"")
    elif kind == "move":
        await api.control("POST", f"/microsoft/contacts/{name}/move", {"folder": random.choice(folders)})
    elif kind == "outlook":
        await api.control("PATCH", f"/microsoft/contacts/{name}", {"surname": str(random.random())})
    elif kind == "empty":
        await api.control("DELETE", "/microsoft/deleted")
    elif kind == "restore":
        for one in (await api.control("GET", "/microsoft/deleted"))["contacts"][:1]:
            await api.control("POST", f"/microsoft/contacts/{one['id']}/restore", {"folder": random.choice(folders)})


HARMLESS = ("delta-repeats", "delta-replays", "delta-empty-page", "delta-lag", "sync-state-expired")
"""Quirks of delta queries with which nobody who follows them loses anything."""


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_mirror_by_odd_delta_queries_has_what_is_there(seed: int) -> None:
    random = Random(seed)
    api = await fresh(build(Sandbox(Clock(START, frozen=True), seed)), **({"tenant": "consumers"} if seed % 2 else {}))
    await api.control("POST", "/tokens", {"accessToken": "tok", "lifetime": 10**9})
    other = await api.folder("Other")
    paths = ["/me/contactFolders/contacts/contacts", f"/me/contactFolders/{other}/contacts"]
    mirrors = [Mirror(api, path, random, immutable) for path in paths for immutable in (True, False)]
    for _ in range(10):
        name = random.choice(HARMLESS)
        given = {"on": random.choice(["nextLink", "deltaLink"])} if name == "sync-state-expired" else {}
        await api.control("PUT", f"/quirks/graph-{name}", {"probability": 0.5, "seed": random.randrange(99), **given})
        for _ in range(random.randint(0, 5)):
            await change(api, random)
            await api.pass_time(random.choice([0, 1, 20]))
        for mirror in mirrors:
            if random.random() < 0.7:
                await mirror.sync()
    await api.control("DELETE", "/quirks")
    for mirror in mirrors:
        for _ in range(2):
            await mirror.sync()
        # What changed while pages were turned is told by the next round.
    for mirror in mirrors:
        await mirror.sync()
        assert mirror.contacts == await mirror.truth()
    await api.http.aclose()
