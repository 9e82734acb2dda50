"""What Exchange says of a request that is not as its schema says."""

from __future__ import annotations

import pytest
from lxml import etree

from polydex_sandbox.exchange import schema
from polydex_sandbox.exchange.schema.notation import MESSAGES, TYPES, Tables

T, M = f"namespace '{TYPES}'", f"namespace '{MESSAGES}'"
FAILED = "The request failed schema validation: "


def element(text: str) -> etree._Element:
    return etree.fromstring(f'<x xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{text}</x>')[0]


def contact(inside: str) -> str:
    return f"<m:CreateItem><m:Items><t:Contact>{inside}</t:Contact></m:Items></m:CreateItem>"


def sync(most: str) -> str:
    return (
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>"
        '<t:DistinguishedFolderId Id="contacts"/></m:SyncFolderId>'
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )


def item(path: str) -> str:
    return (
        f"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}"
        '</t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id="a"/></m:ItemIds></m:GetItem>'
    )


@pytest.mark.parametrize(
    "request_",
    [
        contact(""),
        contact("<t:GivenName/><t:Surname>L</t:Surname>"),
        contact('<t:EmailAddresses><t:Entry Key="EmailAddress1" RoutingType="EX">/o=x</t:Entry></t:EmailAddresses>'),
        contact("<t:Birthday>1815-12-10T11:59:00Z</t:Birthday>"),
        contact("<!-- a comment --><t:GivenName>A</t:GivenName>"),
        sync("1"),
        sync(" 512\n"),
        item('<t:FieldURI FieldURI="contacts:Alias"/>'),
        item('<t:ExtendedFieldURI PropertyTag="0x3A4D" PropertyType="Short"/>'),
        item('<t:ExtendedFieldURI PropertyTag="14925" PropertyType="Short"/>'),
    ],
)
def test_allowed(request_: str) -> None:
    assert schema.check(element(request_)) is None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            contact("<t:Surname>L</t:Surname><t:GivenName>A</t:GivenName>"),
            (
                f"The element 'Contact' in {T} has invalid child element 'GivenName' in {T}. List of possible elements "
                "expected: 'WeddingAnniversary, BirthdayLocal, "
            ),
        ),
        (
            contact("<m:GivenName>A</m:GivenName>"),
            (
                f"The element 'Contact' in {T} has invalid child element 'GivenName' in {M}. List of possible elements "
                "expected: 'MimeContent, ItemId, "
            ),
        ),
        (contact("A"), f"The element 'Contact' in {T} cannot contain text. List of possible elements expected: 'Mime"),
        (
            contact('<t:EmailAddresses><t:Entry Key="EmailAddress4">a@example.com</t:Entry></t:EmailAddresses>'),
            (
                "The 'Key' attribute is invalid - The value 'EmailAddress4' is invalid according to its datatype "
                f"'{TYPES}:EmailAddressKeyType' - The Enumeration constraint failed."
            ),
        ),
        (
            contact('<t:PhoneNumbers><t:Entry key="HomePhone">1</t:Entry></t:PhoneNumbers>'),
            "The 'key' attribute is not declared.",
        ),
        (contact("<t:PhoneNumbers><t:Entry>1</t:Entry></t:PhoneNumbers>"), "The required attribute 'Key' is missing."),
        (
            contact("<t:PhoneNumbers/>"),
            f"The element 'PhoneNumbers' in {T} has incomplete content. List of possible elements expected: 'Entry' in {T}.",
        ),
        (
            contact("<t:Birthday>1815-02-30T00:00:00Z</t:Birthday>"),
            (
                f"The '{TYPES}:Birthday' element is invalid - The value '1815-02-30T00:00:00Z' is invalid according to its "
                "datatype 'http://www.w3.org/2001/XMLSchema:dateTime' - The string '1815-02-30T00:00:00Z' is not a valid "
                "DateTime value."
            ),
        ),
        (
            contact("<t:GivenName><t:Surname/></t:GivenName>"),
            (
                f"The element 'GivenName' in {T} cannot contain child element 'Surname' in {T} because the parent element's "
                "content model is text only."
            ),
        ),
        (
            sync("513"),
            (
                f"The '{MESSAGES}:MaxChangesReturned' element is invalid - The value '513' is invalid according to its "
                f"datatype '{TYPES}:MaxSyncChangesReturnedType' - The MaxInclusive constraint failed."
            ),
        ),
        (
            sync("0"),
            (
                f"The '{MESSAGES}:MaxChangesReturned' element is invalid - The value '0' is invalid according to its "
                f"datatype '{TYPES}:MaxSyncChangesReturnedType' - The MinInclusive constraint failed."
            ),
        ),
        (
            item('<t:FieldURI FieldURI="contacts:Nonsense"/>'),
            (
                "The 'FieldURI' attribute is invalid - The value 'contacts:Nonsense' is invalid according to its datatype "
                f"'{TYPES}:UnindexedFieldURIType' - The Enumeration constraint failed."
            ),
        ),
        (
            item('<t:FieldURI FieldURI="contacts:Alias"><t:A/></t:FieldURI>'),
            (
                f"The element 'FieldURI' in {T} cannot contain child element 'A' in {T} because the parent element's content "
                "model is empty."
            ),
        ),
        (
            item('<t:ExtendedFieldURI PropertyTag="0xG" PropertyType="String"/>'),
            (
                "The 'PropertyTag' attribute is invalid - The value '0xG' is invalid according to its datatype "
                f"'{TYPES}:PropertyTagType' - The value '0xG' is not valid according to any of the memberTypes of the union."
            ),
        ),
        (
            "<m:GetItem><m:ItemIds/></m:GetItem>",
            (
                f"The element 'GetItem' in {M} has invalid child element 'ItemIds' in {M}. List of possible elements expected: "
                f"'ItemShape' in {M}."
            ),
        ),
        ("<m:PlayChess/>", f"Could not find schema information for the element '{MESSAGES}:PlayChess'."),
    ],
)
def test_refused(request_: str, said: str) -> None:
    found = schema.check(element(request_))
    assert found is not None
    assert found.startswith(FAILED + said)


