"""Extended properties: single-value and multi-value, asked for by `$expand`, and open extensions."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.api import Api, Json
from tests.sandbox.microsoft.test_contacts import WHOLE

GUID = "{5A9DB0C5-0B1E-4C75-8D0E-C0FFEE000000}"
ADDRESS = "{00062004-0000-0000-C000-000000000046}"
BAG = f"String {GUID} Name Overflow"
PICTURE = f"Boolean {ADDRESS} Id 0x8015"


def expand(*ids: str, kind: str = "singleValue") -> str:
    condition = " or ".join(f"id eq '{one}'" for one in ids)
    return f"$expand={quote(f'{kind}ExtendedProperties($filter={condition})')}"


async def read(api: Api, contact: str, *ids: str) -> dict[str, str]:
    """Values of extended properties by their ids, as they come back."""
    found = await api.get(f"/me/contacts/{contact}?{expand(*ids)}")
    return {one["id"]: one["value"] for one in found.get("singleValueExtendedProperties", ())}


def body_of(values: dict[str, Any], **more: Any) -> Json:
    return {"singleValueExtendedProperties": [{"id": name, "value": value} for name, value in values.items()], **more}


async def test_they_are_read_when_asked_for_only(api: Api) -> None:
    made = await api.create(body_of({"String 0x3A21": "pager", BAG: "{}"}, givenName="Ada"))
    assert "singleValueExtendedProperties" not in made
    path = f"/me/contacts/{made['id']}"
    assert await api.get(path) == made
    found = await api.get(f"{path}?{expand('String 0x3A21', BAG)}")
    assert found["singleValueExtendedProperties"] == [
        {"id": "String 0x3a21", "value": "pager"},
        {"id": f"String {GUID.lower()} Name overflow", "value": "{}"},
    ]
    assert found["singleValueExtendedProperties@odata.context"].endswith("/singleValueExtendedProperties")
    assert "singleValueExtendedProperties" not in await api.get(f"{path}?{expand('String 0x3A22')}")
    changed = await api.call("PATCH", path, {"surname": "x"})
    assert "singleValueExtendedProperties" not in changed
    (listed,) = (await api.get("/me/contacts"))["value"]
    assert "singleValueExtendedProperties" not in listed
    (listed,) = (await api.get(f"/me/contacts?{expand(BAG)}"))["value"]
    assert [one["value"] for one in listed["singleValueExtendedProperties"]] == ["{}"]
    written = await api.call("PATCH", f"{path}?{expand(BAG)}", body_of({BAG: "[]"}))
    assert [one["value"] for one in written["singleValueExtendedProperties"]] == ["[]"]


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("String 0x3A21", "String 0x3a21"),
        ("string 0x3a21", "String 0x3a21"),
        (f"String {ADDRESS} Id 0x802B", f"String {ADDRESS.lower()} Id 0x802b"),
        (f"String {ADDRESS} Id 32811", f"String {ADDRESS.lower()} Id 0x802b"),
        (f"String {GUID} Name A b/c", f"String {GUID.lower()} Name a b/c"),
        (f"String {GUID.strip('{}')} Name X", f"String {GUID.lower()} Name x"),
    ],
)
async def test_forms_of_an_id(api: Api, sent: str, back: str) -> None:
    made = await api.create(body_of({sent: "value"}))
    for asked in (sent, sent.swapcase(), back):
        assert await read(api, made["id"], asked) == {back: "value"}


@pytest.mark.parametrize(
    "text",
    ["", "x", "0x3A21", "String", "String 3A21", "String 0x8000", "Foo 0x3A21", "StringArray 0x3A58",
     f"String {GUID}", f"String {GUID} Foo X", f"String {GUID} Name ", "String {x} Name X", f"String {GUID} Id X",
     None, 5],
)  # fmt: skip
async def test_what_is_no_id(api: Api, text: Any) -> None:
    error = await api.refused("POST", "/me/contacts", {"singleValueExtendedProperties": [{"id": text, "value": "x"}]})
    assert (error.http, error.code) == (400, "ErrorInvalidProperty")
    assert error.message.startswith("PropertyId values may only be in one of the following formats:")
    if isinstance(text, str):
        error = await api.refused("GET", f"/me/contacts?{expand(text)}")
        assert error.code == "ErrorInvalidProperty"


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("String", "", ""),
        ("String", "ünï\r\n😀", "ünï\r\n😀"),
        ("String", "x" * 20_000, "x" * 20_000),
        ("Boolean", "True", "true"),
        ("Integer", "-2147483648", "-2147483648"),
        ("Short", "007", "7"),
        ("Long", "9223372036854775807", "9223372036854775807"),
        ("Double", "1.50", "1.5"),
        ("SystemTime", "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
        ("Binary", "AAEC", "AAEC"),
        ("CLSID", "5A9DB0C5-0B1E-4C75-8D0E-C0FFEE000000", "5a9db0c5-0b1e-4c75-8d0e-c0ffee000000"),
    ],
)
async def test_values_of_each_type(api: Api, kind: str, sent: str, kept: str) -> None:
    name = f"{kind} {GUID} Name V"
    made = await api.create(body_of({name: sent}))
    assert await read(api, made["id"], name) == {f"{kind} {GUID.lower()} Name v": kept}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Boolean", "yes"),
        ("Integer", "2147483648"),
        ("Integer", "1.5"),
        ("Integer", ""),
        ("Short", "40000"),
        ("Double", "x"),
        ("SystemTime", "2026-01-02"),
        ("SystemTime", "2026-02-30T00:00:00Z"),
        ("Binary", "é"),
        ("CLSID", "x"),
    ],
)
async def test_what_is_no_value_of_a_type(api: Api, kind: str, value: str) -> None:
    error = await api.refused("POST", "/me/contacts", body_of({f"{kind} {GUID} Name V": value}))
    assert (error.http, error.code) == (400, "ErrorInvalidArgument")


async def test_values_are_texts(api: Api) -> None:
    values: list[Any] = [5, True, [], {}]
    for value in values:
        error = await api.refused("POST", "/me/contacts", body_of({BAG: value}))
        assert (error.http, error.code) == (400, "RequestBodyRead")
    for given in (["x"], [{"id": BAG, "value": "x", "foo": 1}]):
        error = await api.refused("POST", "/me/contacts", {"singleValueExtendedProperties": given})
        assert error.code == "RequestBodyRead"


async def test_a_patch_changes_what_it_names(api: Api) -> None:
    made = await api.create(body_of({"String 0x3A21": "pager", BAG: "{}"}))
    await api.update(made["id"], body_of({BAG: "[]"}))
    both = ("String 0x3A21", BAG)
    assert list((await read(api, made["id"], *both)).values()) == ["pager", "[]"]
    await api.update(made["id"], body_of({"String 0x3A21": None}))
    assert list((await read(api, made["id"], *both)).values()) == ["[]"]
    before = await api.get(f"/me/contacts/{made['id']}")
    changed = await api.update(made["id"], body_of({BAG: ""}))
    assert changed["changeKey"] != before["changeKey"]
    assert list((await read(api, made["id"], *both)).values()) == [""]


BOUND = {
    "String 0x3001": "displayName",
    "String 0x3A06": "givenName",
    "String 0x3A44": "middleName",
    "String 0x3A11": "surname",
    "String 0x3A45": "title",
    "String 0x3A05": "generation",
    "String 0x3A0A": "initials",
    "String 0x3A4F": "nickName",
    "String 0x3A16": "companyName",
    "String 0x3A18": "department",
    "String 0x3A19": "officeLocation",
    "String 0x3A17": "jobTitle",
    "String 0x3A46": "profession",
    "String 0x3A4E": "manager",
    "String 0x3A30": "assistantName",
    "String 0x3A48": "spouseName",
    "String 0x3A51": "businessHomePage",
    "String 0x1000": "personalNotes",
    "SystemTime 0x3A42": "birthday",
    "String 0x3A1C": "mobilePhone",
    "String 0x3A08": "businessPhones 0",
    "String 0x3A1B": "businessPhones 1",
    "String 0x3A09": "homePhones 0",
    "String 0x3A2F": "homePhones 1",
    f"String {ADDRESS} Id 0x8005": "fileAs",
    f"String {ADDRESS} Id 0x802C": "yomiGivenName",
    f"String {ADDRESS} Id 0x802D": "yomiSurname",
    f"String {ADDRESS} Id 0x802E": "yomiCompanyName",
    f"String {ADDRESS} Id 0x8062": "imAddresses 0",
    f"String {ADDRESS} Id 0x8083": "emailAddresses 0 address",
    f"String {ADDRESS} Id 0x8090": "emailAddresses 1 name",
    f"String {ADDRESS} Id 0x80A3": "emailAddresses 2 address",
    "String 0x3A5D": "homeAddress street",
    "String 0x3A59": "homeAddress city",
    "String 0x3A5B": "homeAddress postalCode",
    "String 0x3A60": "otherAddress countryOrRegion",
    f"String {ADDRESS} Id 0x8046": "businessAddress city",
}


def at(contact: Json, path: str) -> Any:
    found: Any = contact
    for step in path.split():
        found = found[int(step)] if step.isdecimal() else found.get(step)
    return found


@pytest.mark.parametrize(("name", "path"), BOUND.items())
async def test_one_datum_with_two_names(api: Api, name: str, path: str) -> None:
    """Both see what the other wrote."""
    made = await api.create(WHOLE)
    (value,) = (await read(api, made["id"], name)).values()
    assert value == at(made, path)
    other = "1900-02-03T11:59:00Z" if path == "birthday" else "changed"
    changed = await api.update(made["id"], body_of({name: other}))
    assert at(changed, path) == other
    assert list((await read(api, made["id"], name)).values()) == [other]


async def test_a_property_behind_another_is_cleared_too(api: Api) -> None:
    made = await api.create(WHOLE)
    changed = await api.update(
        made["id"],
        body_of({"String 0x3A06": None, "String 0x3A08": None, "String 0x3A5D": None, "String 0x3A1C": None}),
    )
    assert (changed["givenName"], changed["mobilePhone"]) == (None, None)
    assert changed["businessPhones"] == ["+44 5"]
    assert "street" not in changed["homeAddress"]
    assert changed["homeAddress"]["city"] == "London"
    assert changed["displayName"] == "King Lovelace I"


async def test_whether_there_is_a_picture(api: Api, jpeg: bytes) -> None:
    made = await api.create({"givenName": "Ada"})
    name = f"Boolean {ADDRESS.lower()} Id 0x8015"
    assert await read(api, made["id"], PICTURE) == {name: "false"}
    await api.send("PUT", f"/me/contacts/{made['id']}/photo/$value", content=jpeg, Content_Type="image/jpeg")
    assert await read(api, made["id"], PICTURE) == {name: "true"}
    (listed,) = (await api.get(f"/me/contacts?{expand(PICTURE)}"))["value"]
    assert listed["singleValueExtendedProperties"][0]["value"] == "true"


async def test_several_values(api: Api) -> None:
    name = f"StringArray {GUID} Name Many"
    body = {"multiValueExtendedProperties": [{"id": name, "value": ["a", "b"]}], "children": ["Byron"]}
    made = await api.create(body)
    path = f"/me/contacts/{made['id']}?{expand(name, 'StringArray 0x3A58', kind='multiValue')}"
    values = {one["id"]: one["value"] for one in (await api.get(path))["multiValueExtendedProperties"]}
    assert values == {f"StringArray {GUID.lower()} Name many": ["a", "b"], "StringArray 0x3a58": ["Byron"]}
    await api.update(made["id"], {"multiValueExtendedProperties": [{"id": "StringArray 0x3A58", "value": None}]})
    assert (await api.get(f"/me/contacts/{made['id']}"))["children"] == []
    for given in ({"id": "String 0x3A21", "value": ["x"]}, {"id": name, "value": "x"}):
        error = await api.refused("POST", "/me/contacts", {"multiValueExtendedProperties": [given]})
        assert error.http == 400


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("singleValueExtendedProperties", "ErrorInvalidUrlQuery"),
        ("singleValueExtendedProperties($top=1)", "ErrorInvalidUrlQuery"),
        ("singleValueExtendedProperties($filter=value eq 'x')", "ErrorInvalidUrlQueryFilter"),
        ("singleValueExtendedProperties($filter=id ne 'x')", "ErrorInvalidUrlQueryFilter"),
        ("singleValueExtendedProperties($filter=id eq 'x' and id eq 'y')", "ErrorInvalidUrlQueryFilter"),
        ("singleValueExtendedProperties($filter=id eq 'x')", "ErrorInvalidProperty"),
        ("multiValueExtendedProperties($filter=id eq 'String 0x3A21')", "ErrorInvalidProperty"),
        ("extensions", "ErrorGraphExtensionExpandRequiresFilter"),
        ("photo", "BadRequest"),
        ("foo", "BadRequest"),
        ("(", "BadRequest"),
    ],
)
async def test_what_cannot_be_expanded(api: Api, text: str, code: str) -> None:
    made = await api.create({"givenName": "Ada"})
    for path in (f"/me/contacts/{made['id']}", "/me/contacts"):
        error = await api.refused("GET", f"{path}?$expand={quote(text)}")
        assert (error.http, error.code) == (400, code)


async def test_parentheses_and_several_expansions(api: Api) -> None:
    made = await api.create(body_of({BAG: "it's, (so)"}))
    text = f"singleValueExtendedProperties($filter=(id eq '{BAG}') or (id eq 'String 0x3A21')),extensions($filter=id eq 'x')"
    found = await api.get(f"/me/contacts/{made['id']}?$select=givenName&$expand={quote(text)}")
    assert [one["value"] for one in found["singleValueExtendedProperties"]] == ["it's, (so)"]
    assert set(found) >= {"@odata.etag", "id", "givenName"}
    assert "surname" not in found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"ep/id eq '{BAG}' and ep/value eq 'one'", ["One"]),
        (f"ep/value eq 'ONE' and ep/id eq '{BAG.lower()}'", ["One"]),
        (f"ep/id eq '{BAG}' and ep/value ne 'one'", ["Two", "None"]),
        (f"ep/id eq '{BAG}' and ep/value eq null", ["None"]),
        (f"ep/id eq '{BAG}' and startswith(ep/value,'t')", ["Two"]),
        (f"ep/id eq '{BAG}' and contains(ep/value,'n')", ["One"]),
        ("ep/id eq 'String 0x3A06' and ep/value eq 'Two'", ["Two"]),
    ],
)
async def test_contacts_are_found_by_them(api: Api, condition: str, expected: list[str]) -> None:
    await api.create(body_of({BAG: "one"}, givenName="One"))
    await api.create(body_of({BAG: "two"}, givenName="Two"))
    await api.create({"givenName": "None"})
    for word in ("any", "Any"):
        query = quote(f"singleValueExtendedProperties/{word}(ep: {condition})")
        found = await api.get(f"/me/contacts?$filter={query}")
        assert [one["givenName"] for one in found["value"]] == expected


async def test_named_properties_are_finite(api: Api) -> None:
    await api.control("PUT", "/microsoft/settings", {"namedProperties": 2})
    made = await api.create(
        body_of({f"String {GUID} Name A": "1", f"String {ADDRESS} Id 0x9000": "2", "String 0x3A21": "3"})
    )
    error = await api.refused("POST", "/me/contacts", body_of({f"String {GUID} Name B": "x"}))
    assert error.http == 507
    error = await api.refused("PATCH", f"/me/contacts/{made['id']}", body_of({f"String {GUID} Name B": "x"}))
    assert error.http == 507
    # A name is never free again, and can be used again.
    await api.update(made["id"], body_of({f"String {GUID} Name A": None}))
    assert (await api.control("GET", "/microsoft/settings"))["named"] == 2
    await api.update(made["id"], body_of({f"String {GUID} Name a": "again", "String 0x3A24": "fax"}))
    assert (await api.control("GET", "/microsoft/settings"))["named"] == 2


async def test_they_are_no_resources_of_their_own(api: Api) -> None:
    made = await api.create(body_of({BAG: "x"}))
    for path in ("", "/x"):
        error = await api.refused("GET", f"/me/contacts/{made['id']}/singleValueExtendedProperties{path}")
        assert (error.http, error.code) == (405, "ErrorInvalidRequest")
        assert error.message == "The OData request is not supported."
