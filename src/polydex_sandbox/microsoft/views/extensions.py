"""Open extensions of a contact: https://learn.microsoft.com/graph/api/resources/opentypeextension."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.microsoft import accept, errors, extended, filters, query
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.schema import EXTENSION
from polydex_sandbox.microsoft.views.contacts import found


def list_extensions(call: Call) -> Answer:
    contact = found(call)
    wanted = None
    if "filter" in call.options:
        wanted = {_name(one) for one in filters.ids(filters.parse(call.options["filter"]))}
    value = [
        extended.extension(name, content)
        for name, content in contact.extensions.items()
        if wanted is None or name.lower() in wanted
    ]
    return Answer(body={"@odata.context": _context(call), "value": value})


def create(call: Call) -> Answer:
    contact = found(call)
    name, content = accept.extension(call.message())
    if any(one.lower() == name.lower() for one in contact.extensions):
        # Code and text unconfirmed.
        raise errors.GraphError(409, "NameConflict", "An extension with this name exists already.")
    _keep(call, contact, {**contact.extensions, name: content})
    return Answer(201, _one(call, name, content))


def get(call: Call) -> Answer:
    name, content = _chosen(call, found(call))
    return Answer(body=_one(call, name, content))


def update(call: Call) -> Answer:
    """What is in the body; null removes a property."""
    contact = found(call)
    name, content = _chosen(call, contact)
    changed = {
        key: value
        for key, value in {**content, **accept.extension_content(call.message())}.items()
        if value is not None
    }
    _keep(call, contact, {**contact.extensions, name: changed})
    return Answer(body=_one(call, name, changed))


def delete(call: Call) -> Answer:
    contact = found(call)
    name, _ = _chosen(call, contact)
    _keep(call, contact, {key: value for key, value in contact.extensions.items() if key != name})
    return Answer(204)


def _keep(call: Call, contact: Contact, extensions: dict[str, Any]) -> None:
    call.mailbox.update(contact, extensions=extensions)


def _name(text: str) -> str:
    """By the whole id, or the name alone."""
    return text.lower().removeprefix(extended.PREFIX.lower())


def _chosen(call: Call, contact: Contact) -> tuple[str, dict[str, Any]]:
    wanted = _name(call.place.extension)
    for name, content in contact.extensions.items():
        if name.lower() == wanted:
            return name, dict(content)
    raise errors.not_found()


def _context(call: Call) -> str:
    return call.context(f"contacts('{call.place.contact}')/extensions")


def _one(call: Call, name: str, content: dict[str, Any]) -> dict[str, Any]:
    shown = extended.extension(name, content)
    select = query.select(call.options, tuple(shown), EXTENSION)
    return {
        "@odata.context": f"{_context(call)}/$entity",
        **{key: value for key, value in shown.items() if not select or key in select or "@" in key or key == "id"},
    }
