"""E-mail addresses change entry by entry, and one with a legacy DN is not damaged."""

from __future__ import annotations

from polydex.core.contact import Contact, Email, Name
from polydex.core.patch import NamePatch, Patch
from tests.exchange.store import ORIGINALS, Exchange, Stored
from tests.unit.exchange.contacts import after, bag, contact, emails, numbered, said, sent, stored, text

DN = "/o=Example/ou=First/cn=Recipients/cn=ann"
KEYS = [f"contacts:EmailAddress#EmailAddress{number}" for number in (1, 2, 3)]


def addresses(*letters: str) -> tuple[Email, ...]:
    return tuple(Email(address=f"{letter}@example.com") for letter in letters)


def smtp(*letters: str) -> str:
    """As Exchange shows them: named, and with their type."""
    return emails(*((f"{letter}@example.com", f"{letter}@example.com", "SMTP") for letter in letters))


def places(of: Stored) -> list[str]:
    return [entry[0] for _, entry in sorted(of.entries["EmailAddresses"].items())]


class TestEntries:
    def test_only_those_that_change_are_sent(self) -> None:
        assert sent(smtp("a", "b"), Patch(email_addresses=addresses("a", "c"))) == {KEYS[1]: ("c@example.com",)}
        assert sent(smtp("a", "b"), Patch(email_addresses=addresses("a", "b", "c"))) == {KEYS[2]: ("c@example.com",)}

    def test_shift_up_when_one_goes(self) -> None:
        shown = smtp("a", "b", "c")
        assert sent(shown, Patch(email_addresses=addresses("b", "c"))) == {
            KEYS[0]: ("b@example.com", "b@example.com", "SMTP"),
            KEYS[1]: ("c@example.com", "c@example.com", "SMTP"),
            KEYS[2]: None,
        }
        assert sent(shown, Patch(email_addresses=())) == dict.fromkeys(KEYS)

    def test_a_hole_of_another_client_stays_as_long_as_nothing_changes(self) -> None:
        shown = emails(("a@example.com", "", "SMTP"), "", ("c@example.com", "", "SMTP"))
        assert sent(shown, Patch(email_addresses=addresses("a", "c"), nick_name="A")) == {"contacts:Nickname": "A"}
        assert sent(shown, Patch(email_addresses=addresses("a", "c", "d"))) == {
            KEYS[1]: ("c@example.com", "SMTP"),
            KEYS[2]: ("d@example.com",),
        }

    def test_order_is_preference(self) -> None:
        start = stored(Contact(email_addresses=addresses("a", "b", "c", "d")))
        changed = after(start, Patch(email_addresses=addresses("d", "a", "b", "c")))
        assert places(changed) == [f"{x}@example.com" for x in "dab"]
        assert said(changed).email_addresses == addresses("d", "a", "b", "c")

    def test_five_of_which_outlook_deletes_the_first(self) -> None:
        """Section 9, item 2."""
        start = stored(Contact(email_addresses=addresses("a", "b", "c", "d", "e")))
        del start.entries["EmailAddresses"]["EmailAddress1"]
        assert said(start).email_addresses == addresses("b", "c", "d", "e")
        changed = after(start, Patch(nick_name="A"))
        assert places(changed) == [f"{x}@example.com" for x in "bcd"]
        assert said(changed).email_addresses == addresses("b", "c", "d", "e")


