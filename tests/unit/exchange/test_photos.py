"""Photos: what is sent in which order, and what a failure at each step comes to."""

from __future__ import annotations

from base64 import b64encode

import pytest

from polydex.core.contact import Contact, Photo
from polydex.core.errors import (
    BadRequest,
    ProviderForbidden,
    ProviderTimeout,
    Stale,
)
from polydex.core.patch import Patch
from tests.pictures import jpeg
from tests.unit.exchange.server import attached, detached, items, pictured, refused, said, served
from tests.unit.exchange.test_write import ADA, BROKEN, base

PHOTO = Photo.of(jpeg("red"), "image/jpeg")


async def test_a_new_contact_gets_its_photo() -> None:
    async with served(
        CreateItem=said("CreateItem", *items("k")),
        CreateAttachment=attached("2"),
        GetItem=said("GetItem", pictured("k", "new", version="2")),
    ) as (server, connector):
        made = await connector.create(Contact(name=ADA.name, photo=PHOTO), None)
    assert (made.rev, made.losses) == ("2", ())
    assert made.contact is not None
    assert made.contact.photo is not None
    assert server.names == ["CreateItem", "CreateAttachment", "GetItem"]


async def test_a_photo_that_is_not_stored_is_a_loss() -> None:
    async with served(
        CreateItem=said("CreateItem", *items("k")), CreateAttachment=attached("2"), GetItem=said("GetItem", *items("k"))
    ) as (_, connector):
        made = await connector.create(Contact(name=ADA.name, photo=PHOTO), None)
    assert [loss.path for loss in made.losses] == ["$.photo"]


async def test_a_photo_that_is_refused_is_a_loss_of_the_new_contact() -> None:
    async with served(
        CreateItem=said("CreateItem", *items("k")),
        CreateAttachment=refused("CreateAttachment", "ErrorAttachmentSizeLimitExceeded"),
        GetItem=said("GetItem", *items("k")),
    ) as (_, connector):
        made = await connector.create(Contact(name=ADA.name, photo=PHOTO), None)
    assert [loss.path for loss in made.losses] == ["$.photo"]


async def test_a_photo_that_fails_leaves_the_outcome_open() -> None:
    async with served(CreateItem=said("CreateItem", *items("k")), CreateAttachment=BROKEN) as (_, connector):
        with pytest.raises(ProviderTimeout):
            await connector.create(Contact(name=ADA.name, photo=PHOTO), None)


async def test_another_photo_comes_before_the_old_one_goes() -> None:
    async with served(
        GetItem=[
            said("GetItem", pictured("k", "old")),
            said("GetItem", pictured("k", "old", "new", version="2")),
            said("GetItem", pictured("k", "new", version="3")),
            said("GetItem", pictured("k", "new", version="4")),
        ],
        CreateAttachment=attached("2"),
        DeleteAttachment=detached("3"),
        UpdateItem=said("UpdateItem", *items("k", version="4")),
    ) as (server, connector):
        changed = await connector.update(base(pictured("k", "old")), Patch(photo=PHOTO, notes="new"))
    assert server.names == [
        "GetItem", "CreateAttachment", "GetItem", "DeleteAttachment", "GetItem", "UpdateItem", "GetItem"
    ]  # fmt: skip
    assert server.versions("CreateAttachment") == ["1"]
    assert server.versions("UpdateItem") == ["3"]
    assert [one.get("Id") for one in server.asked[3].iter("{*}AttachmentId")] == ["old"]
    assert (changed.rev, changed.losses) == ("4", ())


async def test_the_old_photo_stays_when_another_one_is_not_stored() -> None:
    async with served(
        GetItem=[said("GetItem", pictured("k", "old")), said("GetItem", pictured("k", "old", version="2"))],
        CreateAttachment=attached("2"),
    ) as (server, connector):
        changed = await connector.update(base(pictured("k", "old")), Patch(photo=PHOTO))
    assert "DeleteAttachment" not in server.names
    assert changed.contact is not None
    assert changed.contact.photo is not None
    assert [loss.path for loss in changed.losses] == ["$.photo"]


async def test_a_photo_goes_and_so_does_one_that_was_left() -> None:
    async with served(
        GetItem=[said("GetItem", pictured("k", "one", "two")), said("GetItem", *items("k", version="3"))],
        DeleteAttachment=detached("2", "3"),
    ) as (server, connector):
        await connector.update(base(pictured("k", "one", "two")), Patch(photo=None))
    assert server.names == ["GetItem", "DeleteAttachment", "GetItem"]
    assert [one.get("Id") for one in server.asked[1].iter("{*}AttachmentId")] == ["one", "two"]


async def test_a_photo_that_is_gone_already_need_not_go() -> None:
    async with served(
        GetItem=said("GetItem", pictured("k", "one")), DeleteAttachment=refused("DeleteAttachment", "ErrorItemNotFound")
    ) as (_, connector):
        await connector.update(base(pictured("k", "one")), Patch(photo=None))
    async with served(GetItem=said("GetItem", *items("k"))) as (server, connector):
        await connector.update(base(), Patch(photo=None))
    assert set(server.names) == {"GetItem"}


