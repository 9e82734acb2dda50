"""Short ways to make people in tests, as Google answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from polydex.connectors.google.draft import create
from polydex.connectors.google.edit import Edited, edit
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.read import Reading, read
from polydex.core.contact import Contact
from polydex.core.patch import Patch
from tests.google.discovery import validator
from tests.google.store import Google

Json = dict[str, Any]

SOURCE: Json = {"type": "CONTACT", "id": "5a3"}
PROFILE: Json = {"type": "PROFILE", "id": "117"}
LABELS = Labels({"contactGroups/1": "Friends", "contactGroups/2": "Work"})


def person(**fields: list[Json]) -> Json:
    """A person with these entries, which get the contact's source unless they have one."""
    document: Json = {
        "resourceName": "people/c652",
        "etag": "%EgU=",
        "metadata": {
            "sources": [SOURCE | {"etag": "#7=", "updateTime": "2024-05-06T07:08:09.123456Z"}],
            "objectType": "PERSON",
        },
    }
    for name, items in fields.items():
        document[name] = [{"metadata": {"source": SOURCE}} | item for item in items]
    validator("Person").validate(document)
    return document


def raw(document: Json) -> bytes:
    return msgspec.json.encode(document)


def reading(document: Json, labels: Labels = LABELS, region: str | None = None) -> Reading:
    return read(raw(document), labels, region)


def contact(document: Json, labels: Labels = LABELS, region: str | None = None) -> Contact:
    found = reading(document, labels, region).contact
    assert found is not None
    return found


def edited(document: Json, patch: Patch, labels: Labels = LABELS) -> Edited:
    return edit(raw(document), patch, labels, contact(document, labels))


def sent(document: Json, patch: Patch, labels: Labels = LABELS) -> Json:
    """The fields of an update by name; one that is cleared has no entry. The body is one that Google takes."""
    change = edited(document, patch, labels)
    body: Json = msgspec.json.decode(change.body)
    validator("Person", writable=True).validate(body)
    assert body.pop("resourceName") == document["resourceName"]
    assert body.pop("metadata") == {"sources": [SOURCE | {"etag": document["metadata"]["sources"][0]["etag"]}]}
    assert set(body) <= set(change.fields)
    return {name: body.get(name, []) for name in change.fields}


def after(document: Json, patch: Patch, labels: Labels = LABELS) -> Json:
    """The person that Google has after an update."""
    change = edited(document, patch, labels)
    return Google().update(document, msgspec.json.decode(change.body), change.fields) if change.fields else document


def made(draft: Contact, mark: str | None = None, native: Mapping[str, str] | None = None) -> Json:
    """The body of a new person, one that Google takes."""
    body: Json = msgspec.json.decode(create(draft, mark, native or {}, LABELS).body)
    validator("Person", writable=True).validate(body)
    return body


def bare(items: list[Json]) -> list[Json]:
    """Entries without their metadata."""
    return [{name: value for name, value in item.items() if name != "metadata"} for item in items]
