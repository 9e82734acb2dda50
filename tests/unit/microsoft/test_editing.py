"""A change sends only properties that change, and in them everything that shall stay."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.edit import edit, losses
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.bag import KEPT, MAX_BYTES
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.errors import BadRequest, ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.patch import CompanyPatch, NamePatch, Patch, diff
from tests.microsoft.store import EXTENDED, Graph
from tests.unit.microsoft.contacts import BLANK, Json, after, bag, contact, edited, graph, ids, made, raw, sent


def emails(*addresses: str) -> tuple[Email, ...]:
    return tuple(Email(address=f"{address}@example.com") for address in addresses)


def phones(**numbers: str) -> tuple[Phone, ...]:
    """Numbers by type; several of one with spaces between."""
    return tuple(Phone(number=n, type=PhoneType(kind)) for kind, all_ in numbers.items() for n in all_.split())


def named(body: Json) -> dict[str, Any]:
    """The extended properties of a body, by the names of their constants; the bag decoded."""
    constants = {value.lower(): name for name, value in vars(mapi).items() if isinstance(value, str)}
    found = {constants[entry["id"].lower()]: entry["value"] for entry in body.get(EXTENDED, ())}
    if found.get("OVERFLOW"):
        found["OVERFLOW"] = msgspec.json.decode(found["OVERFLOW"])
    return found


def told(of: Json, patch: Patch) -> list[str]:
    return [loss.path for loss in edited(of, patch).losses]


class TestWhatIsSent:
    def test_only_properties_that_change(self) -> None:
        stored = graph(nickName="Ann", companyName="N", jobTitle="J", mobilePhone="1", profession="P")
        change = Patch(nick_name="Annie", company=CompanyPatch(job_title=None), phone_numbers=phones(mobile="1"))
        assert sent(stored, change) == {"nickName": "Annie", "jobTitle": None}

    def test_nothing_when_nothing_changes(self) -> None:
        assert edited(graph(nickName="Annie"), Patch(nick_name="Annie")).body is None
        assert edited(graph(nickName="Annie"), Patch()).body is None

    def test_a_value_sent_back_as_the_client_knows_it_is_no_change(self) -> None:
        stored = graph(nickName="New", personalNotes="n")
        body = edit(raw(stored), Patch(nick_name="Old", notes="m"), Contact(nick_name="Old", notes="n")).body
        assert body == b'{"personalNotes":"m"}'

    def test_names_that_exchange_would_make_anew_are_sent_along_as_they_stand(self) -> None:
        stored = graph(displayName=" Ann  E. ", fileAs="E., Ann", givenName="Ann")
        assert sent(stored, Patch(nick_name="A")) == {"nickName": "A", "displayName": " Ann  E. ", "fileAs": "E., Ann"}
        assert sent(stored, Patch(name=NamePatch(given_name="Eve"), file_as="Eve")) == {
            "givenName": "Eve",
            "fileAs": "Eve",
            "displayName": " Ann  E. ",
        }
        changed = after(stored, Patch(name=NamePatch(given_name="Eve")))
        assert contact(changed).name == Name(given_name="Eve", display_name="Ann  E.")

    def test_a_name_that_is_cleared_is_made_by_exchange(self) -> None:
        stored = graph(displayName="Annie", fileAs="Annie", givenName="Ann")
        change = Patch(name=NamePatch(display_name=None), file_as=None)
        assert sent(stored, change) == {"displayName": None, "fileAs": None}
        assert told(stored, change) == ["$.name.displayName", "$.fileAs"]
        assert contact(after(stored, change)) == Contact(name=Name(display_name="Ann", given_name="Ann"), file_as="Ann")
        assert told(stored, Patch(name=None, file_as=None)) == []

    def test_what_is_no_document_is_refused(self) -> None:
        with pytest.raises(ProviderMalformed):
            edit(b"{}", Patch(nick_name="A"), Contact())

    def test_a_new_contact_has_nothing_that_is_empty(self) -> None:
        assert made(Contact()) == {}
        draft = Contact(addresses=(Address(city="C", type=AddressType.HOME),), nick_name="A")
        assert made(draft) == {"nickName": "A", "homeAddress": {"city": "C"}}

    def test_the_mark_goes_with_a_new_contact_and_stays(self) -> None:
        body = made(Contact(nick_name="A"), "m-1")
        assert named(body) == {"MARK": "m-1"}
        stored = Graph().create(body)
        assert EXTENDED not in sent(stored, Patch(nick_name="B"))
        assert named(sent(stored, Patch(phone_numbers=phones(workPager="1")))).keys() == {"OVERFLOW"}

    def test_data_outside_the_model_is_never_touched(self) -> None:
        hidden: Json = {
            "imAddresses": ["ann@chat.example"],
            "children": ["Cleo"],
            "profession": "P",
            "initials": "I",
            "weddingAnniversary": "2001-02-03",
        }
        stored = BLANK | hidden | {"nickName": "Ann", "categories": ["A"], "homeAddress": {"city": "C"}}
        everything = Patch(
            nick_name=None, keywords=(), addresses=(), notes="n", birthday="1990-01-02", name=NamePatch(prefix="Dr.")
        )
        body = msgspec.json.decode(edited(stored, everything).body or b"{}")
        assert not set(body) & set(hidden)

    def test_lists_are_sent_whole_and_clear_ones_empty(self) -> None:
        stored = graph(businessPhones=[" 1 ", "2"], categories=["A "], emailAddresses=[{"address": "a@example.com"}])
        change = Patch(phone_numbers=phones(work="1 3"), keywords=("B", "A"), email_addresses=emails("a", "b"))
        assert sent(stored, change) == {
            "businessPhones": [" 1 ", "3"],
            "categories": ["B", "A "],
            "emailAddresses": [{"address": "a@example.com"}, {"address": "b@example.com"}],
        }
        assert sent(stored, Patch(phone_numbers=(), keywords=(), email_addresses=())) == {
            "businessPhones": [],
            "categories": [],
            "emailAddresses": [],
        }

    def test_lines_of_notes_end_as_in_exchange(self) -> None:
        assert sent(graph(), Patch(notes="a\nb")) == {"personalNotes": "a\r\nb"}


class TestExtended:
    def test_are_set_and_go_by_null(self) -> None:
        stored = graph(ids(PAGER="1", WORK_FAX="2", FTP_SITE="ftp.example.com", HOME_PO_BOX="9"))
        body = sent(stored, Patch(phone_numbers=phones(pager="5", callback="6"), urls=(), addresses=()))
        assert named(body) == {
            "PAGER": "5",
            "WORK_FAX": None,
            "CALLBACK_PHONE": "6",
            "FTP_SITE": None,
            "HOME_PO_BOX": None,
        }
        assert contact(after(stored, Patch(phone_numbers=(), urls=(), addresses=()))) == Contact()

    def test_what_is_not_there_is_not_cleared(self) -> None:
        stored = graph(mobilePhone="1")
        assert sent(stored, Patch(phone_numbers=())) == {"mobilePhone": None}


class TestPlaces:
    def test_free_places_are_given_in_the_order_of_the_input(self) -> None:
        body = made(Contact(phone_numbers=phones(work="1 2 3 4", mobile="5 6", workMobile="7")))
        assert (body["businessPhones"], body["mobilePhone"]) == (["1", "2"], "5")
        assert [phone["number"] for phone in named(body)["OVERFLOW"]["phones"]] == ["3", "4", "6", "7"]

    def test_whoever_is_in_a_place_keeps_it(self) -> None:
        stored = after(graph(), Patch(phone_numbers=phones(work="1 2 3")))
        assert sent(stored, Patch(phone_numbers=phones(work="3 1 2"))) == {}
        assert sent(stored, Patch(phone_numbers=phones(work="3 2 1"))) == {"businessPhones": ["2", "1"]}
        assert sent(stored, Patch(phone_numbers=phones(work="1 9 3"))) == {"businessPhones": ["1", "9"]}

    def test_a_number_is_the_same_one_however_it_is_punctuated(self) -> None:
        stored = after(graph(), Patch(phone_numbers=phones(work="030/1 2 3")))
        assert sent(stored, Patch(phone_numbers=phones(work="3 4 (030)-1"))) == {
            "businessPhones": ["4", "(030)-1"],
        }

    def test_a_place_that_becomes_free_is_given_to_the_first_of_the_bag(self) -> None:
        stored = after(graph(), Patch(phone_numbers=phones(mobile="1 2 3")))
        body = sent(stored, Patch(phone_numbers=phones(mobile="2 3")))
        assert body["mobilePhone"] == "2"
        assert named(body)["OVERFLOW"] == {"v": 1, "phones": [{"number": "3", "type": "mobile"}]}
        stored["mobilePhone"] = None  # by Outlook
        body = sent(stored, Patch(nick_name="A"))
        assert (body["mobilePhone"], body["nickName"]) == ("2", "A")
        assert named(body)["OVERFLOW"] == {"v": 1, "phones": [{"number": "3", "type": "mobile"}]}

    def test_a_value_of_the_bag_that_somebody_has_put_into_a_place_leaves_it(self) -> None:
        stored = after(graph(), Patch(phone_numbers=phones(work="1 2 3")))
        stored["businessPhones"] = ["3", "2"]
        assert [phone.number for phone in contact(stored).phone_numbers] == ["3", "2"]
        assert named(sent(stored, Patch(nick_name="A"))) == {"OVERFLOW": None}

    def test_the_last_of_the_bag_takes_it_away(self) -> None:
        stored = after(graph(), Patch(phone_numbers=phones(workPager="1")))
        assert named(sent(stored, Patch(phone_numbers=()))) == {"OVERFLOW": None}

    def test_a_second_work_phone_moves_up(self) -> None:
        stored = graph(businessPhones=["1", "2"])
        assert sent(stored, Patch(phone_numbers=phones(work="2"))) == {"businessPhones": ["2"]}

    def test_more_than_there_are_places_stays_as_long_as_it_is_not_touched(self) -> None:
        stored = BLANK | {"businessPhones": ["1", "2", "3"], "nickName": "A"}
        assert msgspec.json.decode(edited(stored, Patch(nick_name="B")).body or b"") == {"nickName": "B"}
        body = sent(stored, Patch(phone_numbers=phones(work="1 2 3", home="4")))
        assert body == {"homePhones": ["4"]}
        body = sent(stored, Patch(phone_numbers=phones(work="3 2 1")))
        assert body["businessPhones"] == ["3", "2"]
        assert named(body)["OVERFLOW"]["phones"] == [{"number": "1", "type": "work"}]


class TestCarPhones:
    STORED = graph(ids(CAR_PHONE="1", ISDN="2"), nickName="A")

    def test_stay_where_they_are(self) -> None:
        assert sent(self.STORED, Patch(nick_name="B")) == {"nickName": "B"}
        body = sent(self.STORED, Patch(phone_numbers=phones(other="9 1 2")))
        assert named(body) == {"OTHER_PHONE": "9"}

    def test_a_changed_one_stays_one(self) -> None:
        assert named(sent(self.STORED, Patch(phone_numbers=phones(other="7 2")))) == {"CAR_PHONE": "7"}

    def test_a_new_number_is_none(self) -> None:
        stored = graph(ids(OTHER_PHONE="0"))
        body = sent(stored, Patch(phone_numbers=phones(other="0 1")))
        assert named(body)["OVERFLOW"]["phones"] == [{"number": "1", "type": "other"}]

    def test_one_that_is_taken_out_goes(self) -> None:
        assert named(sent(self.STORED, Patch(phone_numbers=phones(other="2")))) == {"CAR_PHONE": None}


class TestEmails:
    def test_order_is_preference(self) -> None:
        stored = after(graph(), Patch(email_addresses=emails("a", "b", "c", "d")))
        body = sent(stored, Patch(email_addresses=emails("d", "a", "b", "c")))
        assert [entry["address"] for entry in body["emailAddresses"]] == [f"{x}@example.com" for x in "dab"]
        assert named(body)["OVERFLOW"] == {"v": 1, "emails": [{"address": "c@example.com"}]}

    def test_five_of_which_outlook_deletes_the_first(self) -> None:
        """Section 9, item 2."""
        stored = after(graph(), Patch(email_addresses=emails("a", "b", "c", "d", "e")))
        del stored["emailAddresses"][0]
        assert contact(stored).email_addresses == emails("b", "c", "d", "e")
        changed = after(stored, Patch(nick_name="A"))
        assert [entry["address"] for entry in changed["emailAddresses"]] == [f"{x}@example.com" for x in "bcd"]
        assert contact(changed).email_addresses == emails("b", "c", "d", "e")

    def test_a_name_is_left_to_exchange_unless_it_is_set(self) -> None:
        stored = graph(displayName="Ann", emailAddresses=[{"address": "a@example.com", "name": "Ann"}])
        change = Patch(email_addresses=(*emails("a"), Email(address="b@example.com", name="Office")))
        assert sent(stored, change) == {
            "displayName": "Ann",
            "emailAddresses": [
                {"address": "a@example.com", "name": "Ann"},
                {"address": "b@example.com", "name": "Office"},
            ],
        }

    def test_one_that_exchange_made_of_the_display_name_goes_with_it(self) -> None:
        stored = graph(displayName="Ann", emailAddresses=[{"address": "a@example.com", "name": "Ann"}])
        change = Patch(name=NamePatch(display_name="Eve"))
        assert sent(stored, change) == {"displayName": "Eve", "emailAddresses": [{"address": "a@example.com"}]}
        for exchange in (Graph(fills="address"), Graph(fills="display")):
            changed = exchange.update(stored, sent(stored, change))
            assert contact(changed).email_addresses == emails("a")

    def test_one_that_is_set_and_looks_like_exchange_s_is_noted(self) -> None:
        stored = graph(displayName="Ann")
        change = Patch(email_addresses=(Email(address="A@example.com", name="Ann"),))
        assert named(sent(stored, change))["OVERFLOW"] == {"v": 1, "markers": {"names": {"a@example.com": "Ann"}}}
        assert contact(after(stored, change)).email_addresses == (Email(address="A@example.com", name="Ann"),)
        later = after(after(stored, change), Patch(name=NamePatch(display_name="Eve")))
        assert contact(later).email_addresses == (Email(address="A@example.com", name="Ann"),)
        assert EXTENDED not in later

    def test_a_set_name_that_the_display_name_becomes_is_noted(self) -> None:
        stored = graph(displayName="Ann", emailAddresses=[{"address": "a@example.com", "name": "Eve"}])
        changed = after(stored, Patch(name=NamePatch(display_name="Eve")))
        assert contact(changed).email_addresses == (Email(address="a@example.com", name="Eve"),)

    def test_a_type_is_in_the_bag_until_the_address_goes(self) -> None:
        stored = after(graph(), Patch(email_addresses=(Email(address="A@example.com", type="home"), *emails("b"))))
        assert contact(stored).email_addresses[0] == Email(address="A@example.com", type="home")
        assert named(sent(stored, Patch(email_addresses=emails("b")))) == {"OVERFLOW": None}
        stored["emailAddresses"] = [{"address": "b@example.com", "name": "b@example.com"}]
        assert named(sent(stored, Patch(nick_name="A"))) == {"OVERFLOW": None}

    def test_a_repeated_address_is_kept_where_there_is_a_place(self) -> None:
        stored = after(graph(), Patch(email_addresses=emails("a", "a")))
        assert contact(stored).email_addresses == emails("a", "a")
        made_ = create(Contact(email_addresses=emails("a", "b", "c", "a")), None, {})
        assert made_.losses == (Loss("$.emailAddresses[3]", "the same value a second time", kept="once"),)


class TestAddresses:
    def test_are_sent_whole(self) -> None:
        stored = graph(homeAddress={"street": "One\r\nTwo ", "city": "C", "state": "S"})
        (home,) = contact(stored).addresses
        change = Patch(addresses=(msgspec.structs.replace(home, city="D", state=None),))
        assert sent(stored, change) == {
            "homeAddress": {
                "street": "One\r\nTwo ",
                "city": "D",
                "state": None,
                "postalCode": None,
                "countryOrRegion": None,
            }
        }

    def test_one_that_goes_has_empty_parts(self) -> None:
        stored = graph(homeAddress={"city": "C"})
        parts = ("street", "city", "state", "postalCode", "countryOrRegion")
        assert sent(stored, Patch(addresses=())) == {"homeAddress": dict.fromkeys(parts)}

    def test_a_box_alone_leaves_the_rest(self) -> None:
        stored = graph(homeAddress={"city": "C"})
        change = Patch(addresses=(Address(city="C", po_box="9", type=AddressType.HOME),))
        assert sent(stored, change) == {EXTENDED: [{"id": "String 0x3A5E", "value": "9"}]}

    def test_a_second_one_never_spills_into_another_type(self) -> None:
        change = Patch(addresses=tuple(Address(city=c, type=AddressType.HOME) for c in "CD"))
        body = sent(graph(), change)
        assert set(body) == {"homeAddress", EXTENDED}
        assert named(body)["OVERFLOW"] == {"v": 1, "addresses": [{"city": "D", "type": "home"}]}
        stored = after(graph(), change)
        edited_first = Patch(addresses=tuple(Address(city=c, type=AddressType.HOME) for c in "ED"))
        assert set(sent(stored, edited_first)) == {"homeAddress"}

    def test_the_second_line_is_the_last_one_of_the_street(self) -> None:
        change = Patch(addresses=(Address(street="One\nTwo", street_line2="Back", type=AddressType.WORK),))
        body = sent(graph(), change)
        assert body["businessAddress"]["street"] == "One\r\nTwo\r\nBack"
        assert named(body)["OVERFLOW"] == {"v": 1, "markers": {"secondLines": {"work": "Back"}}}


class TestUrls:
    def test_a_home_page_has_the_place_that_no_home_address_wants(self) -> None:
        page, home = Url(href="p.example.com", type=UrlType.HOME_PAGE), Url(href="h.example.com", type=UrlType.HOME)
        stored = after(graph(), Patch(urls=(page,)))
        assert named(stored)["PERSONAL_HOME_PAGE"] == "p.example.com"
        body = sent(stored, Patch(urls=(page, home)))
        assert named(body) == {
            "PERSONAL_HOME_PAGE": "h.example.com",
            "OVERFLOW": {"v": 1, "urls": [{"href": "p.example.com", "type": "homePage"}]},
        }
        back = sent(after(stored, Patch(urls=(page, home))), Patch(urls=(page,)))
        assert named(back) == {
            "PERSONAL_HOME_PAGE": "p.example.com",
            "OVERFLOW": {"v": 1, "markers": {"homePage": "p.example.com"}},
        }
        second = Url(href="q.example.com", type=UrlType.HOME_PAGE)
        assert named(sent(stored, Patch(urls=(page, second))))["OVERFLOW"] == {
            "v": 1,
            "urls": [{"href": "q.example.com", "type": "homePage"}],
            "markers": {"homePage": "p.example.com"},
        }


class TestBirthdays:
    def test_without_a_year(self) -> None:
        body = sent(graph(birthday="1990-01-02T11:59:00Z"), Patch(birthday="--01-02"))
        assert body["birthday"] == "1604-01-02T11:59:00Z"
        assert named(body)["OVERFLOW"] == {"v": 1, "markers": {"birthday": "--01-02"}}

    def test_one_that_stays_is_not_sent_again(self) -> None:
        stored = after(graph(nickName="A"), Patch(birthday="--01-02"))
        assert sent(stored, Patch(nick_name="B")) == {"nickName": "B"}
        assert sent(graph(birthday="1990-01-02T00:00:00Z"), Patch(birthday="1990-01-02")) == {}

    def test_one_that_nobody_can_keep_clears_what_is_there(self) -> None:
        body = sent(graph(birthday="1990-01-02T11:59:00Z"), Patch(birthday="circa 1990"))
        assert body["birthday"] is None
        assert "birthday" not in sent(graph(birthday="0001-01-01T08:00:00Z"), Patch(birthday="circa 1990"))

    def test_goes(self) -> None:
        stored = after(graph(), Patch(birthday="--01-02"))
        body = sent(stored, Patch(birthday=None))
        assert (body["birthday"], named(body)) == (None, {"OVERFLOW": None})


class TestBags:
    def test_a_large_one_is_refused(self) -> None:
        many = tuple(Url(href=f"https://example.com/{n:06}", type=UrlType.BLOG) for n in range(400))
        with pytest.raises(BadRequest, match=str(MAX_BYTES)):
            create(Contact(urls=many), None, {})
        with pytest.raises(BadRequest):
            edited(graph(), Patch(urls=many))
        with pytest.raises(BadRequest):
            losses(Contact(urls=many), None)

    def test_one_of_a_newer_version_is_neither_shown_nor_replaced(self) -> None:
        newer = graph(ids(OVERFLOW='{"v":2,"phones":"all of them"}'), nickName="A", mobilePhone="1")
        assert contact(newer) == Contact(nick_name="A", phone_numbers=phones(mobile="1"))
        assert sent(newer, Patch(nick_name="B", phone_numbers=phones(mobile="2"))) == {
            "nickName": "B",
            "mobilePhone": "2",
        }
        with pytest.raises(BadRequest, match="newer version"):
            edited(newer, Patch(phone_numbers=phones(workPager="1")))

    def test_what_is_not_ours_stays_until_there_is_something_to_keep(self) -> None:
        foreign = graph(ids(OVERFLOW="something"), nickName="A")
        assert sent(foreign, Patch(nick_name="B")) == {"nickName": "B"}
        assert named(sent(foreign, Patch(relations=(Relation(name="Max"),))))["OVERFLOW"]["relations"] == [
            {"name": "Max"}
        ]

    def test_facts_about_values_that_are_gone_go_with_the_next_change(self) -> None:
        stored = graph(ids(OVERFLOW=bag(types={"gone@example.com": "home"})), nickName="A")
        assert sent(stored, Patch(nick_name="A")) == {}
        assert named(sent(stored, Patch(nick_name="B"))) == {"OVERFLOW": None}


class TestLosses:
    @pytest.mark.parametrize(
        ("draft", "path", "kept"),
        [
            (Contact(phone_numbers=phones(mobile="1 2")), "$.phoneNumbers[1]", KEPT),
            (Contact(phone_numbers=phones(workMobile="1")), "$.phoneNumbers[0]", KEPT),
            (Contact(email_addresses=emails("a", "b", "c", "d")), "$.emailAddresses[3]", KEPT),
            (Contact(email_addresses=(Email(name="A"),)), "$.emailAddresses[0]", KEPT),
            (Contact(email_addresses=(Email(address="a", type="home"),)), "$.emailAddresses[0].type", KEPT),
            (Contact(addresses=(Address(city="C"), Address(city="D"))), "$.addresses[1]", KEPT),
            (
                Contact(addresses=(Address(street="C", street_line2="D"),)),
                "$.addresses[0].streetLine2",
                "as the last line of the street",
            ),
            (Contact(urls=(Url(href="a", type=UrlType.BLOG),)), "$.urls[0]", KEPT),
            (Contact(urls=(Url(href="a", type=UrlType.HOME_PAGE),)), "$.urls[0].type", KEPT),
            (Contact(relations=(Relation(name="A"),)), "$.relations[0]", KEPT),
            (Contact(birthday="--01-02"), "$.birthday", KEPT),
            (Contact(birthday="circa"), "$.birthday", KEPT),
            (Contact(urls=(Url(href="a"), Url(href="a"))), "$.urls[1]", "once"),
        ],
    )
    def test_are_told_once(self, draft: Contact, path: str, kept: str) -> None:
        found = [(loss.path, loss.kept) for loss in losses(draft, None)]
        assert (path, kept) in found
        assert create(draft, None, {}).losses == losses(draft, None)
        stored = Graph().create(made(draft))
        known = contact(stored)
        target = msgspec.structs.replace(known, nick_name="A")
        assert losses(target, raw(stored), known) == ()
        assert edited(stored, diff(known, target)).losses == ()

    def test_what_has_its_place_is_none(self) -> None:
        draft = Contact(
            name=Name(display_name="Ann", given_name="Ann"),
            company=Company(name="N"),
            phone_numbers=phones(work="1 2", pager="3", tty="4"),
            email_addresses=(Email(address="a@example.com", name="Office"),),
            addresses=(Address(city="C", po_box="1"),),
            urls=(Url(href="a", type=UrlType.FTP),),
            relations=(Relation(name="A", type=RelationType.MANAGER),),
            birthday="1990-01-02",
            keywords=("A",),
            notes="n",
        )
        assert losses(draft, None) == ()
