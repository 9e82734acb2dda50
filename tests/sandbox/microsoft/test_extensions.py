"""Open extensions of a contact."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.api import Api, Json

TYPE = "microsoft.graph.openTypeExtension"
PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."
NAME = "Com.Example.Card"
BODY: Json = {"@odata.type": TYPE, "extensionName": NAME, "colour": "red", "size": 5, "list": ["a"], "deep": {"x": 1}}


async def path_of(api: Api) -> str:
    made = await api.create({"givenName": "Ada"})
    return f"/me/contacts/{made['id']}/extensions"


def content(found: Json) -> Json:
    return {name: value for name, value in found.items() if not name.startswith("@odata.")}


async def test_an_extension_lives(api: Api) -> None:
    path = await path_of(api)
    before = await api.get(path.removesuffix("/extensions"))
    made = await api.create(BODY, path)
    assert made["@odata.type"] == f"#{TYPE}"
    assert content(made) == {"id": PREFIX + NAME, **content(BODY)}
    assert (await api.get(path.removesuffix("/extensions")))["changeKey"] != before["changeKey"]
    for key in (NAME, PREFIX + NAME, NAME.lower()):
        assert content(await api.get(f"{path}/{key}")) == content(made)
    assert [content(one) for one in (await api.get(path))["value"]] == [content(made)]
    changed = await api.call(
        "PATCH", f"{path}/{NAME}", {"@odata.type": TYPE, "colour": "blue", "size": None, "new": True}
    )
    expected = {
        "id": PREFIX + NAME,
        "extensionName": NAME,
        "colour": "blue",
        "list": ["a"],
        "deep": {"x": 1},
        "new": True,
    }
    assert content(changed) == expected
    assert content(await api.get(f"{path}/{NAME}")) == expected
    assert await api.call("DELETE", f"{path}/{NAME}") == {}
    for verb, body in (("GET", None), ("PATCH", {"a": 1}), ("DELETE", None)):
        assert (await api.refused(verb, f"{path}/{NAME}", body)).code == "ErrorItemNotFound"


async def test_they_are_expanded_by_a_filter_only(api: Api) -> None:
    path = await path_of(api)
    await api.create(BODY, path)
    await api.create({**BODY, "extensionName": "other"}, path)
    contact = path.removesuffix("/extensions")
    assert "extensions" not in await api.get(contact)
    for key in (NAME, PREFIX + NAME):
        text = quote(f"extensions($filter=id eq '{key}')")
        found = await api.get(f"{contact}?$expand={text}")
        assert [content(one) for one in found["extensions"]] == [{"id": PREFIX + NAME, **content(BODY)}]
    text = quote("extensions($filter=id eq 'missing')")
    assert "extensions" not in await api.get(f"{contact}?$expand={text}")
    (listed,) = (await api.get(f"/me/contacts?$expand={quote(f'''extensions($filter=Id eq '{NAME}')''')}"))["value"]
    assert listed["extensions"][0]["colour"] == "red"


async def test_with_a_new_contact_but_not_with_a_patch(api: Api) -> None:
    made = await api.create({"givenName": "Ada", "extensions": [BODY]})
    assert "extensions" not in made
    assert content(await api.get(f"/me/contacts/{made['id']}/extensions/{NAME}"))["colour"] == "red"
    error = await api.refused("PATCH", f"/me/contacts/{made['id']}", {"surname": "x", "extensions": [BODY]})
    assert (error.http, error.code) == (500, "ErrorInternalServerError")
    assert (await api.get(f"/me/contacts/{made['id']}"))["surname"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BadRequest"),
        ({"extensionName": ""}, "BadRequest"),
        ({"extensionName": 5}, "BadRequest"),
        ({"@odata.type": "microsoft.graph.contact", "extensionName": "x"}, "RequestBodyRead"),
    ],
)
async def test_what_is_no_extension(api: Api, body: Any, code: str) -> None:
    error = await api.refused("POST", await path_of(api), body)
    assert (error.http, error.code) == (400, code)
    assert (await api.refused("POST", "/me/contacts", {"extensions": [body]})).code == code


async def test_a_name_is_taken_once(api: Api) -> None:
    path = await path_of(api)
    await api.create(BODY, path)
    error = await api.refused("POST", path, {**BODY, "extensionName": NAME.upper()})
    assert error.http == 409


async def test_a_number_that_is_none_is_not_kept(api: Api) -> None:
    """1e999 is JSON, and no number of a computer: an answer could not say it."""
    path = await path_of(api)
    content = b'{"extensionName": "large", "size": 1e999}'
    error = await api.refused("POST", path, content=content, Content_Type="application/json")
    assert (error.http, error.code) == (400, "BadRequest")
    assert (await api.get(path))["value"] == []
