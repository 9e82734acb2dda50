"""The simulated People API as a test calls it: every answer obeys Google's own description, whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.google.discovery import document, validator

Json = dict[str, Any]
ALL = (
    "addresses,biographies,birthdays,calendarUrls,clientData,emailAddresses,events,externalIds,genders,imClients,"
    "interests,locales,locations,memberships,metadata,miscKeywords,names,nicknames,occupations,organizations,"
    "phoneNumbers,photos,relations,sipAddresses,urls,userDefined"
)
ME = "/v1/people/me/connections"


def _paths() -> list[tuple[str, re.Pattern[str], str]]:
    found = []

    def walk(resource: Json) -> None:
        for method in resource.get("methods", {}).values():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape("/" + method["flatPath"]))
            found.append((method["httpMethod"], re.compile(pattern), method["response"]["$ref"]))
        for below in resource.get("resources", {}).values():
            walk(below)

    walk(document())
    return found


PATHS = _paths()


def check_answer(verb: str, path: str, value: Any) -> None:
    """An answer has the shape that the discovery document gives it, and nothing else."""
    (schema,) = {schema for known, pattern, schema in PATHS if known == verb and pattern.fullmatch(path)}
    validator(schema).validate(value)


@dataclass
class Refused(Exception):
    """An answer that is an error in Google's shape."""

    http: int
    error: Json
    headers: httpx.Headers

    @property
    def message(self) -> str:
        return str(self.error["message"])


@dataclass
class Api:
    """A client of one account."""

    http: httpx.AsyncClient
    account: Json
    token: str = "tok"
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, verb: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **self.headers}
        names = {name.replace("__", "."): value for name, value in query.items()}
        if body is None:
            return await self.http.request(verb, path, params=names, headers=headers)
        return await self.http.request(verb, path, params=names, headers=headers, json=body)

    async def call(self, verb: str, path: str, body: Any = None, **query: Any) -> Json:
        """The answer. Raises Refused."""
        answer = await self.send(verb, path, body, **query)
        assert answer.headers["content-type"] == "application/json; charset=UTF-8", answer.text
        value: Json = answer.json()
        if answer.status_code != 200:
            assert set(value) == {"error"}
            assert set(value["error"]) <= {"code", "message", "status", "details", "errors"}
            assert value["error"]["code"] == answer.status_code
            raise Refused(answer.status_code, value["error"], answer.headers)
        check_answer(verb, path, value)
        return value

    async def get(self, path: str, **query: Any) -> Json:
        return await self.call("GET", path, **query)

    async def post(self, path: str, body: Any, **query: Any) -> Json:
        return await self.call("POST", path, body, **query)

    async def create(self, **fields: Any) -> Json:
        return await self.post("/v1/people:createContact", fields)

    async def person(self, name: str, fields: str = ALL, **query: Any) -> Json:
        return await self.get(f"/v1/{name}", personFields=fields, **query)

    async def update(self, person: Json, mask: str, **query: Any) -> Json:
        path = f"/v1/{person['resourceName']}:updateContact"
        return await self.call("PATCH", path, person, updatePersonFields=mask, **query)

    async def everyone(self, fields: str = "names,metadata", **query: Any) -> tuple[list[Json], Json]:
        """All pages of connections, and the last answer."""
        people: list[Json] = []
        page = await self.get(ME, personFields=fields, **query)
        while True:
            people += page.get("connections", [])
            if "nextPageToken" not in page:
                return people, page
            page = await self.get(ME, personFields=fields, **query, pageToken=page["nextPageToken"])

    async def control(self, verb: str, path: str, body: Any = None) -> Any:
        """What the user's phone does, below ``/control/accounts/ID``."""
        answer = await self.http.request(verb, f"/control/accounts/{self.account['id']}{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def seed(self, *people: Json) -> list[str]:
        found: list[str] = (await self.control("POST", "/google/contacts", {"people": people}))["resourceNames"]
        return found

    async def quirk(self, name: str, **given: Any) -> None:
        await self.control("PUT", f"/quirks/{name}", given)

    async def pass_time(self, seconds: float) -> None:
        assert (await self.http.post("/control/clock", json={"advance": seconds})).status_code == 200


def named(given: str, family: str = "Example") -> Json:
    return {"names": [{"givenName": given, "familyName": family}]}


def given_names(people: list[Json]) -> list[str]:
    return [person["names"][0]["givenName"] for person in people]
