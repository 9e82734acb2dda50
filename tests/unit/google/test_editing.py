"""A change sends only fields that change, and in them everything that shall stay."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from polydex.connectors.google.edit import edit, losses
from polydex.connectors.google.labels import Labels
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
from polydex.core.errors import BadRequest, ProviderRejected
from polydex.core.fields import Loss
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from tests.unit.google.people import LABELS, PROFILE, SOURCE, after, bare, contact, edited, person, raw, sent

THEIRS = {"metadata": {"source": PROFILE, "primary": True}}
MINE = {"metadata": {"source": SOURCE, "sourcePrimary": True, "primary": True, "verified": True}}
STARRED = {"contactGroupMembership": {"contactGroupId": "starred", "contactGroupResourceName": "contactGroups/starred"}}


def group(name: str) -> dict[str, Any]:
    return {"contactGroupMembership": {"contactGroupResourceName": f"contactGroups/{name}"}}


def bag(**content: Any) -> dict[str, Any]:
    return {"key": "polydex.overflow", "value": msgspec.json.encode({"v": 1, **content}).decode()}


def told(document: dict[str, Any], patch: Patch, labels: Labels = LABELS) -> list[str]:
    return [loss.path for loss in edited(document, patch, labels).losses]


class TestWhatIsSent:
    def test_only_fields_that_change(self) -> None:
        document = person(names=[{"givenName": "Ann"}], urls=[{"value": "example.com"}], events=[{"type": "other"}])
        assert sent(document, Patch(nick_name="Annie", urls=(Url(href="example.com", type=UrlType.OTHER),))) == {
            "nicknames": [{"value": "Annie"}]
        }

    def test_nothing_when_nothing_changes(self) -> None:
        assert sent(person(nicknames=[{"value": "Annie"}]), Patch(nick_name="Annie")) == {}

    def test_a_cleared_field_is_named_and_not_there(self) -> None:
        assert sent(person(nicknames=[{"value": "Annie"}]), Patch(nick_name=None)) == {"nicknames": []}

    def test_without_a_source_s_etag_the_person_s(self) -> None:
        document = person()
        del document["metadata"]["sources"][0]["etag"]
        body = msgspec.json.decode(edited(document, Patch(nick_name="A")).body)
        assert body["etag"] == "%EgU="
        assert body["metadata"] == {"sources": [SOURCE]}

    def test_a_value_sent_back_as_the_client_knows_it_is_no_change(self) -> None:
        document = person(nicknames=[{"value": "New"}], biographies=[{"value": "n"}])
        known = Contact(nick_name="Old", notes="n")
        change = edit(raw(document), Patch(nick_name="Old", notes="m"), LABELS, known)
        assert change.fields == ("biographies",)

    def test_what_is_output_only_is_not_sent(self) -> None:
        one = MINE | {"value": "+49301", "canonicalForm": "+49301", "type": "home", "formattedType": "Home"}
        update = sent(
            person(phoneNumbers=[one]),
            Patch(phone_numbers=(Phone(number="1"), Phone(number="+49301", type=PhoneType.HOME))),
        )
        assert update == {
            "phoneNumbers": [
                {"value": "1", "type": "other"},
                {"value": "+49301", "type": "home", "metadata": {"source": SOURCE}},
            ]
        }

    def test_a_person_that_is_no_contact_is_refused(self) -> None:
        document = person()
        document["metadata"]["sources"] = [PROFILE]
        with pytest.raises(ProviderRejected):
            edit(raw(document), Patch(nick_name="A"), LABELS, Contact())


class TestLists:
    def test_what_the_contact_does_not_show_stays_where_it_is(self) -> None:
        document = person(
            relations=[
                {"person": "Cleo", "type": "child"},
                {"person": "Max", "type": "spouse"},
                {"person": "Eve", "type": "Mentor"},
            ]
        )
        update = sent(document, Patch(relations=(Relation(name="Bo", type=RelationType.MANAGER),)))
        assert bare(update["relations"]) == [
            {"person": "Cleo", "type": "child"},
            {"person": "Bo", "type": "manager"},
            {"person": "Eve", "type": "Mentor"},
        ]
        assert bare(sent(document, Patch(relations=()))["relations"]) == [
            {"person": "Cleo", "type": "child"},
            {"person": "Eve", "type": "Mentor"},
        ]

    def test_a_label_of_the_user_stays_unless_the_type_changes(self) -> None:
        document = person(
            phoneNumbers=[{"value": "1", "type": "googleVoice"}, {"value": "2", "type": "Boat"}],
            addresses=[{"city": "C", "type": "Holiday"}],
            urls=[{"value": "example.com", "type": "appInstallPage"}],
        )
        known = contact(document)
        one, two = known.phone_numbers
        assert bare(sent(document, Patch(phone_numbers=(two, one)))["phoneNumbers"]) == [
            {"value": "2", "type": "Boat"},
            {"value": "1", "type": "googleVoice"},
        ]
        changed = (Phone(number="1", type=PhoneType.HOME), Phone(number="22", type=PhoneType.OTHER))
        assert bare(sent(document, Patch(phone_numbers=changed))["phoneNumbers"]) == [
            {"value": "1", "type": "home"},
            {"value": "22", "type": "Boat"},
        ]
        moved = (Address(city="D", type=AddressType.OTHER),)
        assert bare(sent(document, Patch(addresses=moved))["addresses"]) == [{"city": "D", "type": "Holiday"}]
        linked = (Url(href="example.org", type=UrlType.OTHER),)
        assert bare(sent(document, Patch(urls=linked))["urls"]) == [{"value": "example.org", "type": "appInstallPage"}]

    def test_a_label_survives_a_change_of_something_else(self) -> None:
        """Section 9, item 5."""
        document = person(phoneNumbers=[{"value": "1", "type": "Boat"}])
        assert after(document, Patch(nick_name="A"))["phoneNumbers"] == document["phoneNumbers"]

    def test_the_first_entry_is_the_preferred_one(self) -> None:
        document = person(emailAddresses=[MINE | {"value": "a@example.com"}, {"value": "b@example.com"}])
        one, two = contact(document).email_addresses
        assert [
            item.get("metadata") for item in sent(document, Patch(email_addresses=(two, one)))["emailAddresses"]
        ] == [
            {"source": SOURCE},
            {"source": SOURCE},
        ]
        (kept, _) = sent(document, Patch(email_addresses=(one, Email(address="c@example.com"))))["emailAddresses"]
        assert kept["metadata"] == {"source": SOURCE, "sourcePrimary": True}
        swapped = after(document, Patch(email_addresses=(two, one)))["emailAddresses"]
        assert [item["metadata"].get("primary") for item in swapped] == [True, None]

    def test_an_email_keeps_what_is_not_changed(self) -> None:
        document = person(emailAddresses=[MINE | {"value": "a@example.com", "type": "School", "displayName": "Ann"}])
        patch = Patch(email_addresses=(Email(address="A@example.com", type="School", name="Ann"),))
        assert bare(sent(document, patch)["emailAddresses"]) == [
            {"value": "A@example.com", "type": "School", "displayName": "Ann"}
        ]
        patch = Patch(email_addresses=(Email(address="a@example.com"),))
        assert bare(sent(document, patch)["emailAddresses"]) == [{"value": "a@example.com"}]

    def test_an_email_without_an_address_goes_to_the_bag(self) -> None:
        patch = Patch(email_addresses=(Email(name="Ann", type="home"), Email(address="a@example.com")))
        update = sent(person(), patch)
        assert update == {
            "emailAddresses": [{"value": "a@example.com"}],
            "clientData": [bag(emails=[{"name": "Ann", "type": "home"}])],
        }
        stored = after(person(), patch)
        assert contact(stored).email_addresses == (Email(address="a@example.com"), Email(name="Ann", type="home"))
        assert told(person(), patch) == ["$.emailAddresses[0]"]
        assert sent(stored, Patch(email_addresses=())) == {"emailAddresses": [], "clientData": []}
        assert told(stored, Patch(email_addresses=contact(stored).email_addresses[1:])) == []


class TestAddresses:
    DOCUMENT = person(
        addresses=[
            {
                "type": "home",
                "streetAddress": "Street 1",
                "city": "City",
                "country": "Germany",
                "countryCode": "DE",
                "formattedValue": "Street 1\nCity\nGermany",
            }
        ]
    )

    def change(self, **parts: Any) -> dict[str, Any]:
        (address,) = contact(self.DOCUMENT).addresses
        (item,) = bare(sent(self.DOCUMENT, Patch(addresses=(msgspec.structs.replace(address, **parts),)))["addresses"])
        return item

    def test_a_changed_one_loses_its_text(self) -> None:
        assert self.change(city="Town", po_box="7") == {
            "type": "home",
            "streetAddress": "Street 1",
            "city": "Town",
            "poBox": "7",
            "country": "Germany",
            "countryCode": "DE",
        }

    def test_a_changed_country_loses_its_code(self) -> None:
        item = self.change(country="France")
        assert (item["country"], "countryCode" in item, "formattedValue" in item) == ("France", False, False)

    def test_another_type_changes_nothing_else(self) -> None:
        assert self.change(type=AddressType.WORK) == bare(self.DOCUMENT["addresses"])[0] | {"type": "work"}

    def test_one_of_a_text_alone_gets_parts_when_it_changes(self) -> None:
        document = person(addresses=[{"formattedValue": "Street 1\nCity", "type": "home"}])
        work = (Address(street="Street 1\nCity", type=AddressType.WORK),)
        assert bare(sent(document, Patch(addresses=work))["addresses"]) == [
            {"formattedValue": "Street 1\nCity", "type": "work"}
        ]
        more = (Address(street="Street 1\nCity", country="L", type=AddressType.HOME),)
        assert bare(sent(document, Patch(addresses=more))["addresses"]) == [
            {"streetAddress": "Street 1\nCity", "country": "L", "type": "home"}
        ]


class TestNames:
    DOCUMENT = person(
        names=[
            MINE
            | {
                "displayName": "Ann Example",
                "displayNameLastFirst": "Example, Ann",
                "unstructuredName": "Ann Example",
                "givenName": "Ann",
                "familyName": "Example",
                "phoneticMiddleName": "Bi",
                "phoneticFullName": "An Bi Ex",
            }
        ]
    )

    def change(self, document: dict[str, Any] | None = None, **parts: str | None) -> dict[str, Any]:
        update = sent(document or self.DOCUMENT, Patch(name=NamePatch(**parts)))
        return {name: bare(items) for name, items in update.items()}

    def test_parts_are_sent_without_the_display_name_which_follows(self) -> None:
        assert self.change(given_name="Anna") == {
            "names": [
                {
                    "givenName": "Anna",
                    "familyName": "Example",
                    "phoneticMiddleName": "Bi",
                    "phoneticFullName": "An Bi Ex",
                }
            ]
        }
        assert told(self.DOCUMENT, Patch(name=NamePatch(given_name="Anna"))) == []
        name = contact(after(self.DOCUMENT, Patch(name=NamePatch(given_name="Anna")))).name
        assert name == Name(display_name="Anna Example", given_name="Anna", family_name="Example")

    def test_a_phonetic_name_takes_the_full_one_away_and_nothing_else(self) -> None:
        assert self.change(yomi_given_name="Anne") == {
            "names": [
                {
                    "unstructuredName": "Ann Example",
                    "givenName": "Ann",
                    "familyName": "Example",
                    "phoneticMiddleName": "Bi",
                    "phoneticGivenName": "Anne",
                }
            ]
        }

    def test_a_display_name_beside_parts_goes_to_the_bag(self) -> None:
        parts = [None, "Ann", None, "Example", None]
        marker = bag(markers={"displayName": {"parts": parts, "value": "Annie E."}})
        assert self.change(display_name="Annie E.") == {"clientData": [marker]}
        assert told(self.DOCUMENT, Patch(name=NamePatch(display_name="Annie E."))) == ["$.name.displayName"]

    def test_one_that_was_set_stays_when_parts_change(self) -> None:
        document = after(self.DOCUMENT, Patch(name=NamePatch(display_name="Annie E.")))
        changed = after(document, Patch(name=NamePatch(given_name="Anna")))
        assert contact(changed).name == Name(display_name="Annie E.", given_name="Anna", family_name="Example")
        assert told(document, Patch(name=NamePatch(given_name="Anna"))) == []

    def test_one_that_was_set_ends_when_another_client_changes_the_parts(self) -> None:
        document = after(self.DOCUMENT, Patch(name=NamePatch(display_name="Annie E.")))
        (item,) = document["names"]
        renamed = document | {"names": [item | {"givenName": "Eve", "displayName": "Eve Example"}]}
        assert contact(renamed).name == Name(display_name="Eve Example", given_name="Eve", family_name="Example")

    def test_one_that_another_client_set_beside_parts_is_not_lost(self) -> None:
        item = {"displayName": "The Boss", "unstructuredName": "The Boss", "givenName": "Ann"}
        document = person(names=[item])
        changed = after(document, Patch(name=NamePatch(given_name="Anna")))
        assert contact(changed).name == Name(display_name="The Boss", given_name="Anna")
        assert told(document, Patch(name=NamePatch(given_name="Anna"))) == ["$.name.displayName"]

    def test_one_in_another_order_is_google_s(self) -> None:
        item = {"displayName": "\u5c71\u7530\u592a\u90ce", "givenName": "\u592a\u90ce", "familyName": "\u5c71\u7530"}
        assert "clientData" not in self.change(person(names=[item]), given_name="\u82b1\u5b50")

    def test_cleared_it_is_made_of_the_parts(self) -> None:
        document = after(self.DOCUMENT, Patch(name=NamePatch(display_name="Annie E.")))
        assert self.change(document, display_name=None) == {"clientData": []}
        assert told(document, Patch(name=NamePatch(display_name=None))) == ["$.name.displayName"]

    def test_alone_it_is_a_free_name(self) -> None:
        document = person()
        assert self.change(document, display_name="Ann Example") == {
            "names": [{"unstructuredName": "Ann Example"}],
            "clientData": [bag(markers={"displayName": {"parts": [], "value": "Ann Example"}})],
        }
        assert told(document, Patch(name=NamePatch(display_name="Ann Example"))) == ["$.name.displayName"]
        (item,) = self.change(given_name=None, family_name=None)["names"]
        assert item["unstructuredName"] == "Ann Example"

    def test_set_alone_the_parts_follow_it_until_another_client_changes_them(self) -> None:
        document = after(person(), Patch(name=NamePatch(display_name="Ann Example")))
        assert contact(document).name == Name(display_name="Ann Example", given_name="Ann", family_name="Example")
        renamed = after(document, Patch(name=NamePatch(display_name="Eve Other")))
        assert contact(renamed).name == Name(display_name="Eve Other", given_name="Eve", family_name="Other")
        (item,) = renamed["names"]
        theirs = item | {"givenName": "Eva", "displayName": "Eva Other", "unstructuredName": "Eva Other"}
        changed = after(renamed | {"names": [theirs]}, Patch(name=NamePatch(display_name="The Boss")))
        assert contact(changed).name == Name(display_name="The Boss", given_name="Eva", family_name="Other")

    def test_a_name_that_is_cleared_goes_but_for_what_is_not_shown(self) -> None:
        assert sent(person(names=[{"givenName": "Ann"}]), Patch(name=None)) == {"names": []}
        update = sent(self.DOCUMENT, Patch(name=None))
        assert bare(update["names"]) == [{"phoneticMiddleName": "Bi", "phoneticFullName": "An Bi Ex"}]


class TestNicknames:
    DOCUMENT = person(nicknames=[{"value": "Smith", "type": "MAIDEN_NAME"}, {"value": "Annie", "type": "DEFAULT"}])

    def test_the_others_stay(self) -> None:
        assert bare(sent(self.DOCUMENT, Patch(nick_name="Nan"))["nicknames"]) == [
            {"value": "Smith", "type": "MAIDEN_NAME"},
            {"value": "Nan", "type": "DEFAULT"},
        ]
        assert bare(sent(self.DOCUMENT, Patch(nick_name=None))["nicknames"]) == [
            {"value": "Smith", "type": "MAIDEN_NAME"}
        ]

    def test_a_second_one_takes_the_place_of_a_cleared_one_and_that_is_told(self) -> None:
        document = person(nicknames=[{"value": "Annie"}, {"value": "Nan"}])
        assert contact(after(document, Patch(nick_name=None))).nick_name == "Nan"
        assert told(document, Patch(nick_name=None)) == ["$.nickName"]
        assert told(document, Patch(nick_name="Eve")) == []


class TestCompany:
    DOCUMENT = person(
        organizations=[
            {"name": "Past", "endDate": {"year": 1999}},
            {"name": "Now", "title": "Head", "current": True, "type": "work", "costCenter": "7"},
        ]
    )

    def test_the_others_and_the_rest_stay(self) -> None:
        update = sent(self.DOCUMENT, Patch(company=CompanyPatch(name="New", job_title=None)))
        assert bare(update["organizations"]) == [
            {"name": "Past", "endDate": {"year": 1999}},
            {"name": "New", "current": True, "type": "work", "costCenter": "7"},
        ]

    def test_cleared_it_stays_while_something_is_left_of_it(self) -> None:
        update = sent(self.DOCUMENT, Patch(company=None))
        assert bare(update["organizations"])[1] == {"current": True, "type": "work", "costCenter": "7"}
        assert told(self.DOCUMENT, Patch(company=None)) == []

    def test_another_one_takes_its_place_and_that_is_told(self) -> None:
        document = person(organizations=[{"name": "One", "type": "work"}, {"name": "Two"}])
        assert bare(sent(document, Patch(company=None))["organizations"]) == [{"name": "Two"}]
        assert told(document, Patch(company=None)) == ["$.company"]
        assert contact(after(document, Patch(company=None))).company == Company(name="Two")

    def test_the_chosen_one_stays_the_chosen_one(self) -> None:
        document = person(organizations=[{"name": "One"}, MINE | {"name": "Two"}])
        stored = after(document, Patch(company=CompanyPatch(name="Three")))
        assert contact(stored).company == Company(name="Three")
        assert [item["name"] for item in stored["organizations"]] == ["One", "Three"]


class TestBirthday:
    @pytest.mark.parametrize(
        ("birthday", "item"),
        [
            ("1990-01-02", {"date": {"year": 1990, "month": 1, "day": 2}}),
            ("--02-29", {"date": {"year": 0, "month": 2, "day": 29}}),
            ("circa 1990", {"text": "circa 1990"}),
            ("1990-13-02", {"text": "1990-13-02"}),
        ],
    )
    def test_drops_the_text_beside_it(self, birthday: str, item: dict[str, Any]) -> None:
        document = person(birthdays=[MINE | {"date": {"year": 1980, "month": 1, "day": 1}, "text": "1 Jan"}])
        update = sent(document, Patch(birthday=birthday))
        assert update == {"birthdays": [{"metadata": {"source": SOURCE, "sourcePrimary": True}} | item]}

    def test_as_text_is_told(self) -> None:
        assert edited(person(), Patch(birthday="circa 1990")).losses == (
            Loss("$.birthday", "not a date of the calendar", kept="as text"),
        )


def test_notes_in_html_become_text_only_when_they_change() -> None:
    document = person(biographies=[{"value": "<p>a</p>", "contentType": "TEXT_HTML"}])
    assert sent(document, Patch(notes="a")) == {}
    assert bare(sent(document, Patch(notes="<b>"))["biographies"]) == [{"value": "<b>", "contentType": "TEXT_PLAIN"}]


class TestKeywords:
    DOCUMENT = person(memberships=[group("myContacts"), STARRED, group("9"), group("1")])

    def groups(self, keywords: tuple[str, ...], labels: Labels = LABELS) -> list[str]:
        items = sent(self.DOCUMENT, Patch(keywords=keywords), labels)["memberships"]
        return [
            item["contactGroupMembership"]["contactGroupResourceName"].removeprefix("contactGroups/") for item in items
        ]

    def test_are_added_and_taken_away_beside_the_groups_of_others(self) -> None:
        assert self.groups(("Work",)) == ["myContacts", "starred", "9", "2"]
        assert self.groups(()) == ["myContacts", "starred", "9"]
        assert self.groups(("Friends", "Work")) == ["myContacts", "starred", "9", "1", "2"]

    def test_another_order_is_no_change(self) -> None:
        document = person(memberships=[group("2"), group("1"), group("myContacts")])
        assert sent(document, Patch(keywords=("Friends", "Work"))) == {}

    def test_a_contact_is_always_one_of_my_contacts(self) -> None:
        update = sent(person(memberships=[group("1")]), Patch(keywords=()))
        assert bare(update["memberships"]) == [group("myContacts")]

    def test_of_another_spelling_are_the_label_and_that_is_told(self) -> None:
        assert self.groups(("friends", "Work")) == ["myContacts", "starred", "9", "1", "2"]
        assert told(self.DOCUMENT, Patch(keywords=("friends", "FRIENDS", "Work"))) == ["$.keywords[0]", "$.keywords[1]"]

    def test_without_a_label_go_to_the_bag(self) -> None:
        patch = Patch(keywords=("Friends", "New"))
        assert sent(self.DOCUMENT, patch) == {"clientData": [bag(keywords=["New"])]}
        assert told(self.DOCUMENT, patch) == ["$.keywords[1]"]
        stored = after(self.DOCUMENT, patch)
        assert contact(stored).keywords == ("Friends", "New")
        # The label is there later on.
        known = LABELS.with_group("contactGroups/3", "New")
        assert contact(stored, known).keywords == ("Friends", "New")
        update = sent(stored, Patch(keywords=("New",)), known)
        assert update["clientData"] == []
        assert bare(update["memberships"])[-1] == group("3")

    def test_losses_are_those_after_the_labels_were_created(self) -> None:
        known = contact(self.DOCUMENT)
        draft = msgspec.structs.replace(known, keywords=("New", "new"))
        assert [loss.path for loss in losses(draft, raw(self.DOCUMENT), LABELS, known)] == ["$.keywords[1]"]


class TestBag:
    OTHERS = ({"key": "other.app", "value": "1"}, {"key": "other.app", "value": "1"}, {"key": "k"})

    def test_file_as(self) -> None:
        document = person(clientData=[*self.OTHERS, {"key": "polydex.mark", "value": "m"}])
        update = sent(document, Patch(file_as="E, A"))
        assert bare(update["clientData"]) == [
            *self.OTHERS,
            {"key": "polydex.mark", "value": "m"},
            bag(markers={"fileAs": "E, A"}),
        ]
        stored = after(document, Patch(file_as="E, A"))
        assert contact(stored).file_as == "E, A"
        assert told(document, Patch(file_as="E, A")) == ["$.fileAs"]
        assert told(stored, Patch(file_as="E, A", nick_name="N")) == []
        assert bare(sent(stored, Patch(file_as=None))["clientData"]) == bare(document["clientData"])

    def test_one_that_is_there_twice_becomes_one(self) -> None:
        document = person(clientData=[bag(markers={"fileAs": "A"}), bag(markers={"fileAs": "B"})])
        assert contact(document).file_as == "A"
        assert bare(sent(document, Patch(file_as="C"))["clientData"]) == [bag(markers={"fileAs": "C"})]

    @pytest.mark.parametrize("value", ["", "no JSON", "[]", '{"v":2,"markers":{"fileAs":"X"}}', '{"v":1,"emails":7}'])
    def test_one_that_is_not_understood_is_not_shown(self, value: str) -> None:
        document = person(clientData=[{"key": "polydex.overflow", "value": value}])
        assert contact(document) == Contact()
        assert sent(document, Patch(nick_name="A")) == {"nicknames": [{"value": "A"}]}

    def test_what_a_newer_version_has_written_is_left_alone(self) -> None:
        entry = {"key": "polydex.overflow", "value": '{"v":2,"fileAs":"of the future"}'}
        document = person(clientData=[entry])
        assert sent(document, Patch(nick_name="Anna")) == {"nicknames": [{"value": "Anna"}]}
        with pytest.raises(BadRequest, match="newer version"):
            edited(document, Patch(file_as="Example, Ann"))

    def test_too_much_for_it_is_refused(self) -> None:
        with pytest.raises(BadRequest, match="fileAs"):
            edited(person(), Patch(file_as="\u00e9" * 8000))
        with pytest.raises(BadRequest):
            losses(Contact(file_as="x" * 16000), None, LABELS)
        assert edited(person(), Patch(file_as="x" * 15_000)).fields == ("clientData",)


class TestProfiles:
    DOCUMENT = person(
        names=[THEIRS | {"givenName": "Profile"}, {"givenName": "Ann"}],
        emailAddresses=[THEIRS | {"value": "p@example.com"}, {"value": "a@example.com"}],
        organizations=[THEIRS | {"name": "Theirs", "current": True}],
        biographies=[THEIRS | {"value": "about me"}],
        memberships=[{"domainMembership": {"inViewerDomain": True}}],
    )

    def test_their_fields_are_never_sent(self) -> None:
        patch = Patch(
            name=NamePatch(given_name="Anna"),
            email_addresses=(Email(address="b@example.com"),),
            company=CompanyPatch(name="Ours"),
            notes="ours",
            keywords=("Work",),
        )
        update = sent(self.DOCUMENT, patch)
        assert {name: bare(items) for name, items in update.items()} == {
            "names": [{"givenName": "Anna"}],
            "emailAddresses": [{"value": "b@example.com"}],
            "organizations": [{"name": "Ours"}],
            "biographies": [{"value": "ours", "contentType": "TEXT_PLAIN"}],
            "memberships": [group("2"), group("myContacts")],
        }

    def test_and_stay(self) -> None:
        stored = after(self.DOCUMENT, Patch(name=NamePatch(given_name="Anna"), email_addresses=()))
        assert stored["names"][0] == self.DOCUMENT["names"][0]
        assert stored["emailAddresses"] == [self.DOCUMENT["emailAddresses"][0]]
