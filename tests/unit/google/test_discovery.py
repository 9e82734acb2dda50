"""The judge is as strict as Google's description of its API."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.google.discovery import document, mask_values, method, methods, validator

PERSON: dict[str, Any] = {
    "resourceName": "people/c1",
    "etag": "%EgU",
    "metadata": {
        "sources": [{"type": "CONTACT", "id": "1", "etag": "#x", "updateTime": "2024-01-02T03:04:05.123456Z"}],
        "objectType": "PERSON",
    },
    "names": [{"metadata": {"primary": True}, "displayName": "Ann", "givenName": "Ann"}],
    "birthdays": [{"date": {"year": 1990, "month": 1, "day": 2}}],
}


@pytest.mark.parametrize("writable", [False, True])
def test_every_schema_is_a_schema(writable: bool) -> None:
    jsonschema.Draft202012Validator.check_schema(validator("Person", writable=writable).schema)
    for name in document()["schemas"]:
        assert validator(name, writable=writable).is_valid({})


def test_a_person_is_one() -> None:
    validator("Person").validate(PERSON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"surprise": 1},
        {"names": {"givenName": "Ann"}},
        {"names": [{"givenNames": "Ann"}]},
        {"names": [{"givenName": None}]},
        {"birthdays": [{"date": {"year": "1990"}}]},
        {"birthdays": [{"date": {"year": 2**31}}]},
        {"biographies": [{"contentType": "TEXT_MARKDOWN"}]},
        {"metadata": {"sources": [{"updateTime": "2024-01-02 03:04:05"}]}},
        {"metadata": {"sources": [{"updateTime": "2024-13-02T03:04:05Z"}]}},
    ],
    ids=str,
)
def test_what_is_not_described_is_wrong(wrong: dict[str, Any]) -> None:
    assert not validator("Person").is_valid(wrong)


def test_bytes_are_base64() -> None:
    request = validator("UpdateContactPhotoRequest")
    assert request.is_valid({"photoBytes": "_-8="})
    assert request.is_valid({"photoBytes": "/+8="})
    assert not request.is_valid({"photoBytes": "\u00e4"})


def test_what_is_output_only_may_not_be_sent() -> None:
    sent = validator("Person", writable=True)
    sent.validate({"etag": "%EgU", "metadata": {"sources": [{"type": "CONTACT", "id": "1", "etag": "#x"}]}})
    sent.validate({"names": [{"givenName": "Ann", "metadata": {"source": {"type": "CONTACT", "id": "1"}}}]})
    for wrong in (
        {"names": [{"displayName": "Ann"}]},
        {"names": [{"metadata": {"primary": True}}]},
        {"photos": [{"url": "https://example.com/p"}]},
        {"phoneNumbers": [{"canonicalForm": "+4930"}]},
        {"metadata": {"sources": [{"updateTime": "2024-01-02T03:04:05Z"}]}},
        {"metadata": {"deleted": True}},
    ):
        assert validator("Person").is_valid(wrong) or "photos" in wrong
        assert not sent.is_valid(wrong), wrong


def test_methods_have_parameters_and_schemas() -> None:
    update = method("people.people.updateContact")
    assert (update.verb, update.path) == ("PATCH", "v1/{+resourceName}:updateContact")
    assert (update.request, update.response) == ("Person", "Person")
    assert "fileAses" not in mask_values(update.parameters["updatePersonFields"])
    assert "names" in mask_values(update.parameters["updatePersonFields"])
    assert len(methods()) == 24
    assert method("people.people.deleteContact").request is None
