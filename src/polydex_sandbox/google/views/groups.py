"""contactGroups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.google import errors, listing, parse
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact
from polydex_sandbox.google.errors import ApiError
from polydex_sandbox.google.group import GROWING, SYSTEM, Group
from polydex_sandbox.google.schema import GROUP_READABLE, GROUP_UPDATABLE

MOST_READ = 200
MOST_MODIFIED = 1000
_DEFAULT = ("metadata", "groupType", "memberCount", "name")
_DEFAULT_WRITTEN = ("metadata", "groupType", "name")


def list_groups(call: Call) -> dict[str, Any]:
    fields = _fields(call, call.query, "groupFields", _DEFAULT)
    size = listing.page_size(call.query.get("pageSize", 0), 30)
    page = listing.page(
        call,
        "contactGroups",
        call.book.groups,
        size=size,
        order=lambda group: group.seq,
        sync=True,
        fixed={},
        while_walking={"fields": list(fields), "size": size},
    )
    shown = [
        {"resourceName": one.name, "etag": one.etag, "metadata": {"deleted": True}}
        if one.deleted
        else _show(call, one, fields)
        for one in page.items
    ]
    total = {"totalItems": page.total} if page.total else {}
    return {**({"contactGroups": shown} if shown else {}), **total, **page.tokens}


def get(call: Call) -> dict[str, Any]:
    fields, most = _fields(call, call.query, "groupFields", _DEFAULT), _most(call)
    return _show(call, call.book.group(call.target), fields, most)


def batch_get(call: Call) -> dict[str, Any]:
    fields, most = _fields(call, call.query, "groupFields", _DEFAULT), _most(call)
    names = call.query.get("resourceNames", [])
    if not 0 < len(names) <= MOST_READ:
        raise errors.invalid(f"Request must have 1 to {MOST_READ} resource_names.")
    return {"responses": [_response(call, name, fields, most) for name in names]}


def _response(call: Call, name: str, fields: Sequence[str], most: int) -> dict[str, Any]:
    try:
        if not name.startswith("contactGroups/"):
            raise errors.not_found()
        shown = _show(call, call.book.group(name), fields, most)
    except ApiError as error:
        return {"requestedResourceName": name, "status": error.rpc()}
    return {"requestedResourceName": name, "contactGroup": shown, "status": {}}


def _most(call: Call) -> int:
    most: int = call.query.get("maxMembers", 0)
    if most < 0:
        raise errors.invalid("max_members must not be negative.")
    return most


def create(call: Call) -> dict[str, Any]:
    readable = [field for field in GROUP_READABLE if field != "memberCount"]
    fields = _fields(call, call.body, "readGroupFields", _DEFAULT_WRITTEN, readable)
    given = _group(call)
    group = call.book.create_group(given.get("name", ""), given.get("clientData", []))
    return _show(call, group, fields)


def update(call: Call) -> dict[str, Any]:
    fields = _fields(call, call.body, "readGroupFields", _DEFAULT_WRITTEN)
    mask = _fields(call, call.body, "updateGroupFields", ("name",), GROUP_UPDATABLE)
    given = _group(call)
    group = call.book.group(call.target)
    if given.get("etag", group.etag) != group.etag:
        raise errors.precondition("Request contact_group.etag is different than the current contact_group.etag.")
    changes = {}
    if "name" in mask:
        changes["title"] = given.get("name", "")
    if "clientData" in mask:
        changes["client_data"] = given.get("clientData", [])
    again = call.setting("google-group-rename-is-silent")["members"]
    return _show(call, call.book.update_group(group, again=again, **changes), fields)


def delete(call: Call) -> dict[str, Any]:
    contacts = call.query.get("deleteContacts", False)
    call.book.delete_group(call.book.group(call.target), contacts=contacts, same_etag=call.same_etag)
    return {}


def modify(call: Call) -> dict[str, Any]:
    add, remove = (call.body.get(f"resourceNamesTo{what}", []) for what in ("Add", "Remove"))
    if len(add) + len(remove) > MOST_MODIFIED:
        raise errors.invalid(f"Request must have at most {MOST_MODIFIED} resource names to add and to remove.")
    group = call.book.group(call.target)
    if add and group.id in SYSTEM and group.id not in GROWING:
        raise errors.invalid(f"Contacts cannot be added to the system group {group.name}.")
    same_etag = call.same_etag
    missing: list[str] = []
    last: list[str] = []
    for name in add:
        contact = _contact(call, name, missing)
        if contact is not None and group.id not in contact.groups:
            call.book.set_groups(contact, (*contact.groups, group.id), same_etag=same_etag)
    for name in remove:
        contact = _contact(call, name, missing)
        if contact is not None and group.id in contact.groups:
            left = tuple(one for one in contact.groups if one != group.id)
            if left:
                call.book.set_groups(contact, left, same_etag=same_etag)
            else:
                last.append(name)
    found = {"notFoundResourceNames": missing, "canNotRemoveLastContactGroupResourceNames": last}
    return {name: names for name, names in found.items() if names}


def _contact(call: Call, name: str, missing: list[str]) -> Contact | None:
    try:
        return call.book.contact(name)
    except ApiError:
        missing.append(name)
        return None


def _group(call: Call) -> dict[str, Any]:
    given: dict[str, Any] | None = call.body.get("contactGroup")
    if given is None:
        raise errors.invalid("Request must set contact_group.")
    return given


def _fields(
    call: Call,
    message: dict[str, Any],
    name: str,
    default: Sequence[str],
    known: Sequence[str] = GROUP_READABLE,
) -> Sequence[str]:
    fields = parse.mask(message.get(name))
    call.check_mask(name, fields, known)
    return fields or default


def _show(call: Call, group: Group, fields: Sequence[str], most: int = 0) -> dict[str, Any]:
    members = call.book.members(group)
    known = {
        "metadata": {} if group.system else {"updateTime": rfc3339(group.at)},
        "groupType": "SYSTEM_CONTACT_GROUP" if group.system else "USER_CONTACT_GROUP",
        "memberCount": len(members),
        "clientData": list(group.client_data),
        "name": group.title,
    }
    shown: dict[str, Any] = {"resourceName": group.name, "etag": group.etag}
    shown |= {name: value for name, value in known.items() if name in fields and value}
    if "name" in fields:
        shown["formattedName"] = SYSTEM.get(group.id, group.title)
    if names := [member.name for member in members[:most]]:
        shown["memberResourceNames"] = names
    return shown
