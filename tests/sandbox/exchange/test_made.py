"""What unmodified clients have in a new contact besides its fields, and what they make of its id."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox.exchange.api import NS, Api, Refused, found, text

JPEG = base64.b64encode(b"\xff\xd8\xff not read by a mailbox").decode()


async def test_ids_are_as_long_as_those_of_exchange(api: Api) -> None:
    """DavMail takes a name for an id from 140 characters on."""
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    shown = await api.get(item)
    assert len(item.get("Id", "")) == 152
    assert len(found(shown, "t:ParentFolderId").get("Id", "")) == 120


async def test_a_culture_can_be_set_and_is_a_property_too(api: Api) -> None:
    """exchangelib writes it back when it saves all fields."""
    locale = '<t:ExtendedFieldURI PropertyTag="0x3FF1" PropertyType="Integer"/>'
    item = await api.create("<t:Culture>de-DE</t:Culture>")
    shown = await api.get(item, locale)
    assert text(shown, "Culture") == "de-DE"
    assert found(shown, "t:ExtendedProperty/t:Value").text == "1031"
    with pytest.raises(Refused) as refused:
        await api.create("<t:Culture>xx-YY</t:Culture>")
    assert refused.value.code == "ErrorInvalidValueForProperty"


async def test_a_contact_can_bring_its_attachments(api: Api) -> None:
    files = (
        "<t:FileAttachment><t:Name>ContactPicture.jpg</t:Name><t:IsContactPhoto>true</t:IsContactPhoto>"
        f"<t:Content>{JPEG}</t:Content></t:FileAttachment>"
    )
    message = await api.one(
        '<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId Id="contacts"/></m:SavedItemFolderId><m:Items>'
        f"<t:Contact><t:Attachments>{files}</t:Attachments><t:GivenName>Ada</t:GivenName></t:Contact></m:Items>"
        "</m:CreateItem>"
    )
    told = found(message, ".//t:AttachmentId").get("Id")
    shown = await api.get(found(message, ".//t:ItemId"))
    assert [one.get("Id") for one in shown.iterfind(".//t:AttachmentId", NS)] == [told]
    assert text(shown, "HasPicture") == "true"
    got = await api.one(
        f'<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id="{told}"/></m:AttachmentIds></m:GetAttachment>'
    )
    assert found(got, ".//t:Content").text == JPEG
