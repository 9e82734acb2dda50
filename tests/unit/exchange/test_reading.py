"""Whatever an item holds is a contact, or an error of this one alone."""

from __future__ import annotations

import pytest

from polydex.connectors.exchange import wire
from polydex.connectors.exchange.read import read, record
from polydex.connectors.exchange.xml import parse
from polydex.core.contact import Address, AddressType, Contact, Email, Name, Phone, PhoneType, Url, UrlType
from polydex.core.errors import ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey
from tests.unit.exchange.contacts import (
    bag,
    body,
    contact,
    emails,
    entries,
    item,
    numbered,
    ours,
    phones,
    place,
    tag,
    text,
    words,
)

DN = "/o=Example/ou=First/cn=Recipients/cn=ann"


class TestRecords:
    def test_says_what_the_engine_keeps(self) -> None:
        times = text("DateTimeCreated", "2024-05-06T07:08:09Z") + text("LastModifiedTime", "2024-05-06T07:08:10Z")
        document = item(
            times + ours("PolydexMark", "m-1") + text("Nickname", "Annie") + phones(MobilePhone="030 123456")
        )
        loss = Loss("$.x", "y")
        found = record(document, "DE", losses=(loss,))
        assert (found.key, found.stable_key, found.uid) == ("AAMk1=", None, None)
        assert (found.rev, found.mark, found.losses, found.raw) == ("EQ1", "m-1", (loss,), document)
        assert (found.created_ms, found.modified_ms) == (1_714_979_289_000, 1_714_979_290_000)
        assert found.contact == Contact(
            nick_name="Annie",
            phone_numbers=(Phone(number="030 123456", type=PhoneType.MOBILE, canonical_form="+4930123456"),),
        )
        assert record(document, "DE", losses=(loss,), item=parse(document)) == found

    def test_may_be_known_under_another_key(self) -> None:
        assert record(item(""), None, RemoteKey("AAMk0=")).key == "AAMk0="

    def test_without_a_change_key_there_is_no_revision(self) -> None:
        found = read(item("").replace(b' ChangeKey="EQ1"', b""))
        assert (found.key, found.rev, found.created_ms) == ("AAMk1=", None, None)
        assert read(item(text("DateTimeCreated", "soon"))).created_ms is None

    @pytest.mark.parametrize("name", ["DistributionList", "Message", "Item", "PostItem"])
    def test_other_items_are_no_contacts(self, name: str) -> None:
        document = item(text("DisplayName", "Friends") + text("FileAs", "Friends"), name)
        found = record(document, None)
        assert (found.key, found.rev, found.raw, found.contact) == ("AAMk1=", "EQ1", document, None)

    @pytest.mark.parametrize(
        "document",
        [b"", b"{}", b"<a/>", f'<t:Contact xmlns:t="{wire.TYPES}"/>'.encode(), item("").replace(b"AAMk1=", b"")],
    )
    def test_what_is_no_item(self, document: bytes) -> None:
        with pytest.raises(ProviderMalformed):
            record(document, None)

    def test_documents_are_elements_as_they_came(self) -> None:
        answer = parse(
            f'<s:a xmlns:s="s" xmlns:t="{wire.TYPES}"><t:Contact><t:ItemId Id="1"/>'
            "<t:Nickname>\u00e4 &lt;&#13;\n</t:Nickname></t:Contact> tail</s:a>".encode()
        )
        document = wire.document(answer[0])
        again = parse(document)
        assert (document[:10], document[-1:]) == (b"<t:Contact", b">")
        assert again.findtext(f"{wire.T}Nickname") == answer[0].findtext(f"{wire.T}Nickname") == "\u00e4 <\r\n"
        assert wire.document(again) == document


