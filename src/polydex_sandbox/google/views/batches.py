"""getBatchGet, batchCreateContacts, batchUpdateContacts, batchDeleteContacts.

A batch of writes is done whole or not at all: the error's details name every contact that made it fail, "if a contact id
does not appear, then the update of that contact would have been successful"
(https://developers.google.com/people/api/rest/v1/BatchUpdateContactsErrorDetails).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polydex_sandbox.google import accept, errors
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact
from polydex_sandbox.google.errors import ApiError
from polydex_sandbox.google.person import show
from polydex_sandbox.google.views import people

MOST_READ = MOST_CREATED = MOST_UPDATED = 200
MOST_DELETED = 500


def get(call: Call) -> dict[str, Any]:
    view = call.required_view()
    names = call.query.get("resourceNames", [])
    _count(names, MOST_READ, "resource_names")
    return {"responses": [_response(name, lambda name=name: people.person(call, name, view)) for name in names]}


def _response(name: str, read: Any) -> dict[str, Any]:
    try:
        person = read()
    except ApiError as error:
        if error.http == 403:
            raise
        return {"httpStatusCode": error.http, "requestedResourceName": name, "status": error.rpc()}
    return _found(name, person)


def _found(name: str, person: dict[str, Any]) -> dict[str, Any]:
    return {"httpStatusCode": 200, "person": person, "requestedResourceName": name, "status": {}}


def create(call: Call) -> dict[str, Any]:
    given = call.body.get("contacts", [])
    _count(given, MOST_CREATED, "contacts")
    view = call.view_of(call.body, "readMask")
    failed: dict[str, ApiError] = {}
    ready = []
    for number, one in enumerate(given):
        try:
            if "contactPerson" not in one:
                raise errors.invalid("Request must set contacts.contact_person.")
            person = one["contactPerson"]
            fields, groups = accept.fields_of(person), accept.groups_of(person) or []
            ready.append((fields, call.book.checked(groups)))
        except ApiError as error:
            failed[str(number)] = error
    _refuse(failed, "BatchCreateContactsErrorDetails")
    call.book.room(len(ready))
    made = [call.book.create(fields, groups) for fields, groups in ready]
    if not view.fields:
        return {}
    return {"createdPeople": [_found(contact.name, show(contact, call.book, view)) for contact in made]}


def update(call: Call) -> dict[str, Any]:
    given: Mapping[str, Any] = call.body.get("contacts", {})
    _count(given, MOST_UPDATED, "contacts")
    mask = people.update_mask(call, "updateMask", call.body.get("updateMask"))
    view = call.view_of(call.body, "readMask")
    failed: dict[str, ApiError] = {}
    ready: dict[str, tuple[Contact, dict[str, Any], list[str] | None]] = {}
    for name, body in given.items():
        try:
            contact = call.book.own(name)
            if any(contact.id == other.id for other, _, _ in ready.values()):
                raise errors.invalid("Request must not contain a contact more than once.")
            if body.get("resourceName", name) not in (name, contact.name):
                raise errors.invalid("The key of a contact must match person.resource_name.")
            ready[name] = (contact, *people.changes(call, contact, body, mask))
        except ApiError as error:
            failed[name] = error
    _refuse(failed, "BatchUpdateContactsErrorDetails")
    made = {name: people.renamed(call, call.book.update(*change)) for name, change in ready.items()}
    if not view.fields:
        return {}
    return {"updateResult": {name: _found(name, show(contact, call.book, view)) for name, contact in made.items()}}


def delete(call: Call) -> dict[str, Any]:
    """Whether a name that is not there fails the whole batch is unconfirmed."""
    names = call.body.get("resourceNames", [])
    _count(names, MOST_DELETED, "resource_names")
    for contact in {contact.id: contact for contact in map(call.book.own, names)}.values():
        call.book.delete(contact)
    return {}


def _count(given: Any, most: int, name: str) -> None:
    """Wording unconfirmed."""
    if not given:
        raise errors.invalid(f"Request must set {name}.")
    if len(given) > most:
        raise errors.invalid(f"Request must have at most {most} {name}.")


def _refuse(failed: Mapping[str, ApiError], kind: str) -> None:
    if not failed:
        return
    first = next(iter(failed.values()))
    details = {
        "@type": f"type.googleapis.com/google.people.v1.{kind}",
        "contactErrors": {key: error.rpc() for key, error in failed.items()},
    }
    raise ApiError(first.status, first.message, [details], older=first.older)
