"""Laws of the Exchange mapping: what is written is read back but for the losses told, and what is not shown stays.

What Exchange makes of a request is ``tests/exchange/store.py``, which has every request judged by the schema of 2013 SP1.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
from hypothesis import assume, example, given, strategies as st

from polydex.connectors.exchange import wire
from polydex.connectors.exchange.draft import create
from polydex.connectors.exchange.edit import edit, losses
from polydex.connectors.exchange.read import Reading, read
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact, Email, Name, content, normal
from polydex.core.fields import Loss
from polydex.core.patch import NamePatch, Patch, diff
from tests.exchange.store import ADDRESS, ORIGINALS, Exchange, Stored
from tests.property.outlook import announced, comparable, kept, values, with_made, without_repeats
from tests.property.test_vcard_laws import mixed
from tests.strategies import contacts, patches

EXCHANGES = st.builds(Exchange, fills=st.sampled_from(("address", "display")), refiles=st.booleans())
HIDDEN = ("Profession", "Initials", "Mileage")
LISTS = ("Children", "Companies")


def document(stored: Stored) -> bytes:
    return wire.document(Exchange().show(stored))


def reading(stored: Stored) -> Reading:
    return read(document(stored))


def base_of(stored: Stored) -> Contact:
    found = reading(stored).contact
    assert found is not None
    return found


def seen(stored: Stored) -> Contact:
    found = base_of(stored)
    assert found == normal(found)
    return comparable(found)


def legal(contact: Contact) -> Contact:
    """The contact without what XML cannot carry."""
    json = re.sub("[\ufffe\uffff]", "", msgspec.json.encode(normal(contact)).decode())
    return normal(msgspec.json.decode(json, type=Contact))


def clean(contact: Contact) -> Contact:
    return without_repeats(legal(contact))


def made(exchange: Exchange, draft: Contact, mark: str | None = None) -> Stored:
    return exchange.create(create(draft, mark, {})[0])


def with_hidden(stored: Stored) -> Stored:
    """With what other clients keep on a contact, and we do not show."""
    stored = stored.copy()
    stored.texts |= dict.fromkeys(HIDDEN, "hidden")
    stored.lists |= {name: ["hidden"] for name in LISTS}
    stored.entries["ImAddresses"] = {"ImAddress2": "hidden"}
    stored.extended["0x3a47/String"] = "hidden"
    return stored


def hidden(stored: Stored) -> list[object]:
    return [
        *(stored.texts[name] for name in HIDDEN),
        *(stored.lists[name] for name in LISTS),
        stored.entries["ImAddresses"],
        stored.extended["0x3a47/String"],
    ]


def applied(exchange: Exchange, stored: Stored, patch: Patch, base: Contact) -> tuple[Stored, tuple[Loss, ...]]:
    done = edit(document(stored), patch, base)
    return exchange.update(stored, done.updates) if done.updates else stored, done.losses


@given(contacts(photo=False), EXCHANGES)
@example(
    Contact(email_addresses=(Email(address="a@example.com", name="Ann"),), name=Name(given_name="Ann")), Exchange()
)
@example(Contact(birthday="0001-01-01"), Exchange())
@example(Contact(nick_name="\uffff", notes="a\ufffe", file_as="F"), Exchange())
def test_what_is_created_is_read_back(draft: Contact, exchange: Exchange) -> None:
    draft = without_repeats(draft)
    stored = made(exchange, draft, "m-1")
    found = reading(stored)
    assert seen(stored) == with_made(kept(legal(draft)), base_of(stored))
    assert (found.mark, found.key, found.rev) == ("m-1", "AAMk1=", "EQ1")


@given(contacts(most=5, photo=False), EXCHANGES)
@example(Contact(keywords=("a", "A", "friends")), Exchange())
@example(Contact(email_addresses=(Email(name="A"), Email(address="a@example.com"))), Exchange())
@example(
    Contact(email_addresses=tuple(Email(address="a@example.com", type=t) for t in ("a", "b", "c", "d"))), Exchange()
)
@example(Contact(nick_name="\uffff", birthday="circa 1990", file_as="F"), Exchange())
def test_what_differs_is_announced_and_what_is_announced_differs(draft: Contact, exchange: Exchange) -> None:
    body, told = create(draft, None, {})
    stored = seen(exchange.create(body))
    differing = {field.value for field in diff(with_made(kept(draft), stored), stored).fields()}
    gone = announced(tuple(loss for loss in told if loss.kept in (None, "once", "without them")))
    assert differing <= announced(told)
    assert gone <= differing
    assert losses(draft, None) == told


@given(contacts(most=4, photo=False), contacts(most=4, photo=False), EXCHANGES, st.data())
def test_an_edit_gives_the_target_and_leaves_the_rest(
    start: Contact, other: Contact, exchange: Exchange, data: st.DataObject
) -> None:
    start, other = clean(start), clean(other)
    stored = with_hidden(made(exchange, start, "m"))
    before = base_of(stored)
    target = without_repeats(msgspec.structs.replace(mixed(before, other, data), photo=None))
    after, told = applied(exchange, stored, diff(before, target), before)
    now = seen(after)
    assert now == with_made(kept(target), now)
    assert hidden(after) == hidden(stored)
    assert reading(after).mark == "m"
    assert losses(target, document(stored), before) == told


@given(contacts(photo=False), patches(photo=False), EXCHANGES)
@example(
    Contact(name=Name(given_name="Ann", family_name="Example")), Patch(name=NamePatch(given_name="Anna")), Exchange()
)
@example(Contact(name=Name(display_name="A", given_name="Ann")), Patch(name=NamePatch(given_name="Anna")), Exchange())
@example(Contact(name=Name(display_name="A", given_name="Ann")), Patch(name=NamePatch(display_name=None)), Exchange())
@example(Contact(name=Name(display_name="A")), Patch(name=NamePatch(display_name="\uffff")), Exchange())
def test_any_patch_is_carried_out(start: Contact, patch: Patch, exchange: Exchange) -> None:
    stored = made(exchange, without_repeats(start))
    base = base_of(stored)
    target = legal(patch.apply(base))
    assume(without_repeats(target) == kept(target))
    after, _ = applied(exchange, stored, patch, base)
    now = seen(after)
    assert now == with_made(kept(target), now)
    # And once more: what was written is the base of the next change.
    again = base_of(after)
    assert edit(document(after), diff(again, again), again).updates == ()


@given(contacts(most=5, photo=False), EXCHANGES)
def test_a_patch_that_changes_nothing_sends_nothing(start: Contact, exchange: Exchange) -> None:
    stored = with_hidden(made(exchange, start))
    base = base_of(stored)
    everything = Patch(
        **{member: getattr(base, member) for member in Contact.__struct_fields__ if member not in ("name", "company")},
        name=diff(Contact(), base).name,
        company=diff(Contact(), base).company,
    )
    done = edit(document(stored), everything, base)
    assert (done.updates, done.losses) == ((), ())


class Step(NamedTuple):
    """What another client changes of a contact: None removes it.

    Attributes:
        field: a text, ``Categories``, a dictionary, or an extended property.
        key: of an entry in a dictionary.
        value: of addresses their parts, of an e-mail address as ``Stored`` has it.
    """

    field: str
    key: str
    value: Any

    def on(self, stored: Stored) -> Stored:
        stored = stored.copy()
        where = {"Categories": stored.lists}.get(self.field, stored.texts)
        name = self.field
        if self.key:
            where, name = stored.entries.setdefault(self.field, {}), self.key
        elif "/" in self.field:
            where = stored.extended
        if self.value is None:
            where.pop(name, None)
        else:
            where[name] = self.value
        if self.field == "EmailAddresses":
            stored.extended.pop(ORIGINALS[self.key], None)
            if self.value is not None and self.value[2] == "EX":
                stored.extended[ORIGINALS[self.key]] = f"{self.value[0][-1].lower()}@example.com"
        return stored


WORDS = st.sampled_from(("A", "B", "a@example.com", "+49 30 1", "https://example.com", "C D"))
TEXTS = ("DisplayName", "GivenName", "Nickname", "FileAs", "CompanyName", "BusinessHomePage", "Manager")
KEYS = (
    "BusinessPhone",
    "BusinessPhone2",
    "HomePhone2",
    "MobilePhone",
    "Pager",
    "OtherTelephone",
    "CarPhone",
    "Isdn",
    "Mms",
)
TAGS = ("0x3a45/String", "0x3a50/String", "0x3a4c/String", "0x3a5e/String", f"{{{ADDRESS}}}/32842/String")
MAILS = st.builds(lambda word, name: (word, name, "SMTP"), WORDS, st.none() | WORDS) | st.sampled_from(
    [(f"/o=Example/cn=Recipients/cn={name}", "Name", "EX") for name in "AB"]
)


def edits_of_others() -> st.SearchStrategy[Step]:
    streets = WORDS.map(lambda street: {"Street": street, "City": "C"})
    return st.one_of(
        st.builds(Step, st.sampled_from(TEXTS), st.just(""), st.none() | WORDS),
        st.builds(Step, st.just("PhoneNumbers"), st.sampled_from(KEYS), st.none() | WORDS),
        st.builds(Step, st.just("EmailAddresses"), st.sampled_from(tuple(ORIGINALS)), st.none() | MAILS),
        st.builds(
            Step,
            st.just("Birthday"),
            st.just(""),
            st.sampled_from((None, "1604-05-06T00:00:00Z", "1990-05-06T23:00:00Z")),
        ),
        st.builds(Step, st.just("PhysicalAddresses"), st.sampled_from(("Home", "Business")), st.none() | streets),
        st.builds(Step, st.sampled_from(TAGS), st.just(""), st.none() | WORDS),
    )


SMALL = contacts(most=4, photo=False)
STEPS = st.lists(edits_of_others() | SMALL | patches(most=4, photo=False), max_size=6)


@given(SMALL, STEPS, EXCHANGES)
def test_in_any_chain_of_changes_each_does_what_it_says_and_no_more(
    start: Contact, steps: list[Step | Contact | Patch], exchange: Exchange
) -> None:
    """Ours and those of others, in any order: no value is lost, none is there twice, none comes back."""
    stored = with_hidden(made(exchange, clean(start), "m"))
    for step in steps:
        before = base_of(stored)
        if isinstance(step, Step):
            stored = step.on(stored)
            continue
        target = clean(step.apply(before) if isinstance(step, Patch) else step)
        after, _ = applied(exchange, stored, diff(before, target), before)
        now = seen(after)
        assert now == with_made(kept(target), now)
        assert hidden(after) == hidden(stored)
        assert reading(after).mark == "m"
        stored = after
    last = base_of(stored)
    emptied, _ = applied(exchange, stored, diff(last, Contact()), last)
    assert content(base_of(emptied)) == with_made(Contact(), base_of(emptied))
    left = {key for key in emptied.extended if key not in ORIGINALS.values()}
    assert left == {f"{{{mapi.GUID}}}/PolydexMark/String", "0x3a47/String"}


@given(SMALL, edits_of_others(), EXCHANGES)
def test_what_others_do_not_touch_stays(start: Contact, step: Step, exchange: Exchange) -> None:
    """After another client's change, a change of ours to one member leaves all values that there are."""
    stored = step.on(made(exchange, clean(start)))
    base = base_of(stored)
    assume(without_repeats(base) == kept(base))
    after, told = applied(exchange, stored, Patch(notes="another"), base)
    assert seen(after) == comparable(msgspec.structs.replace(base, notes="another"))
    assert told == ()


@given(SMALL, edits_of_others(), EXCHANGES)
def test_what_another_client_changes_is_changed_and_nothing_else(
    start: Contact, step: Step, exchange: Exchange
) -> None:
    """What is gone was in its place, what is new it has put there, and the bag shows nothing that it did not before."""
    assume(step.field != "DisplayName")
    stored = made(exchange, clean(start))
    changed = step.on(stored)
    before, after = values(base_of(stored)), values(base_of(changed))
    assert before - after <= before - values(base_of(step._replace(value=None).on(stored)))
    assert after - before <= values(base_of(step.on(Stored())))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_whatever_stands_in_the_bag_is_read(junk: Any) -> None:
    names = ("emails", "phones", "addresses", "urls", "relations", "types", "markers")
    for value in (junk, {"v": 1} | dict.fromkeys(names, junk), *({"v": 1, name: junk} for name in names)):
        text = re.sub("[\x00-\x1f\ufffe\uffff]", "", msgspec.json.encode(value).decode())
        stored = Stored(extended={f"{{{mapi.GUID}}}/PolydexOverflow/String": text})
        assert seen(stored) == Contact()
