"""UpdateItem: one property for each change, and change keys that have to be right."""

from __future__ import annotations

import pytest

from tests.sandbox.exchange.api import Api, Refused, entry, found, text

BORN = '<t:ExtendedFieldURI PropertyTag="0x3A42" PropertyType="SystemTime"/>'
SURNAME = '<t:FieldURI FieldURI="contacts:Surname"/>'


def put(path: str, member: str) -> str:
    return f"<t:SetItemField>{path}<t:Contact>{member}</t:Contact></t:SetItemField>"


def take(path: str) -> str:
    return f"<t:DeleteItemField>{path}</t:DeleteItemField>"


def indexed(uri: str, key: str) -> str:
    return f'<t:IndexedFieldURI FieldURI="contacts:{uri}" FieldIndex="{key}"/>'


async def test_entries_of_dictionaries_are_changed_one_by_one(api: Api) -> None:
    item = await api.create(
        '<t:EmailAddresses><t:Entry Key="EmailAddress1">a@example.org</t:Entry>'
        '<t:Entry Key="EmailAddress2">b@example.org</t:Entry></t:EmailAddresses>'
        '<t:PhoneNumbers><t:Entry Key="HomePhone">1</t:Entry></t:PhoneNumbers>'
    )
    updates = (
        put(
            indexed("EmailAddress", "EmailAddress1"),
            '<t:EmailAddresses><t:Entry Key="EmailAddress1">c@example.org</t:Entry></t:EmailAddresses>',
        )
        + take(indexed("EmailAddress", "EmailAddress2"))
        + put(
            indexed("PhysicalAddress:City", "Home"),
            '<t:PhysicalAddresses><t:Entry Key="Home"><t:City>London</t:City></t:Entry></t:PhysicalAddresses>',
        )
        + take(indexed("PhoneNumber", "HomePhone"))
    )
    await api.update(item, updates)
    shown = await api.get(item)
    first = entry(shown, "EmailAddresses", "EmailAddress1")
    assert first is not None
    assert (first.text, first.get("Name")) == ("c@example.org", "c@example.org")
    assert entry(shown, "EmailAddresses", "EmailAddress2") is None
    assert entry(shown, "PhoneNumbers", "HomePhone") is None
    assert found(shown, "t:PhysicalAddresses/t:Entry/t:City").text == "London"


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (
            put(SURNAME, "<t:GivenName>A</t:GivenName><t:Surname>B</t:Surname>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (put(SURNAME, ""), "ErrorIncorrectUpdatePropertyCount"),
        (put(SURNAME, "<t:GivenName>A</t:GivenName>"), "ErrorUpdatePropertyMismatch"),
        (
            put(
                indexed("PhysicalAddress:City", "Home"),
                '<t:PhysicalAddresses><t:Entry Key="Home"><t:Street>1</t:Street><t:City>2</t:City></t:Entry>'
                "</t:PhysicalAddresses>",
            ),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (
            put(
                '<t:FieldURI FieldURI="contacts:PhoneNumbers"/>',
                '<t:PhoneNumbers><t:Entry Key="HomePhone">1</t:Entry></t:PhoneNumbers>',
            ),
            "ErrorInvalidPropertySet",
        ),
        (
            put('<t:FieldURI FieldURI="item:DateTimeCreated"/>', "<t:DateTimeCreated>2020-01-01T00:00:00Z</t:DateTimeCreated>"),
            "ErrorInvalidPropertySet",
        ),
        (
            put(
                '<t:FieldURI FieldURI="contacts:CompleteName"/>',
                "<t:CompleteName><t:FullName>A</t:FullName></t:CompleteName>",
            ),
            "ErrorInvalidPropertySet",
        ),
        (put('<t:FieldURI FieldURI="contacts:Notes"/>', "<t:Notes>A</t:Notes>"), "ErrorInvalidPropertyRequest"),
        (take('<t:FieldURI FieldURI="item:ItemClass"/>'), "ErrorInvalidPropertyDelete"),
        # Times of MAPI begin with the year 1601.
        (
            put('<t:FieldURI FieldURI="contacts:Birthday"/>', "<t:Birthday>1600-12-31T11:59:00Z</t:Birthday>"),
            "ErrorInvalidValueForProperty",
        ),
        (
            put(BORN, f"<t:ExtendedProperty>{BORN}<t:Value>0001-01-01T00:00:00Z</t:Value></t:ExtendedProperty>"),
            "ErrorInvalidExtendedPropertyValue",
        ),
        (
            "<t:AppendToItemField>" + SURNAME + "<t:Contact><t:Surname>A</t:Surname></t:Contact></t:AppendToItemField>",
            "ErrorInvalidPropertyAppend",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_changed_is_refused_and_nothing_is(api: Api, update: str, code: str) -> None:
    item = await api.create("<t:Surname>Byron</t:Surname>")
    with pytest.raises(Refused) as refused:
        await api.update(
            item, put('<t:FieldURI FieldURI="contacts:GivenName"/>', "<t:GivenName>X</t:GivenName>") + update
        )
    assert (refused.value.http, refused.value.code) == (200, code)
    shown = await api.get(item)
    assert (text(shown, "GivenName"), text(shown, "Surname")) == (None, "Byron")
    assert found(shown, "t:ItemId").get("ChangeKey") == item.get("ChangeKey")


async def test_a_body_is_text_or_a_page_and_can_be_appended_to(api: Api) -> None:
    item = await api.create('<t:Body BodyType="Text">One</t:Body>')
    body = '<t:FieldURI FieldURI="item:Body"/>'
    await api.update(
        item,
        f'<t:AppendToItemField>{body}<t:Contact><t:Body BodyType="Text"> two</t:Body></t:Contact></t:AppendToItemField>',
    )
    assert text(await api.get(item), "Body") == "One two"
    page = text(await api.get(item, body="HTML"), "Body") or ""
    assert "One two" in page
    assert page.startswith("<html>")
    newer = found(await api.get(item), "t:ItemId")
    await api.update(newer, put(body, '<t:Body BodyType="HTML">&lt;p&gt;A &amp;amp; B&lt;/p&gt;</t:Body>'))
    assert text(await api.get(item), "Body") == "A & B"
    assert text(await api.get(item, body="Best"), "Body") == "<p>A &amp; B</p>"


async def test_change_keys_are_compared_as_the_call_wants(api: Api) -> None:
    item = await api.create("<t:Surname>A</t:Surname>")
    change = put(SURNAME, "<t:Surname>B</t:Surname>")
    newer = await api.update(item, change)
    for key, resolution, code in (
        (item.get("ChangeKey"), "NeverOverwrite", "ErrorIrresolvableConflict"),
        ("", "NeverOverwrite", "ErrorChangeKeyRequiredForWriteOperations"),
        ("", "AutoResolve", "ErrorChangeKeyRequiredForWriteOperations"),
        ("AAAA", "AlwaysOverwrite", "ErrorInvalidChangeKey"),
    ):
        with pytest.raises(Refused) as refused:
            await api.update(newer, change, resolution, key)
        assert refused.value.code == code
    # These take an old one, or none.
    await api.update(item, change, "AutoResolve")
    await api.update(item, change, "AlwaysOverwrite", "")


async def test_a_file_as_mapping_goes_on_until_a_text_is_set(api: Api) -> None:
    item = await api.create(
        "<t:FileAsMapping>LastCommaFirst</t:FileAsMapping><t:GivenName>Ada</t:GivenName><t:Surname>Byron</t:Surname>"
    )
    assert text(await api.get(item), "FileAs") == "Byron, Ada"
    await api.update(item, put(SURNAME, "<t:Surname>King</t:Surname>"))
    assert text(await api.get(item), "FileAs") == "King, Ada"


async def test_ids_are_told_apart(api: Api) -> None:
    item = await api.create("<t:Surname>A</t:Surname>")
    folder = found(await api.get(item), "t:ParentFolderId").get("Id", "")
    ident = item.get("Id", "")
    other = ident[:60] + ident[60:].swapcase()
    for wrong, code in (
        ("", "ErrorInvalidIdEmpty"),
        ("AAMk", "ErrorInvalidIdMalformed"),
        (other, "ErrorInvalidIdMalformed"),
        (folder, "ErrorCannotUseFolderIdForItemId"),
    ):
        item.set("Id", wrong)
        with pytest.raises(Refused) as refused:
            await api.get(item)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("Double", "1_0", None),
        ("Double", "nan", None),
        ("Double", "1e999", None),
        ("Double", "2.50", "2.5"),
        ("Integer", "2147483648", None),
        ("Integer", "-7", "-7"),
        ("Boolean", "1", "true"),
        ("SystemTime", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z"),
        ("SystemTime", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z"),
        ("Binary", "!", None),
        ("CLSID", "{00062004-0000-0000-C000-000000000046}", "00062004-0000-0000-c000-000000000046"),
    ],
)
async def test_values_of_extended_properties_are_of_their_type(
    api: Api, kind: str, value: str, kept: str | None
) -> None:
    path = f'<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="X" PropertyType="{kind}"/>'
    member = f"<t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty>"
    if kept is None:
        with pytest.raises(Refused) as refused:
            await api.create(member)
        assert refused.value.code == "ErrorInvalidExtendedPropertyValue"
    else:
        shown = await api.get(await api.create(member), path)
        assert found(shown, "t:ExtendedProperty/t:Value").text == kept


async def test_several_times_are_read_as_one_is(api: Api) -> None:
    path = '<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="X" PropertyType="SystemTimeArray"/>'
    several = "".join(f"<t:Value>{one}</t:Value>" for one in ("2020-01-01T00:00:00", "2021-01-01T00:00:00Z"))
    item = await api.create(f"<t:ExtendedProperty>{path}<t:Values>{several}</t:Values></t:ExtendedProperty>")
    shown = found(await api.get(item, path), "t:ExtendedProperty/t:Values")
    assert [one.text for one in shown] == ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]


async def test_a_list_has_no_fields_of_contacts_but_its_names(api: Api) -> None:
    message = await api.one(
        "<m:CreateItem><m:Items><t:DistributionList><t:DisplayName>Friends</t:DisplayName></t:DistributionList>"
        "</m:Items></m:CreateItem>"
    )
    item = found(message, ".//t:ItemId")
    for change in (put(SURNAME, "<t:Surname>A</t:Surname>"), take(indexed("PhoneNumber", "HomePhone"))):
        with pytest.raises(Refused) as refused:
            await api.update(item, change)
        assert refused.value.code == "ErrorInvalidPropertyRequest"
    name = '<t:FieldURI FieldURI="contacts:DisplayName"/>'
    await api.update(item, put(name, "<t:DisplayName>Pals</t:DisplayName>"))
    assert text(await api.get(item), "DisplayName") == "Pals"
