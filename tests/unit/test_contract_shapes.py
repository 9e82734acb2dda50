"""The machine-readable contract against our types: every property and every enum value has its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from polydex.core.body import CompanyBody, ContactBody, UrlBody, photo_member
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.fields import Field

CONTRACT = Path(__file__).parents[2].parent / "shared" / "contracts" / "aurinko-contacts.openapi.yaml"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip("the contract is not beside this repository (../shared/contracts)")
    loaded: dict[str, Any] = yaml.safe_load(CONTRACT.read_text("utf-8"))["components"]["schemas"]
    return loaded


PARTS: list[tuple[str, type[msgspec.Struct], type[msgspec.Struct], set[str]]] = [
    ("ContactName", Name, Name, set()),
    ("ContactCompany", Company, CompanyBody, {"companyName"}),
    ("ContactRelation", Relation, Relation, set()),
    ("ContactEmailAddress", Email, Email, set()),
    ("ContactPhoneNumber", Phone, Phone, set()),
    ("ContactPostalAddress", Address, Address, set()),
    ("ContactUrl", Url, UrlBody, {"value"}),
]


@pytest.mark.parametrize(("schema", "part", "body", "aliases"), PARTS, ids=[row[0] for row in PARTS])
def test_parts_have_the_properties_of_the_contract(
    schemas: dict[str, Any], schema: str, part: type[msgspec.Struct], body: type[msgspec.Struct], aliases: set[str]
) -> None:
    properties = set(schemas[schema]["properties"])
    assert set(part.__struct_encode_fields__) == properties
    assert set(body.__struct_encode_fields__) == properties | aliases


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("ContactPhoneNumber", PhoneType),
        ("ContactPostalAddress", AddressType),
        ("ContactUrl", UrlType),
        ("ContactRelation", RelationType),
    ],
)
def test_types_have_the_values_of_the_contract(schemas: dict[str, Any], schema: str, kind: Any) -> None:
    assert [value.value for value in kind] == schemas[schema]["properties"]["type"]["enum"]


def test_the_contact_has_the_properties_of_the_contract(schemas: dict[str, Any]) -> None:
    properties = schemas["Contact"]["properties"]
    writable = {name for name, schema in properties.items() if not schema.get("readOnly")}
    assert {field.value for field in Field} == writable
    assert set(Contact.__struct_encode_fields__) == writable - {"nativeProperties"}
    assert set(ContactBody.__struct_encode_fields__) == set(properties) - {"photo", "nativeProperties"}


def test_the_photo_has_the_properties_of_the_contract(schemas: dict[str, Any]) -> None:
    assert set(photo_member(Photo.of(b"a", "image/png", "a.png"))) == set(schemas["ContactPhoto"]["properties"])
