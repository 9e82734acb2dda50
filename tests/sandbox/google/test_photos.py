"""Photos: written, served in sizes, and the tile that stands for none."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from tests import pictures
from tests.sandbox.google.api import Api, Json, Refused, named


def picture(kind: str = "JPEG", colour: str = "red") -> bytes:
    return pictures.picture(kind, (300, 200), colour)


async def put(api: Api, name: str, data: bytes, **more: str) -> Json:
    body = {"photoBytes": base64.b64encode(data).decode(), **more}
    return await api.call("PATCH", f"/v1/{name}:updateContactPhoto", body)


async def fetch(api: Api, url: str) -> tuple[str, bytes]:
    answer = await api.http.get(url)
    assert answer.status_code == 200
    return answer.headers["content-type"], answer.content


def side(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_what_is_written_is_served(api: Api, kind: str) -> None:
    (name,) = await api.seed(named("Ada"))
    data = picture(kind)
    assert await put(api, name, data) == {}
    (photo,) = (await api.person(name, "photos"))["photos"]
    assert "default" not in photo
    assert photo["url"].startswith("http://sandbox/photos/")
    assert photo["url"].endswith("=s100")
    media_type, small = await fetch(api, photo["url"])
    assert media_type == f"image/{kind.lower()}"
    assert max(side(small)) == 100
    assert max(side((await fetch(api, photo["url"] + "?sz=50"))[1])) == 50
    assert (await fetch(api, photo["url"] + "?sz=400"))[1] == data
    assert (await fetch(api, photo["url"].removesuffix("=s100") + "=s0"))[1] == data


async def test_the_answer_has_the_person_only_when_asked(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    answer = await put(api, name, picture(), personFields="photos,metadata")
    assert answer["person"]["photos"][0]["metadata"]["primary"] is True
    removed = await api.call("DELETE", f"/v1/{name}:deleteContactPhoto", personFields="photos")
    assert removed["person"]["photos"][0]["default"] is True
    assert await api.call("DELETE", f"/v1/{name}:deleteContactPhoto") == {}


async def test_a_photo_arrives_as_a_change(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    _, last = await api.everyone("photos", requestSyncToken=True)
    before = await api.person(name)
    await put(api, name, picture())
    people, _ = await api.everyone("photos", requestSyncToken=True, syncToken=last["nextSyncToken"])
    assert [one["resourceName"] for one in people] == [name]
    assert (await api.person(name))["etag"] == before["etag"]


async def test_the_tile_of_a_contact_without_a_photo(api: Api) -> None:
    ada, nobody = await api.seed(named("Ada"), {"emailAddresses": [{"value": "x@example.com"}]})
    urls = []
    for name in (ada, nobody):
        (photo,) = (await api.person(name, "photos"))["photos"]
        assert photo["default"] is True
        media_type, data = await fetch(api, photo["url"])
        assert media_type == "image/png"
        assert side(data) == (100, 100)
        assert side((await fetch(api, photo["url"] + "?sz=64"))[1]) == (64, 64)
        urls.append(photo["url"])
    assert urls[0] != urls[1]


@pytest.mark.parametrize("data", [b"hello", b"", picture()[:200], b"GIF89a" + bytes(20)])
async def test_what_is_no_photo(api: Api, data: bytes) -> None:
    (name,) = await api.seed(named("Ada"))
    with pytest.raises(Refused, match="400"):
        await put(api, name, data)
    assert (await api.person(name, "photos"))["photos"][0]["default"] is True


async def test_a_gif_is_no_photo(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    with pytest.raises(Refused, match="JPEG or PNG"):
        await put(api, name, picture("GIF"))


async def test_base64_of_either_alphabet(api: Api) -> None:
    (name,) = await api.seed(named("Ada"))
    data = picture(colour="#fbeeff")
    text = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert await api.call("PATCH", f"/v1/{name}:updateContactPhoto", {"photoBytes": text}) == {}
    (photo,) = (await api.person(name, "photos"))["photos"]
    assert (await fetch(api, photo["url"] + "?sz=999"))[1] == data


@pytest.mark.parametrize("text", ["é", "!", "a", "a=b"])
async def test_what_is_no_base64(api: Api, text: str) -> None:
    (name,) = await api.seed(named("Ada"))
    with pytest.raises(Refused, match="Base64 decoding failed"):
        await api.call("PATCH", f"/v1/{name}:updateContactPhoto", {"photoBytes": text})


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_every_kind_of_png_is_served_small(api: Api, mode: str) -> None:
    (name,) = await api.seed(named("Ada"))
    out = io.BytesIO()
    Image.new(mode, (300, 200)).save(out, "PNG")
    for recompressed in (False, True):
        if recompressed:
            await api.quirk("google-recompressed-photo")
        await put(api, name, out.getvalue())
        (photo,) = (await api.person(name, "photos"))["photos"]
        assert side((await fetch(api, photo["url"]))[1]) == (100, 67)


async def test_a_tile_of_no_letter(api: Api) -> None:
    assert (await api.http.get(f"/photos/letter-1-{'9' * 5000}")).status_code == 404


async def test_the_phone_sets_a_photo(api: Api, tmp_path: Path) -> None:
    (name,) = await api.seed(named("Ada"))
    path = f"/control/accounts/{api.account['id']}/google/contacts/{name.removeprefix('people/')}/photo"
    before = await api.person(name)
    assert (await api.http.put(path, content=picture())).status_code == 200
    after = await api.person(name)
    assert "default" not in after["photos"][0]
    assert after["etag"] != before["etag"]
    assert (await api.http.put(path, content=b"hello")).status_code == 400
    assert (await api.http.delete(path)).status_code == 200
    assert (await api.person(name))["photos"][0]["default"] is True
