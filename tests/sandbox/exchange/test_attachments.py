"""Attachments and the photo among them."""

from __future__ import annotations

import base64

import pytest

from tests.pictures import picture
from tests.sandbox.exchange.api import NS, Api, Element, Refused, found, text

JPEG = picture(size=(12, 8))


async def attach(api: Api, item: Element, name: str, content: bytes, *, photo: bool) -> Element:
    """The AttachmentId."""
    message = await api.one(
        f'<m:CreateAttachment><m:ParentItemId Id="{item.get("Id")}" ChangeKey="{item.get("ChangeKey")}"/><m:Attachments>'
        f"<t:FileAttachment><t:Name>{name}</t:Name><t:ContentType>image/jpeg</t:ContentType>"
        f"<t:IsContactPhoto>{str(photo).lower()}</t:IsContactPhoto>"
        f"<t:Content>{base64.b64encode(content).decode()}</t:Content></t:FileAttachment></m:Attachments>"
        "</m:CreateAttachment>"
    )
    return found(message, ".//t:AttachmentId")


async def fetch(api: Api, ident: str) -> Element:
    message = await api.one(
        f'<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id="{ident}"/></m:AttachmentIds></m:GetAttachment>'
    )
    return found(message, ".//t:FileAttachment")


async def remove(api: Api, ident: str) -> Element:
    """The RootItemId."""
    message = await api.one(
        f'<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id="{ident}"/></m:AttachmentIds></m:DeleteAttachment>'
    )
    return found(message, "m:RootItemId")


async def test_a_photo_is_an_attachment_and_a_change_of_the_contact(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    state = (await api.sync()).state
    made = await attach(api, item, "ContactPicture.jpg", JPEG, photo=True)
    shown = await api.get(item)
    assert text(shown, "HasPicture") == "true"
    assert made.get("RootItemChangeKey") == found(shown, "t:ItemId").get("ChangeKey") != item.get("ChangeKey")
    assert found(shown, "t:Attachments/t:FileAttachment/t:AttachmentId").get("Id") == made.get("Id")
    assert shown.find(".//t:Content", NS) is None
    whole = await fetch(api, made.get("Id", ""))
    assert base64.b64decode(text(whole, "Content") or "") == JPEG
    assert (text(whole, "IsContactPhoto"), text(whole, "ContentType")) == ("true", "image/jpeg")
    assert (await api.sync(state)).told == [("Update", item.get("Id"))]


async def test_another_photo_takes_its_place_and_files_stay(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    await attach(api, item, "notes.txt", b"notes", photo=False)
    first = await attach(api, item, "ContactPicture.jpg", JPEG, photo=True)
    second = await attach(api, item, "ContactPicture.jpg", JPEG[::-1], photo=True)
    with pytest.raises(Refused) as refused:
        await fetch(api, first.get("Id", ""))
    assert refused.value.code == "ErrorItemNotFound"
    root = await remove(api, second.get("Id", ""))
    shown = await api.get(item)
    assert root.get("RootItemChangeKey") == found(shown, "t:ItemId").get("ChangeKey")
    assert text(shown, "HasPicture") == "false"
    assert [one.text for one in shown.iterfind(".//t:FileAttachment/t:Name", NS)] == ["notes.txt"]


async def test_ids_of_items_are_none_of_attachments(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    with pytest.raises(Refused) as refused:
        await fetch(api, item.get("Id", ""))
    assert refused.value.code == "ErrorInvalidAttachmentId"


async def test_ids_of_attachments_are_none_of_items(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    made = await attach(api, item, "ContactPicture.jpg", JPEG, photo=True)
    with pytest.raises(Refused) as refused:
        await api.get(made)
    assert refused.value.code == "ErrorInvalidIdNotAnItemAttachmentId"
    made.set("ChangeKey", made.get("RootItemChangeKey", ""))
    with pytest.raises(Refused) as refused:
        await api.delete(made)
    assert refused.value.code == "ErrorInvalidIdNotAnItemAttachmentId"
    assert text(await api.get(item), "GivenName") == "Ada"


async def test_a_large_photo_is_taken(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    content = bytes(11 * 2**20)
    made = await attach(api, item, "ContactPicture.jpg", content, photo=True)
    whole = (await api.post(
        f'<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id="{made.get("Id")}"/></m:AttachmentIds></m:GetAttachment>'
    )).content  # fmt: skip
    assert base64.b64encode(content) in whole
