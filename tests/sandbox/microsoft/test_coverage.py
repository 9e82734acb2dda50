"""The page that tells what is simulated is up to date, and true."""

from __future__ import annotations

from typing import Any

import pytest

from polydex_sandbox.microsoft.routes import OPERATIONS
from tests.docs.blocks import text
from tests.sandbox.microsoft import coverage
from tests.sandbox.microsoft.api import Api


def test_the_page_is_what_the_program_makes() -> None:
    assert text(coverage.PAGE) == coverage.page()


def test_no_note_is_of_something_that_is_not_there() -> None:
    assert coverage.unused_notes() == set()


def test_every_operation_is_described_or_told_beside() -> None:
    found = {coverage.operation_of(verb, path) for path, verb, _, _ in coverage.described()}
    names = {operation.name for operation in found if operation is not None}
    assert names | set(coverage.BEYOND) == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize(("path", "verb", "parameters"), [
    (path, verb, parameters) for path, verb, _, parameters in coverage.described()
    if verb == "GET" and "{subscription-id}" not in path
])  # fmt: skip
async def test_options_are_refused_or_not_as_the_page_says(
    api: Api, path: str, verb: str, parameters: list[dict[str, Any]]
) -> None:
    operation = coverage.operation_of(verb, path)
    assert operation is not None
    contact = (await api.create({"givenName": "Ada", "extensions": [{"extensionName": "x"}]}))["id"]
    folder = await api.folder("Friends")
    real = path.replace("{contact-id}", contact).replace("{contactFolder-id}", folder).replace("{extension-id}", "x")
    texts = {
        "select": "id",
        "top": "1",
        "skip": "1",
        "count": "true",
        "filter": "id eq 'x'" if operation.name == "extensions.list" else "displayName eq 'x'",
        "orderby": "displayName",
        "search": "x",
        "expand": "extensions($filter=id eq 'x')",
    }
    for parameter in parameters:
        name = str(parameter["name"]).removeprefix("$")
        if parameter["in"] != "query" or name not in texts:
            continue
        answer = await api.http.request(
            verb, f"/v1.0{real}", params={f"${name}": texts[name]}, headers={"Authorization": "Bearer tok"}
        )
        refused = answer.status_code in (400, 500)
        assert refused is (coverage.state(operation, parameter) == "refused"), (name, answer.text)


@pytest.mark.parametrize(("path", "verb", "parameters"), [
    (path, verb, parameters) for path, verb, _, parameters in coverage.described()
    if "/me" in path and any(one["name"] == "If-Match" for one in parameters) and "photo" not in path
])  # fmt: skip
async def test_an_if_match_counts_or_not_as_the_page_says(
    api: Api, path: str, verb: str, parameters: list[dict[str, Any]]
) -> None:
    operation = coverage.operation_of(verb, path)
    assert operation is not None
    contact = (await api.create({"givenName": "Ada", "extensions": [{"extensionName": "x"}]}))["id"]
    folder = await api.folder("Friends")
    real = path.replace("{contact-id}", contact).replace("{contactFolder-id}", folder).replace("{extension-id}", "x")
    answer = await api.send(verb, real, {"surname": "x"} if verb == "PATCH" else None, If_Match='W/"old"')
    (header,) = (one for one in parameters if one["name"] == "If-Match")
    assert (answer.status_code == 412) is (coverage.state(operation, header) == "implemented"), answer.text
