"""Contacts one by one: what is written is read again, in the order of the schema."""

from __future__ import annotations

import pytest

from tests.sandbox.exchange.api import NS, Api, Refused, entry, found, text

FULL = """<t:Sensitivity>Private</t:Sensitivity><t:Body BodyType="Text">One
two</t:Body><t:Categories><t:String>A</t:String><t:String>B</t:String></t:Categories>
<t:Importance>High</t:Importance><t:FileAs>Lovelace, Ada</t:FileAs><t:DisplayName>Ada Lovelace</t:DisplayName>
<t:GivenName>Ada</t:GivenName><t:Initials>A.L.</t:Initials><t:MiddleName>King</t:MiddleName>
<t:Nickname>Countess</t:Nickname><t:CompanyName>Example Works</t:CompanyName>
<t:EmailAddresses><t:Entry Key="EmailAddress1" Name="Ada L">ada@example.org</t:Entry>
<t:Entry Key="EmailAddress3">third@example.org</t:Entry></t:EmailAddresses>
<t:PhysicalAddresses><t:Entry Key="Home"><t:Street>1 Example Street</t:Street><t:City>London</t:City>
<t:CountryOrRegion>UK</t:CountryOrRegion><t:PostalCode>N1</t:PostalCode></t:Entry></t:PhysicalAddresses>
<t:PhoneNumbers><t:Entry Key="BusinessPhone">+44 1</t:Entry><t:Entry Key="MobilePhone">+44 2</t:Entry></t:PhoneNumbers>
<t:AssistantName>Bob</t:AssistantName><t:Birthday>1815-12-10T11:59:00Z</t:Birthday>
<t:BusinessHomePage>https://example.org/ada</t:BusinessHomePage>
<t:Children><t:String>Byron</t:String></t:Children><t:Companies><t:String>One</t:String></t:Companies>
<t:Department>Engines</t:Department><t:Generation>II</t:Generation>
<t:ImAddresses><t:Entry Key="ImAddress1">im1</t:Entry><t:Entry Key="ImAddress2">im2</t:Entry></t:ImAddresses>
<t:JobTitle>Analyst</t:JobTitle><t:Manager>Charles</t:Manager><t:Mileage>7</t:Mileage>
<t:OfficeLocation>Room 1</t:OfficeLocation><t:PostalAddressIndex>Home</t:PostalAddressIndex>
<t:Profession>Mathematician</t:Profession><t:SpouseName>William</t:SpouseName><t:Surname>Lovelace</t:Surname>
<t:WeddingAnniversary>1835-07-08T11:59:00Z</t:WeddingAnniversary>"""


async def test_what_is_written_is_read_again(api: Api) -> None:
    made = await api.get(await api.create(FULL))
    assert text(made, "Sensitivity") == "Private"
    assert (text(made, "Body") or "").splitlines() == ["One", "two"]
    assert [one.text for one in found(made, "t:Categories")] == ["A", "B"]
    assert {text(made, name) for name in ("DisplayName", "Subject")} == {"Ada Lovelace"}
    first = entry(made, "EmailAddresses", "EmailAddress1")
    assert first is not None
    assert (first.text, first.get("Name"), first.get("RoutingType"), first.get("MailboxType")) == (
        "ada@example.org", "Ada L", "SMTP", "Contact",
    )  # fmt: skip
    assert entry(made, "EmailAddresses", "EmailAddress2") is None
    assert found(made, "t:PhysicalAddresses/t:Entry/t:City").text == "London"
    assert [one.get("Key") for one in found(made, "t:PhoneNumbers")] == ["BusinessPhone", "MobilePhone"]
    assert text(made, "Birthday") == "1815-12-10T11:59:00Z"
    assert found(made, "t:CompleteName/t:FullName").text == "Ada Lovelace"
    assert text(made, "HasPicture") == "false"
    assert text(made, "DateTimeCreated") == "2026-01-01T00:00:00Z"


async def test_one_field_is_changed_and_the_change_key_with_it(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName><t:Surname>Byron</t:Surname>")
    after = await api.update(
        item,
        '<t:SetItemField><t:FieldURI FieldURI="contacts:Surname"/><t:Contact><t:Surname>King</t:Surname></t:Contact>'
        '</t:SetItemField><t:DeleteItemField><t:FieldURI FieldURI="contacts:GivenName"/></t:DeleteItemField>',
    )
    assert after.get("Id") == item.get("Id")
    assert after.get("ChangeKey") != item.get("ChangeKey")
    shown = await api.get(item)
    assert (text(shown, "Surname"), text(shown, "GivenName")) == ("King", None)
    with pytest.raises(Refused) as refused:
        await api.update(item, '<t:DeleteItemField><t:FieldURI FieldURI="contacts:Surname"/></t:DeleteItemField>')
    assert refused.value.code == "ErrorIrresolvableConflict"


async def test_a_property_and_its_field_are_one_datum(api: Api) -> None:
    tag = '<t:ExtendedFieldURI PropertyTag="0x3A11" PropertyType="String"/>'
    item = await api.create(f"<t:ExtendedProperty>{tag}<t:Value>Byron</t:Value></t:ExtendedProperty>")
    shown = await api.get(item, tag)
    assert text(shown, "Surname") == "Byron"
    assert found(shown, "t:ExtendedProperty/t:Value").text == "Byron"


async def test_a_deleted_item_is_elsewhere_with_another_id(api: Api) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")
    await api.delete(item)
    with pytest.raises(Refused) as refused:
        await api.get(item)
    assert refused.value.code == "ErrorItemNotFound"
    rows = await api.one(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="deleteditems"/></m:ParentFolderIds></m:FindItem>'
    )
    ids = [one.get("Id") for one in rows.iterfind(".//t:ItemId", NS)]
    assert len(ids) == 1
    assert ids != [item.get("Id")]
