"""Laws of the Google mapping: what is written is read back but for the losses told, and what is not shown stays.

What Google makes of a body is ``tests/google/store.py``; the same laws run against the sandbox elsewhere.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from hypothesis import example, given, strategies as st

from polydex.connectors.google.draft import create
from polydex.connectors.google.edit import edit, losses
from polydex.connectors.google.labels import MY_CONTACTS, Labels
from polydex.connectors.google.read import read
from polydex.core.contact import (
    AddressType,
    Contact,
    Email,
    Name,
    PhoneType,
    UrlType,
    content,
    normal,
    text,
)
from polydex.core.fields import Loss
from polydex.core.patch import NamePatch, Patch, diff
from tests.google.discovery import validator
from tests.google.people import of_contact, people
from tests.google.store import Google
from tests.property.test_vcard_laws import mixed
from tests.strategies import contacts, patches

GOOGLES = st.sampled_from((Google(splits=True), Google(splits=False)))
HIDDEN: dict[str, list[dict[str, Any]]] = {
    "events": [{"type": "anniversary", "date": {"year": 2001, "month": 2, "day": 3}}],
    "imClients": [{"username": "ann", "protocol": "jabber", "type": "home"}],
    "userDefined": [{"key": "Shoe size", "value": "38"}, {"key": "Shoe size", "value": "39"}],
    "genders": [{"value": "female"}],
    "clientData": [{"key": "other.app", "value": "1"}, {"key": "other.app", "value": "1"}],
    "relations": [{"person": "Cleo", "type": "child"}, {"person": "Boss", "type": "Mentor"}],
    "nicknames": [{"value": "Smith", "type": "MAIDEN_NAME"}],
    "memberships": [
        {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/starred"}},
        {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/unknown"}},
    ],
}
"""What other clients keep on a contact, and we do not show."""
PROFILE = {"source": {"type": "PROFILE", "id": "9"}}


def labelled(*words: tuple[str, ...]) -> Labels:
    """The groups of an account, after the connector has created those that are missing."""
    return Labels({"contactGroups/1": "Friends"}).assuming([word for some in words for word in some])


def parsed(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)


def seen(document: dict[str, Any], labels: Labels) -> Contact:
    contact = read(parsed(document), labels, None).contact
    assert contact is not None
    assert contact == normal(contact)
    return comparable(contact)


def comparable(contact: Contact) -> Contact:
    """The content, without the photo; labels have no order at Google."""
    return content(msgspec.structs.replace(contact, keywords=tuple(sorted(contact.keywords)), photo=None))


def kept(contact: Contact, labels: Labels, google: Google) -> Contact:
    """The contact as it is read back: types filled in, what has no place behind the rest, names as Google makes them."""
    replace = msgspec.structs.replace
    contact = normal(contact)
    words = [labels.names[group] if (group := labels.group(word)) else word for word in contact.keywords]
    return comparable(
        replace(
            contact,
            name=kept_name(contact.name, google),
            keywords=tuple(dict.fromkeys(words)),
            email_addresses=tuple(sorted(contact.email_addresses, key=lambda email: email.address is None)),
            phone_numbers=tuple(replace(p, type=p.type or PhoneType.OTHER) for p in contact.phone_numbers),
            addresses=tuple(replace(a, type=a.type or AddressType.OTHER) for a in contact.addresses),
            urls=tuple(replace(u, type=u.type or UrlType.OTHER) for u in contact.urls),
        )
    )


def kept_name(name: Name | None, google: Google) -> Name | None:
    if name is None:
        return None
    parts = (name.prefix, name.given_name, name.middle_name, name.family_name, name.suffix)
    made = normal(Contact(name=Name(display_name=" ".join(part for part in parts if part)))).name
    if name.display_name is None:
        return msgspec.structs.replace(name, display_name=made.display_name if made else None)
    if any(parts) or not google.splits:
        return name
    given, _, family = name.display_name.partition(" ")
    split = normal(Contact(name=Name(given_name=given, family_name=family))).name or Name()
    return msgspec.structs.replace(name, given_name=split.given_name, family_name=split.family_name)


def announced(told: tuple[Loss, ...]) -> set[str]:
    return {re.split(r"[.\[]", loss.path.removeprefix("$."))[0] for loss in told}


@given(contacts(photo=False), GOOGLES)
def test_what_is_created_is_read_back(draft: Contact, google: Google) -> None:
    labels = labelled(draft.keywords)
    made = create(draft, "m-1", {"userDefined.Shoe size": "38"}, labels)
    stored = google.create(msgspec.json.decode(made.body))
    reading = read(parsed(stored), labels, None)
    assert seen(stored, labels) == kept(draft, labels, google)
    assert (reading.mark, reading.stable_key, reading.key) == ("m-1", "1", "people/c1")
    assert any(m["contactGroupMembership"]["contactGroupResourceName"] == MY_CONTACTS for m in stored["memberships"])


@given(contacts(photo=False), GOOGLES)
@example(Contact(keywords=("a", "A", "friends")), Google())
@example(Contact(email_addresses=(Email(name="A"), Email(address="a@example.com"))), Google())
@example(Contact(name=Name(display_name="A B", prefix="C")), Google())
@example(Contact(birthday="circa 1990", file_as="F"), Google())
def test_what_differs_is_announced_and_what_is_announced_differs(draft: Contact, google: Google) -> None:
    labels = labelled(draft.keywords)
    made = create(draft, None, {}, labels)
    stored = seen(google.create(msgspec.json.decode(made.body)), labels)
    wanted = kept(msgspec.structs.replace(draft, name=None, keywords=(), email_addresses=()), labels, google)
    wanted = msgspec.structs.replace(
        wanted,
        name=draft.name if draft.name and draft.name.display_name else kept_name(draft.name, google),
        keywords=draft.keywords,
        email_addresses=draft.email_addresses,
    )
    differing = {field.value for field in diff(comparable(wanted), stored).fields()}
    assert differing <= announced(made.losses)
    gone = announced(tuple(loss for loss in made.losses if loss.kept is None))
    assert gone <= differing
    # The same before the write, when the labels are not there yet.
    assert losses(draft, None, Labels({"contactGroups/1": "Friends"})) == made.losses


def with_hidden(document: dict[str, Any]) -> dict[str, Any]:
    """The person after other clients and a linked profile have added theirs."""
    source = {"source": {"type": "CONTACT", "id": "1"}}
    changed = dict(document)
    for field, items in HIDDEN.items():
        changed[field] = [*({"metadata": source} | item for item in items), *document.get(field, [])]
    for field in ("names", "emailAddresses", "photos"):
        value = {"names": {"displayName": "P", "givenName": "P"}, "photos": {"url": "https://example.com/p"}}
        changed[field] = [
            {"metadata": PROFILE} | value.get(field, {"value": "p@example.com"}),
            *document.get(field, []),
        ]
    for item in changed.get("phoneNumbers", []):
        if item.get("type") == "other":
            item["type"] = "googleVoice"
    return changed


def hidden_in(document: dict[str, Any]) -> list[str]:
    """What other clients and the profile have, however often."""
    found = []
    for field, items in document.items():
        if isinstance(items, list):
            for item in items:
                bare = {name: value for name, value in item.items() if name not in ("metadata", "formattedType")}
                (bare.get("contactGroupMembership") or {}).pop("contactGroupId", None)
                if item["metadata"]["source"]["type"] == "PROFILE" or bare in HIDDEN.get(field, ()):
                    found.append(f"{field} {sorted(bare.items())}")
    return sorted(found)


@given(contacts(most=4, photo=False), contacts(most=4, photo=False), GOOGLES, st.data())
def test_an_edit_gives_the_target_and_leaves_the_rest(
    start: Contact, other: Contact, google: Google, data: st.DataObject
) -> None:
    labels = labelled(start.keywords, other.keywords)
    person = with_hidden(google.create(msgspec.json.decode(create(start, "m", {}, labels).body)))
    base = read(parsed(person), labels, None).contact
    assert base is not None
    before = comparable(base)
    assert before == kept(start, labels, google)
    target = msgspec.structs.replace(mixed(before, other, data), photo=None)
    patch = diff(before, target)
    edited = edit(parsed(person), patch, labels, before)
    after = applied(google, person, edited.body, edited.fields)
    assert seen(after, labels) == kept(
        msgspec.structs.replace(target, name=name_after(start, before, target)), labels, google
    )
    assert hidden_in(after) == hidden_in(person)
    assert read(parsed(after), labels, None).mark == "m"
    still = {phone.number for phone in target.phone_numbers if phone.type in (PhoneType.OTHER, None)}
    assert voices(person) & still <= voices(after)
    assert losses(target, parsed(person), labels, before) == edited.losses
    unnamed = {name for name in person if name not in ("etag", "metadata")} - set(edited.fields)
    assert {name: after[name] for name in unnamed} == {name: person[name] for name in unnamed}


PARTS = ("prefix", "given_name", "middle_name", "family_name", "suffix")


def parts_of(name: Name | None) -> tuple[str | None, ...]:
    name = name or Name()
    return (name.prefix, name.given_name, name.middle_name, name.family_name, name.suffix)


def name_after(start: Contact, before: Contact, target: Contact) -> Name | None:
    """The target's name, as it is written.

    A display name that nobody set beside parts, and nobody changes, follows the parts; and parts that Google made of a
    display name follow that.
    """
    old, new, first = before.name or Name(), target.name, start.name or Name()
    if new is None or new.display_name is None:
        return new
    if parts_of(new) == parts_of(old):
        alone = first.display_name is not None and not any(parts_of(first))
        guessed = alone and new.display_name != old.display_name
        return msgspec.structs.replace(new, **dict.fromkeys(PARTS)) if guessed else new
    somebody = first.display_name is not None and any(parts_of(first))
    if somebody or new.display_name != old.display_name or not any(parts_of(old)) or not any(parts_of(new)):
        return new
    return msgspec.structs.replace(new, display_name=None)


def voices(document: dict[str, Any]) -> set[str]:
    """The numbers with a type that we do not have."""
    return {item["value"] for item in document.get("phoneNumbers", []) if item.get("type") == "googleVoice"}


def applied(google: Google, person: dict[str, Any], body: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
    return google.update(person, msgspec.json.decode(body), fields) if fields else person


@given(contacts(photo=False), patches(photo=False), GOOGLES)
@example(
    Contact(name=Name(given_name="Ann", family_name="Example")), Patch(name=NamePatch(given_name="Anna")), Google()
)
@example(Contact(name=Name(display_name="A", given_name="Ann")), Patch(name=NamePatch(given_name="Anna")), Google())
@example(Contact(name=Name(display_name="Ann Example")), Patch(name=NamePatch(given_name=None)), Google())
@example(Contact(name=Name(display_name="Ann Example")), Patch(name=NamePatch(display_name="Eve Other")), Google())
def test_any_patch_is_carried_out(start: Contact, patch: Patch, google: Google) -> None:
    labels = labelled(start.keywords, () if patch.keywords is msgspec.UNSET else patch.keywords)
    person = google.create(msgspec.json.decode(create(start, "m", {}, labels).body))
    base = read(parsed(person), labels, None).contact
    assert base is not None
    edited = edit(parsed(person), patch, labels, base)
    target = patch.apply(base)
    expected = kept(msgspec.structs.replace(target, name=name_after(start, base, target)), labels, google)
    after = applied(google, person, edited.body, edited.fields)
    assert seen(after, labels) == expected
    # And once more: what was written is the base of the next change.
    stored = read(parsed(after), labels, None).contact
    assert stored is not None
    assert edit(parsed(after), diff(stored, stored), labels, stored).fields == ()


@given(contacts(photo=False), GOOGLES)
def test_a_patch_that_changes_nothing_sends_nothing(start: Contact, google: Google) -> None:
    labels = labelled(start.keywords)
    person = with_hidden(google.create(msgspec.json.decode(create(start, "m", {}, labels).body)))
    base = read(parsed(person), labels, None).contact
    assert base is not None
    everything = Patch(
        **{member: getattr(base, member) for member in Contact.__struct_fields__ if member not in ("name", "company")},
        name=diff(Contact(), base).name,
        company=diff(Contact(), base).company,
    )
    edited = edit(parsed(person), everything, labels, base)
    assert (edited.fields, edited.losses) == ((), ())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_whatever_stands_in_the_bag_is_read(junk: Any) -> None:
    for value in (
        msgspec.json.encode(junk).decode(),
        msgspec.json.encode({"v": 1, "markers": junk, "emails": junk}).decode(),
    ):
        person = {
            "resourceName": "people/c1",
            "metadata": {"sources": [{"type": "CONTACT", "id": "1", "etag": "#1="}]},
            "clientData": [{"key": "polydex.overflow", "value": value}],
        }
        assert seen(person, Labels()) == Contact()


@given(people(), contacts(most=2, photo=False), GOOGLES, st.data())
def test_any_person_is_read_and_an_edit_touches_what_it_names(
    person: dict[str, Any], other: Contact, google: Google, data: st.DataObject
) -> None:
    validator("Person").validate(person)
    labels = labelled(other.keywords)
    base = read(parsed(person), labels, None).contact
    assert base is not None
    assert base == normal(base)
    assert edit(parsed(person), diff(Contact(), base), labels, Contact()).fields == ()
    target = msgspec.structs.replace(mixed(base, other, data), photo=base.photo)
    edited = edit(parsed(person), diff(base, target), labels, base)
    after = applied(google, person, edited.body, edited.fields)
    now = read(parsed(after), labels, None).contact
    assert now is not None
    named = diff(base, target).fields()
    wanted = kept(msgspec.structs.replace(target, name=None), labels, google)
    stored = msgspec.structs.replace(comparable(now), name=None)
    differing = diff(wanted, stored).fields()
    assert differing <= named
    assert {field.value for field in differing} <= announced(edited.losses)
    shown = {"emailAddresses": "value", "phoneNumbers": "value", "urls": "value", "relations": "person"}
    for field, items in person.items():
        if isinstance(items, list) and field not in edited.fields:
            assert after[field] == items
        elif isinstance(items, list):
            theirs = [item for item in items if not of_contact(item)]
            assert [item for item in after.get(field, []) if not of_contact(item)] == theirs
            if field in shown and field != "relations":
                blank = [item for item in items if of_contact(item) and not text(item.get(shown[field]))]
                assert len([item for item in after.get(field, []) if not text(item.get(shown[field]))]) >= len(blank)