async def test_a_photo_that_is_refused_leaves_all_as_it_was() -> None:
    async with served(
        GetItem=said("GetItem", pictured("k", "old")),
        CreateAttachment=refused("CreateAttachment", "ErrorAccessDenied"),
    ) as (server, connector):
        with pytest.raises(ProviderForbidden):
            await connector.update(base(pictured("k", "old")), Patch(photo=PHOTO, notes="new"))
    assert server.names == ["GetItem", "CreateAttachment"]


async def test_nothing_is_written_to_another_version_than_the_base_not_even_a_photo() -> None:
    async with served(GetItem=said("GetItem", *items("k", version="2"))) as (server, connector):
        with pytest.raises(Stale) as caught:
            await connector.update(base(), Patch(photo=PHOTO))
    assert not caught.value.sent
    assert server.names == ["GetItem"]


async def test_what_cannot_be_written_is_refused_before_the_photo_is() -> None:
    async with served(GetItem=said("GetItem", *items("k"))) as (server, connector):
        with pytest.raises(BadRequest):
            await connector.update(base(), Patch(photo=PHOTO, native_properties={"no such": "x"}))
    assert server.names == ["GetItem"]


async def test_an_old_photo_that_does_not_go_leaves_the_outcome_open() -> None:
    async with served(
        GetItem=[said("GetItem", pictured("k", "old")), said("GetItem", pictured("k", "old", "new", version="2"))],
        CreateAttachment=attached("2"),
        DeleteAttachment=refused("DeleteAttachment", "ErrorAccessDenied"),
    ) as (_, connector):
        with pytest.raises(ProviderTimeout):
            await connector.update(base(pictured("k", "old")), Patch(photo=PHOTO))


async def test_fields_that_fail_after_the_photo_leave_the_outcome_open() -> None:
    async with served(
        GetItem=[said("GetItem", *items("k")), said("GetItem", pictured("k", "new", version="2"))],
        CreateAttachment=attached("2"),
        UpdateItem=BROKEN,
    ) as (server, connector):
        with pytest.raises(ProviderTimeout):
            await connector.update(base(), Patch(photo=PHOTO, notes="new"))
    assert server.versions("UpdateItem") == ["2"]


async def test_fields_that_somebody_has_changed_while_the_photo_was_written_are_not_written_over() -> None:
    """The version that Exchange tells with the photo has that change in it: nobody would refuse ours."""
    theirs = pictured("k", "new", version="3").replace(
        "</t:Attachments>", "</t:Attachments><t:FileAs>theirs</t:FileAs>"
    )
    async with served(
        GetItem=[said("GetItem", *items("k")), said("GetItem", theirs)], CreateAttachment=attached("3")
    ) as (server, connector):
        with pytest.raises(Stale):
            await connector.update(base(), Patch(photo=PHOTO, file_as="ours"))
    assert "UpdateItem" not in server.names


async def test_the_bytes_of_a_photo() -> None:
    content = (
        "<m:Attachments><t:FileAttachment><t:AttachmentId Id='a'/><t:Content>{}</t:Content></t:FileAttachment>"
        "</m:Attachments>"
    )
    read = said("GetAttachment", content.format(b64encode(jpeg("red")).decode()))
    stored = base(pictured("k", "a"))
    async with served(GetAttachment=read) as (server, connector):
        photo = await connector.photo(stored)
        assert await connector.photo(base()) is None
    assert photo is not None
    assert (photo.content, photo.mime_type) == (jpeg("red"), "image/jpeg")
    assert server.names == ["GetAttachment"]
    missing = refused("GetAttachment", "ErrorItemNotFound")
    async with served(GetAttachment=[missing, read], GetItem=said("GetItem", pictured("k", "b"))) as (
        server,
        connector,
    ):
        photo = await connector.photo(stored)
    assert photo is not None, "it has been replaced since"
    assert server.names == ["GetAttachment", "GetItem", "GetAttachment"]
    async with served(GetAttachment=missing, GetItem=said("GetItem", *items("k"))) as (_, connector):
        assert await connector.photo(stored) is None


@pytest.mark.parametrize("announced", ["image/bmp", None])
async def test_a_photo_of_an_unknown_kind_is_served_as_exchange_announces_it(announced: str | None) -> None:
    """Else an export would leave it out, and say nothing."""
    content = (
        "<m:Attachments><t:FileAttachment><t:AttachmentId Id='a'/>"
        f"<t:Content>{b64encode(b'BM...').decode()}</t:Content></t:FileAttachment></m:Attachments>"
    )
    kind = f"<t:ContentType>{announced}</t:ContentType>" if announced else ""
    stored = base(pictured("k", "a").replace("<t:Size>", f"{kind}<t:Size>"))
    async with served(GetAttachment=said("GetAttachment", content)) as (_, connector):
        photo = await connector.photo(stored)
    assert photo is not None
    assert (photo.content, photo.mime_type) == (b"BM...", announced)
