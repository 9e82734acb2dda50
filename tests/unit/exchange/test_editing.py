"""A change sends one SetItemField or DeleteItemField for each property that changes, and no other."""

from __future__ import annotations

import pytest

from polydex.connectors.exchange.edit import edit, losses
from polydex.connectors.outlook.bag import MAX_BYTES
from polydex.core.contact import Address, AddressType, Company, Contact, Name, Phone, PhoneType, Url, UrlType
from polydex.core.errors import BadRequest, ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from tests.unit.exchange.contacts import (
    after,
    bag,
    body,
    contact,
    edited,
    item,
    made,
    numbered,
    ours,
    phones,
    place,
    said,
    sent,
    stored,
    tag,
    text,
    words,
)

OVERFLOW = "{aa59d48a-551f-427a-9156-8aa86e3dbbc7}/PolydexOverflow/String"


def numbers(**given: str) -> tuple[Phone, ...]:
    """Numbers by type; several of one with spaces between."""
    return tuple(Phone(number=n, type=PhoneType(kind)) for kind, all_ in given.items() for n in all_.split())


def told(inner: str, patch: Patch) -> list[str]:
    return [loss.path for loss in edited(inner, patch).losses]


class TestWhatIsSent:
    def test_only_properties_that_change(self) -> None:
        inner = (
            phones(MobilePhone="1")
            + text("Nickname", "Ann")
            + text("CompanyName", "N")
            + text("JobTitle", "J")
            + text("Profession", "P")
        )
        change = Patch(nick_name="Annie", company=CompanyPatch(job_title=None), phone_numbers=numbers(mobile="1"))
        assert sent(inner, change) == {"contacts:Nickname": "Annie", "contacts:JobTitle": None}

    def test_nothing_when_nothing_changes(self) -> None:
        assert edited(text("Nickname", "Annie"), Patch(nick_name="Annie")).updates == ()
        assert edited(text("Nickname", "Annie"), Patch()).updates == ()

    def test_a_value_sent_back_as_the_client_knows_it_is_no_change(self) -> None:
        document = item(body("n") + text("Nickname", "New"))
        done = edit(document, Patch(nick_name="Old", notes="m"), Contact(nick_name="Old", notes="n"))
        assert len(done.updates) == 1

    def test_each_update_holds_one_property(self) -> None:
        everything = Patch(
            name=NamePatch(given_name="Ann", prefix="Dr.", yomi_given_name="An"),
            notes="n",
            keywords=("A", "B"),
            addresses=(Address(street="S", city="C", po_box="P", type=AddressType.HOME),),
            phone_numbers=numbers(work="1 2", pager="3"),
            birthday="1990-01-02",
        )
        assert sent(text("Nickname", "A"), everything) == {
            "contacts:GivenName": "Ann",
            "0x3a45/String": "Dr.",
            "{00062004-0000-0000-c000-000000000046}/32812/String": "An",
            "item:Body": "n",
            "item:Categories": ["A", "B"],
            "contacts:PhysicalAddress:Street#Home": "S",
            "contacts:PhysicalAddress:City#Home": "C",
            "0x3a5e/String": "P",
            "contacts:PhoneNumber#BusinessPhone": "1",
            "contacts:PhoneNumber#BusinessPhone2": "2",
            "contacts:PhoneNumber#Pager": "3",
            "contacts:Birthday": "1990-01-02T11:59:00Z",
        }

    def test_what_is_cleared_is_deleted(self) -> None:
        inner = (
            body("n")
            + words("Categories", "A")
            + tag("0x3a45", "Dr.")
            + text("Nickname", "A")
            + phones(Pager="1")
            + text("Birthday", "1990-01-02T11:59:00Z")
            + text("BusinessHomePage", "https://example.com")
        )
        change = Patch(name=None, notes=None, keywords=(), nick_name=None, phone_numbers=(), birthday=None, urls=())
        assert sent(inner, change) == dict.fromkeys(
            (
                "0x3a45/String",
                "item:Body",
                "item:Categories",
                "contacts:Nickname",
                "contacts:PhoneNumber#Pager",
                "contacts:Birthday",
                "contacts:BusinessHomePage",
            )
        )

    def test_of_an_address_the_parts_that_change(self) -> None:
        inner = place("Home", Street=" Street 1", City="C", PostalCode="1")
        change = Patch(addresses=(Address(street="Street 1", city="D", type=AddressType.HOME),))
        assert sent(inner, change) == {
            "contacts:PhysicalAddress:City#Home": "D",
            "contacts:PhysicalAddress:PostalCode#Home": None,
        }
        assert sent(inner, Patch(addresses=())) == {
            f"contacts:PhysicalAddress:{part}#Home": None for part in ("Street", "City", "PostalCode")
        }

    def test_extended_properties_come_last(self) -> None:
        """What an e-mail address takes with it is set behind it, where setting that would clear it."""
        change = Patch(name=NamePatch(prefix="Dr."), nick_name="B")
        assert list(sent(text("Nickname", "A"), change)) == ["contacts:Nickname", "0x3a45/String"]

    def test_what_is_no_contact_is_refused(self) -> None:
        with pytest.raises(ProviderMalformed):
            edit(b"<a/>", Patch(nick_name="A"), Contact())
        with pytest.raises(BadRequest, match="no contact"):
            edit(item("", "DistributionList"), Patch(nick_name="A"), Contact())

    def test_the_mark_goes_with_a_new_contact_and_stays(self) -> None:
        assert made(Contact(nick_name="A"), "m-1") == ours("PolydexMark", "m-1") + text("Nickname", "A")
        assert sent(ours("PolydexMark", "m-1"), Patch(nick_name="B")) == {"contacts:Nickname": "B"}

    def test_a_new_contact_has_nothing_that_is_empty(self) -> None:
        assert made(Contact()) == ""
        assert made(Contact(addresses=(Address(city="C", type=AddressType.HOME),))) == place("Home", City="C")

    def test_data_outside_the_model_is_never_touched(self) -> None:
        outside = "".join(text(name, "x") for name in ("Initials", "Mileage", "Profession")) + text("Nickname", "A")
        everything = Patch(
            nick_name=None, notes="n", keywords=("A",), birthday="1990-01-02", name=NamePatch(prefix="Dr."), urls=()
        )
        assert not {"contacts:Initials", "contacts:Mileage", "contacts:Profession"} & sent(outside, everything).keys()

    def test_a_category_stays_as_it_stands(self) -> None:
        assert sent(words("Categories", "A ", "B"), Patch(keywords=("C", "A"))) == {"item:Categories": ["C", "A "]}

    def test_lines_end_as_in_exchange(self) -> None:
        assert sent("", Patch(notes="a\nb")) == {"item:Body": "a\r\nb"}


