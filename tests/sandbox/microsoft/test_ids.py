"""Ids: ordinary ones change when a contact moves, immutable ones do not, and each can be made into the other."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.api import Api, Json

IMMUTABLE: Json = {"Prefer": 'IdType="ImmutableId"'}
FORMS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")


async def immutable(api: Api, contact: str) -> str:
    return str((await api.get(f"/me/contacts/{contact}", **IMMUTABLE))["id"])


async def test_how_ids_look(api: Api, personal: Api) -> None:
    work, own = await api.create({"givenName": "Ada"}), await personal.create({"givenName": "Eve"})
    assert work["id"].startswith("AAMk")
    assert own["id"].startswith("AQMk")
    for text in (work["id"], own["id"], work["parentFolderId"], await immutable(api, work["id"])):
        assert re.fullmatch(r"[A-Za-z0-9_-]+=", text)


async def test_an_immutable_id_is_asked_for_in_every_request(api: Api) -> None:
    made = await api.create({"givenName": "Ada"}, **IMMUTABLE)
    ordinary = await api.get(f"/me/contacts/{made['id']}")
    assert made["id"] != ordinary["id"]
    assert made["parentFolderId"] == ordinary["parentFolderId"]
    answer = await api.send("GET", f"/me/contacts/{ordinary['id']}", **IMMUTABLE)
    assert answer.headers["preference-applied"] == 'IdType="ImmutableId"'
    assert answer.json()["id"] == made["id"]
    assert "preference-applied" not in (await api.send("GET", f"/me/contacts/{made['id']}")).headers
    (listed,) = (await api.get("/me/contacts", **IMMUTABLE))["value"]
    assert listed["id"] == made["id"]
    assert (await api.update(made["id"], {"surname": "L"}, **IMMUTABLE))["id"] == made["id"]


@pytest.mark.parametrize(
    ("text", "immutable", "applied"),
    [
        ('IdType="ImmutableId"', True, 'IdType="ImmutableId"'),
        ('odata.maxpagesize=50, IdType="ImmutableId"', True, 'IdType="ImmutableId", odata.maxpagesize=50'),
        ("IdType=ImmutableId", True, 'IdType="ImmutableId"'),
        ('idtype="immutableid"', True, 'IdType="ImmutableId"'),
        ('IdType="RestId"', False, None),
        ('IdType="ImmutableIdX"', False, None),
        ('IdType="ImmutableId', False, None),
        ("IdType=ImmutableId2, odata.maxpagesize=7", False, "odata.maxpagesize=7"),
        ("return=minimal", False, None),
        ("odata.maxpagesize=0", False, None),
        ("odata.maxpagesize=7", False, "odata.maxpagesize=7"),
    ],
)
async def test_the_header_prefer(api: Api, text: str, *, immutable: bool, applied: str | None) -> None:
    made = await api.create({"givenName": "Ada"})
    answer = await api.send("GET", "/me/contacts", Prefer=text)
    assert answer.headers.get("preference-applied") == applied
    assert (answer.json()["value"][0]["id"] != made["id"]) is immutable


async def test_a_move_changes_the_ordinary_id_only(api: Api) -> None:
    folder = await api.folder("Friends")
    made = await api.create({"givenName": "Ada", "birthday": "1815-12-10T00:00:00Z"})
    stays = await immutable(api, made["id"])
    moved = await api.control("POST", f"/microsoft/contacts/{made['id']}/move", {"folder": folder})
    assert moved["id"] == stays
    error = await api.refused("GET", f"/me/contacts/{made['id']}")
    assert (error.http, error.code) == (404, "ErrorItemNotFound")
    now = await api.get(f"/me/contacts/{stays}")
    assert now["id"] != made["id"]
    assert (now["parentFolderId"], now["birthday"]) == (folder, made["birthday"])
    assert now["changeKey"] != made["changeKey"]
    (back,) = (await api.get(f"/me/contactFolders/{folder}/contacts"))["value"]
    assert back == {name: value for name, value in now.items() if name != "@odata.context"}


async def test_writing_the_parent_folder_moves(api: Api) -> None:
    folder = await api.folder("Friends")
    made = await api.create({"givenName": "Ada"})
    moved = await api.update(made["id"], {"parentFolderId": folder, "surname": "Lovelace"})
    assert moved["parentFolderId"] == folder
    assert moved["surname"] == "Lovelace"
    assert moved["id"] != made["id"]
    assert (await api.get("/me/contacts"))["value"] == []
    same = await api.update(moved["id"], {"parentFolderId": folder, "surname": "King"})
    assert same["id"] == moved["id"]
    home = await api.update(moved["id"], {"parentFolderId": "contacts"})
    assert home["parentFolderId"] == made["parentFolderId"]
    assert home["id"] not in (made["id"], moved["id"])
    error = await api.refused("PATCH", f"/me/contacts/{home['id']}", {"parentFolderId": home["id"]})
    assert (error.http, error.code) == (404, "ErrorFolderNotFound")


@pytest.mark.parametrize("text", ["missing", "AAMkAGI2TG93AAA=", "x=y", "AAMk", "%2F", "%00", "é"])
async def test_what_is_no_id(api: Api, text: str) -> None:
    for path in (f"/me/contacts/{text}", f"/me/contactFolders/{text}", f"/me/contactFolders/{text}/contacts"):
        error = await api.refused("GET", path)
        assert (error.http, error.code, error.message) == (400, "ErrorInvalidIdMalformed", "Id is malformed.")


async def test_an_id_has_one_text(api: Api) -> None:
    """The last letter has bits that say nothing, and base64 another alphabet: neither is another name of the contact."""
    made = (await api.create({"givenName": "Ada"}))["id"]
    (ews,) = await translate(api, "restId", "ewsId", made)
    other = f"{made[:-2]}{chr(ord(made[-2]) + 1)}="
    assert (await api.refused("GET", f"/me/contacts/{other}")).code == "ErrorInvalidIdMalformed"
    for text in (other, made.replace("A", "/", 1)):
        (found,) = await translate(api, "restId", "restImmutableEntryId", text)
        assert found["errorDetails"]["code"] == "ErrorInvalidIdMalformed"
    names = [made]
    while not {"-", "_"} & set(names[-1]):
        names.append((await api.create({}))["id"])
    slashed = quote(names[-1].replace("-", "+").replace("_", "/"), safe="")
    assert (await api.refused("GET", f"/me/contacts/{slashed}")).code == "ErrorInvalidIdMalformed"
    assert ews["targetId"].translate(str.maketrans("/+", "-_")) == made


async def test_ids_differ_by_case(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    assert (await api.refused("GET", f"/me/contacts/{made['id'].swapcase()}")).code == "ErrorInvalidIdMalformed"


async def test_ids_may_be_encoded_and_in_quotes(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    plain = made["id"].rstrip("=")
    for path in (f"/me/contacts/{plain}%3D", f"/me/contacts/{plain}%3d", f"/me/contacts('{made['id']}')"):
        assert await api.get(path) == made
    assert await api.get(f"/me/contactfolders('contacts')/Contacts('{made['id']}')") == {
        **made,
        "@odata.context": made["@odata.context"].replace("/contacts/", "/contactFolders('contacts')/contacts/"),
    }


async def test_ids_of_another_mailbox(api: Api, personal: Api) -> None:
    other = await personal.create({"givenName": "Eve"})
    error = await api.refused("GET", f"/me/contacts/{other['id']}")
    assert (error.http, error.code) == (400, "ErrorInvalidMailboxItemId")
    assert (await api.refused("GET", f"/me/contactFolders/{other['parentFolderId']}")).http == 400


async def test_a_folder_is_no_contact(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    assert (await api.refused("GET", f"/me/contacts/{made['parentFolderId']}")).code == "ErrorItemNotFound"
    assert (await api.refused("GET", f"/me/contactFolders/{made['id']}")).code == "ErrorFolderNotFound"


async def translate(api: Api, source: str, target: str, *ids: str) -> list[Json]:
    body = {"inputIds": list(ids), "sourceIdType": source, "targetIdType": target}
    return list((await api.call("POST", "/me/translateExchangeIds", body))["value"])


@pytest.mark.parametrize("source", FORMS)
@pytest.mark.parametrize("target", FORMS)
async def test_every_form_becomes_every_other(api: Api, source: str, target: str) -> None:
    made = await api.create({"givenName": "Ada"})
    (first,) = await translate(api, "restId", source, made["id"])
    (second,) = await translate(api, source, target, first["targetId"])
    (third,) = await translate(api, target, "restImmutableEntryId", second["targetId"])
    assert third["targetId"] == await immutable(api, made["id"])
    assert (first["targetId"] == second["targetId"]) is (source == target)


async def test_what_cannot_be_translated(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    stays = await immutable(api, made["id"])
    moved = await api.update(made["id"], {"parentFolderId": await api.folder("Friends")})
    found = await translate(api, "restId", "restImmutableEntryId", moved["id"], made["id"], "x", stays)
    assert [one["sourceId"] for one in found] == [moved["id"], made["id"], "x", stays]
    assert [one.get("targetId") for one in found] == [stays, None, None, None]
    codes = [one["errorDetails"]["code"] for one in found[1:]]
    assert codes == ["ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidIdMalformed"]


async def test_up_to_a_thousand_at_once(api: Api) -> None:
    made = await api.create({"givenName": "Ada"})
    assert len(await translate(api, "restId", "ewsId", *[made["id"]] * 1000)) == 1000
    body = {"inputIds": [made["id"]] * 1001, "sourceIdType": "restId", "targetIdType": "ewsId"}
    assert (await api.refused("POST", "/me/translateExchangeIds", body)).http == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputIds": ["x"], "sourceIdType": "restId"},
        {"inputIds": ["x"], "sourceIdType": "restId", "targetIdType": "foo"},
        {"inputIds": "x", "sourceIdType": "restId", "targetIdType": "restId"},
        {"inputIds": [5], "sourceIdType": "restId", "targetIdType": "restId"},
        {"inputIds": [], "sourceIdType": "restId", "targetIdType": "restId", "foo": 1},
    ],
)
async def test_what_is_no_request_to_translate(api: Api, body: Json) -> None:
    error = await api.refused("POST", "/me/translateExchangeIds", body)
    assert (error.http, error.code) == (400, "BadRequest")
