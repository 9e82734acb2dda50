"""Random calls: no call breaks the simulator, and whoever follows its delta links has what is there."""

from __future__ import annotations

import asyncio
import os
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from polydex_sandbox.accounts import TENANT
from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.microsoft.mapi import BOUND
from polydex_sandbox.microsoft.routes import APART, OPERATIONS, Operation
from polydex_sandbox.microsoft.schema import PROPERTIES
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.microsoft.api import Api, Json
from tests.sandbox.microsoft.conftest import opened
from tests.sandbox.microsoft.test_auth import PATHS
from tests.sandbox.microsoft.test_contacts import WHOLE
from tests.soak import SOAK

SEEDS = [int(os.environ["POLYDEX_SEED"])] if "POLYDEX_SEED" in os.environ else range(200 if SOAK else 6)
TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=6,
)
PROPS = st.sampled_from([known.text for known in BOUND] + ["String {x} Name", "Boolean 0x3a21", "Integer 0x3a21"])
PROP = st.fixed_dictionaries({"id": PROPS | TEXT}, optional={"value": JSON})
VALUES = {name: st.just(value) | JSON for name, value in WHOLE.items()}
BODIES = st.fixed_dictionaries(
    {},
    optional={
        **VALUES,
        "id": TEXT,
        "parentFolderId": st.sampled_from(["contacts", "x"]) | JSON,
        "singleValueExtendedProperties": st.lists(PROP, max_size=3) | JSON,
        "multiValueExtendedProperties": st.lists(PROP, max_size=2) | JSON,
        "extensionName": TEXT,
        "inputIds": st.lists(TEXT, max_size=3),
        "sourceIdType": st.just("restId") | TEXT,
        "targetIdType": st.just("ewsId") | TEXT,
    },
)
WORDS = st.sampled_from([*PROPERTIES, "eq", "ne", "and", "or", "not", "(", ")", "'x'", "null", "startswith(", ",", "x",
                         "emailAddresses/any(a:a/address eq 'x')", "extensions($filter=id eq 'x')", "desc", "5",
                         "singleValueExtendedProperties($filter=id eq 'String 0x3A21')"])  # fmt: skip
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["select", "top", "skip", "filter", "orderby", "expand", "count", "search", "deltatoken", "x"]),
        st.lists(WORDS, max_size=5).map(" ".join) | TEXT,
    ),
    max_size=3,
)

FAILING = ("contacts.delta", "contactFolders.delta", "contacts.update")
"""Where Graph answers with 500: an expansion of changes, extensions in an update."""


async def account(app: Any, **more: Any) -> Api:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox")
    return await opened(http, email="ada@example.com", accessToken="tok", **more)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.node not in APART], ids=lambda operation: operation.name
)
@given(data=st.data())
@settings(max_examples=1_000 if SOAK else 6)
@pytest.mark.soak
def test_no_call_breaks_it(operation: Operation, data: st.DataObject) -> None:
    """Whatever is sent, the answer is Graph's: as described, or an error in its shape."""
    body = data.draw(BODIES | JSON) if operation.verb in ("POST", "PATCH") else None
    query = "&".join(f"${name}={quote(value)}" for name, value in data.draw(QUERIES))
    target = data.draw(st.sampled_from(["real", "x", "%00", "AAMk="]))

    async def play() -> None:
        api = await account(build(Sandbox(Clock(START, frozen=True))))
        made = await api.create({"givenName": "Ada", "extensions": [{"extensionName": "y"}]})
        path = "/me" + PATHS[operation.node].replace("/x", f"/{made['id'] if target == 'real' else target}")
        # What `send` sees it judges, errors too.
        answer = await api.send(operation.verb, f"{path}?{query}" if query else path, body)
        assert answer.status_code < 500 or operation.name in FAILING
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"code", "message", "innerError"}

    asyncio.run(play())


class Follower:
    """A client that keeps a copy of one folder."""

    def __init__(self, api: Api, folder: str, random: Random) -> None:
        self.api, self.random = api, random
        self.path = f"/me/contactFolders/{folder}/contacts"
        self.link = f"{self.path}/delta"
        kind = random.choice(['IdType="ImmutableId", ', ""])
        self.prefer = f"{kind}odata.maxpagesize={random.choice([1, 2, 3, 50])}"
        self.copy: dict[str, Json] = {}

    async def page(self) -> bool:
        """One page; whether the round ended with it."""
        page = await self.api.get(self.link, Prefer=self.prefer)
        for one in page["value"]:
            if "@removed" in one:
                self.copy.pop(one["id"], None)
            else:
                self.copy[one["id"]] = one
        self.link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
        return "@odata.deltaLink" in page

    async def finish(self) -> None:
        """To the end of the round, and one round more: what changed meanwhile is in the first or the second."""
        while not await self.page():
            pass
        while not await self.page():
            pass

    async def check(self) -> None:
        there = {one["id"]: one for one in await self.api.whole(f"{self.path}?$top=100", Prefer=self.prefer)}
        assert self.copy == there


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.soak
async def test_whoever_follows_has_what_is_there(seed: int) -> None:
    random = Random(seed)
    api = await account(
        build(Sandbox(Clock(START, frozen=True), seed)), tenant=random.choice(["consumers"] * 2 + [TENANT])
    )
    folders = ["contacts", await api.folder("Friends"), await api.folder("Family")]
    followers = [Follower(api, folder, random) for folder in folders[:2] for _ in range(3)]
    ids: list[str] = []
    gone: list[str] = []
    for number in range(120 if SOAK else 60):
        await api.pass_time(random.choice([0, 1, 20, -60]))
        what = random.choice(
            ["create", "create", "update", "update", "move", "delete", "restore", "purge", "follow", "follow"]
        )
        one = random.choice(ids) if ids else ""
        if what == "create":
            made = await api.seed({"givenName": f"P{number}"}, folder=random.choice(folders))
            ids += made
        elif what == "follow":
            await random.choice(followers).page()
        elif what == "restore" and gone:
            back = gone.pop(random.randrange(len(gone)))
            await api.control("POST", f"/microsoft/contacts/{back}/restore", {"folder": random.choice(folders)})
            ids.append(back)
        elif one and what == "update":
            await api.update(one, {"surname": f"S{number}"})
        elif one and what == "move":
            await api.update(one, {"parentFolderId": random.choice(folders)})
        elif one and what in ("delete", "purge"):
            ids.remove(one)
            if what == "delete":
                gone.append(one)
                await api.call("DELETE", f"/me/contacts/{one}")
            else:
                await api.call("POST", f"/me/contacts/{one}/permanentDelete")
    for follower in followers:
        await follower.finish()
        await follower.check()
