"""Real answers, with rich contacts, against the machine-readable contract and against our own description."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from polydex.api.app import operations
from polydex.api.openapi import document
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from tests.contract.server.client import Answer, Client
from tests.contract.server.house import PASSWORD, House, open_house
from tests.unit.test_contract_shapes import CONTRACT

if not CONTRACT.exists():
    pytest.skip("the contract is not beside this repository (../shared/contracts)", allow_module_level=True)

LOGIN = "me@example.org"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FULL = Contact(
    name=Name(
        display_name="Dr Zoë Example", prefix="Dr", given_name="Zoë", middle_name="M", family_name="Example",
        suffix="MD", yomi_given_name="ゾエ", yomi_family_name="エグザンプル",
    ),
    nick_name="Zo", file_as="Example, Zoë",
    company=Company(
        name="Example Ltd", office_location="2", department="R", job_title="E", yomi_company_name="エグザンプル"
    ),
    relations=tuple(Relation(name=kind.value, type=kind) for kind in RelationType),
    birthday="--02-29",
    keywords=("a", "b"),
    notes="one\ntwo",
    email_addresses=(Email(address="zoe@example.com", name="Zoë", type="work"), Email(address="z@example.org")),
    phone_numbers=tuple(Phone(number=f"+1 202 555 01{at:02}", type=kind) for at, kind in enumerate(PhoneType)),
    addresses=tuple(
        Address(
            street="1 Example Street", street_line2="b", po_box="c", city="d", state="e", postal_code="f", country="g",
            type=kind,
        )
        for kind in AddressType
    ),
    urls=tuple(Url(href=f"https://example.com/{kind.value}", type=kind) for kind in UrlType),
    photo=Photo.of(PNG, "image/png"),
)  # fmt: skip
SPARSE = (
    Contact(birthday="some day in spring"),
    Contact(phone_numbers=(Phone(number="extension 12"),), urls=(Url(href="example.com"),)),
    Contact(addresses=(Address(country="g"),), relations=(Relation(name="Bo"),)),
    Contact(company=Company(department="R")),
    Contact(keywords=("x",)),
)

# What our answers have beyond the contract (the documentation names each), by schema; and values that are ours.
ADDED = {
    "ContactCompany": {"companyName"},
    "ContactUrl": {"value"},
    "ContactOrId": {"losses"},
    "ApiAccountOutDto": {"sync"},
}
SERVICES = {"CardDAV", "Fastmail"}

# operationId -> its answers' schema in the contract; None where the contract promises no content.
SCHEMAS = {
    "createContact": "ContactOrId",
    "updateContact": "ContactOrId",
    "contact": "Contact",
    "contSyncStart": "SyncStatus",
    "contSyncUpdated": "ContactsPage",
    "contSyncDeleted": "DeletedPage",
    "getMyAccount": "ApiAccountOutDto",
    "getAccount": "ApiAccountOutDto",
    "getAccounts": "AccountsPage",
    "upsertPersonal": "AccountSaveResult",
    "checkConnection": "OkResponse",
    "deleteContact": None,
    "deleteAccount": None,
    "deleteToken": None,
    "amAccountDelete": None,
}


def contract() -> Any:
    """The contract with every object closed: what it does not name and we do not document is an error."""
    loaded: Any = yaml.safe_load(CONTRACT.read_text("utf-8"))
    for name, schema in loaded["components"]["schemas"].items():
        if schema.get("type") == "object":
            schema["properties"] |= {member: {} for member in ADDED.get(name, ())}
            schema["additionalProperties"] = False
    loaded["components"]["schemas"]["ServiceType"]["enum"] += sorted(SERVICES)
    return loaded


THEIRS = contract()
OURS: Any = json.loads(json.dumps(document(operations())))
OURS_BY_ID = {each["operationId"]: each for methods in OURS["paths"].values() for each in methods.values()}


def valid(operation: str, answer: Answer) -> Any:
    """The answer's JSON, valid for both descriptions, without null anywhere."""
    assert answer.status < 300, answer.body
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    if name := SCHEMAS[operation]:
        schema = {**THEIRS["components"]["schemas"][name], "components": THEIRS["components"]}
        jsonschema.Draft202012Validator(schema, format_checker=checker).validate(answer.json)
    described = OURS_BY_ID[operation]["responses"][str(answer.status)]
    ours = {**described["content"]["application/json"]["schema"], "components": OURS["components"]}
    jsonschema.Draft202012Validator(ours, format_checker=checker).validate(answer.json)
    for header, about in described["headers"].items():
        assert header.lower() in answer.headers or not about.get("required"), header
    assert_no_null(answer.json)
    return answer.json


def assert_no_null(value: Any) -> None:
    assert value is not None
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        assert_no_null(inner)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        world = opened.village.world(LOGIN)
        world.put(FULL, "full", native={"X-A": "1"})
        for number, contact in enumerate(SPARSE):
            world.put(contact, f"sparse-{number}")
        yield opened


def body_of(contact: Contact) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(contact))
    found["photo"] = {"content": base64.b64encode(PNG).decode()}
    return found


def test_every_call_of_the_contract_that_is_served_is_looked_at() -> None:
    served = {name for name, each in OURS_BY_ID.items() if any(int(status) < 300 for status in each["responses"])}
    known = {each["operationId"] for methods in THEIRS["paths"].values() for each in methods.values()}
    assert served & known == set(SCHEMAS)


def test_statuses_of_success_are_those_of_the_contract() -> None:
    for methods in THEIRS["paths"].values():
        for each in methods.values():
            if each["operationId"] in SCHEMAS:
                promised = {status for status in each["responses"] if status.startswith("2")}
                given = {status for status in OURS_BY_ID[each["operationId"]]["responses"] if status.startswith("2")}
                assert given == promised, each["operationId"]


