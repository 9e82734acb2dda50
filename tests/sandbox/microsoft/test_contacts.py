"""Contacts one by one: create, get, update, delete; what they are made of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.microsoft.api import Api, Json

WHOLE: Json = {
    "categories": ["Friends", "Chess"],
    "birthday": "1815-12-10T11:59:00Z",
    "fileAs": "Lovelace",
    "displayName": "The Countess",
    "givenName": "Ada",
    "initials": "A.L.",
    "middleName": "King",
    "nickName": "Enchantress",
    "surname": "Lovelace",
    "title": "Countess",
    "yomiGivenName": "エイダ",
    "yomiSurname": "ラブレス",
    "yomiCompanyName": "エンジン",
    "generation": "I",
    "imAddresses": ["sip:ada@example.com"],
    "jobTitle": "Engineer",
    "companyName": "Engines",
    "department": "Notes",
    "officeLocation": "1/2",
    "profession": "Mathematician",
    "businessHomePage": "https://example.com",
    "assistantName": "Charles",
    "manager": "Mary",
    "homePhones": ["+44 1", "+44 2"],
    "mobilePhone": "+44 3",
    "businessPhones": ["+44 4", "+44 5"],
    "spouseName": "William",
    "personalNotes": "Line one\r\nline two ✓",
    "children": ["Byron", "Anne"],
    "emailAddresses": [
        {"name": "Ada", "address": "ada@example.com"},
        {"name": "Ada L", "address": "al@example.com"},
        {"name": "third", "address": "third@example.com"},
    ],
    "homeAddress": {
        "street": "1 Example Street",
        "city": "London",
        "state": "Greater London",
        "countryOrRegion": "United Kingdom",
        "postalCode": "SW1",
    },
    "businessAddress": {"city": "Paris"},
    "otherAddress": {"countryOrRegion": "Italy"},
}


async def test_a_contact_lives(api: Api) -> None:
    made = await api.create({"givenName": "Ada", "surname": "Lovelace", "businessPhones": ["+44 1"]})
    assert made["displayName"] == "Ada Lovelace"
    assert made["fileAs"] == "Lovelace, Ada"
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert made["createdDateTime"] == made["lastModifiedDateTime"] == "2026-01-01T00:00:00Z"
    path = f"/me/contacts/{made['id']}"
    assert await api.get(path) == made
    await api.pass_time(60)
    changed = await api.call("PATCH", path, {"surname": "King"})
    assert changed["businessPhones"] == ["+44 1"]
    assert changed["displayName"] == "Ada King"
    assert changed["changeKey"] != made["changeKey"]
    assert changed["createdDateTime"] == "2026-01-01T00:00:00Z"
    assert changed["lastModifiedDateTime"] == "2026-01-01T00:01:00Z"
    assert await api.call("DELETE", path) == {}
    for verb, body in (("GET", None), ("DELETE", None), ("PATCH", {"surname": "x"})):
        error = await api.refused(verb, path, body)
        assert (error.http, error.code) == (404, "ErrorItemNotFound")


async def test_everything_that_was_written_is_read(api: Api) -> None:
    made = await api.create(WHOLE)
    assert {name: made[name] for name in WHOLE} == WHOLE
    emails = WHOLE["emailAddresses"]
    slots = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
    assert [made[name] for name in slots] == emails
    # Written again in another contact, by PATCH, property after property.
    other = await api.create({"givenName": "x"})
    for name, value in WHOLE.items():
        other = await api.update(other["id"], {name: value})
        assert other[name] == value
    # The names come last here, as a server makes them anew when their parts change.
    other = await api.update(other["id"], {"displayName": "The Countess", "fileAs": "Lovelace"})
    assert {name: other[name] for name in WHOLE} == WHOLE


async def test_what_an_empty_contact_has(api: Api) -> None:
    made = await api.create({})
    kinds: dict[str, Any] = {
        name: [] if isinstance(value, list) else {} if isinstance(value, dict) else None
        for name, value in WHOLE.items()
    }
    assert {name: made[name] for name in WHOLE} == kinds
    assert made["primaryEmailAddress"] is None
    assert made["parentFolderId"] == (await api.get("/me/contactFolders/contacts"))["id"]


@pytest.mark.parametrize("name", WHOLE)
async def test_null_clears(api: Api, name: str) -> None:
    made = await api.create(WHOLE)
    empty: Any = [] if isinstance(WHOLE[name], list) else {} if isinstance(WHOLE[name], dict) else None
    kept = {"displayName": "kept", "fileAs": "kept"} | {name: None}
    changed = await api.update(made["id"], kept)
    assert changed[name] == empty
    same = {other: value for other, value in WHOLE.items() if other not in (name, "displayName", "fileAs")}
    assert {other: changed[other] for other in same} == same
    if isinstance(WHOLE[name], list):
        made = await api.create(WHOLE)
        assert (await api.update(made["id"], {name: []}))[name] == []


async def test_collections_and_addresses_are_replaced_whole(api: Api) -> None:
    made = await api.create(WHOLE)
    changed = await api.update(made["id"], {"homePhones": ["+44 9"], "homeAddress": {"city": "Rome", "street": None}})
    assert changed["homePhones"] == ["+44 9"]
    assert changed["homeAddress"] == {"city": "Rome"}
    changed = await api.update(made["id"], {"emailAddresses": [{"address": "one@example.com"}]})
    assert changed["emailAddresses"] == [{"name": "one@example.com", "address": "one@example.com"}]


async def test_the_server_makes_names_anew(api: Api) -> None:
    made = await api.create({"givenName": "Ada", "surname": "Lovelace", "displayName": "Countess", "fileAs": "C"})
    path = made["id"]
    changed = await api.update(path, {"jobTitle": "Engineer"})
    assert (changed["displayName"], changed["fileAs"]) == ("Countess", "C")
    changed = await api.update(path, {"givenName": "Ada"})
    assert (changed["displayName"], changed["fileAs"]) == ("Countess", "C")
    changed = await api.update(path, {"middleName": "King"})
    assert (changed["displayName"], changed["fileAs"]) == ("Ada King Lovelace", "Lovelace, Ada King")
    changed = await api.update(path, {"surname": "Byron", "displayName": "Countess"})
    assert (changed["displayName"], changed["fileAs"]) == ("Countess", "Byron, Ada King")
    changed = await api.update(path, {"surname": "Noel", "displayName": "Lady", "fileAs": "L"})
    assert (changed["displayName"], changed["fileAs"]) == ("Lady", "L")
    company = await api.create({"companyName": "Engines"})
    assert (company["displayName"], company["fileAs"]) == ("Engines", "Engines")
    address = await api.create({"emailAddresses": [{"address": "a@example.com"}]})
    assert address["displayName"] == "a@example.com"


async def test_an_email_address_gets_a_name(api: Api) -> None:
    made = await api.create({"emailAddresses": [{"address": "a@example.com", "name": ""}, {}, {"name": "C"}]})
    assert made["emailAddresses"] == [{"name": "a@example.com", "address": "a@example.com"}, {"name": "C"}]


async def test_email_addresses_have_names_of_their_own(api: Api) -> None:
    made = await api.create({"primaryEmailAddress": {"address": "a@example.com"}})
    assert made["emailAddresses"] == [{"name": "a@example.com", "address": "a@example.com"}]
    changed = await api.update(made["id"], {"secondaryEmailAddress": {"address": "b@example.com", "name": "B"}})
    assert [one["address"] for one in changed["emailAddresses"]] == ["a@example.com", "b@example.com"]
    changed = await api.update(made["id"], {"primaryEmailAddress": None})
    assert [one["address"] for one in changed["emailAddresses"]] == ["b@example.com"]


@pytest.mark.parametrize(
    ("name", "most", "title"),
    [("emailAddresses", 3, "EmailAddresses"), ("businessPhones", 2, "BusinessPhones"), ("homePhones", 2, "HomePhones")],
)
async def test_there_are_so_many_slots(api: Api, name: str, most: int, title: str) -> None:
    def values(count: int) -> list[Any]:
        if name == "emailAddresses":
            return [{"address": f"{number}@example.com"} for number in range(count)]
        return [f"+44 {number}" for number in range(count)]

    made = await api.create({name: values(most)})
    assert len(made[name]) == most
    for verb, path in (("POST", "/me/contacts"), ("PATCH", f"/me/contacts/{made['id']}")):
        error = await api.refused(verb, path, {name: values(most + 1)})
        assert error.http == 400
        assert error.message == (
            f"The multi value property {title} has {most + 1} entries, that exceeds the max allowed value of {most}"
        )
    assert (await api.get(f"/me/contacts/{made['id']}"))[name] == made[name]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("1815-12-10T00:00:00Z", "1815-12-10T11:59:00Z"),
        ("1815-12-10T11:59:00Z", "1815-12-10T11:59:00Z"),
        ("1815-12-10T23:30:00-02:00", "1815-12-11T11:59:00Z"),
        ("1604-02-29T11:59:00.0000000Z", "1604-02-29T11:59:00Z"),
    ],
)
async def test_a_birthday_is_a_day_at_noon(api: Api, sent: str, read: str) -> None:
    made = await api.create({"birthday": sent})
    assert made["birthday"] == read


@pytest.mark.parametrize("text", ["1815-12-10", "1815-12-10T00:00:00", "x", "", "1815-02-30T00:00:00Z", "10/12/1815"])
async def test_what_is_no_birthday(api: Api, text: str) -> None:
    error = await api.refused("POST", "/me/contacts", {"birthday": text})
    assert (error.http, error.code) == (400, "RequestBodyRead")
    assert error.message == f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'."


@pytest.mark.parametrize("name", ["id", "changeKey", "createdDateTime", "lastModifiedDateTime", "photo"])
async def test_what_is_read_only_is_not_taken_back(api: Api, name: str) -> None:
    made = await api.create({"givenName": "Ada"})
    error = await api.refused("PATCH", f"/me/contacts/{made['id']}", {"surname": "x", name: made.get(name)})
    assert (error.http, error.code) == (400, "BadRequest")
    assert error.message.startswith("Unable to read JSON request payload.")
    assert (await api.get(f"/me/contacts/{made['id']}"))["surname"] is None


async def test_annotations_are_taken_back(api: Api) -> None:
    made = await api.create({"@odata.type": "#microsoft.graph.contact", "givenName": "Ada"})
    body = {
        "@odata.type": "microsoft.graph.contact",
        "@odata.etag": made["@odata.etag"],
        "emailAddresses": [{"@odata.type": "microsoft.graph.emailAddress", "address": "a@example.com"}],
        "emailAddresses@odata.type": "#Collection(microsoft.graph.emailAddress)",
        "homeAddress": {"@odata.type": "#microsoft.graph.physicalAddress", "city": "Rome"},
    }
    changed = await api.update(made["id"], body)
    assert changed["homeAddress"] == {"city": "Rome"}
    error = await api.refused("PATCH", f"/me/contacts/{made['id']}", {"@odata.type": "#microsoft.graph.event"})
    assert error.message == (
        "A resource with type 'microsoft.graph.event' was found, but it is not assignable to the expected type "
        "'microsoft.graph.contact'."
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"firstName": "x"}, "The property 'firstName' does not exist on type 'microsoft.graph.contact'."),
        ({"homeAddress": {"zip": "x"}}, "The property 'zip' does not exist on type 'microsoft.graph.physicalAddress'."),
        (
            {"emailAddresses": [{"type": "work"}]},
            "The property 'type' does not exist on type 'microsoft.graph.emailAddress'.",
        ),
        ({"givenName": 5}, "Cannot convert a primitive value to the expected type 'Edm.String'."),
        ({"givenName": True}, "Cannot convert a primitive value to the expected type 'Edm.String'."),
        ({"givenName": ["x"]}, "An unexpected 'StartArray' node was found when reading from the JSON reader."),
        ({"givenName": {}}, "An unexpected 'StartObject' node was found when reading from the JSON reader."),
        ({"homePhones": "x"}, "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader."),
        ({"homePhones": [5]}, "Cannot convert a primitive value to the expected type 'Edm.String'."),
        ({"homePhones": [None]}, "A null value was detected in the items of a collection property value;"),
        ({"homeAddress": "x"}, "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader."),
        ({"homeAddress": []}, "An unexpected 'StartArray' node was found when reading from the JSON reader."),
        ({"emailAddresses": ["x"]}, "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader."),
        ({"birthday": 5}, "Cannot convert a primitive value to the expected type 'Edm.String'."),
    ],
)
async def test_types_are_strict(api: Api, body: Json, message: str) -> None:
    for verb, path in (("POST", "/me/contacts"), ("PATCH", f"/me/contacts/{(await api.create({}))['id']}")):
        error = await api.refused(verb, path, body)
        assert (error.http, error.code) == (400, "RequestBodyRead")
        assert error.message.startswith(message)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", "application/json", "Empty Payload. JSON content expected."),
        (b"{", "application/json", "Unable to read JSON request payload."),
        (b"[]", "application/json", "Unable to read JSON request payload."),
        (b'{"givenName": NaN}', "application/json", "Unable to read JSON request payload."),
        (b'{"@x": 1e999}', "application/json", "Unable to read JSON request payload."),
        (b'{"givenName": "\\ud800"}', "application/json", "Unable to read JSON request payload."),
        (b"[" * 100_000, "application/json", "Unable to read JSON request payload."),
        (b"{}", "text/plain", "Unable to read JSON request payload."),
        (b"\xff", "application/json", "Unable to read JSON request payload."),
    ],
)
async def test_what_is_no_json_object(api: Api, content: bytes, kind: str, message: str) -> None:
    error = await api.refused("POST", "/me/contacts", content=content, Content_Type=kind)
    assert (error.http, error.code) == (400, "BadRequest")
    assert error.message.startswith(message)


async def test_a_member_is_there_once(api: Api) -> None:
    for content in (b'{"givenName": "a", "givenName": "b"}', b'{"homeAddress": {"city": "a", "city": "b"}}'):
        error = await api.refused("POST", "/me/contacts", content=content, Content_Type="application/json")
        assert (error.http, error.code) == (400, "RequestBodyRead")
        assert error.message.startswith("Multiple properties with the name")
    assert (await api.get("/me/contacts"))["value"] == []


async def test_if_match(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    path = f"/me/contacts/{made['id']}"
    changed = await api.call("PATCH", path, {"surname": "King"}, If_Match=made["@odata.etag"])
    for verb, body in (("PATCH", {"surname": "x"}), ("DELETE", None)):
        error = await api.refused(verb, path, body, If_Match=made["@odata.etag"])
        assert (error.http, error.code) == (412, "ErrorIrresolvableConflict")
    assert await api.get(path) == changed
    assert (await api.call("PATCH", path, {"title": "Dr"}, If_Match="*"))["title"] == "Dr"
    etag = (await api.get(path))["@odata.etag"]
    assert await api.call("DELETE", path, If_Match=etag.removeprefix("W/")) == {}


async def test_a_refused_body_goes_before_a_conflict_and_changes_nothing(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    error = await api.refused("PATCH", f"/me/contacts/{made['id']}", {"foo": 1}, If_Match='W/"x"')
    assert error.code == "RequestBodyRead"
    assert await api.get(f"/me/contacts/{made['id']}") == made


async def test_delete_for_ever(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    gone = await api.create({"givenName": "Bob"})
    assert await api.call("DELETE", f"/me/contacts/{made['id']}") == {}
    assert await api.call("POST", f"/me/contacts/{gone['id']}/permanentDelete") == {}
    (kept,) = (await api.control("GET", "/microsoft/deleted"))["contacts"]
    assert kept["givenName"] == "Ada"
    error = await api.refused("POST", f"/me/contacts/{gone['id']}/microsoft.graph.permanentDelete")
    assert error.code == "ErrorItemNotFound"


async def test_select(api: Api) -> None:
    made = await api.create(WHOLE)
    some = await api.get(f"/me/contacts/{made['id']}?$select=displayName,emailAddresses")
    assert set(some) == {"@odata.context", "@odata.etag", "id", "displayName", "emailAddresses"}
    assert await api.get(f"/me/contacts/{made['id']}?$select=*") == made
    error = await api.refused("GET", f"/me/contacts/{made['id']}?$select=firstName")
    assert (error.http, error.code) == (400, "RequestBroker--ParseUri")
    assert error.message == "Could not find a property named 'firstName' on type 'microsoft.graph.contact'."


async def test_texts_are_kept_as_they_are(api: Api) -> None:
    text = " \t ünï 😀 \u0000 'quoted' \"double\" \\ & <b> %3D "
    made = await api.create({"givenName": text, "personalNotes": text * 500, "categories": [text]})
    read = await api.get(f"/me/contacts/{made['id']}")
    assert (read["givenName"], read["personalNotes"], read["categories"]) == (text, text * 500, [text])
