"""Made-up contacts, as Exchange Web Services shows them."""

from __future__ import annotations

import base64

NAMESPACES = (
    b'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    b'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)
"""Of the envelope around a contact."""
_ADDRESS = "00062004-0000-0000-C000-000000000046"
_FOLDER = base64.b64encode(b"polydex-bench-folder" * 3).decode()


def key(number: int) -> str:
    """An item id; some 150 characters, as Exchange's are."""
    return base64.b64encode(b"polydex-bench" * 8 + number.to_bytes(8, "big")).decode()


def identity(number: int) -> str:
    """``t:ItemId`` with its change key."""
    change = base64.b64encode(b"\x17\x00change-key" + number.to_bytes(8, "big")).decode()
    return f'<t:ItemId Id="{key(number)}" ChangeKey="{change}"/>'


def contact(number: int) -> bytes:
    """A typical contact with a name, two addresses, three numbers, a postal address and a note, all properties; some 4 kB."""
    name, mobile, office = f"Person {number}", 1_000_000 + number, 2_000_000 + number
    moment = f"2026-01-{number % 28 + 1:02}T09:{number % 60:02}:00Z"
    emails = "".join(
        f'<t:Entry Key="EmailAddress{at}" Name="{name} Example" RoutingType="SMTP">{mail}</t:Entry>'
        for at, mail in enumerate((f"p{number}@example.com", f"h{number}@example.org"), 1)
    )
    numbers = {"BusinessPhone": office, "HomePhone": office + 1}
    phones = "".join(f'<t:Entry Key="{label}">+49 30 {one}</t:Entry>' for label, one in numbers.items())
    return (
        f'<t:Contact>{identity(number)}<t:ParentFolderId Id="{_FOLDER}" ChangeKey="AQAAAA=="/>'
        f"<t:ItemClass>IPM.Contact</t:ItemClass><t:Subject>{name} Example</t:Subject>"
        f"<t:Sensitivity>Normal</t:Sensitivity>"
        f'<t:Body BodyType="Text" IsTruncated="false">Met at conference {number % 100}</t:Body>'
        f"<t:DateTimeReceived>{moment}</t:DateTimeReceived><t:Size>4512</t:Size><t:Importance>Normal</t:Importance>"
        f"<t:IsSubmitted>false</t:IsSubmitted><t:IsDraft>false</t:IsDraft><t:IsFromMe>false</t:IsFromMe>"
        f"<t:IsResend>false</t:IsResend><t:IsUnmodified>false</t:IsUnmodified>"
        f"<t:DateTimeSent>{moment}</t:DateTimeSent><t:DateTimeCreated>{moment}</t:DateTimeCreated>"
        f"<t:ReminderIsSet>false</t:ReminderIsSet><t:ReminderMinutesBeforeStart>0</t:ReminderMinutesBeforeStart>"
        f"<t:DisplayCc/><t:DisplayTo/><t:HasAttachments>false</t:HasAttachments>"
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3a1e" PropertyType="String"/>'
        f"<t:Value>+49 30 {office + 2}</t:Value></t:ExtendedProperty>"
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="{_ADDRESS}" PropertyId="32789" PropertyType="Boolean"/>'
        f"<t:Value>false</t:Value></t:ExtendedProperty>"
        f"<t:Culture>en-US</t:Culture><t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated>"
        f"<t:CreateContents>false</t:CreateContents><t:CreateHierarchy>false</t:CreateHierarchy>"
        f"<t:Delete>true</t:Delete><t:Modify>true</t:Modify><t:Read>true</t:Read>"
        f"<t:ViewPrivateItems>true</t:ViewPrivateItems></t:EffectiveRights>"
        f"<t:LastModifiedName>Ada Example</t:LastModifiedName><t:LastModifiedTime>{moment}</t:LastModifiedTime>"
        f"<t:IsAssociated>false</t:IsAssociated><t:WebClientReadFormQueryString>https://mail.example.com/owa/"
        f"?ItemID={key(number)}&amp;exvsurl=1&amp;viewmodel=PersonaCardViewModelFactory</t:WebClientReadFormQueryString>"
        f'<t:ConversationId Id="{_FOLDER}"/><t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag>'
        f"<t:InstanceKey>AQAAAAAAAQ8BAAAAAAAV1gAAAAA=</t:InstanceKey>"
        f"<t:FileAs>Example, {name}</t:FileAs><t:FileAsMapping>LastCommaFirst</t:FileAsMapping>"
        f"<t:DisplayName>{name} Example</t:DisplayName><t:GivenName>{name}</t:GivenName>"
        f"<t:CompleteName><t:FirstName>{name}</t:FirstName><t:LastName>Example</t:LastName>"
        f"<t:FullName>{name} Example</t:FullName></t:CompleteName><t:CompanyName>Company {number % 50}</t:CompanyName>"
        f"<t:EmailAddresses>{emails}</t:EmailAddresses>"
        f'<t:PhysicalAddresses><t:Entry Key="Home"><t:Street>Main Street {number}</t:Street><t:City>Berlin</t:City>'
        f"<t:CountryOrRegion>Germany</t:CountryOrRegion><t:PostalCode>10115</t:PostalCode></t:Entry>"
        f'</t:PhysicalAddresses><t:PhoneNumbers>{phones}<t:Entry Key="MobilePhone">+49 170 {mobile}</t:Entry>'
        f"</t:PhoneNumbers><t:BusinessHomePage>https://example.com/{number}</t:BusinessHomePage>"
        f"<t:Department>Sales</t:Department><t:JobTitle>Manager</t:JobTitle>"
        f"<t:PostalAddressIndex>None</t:PostalAddressIndex><t:Surname>Example</t:Surname>"
        f"<t:HasPicture>false</t:HasPicture></t:Contact>"
    ).encode()
