import io
import random

import pytest
from PIL import Image

from polydex.connectors import photos
from polydex.core.contact import Photo
from polydex.core.errors import BadRequest, PayloadTooLarge


def picture(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", *, noise: bool = False) -> bytes:
    image = (
        Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * len(mode)))
        if noise
        else Image.new(mode, size)
    )
    output = io.BytesIO()
    image.save(output, kind)
    return output.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_what_fits_stays_as_it_is(kind: str) -> None:
    content = picture(kind)
    fitting, losses = await photos.fit(Photo.of(content, "text/plain", "me.jpg"))
    assert fitting == Photo.of(content, f"image/{kind.lower()}", "me.jpg")
    assert losses == ()


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (picture("JPEG", (4000, 2000)), (1024, 512)),
        (picture("PNG", (100, 1500), "RGBA"), (68, 1024)),
        (picture("GIF", (40, 30)), (40, 30)),
        (picture("WEBP", (40, 30)), (40, 30)),
    ],
)
async def test_the_rest_becomes_a_jpeg_that_fits(content: bytes, size: tuple[int, int]) -> None:
    fitting, losses = await photos.fit(Photo.of(content))
    assert fitting.content is not None
    assert fitting == Photo.of(fitting.content, "image/jpeg")
    assert Image.open(io.BytesIO(fitting.content)).size == size
    assert [loss.path for loss in losses] == ["$.photo.content"]


async def test_where_only_jpeg_is_taken_a_png_becomes_one() -> None:
    kept = Photo.of(picture("JPEG"), "image/jpeg")
    assert await photos.fit(kept, kinds=("image/jpeg",)) == (kept, ())
    fitting, losses = await photos.fit(Photo.of(picture("PNG")), kinds=("image/jpeg",))
    assert fitting.mime_type == "image/jpeg"
    assert Image.open(io.BytesIO(fitting.content or b"")).size == (40, 30)
    assert [loss.path for loss in losses] == ["$.photo.content"]


async def test_bytes_are_limited_too() -> None:
    fitting, losses = await photos.fit(Photo.of(picture("PNG", (600, 600), noise=True)), max_bytes=20_000)
    assert fitting.content is not None
    assert len(fitting.content) <= 20_000
    assert losses


async def test_a_turned_picture_is_turned_upright() -> None:
    image = Image.new("RGB", (2000, 1000))
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees
    output = io.BytesIO()
    image.save(output, "JPEG", exif=exif)
    fitting, _ = await photos.fit(Photo.of(output.getvalue()))
    assert Image.open(io.BytesIO(fitting.content or b"")).size == (512, 1024)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", picture("PNG")[:60], b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
async def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest, match=r"\$\.photo\.content"):
        await photos.fit(Photo.of(content))


@pytest.mark.parametrize("kind", ["EPS", "TIFF", "DDS", "PDF", "PPM"])
async def test_what_no_photo_comes_in_is_not_decoded(kind: str) -> None:
    with pytest.raises(BadRequest, match=r"\$\.photo\.content is not a picture"):
        await photos.fit(Photo.of(picture(kind)))


async def test_a_bomb_is_refused_unread() -> None:
    bomb = picture("PNG", (9000, 9000), "L")
    assert len(bomb) < 200_000
    with pytest.raises(BadRequest, match="million pixels"):
        await photos.fit(Photo.of(bomb))


async def test_too_many_bytes() -> None:
    with pytest.raises(PayloadTooLarge):
        await photos.fit(Photo.of(bytes(photos.MAX_INPUT_BYTES + 1)))


def test_kinds() -> None:
    assert [photos.mime_type(picture(kind)) for kind in ("JPEG", "PNG", "GIF", "WEBP")] == [
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
    ]
    assert photos.mime_type(b"RIFF") is None