def test_parameters_are_those_of_the_contract() -> None:
    """Every parameter is there, no more demanded than in the contract and, where it is served, of the same type."""
    for methods in THEIRS["paths"].values():
        for each in methods.values():
            ours = {(p["name"], p["in"]): p for p in OURS_BY_ID[each["operationId"]].get("parameters", [])}
            for parameter in each.get("parameters", []):
                found = ours[parameter["name"], parameter["in"]]
                assert found["required"] <= parameter["required"]
                kind = parameter["schema"].get("type")
                if each["operationId"] in SCHEMAS and kind in ("integer", "boolean", "array"):
                    assert found["schema"]["type"] == kind, parameter["name"]


async def test_contacts(house: House) -> None:
    client = await house.ready(LOGIN)
    listed = (await client.get("/v1/contacts")).json["records"]
    assert len(listed) == 1 + len(SPARSE)
    for record in listed:
        path = f"/v1/contacts/{record['id']}"
        assert valid("contact", await client.get(path)) == record
        valid(
            "contact",
            await client.get(f"{path}?bodyType=html&withPhoto=true&nativeProperties=X-A&includeUpdateToken=1"),
        )
    full = next(record for record in listed if record.get("nickName") == "Zo")
    shown = (await client.get(f"/v1/contacts/{full['id']}?withPhoto=true&nativeProperties=X-A")).json
    assert set(shown) == set(THEIRS["components"]["schemas"]["Contact"]["properties"])
    assert [phone["type"] for phone in shown["phoneNumbers"]] == [kind.value for kind in PhoneType]

    created = valid("createContact", await client.post("/v1/contacts", body_of(FULL)))
    path = f"/v1/contacts/{created['id']}"
    assert created["record"] == valid("contact", await client.get(path))
    updated = valid("updateContact", await client.patch(path, {"notes": None, "urls": []}, If_Match=created["etag"]))
    assert "notes" not in updated["record"]
    assert "urls" not in updated["record"]
    assert valid("deleteContact", await client.delete(path)) == {}


async def test_the_feeds(house: House) -> None:
    client = await house.ready(LOGIN)
    start = valid("contSyncStart", await client.post("/v1/contacts/sync"))
    query, seen = f"deltaToken={start['syncUpdatedToken']}&limit=2", 0
    while True:
        page = valid("contSyncUpdated", await client.get(f"/v1/contacts/sync/updated?{query}"))
        seen += page["length"]
        if "nextDeltaToken" in page:
            break
        query = f"pageToken={page['nextPageToken']}"
    assert seen == 1 + len(SPARSE)
    victim = (await client.get("/v1/contacts?q=zo")).json["records"][0]["id"]
    await client.delete(f"/v1/contacts/{victim}")
    gone = valid(
        "contSyncDeleted", await client.get(f"/v1/contacts/sync/deleted?deltaToken={start['syncDeletedToken']}")
    )
    assert [record["id"] for record in gone["records"]] == [victim]


async def connect(house: House, service: str, provider: str | None = None) -> tuple[int, Client]:
    """The id of a new account, and a client of it."""
    body = {"serviceType": service, "serviceProvider": provider, "active": True, "password": PASSWORD}
    body["loginString"] = f"{service}@example.org"
    valid("checkConnection", await house.back_end.post("/v1/am/accounts/connect", body))
    saved = valid("upsertPersonal", await house.back_end.post("/v1/am/accounts?ensureAccess=true", body))
    return saved["accountId"], Client(house.app, {"Authorization": f"Bearer {saved['accessToken']}"})


async def test_accounts(house: House) -> None:
    account, client = await connect(house, "CardDAV")
    for service, provider in (("IMAP", "iCloud"), ("iCloud", None), ("Fastmail", None)):
        other, mine = await connect(house, service, provider)
        shown = valid("getAccount", await house.back_end.get(f"/v1/am/accounts/{other}"))
        assert valid("getMyAccount", await mine.get("/v1/account?pingProvider=true"))["id"] == shown["id"] == other
    page = valid("getAccounts", await house.back_end.get("/v1/am/accounts?limit=3"))
    assert (page["done"], len(page["records"]), page["totalSize"]) == (False, 3, 4)
    page = valid("getAccounts", await house.back_end.get("/v1/am/accounts?limit=3&offset=3"))
    assert (page["done"], len(page["records"])) == (True, 1)
    assert valid("amAccountDelete", await house.back_end.delete(f"/v1/am/accounts/{page['records'][0]['id']}")) == {}
    assert valid("deleteToken", await client.delete("/v1/account/token")) == {}
    dead = valid("getAccount", await house.back_end.get(f"/v1/am/accounts/{account}"))
    assert dead["tokenStatus"] == "dead"
    again, client = await connect(house, "CardDAV")
    assert again == account
    assert valid("deleteAccount", await client.delete("/v1/account")) == {}


async def test_failures_have_the_shape_of_the_contract(house: House) -> None:
    schema = {**THEIRS["components"]["schemas"]["ApiRequestFailed"], "components": THEIRS["components"]}
    client = await house.ready(LOGIN)
    for answer in (
        await house.anyone.get("/v1/contacts"),
        await client.get("/v1/contacts/sync/updated?deltaToken=x"),
        await client.post("/v1/contacts", b"{"),
        await house.back_end.get("/v1/am/accounts?subscriptionId=1"),
    ):
        assert answer.status >= 400
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(answer.json)
