"""The methods of the People API, one function each: a call in, the answer's JSON out, `ApiError` for a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polydex_sandbox.google.call import Call
from polydex_sandbox.google.views import batches, groups, lists, others, people, photos

VIEWS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "people.connections.list": lists.connections,
    "people.get": people.get,
    "people.getBatchGet": batches.get,
    "people.searchContacts": lists.search_contacts,
    "people.createContact": people.create,
    "people.updateContact": people.update,
    "people.deleteContact": people.delete,
    "people.updateContactPhoto": photos.update,
    "people.deleteContactPhoto": photos.delete,
    "people.batchCreateContacts": batches.create,
    "people.batchUpdateContacts": batches.update,
    "people.batchDeleteContacts": batches.delete,
    "otherContacts.list": others.list_others,
    "otherContacts.search": others.search,
    "otherContacts.copyOtherContactToMyContactsGroup": others.copy,
    "contactGroups.list": groups.list_groups,
    "contactGroups.get": groups.get,
    "contactGroups.batchGet": groups.batch_get,
    "contactGroups.create": groups.create,
    "contactGroups.update": groups.update,
    "contactGroups.delete": groups.delete,
    "contactGroups.members.modify": groups.modify,
}
