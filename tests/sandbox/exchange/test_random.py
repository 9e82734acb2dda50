"""Requests made up at random, good ones of the schema and broken ones: each is answered as the schema says."""

from __future__ import annotations

from random import Random
from typing import Any

import httpx
import pytest
from lxml import etree

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange.schema import VERSIONS
from polydex_sandbox.exchange.views import VIEWS
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.exchange.api import NS, Api, Element, M, Refused, found
from tests.sandbox.exchange.conftest import opened
from tests.sandbox.exchange.madeup import Maker, broken
from tests.soak import SOAK

ROUNDS = 40 if SOAK else 8


class Real:
    """Ids of the mailbox, to put in the place of made-up ones."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.items: list[tuple[str, str]] = []
        self.folders: list[str] = []

    async def look(self) -> None:
        changes = (await self.api.sync()).changes
        ids = [found(one, ".//t:ItemId") for one in changes]
        self.items = [(one.get("Id", ""), one.get("ChangeKey", "")) for one in ids]
        base = f"/control/accounts/{self.api.account['id']}/exchange"
        self.folders = [one["id"] for one in (await self.api.http.get(f"{base}/folders")).json()["folders"]]

    def put(self, document: Element, random: Random) -> None:
        for one in document.iter():
            name = etree.QName(one).localname
            if name in ("ItemId", "ParentItemId") and self.items and random.random() < 0.8:
                ident, key = random.choice(self.items)
                one.set("Id", ident)
                if random.random() < 0.8:
                    one.set("ChangeKey", key)
            elif name == "FolderId" and random.random() < 0.8:
                one.set("Id", random.choice(self.folders))
            elif name == "DistinguishedFolderId":
                one.set("Id", random.choice(["contacts", "contacts", "deleteditems", "inbox", "msgfolderroot"]))
                for box in list(one):
                    one.remove(box)


async def ask(api: Api, document: Element) -> Any:
    """The answer, or the refusal: each is of the schema, or a fault."""
    try:
        return await api.call(etree.tostring(document).decode())
    except Refused as refused:
        if refused.http != 500 or not refused.code:
            raise
        return None


@pytest.mark.parametrize("seed", range(5 if SOAK else 1))
@pytest.mark.parametrize("operation", sorted(VIEWS))
async def test_everything_is_answered(operation: str, seed: int) -> None:
    random = Random(f"{operation} {seed}")
    transport = httpx.ASGITransport(app=build(Sandbox(Clock(START, frozen=True), seed)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        api = await opened(http, email="ada@example.com")
        await http.post(f"/control/accounts/{api.account['id']}/exchange/contacts", json={"count": 5, "seed": seed})
        real = Real(api)
        for _ in range(ROUNDS):
            api.version = random.choice(VERSIONS[-2:])
            document = Maker(random, api.version).document(f"{{{M}}}{operation}")
            await real.look()
            real.put(document, random)
            if random.random() < 0.3:
                broken(document, random)
            answer = await ask(api, document)
            if answer is not None:
                codes = answer.findall(".//m:ResponseCode", NS)
                assert codes
                assert all(one.text for one in codes)
