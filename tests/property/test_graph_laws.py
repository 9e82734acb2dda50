"""Laws of the Graph mapping: what is written is read back but for the losses told, and what is not shown stays.

What Exchange makes of a body is ``tests/microsoft/store.py``; the same laws run against the sandbox elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, example, given, strategies as st

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.edit import edit, losses
from polydex.connectors.microsoft.read import read
from polydex.connectors.outlook import mapi
from polydex.core.contact import (
    Contact,
    Email,
    Name,
    content,
    normal,
)
from polydex.core.fields import Loss
from polydex.core.patch import NamePatch, Patch, diff
from tests.microsoft.store import Graph
from tests.property.outlook import announced, comparable, kept, values, with_made, without_repeats
from tests.property.test_vcard_laws import mixed
from tests.strategies import contacts, patches

Json = dict[str, Any]

GRAPHS = st.builds(Graph, fills=st.sampled_from(("address", "display")), empty=st.sampled_from(("shown", "absent")))
HIDDEN: Json = {
    "imAddresses": ["ann@chat.example"],
    "children": ["Cleo"],
    "initials": "A.E.",
    "profession": "Astronomer",
}
"""What other clients keep on a contact, and we do not show."""


def document(contact: Json) -> bytes:
    return wire.Document.of(msgspec.json.encode(contact)).encode()


def seen(contact: Json) -> Contact:
    found = read(document(contact)).contact
    assert found == normal(found)
    return comparable(found)


def made(graph: Graph, draft: Contact, mark: str | None = None) -> Json:
    return graph.create(msgspec.json.decode(create(draft, mark, {}).body))


def applied(graph: Graph, contact: Json, patch: Patch, base: Contact) -> tuple[Json, tuple[Loss, ...]]:
    done = edit(document(contact), patch, base)
    if done.body is None:
        return contact, done.losses
    return graph.update(contact, msgspec.json.decode(done.body)), done.losses


@given(contacts(photo=False), GRAPHS)
@example(Contact(email_addresses=(Email(address="a@example.com", name="Ann"),), name=Name(given_name="Ann")), Graph())
@example(Contact(birthday="0001-01-01"), Graph())
@example(Contact(birthday="circa 1990", file_as="F"), Graph())
def test_what_is_created_is_read_back(draft: Contact, graph: Graph) -> None:
    draft = without_repeats(draft)
    stored = made(graph, draft, "m-1")
    reading = read(document(stored))
    assert seen(stored) == with_made(kept(draft), reading.contact)
    assert (reading.mark, reading.key, reading.rev) == ("m-1", "AAMk1=", 'W/"v1"')


@given(contacts(most=5, photo=False), GRAPHS)
@example(Contact(keywords=("a", "A", "friends")), Graph())
@example(Contact(email_addresses=(Email(name="A"), Email(address="a@example.com"))), Graph())
@example(Contact(email_addresses=tuple(Email(address="a@example.com", type=t) for t in ("a", "b", "c", "d"))), Graph())
@example(Contact(birthday="circa 1990", file_as="F"), Graph())
def test_what_differs_is_announced_and_what_is_announced_differs(draft: Contact, graph: Graph) -> None:
    body = create(draft, None, {})
    stored = seen(graph.create(msgspec.json.decode(body.body)))
    differing = {field.value for field in diff(with_made(kept(draft), stored), stored).fields()}
    gone = announced(tuple(loss for loss in body.losses if loss.kept is None or loss.kept == "once"))
    assert differing <= announced(body.losses)
    assert gone <= differing
    assert losses(draft, None) == body.losses


@given(contacts(most=4, photo=False), contacts(most=4, photo=False), GRAPHS, st.data())
def test_an_edit_gives_the_target_and_leaves_the_rest(
    start: Contact, other: Contact, graph: Graph, data: st.DataObject
) -> None:
    start, other = without_repeats(start), without_repeats(other)
    stored = made(graph, start, "m") | HIDDEN
    before = read(document(stored)).contact
    target = without_repeats(msgspec.structs.replace(mixed(before, other, data), photo=None))
    patch = diff(before, target)
    after, told = applied(graph, stored, patch, before)
    now = seen(after)
    assert now == with_made(kept(target), now)
    assert {name: after[name] for name in HIDDEN} == HIDDEN
    assert read(document(after)).mark == "m"
    assert losses(target, document(stored), before) == told


@given(contacts(photo=False), patches(photo=False), GRAPHS)
@example(Contact(name=Name(given_name="Ann", family_name="Example")), Patch(name=NamePatch(given_name="Anna")), Graph())
@example(Contact(name=Name(display_name="A", given_name="Ann")), Patch(name=NamePatch(given_name="Anna")), Graph())
def test_any_patch_is_carried_out(start: Contact, patch: Patch, graph: Graph) -> None:
    stored = made(graph, without_repeats(start))
    base = read(document(stored)).contact
    target = patch.apply(base)
    assume(without_repeats(target) == kept(target))
    after, _ = applied(graph, stored, patch, base)
    now = seen(after)
    assert now == with_made(kept(target), now)
    # And once more: what was written is the base of the next change.
    again = read(document(after)).contact
    assert edit(document(after), diff(again, again), again).body is None


@given(contacts(most=5, photo=False), GRAPHS)
def test_a_patch_that_changes_nothing_sends_nothing(start: Contact, graph: Graph) -> None:
    stored = made(graph, start) | HIDDEN
    base = read(document(stored)).contact
    everything = Patch(
        **{member: getattr(base, member) for member in Contact.__struct_fields__ if member not in ("name", "company")},
        name=diff(Contact(), base).name,
        company=diff(Contact(), base).company,
    )
    done = edit(document(stored), everything, base)
    assert (done.body, done.losses) == (None, ())


WORDS = st.sampled_from(("A", "B", "a@example.com", "+49 30 1", "https://example.com", "C D"))
TEXTS = ("displayName", "givenName", "nickName", "fileAs", "companyName", "mobilePhone", "businessHomePage", "manager")
TAGS = tuple(name for name in wire.EXTENDED if name not in (mapi.OVERFLOW, mapi.MARK, mapi.HAS_PICTURE))


@st.composite
def edits_of_others(draw: st.DrawFn) -> Json:
    """What another client changes of a contact, as the body of a PATCH of its own."""
    return draw(
        st.one_of(
            st.builds(lambda name, value: {name: value}, st.sampled_from(TEXTS), st.none() | WORDS),
            st.builds(
                lambda name, values: {name: values},
                st.sampled_from(("businessPhones", "homePhones")),
                st.lists(WORDS, max_size=2, unique=True),
            ),
            st.lists(WORDS, max_size=3, unique=True).map(
                lambda words: {"emailAddresses": [{"address": word, "name": "B"} for word in words]}
            ),
            st.sampled_from((None, "1604-05-06T00:00:00Z", "1990-05-06T23:00:00Z")).map(lambda day: {"birthday": day}),
            st.builds(
                lambda name, street: {name: {"street": street, "city": "C"} if street else {}},
                st.sampled_from(("homeAddress", "businessAddress")),
                st.none() | WORDS,
            ),
            st.builds(
                lambda name, value: {"singleValueExtendedProperties": [{"id": name, "value": value}]},
                st.sampled_from(TAGS),
                st.none() | WORDS,
            ),
        )
    )


SMALL = contacts(most=4, photo=False)
STEPS = st.lists(edits_of_others() | SMALL | patches(most=4, photo=False), max_size=6)


@given(SMALL, STEPS, GRAPHS)
def test_in_any_chain_of_changes_each_does_what_it_says_and_no_more(
    start: Contact, steps: list[Json | Contact | Patch], graph: Graph
) -> None:
    """Ours and those of others, in any order: no value is lost, none is there twice, none comes back."""
    stored = made(graph, without_repeats(start), "m") | HIDDEN
    for step in steps:
        before = read(document(stored)).contact
        if isinstance(step, dict):
            stored = graph.update(stored, step)
            continue
        target = without_repeats(step.apply(before) if isinstance(step, Patch) else step)
        after, _ = applied(graph, stored, diff(before, target), before)
        now = seen(after)
        assert now == with_made(kept(target), now)
        assert {name: after[name] for name in HIDDEN} == HIDDEN
        assert read(document(after)).mark == "m"
        stored = after
    last = read(document(stored)).contact
    emptied, _ = applied(graph, stored, diff(last, Contact()), last)
    assert content(read(document(emptied)).contact) == with_made(Contact(), read(document(emptied)).contact)
    left = [entry["id"] for entry in emptied.get("singleValueExtendedProperties", ())]
    assert left == [mapi.MARK]


@given(SMALL, edits_of_others(), GRAPHS)
def test_what_others_do_not_touch_stays(start: Contact, step: Json, graph: Graph) -> None:
    """After another client's change, a change of ours to one member leaves all values that there are."""
    stored = graph.update(made(graph, without_repeats(start)), step)
    base = read(document(stored)).contact
    assume(without_repeats(base) == kept(base))
    after, told = applied(graph, stored, Patch(notes="another"), base)
    assert seen(after) == comparable(msgspec.structs.replace(base, notes="another"))
    assert told == ()