class TestNames:
    def test_one_that_exchange_made_stays_and_one_that_is_set_is_sent(self) -> None:
        shown = text("DisplayName", "Ann") + emails(("a@example.com", "Ann", "SMTP"))
        change = Patch(email_addresses=(*addresses("a"), Email(address="b@example.com", name="Office")))
        assert sent(shown, change) == {KEYS[1]: ("b@example.com", "Office")}

    def test_one_that_goes_is_left_to_exchange(self) -> None:
        shown = emails(("a@example.com", "Office", "SMTP"))
        assert sent(shown, Patch(email_addresses=addresses("a"))) == {KEYS[0]: ("a@example.com", "SMTP")}

    def test_one_that_exchange_made_of_the_display_name_goes_with_it(self) -> None:
        for exchange in (Exchange(fills="address"), Exchange(fills="display")):
            start = stored(Contact(name=Name(display_name="Ann"), email_addresses=addresses("a")))
            start.entries["EmailAddresses"]["EmailAddress1"] = ("a@example.com", "Ann", "SMTP")
            changed = after(start, Patch(name=NamePatch(display_name="Eve")))
            assert changed.entries["EmailAddresses"]["EmailAddress1"] == ("a@example.com", None, "SMTP")
            assert exchange.show(changed) is not None
            assert said(changed).email_addresses == addresses("a")

    def test_one_that_is_set_and_looks_like_exchange_s_is_noted(self) -> None:
        start = stored(Contact(name=Name(display_name="Ann")))
        named = (Email(address="A@example.com", name="Ann"),)
        changed = after(start, Patch(email_addresses=named))
        assert said(changed).email_addresses == named
        assert said(after(changed, Patch(name=NamePatch(display_name="Eve")))).email_addresses == named

    def test_a_type_is_in_the_bag_until_the_address_goes(self) -> None:
        shown = bag(types={"a@example.com": "home"}) + smtp("a")
        assert contact(shown).email_addresses == (Email(address="a@example.com", type="home"),)
        assert sent(shown, Patch(email_addresses=())) == {
            KEYS[0]: None,
            "{aa59d48a-551f-427a-9156-8aa86e3dbbc7}/PolydexOverflow/String": None,
        }


class TestLegacyAddresses:
    SHOWN = (
        numbered(32916, "ann@example.com")
        + text("DisplayName", "Ann Example")
        + text("Nickname", "A")
        + emails(("a@example.com", "", "SMTP"), (DN, "Ann", "EX"))
    )
    ANN = Email(address="ann@example.com", name="Ann")

    def test_one_that_is_sent_back_is_not_touched(self) -> None:
        assert contact(self.SHOWN).email_addresses == (*addresses("a"), self.ANN)
        change = Patch(email_addresses=(*addresses("a"), self.ANN), nick_name="B")
        assert sent(self.SHOWN, change) == {"contacts:Nickname": "B"}
        assert sent(self.SHOWN, Patch(email_addresses=(*addresses("b"), self.ANN))) == {KEYS[0]: ("b@example.com",)}

    def test_one_that_moves_takes_everything_with_it(self) -> None:
        assert sent(self.SHOWN, Patch(email_addresses=(self.ANN,))) == {
            KEYS[0]: (DN, "Ann", "EX"),
            KEYS[1]: None,
            ORIGINALS["EmailAddress1"]: "ann@example.com",
        }

    def test_one_with_another_name_keeps_its_address(self) -> None:
        eve = Email(address="ann@example.com", name="Eve")
        assert sent(self.SHOWN, Patch(email_addresses=(*addresses("a"), eve))) == {
            KEYS[1]: (DN, "Eve", "EX"),
            ORIGINALS["EmailAddress2"]: "ann@example.com",
        }

    def test_another_address_is_no_legacy_one(self) -> None:
        assert sent(self.SHOWN, Patch(email_addresses=addresses("a", "c"))) == {KEYS[1]: ("c@example.com",)}

    def test_one_of_which_no_other_address_is_known_stays_what_it_is(self) -> None:
        shown = text("DisplayName", "Ann Example") + emails(("a@example.com", "", "SMTP"), (DN, "Ann", "EX"))
        assert sent(shown, Patch(email_addresses=(Email(address=DN, name="Ann"),))) == {
            KEYS[0]: (DN, "Ann", "EX"),
            KEYS[1]: None,
        }

    def test_it_is_read_the_same_wherever_it_has_gone(self) -> None:
        start = stored(Contact(email_addresses=addresses("a", "b")))
        start.entries["EmailAddresses"]["EmailAddress2"] = (DN, "Ann", "EX")
        start.extended[ORIGINALS["EmailAddress2"]] = "ann@example.com"
        moved = after(start, Patch(email_addresses=(self.ANN, *addresses("a"))))
        assert said(moved).email_addresses == (self.ANN, *addresses("a"))
        assert moved.entries["EmailAddresses"]["EmailAddress1"] == (DN, "Ann", "EX")
        assert said(after(moved, Patch(email_addresses=(*addresses("a"), self.ANN)))) == said(start)
