"""What the simulator takes is what Google's description allows: random bodies, right and wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st
from starlette.datastructures import QueryParams

from polydex_sandbox.google import accept, methods, parse
from polydex_sandbox.google.errors import ApiError
from polydex_sandbox.google.schema import ENUMS, MESSAGES, READABLE, Member
from tests.google.discovery import validator

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXT, below, max_size=2),
    max_leaves=4,
)
TIMES = st.just("2026-01-01T00:00:00Z")


def values(kind: str, depth: int) -> st.SearchStrategy[Any]:
    if kind in MESSAGES:
        return bodies(kind, depth + 1)
    plain = {"text": TEXT, "bool": st.booleans(), "int32": st.integers(-(2**31), 2**31 - 1), "time": TIMES}
    plain["mask"] = st.lists(st.sampled_from(READABLE), max_size=2).map(",".join)
    return plain[kind] if kind in plain else st.sampled_from(ENUMS[kind])


def members(member: Member, depth: int) -> st.SearchStrategy[Any]:
    one = values(member.type, depth)
    if member.form == "map":
        return st.dictionaries(st.sampled_from(["people/c1", "people/me"]), one, max_size=2)
    return st.lists(one, max_size=2) if member.form == "list" else one


@st.composite
def bodies(draw: st.DrawFn, kind: str, depth: int = 0) -> dict[str, Any]:
    """A message that the description allows."""
    names = draw(st.lists(st.sampled_from(sorted(MESSAGES[kind])), unique=True, max_size=4 if depth < 3 else 1))
    return {name: draw(members(MESSAGES[kind][name], depth)) for name in names}


def outcome(act: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], ApiError | None]:
    try:
        return act(), None
    except ApiError as error:
        return {}, error


@given(body=bodies("Person"))
def test_every_body_that_is_described_is_read_as_it_is(body: dict[str, Any]) -> None:
    validator("Person").validate(body)
    assert parse.message("Person", body, "person") == body


@given(body=bodies("Person"), name=st.sampled_from(sorted(MESSAGES["Person"])) | TEXT, value=JSON)
def test_what_is_read_is_described_whatever_was_sent(body: dict[str, Any], name: str, value: Any) -> None:
    read, refusal = outcome(lambda: parse.message("Person", {**body, name: value}, "person"))
    if refusal is None:
        validator("Person").validate(read)
    else:
        assert (refusal.status, refusal.http) == ("INVALID_ARGUMENT", 400)


@given(body=bodies("Person"))
def test_what_is_kept_may_be_written(body: dict[str, Any]) -> None:
    """Nothing that is output only is kept, and what is kept is kept a second time."""
    try:
        kept = accept.fields_of(parse.message("Person", body, "person"))
    except ApiError:
        return
    validator("Person", writable=True).validate(kept)
    assert accept.fields_of(kept) == kept


@pytest.mark.parametrize("method", methods.METHODS, ids=lambda method: method.name)
@given(name=TEXT, value=TEXT)
def test_parameters_are_taken_or_refused(method: methods.Method, name: str, value: str) -> None:
    known = [*method.parameters, name]
    for one in known:
        pairs = QueryParams([(one, value)]).multi_items()
        found, refusal = outcome(functools.partial(parse.query, method, pairs))
        if refusal is None:
            assert set(found) <= set(method.parameters)
        else:
            assert refusal.http == 400
