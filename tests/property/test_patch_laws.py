"""The algebra of patches."""

from __future__ import annotations

from hypothesis import given

from polydex.core.contact import EMPTY, Contact, content, normal
from polydex.core.patch import Patch, diff
from tests.strategies import contacts, messy_contacts, patches


@given(contacts(), contacts())
def test_the_difference_leads_from_one_to_the_other(a: Contact, b: Contact) -> None:
    assert content(diff(a, b).apply(a)) == content(b)


@given(contacts(), contacts())
def test_the_difference_names_only_fields_that_differ(a: Contact, b: Contact) -> None:
    old, new = content(a), content(b)
    differing = {name for name in Contact.__struct_fields__ if getattr(old, name) != getattr(new, name)}
    assert {field.attribute for field in diff(a, b).fields()} == differing
    assert diff(a, b).is_empty() is (old == new)


@given(contacts())
def test_nothing_differs_from_itself(contact: Contact) -> None:
    assert diff(contact, contact) == Patch()
    assert Patch().apply(contact) == contact


@given(contacts(), patches(native=True))
def test_applying_twice_is_applying_once(contact: Contact, patch: Patch) -> None:
    once = patch.apply(contact)
    assert patch.apply(once) == once


@given(contacts(), patches(native=True))
def test_the_result_is_in_normal_form(contact: Contact, patch: Patch) -> None:
    patched = patch.apply(contact)
    assert normal(patched) == patched


@given(contacts(), patches(native=True))
def test_only_the_named_fields_change(contact: Contact, patch: Patch) -> None:
    patched = patch.apply(contact)
    named = {field.attribute for field in patch.fields()}
    for name in Contact.__struct_fields__:
        assert name in named or getattr(patched, name) == getattr(contact, name)


@given(contacts(), patches())
def test_what_a_patch_did_can_be_told_by_the_difference(contact: Contact, patch: Patch) -> None:
    patched = patch.apply(contact)
    told = diff(contact, patched)
    assert told.fields() <= patch.fields()
    assert content(told.apply(contact)) == content(patched)


@given(messy_contacts(), contacts())
def test_a_patch_in_normal_form_does_the_same(messy: Contact, base: Contact) -> None:
    """Of lists and texts, which is what a client sends; name and company are diffed into parts first."""
    patch = Patch(
        notes=messy.notes,
        nick_name=messy.nick_name,
        keywords=messy.keywords,
        addresses=messy.addresses,
        urls=messy.urls,
        email_addresses=messy.email_addresses,
        native_properties={"X-A": messy.notes},
    )
    assert patch.normal().apply(base) == patch.apply(base)
    assert patch.normal().normal() == patch.normal()
    named = diff(EMPTY, Contact(name=messy.name, company=messy.company))
    assert named.normal().apply(base) == named.apply(base)
