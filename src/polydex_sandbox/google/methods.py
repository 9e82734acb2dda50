"""The methods of the People API: where they lie, what they take, which scopes open them.

A test holds the table against Google's discovery document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from polydex_sandbox.google.schema import Member

SCOPE = "https://www.googleapis.com/auth/"
_PROFILE = (
    "directory.readonly user.addresses.read user.birthday.read user.emails.read user.gender.read "
    "user.organization.read user.phonenumbers.read userinfo.email userinfo.profile"
)
_RPC = "google.people.v1.PeopleService."


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: without the leading ``people.`` of the discovery document's id.
        verb: of HTTP.
        path: with one name in braces at most.
        words: query parameters and their types, written as in `schema`.
        body: name of the message that it takes, or None.
        scope_names: any of these scopes opens it.
        refused: why it is refused although it is known, or None.
    """

    name: str
    verb: str
    path: str
    words: str = ""
    body: str | None = None
    scope_names: str = "contacts"
    refused: str | None = None

    @cached_property
    def parameters(self) -> dict[str, Member]:
        found = {}
        for word in self.words.split():
            name, _, kind = word.partition(":")
            found[name] = Member(kind.strip("[]"), "list" if kind.startswith("[") else "one", output_only=False)
        return found

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of the path as it was sent, still encoded; the group is what stands for the braces."""
        return re.compile(re.sub(r"\\{\w+\\}", "([^/:]+)", re.escape(self.path)))

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        return tuple(SCOPE + name for name in self.scope_names.split())

    @property
    def writes(self) -> bool:
        return self.verb != "GET"

    @property
    def rpc(self) -> str:
        """Its name in gRPC, as error details have it."""
        last = self.name.rpartition(".")[2]
        names = {
            "people.connections.list": "ListConnections", "people.get": "GetPerson", "people.getBatchGet": "GetPeople",
            "otherContacts.list": "ListOtherContacts", "otherContacts.search": "SearchOtherContacts",
            "contactGroups.list": "ListContactGroups", "contactGroups.get": "GetContactGroup",
            "contactGroups.batchGet": "BatchGetContactGroups", "contactGroups.create": "CreateContactGroup",
            "contactGroups.update": "UpdateContactGroup", "contactGroups.delete": "DeleteContactGroup",
            "contactGroups.members.modify": "ModifyContactGroupMembers",
        }  # fmt: skip
        return _RPC + names.get(self.name, last[0].upper() + last[1:])


_READ = "contacts contacts.readonly"
_ANY = f"contacts contacts.other.readonly contacts.readonly {_PROFILE}"
_SHOW = "personFields:mask sources:[ReadSourceType]"
_OLD = "requestMask.includeField:mask"
_SYNC = "pageSize:int32 pageToken:text syncToken:text"
_GROUP = "groupFields:mask maxMembers:int32"
_DIRECTORY = "mergeSources:[DirectoryMergeSourceType] readMask:mask sources:[DirectorySourceType] pageToken:text"
_CONSUMER = "Must be a G Suite domain user."

METHODS = (
    Method(
        "people.connections.list",
        "GET",
        "/v1/people/{people}/connections",
        f"{_SHOW} {_OLD} {_SYNC} requestSyncToken:bool sortOrder:SortOrder",
        scope_names=_READ,
    ),
    Method("people.get", "GET", "/v1/people/{people}", f"{_SHOW} {_OLD}", scope_names=_ANY),
    Method(
        "people.getBatchGet", "GET", "/v1/people:batchGet", f"{_SHOW} {_OLD} resourceNames:[text]", scope_names=_ANY
    ),
    Method(
        "people.searchContacts",
        "GET",
        "/v1/people:searchContacts",
        "pageSize:int32 query:text readMask:mask sources:[ReadSourceType]",
        scope_names=_READ,
    ),
    Method("people.createContact", "POST", "/v1/people:createContact", _SHOW, "Person"),
    Method(
        "people.updateContact",
        "PATCH",
        "/v1/people/{people}:updateContact",
        f"{_SHOW} updatePersonFields:mask",
        "Person",
    ),
    Method("people.deleteContact", "DELETE", "/v1/people/{people}:deleteContact"),
    Method(
        "people.updateContactPhoto",
        "PATCH",
        "/v1/people/{people}:updateContactPhoto",
        body="UpdateContactPhotoRequest",
    ),
    Method("people.deleteContactPhoto", "DELETE", "/v1/people/{people}:deleteContactPhoto", _SHOW),
    Method("people.batchCreateContacts", "POST", "/v1/people:batchCreateContacts", body="BatchCreateContactsRequest"),
    Method("people.batchUpdateContacts", "POST", "/v1/people:batchUpdateContacts", body="BatchUpdateContactsRequest"),
    Method("people.batchDeleteContacts", "POST", "/v1/people:batchDeleteContacts", body="BatchDeleteContactsRequest"),
    Method(
        "people.listDirectoryPeople",
        "GET",
        "/v1/people:listDirectoryPeople",
        f"{_DIRECTORY} pageSize:int32 requestSyncToken:bool syncToken:text",
        scope_names="directory.readonly",
        refused=_CONSUMER,
    ),
    Method(
        "people.searchDirectoryPeople",
        "GET",
        "/v1/people:searchDirectoryPeople",
        f"{_DIRECTORY} pageSize:int32 query:text",
        scope_names="directory.readonly",
        refused=_CONSUMER,
    ),
    Method(
        "otherContacts.list",
        "GET",
        "/v1/otherContacts",
        f"{_SYNC} readMask:mask requestSyncToken:bool sources:[ReadSourceType]",
        scope_names="contacts.other.readonly",
    ),
    Method(
        "otherContacts.search",
        "GET",
        "/v1/otherContacts:search",
        "pageSize:int32 query:text readMask:mask",
        scope_names="contacts.other.readonly",
    ),
    Method(
        "otherContacts.copyOtherContactToMyContactsGroup",
        "POST",
        "/v1/otherContacts/{otherContacts}:copyOtherContactToMyContactsGroup",
        body="CopyOtherContactToMyContactsGroupRequest",
        scope_names="contacts contacts.other.readonly",
    ),
    Method("contactGroups.list", "GET", "/v1/contactGroups", f"{_SYNC} groupFields:mask", scope_names=_READ),
    Method("contactGroups.get", "GET", "/v1/contactGroups/{contactGroups}", _GROUP, scope_names=_READ),
    Method(
        "contactGroups.batchGet",
        "GET",
        "/v1/contactGroups:batchGet",
        f"{_GROUP} resourceNames:[text]",
        scope_names=_READ,
    ),
    Method("contactGroups.create", "POST", "/v1/contactGroups", body="CreateContactGroupRequest"),
    Method("contactGroups.update", "PUT", "/v1/contactGroups/{contactGroups}", body="UpdateContactGroupRequest"),
    Method("contactGroups.delete", "DELETE", "/v1/contactGroups/{contactGroups}", "deleteContacts:bool"),
    Method(
        "contactGroups.members.modify",
        "POST",
        "/v1/contactGroups/{contactGroups}/members:modify",
        body="ModifyContactGroupMembersRequest",
    ),
)

BY_NAME = {method.name: method for method in METHODS}
ALL_OF = "otherContacts.copyOtherContactToMyContactsGroup"
"""The one method that needs all of its scopes: it reads "Other contacts" and writes contacts."""


def find(verb: str, path: str) -> tuple[Method, str] | None:
    """The method of a request, and what stands for the braces in its path.

    Args:
        verb: of HTTP.
        path: as sent, still encoded.
    """
    for method in METHODS:
        if method.verb == verb and (match := method.pattern.fullmatch(path.replace("%3A", ":").replace("%3a", ":"))):
            return method, unquote(match[1]) if match.groups() else ""
    return None
