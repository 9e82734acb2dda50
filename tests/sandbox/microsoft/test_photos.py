"""The photo of a contact."""

from __future__ import annotations

import httpx
import pytest

from tests.pictures import picture
from tests.sandbox.microsoft.api import Api


async def put(api: Api, path: str, data: bytes, kind: str = "image/jpeg") -> httpx.Response:
    return await api.send("PUT", f"{path}/photo/$value", content=data, Content_Type=kind)


async def path_of(api: Api) -> str:
    return f"/me/contacts/{(await api.create({'givenName': 'Ada'}))['id']}"


async def test_a_photo_lives(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    contact = await api.get(path)
    for end in ("/photo", "/photo/$value"):
        error = await api.refused("GET", path + end)
        assert (error.http, error.code) == (404, "ErrorItemNotFound")
    answer = await put(api, path, jpeg)
    assert (answer.status_code, answer.content) == (200, b"")
    known = await api.get(f"{path}/photo")
    assert known["@odata.mediaContentType"] == "image/jpeg"
    assert {name: known[name] for name in ("id", "width", "height")} == {"id": "12X8", "width": 12, "height": 8}
    read = await api.send("GET", f"{path}/photo/$value")
    assert (read.content, read.headers["content-type"]) == (jpeg, "image/jpeg")
    assert read.headers["etag"] == known["@odata.mediaEtag"]
    # It is no change of the contact.
    assert await api.get(path) == contact
    await put(api, path, picture(size=(20, 30), colour="blue"))
    other = await api.get(f"{path}/photo")
    assert other["id"] == "20X30"
    assert other["@odata.mediaEtag"] != known["@odata.mediaEtag"]
    assert set(await api.get(f"{path}/photo?$select=id,height,width")) >= {"id", "height", "width"}


async def test_nothing_at_all_removes_it(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    await put(api, path, jpeg)
    assert (await put(api, path, b"")).status_code == 200
    assert (await api.refused("GET", f"{path}/photo")).code == "ErrorItemNotFound"
    assert (await put(api, path, b"")).status_code == 200


async def test_it_cannot_be_deleted(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    await put(api, path, jpeg)
    for end in ("/photo", "/photo/$value"):
        error = await api.refused("DELETE", path + end)
        assert (error.http, error.code, error.message) == (
            405,
            "ErrorInvalidRequest",
            "The OData request is not supported.",
        )
    assert (await api.get(f"{path}/photo"))["width"] == 12


async def test_contacts_have_no_sizes(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    await put(api, path, jpeg)
    for end in ("/photos/48x48/$value", "/photos/48x48", "/photos"):
        error = await api.refused("GET", path + end)
        assert (error.http, error.code) == (400, "RequestBroker--ParseUri")
        assert error.message == "Resource not found for the segment 'photos'."


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "application/octet-stream", ""])
async def test_the_file_says_what_it_is(api: Api, kind: str) -> None:
    path = await path_of(api)
    data = picture("PNG")
    assert (await put(api, path, data, kind)).status_code == 200
    assert (await api.get(f"{path}/photo"))["@odata.mediaContentType"] == "image/png"
    assert (await api.send("GET", f"{path}/photo/$value")).content == data


@pytest.mark.parametrize("data", [b"x", b"\xff\xd8\xff", picture()[:200], b"<svg/>", picture("GIF")])
async def test_what_is_no_picture(api: Api, data: bytes) -> None:
    path = await path_of(api)
    answer = await put(api, path, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidImage")
    assert (await api.refused("GET", f"{path}/photo")).code == "ErrorItemNotFound"


async def test_under_4_megabytes(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    limit = 4 * 1024 * 1024
    assert (await put(api, path, jpeg + b"\0" * (limit - len(jpeg)))).status_code == 413
    assert (await put(api, path, jpeg + b"\0" * (limit - len(jpeg) - 1))).status_code == 200


async def test_a_photo_stays_with_its_contact(api: Api, jpeg: bytes) -> None:
    path = await path_of(api)
    await put(api, path, jpeg)
    folder = await api.folder("Friends")
    moved = await api.call("PATCH", path, {"parentFolderId": folder})
    assert (await api.get(f"/me/contacts/{moved['id']}/photo"))["width"] == 12
    stays = (await api.get(f"/me/contacts/{moved['id']}", Prefer='IdType="ImmutableId"'))["id"]
    await api.call("DELETE", f"/me/contacts/{moved['id']}")
    assert (await api.refused("GET", f"/me/contacts/{stays}/photo")).code == "ErrorItemNotFound"
    await api.control("POST", f"/microsoft/contacts/{stays}/restore", {})
    assert (await api.get(f"/me/contacts/{stays}/photo"))["width"] == 12


async def test_a_photo_is_no_member_of_a_body(api: Api) -> None:
    for body in ({"photo": None}, {"photo": {"id": "1X1"}}):
        assert (await api.refused("POST", "/me/contacts", body)).code == "BadRequest"