class TestValues:
    def test_empty_ones_are_absent(self) -> None:
        inner = (
            body("")
            + words("Categories", "", "A", "A")
            + "<t:FileAs/><t:DisplayName></t:DisplayName><t:EmailAddresses/><t:PhysicalAddresses/>"
            + phones(BusinessPhone="", Pager=" ")
            + "<t:Birthday/>"
        )
        assert contact(inner) == Contact(keywords=("A",))
        assert contact(emails("", ("", "Name")) + place("Home", Street="  ")) == Contact()

    def test_the_first_of_two_counts(self) -> None:
        inner = tag("0x3a45", "Dr.") + tag("0x3A45", "Prof.")
        assert contact(inner) == Contact(name=Name(prefix="Dr."))

    def test_unknown_elements_are_passed_over(self) -> None:
        inner = (
            '<t:Unknown><t:GivenName>No</t:GivenName></t:Unknown><GivenName xmlns="">No</GivenName>'
            + entries("PhoneNumbers", Unknown="1")
            + entries("EmailAddresses", EmailAddress4="a@example.com")
            + "<t:Nickname>A</t:Nickname>"
        )
        assert contact(inner) == Contact(nick_name="A")

    @pytest.mark.parametrize(
        ("uri", "prefix"),
        [
            ('PropertyTag="0x3a45" PropertyType="String"', "Dr."),
            ('PropertyTag="14917" PropertyType="String"', "Dr."),
            ('PropertyTag="0X3A45" PropertyType="String"', "Dr."),
            ('PropertyTag="0x3a45" PropertyType="Binary"', None),
            ('PropertyTag="what" PropertyType="String"', None),
            ('PropertySetId="00062004-0000-0000-C000-000000000046" PropertyId="ten" PropertyType="String"', None),
            ('PropertySetId="00062004-0000-0000-C000-000000000046" PropertyType="String"', None),
            ('PropertyName="x" PropertyType="String"', None),
        ],
    )
    def test_extended_properties_however_they_are_named(self, uri: str, prefix: str | None) -> None:
        inner = f"<t:ExtendedProperty><t:ExtendedFieldURI {uri}/><t:Value>Dr.</t:Value></t:ExtendedProperty>"
        assert contact(inner) == (Contact(name=Name(prefix=prefix)) if prefix else Contact())

    def test_a_set_by_its_guid_in_any_case(self) -> None:
        uri = 'PropertySetId="00062004-0000-0000-C000-000000000046" PropertyId="32812" PropertyType="String"'
        inner = f"<t:ExtendedProperty><t:ExtendedFieldURI {uri}/><t:Value>An</t:Value></t:ExtendedProperty>"
        assert contact(inner) == Contact(name=Name(yomi_given_name="An"))

    def test_extended_properties_without_a_text_are_passed_over(self) -> None:
        uri = '<t:ExtendedFieldURI PropertyTag="0x3a45" PropertyType="String"/>'
        for inner in (uri, f"{uri}<t:Value/>", f"{uri}<t:Values><t:Value>A</t:Value></t:Values>", ""):
            assert contact(f"<t:ExtendedProperty>{inner}</t:ExtendedProperty>") == Contact()

    def test_parts_of_the_complete_name_stand_in(self) -> None:
        complete = "".join(text(name, name) for name in ("Title", "FirstName", "YomiFirstName", "YomiLastName"))
        complete = f"<t:CompleteName>{complete}</t:CompleteName>"
        said = Name(prefix="Title", yomi_given_name="YomiFirstName", yomi_family_name="YomiLastName")
        assert contact(complete) == Contact(name=said)
        assert contact(tag("0x3a45", "Dr.") + complete).name == Name(
            prefix="Dr.", yomi_given_name="YomiFirstName", yomi_family_name="YomiLastName"
        )

    def test_characters_that_xml_does_not_have(self) -> None:
        document = item("<t:Nickname>A&#x1F;nn</t:Nickname>")
        assert record(document, None).contact == Contact(nick_name="Ann")

    @pytest.mark.parametrize(
        ("moment", "day"),
        [
            ("1990-01-02T00:00:00Z", "1990-01-02"),
            ("1990-01-01T23:00:00-02:00", "1990-01-02"),
            ("1990-01-02T11:59:00", "1990-01-02"),
            ("1990-01-02Z", None),
            ("soon", None),
        ],
    )
    def test_of_a_birthday_the_day_in_utc_counts(self, moment: str, day: str | None) -> None:
        assert contact(text("Birthday", moment)).birthday == day


class TestNumbers:
    def test_are_in_the_order_of_their_types(self) -> None:
        given = phones(Isdn="5", CarPhone="4", BusinessPhone2="2", OtherTelephone="3", BusinessPhone="1")
        kinds = (PhoneType.WORK, PhoneType.WORK, PhoneType.OTHER, PhoneType.OTHER, PhoneType.OTHER)
        numbers = tuple(Phone(number=n, type=kind) for n, kind in zip("12345", kinds, strict=True))
        assert contact(given).phone_numbers == numbers

    @pytest.mark.parametrize("key", ["IPPhone", "Mms", "Msn", "BusinessMobile"])
    def test_of_types_that_newer_schemas_have_are_other_ones(self, key: str) -> None:
        assert contact(phones(**{key: "1"})).phone_numbers == (Phone(number="1", type=PhoneType.OTHER),)


