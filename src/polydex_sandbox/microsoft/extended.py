"""Extended properties and open extensions of a contact, as ``$expand`` asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from polydex_sandbox.microsoft import errors, filters, mapi
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.properties import Property

PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."
"""What stands before the name in the id of an open extension."""

_ITEM = re.compile(r"(?P<name>\w+)(?:\((?P<inner>.*)\))?", re.DOTALL)


def value(contact: Contact, mailbox: Mailbox, known: Property) -> Any:
    """Of an extended property: a text, or a list of texts; None when it is not there."""
    if known == mapi.HAS_PICTURE:
        return "true" if contact.key in mailbox.photos else "false"
    path = mapi.BOUND.get(known)
    return contact.extended.get(known) if path is None else mapi.get(contact.fields, path)


@dataclass(frozen=True)
class Expansion:
    """What ``$expand`` asks for.

    Attributes:
        single: extended properties with one value.
        multiple: extended properties with several.
        extensions: names of open extensions, in lower case.
        asked: which of the three were asked for.
    """

    single: tuple[Property, ...] = ()
    multiple: tuple[Property, ...] = ()
    extensions: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()

    def show(self, contact: Contact, mailbox: Mailbox, context: str) -> dict[str, Any]:
        """The members that it adds to a contact. Nothing of what was asked for is there: no member either.

        Args:
            contact: whose.
            mailbox: where it is.
            context: ``@odata.context`` of the contact.
        """
        found: dict[str, Any] = {}
        for name, properties in (
            ("singleValueExtendedProperties", self.single),
            ("multiValueExtendedProperties", self.multiple),
        ):
            values = [(known, value(contact, mailbox, known)) for known in properties]
            if shown := [{"id": known.text, "value": one} for known, one in values if one is not None]:
                found[f"{name}@odata.context"] = f"{context}/{name}"
                found[name] = shown
        if shown := [
            extension(name, content) for name, content in contact.extensions.items() if name.lower() in self.extensions
        ]:
            found["extensions@odata.context"] = f"{context}/extensions"
            found["extensions"] = shown
        return found


def extension(name: str, content: Any) -> dict[str, Any]:
    """An open extension as an answer shows it."""
    return {
        "@odata.type": "#microsoft.graph.openTypeExtension",
        "id": PREFIX + name,
        "extensionName": name,
        **content,
    }


def expansion(text: str | None) -> Expansion:
    """Out of ``$expand``. Raises GraphError: it asks for what cannot be expanded, or without a filter."""
    found: dict[str, Any] = {}
    names = set()
    for item in _items(text or ""):
        match = _ITEM.fullmatch(item.strip())
        name = match["name"].lower() if match else ""
        if name not in _EXPANDED:
            raise errors.bad_request(
                f"Parsing OData Select and Expand failed: Could not find a property named '{item.strip()}'."
            )
        member = _EXPANDED[name]
        names.add(member)
        ids = _ids(name, (match["inner"] if match else None) or "")
        if member == "extensions":
            found[member] = tuple(one.lower().removeprefix(PREFIX.lower()) for one in ids)
        else:
            found[member] = tuple(mapi.parse(one, multiple=member == "multiple") for one in ids)
    return Expansion(**found, asked=frozenset(names))


_EXPANDED = {
    "singlevalueextendedproperties": "single",
    "multivalueextendedproperties": "multiple",
    "extensions": "extensions",
}


def _items(text: str) -> list[str]:
    """Split at the commas that are in no parentheses and no text."""
    found, depth, quoted, begin = [], 0, False, 0
    for place, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
        elif char == "," and not quoted and depth == 0:
            found.append(text[begin:place])
            begin = place + 1
    return [one for one in (*found, text[begin:]) if one.strip()]


def _ids(name: str, inner: str) -> list[str]:
    option, _, condition = inner.partition("=")
    if option.strip().lower().removeprefix("$") != "filter":
        raise _unfiltered(name)
    return filters.ids(filters.parse(condition))


def _unfiltered(name: str) -> GraphError:
    """The code was reported for extensions; that for extended properties, and the texts, are unconfirmed."""
    if name == "extensions":
        return GraphError(
            400, "ErrorGraphExtensionExpandRequiresFilter", "Expanding extensions requires a filter on id."
        )
    return errors.bad_query("Expanding extended properties requires a filter on id.")
