from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from polydex.core.contact import EMPTY, Company, Contact, Email, Name, Phone, Photo, content
from polydex.core.fields import ALL_FIELDS, Field
from polydex.core.patch import CompanyPatch, NamePatch, Patch, diff

ANN = Contact(
    name=Name(given_name="Ann", family_name="Example"),
    nick_name="Annie",
    company=Company(name="Example Ltd", job_title="Engineer"),
    keywords=("friends",),
    email_addresses=(Email(address="ann@example.com"),),
    phone_numbers=(Phone(number="030 1234567", canonical_form="+49301234567"),),
)


def test_patch_and_contact_have_the_same_members() -> None:
    assert set(Patch.__struct_fields__) == {*Contact.__struct_fields__, "native_properties"}
    assert {field.attribute for field in Field} == set(Patch.__struct_fields__)
    assert NamePatch.__struct_fields__ == Name.__struct_fields__
    assert CompanyPatch.__struct_fields__ == Company.__struct_fields__


def test_an_unset_member_stays() -> None:
    assert Patch().apply(ANN) == ANN
    assert Patch(file_as="Example, Ann").apply(ANN) == msgspec.structs.replace(ANN, file_as="Example, Ann")


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_the_empty_text_clear(nothing: str | None) -> None:
    assert Patch(nick_name=nothing).apply(ANN).nick_name is None


def test_a_list_replaces_the_list() -> None:
    assert Patch(email_addresses=(Email(address="new@example.com"),)).apply(ANN).email_addresses == (
        Email(address="new@example.com"),
    )
    assert Patch(email_addresses=()).apply(ANN).email_addresses == ()


def test_name_and_company_merge_part_by_part() -> None:
    patch = Patch(name=NamePatch(given_name=None, prefix="Dr"), company=CompanyPatch(department="R&D"))
    patched = patch.apply(ANN)
    assert patched.name == Name(prefix="Dr", family_name="Example")
    assert patched.company == Company(name="Example Ltd", job_title="Engineer", department="R&D")


def test_name_and_company_are_cleared_as_a_whole_or_when_no_part_is_left() -> None:
    assert Patch(name=None, company=None).apply(ANN) == msgspec.structs.replace(ANN, name=None, company=None)
    assert Patch(name=NamePatch(given_name=None, family_name="")).apply(ANN).name is None


def test_parts_come_to_a_contact_without_a_name() -> None:
    assert Patch(name=NamePatch(given_name="Bo")).apply(EMPTY) == Contact(name=Name(given_name="Bo"))


def test_the_result_is_in_normal_form() -> None:
    patch = Patch(nick_name="  Zoe\u0308 ", email_addresses=(Email(), Email(address=" a@example.com")))
    assert patch.apply(EMPTY) == Contact(nick_name="Zo\u00eb", email_addresses=(Email(address="a@example.com"),))


def test_a_photo_replaces_the_photo() -> None:
    photo = Photo.of(b"new")
    with_photo = Patch(photo=photo).apply(ANN)
    assert with_photo.photo == photo
    assert Patch(photo=None).apply(with_photo) == ANN


def test_fields_are_those_that_say_something() -> None:
    assert Patch().fields() == frozenset()
    assert Patch(name=NamePatch(), company=CompanyPatch(), native_properties={}).fields() == frozenset()
    patch = Patch(name=NamePatch(prefix=None), urls=(), nick_name=None, native_properties={"X-A": None})
    assert patch.fields() == {Field.NAME, Field.URLS, Field.NICK_NAME, Field.NATIVE_PROPERTIES}
    everything = diff(EMPTY, ANN).fields() | diff(ANN, EMPTY).fields()
    assert everything < ALL_FIELDS


@pytest.mark.parametrize(
    ("patch", "empty"),
    [
        (Patch(), True),
        (Patch(name=NamePatch()), True),
        (Patch(name=None), False),
        (Patch(keywords=()), False),
        (Patch(notes=None), False),
        (Patch(native_properties={"X-A": "1"}), False),
    ],
)
def test_is_empty(patch: Patch, empty: bool) -> None:
    assert patch.is_empty() is empty
    assert (patch.fields() == frozenset()) is empty


def test_diff_is_empty_when_only_derived_members_differ() -> None:
    derived = msgspec.structs.replace(
        ANN, phone_numbers=(Phone(number="030 1234567"),), photo=Photo.of(b"p", "image/png")
    )
    assert diff(msgspec.structs.replace(ANN, photo=Photo.of(b"p")), derived).is_empty()


def test_diff_names_the_changed_parts_only() -> None:
    changed = Patch(name=NamePatch(given_name="Anna"), company=CompanyPatch(job_title=None)).apply(ANN)
    assert diff(ANN, changed) == Patch(name=NamePatch(given_name="Anna"), company=CompanyPatch(job_title=None))
    assert diff(ANN, EMPTY).name is None


def test_diff_replaces_phone_numbers_without_what_is_derived() -> None:
    phones = diff(EMPTY, ANN).phone_numbers
    assert phones == (Phone(number="030 1234567"),)
    assert content(diff(EMPTY, ANN).apply(EMPTY)) == content(ANN)


def test_diff_brings_the_bytes_of_a_photo() -> None:
    photo = Photo.of(b"bytes")
    assert diff(ANN, msgspec.structs.replace(ANN, photo=photo)).photo == photo
    assert diff(msgspec.structs.replace(ANN, photo=photo), ANN).photo is None


def test_normal_cleans_what_is_set_and_sets_nothing() -> None:
    patch = Patch(
        nick_name=" Bo ", name=NamePatch(prefix="", given_name=" B "), native_properties={"X-A": " 1 ", "X-B": ""}
    )
    clean = patch.normal()
    assert clean == Patch(
        nick_name="Bo", name=NamePatch(prefix=None, given_name="B"), native_properties={"X-A": "1", "X-B": None}
    )
    assert clean.notes is UNSET