class TestNames:
    NAMED = text("FileAs", "E., Ann") + text("DisplayName", " Ann  E. ") + text("GivenName", "Ann")

    def test_that_could_be_made_anew_are_sent_along_as_they_stand(self) -> None:
        assert sent(self.NAMED, Patch(name=NamePatch(given_name="Eve"))) == {
            "contacts:GivenName": "Eve",
            "contacts:DisplayName": " Ann  E. ",
            "contacts:FileAs": "E., Ann",
        }
        assert sent(self.NAMED, Patch(company=CompanyPatch(name="N"), file_as="Eve")) == {
            "contacts:CompanyName": "N",
            "contacts:DisplayName": " Ann  E. ",
            "contacts:FileAs": "Eve",
        }

    def test_not_with_what_they_are_not_made_of(self) -> None:
        assert sent(self.NAMED, Patch(nick_name="A")) == {"contacts:Nickname": "A"}

    def test_not_how_it_is_filed_where_exchange_does_that(self) -> None:
        mapped = self.NAMED.replace("</t:FileAs>", "</t:FileAs><t:FileAsMapping>LastCommaFirst</t:FileAsMapping>")
        assert sent(mapped, Patch(name=NamePatch(given_name="Eve"))) == {
            "contacts:GivenName": "Eve",
            "contacts:DisplayName": " Ann  E. ",
        }
        for none in ("None", "Empty"):
            unmapped = mapped.replace("LastCommaFirst", none)
            assert "contacts:FileAs" in sent(unmapped, Patch(name=NamePatch(given_name="Eve")))

    def test_one_that_is_cleared_is_made_of_the_others(self) -> None:
        inner = text("FileAs", "A") + text("DisplayName", "A") + text("GivenName", "Ann") + text("Surname", "Example")
        change = Patch(name=NamePatch(display_name=None), file_as=None)
        assert sent(inner, change) == {"contacts:DisplayName": "Ann Example", "contacts:FileAs": "Example, Ann"}
        assert told(inner, change) == ["$.name.displayName", "$.fileAs"]
        assert edited(inner.replace("A<", "Ann Example<", 2), Patch(name=NamePatch(display_name=None))).updates == ()

    def test_one_that_is_cleared_goes_where_there_are_no_others(self) -> None:
        inner = text("FileAs", "A") + text("DisplayName", "A")
        assert sent(inner, Patch(name=None, file_as=None)) == {"contacts:FileAs": None, "contacts:DisplayName": None}
        assert told(inner, Patch(name=None, file_as=None)) == []

    @pytest.mark.parametrize(
        ("draft", "display", "filed"),
        [
            (
                Contact(name=Name(given_name="Ann", family_name="Example", suffix="Jr.")),
                "Ann Example Jr.",
                "Example, Ann",
            ),
            (Contact(name=Name(given_name="Ann", middle_name="B.")), "Ann B.", "Ann B."),
            (Contact(name=Name(display_name="Annie")), "Annie", "Annie"),
            (Contact(file_as="A", name=Name(family_name="Example")), "Example", "A"),
            (Contact(company=Company(name="Ltd"), phone_numbers=numbers(work="1")), "Ltd", "Ltd"),
        ],
    )
    def test_a_new_contact_has_both(self, draft: Contact, display: str, filed: str) -> None:
        body = made(draft)
        assert text("FileAs", filed) + text("DisplayName", display) in body
        found = said(stored(draft))
        assert (found.name or Name()).display_name == display

    def test_but_for_one_that_could_have_none(self) -> None:
        assert made(Contact(phone_numbers=numbers(work="1"))) == phones(BusinessPhone="1")


