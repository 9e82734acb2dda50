"""Writes docs/reference/microsoft-sandbox-coverage.md out of Microsoft's description and what the simulator does.

python -m tests.sandbox.microsoft.coverage > docs/reference/microsoft-sandbox-coverage.md
"""

from __future__ import annotations

import sys
from typing import Any

from polydex_sandbox.microsoft import routes
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.routes import OPERATIONS, Operation
from tests.microsoft.contract import document

PAGE = "docs/reference/microsoft-sandbox-coverage.md"

NOTES = {
    "batch": "20 parts, four at a time in one mailbox; `dependsOn`; each part has its own status",
    "me.get": "what Graph shows unless it is asked for more",
    "translateExchangeIds": "1000 ids at most, of all five forms; each has its own errorDetails",
    "contacts.list": "of one folder; 10 on a page; a page is a position, so what changes meanwhile can be missed",
    "contacts.list $top": "the size of a page, 1000 at most",
    "contacts.list $filter": "`eq`, `ne`, `gt`, `ge`, `lt`, `le`, `startswith`, `and`, `or`, `not`, of texts and times; "
    "`any` over `emailAddresses` (address), collections of texts, and `singleValueExtendedProperties` (id and value)",
    "contacts.list $orderby": "by texts and times; with a filter only by what the filter begins with",
    "contacts.list $expand": "extended properties and open extensions, with a filter on their ids",
    "contacts.list $count": "contact lists are counted, and never shown",
    "contacts.create": "3 e-mail addresses, 2 + 2 telephone numbers",
    "contacts.get": "by its id in whatever folder; see the quirk `graph-folder-in-path`",
    "contacts.update": "`If-Match`; another `parentFolderId` moves the contact (documented, not confirmed); `extensions` "
    "are answered with 500",
    "contacts.delete": "into Deleted Items",
    "contacts.permanentDelete": "",
    "contacts.delta": "ten on a page, or as `Prefer: odata.maxpagesize` wants it, up to 512",
    "contacts.delta $select": "narrows which changes are told; refused in personal mailboxes",
    "contacts.delta $expand": "500 in work mailboxes, refused in personal ones",
    "contacts.delta $count": "says nothing",
    "contacts.delta $skip": "says nothing",
    "contactFolders.list": "the folders in that of the path, or in the default one, which is not listed itself",
    "contactFolders.create": "a name is taken once in a folder",
    "contactFolders.update": "another `parentFolderId` moves the folder",
    "contactFolders.delete": "into Deleted Items, with everything in it",
    "contactFolders.delta": "in one page",
    "contactFolders.delta $count": "says nothing",
    "contactFolders.delta $skip": "says nothing",
    "photo.get": "the size of the picture itself; contacts have no other sizes",
    "photo.upload": "JPEG or PNG under 4 MB; nothing at all removes the photo; no change of the contact",
    "extensions.update": "null removes a property",
    "subscriptions.create": "on contacts of a mailbox or folder; the handshake comes first; 10,080 minutes at most",
}
"""What a table cannot show: of an operation, or of one of its query options."""

REFUSED = {
    *(("contacts.list", name) for name in ("search",)),
    *(("contactFolders.list", name) for name in ("search", "filter", "orderby", "expand")),
    *((f"{kind}.delta", name) for kind in ("contacts", "contactFolders") for name in
      ("top", "search", "filter", "orderby", "expand")),
    ("contactFolders.get", "expand"),
    ("me.get", "expand"),
}  # fmt: skip
"""Query options that are known and refused, as Graph does, or (of folders and users) because they are not simulated."""

HELD = {"contacts.update", "contacts.delete"}
"""Operations whose `If-Match` counts; folders, extensions and subscriptions have no etag."""

BEYOND = {
    "contacts.count": "`GET .../contacts/$count`: a number alone",
    "contactFolders.count": "`GET .../contactFolders/$count`",
}
"""Operations that Microsoft's description does not have."""


def operation_of(verb: str, path: str) -> Operation | None:
    """What is called; None when Graph refuses the call as not supported."""
    try:
        found, _ = routes.find(verb, path.replace("{", "x").replace("}", ""))
    except GraphError:
        return None
    return found


def described() -> list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Path, verb, the operation of the description, and its parameters."""
    found = []
    for path, item in sorted(document()["paths"].items()):
        for verb in ("get", "post", "put", "patch", "delete"):
            if verb in item:
                parameters = [*item.get("parameters", ()), *item[verb].get("parameters", ())]
                found.append((path, verb.upper(), item[verb], [_resolved(one) for one in parameters]))
    return found


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def state(operation: Operation, parameter: dict[str, Any]) -> str:
    """What happens to a parameter."""
    if parameter["name"] == "Prefer" and operation.node in routes.APART and operation.name != "subscriptions.create":
        return "ignored"
    if parameter["in"] == "header":
        return "ignored" if parameter["name"] == "If-Match" and operation.name not in HELD else "implemented"
    name = parameter["name"].removeprefix("$")
    if name in operation.options:
        return "refused" if (operation.name, name) in REFUSED else "implemented"
    return "refused"


def page() -> str:
    """The whole page."""
    lines = [
        "# Microsoft in the sandbox: what is there",
        "",
        (
            "Every path and query option of contacts in Microsoft Graph v1.0, as Microsoft describes them; each is below "
            "`/v1.0`, and what begins with `/me` is below `/users/ID` too."
        ),
        "This page is made by `python -m tests.sandbox.microsoft.coverage`; a test makes it again and compares.",
        "See [Sandbox](sandbox.md) for how to use it.",
        "",
        (
            "Members of request bodies are read by their types for every property of `contact`, `emailAddress`, "
            "`physicalAddress` and `contactFolder`; unknown ones, those that are read-only and those that are there twice "
            "are refused."
        ),
        "",
        "| path | verb | query option or header | state | note |",
        "|---|---|---|---|---|",
    ]
    for path, verb, _, parameters in described():
        operation = operation_of(verb, path)
        if operation is None:
            lines.append(f"| `{path}` | {verb} | | refused | 405, The OData request is not supported |")
            continue
        lines.append(f"| `{path}` | {verb} | | implemented | {NOTES.get(operation.name, '')} |")
        for parameter in sorted(parameters, key=lambda one: str(one["name"])):
            if parameter["in"] == "path":
                continue
            name = parameter["name"]
            note = NOTES.get(f"{operation.name} {name}", "")
            lines.append(f"| | | `{name}` | {state(operation, parameter)} | {note} |")
    lines += ["", "Beside them there are:", ""]
    lines += [f"- {text}" for text in BEYOND.values()]
    return "\n".join(lines) + "\n"


def unused_notes() -> set[str]:
    """Notes of what is not there."""
    known = {operation.name for operation in OPERATIONS}
    known |= {f"{operation.name} ${name}" for operation in OPERATIONS for name in operation.options}
    return set(NOTES) - known


if __name__ == "__main__":
    sys.stdout.write(page())
