"""Random calls: no call breaks the simulator, and whoever follows its lists has what is there."""

from __future__ import annotations

import asyncio
import base64
import os
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.google.methods import METHODS, Method
from polydex_sandbox.google.schema import ENUMS, GROUP_READABLE, READABLE
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.google.api import ME, Api, Json, check_answer
from tests.sandbox.google.test_laws import JSON, TEXT, bodies
from tests.soak import SOAK

SEEDS = [int(os.environ["POLYDEX_SEED"])] if "POLYDEX_SEED" in os.environ else range(200 if SOAK else 6)
MASKS = st.lists(st.sampled_from([*READABLE, *GROUP_READABLE]), max_size=3).map(",".join)
NUMBERS = st.sampled_from(["0", "1", "2", "-1", "1000", "1001", "x", ""])
PLAIN = {"mask": MASKS | TEXT, "int32": NUMBERS, "bool": st.sampled_from(["true", "false", "x"]), "text": TEXT}


async def account(app: Any) -> Api:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox")
    body = {"email": "ada@example.com", "accessToken": "tok"}
    return Api(http, (await http.post("/control/accounts", json=body)).json())


@st.composite
def queries(draw: st.DrawFn, method: Method) -> list[tuple[str, Any]]:
    """Parameters of a method, likely ones and odd ones."""
    found: list[tuple[str, Any]] = []
    for name, member in method.parameters.items():
        for _ in range(draw(st.integers(0, 2)) if member.form == "list" else draw(st.integers(0, 1))):
            values = st.sampled_from(ENUMS[member.type]) if member.type in ENUMS else PLAIN[member.type]
            if "esourceName" in name:
                values = st.sampled_from(["people/me", "people/c1", "contactGroups/all", "x"])
            found.append((name, draw(values)))
    return found


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@given(data=st.data())
@settings(max_examples=2_000 if SOAK else 15)
@pytest.mark.soak
def test_no_call_breaks_it(method: Method, data: st.DataObject) -> None:
    """Whatever is sent, the answer is Google's: as described, or an error in its shape."""
    query = data.draw(queries(method))
    body = data.draw(bodies(method.body) | JSON) if method.body and method.body != "UpdateContactPhotoRequest" else None
    target = data.draw(st.sampled_from(["me", "c1", "myContacts", "%00", "ä"]))

    async def play() -> None:
        api = await account(build(Sandbox(Clock(START, frozen=True))))
        path = method.path.replace("{people}", target).replace("{otherContacts}", target)
        path = path.replace("{contactGroups}", target)
        scopes = ["contacts", "contacts.other.readonly", "directory.readonly"]
        scopes = [f"https://www.googleapis.com/auth/{scope}" for scope in scopes]
        await api.control("POST", "/tokens", {"accessToken": "tok", "scopes": scopes})
        headers = {"Authorization": "Bearer tok"}
        answer = await api.http.request(method.verb, path, params=query, json=body, headers=headers)
        if answer.status_code == 200:
            check_answer(method.verb, httpx.URL(path).raw_path.decode(), answer.json())
        else:
            assert answer.status_code in (400, 403, 404, 409)
            assert answer.json()["error"]["code"] == answer.status_code
        await api.http.aclose()

    asyncio.run(play())


class Mirror:
    """Somebody who keeps a copy by incremental lists alone."""

    def __init__(self, api: Api, random: Random) -> None:
        self.api, self.random = api, random
        self.people: dict[str, Json] = {}
        self.token: str | None = None

    async def sync(self) -> None:
        query: Json = {
            "personFields": ",".join(READABLE),
            "requestSyncToken": True,
            "pageSize": self.random.randint(1, 9),
        }
        query["sources"] = "READ_SOURCE_TYPE_CONTACT"
        if self.token is None:
            self.people.clear()
        else:
            query["syncToken"] = self.token
        page = await self.api.get(ME, **query)
        while True:
            for person in page.get("connections", []):
                for old in person["metadata"].pop("previousResourceNames", []):
                    self.people.pop(old, None)
                if person["metadata"].get("deleted"):
                    self.people.pop(person["resourceName"], None)
                else:
                    self.people[person["resourceName"]] = person
            if "nextPageToken" not in page:
                break
            page = await self.api.get(ME, **query, pageToken=page["nextPageToken"])
            if self.random.random() < 0.3:
                await change(self.api, self.random)
        self.token = page["nextSyncToken"]


async def change(api: Api, random: Random) -> None:
    """One change, by the API or on the phone."""
    people = (await api.control("GET", "/google/contacts"))["people"]
    groups = [
        one["resourceName"] for one in (await api.control("GET", "/google/groups"))["groups"] if not one["system"]
    ]
    name = random.choice(people)["resourceName"] if people else ""
    contact = f"/google/contacts/{name.removeprefix('people/')}"
    body = {"names": [{"givenName": f"N{random.randrange(1000)}"}], "urls": [{"value": str(random.random())}]}
    kind = random.choice(
        ["create"] * 4 + ["edit", "delete", "restore", "rename", "merge", "photo", "group", "member", "ungroup"]
    )
    if kind == "create" or not people:
        await api.post("/v1/people:createContact", body)
    elif kind == "edit":
        person = await api.person(name)
        await api.update({**person, **body}, random.choice(["names", "urls", "names,urls,birthdays"]))
    elif kind == "delete":
        await api.call("DELETE", f"/v1/{name}:deleteContact")
    elif kind == "restore":
        trash = (await api.control("GET", "/google/trash"))["people"]
        for one in trash[:1]:
            await api.control("POST", f"/google/contacts/{one['resourceName'].removeprefix('people/')}/restore")
    elif kind == "rename":
        await api.control("POST", f"{contact}/rename")
    elif kind == "merge" and len(people) > 1:
        others = [one["resourceName"] for one in people if one["resourceName"] != name]
        await api.control("POST", f"{contact}/merge", {"with": random.choice(others)})
    elif kind == "photo":
        await api.call("PATCH", f"/v1/{name}:updateContactPhoto", {"photoBytes": base64.b64encode(PIXEL).decode()})
    elif kind == "group":
        await api.post("/v1/contactGroups", {"contactGroup": {"name": f"G{random.getrandbits(40)}"}})
    elif kind == "member" and groups:
        await api.post(f"/v1/{random.choice(groups)}/members:modify", {"resourceNamesToAdd": [name]})
    elif kind == "ungroup" and groups:
        await api.call("DELETE", f"/v1/{random.choice(groups)}", deleteContacts=random.random() < 0.3)


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delay", [0, 120])
async def test_a_mirror_of_incremental_lists_has_what_is_there(seed: int, delay: int) -> None:
    random = Random(seed)
    api = await account(build(Sandbox(Clock(START, frozen=True), seed)))
    mirror = Mirror(api, random)
    if delay:
        await api.quirk("google-propagation-delay", seconds=delay)
    for _ in range(12):
        for _ in range(random.randint(0, 6)):
            await change(api, random)
            await api.pass_time(random.choice([0, 1, 100]))
        await mirror.sync()
    await api.pass_time(delay)
    await mirror.sync()
    await api.pass_time(delay)
    await mirror.sync()
    true = {}
    for person in (await api.control("GET", "/google/contacts"))["people"]:
        person["metadata"].pop("previousResourceNames", None)
        true[person["resourceName"]] = person
    assert mirror.people.keys() == true.keys()
    for name, person in mirror.people.items():
        assert {**person} == {field: true[name][field] for field in person}
        assert person["etag"] == true[name]["etag"]
    await api.http.aclose()