class TestNumbers:
    def test_stand_in_their_order_without_a_hole(self) -> None:
        inner = phones(BusinessPhone="1", BusinessPhone2="2")
        assert sent(inner, Patch(phone_numbers=numbers(work="2"))) == {
            "contacts:PhoneNumber#BusinessPhone": "2",
            "contacts:PhoneNumber#BusinessPhone2": None,
        }
        assert sent(inner, Patch(phone_numbers=numbers(work="1 3"))) == {"contacts:PhoneNumber#BusinessPhone2": "3"}
        assert sent(inner, Patch(phone_numbers=numbers(work="1"))) == {"contacts:PhoneNumber#BusinessPhone2": None}

    def test_a_hole_of_another_client_stays_as_long_as_nothing_changes(self) -> None:
        inner = phones(HomePhone2="2") + text("Nickname", "A")
        assert sent(inner, Patch(nick_name="B", phone_numbers=numbers(home="2"))) == {"contacts:Nickname": "B"}
        assert sent(inner, Patch(phone_numbers=numbers(home="2 1"))) == {
            "contacts:PhoneNumber#HomePhone": "2",
            "contacts:PhoneNumber#HomePhone2": "1",
        }

    def test_what_has_no_place_goes_to_the_bag_and_comes_back(self) -> None:
        start = stored(Contact(phone_numbers=numbers(work="1 2 3 4")))
        assert start.entries["PhoneNumbers"] == {"BusinessPhone": "1", "BusinessPhone2": "2"}
        changed = after(start, Patch(phone_numbers=numbers(work="2 3 4")))
        assert changed.entries["PhoneNumbers"] == {"BusinessPhone": "2", "BusinessPhone2": "3"}
        assert said(changed).phone_numbers == numbers(work="2 3 4")

    def test_car_phones_stay_where_they_are(self) -> None:
        inner = phones(CarPhone="1", Isdn="2") + text("Nickname", "A")
        assert sent(inner, Patch(nick_name="B")) == {"contacts:Nickname": "B"}
        assert sent(inner, Patch(phone_numbers=numbers(other="9 1 2"))) == {"contacts:PhoneNumber#OtherTelephone": "9"}
        assert sent(inner, Patch(phone_numbers=numbers(other="7 2"))) == {"contacts:PhoneNumber#CarPhone": "7"}
        assert sent(inner, Patch(phone_numbers=numbers(other="2"))) == {"contacts:PhoneNumber#CarPhone": None}

    def test_keys_that_the_schema_does_not_have_are_cleared_but_not_set(self) -> None:
        inner = phones(IPPhone="1", Mms="2")
        assert sent(inner, Patch(phone_numbers=numbers(other="1 2"))) == {}
        assert sent(inner, Patch(phone_numbers=numbers(other="1 3"))) == {
            "contacts:PhoneNumber#OtherTelephone": "3",
            "contacts:PhoneNumber#Mms": None,
        }
        assert sent(inner, Patch(phone_numbers=numbers(other="(1) 2"))) == {
            "contacts:PhoneNumber#OtherTelephone": "(1)",
            "contacts:PhoneNumber#IPPhone": None,
        }


