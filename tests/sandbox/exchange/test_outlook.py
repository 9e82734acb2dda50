"""The user's Outlook in the control API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pictures import picture
from tests.sandbox.exchange.api import Api, Element, Json, Refused, found, text

MARK = "String {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} Name Mark"


async def control(api: Api, verb: str, path: str, body: Any = None, status: int = 200) -> Json:
    url = f"/control/accounts/{api.account['id']}/exchange{path}"
    answer = await api.http.request(verb, url, json=body) if body is not None else await api.http.request(verb, url)
    assert answer.status_code == status, answer.text
    return dict(answer.json()) if answer.content else {}


async def seed(api: Api, *bodies: Json, **more: Any) -> list[str]:
    given = {"contacts": list(bodies), **more}
    return list((await control(api, "POST", "/contacts", given, 201))["ids"])


async def get(api: Api, ident: str, more: str = "") -> Element:
    item = (await api.sync()).changes[0][0][0]
    item.set("Id", ident)
    return await api.get(item, more)


async def test_what_the_user_writes_is_what_clients_see(api: Api) -> None:
    body = {
        "DisplayName": "Ada Lovelace",
        "Birthday": "1815-12-10T11:59:00Z",
        "Categories": ["A"],
        "Body": "Notes",
        "Sensitivity": "Private",
        "Title": "Dr",
        "EmailAddresses": {
            "EmailAddress1": {"address": "/o=Example/cn=ada", "routingType": "EX", "original": "ada@example.org"},
            "EmailAddress2": "two@example.org",
        },
        "PhysicalAddresses": {"Home": {"City": "London"}},
        "PhoneNumbers": {"HomePhone": "1"},
        "ImAddresses": {"ImAddress1": "im"},
        "properties": {MARK: "x"},
    }
    (ident,) = await seed(api, body)
    mark = '<t:ExtendedFieldURI PropertySetId="3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f" PropertyName="Mark" PropertyType="String"/>'
    original = '<t:ExtendedFieldURI DistinguishedPropertySetId="Address" PropertyId="32900" PropertyType="String"/>'
    shown = await get(api, ident, mark + original)
    assert [one.text for one in shown.iterfind("{*}ExtendedProperty/{*}Value")] == ["x", "ada@example.org"]
    assert found(shown, "t:EmailAddresses")[0].get("RoutingType") == "EX"
    assert found(shown, "t:CompleteName/t:Title").text == "Dr"
    assert (text(shown, "Body"), text(shown, "Sensitivity")) == ("Notes", "Private")
    seen = await control(api, "GET", f"/contacts/{ident}")
    # A text stands for an object with its defaults.
    plain = {
        "address": "two@example.org",
        "name": "two@example.org",
        "routingType": "SMTP",
        "original": "two@example.org",
    }
    assert seen["EmailAddresses"]["EmailAddress2"] == plain
    for name in body.keys() - {"EmailAddresses", "properties"}:
        assert seen[name] == body[name]
    assert seen["properties"][MARK] == "x"


async def test_changes_of_the_user_are_told(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "Ada", "PhoneNumbers": {"HomePhone": "1"}})
    state = (await api.sync()).state
    await control(api, "PATCH", f"/contacts/{ident}", {"GivenName": None, "PhoneNumbers": {"HomePhone": None}})
    told = await api.sync(state)
    assert told.told == [("Update", ident)]
    shown = await get(api, ident)
    assert (text(shown, "GivenName"), shown.find("{*}PhoneNumbers")) == (None, None)
    moved = (await control(api, "POST", f"/contacts/{ident}/move", {"folder": "quickcontacts"}))["id"]
    back = (await control(api, "POST", f"/contacts/{moved}/move", {"folder": "contacts"}))["id"]
    assert len({ident, moved, back}) == 3
    assert (await api.sync(told.state)).told == [("Create", back), ("Delete", ident)]
    await control(api, "DELETE", f"/contacts/{back}", status=204)
    assert [one["kind"] for one in (await control(api, "GET", "/deleted"))["contacts"]] == ["Contact"]
    await control(api, "DELETE", "/deleted", status=204)
    assert (await control(api, "GET", "/deleted"))["contacts"] == []
    await control(api, "GET", f"/contacts/{back}", status=404)


async def test_a_read_flag_is_told_as_such(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "Ada"})
    state = (await api.sync()).state
    await control(api, "PATCH", f"/contacts/{ident}", {"read": False})
    told = await api.sync(state)
    assert told.told == [("ReadFlagChange", ident)]
    assert (await api.sync(told.state)).told == []


async def test_lists_and_odd_items_are_in_the_folder(api: Api) -> None:
    members = [{"name": "Ada", "address": "ada@example.org"}]
    listed = await control(api, "POST", "/items", {"name": "Friends", "members": members}, 201)
    await control(api, "POST", "/items", {"kind": "Message", "name": "Post"}, 201)
    await control(api, "POST", "/items", {"kind": "Item", "name": "Odd"}, 201)
    changes = (await api.sync()).changes
    assert [str(one[0].tag).rpartition("}")[2] for one in changes] == ["Item", "Message", "DistributionList"]
    shown = await get(api, listed["id"])
    assert found(shown, "t:Members/t:Member/t:Mailbox/t:EmailAddress").text == "ada@example.org"
    assert text(shown, "ItemClass") == "IPM.DistList"


async def test_an_item_can_be_unreadable(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "Ada"})
    await control(api, "PATCH", f"/contacts/{ident}", {"unreadable": "ErrorItemCorrupt"})
    with pytest.raises(Refused) as refused:
        await get(api, ident)
    assert refused.value.code == "ErrorItemCorrupt"
    assert [kind for kind, _id in (await api.sync(base="AllProperties")).told] == ["Create"]


async def test_characters_that_xml_does_not_allow_are_references(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "A\x1fda\x00"})
    answer = await api.post(
        "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds></m:GetItem>'
    )
    assert b"<t:GivenName>A&#x1F;da&#x0;</t:GivenName>" in answer.content


async def test_photos_are_files(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "Ada"})
    url = f"/control/accounts/{api.account['id']}/exchange/contacts/{ident}/photo"
    jpeg = picture(size=(12, 8))
    assert (await api.http.get(url)).status_code == 404
    assert (await api.http.put(url, content=jpeg)).status_code == 204
    assert (await api.http.get(url)).content == jpeg
    assert text(await get(api, ident), "HasPicture") == "true"
    assert (await api.http.delete(url)).status_code == 204
    assert text(await get(api, ident), "HasPicture") == "false"


async def test_folders_of_the_user(api: Api) -> None:
    made = await control(api, "POST", "/folders", {"name": "Friends"}, 201)
    await seed(api, {"GivenName": "Ada"}, folder=made["id"])
    shown = {one["name"]: one for one in (await control(api, "GET", "/folders"))["folders"]}
    assert (shown["Friends"]["items"], shown["Friends"]["parent"]) == (1, shown["Contacts"]["id"])
    renamed = await control(api, "PATCH", f"/folders/{made['id']}", {"name": "Pals", "parent": "msgfolderroot"})
    assert (renamed["name"], renamed["id"]) == ("Pals", made["id"])
    assert len((await control(api, "GET", "/contacts"))["contacts"]) == 0
    assert len((await control(api, "GET", f"/contacts?folder={made['id'].replace('+', '%2B')}"))["contacts"]) == 1
    await control(api, "DELETE", f"/folders/{made['id']}?forever=true", status=204)
    await control(api, "DELETE", "/folders/contacts", status=400)


async def test_seeding_is_repeatable_and_strict(api: Api) -> None:
    await control(api, "POST", "/contacts", {"count": 5, "seed": 3}, 201)
    names = [one["GivenName"] for one in (await control(api, "GET", "/contacts"))["contacts"]]
    await control(api, "POST", "/contacts", {"count": 5, "seed": 3}, 201)
    assert [one["GivenName"] for one in (await control(api, "GET", "/contacts"))["contacts"]] == names * 2
    refused: tuple[Json, ...] = (
        {"contacts": [{"Givenname": "A"}]},
        {"contacts": [{"PhoneNumbers": {"Phone": "1"}}]},
        {"contacts": [{"Birthday": "yesterday"}]},
        {"contacts": [{"Sensitivity": "Secret"}]},
        {"contacts": [{"properties": {"String x": "1"}}]},
        {"contacts": [{"EmailAddresses": {"EmailAddress1": {"name": "A"}}}]},
        {"contacts": [{"EmailAddresses": {"EmailAddress1": {"address": "a@example.org", "name": 5}}}]},
        {"contacts": [{"Sensitivity": []}]},
        {"contacts": [{"Categories": "A"}]},
        {"contacts": [{"Categories": 1.5}]},
        {"contacts": [{"GivenName": ["A"]}]},
        {"count": -1},
    )
    for wrong in refused:
        await control(api, "POST", "/contacts", wrong, 400)


async def test_a_change_is_made_whole_or_not_at_all(api: Api) -> None:
    (ident,) = await seed(api, {"GivenName": "Ada"})
    before = await control(api, "GET", f"/contacts/{ident}")
    await control(api, "PATCH", f"/contacts/{ident}", {"read": False, "Surname": 5.5}, 400)
    assert await control(api, "GET", f"/contacts/{ident}") == before


async def test_settings_are_checked_and_shown(api: Api) -> None:
    shown = await control(api, "PUT", "/settings", {"version": "SE", "methods": ["basic"], "impersonates": True})
    assert (shown["version"], shown["methods"], shown["impersonates"]) == ("SE", ["basic"], True)
    for wrong in (
        {"version": "2010"},
        {"methods": ["digest"]},
        {"extendedProtection": "maybe"},
        {"connections": -1},
        {"opens": "bob"},
        {"passwort": "x"},
    ):
        await control(api, "PUT", "/settings", wrong, 400)
    assert await control(api, "GET", "/settings") == shown
    await control(api, "PUT", "/settings", {"password": "other", "namedProperties": 0})
    assert (await api.post("<m:GetFolder/>")).status_code == 401
    api.password = "other"
    with pytest.raises(Refused) as refused:
        await api.create(
            '<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f" PropertyName="A" '
            'PropertyType="String"/><t:Value>1</t:Value></t:ExtendedProperty>'
        )
    assert refused.value.code == "ErrorInternalServerError"
