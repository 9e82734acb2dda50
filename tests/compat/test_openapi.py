"""/openapi.json covers every route, is valid, and is compatible with what programs written for Aurinko call."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from polydex.api.app import operations
from polydex.api.openapi import document
from tests.contract.server.house import House

# Method, path and query or header parameters of the contract that existing programs are written for.
CONTRACT = {
    "POST /v1/contacts/sync": "",
    "GET /v1/contacts/sync/updated": "deltaToken pageToken",
    "GET /v1/contacts/sync/deleted": "deltaToken pageToken",
    "GET /v1/contacts/{contId}": "bodyType nativeProperties withPhoto includeUpdateToken",
    "PATCH /v1/contacts/{contId}": "If-Match",
    "DELETE /v1/contacts/{contId}": "",
    "POST /v1/contacts": "",
    "GET /v1/account": "pingProvider includeProviderAuth",
    "DELETE /v1/account": "",
    "DELETE /v1/account/token": "",
    "GET /v1/am/accounts": "limit offset authOrgId serviceType subscriptionId",
    "POST /v1/am/accounts": "userAccount userId recycleKeys ensureAccess",
    "GET /v1/am/accounts/{id}": "",
    "DELETE /v1/am/accounts/{id}": "",
    "POST /v1/am/accounts/connect": "",
    "POST /v1/auth/prepare": "",
    "GET /v1/auth/authorize": "clientId serviceType scopes nativeScopes responseType accountId loginHint returnUrl "
    "state clientOrgId serverUrl ensureScopes ensureAccess recycle authEmail",
    "GET /v1/auth/authorizeDaemon": "clientId serviceType scopes nativeScopes responseType accountId returnUrl state "
    "clientOrgId ensureScopes",
    "GET /v1/auth/authorizeUser": "clientId mailboxInfo serviceType scopes nativeScopes responseType accountId "
    "loginHint returnUrl state accountRole userId timestamp userSignature serverUrl ensureScopes ensureAccess token",
    "GET /v1/auth/token/{code}": "",
    "POST /v1/auth/token/{code}": "",
    "GET /v1/subscriptions": "limit offset includeInactive",
    "POST /v1/subscriptions": "",
    "GET /v1/subscriptions/{id}": "",
    "DELETE /v1/subscriptions/{id}": "",
}


@pytest.fixture(scope="module")
def described() -> Any:
    return document(operations())


@pytest.mark.parametrize("call", CONTRACT)
def test_every_call_of_the_contract_is_there_with_its_parameters(call: str, described: Any) -> None:
    method, path = call.split()
    operation = described["paths"][path][method.lower()]
    names = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] != "path"}
    assert names >= set(CONTRACT[call].split())


async def test_every_route_is_described_and_nothing_else(house: House, described: Any) -> None:
    routes = {template.replace(":path}", "}") for template in house.app.paths.templates}
    parts_of_the_page = {"/docs/docs.css", "/docs/docs.js", "/docs/icon.svg"}
    assert routes == set(described["paths"]) | parts_of_the_page
    for path in parts_of_the_page:
        assert (await house.anyone.get(path)).status == 200
    served = await house.anyone.get("/openapi.json")
    assert served.json == described


def test_the_document_refers_only_to_what_it_has(described: Any) -> None:
    assert described["openapi"].startswith("3.1")
    ids = [each["operationId"] for methods in described["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))
    text = json.dumps(described)
    for part in text.split('"$ref": "#/')[1:]:
        at: Any = described
        for key in part.split('"')[0].split("/"):
            at = at[key]
    for schema in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


async def test_the_page_needs_no_other_host(house: House) -> None:
    for path in ("/docs", "/docs/docs.js", "/docs/docs.css"):
        answer = await house.anyone.get(path)
        assert answer.status == 200
        assert b"http://" not in answer.body
        assert b"https://" not in answer.body
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def parts(described: Any) -> Iterator[tuple[str, Any, Any]]:
    """Everything that has a description: its place, what it is, and its schema if it has one."""
    yield "info", described["info"], None
    for tag in described["tags"]:
        yield f"tag {tag['name']}", tag, None
    for status, response in described["components"]["responses"].items():
        yield from answered(f"every {status}", response)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            place = f"{method.upper()} {path}"
            yield place, operation, None
            for parameter in operation.get("parameters", []):
                yield f"{place} {parameter['name']}", parameter, parameter["schema"]
            if body := operation.get("requestBody"):
                yield f"{place} body", body, None
                (content,) = body["content"].values()
                yield f"{place} body", {**content, "description": body["description"]}, content["schema"]
            for status, response in operation["responses"].items():
                if "$ref" not in response:
                    yield from answered(f"{place} {status}", response)


def answered(place: str, response: Any) -> Iterator[tuple[str, Any, Any]]:
    yield place, response, None
    if "content" not in response:  # an answer without a body
        return
    (content,) = response["content"].values()
    yield place, {**content, "description": response["description"]}, content["schema"]


def resolved(described: Any, schema: Any) -> Any:
    return {**schema, "components": described["components"]}


def test_everything_has_a_description_and_a_valid_example(described: Any) -> None:
    seen = 0
    for place, part, schema in parts(described):
        assert part["description"].rstrip().endswith("."), place
        if schema is not None:
            assert part["example"] is not None, place
            validator = jsonschema.Draft202012Validator(
                resolved(described, schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
            )
            validator.validate(part["example"])
            seen += 1
    assert seen > 100


def test_every_tag_is_described(described: Any) -> None:
    used = {tag for methods in described["paths"].values() for each in methods.values() for tag in each["tags"]}
    assert used == {tag["name"] for tag in described["tags"]}


def test_an_operation_says_more_than_its_summary(described: Any) -> None:
    summaries = [each["summary"] for methods in described["paths"].values() for each in methods.values()]
    for methods in described["paths"].values():
        for operation in methods.values():
            assert len(operation["description"]) > len(operation["summary"]), operation["operationId"]
    doubled = {summary for summary in summaries if summaries.count(summary) > 1}
    assert doubled <= {"Get an account", "Delete an account"}, doubled


def test_examples_in_schemas_are_valid(described: Any) -> None:
    for schema in described["components"]["schemas"].values():
        for example in schema.get("examples", []):
            jsonschema.Draft202012Validator(resolved(described, schema)).validate(example)


def test_no_schema_promises_null_where_absent_is_promised(described: Any) -> None:
    """Only what is taken may be null; of what is given, only ``kept`` of a loss."""
    for name, schema in described["components"]["schemas"].items():
        if name.endswith(("In", "Draft", "Patch", "InDto")) or name == "Loss":
            continue
        assert '"null"' not in json.dumps(schema), name


@pytest.mark.parametrize("name", ["ContactsPage", "DeletedPage"])
def test_a_page_of_a_feed_has_exactly_one_token(described: Any, name: str) -> None:
    validator = jsonschema.Draft202012Validator(resolved(described, described["components"]["schemas"][name]))
    page = {"length": 0, "records": []}
    page_token, delta_token = {"nextPageToken": "a"}, {"nextDeltaToken": "b"}
    assert validator.is_valid({**page, **page_token})
    assert validator.is_valid({**page, **delta_token})
    assert not validator.is_valid(page)
    assert not validator.is_valid({**page, **page_token, **delta_token})


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"phoneNumbers": [{"number": "1", "type": "WORKFAX"}]}, True),
        ({"phoneNumbers": [{"value": "1", "type": " work "}]}, True),
        ({"phoneNumbers": [{"number": "1", "type": ""}, None]}, True),
        ({"phoneNumbers": [{"number": "1", "type": "car"}]}, False),
        ({"phoneNumbers": [{"number": 1}]}, False),
        ({"relations": [{"type": "\u212asPouse"}]}, False),
        ({"company": {"companyName": 1}}, False),
        ({"company": {"yomiName": None}, "urls": [{"value": ""}]}, True),
        ({"id": 1, "unheardOf": [], "hasPhoto": "x", "nickName": "a"}, True),
        ({"nativeProperties": {"X-A": None}}, True),
        ({"nativeProperties": {" ": "x"}}, False),
        ({"nativeProperties": {"X-A": 1}}, False),
        ({"photo": None, "keywords": ["a", None]}, True),
        ({"keywords": "a"}, False),
    ],
)
async def test_the_description_takes_what_the_server_takes(described: Any, house: House, body: Any, fits: bool) -> None:
    schema = resolved(described, described["components"]["schemas"]["ContactPatch"])
    assert jsonschema.Draft202012Validator(schema).is_valid(body) is fits
    client = await house.ready(contacts=1)
    contact = (await client.get("/v1/contacts")).json["records"][0]["id"]
    answer = await client.patch(f"/v1/contacts/{contact}", body)
    assert answer.status == (200 if fits else 400), answer.body