class TestEmailAddresses:
    @pytest.mark.parametrize("name", ["ann@example.com", "Ann@Example.com", "Ann Example", ""])
    def test_what_exchange_fills_in_is_no_name(self, name: str) -> None:
        inner = text("DisplayName", "Ann Example") + emails(("ann@example.com", name, "SMTP"))
        assert contact(inner).email_addresses == (Email(address="ann@example.com"),)

    def test_another_one_is(self) -> None:
        inner = text("DisplayName", "Ann Example") + emails(("ann@example.com", "Ann", "SMTP"))
        assert contact(inner).email_addresses == (Email(address="ann@example.com", name="Ann"),)

    def test_are_in_the_order_of_their_keys_whatever_comes_first(self) -> None:
        inner = entries("EmailAddresses", EmailAddress3="c@example.com", EmailAddress1="a@example.com")
        assert [email.address for email in contact(inner).email_addresses] == ["a@example.com", "c@example.com"]

    @pytest.mark.parametrize(
        ("original", "name", "address"),
        [
            ("ann@example.com", "Ann", "ann@example.com"),
            (" ann@example.com ", "eve@example.com", "ann@example.com"),
            ("", "ann@example.com", "ann@example.com"),
            ("Ann Example", "ann@example.com", "ann@example.com"),
            ("Ann Example", "Ann (ann@example.com)", DN),
            ("", "Ann", DN),
        ],
    )
    def test_of_a_legacy_one_the_address_that_people_know(self, original: str, name: str, address: str) -> None:
        inner = (numbered(32916, original) if original else "") + emails("", (DN, name, "EX"))
        assert contact(inner).email_addresses[0].address == address

    def test_the_original_of_another_place_or_of_no_legacy_address_does_not_count(self) -> None:
        inner = numbered(32900, "eve@example.com") + emails(("ann@example.com", "", "SMTP"), (DN, "Ann", "EX"))
        assert [email.address for email in contact(inner).email_addresses] == ["ann@example.com", DN]


class TestPhotos:
    @staticmethod
    def attachment(**changes: str) -> str:
        parts = {
            "Name": "ContactPicture.jpg",
            "ContentType": "image/jpeg",
            "Size": "1234",
            "LastModifiedTime": "2024-05-06T07:08:09",
            "IsInline": "false",
            "IsContactPhoto": "true",
        } | changes
        inner = "".join(text(name, value) for name, value in parts.items() if value and name != "Id")
        return f'<t:FileAttachment><t:AttachmentId Id="{changes.get("Id", "AAMkA1")}"/>{inner}</t:FileAttachment>'

    def test_are_known_by_their_attachment(self) -> None:
        def photo(*attachments: str) -> object:
            return contact(f"<t:Attachments>{''.join(attachments)}</t:Attachments>").photo

        found = contact(f"<t:Attachments>{self.attachment()}</t:Attachments>").photo
        assert found is not None
        assert (found.mime_type, len(found.hash), found.content) == ("image/jpeg", 64, None)
        plain = self.attachment(IsContactPhoto="false", Id="AAMkA0")
        assert photo(plain, "<t:ItemAttachment/>", self.attachment()) == found
        for change in ({"Id": "AAMkA2"}, {"Size": "1235"}, {"LastModifiedTime": "2024-05-06T07:08:10"}):
            assert photo(self.attachment(**change)) != found
        assert contact(f"<t:Attachments>{self.attachment(ContentType='text/x')}</t:Attachments>").photo is not None

    def test_other_attachments_are_none(self) -> None:
        for none in (
            self.attachment(IsContactPhoto="false"),
            self.attachment(IsContactPhoto=""),
            self.attachment(Id=""),
        ):
            assert contact(f"<t:Attachments>{none}</t:Attachments>").photo is None
        assert contact("<t:Attachments/>").photo is None


class TestBags:
    def test_values_stand_behind_those_in_places(self) -> None:
        kept = bag(
            emails=[{"address": "d@example.com", "type": "home"}, {"name": "Nobody"}],
            phones=[{"number": "3", "type": "work"}, {"number": "4"}],
            addresses=[{"city": "C"}],
            urls=[{"href": "https://example.com"}],
        )
        assert contact(kept + emails("a@example.com") + phones(BusinessPhone="1", MobilePhone="2")) == Contact(
            email_addresses=(
                Email(address="a@example.com"),
                Email(address="d@example.com", type="home"),
                Email(name="Nobody"),
            ),
            phone_numbers=(
                Phone(number="1", type=PhoneType.WORK),
                Phone(number="2", type=PhoneType.MOBILE),
                Phone(number="3", type=PhoneType.WORK),
                Phone(number="4", type=PhoneType.OTHER),
            ),
            addresses=(Address(city="C", type=AddressType.OTHER),),
            urls=(Url(href="https://example.com", type=UrlType.OTHER),),
        )

    def test_what_another_client_has_put_there_is_nothing(self) -> None:
        assert contact(ours("PolydexOverflow", "not ours")) == Contact()