@given(SMALL, edits_of_others(), GRAPHS)
def test_what_another_client_changes_is_changed_and_nothing_else(start: Contact, step: Json, graph: Graph) -> None:
    """What is gone was in its place, what is new it has put there, and the bag shows nothing that it did not before."""
    stored = made(graph, without_repeats(start))
    step = {name: value for name, value in step.items() if name not in ("displayName", "givenName", "companyName")}
    assume(step)
    kept_names = {name: stored[name] for name in ("displayName", "fileAs") if stored.get(name)}
    changed = graph.update(stored, kept_names | step)
    before, after = values(read(document(stored)).contact), values(read(document(changed)).contact)
    assert before - after <= before - values(read(document(without(stored, step))).contact)
    alone = {name: value for name, value in step.items() if name != "singleValueExtendedProperties"}
    tags = [entry for entry in step.get("singleValueExtendedProperties", ()) if entry["value"] is not None]
    assert after - before <= values(read(document({"id": "A", "singleValueExtendedProperties": tags} | alone)).contact)


def without(stored: Json, step: Json) -> Json:
    """The contact without the properties that a change names."""
    tags = {entry["id"].lower() for entry in step.get("singleValueExtendedProperties", ())}
    rest = {name: value for name, value in stored.items() if name not in step}
    rest["singleValueExtendedProperties"] = [
        entry for entry in stored.get("singleValueExtendedProperties", ()) if entry["id"].lower() not in tags
    ]
    return rest


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
        entry = {"id": mapi.OVERFLOW, "value": msgspec.json.encode(value).decode()}
        contact = {"id": "A", "singleValueExtendedProperties": [entry]}
        assert seen(contact) == Contact()
