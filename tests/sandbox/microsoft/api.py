"""The simulated Microsoft Graph as a test calls it: every answer obeys Microsoft's own description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.microsoft import judge

Json = dict[str, Any]
NOT_DESCRIBED = ("/$count",)
"""Ends of paths that Microsoft's description does not have, although Graph does."""
CONTENT = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass
class Refused(Exception):
    """An answer that is an error in Graph's shape."""

    http: int
    error: Json
    headers: httpx.Headers

    @property
    def code(self) -> str:
        return str(self.error["code"])

    @property
    def message(self) -> str:
        return str(self.error["message"])


@dataclass
class Api:
    """A client of one account; paths are below ``/v1.0``, or whole URLs that an answer had."""

    http: httpx.AsyncClient
    account: Json
    token: str = "tok"
    headers: dict[str, str] = field(default_factory=dict)

    async def send(
        self, verb: str, path: str, body: Any = None, *, content: bytes | None = None, **headers: str
    ) -> httpx.Response:
        """Keywords are headers, with ``_`` for ``-``."""
        sent = {"Authorization": f"Bearer {self.token}", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"/v1.0{path}"
        if body is not None:
            answer = await self.http.request(verb, url, headers=sent, json=body)
        else:
            answer = await self.http.request(verb, url, headers=sent, content=content)
        target = answer.request.url.raw_path.decode()
        if not target.partition("?")[0].endswith(NOT_DESCRIBED):
            judge.answer(verb, target, answer.status_code, answer.headers, answer.content, answer.request.content)
        return answer

    async def call(self, verb: str, path: str, body: Any = None, **headers: Any) -> Json:
        """The answer's JSON, {} for none. Raises Refused."""
        answer = await self.send(verb, path, body, **headers)
        assert answer.headers["request-id"]
        if answer.status_code == 204:
            assert answer.content == b""
            return {}
        assert answer.headers["content-type"] == CONTENT, answer.text
        assert answer.headers["odata-version"] == "4.0"
        value: Json = answer.json()
        if answer.status_code >= 400:
            assert set(value) == {"error"}
            assert set(value["error"]) == {"code", "message", "innerError"}
            assert value["error"]["innerError"]["request-id"] == answer.headers["request-id"]
            raise Refused(answer.status_code, value["error"], answer.headers)
        return value

    async def get(self, path: str, **headers: str) -> Json:
        return await self.call("GET", path, **headers)

    async def create(self, body: Json, path: str = "/me/contacts", **headers: str) -> Json:
        return await self.call("POST", path, body, **headers)

    async def update(self, contact: str, body: Json, **headers: str) -> Json:
        return await self.call("PATCH", f"/me/contacts/{contact}", body, **headers)

    async def control(self, verb: str, path: str, body: Any = None, *, content: bytes | None = None) -> Any:
        """Of the control API, below the account."""
        url = f"/control/accounts/{self.account['id']}{path}"
        if content is not None:
            answer = await self.http.request(verb, url, content=content)
        else:
            answer = await self.http.request(verb, url, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def pass_time(self, seconds: float) -> None:
        await self.http.post("/control/clock", json={"advance": seconds})

    async def refused(self, verb: str, path: str, body: Any = None, **headers: Any) -> Refused:
        """What a call is refused with; a call that is not fails the test."""
        try:
            value = await self.call(verb, path, body, **headers)
        except Refused as error:
            return error
        raise AssertionError(f"{verb} {path} was not refused: {value}")

    async def whole(self, path: str, **headers: str) -> list[Json]:
        """Every page of a list."""
        found: list[Json] = []
        page = await self.get(path, **headers)
        found += page["value"]
        while "@odata.nextLink" in page:
            page = await self.get(page["@odata.nextLink"], **headers)
            found += page["value"]
        return found

    async def delta(
        self, path: str = "/me/contactFolders/contacts/contacts/delta", **headers: str
    ) -> tuple[list[Json], str]:
        """Every page of a round, and the link of the next round."""
        found: list[Json] = []
        page = await self.get(path, **headers)
        found += page["value"]
        while "@odata.nextLink" in page:
            page = await self.get(page["@odata.nextLink"], **headers)
            found += page["value"]
        return found, page["@odata.deltaLink"]

    async def seed(self, *contacts: Json, **more: Any) -> list[str]:
        """Contacts that the user made in Outlook: their immutable ids."""
        made = await self.control("POST", "/microsoft/contacts", {"contacts": list(contacts), **more})
        return list(made["ids"])

    async def folder(self, name: str, **more: Any) -> str:
        """A folder that the user made in Outlook: its id."""
        return str((await self.control("POST", "/microsoft/folders", {"name": name, **more}))["id"])
