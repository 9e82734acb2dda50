"""Whether a contact fits a filter, and the order of contacts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft import errors, extended, filters, mapi
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.filters import AnyOf, Both, Compare, Node, Not
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.schema import NAVIGATION, PROPERTIES
from polydex_sandbox.properties import time_of

Test = Callable[[Contact], bool]

_TIMES = ("birthday", "createdDateTime", "lastModifiedDateTime")
_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "startswith": str.startswith,
    "contains": operator.contains,
}


_KINDS = {
    "eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan",
    "le": "LessThanOrEqual",
}  # fmt: skip
"""What Microsoft's OData library calls them."""


def test_of(node: Node, mailbox: Mailbox) -> Test:
    """A filter as a test of contacts. Raises GraphError: it asks for what cannot be asked for."""
    if isinstance(node, Both):
        left, right = test_of(node.left, mailbox), test_of(node.right, mailbox)
        if node.either:
            return lambda contact: left(contact) or right(contact)
        return lambda contact: left(contact) and right(contact)
    if isinstance(node, Not):
        inner = test_of(node.inner, mailbox)
        return lambda contact: not inner(contact)
    if isinstance(node, AnyOf):
        return _any(node, mailbox)
    return _property(node)


def _known(path: tuple[str, ...]) -> str:
    name = path[0]
    if name not in PROPERTIES and name not in NAVIGATION:
        raise errors.unknown_name(name)
    return name


def _check_type(node: Compare, wanted: Collection[str]) -> None:
    """Raises GraphError: the value is of another type; the first one wanted is that of the property."""
    if node.kind and node.kind not in wanted:
        first = next(iter(wanted))
        raise errors.bad_types(f"'{first}' and '{node.kind}'", _KINDS.get(node.operator, "Equal"))


def _property(node: Compare) -> Test:
    name = _known(node.path)
    kind = PROPERTIES.get(name)
    # That contains and endswith are refused: the documentation of contacts names eq and startswith only.
    if len(node.path) > 1 or node.operator in ("contains", "endswith"):
        raise errors.bad_filter()
    if (kind not in ("text", "time") and name not in _TIMES) or name == "parentFolderId":
        raise errors.bad_filter()
    wanted = _wanted_time(node) if name in _TIMES else _wanted_text(node)
    compare = _COMPARED[node.operator]

    def test(contact: Contact) -> bool:
        value = value_of(contact, name)
        if value is None or wanted is None:
            equal = value is wanted
            return equal if node.operator == "eq" else node.operator == "ne" and not equal
        return compare(value, wanted)

    return test


def _wanted_text(node: Compare) -> str | None:
    _check_type(node, (filters.TEXT,))
    return None if node.value is None else node.value.casefold()


def _wanted_time(node: Compare) -> str | None:
    """Without quotes; a day alone is its first moment.

    So at https://learn.microsoft.com/graph/filter-query-parameter: ``receivedDateTime ge 2017-04-01``.
    """
    if node.operator == "startswith":
        raise errors.bad_filter()
    _check_type(node, (filters.TIME, filters.DATE))
    if node.value is None:
        return None
    found = time_of(f"{node.value}T00:00:00Z" if node.kind == filters.DATE else node.value)
    if found is None:
        raise errors.bad_request(
            f"Invalid filter clause: The DateTimeOffset text '{node.value}' should be in format "
            "'yyyy-mm-ddThh:mm:ss('.'s+)?(zzzzzz)?' and each field value is within valid range."
        )
    return found


def value_of(contact: Contact, name: str) -> str | None:
    """What is compared and sorted by: upper and lower case are the same to Exchange."""
    if name == "createdDateTime":
        return rfc3339(contact.created, 0)
    if name == "lastModifiedDateTime":
        return rfc3339(contact.at, 0)
    value = contact.fields.get(name)
    return value if value is None or name in _TIMES else str(value).casefold()


def _any(node: AnyOf, mailbox: Mailbox) -> Test:
    name = _known(node.path)
    if name == "singleValueExtendedProperties":
        return _extended(node, mailbox)
    kind, inner = PROPERTIES.get(name), node.inner
    if not isinstance(inner, Compare) or inner.operator != "eq" or inner.value is None:
        raise errors.bad_filter()
    _check_type(inner, (filters.TEXT,))
    wanted = inner.value.casefold()
    if kind == "emails" and inner.path == (node.variable, "address"):
        return lambda contact: any(one.get("address", "").casefold() == wanted for one in contact.fields[name])
    if kind == "texts" and inner.path == (node.variable,):
        return lambda contact: any(one.casefold() == wanted for one in contact.fields[name])
    raise errors.bad_filter()


def _extended(node: AnyOf, mailbox: Mailbox) -> Test:
    """``ep/id eq '...' and ep/value eq '...'``, in either order.

    See https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get.
    """
    inner = node.inner
    parts = [inner.left, inner.right] if isinstance(inner, Both) and not inner.either else [inner]
    by_member = {one.path[1:]: one for one in parts if isinstance(one, Compare) and one.path[0] == node.variable}
    ids, value = by_member.get(("id",)), by_member.get(("value",))
    if ids is None or ids.operator != "eq" or len(by_member) != len(parts):
        raise errors.bad_filter()
    _check_type(ids, (filters.TEXT,))
    known = mapi.parse(ids.value)
    if value is None:
        raise errors.bad_filter()
    _check_type(value, (filters.TEXT,))
    wanted = None if value.value is None else value.value.casefold()
    if value.operator == "endswith" or (wanted is None and value.operator not in ("eq", "ne")):
        raise errors.bad_filter()

    def test(contact: Contact) -> bool:
        found = extended.value(contact, mailbox, known)
        if found is None or wanted is None:
            equal = found is wanted
            return equal if value.operator == "eq" else value.operator == "ne" and not equal
        return _COMPARED[value.operator](str(found).casefold(), wanted)

    return test


def order_of(text: str) -> list[tuple[str, bool]]:
    """Properties of ``$orderby``, and whether each goes down. Raises GraphError."""
    found: list[tuple[str, bool]] = []
    for part in text.split(",") if text else ():
        words = part.split()
        if len(words) not in (1, 2) or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise errors.bad_request(f"Syntax error at position 0 in '{text}'.")
        name = _known((words[0],))
        if (PROPERTIES.get(name) not in ("text", "time") and name not in _TIMES) or name == "parentFolderId":
            raise errors.bad_query(f"The property '{name}' does not support sorting.")
        found.append((name, words[-1].lower() == "desc"))
    return found


def sort(contacts: list[Contact], order: list[tuple[str, bool]]) -> None:
    """In place; those without a value go first."""
    for name, down in reversed(order):
        contacts.sort(key=lambda contact: value_of(contact, name) or "", reverse=down)


def check_both(node: Node, order: list[tuple[str, bool]]) -> None:
    """What is sorted by has to begin the filter, in the same order.

    Documented for messages (https://learn.microsoft.com/graph/api/user-list-messages); the same store keeps contacts.

    Raises:
        GraphError: it does not.
    """
    looked_at = list(dict.fromkeys(path[0] for path in filters.paths(node)))
    names = [name for name, _ in order]
    if looked_at[: len(names)] != names:
        raise errors.inefficient_filter()