class TestUrls:
    @pytest.mark.parametrize("url", ["https://example.com/a?b=c#d", "mailto:ann@example.com", "ftp://example.com/~ann"])
    def test_a_uri_is_a_field(self, url: str) -> None:
        assert sent("", Patch(urls=(Url(href=url, type=UrlType.WORK),))) == {"contacts:BusinessHomePage": url}

    @pytest.mark.parametrize(
        "url", ["http://[", "example.com/%", "C:\\home page", "http://a b", "https://\u00e4.example", "#a#b"]
    )
    def test_what_may_be_none_is_the_property_behind_it(self, url: str) -> None:
        change = Patch(urls=(Url(href=url, type=UrlType.WORK),))
        assert sent("", change) == {"0x3a51/String": url}
        changed = after(stored(Contact(nick_name="A")), change)
        assert said(changed).urls == (Url(href=url, type=UrlType.WORK),)
        assert said(after(changed, Patch(urls=()))).urls == ()


class TestBags:
    def test_one_of_a_newer_version_is_not_replaced(self) -> None:
        inner = ours("PolydexOverflow", '{"v":2}') + text("Nickname", "A")
        assert sent(inner, Patch(nick_name="B")) == {"contacts:Nickname": "B"}
        with pytest.raises(BadRequest, match="newer version"):
            edited(inner, Patch(phone_numbers=numbers(workPager="1")))

    def test_one_that_is_too_large_is_refused(self) -> None:
        pages = tuple(Url(href=f"https://example.com/{'x' * 1000}{n}", type=UrlType.BLOG) for n in range(16))
        with pytest.raises(BadRequest, match=str(MAX_BYTES)):
            made(Contact(urls=pages))
        with pytest.raises(BadRequest):
            losses(Contact(urls=pages), None)

    def test_the_last_value_takes_it_away(self) -> None:
        inner = bag(phones=[{"number": "1", "type": "workPager"}])
        assert sent(inner, Patch(phone_numbers=())) == {OVERFLOW: None}


class TestCharacters:
    def test_that_xml_does_not_have_are_left_out_and_told(self) -> None:
        draft = Contact(
            nick_name="A\uffffnn", notes="a\ufffe\nb", keywords=("\uffff", "A"), name=Name(prefix="Dr.\ufffe")
        )
        body = made(draft)
        assert text("Nickname", "Ann") in body
        assert words("Categories", "A") in body
        assert losses(draft, None) == tuple(
            Loss(f"$.{member}", "characters that XML does not have", kept="without them")
            for member in ("name", "nickName", "keywords", "notes")
        )
        assert sent(text("Nickname", "Ann"), Patch(nick_name="A\uffffnn")) == {}

    @pytest.mark.parametrize("value", ["<a>&amp;]]>", "'\"", "\U0001f600", "a\tb", "\u2028\u00a0\u0085x"])
    def test_others_arrive(self, value: str) -> None:
        draft = Contact(notes=value, phone_numbers=(Phone(number=value, type=PhoneType.WORK),))
        found = said(stored(draft))
        assert (found.notes, found.phone_numbers) == (
            contact(body(value)).notes,
            contact(phones(BusinessPhone=value)).phone_numbers,
        )


def test_numbers_of_named_properties_are_as_documented() -> None:
    assert numbered(32842, "P") in made(Contact(addresses=(Address(po_box="P", type=AddressType.WORK),)))