def test_two_namespaces_are_told_apart() -> None:
    found = schema.check(element("<m:Subscribe><t:x/></m:Subscribe>"))
    assert found == (
        f"{FAILED}The element 'Subscribe' in {M} has invalid child element 'x' in {T}. List of possible elements expected: "
        f"'PullSubscriptionRequest, PushSubscriptionRequest, StreamingSubscriptionRequest' in {M}."
    )


def test_the_line_is_told() -> None:
    request = etree.fromstring(f'<m:GetItem xmlns:m="{MESSAGES}">\n<!-- -->\n\n<m:ItemIds/></m:GetItem>')
    found = schema.judge(request, schema.NEWEST)
    assert found is not None
    assert found.line == 4


@pytest.mark.parametrize(
    ("request_", "since"),
    [
        (contact("<t:Alias/>"), "Exchange2010_SP2"),
        (contact('<t:PhoneNumbers><t:Entry Key="BusinessMobile">1</t:Entry></t:PhoneNumbers>'), "Exchange2016"),
        (contact("<t:HasPicture>true</t:HasPicture>"), "Exchange2010"),
        (item('<t:FieldURI FieldURI="contacts:Alias"/>'), "Exchange2010_SP2"),
        (item('<t:FieldURI FieldURI="contacts:Urls"/>'), "Exchange2016"),
        (item('<t:FieldURI FieldURI="item:TextBody"/>'), "Exchange2013"),
        ("<m:GetUserPhoto><m:Email>a@example.com</m:Email><m:SizeRequested>HR48x48</m:SizeRequested></m:GetUserPhoto>",
         "Exchange2013"),
    ],
)  # fmt: skip
def test_names_that_are_newer(request_: str, since: str) -> None:
    """A version that is older knows nothing of them (exchangelib#874)."""
    fine = [version for version in schema.VERSIONS if schema.check(element(request_), version) is None]
    assert fine == list(schema.VERSIONS[schema.VERSIONS.index(since) :])


