"""Whatever a document holds is a contact, or an error of this one alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.edit import edit
from polydex.connectors.microsoft.read import read, record
from polydex.connectors.outlook import mapi
from polydex.core.contact import (
    Address,
    AddressType,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Url,
    UrlType,
    normal,
)
from polydex.core.errors import BadRequest, ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey
from polydex.core.patch import Patch
from tests.unit.microsoft.contacts import BLANK, Json, bag, contact, graph, ids, raw


class TestRecords:
    def test_says_what_the_engine_keeps(self) -> None:
        document = raw(graph(ids(MARK="m-1"), nickName="Annie", mobilePhone="030 1234567"))
        loss = Loss("$.x", "y")
        found = record(document, "DE", losses=(loss,))
        assert (found.key, found.stable_key, found.uid) == ("AAMk1=", None, None)
        assert (found.rev, found.mark, found.losses, found.raw) == ('W/"v1"', "m-1", (loss,), document)
        assert found.created_ms == 1_714_979_289_000
        assert found.modified_ms == 1_714_979_290_000
        assert found.contact == Contact(
            nick_name="Annie",
            phone_numbers=(Phone(number="030 1234567", type=PhoneType.MOBILE, canonical_form="+49301234567"),),
        )

    def test_may_be_known_under_another_key(self) -> None:
        assert record(raw(graph()), None, RemoteKey("AAMk0=")).key == "AAMk0="

    def test_without_an_etag_there_is_no_revision(self) -> None:
        bare = {name: value for name, value in BLANK.items() if name != "@odata.etag"}
        assert record(raw(bare), None).rev is None
        assert record(raw(bare | {"createdDateTime": "soon"}), None).created_ms is None

    @pytest.mark.parametrize("document", [{}, {"id": None}, {"id": ""}, {"id": 5}, {"id": "A", "emailAddresses": "x"}])
    def test_what_is_no_contact(self, document: Json) -> None:
        with pytest.raises(ProviderMalformed):
            read(raw(document))

    def test_empty_values_are_absent(self) -> None:
        shown: Json = dict.fromkeys(("displayName", "birthday", "mobilePhone", "homeAddress", "categories"))
        assert contact(BLANK | shown) == Contact()
        empty: Json = {"displayName": "", "emailAddresses": [], "homeAddress": {}, "otherAddress": {"street": "  "}}
        assert contact(graph(**empty, businessPhones=["", " "], categories=["", "A", "A"])) == Contact(keywords=("A",))

    def test_null_among_the_entries(self) -> None:
        document = BLANK | {
            "businessPhones": [None, "1"],
            "categories": [None],
            "emailAddresses": [None, {"address": None}, {"name": "Nobody"}],
            "singleValueExtendedProperties": [None, {"id": None, "value": "x"}, {"id": "String 0x3a1f"}],
        }
        assert contact(document) == Contact(
            phone_numbers=(Phone(number="1", type=PhoneType.WORK),), email_addresses=(Email(name="Nobody"),)
        )


class TestNamesOfAddresses:
    @pytest.mark.parametrize("name", ["ann@example.com", "Ann@Example.com", "Ann Example", "", None])
    def test_what_exchange_fills_in_is_no_name(self, name: str | None) -> None:
        document = graph(displayName="Ann Example", emailAddresses=[{"address": "ann@example.com", "name": name}])
        assert contact(document).email_addresses == (Email(address="ann@example.com"),)

    def test_another_one_is(self) -> None:
        document = graph(displayName="Ann Example", emailAddresses=[{"address": "ann@example.com", "name": "Ann"}])
        assert contact(document).email_addresses == (Email(address="ann@example.com", name="Ann"),)

    def test_and_one_of_which_the_bag_says_that_it_was_set(self) -> None:
        kept = bag(markers={"names": {"ann@example.com": "Ann"}})
        document = graph(
            ids(OVERFLOW=kept), displayName="Ann", emailAddresses=[{"address": "Ann@example.com", "name": "Ann"}]
        )
        assert contact(document).email_addresses == (Email(address="Ann@example.com", name="Ann"),)


class TestPhones:
    def test_car_phones_and_isdn_have_no_type_of_their_own(self) -> None:
        document = graph(ids(CAR_PHONE="1", ISDN="2", OTHER_PHONE="3"))
        assert contact(document).phone_numbers == tuple(Phone(number=n, type=PhoneType.OTHER) for n in "312")


class TestPhotos:
    def test_are_known_by_their_media_etag(self) -> None:
        one = {"id": "240X240", "width": 240, "height": 240, "@odata.mediaEtag": '"BA09D118"'}
        photo = contact(graph(), one | {"@odata.mediaContentType": "image/jpeg"}).photo
        assert photo is not None
        assert (photo.mime_type, len(photo.hash), photo.content) == ("image/jpeg", 64, None)
        other = contact(graph(), one | {"@odata.mediaEtag": '"BA09D119"'}).photo
        assert other is not None
        assert (other.mime_type, other.hash != photo.hash) == (None, True)
        bigger = contact(graph(), one | {"width": 480}).photo
        assert bigger is not None
        assert bigger.hash == photo.hash

    def test_without_one_by_what_else_is_told(self) -> None:
        small, large = ({"id": f"{n}X{n}", "width": n, "height": n} for n in (48, 240))
        hashes = {found.hash for one in (small, large, small) if (found := contact(graph(), one).photo)}
        assert len(hashes) == 2

    @pytest.mark.parametrize("none", [None, {"id": "1X1", "width": 1, "height": 1}, {"id": "1x1"}])
    def test_one_pixel_is_none(self, none: Json | None) -> None:
        assert contact(graph(), none).photo is None


class TestBags:
    def test_values_stand_behind_those_in_places(self) -> None:
        kept = bag(
            emails=[{"address": "d@example.com", "type": "home"}, {"name": "Nobody"}],
            phones=[{"number": "3", "type": "work"}, {"number": "4"}],
            addresses=[{"city": "C"}],
            urls=[{"href": "https://example.com"}],
        )
        document = graph(
            ids(OVERFLOW=kept), emailAddresses=[{"address": "a@example.com"}], businessPhones=["1"], mobilePhone="2"
        )
        assert contact(document) == Contact(
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

    def test_what_somebody_has_put_into_a_place_as_well_is_shown_once_with_what_the_bag_says(self) -> None:
        kept = bag(
            emails=[{"address": "d@example.com", "name": "D", "type": "home"}],
            phones=[{"number": "(030) 12-34", "type": "work"}, {"number": "1-800-FLOWERS", "type": "work"}],
        )
        document = graph(
            ids(OVERFLOW=kept),
            emailAddresses=[{"address": "D@example.com"}],
            businessPhones=["030 1234", "1-800-OTHERS"],
        )
        found = contact(document)
        assert found.email_addresses == (Email(address="D@example.com", name="D", type="home"),)
        assert [phone.number for phone in found.phone_numbers] == ["030 1234", "1-800-OTHERS", "1-800-FLOWERS"]

    def test_facts_about_values_that_are_gone_are_not_shown(self) -> None:
        kept = bag(
            types={"gone@example.com": "home"},
            markers={
                "birthday": "--01-02",
                "homePage": "https://gone.example.com",
                "names": {"a@example.com": "Gone"},
                "secondLines": {"home": "Gone"},
            },
        )
        document = graph(
            ids(OVERFLOW=kept, PERSONAL_HOME_PAGE="https://example.com"),
            displayName="Ann",
            birthday="1604-01-03T11:59:00Z",
            emailAddresses=[{"address": "a@example.com", "name": "Ann"}],
            homeAddress={"street": "One\r\nTwo"},
        )
        assert contact(document) == Contact(
            name=Name(display_name="Ann"),
            birthday="1604-01-03",
            email_addresses=(Email(address="a@example.com"),),
            addresses=(Address(street="One\nTwo", type=AddressType.HOME),),
            urls=(Url(href="https://example.com", type=UrlType.HOME),),
        )

    @pytest.mark.parametrize("street", ["Back", "Street 1\r\nBack", "Other street\nBack"])
    def test_the_last_line_is_the_second_one_as_long_as_it_is_there(self, street: str) -> None:
        document = graph(ids(OVERFLOW=bag(markers={"secondLines": {"home": "Back"}})), homeAddress={"street": street})
        first = street.replace("\r\n", "\n").removesuffix("Back").strip() or None
        assert contact(document).addresses == (Address(street=first, street_line2="Back", type=AddressType.HOME),)

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "{}",
            "null",
            "nonsense",
            '{"v":2,"phones":[{"number":"1"}]}',
            '{"v":"1"}',
            '{"v":1,"phones":7}',
            '{"v":1,"phones":[7]}',
            '{"v":1,"phones":[{"number":"1","type":"boat"}]}',
            '{"v":1,"types":{"a@example.com":1}}',
            '{"v":1,"markers":[]}',
            "[" * 20_000,
        ],
    )
    def test_what_is_not_ours_is_not_shown(self, value: str) -> None:
        assert contact(graph(ids(OVERFLOW=value))) == Contact()

    def test_what_is_in_it_is_brought_into_normal_form(self) -> None:
        kept = bag(
            phones=[{"number": " 1\t", "type": "work", "canonicalForm": "+1"}, {"number": ""}],
            types={"a@example.com": " \x00"},
            markers={"birthday": " "},
        )
        document = graph(ids(OVERFLOW=kept), emailAddresses=[{"address": "a@example.com"}])
        found = contact(document)
        assert found == normal(found)
        assert found.phone_numbers == (Phone(number="1", type=PhoneType.WORK),)


class TestSize:
    """Nothing takes quadratic time, with which these would not end."""

    def _document(self, many: int) -> bytes:
        values: dict[str, Any] = {
            "emailAddresses": [{"address": f"{n}@example.com", "name": "A"} for n in range(many)],
            "businessPhones": [str(n) for n in range(many)],
            "categories": [str(n) for n in range(many)],
            "homeAddress": {"street": "\n" * many + "a"},
            "singleValueExtendedProperties": [
                *({"id": f"String 0x3a1f {n}", "value": "1"} for n in range(many)),
                {
                    "id": mapi.OVERFLOW,
                    "value": bag(
                        phones=[{"number": str(n), "type": "work"} for n in range(many)],
                        emails=[{"address": f"{n}@example.com"} for n in range(many)],
                        types={f"{n}@example.com": "home" for n in range(many)},
                    ),
                },
            ],
        }
        return wire.Document.of(msgspec.json.encode(BLANK | values)).encode()

    def test_of_reading(self) -> None:
        document = self._document(20_000)
        found = read(document).contact
        assert (len(found.email_addresses), len(found.phone_numbers), len(found.keywords)) == (20_000,) * 3

    def test_of_editing(self) -> None:
        document = self._document(10_000)
        base = read(document).contact
        numbers = base.phone_numbers[::-1]
        with pytest.raises(BadRequest):  # the bag does not hold them
            edit(document, Patch(phone_numbers=numbers), base)
