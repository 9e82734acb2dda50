"""What Exchange makes of a contact by itself: its names, the names of its e-mail addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def display_name(fields: Mapping[str, Any]) -> str | None:
    """Of the name's parts, else of the company or the first e-mail address. The order of the parts is unconfirmed."""
    parts = _joined(fields, "givenName", "middleName", "surname", "generation")
    return parts or fields.get("companyName") or _first_address(fields)


def file_as(fields: Mapping[str, Any]) -> str | None:
    """``Surname, Given Middle``, Exchange's way of filing; the form for other languages is beyond this simulation."""
    given = _joined(fields, "givenName", "middleName")
    name = ", ".join(part for part in (fields.get("surname"), given) if part)
    return name or fields.get("companyName") or _first_address(fields)


def named(emails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """E-mail addresses, each with a name: its address when it had none.

    Seen at https://github.com/microsoftgraph/microsoft-graph-docs/issues/6423; an entry that says nothing is dropped.
    """
    found = []
    for one in emails:
        name, address = one.get("name"), one.get("address")
        if name or address:
            found.append({"name": name or address, **({"address": address} if address else {})})
    return found


def _joined(fields: Mapping[str, Any], *names: str) -> str:
    return " ".join(fields[name] for name in names if fields.get(name))


def _first_address(fields: Mapping[str, Any]) -> str | None:
    return next((one["address"] for one in fields.get("emailAddresses", ()) if "address" in one), None)
