"""Hypothesis strategies for people of every shape that Google's description allows."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.google.discovery import document
from tests.google.store import SINGLETONS, UPDATABLE
from tests.strategies import words

Json = dict[str, Any]

CONTACT: Json = {"type": "CONTACT", "id": "5a3"}
PROFILE: Json = {"type": "PROFILE", "id": "117"}
TYPES = (
    *("work", "home", "other", "mobile", "workMobile", "googleVoice", "pager", "radio", "companyMain", "Boat"),
    *("blog", "profile", "appInstallPage", "spouse", "manager", "assistant", "child", "Mentor", "school"),
)
_metadata = st.fixed_dictionaries(
    {}, optional={"source": st.sampled_from((CONTACT, CONTACT, CONTACT, PROFILE)), "sourcePrimary": st.just(True)}
)
_dates = st.fixed_dictionaries(
    {}, optional={"year": st.integers(0, 9999), "month": st.integers(0, 12), "day": st.integers(0, 31)}
)
_groups = st.sampled_from([f"contactGroups/{name}" for name in ("1", "2", "9", "myContacts", "starred")])


@cache
def _value(schema: str, member: str) -> st.SearchStrategy[Any]:
    described: Json = document()["schemas"][schema]["properties"][member]
    target = described.get("$ref")
    if target == "FieldMetadata":
        return _metadata
    if target == "Date":
        return _dates
    if target is not None:
        return entries(target)
    if "enum" in described:
        return st.sampled_from(described["enum"])
    if described["type"] == "array":
        return st.lists(words, max_size=2)
    if member == "type":
        return st.sampled_from(TYPES) | words
    if member == "contactGroupResourceName":
        return _groups
    if member == "key":
        return st.sampled_from(("polydex.mark", "other.app", "a")) | words
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": words,
        "boolean": st.booleans(),
        "integer": st.integers(-(2**31), 2**31 - 1),
    }
    return kinds[described["type"]]


@cache
def entries(schema: str) -> st.SearchStrategy[Json]:
    """Entries of a field, with something in them that is not made by Google."""
    members = document()["schemas"][schema]["properties"]
    content = {name for name, value in members.items() if not value.get("readOnly")} - {"metadata", "type"}
    return st.fixed_dictionaries({}, optional={name: _value(schema, name) for name in members}).filter(
        lambda entry: schema == "Photo" or any(entry.get(name) for name in content)
    )


def _field(name: str) -> st.SearchStrategy[list[Json]]:
    schema = document()["schemas"]["Person"]["properties"][name]["items"]["$ref"]
    items = entries(schema)
    if name == "memberships":  # the rest of one is output only
        items = items.filter(
            lambda entry: bool(entry.get("contactGroupMembership", {}).get("contactGroupResourceName"))
        )
    if name not in SINGLETONS:
        return st.lists(items, min_size=1, max_size=4)
    return st.lists(items, min_size=1, max_size=3).filter(lambda found: sum(map(of_contact, found)) <= 1)


def of_contact(item: Json) -> bool:
    """Whether an entry is of the contact, and not of a profile."""
    return bool(item.get("metadata", {}).get("source", CONTACT) == CONTACT)


@st.composite
def people(draw: st.DrawFn) -> Json:
    """A person with a contact source and any fields; without the bag, whose content is ours alone."""
    chosen = draw(st.sets(st.sampled_from((*UPDATABLE, "photos", "skills")), max_size=8))
    person: Json = {name: draw(_field(name)) for name in sorted(chosen)}
    source = CONTACT | {"etag": "#1=", "updateTime": "2024-05-06T07:08:09.123456Z"}
    return person | {
        "resourceName": "people/c652",
        "etag": "%1=",
        "metadata": {"sources": [source, PROFILE | {"etag": "#p="}], "objectType": "PERSON"},
    }
