"""Writes docs/reference/google-sandbox-coverage.md out of Google's discovery document and what the simulator does.

python -m tests.sandbox.google.coverage > docs/reference/google-sandbox-coverage.md
"""

from __future__ import annotations

import json
import sys
from typing import Any

from polydex_sandbox.exchange import autodiscover, notifying, quirks as exchange
from polydex_sandbox.google.methods import BY_NAME, METHODS
from polydex_sandbox.google.quirks import CATALOGUE
from polydex_sandbox.identity.google import quirks as identity
from polydex_sandbox.identity.microsoft import quirks as entra
from polydex_sandbox.microsoft import quirks as graph
from tests.google.discovery import document

PAGE = "docs/reference/google-sandbox-coverage.md"

NOTES = {
    "people.connections.list": "a walk sees the account as it was at its first page, and its sync token is of then",
    "people.connections.list pageSize": "1 to 1000, 0 is 100; anything else is refused",
    "people.connections.list sortOrder": "with sync tokens `LAST_MODIFIED_ASCENDING` only",
    "people.connections.list resourceName": "`people/me` only",
    "people.get": '`people/me`, a linked profile\'s account id, a contact, an "other contact" with its source',
    "people.getBatchGet": "200 names at most; each has its own status",
    "people.searchContacts": "out of a cache that a query for nothing brings up to date",
    "people.searchContacts pageSize": "capped to 30",
    "people.createContact": "without memberships the contact is in `myContacts`",
    "people.updateContact": "the etag of the source goes before that of the person",
    "people.deleteContact": "into the trash, for 30 days",
    "people.batchCreateContacts": "200 at most, whole or not at all: `BatchCreateContactsErrorDetails`",
    "people.batchUpdateContacts": "200 at most, whole or not at all: `BatchUpdateContactsErrorDetails`",
    "people.batchDeleteContacts": "500 at most, whole or not at all",
    "people.updateContactPhoto": "JPEG or PNG; served in every size",
    "people.deleteContactPhoto": "of a contact without a photo too",
    "otherContacts.list sources": "`READ_SOURCE_TYPE_CONTACT`, with or without `READ_SOURCE_TYPE_PROFILE`",
    "otherContacts.search": "out of a cache that a query for nothing brings up to date",
    "otherContacts.search pageSize": "capped to 30",
    "otherContacts.copyOtherContactToMyContactsGroup": 'it is no "other contact" any more then',
    "contactGroups.list": "the system groups too",
    "contactGroups.batchGet": "200 names at most; each has its own status",
    "contactGroups.create": "a name that is taken, whatever its case, is 409",
    "contactGroups.update": "system groups are refused",
    "contactGroups.delete": "system groups are refused; who was in no other group goes to `myContacts`",
    "contactGroups.members.modify": "1000 names at most; only `myContacts` and `starred` of the system groups grow",
}
"""What a table cannot show: of a method, or of one of its parameters."""

COMMON = {
    "$.xgafv": ("implemented", "both formats have the same members here"),
    "access_token": ("implemented", "in place of the header"),
    "alt": ("`json`", "`media` and `proto` are refused"),
    "callback": ("refused", ""),
    "fields": ("refused", "partial answers"),
    "key": ("ignored", "a token is needed all the same"),
    "oauth_token": ("implemented", "in place of the header"),
    "prettyPrint": ("ignored", "answers are always compact"),
    "quotaUser": ("ignored", ""),
    "uploadType": ("ignored", "there are no uploads"),
    "upload_protocol": ("ignored", "there are no uploads"),
}
"""Parameters of every method -> what happens to them."""


def page() -> str:
    """The whole page."""
    lines = [
        "# Google in the sandbox: what is there",
        "",
        (
            "Every method and parameter of the People API, as Google's discovery document "
            f"(revision {document()['revision']}) lists them."
        ),
        "This page is made by `python -m tests.sandbox.google.coverage`; a test makes it again and compares.",
        "See [Sandbox](sandbox.md) for how to use it.",
        "",
        (
            "Members of request bodies are read, and unknown ones refused, for every message of the document; what is "
            "output only there is ignored in requests. Deprecated fields (`residences`, `taglines` and the like) are known "
            "and never kept, as are `fileAses` and `skills`."
        ),
        "",
        "## Methods",
        "",
        "| method | parameter | state | note |",
        "|---|---|---|---|",
    ]
    for name, described in sorted(_methods(document())):
        method = BY_NAME[name]
        state = "implemented" if method.refused is None else "refused"
        note = NOTES.get(name, "") if method.refused is None else f"as for a consumer account: {method.refused}"
        lines.append(f"| `{name}` | | {state} | {note} |")
        for parameter in sorted(described.get("parameters", {})):
            known = parameter == "resourceName" or parameter in method.parameters
            where = state if known else "unknown"
            lines.append(f"| | `{parameter}` | {where} | {NOTES.get(f'{name} {parameter}', '')} |")
        if "request" in described:
            lines.append(f"| | body `{described['request']['$ref']}` | {state} | |")
    lines += ["", "## Parameters of every method", "", "| parameter | state | note |", "|---|---|---|"]
    lines += [f"| `{name}` | {COMMON[name][0]} | {COMMON[name][1]} |" for name in sorted(document()["parameters"])]
    return "\n".join(lines) + "\n"


def quirks() -> str:
    """The table of docs/reference/sandbox.md."""
    lines = ["| quirk | what happens | parameters | source |", "|---|---|---|---|"]
    for quirk in (
        *CATALOGUE,
        *identity.CATALOGUE,
        *entra.CATALOGUE,
        *graph.CATALOGUE,
        *exchange.CATALOGUE,
        *autodiscover.QUIRKS,
        *notifying.QUIRKS,
    ):
        parameters = []
        for name, value in quirk.parameters.items():
            others = [f"`{json.dumps(one)}`" for one in quirk.choices.get(name, ()) if one != value]
            parameters.append(f"`{name}` = `{json.dumps(value)}`" + (f" (or {', '.join(others)})" if others else ""))
        always = " (always on)" if quirk.always else ""
        lines.append(f"| `{quirk.id}`{always} | {quirk.text} | {', '.join(parameters)} | [source]({quirk.source}) |")
    return "\n".join(lines) + "\n"


def _methods(resource: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(method["id"].removeprefix("people."), method) for method in resource.get("methods", {}).values()]
    for below in resource.get("resources", {}).values():
        found += _methods(below)
    return found


def unused_notes() -> set[str]:
    """Notes of what is not in the document."""
    known = {method.name for method in METHODS}
    known |= {
        f"{name} {parameter}" for name, described in _methods(document()) for parameter in described["parameters"]
    }
    return set(NOTES) - known


if __name__ == "__main__":
    sys.stdout.write(page())