def test_names_that_are_gone() -> None:
    asked = element(item('<t:FieldURI FieldURI="item:PredictedActionReasons"/>'))
    assert schema.check(asked, "Exchange2013_SP1") is None
    assert schema.check(asked, "Exchange2016") is not None


def test_agreed() -> None:
    assert schema.agreed("Exchange2013_SP1", "Exchange2016") == "Exchange2013_SP1"
    assert schema.agreed(None) == "Exchange2007"
    for asked, server in (("Exchange2016", "Exchange2013_SP1"), ("Exchange2015", "Exchange2016"), ("", "Exchange2016")):
        with pytest.raises(schema.InvalidServerVersion):
            schema.agreed(asked, server)


def test_a_derived_type() -> None:
    """An answer of ConvertId names the type of its id."""
    answer = (
        '<m:ConvertIdResponse><m:ResponseMessages><m:ConvertIdResponseMessage ResponseClass="Success">'
        '<m:ResponseCode>NoError</m:ResponseCode><m:AlternateId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:type="t:{}" Format="EntryId" Id="a" Mailbox="a@example.com"/></m:ConvertIdResponseMessage>'
        "</m:ResponseMessages></m:ConvertIdResponse>"
    )
    assert schema.check(element(answer.format("AlternateIdType"))) is None
    assert schema.check(element(answer.format("ItemIdType"))) == (
        f"{FAILED}This is an invalid xsi:type '{TYPES}:ItemIdType'."
    )


def test_nil() -> None:
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="{}"'
    answer = (
        '<m:GetUserConfigurationResponse><m:ResponseMessages><m:GetUserConfigurationResponseMessage ResponseClass="Success">'
        "<m:ResponseCode>NoError</m:ResponseCode><m:UserConfiguration><t:UserConfigurationName {0} Name='a'>"
        "<t:DistinguishedFolderId Id='root'/></t:UserConfigurationName><t:Dictionary><t:DictionaryEntry><t:DictionaryKey>"
        "<t:Type>String</t:Type><t:Value>a</t:Value></t:DictionaryKey><t:DictionaryValue {1}/></t:DictionaryEntry>"
        "</t:Dictionary></m:UserConfiguration></m:GetUserConfigurationResponseMessage></m:ResponseMessages>"
        "</m:GetUserConfigurationResponse>"
    )
    assert schema.check(element(answer.format("", xsi.format("true")))) is None
    assert "incomplete content" in str(schema.check(element(answer.format("", xsi.format("false")))))
    assert "'nillable' attribute" in str(schema.check(element(answer.format(xsi.format("true"), xsi.format("true")))))


def test_headers() -> None:
    for header in (
        '<t:RequestServerVersion Version="Exchange2013_SP1"/>',
        (
            '<t:RequestServerVersion xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="0" '
            'Version="Exchange2010"/>'
        ),
        (
            "<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>a@example.com</t:SmtpAddress></t:ConnectingSID>"
            "</t:ExchangeImpersonation>"
        ),
        "<t:MailboxCulture>en-US</t:MailboxCulture>",
        '<t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext>',
    ):
        assert schema.check(element(header)) is None
    assert schema.check(element('<t:RequestServerVersion Version="Exchange2099"/>')) is not None
    assert schema.check(element("<t:ExchangeImpersonation/>")) is not None


@pytest.mark.parametrize("table", ["Type", "A: B C D", "A: (B", "A: B? C?\n  ???", "A: B\nA: B", "A: [B]"])
def test_a_table_that_is_not_in_the_notation(table: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Tables().read(table, TYPES)
