"""What clients ask beside contacts: names, forms of ids, configurations, time zones."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox.exchange.api import NS, Api, Refused, found


async def resolve(
    api: Api, entry: str, scope: str = "ContactsActiveDirectory", full: str = "false"
) -> list[str | None]:
    """Addresses."""
    message = await api.one(
        f'<m:ResolveNames ReturnFullContactData="{full}" SearchScope="{scope}">'
        f"<m:UnresolvedEntry>{entry}</m:UnresolvedEntry></m:ResolveNames>"
    )
    assert found(message, "m:ResolutionSet").get("IncludesLastItemInRange") == "true"
    return [one.text for one in message.iterfind(".//t:Mailbox/t:EmailAddress", NS)]


async def test_names_are_looked_for_in_contacts_and_directory(api: Api) -> None:
    await api.create(
        "<t:DisplayName>Ada Lovelace</t:DisplayName>"
        '<t:EmailAddresses><t:Entry Key="EmailAddress1">ada@example.org</t:Entry></t:EmailAddresses>'
    )
    assert await resolve(api, "ada") == ["ada@example.org", "ada@example.com"]
    assert await resolve(api, "ada", "ActiveDirectory", "true") == ["ada@example.com"]
    assert await resolve(api, "ada@example.org", "Contacts", "true") == ["ada@example.org"]
    with pytest.raises(Refused) as refused:
        await resolve(api, "nobody")
    assert refused.value.code == "ErrorNameResolutionNoResults"
    for none in (" ", ",", "-", "SMTP:"):
        with pytest.raises(Refused) as refused:
            await resolve(api, none)
        assert refused.value.code == "ErrorInvalidNameForNameResolution"


@pytest.mark.parametrize("form", ["EwsLegacyId", "EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId"])
async def test_ids_have_several_forms(api: Api, form: str) -> None:
    item = await api.create("<t:GivenName>Ada</t:GivenName>")

    async def convert(ident: str, source: str, target: str) -> str:
        message = await api.one(
            f'<m:ConvertId DestinationFormat="{target}"><m:SourceIds><t:AlternateId Format="{source}" Id="{ident}" '
            'Mailbox="ada@example.com"/></m:SourceIds></m:ConvertId>'
        )
        answer = found(message, "m:AlternateId")
        assert answer.get("Format") == target
        return answer.get("Id", "")

    other = await convert(item.get("Id", ""), "EwsId", form)
    assert (other == item.get("Id")) == (form == "EwsId")
    assert await convert(other, form, "EwsId") == item.get("Id")
    with pytest.raises(Refused) as refused:
        await convert("AAAA", form, "EwsId")
    assert refused.value.code == "ErrorInvalidIdMalformed"


async def test_the_mailbox_has_a_list_of_categories(api: Api) -> None:
    def asked(name: str) -> str:
        return (
            f'<m:GetUserConfiguration><m:UserConfigurationName Name="{name}"><t:DistinguishedFolderId Id="calendar"/>'
            "</m:UserConfigurationName><m:UserConfigurationProperties>XmlData</m:UserConfigurationProperties>"
            "</m:GetUserConfiguration>"
        )

    message = await api.one(asked("CategoryList"))
    assert b"CategoryList.xsd" in base64.b64decode(found(message, ".//t:XmlData").text or "")
    with pytest.raises(Refused) as refused:
        await api.one(asked("Other"))
    assert refused.value.code == "ErrorItemNotFound"


async def test_the_server_has_time_zones(api: Api) -> None:
    message = await api.one('<m:GetServerTimeZones ReturnFullTimeZoneData="true"/>')
    zones = [one.get("Id") for one in message.iterfind(".//t:TimeZoneDefinition", NS)]
    assert "UTC" in zones
    message = await api.one(
        '<m:GetServerTimeZones ReturnFullTimeZoneData="false"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>'
    )
    assert [one.get("Id") for one in message.iterfind(".//t:TimeZoneDefinition", NS)] == ["UTC"]


async def test_nobody_of_the_directory_has_a_photo(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.one(
            "<m:GetUserPhoto><m:Email>ada@example.com</m:Email><m:SizeRequested>HR96x96</m:SizeRequested></m:GetUserPhoto>"
        )
    assert refused.value.code == "ErrorItemNotFound"
