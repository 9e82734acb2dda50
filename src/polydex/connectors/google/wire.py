"""The People API's JSON as far as it is read: one struct per schema, unknown members ignored, null like absent.

Source of every name: Google's discovery document of people.v1.
"""

from __future__ import annotations

import msgspec

from polydex.core.errors import ProviderMalformed


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all structs. ``gc=False``: there are no cycles, and they come by the thousand."""


class Source(Wire, frozen=True):
    """Where a person, or one field of it, comes from."""

    type: str | None = None
    id: str | None = None
    etag: str | None = None
    update_time: str | None = None


class FieldMetadata(Wire, frozen=True):
    """About one entry of a field."""

    primary: bool | None = None
    source: Source | None = None
    source_primary: bool | None = None


class Entry(Wire, frozen=True):
    """One entry of a field."""

    metadata: FieldMetadata | None = None


class Name(Entry, frozen=True):
    display_name: str | None = None
    unstructured_name: str | None = None
    honorific_prefix: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    honorific_suffix: str | None = None
    phonetic_given_name: str | None = None
    phonetic_family_name: str | None = None


class Nickname(Entry, frozen=True):
    value: str | None = None
    type: str | None = None


class Email(Entry, frozen=True):
    value: str | None = None
    type: str | None = None
    display_name: str | None = None


class Phone(Entry, frozen=True):
    value: str | None = None
    type: str | None = None
    canonical_form: str | None = None


class Address(Entry, frozen=True):
    type: str | None = None
    formatted_value: str | None = None
    street_address: str | None = None
    extended_address: str | None = None
    po_box: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Url(Entry, frozen=True):
    value: str | None = None
    type: str | None = None


class Relation(Entry, frozen=True):
    person: str | None = None
    type: str | None = None


class Organization(Entry, frozen=True):
    name: str | None = None
    phonetic_name: str | None = None
    department: str | None = None
    location: str | None = None
    title: str | None = None
    current: bool | None = None


class Date(Wire, frozen=True):
    """A whole or partial date; a part that is not known is 0 or absent."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


class Birthday(Entry, frozen=True):
    date: Date | None = None
    text: str | None = None


class Biography(Entry, frozen=True):
    value: str | None = None
    content_type: str | None = None


class GroupMembership(Wire, frozen=True):
    contact_group_resource_name: str | None = None


class Membership(Entry, frozen=True):
    contact_group_membership: GroupMembership | None = None


class ClientData(Entry, frozen=True):
    key: str | None = None
    value: str | None = None


class Photo(Entry, frozen=True):
    url: str | None = None
    default: bool | None = None


class PersonMetadata(Wire, frozen=True):
    sources: tuple[Source, ...] | None = None
    deleted: bool | None = None
    previous_resource_names: tuple[str, ...] | None = None


class Person(Wire, frozen=True):
    """What of a person the mapping reads."""

    resource_name: str | None = None
    etag: str | None = None
    metadata: PersonMetadata | None = None
    names: tuple[Name, ...] | None = None
    nicknames: tuple[Nickname, ...] | None = None
    email_addresses: tuple[Email, ...] | None = None
    phone_numbers: tuple[Phone, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    urls: tuple[Url, ...] | None = None
    relations: tuple[Relation, ...] | None = None
    organizations: tuple[Organization, ...] | None = None
    birthdays: tuple[Birthday, ...] | None = None
    biographies: tuple[Biography, ...] | None = None
    memberships: tuple[Membership, ...] | None = None
    client_data: tuple[ClientData, ...] | None = None
    photos: tuple[Photo, ...] | None = None


class ListConnections(Wire, frozen=True):
    """The answer of people.connections.list; ``bytes(connections[n])`` is a person byte for byte."""

    connections: tuple[msgspec.Raw, ...] | None = None
    next_page_token: str | None = None
    next_sync_token: str | None = None
    total_items: int | None = None


class PersonResponse(Wire, frozen=True):
    """One answer of a batch; ``status`` is there when it failed."""

    person: msgspec.Raw = msgspec.Raw()  # empty when there is none
    requested_resource_name: str | None = None
    http_status_code: int | None = None
    status: Status | None = None


class Status(Wire, frozen=True):
    """Why one item of a batch failed (google.rpc.Status)."""

    code: int | None = None
    message: str | None = None


class GetPeople(Wire, frozen=True):
    """The answer of people.getBatchGet."""

    responses: tuple[PersonResponse, ...] | None = None


class GroupMetadata(Wire, frozen=True):
    deleted: bool | None = None


class ContactGroup(Wire, frozen=True):
    resource_name: str | None = None
    etag: str | None = None
    name: str | None = None
    group_type: str | None = None
    metadata: GroupMetadata | None = None


class ListGroups(Wire, frozen=True):
    """The answer of contactGroups.list."""

    contact_groups: tuple[ContactGroup, ...] | None = None
    next_page_token: str | None = None
    next_sync_token: str | None = None


_person = msgspec.json.Decoder(Person)
_connections = msgspec.json.Decoder(ListConnections)


def person(raw: bytes | msgspec.Raw) -> Person:
    """A person. Raises ProviderMalformed."""
    try:
        return _person.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderMalformed("Google Contacts: a person cannot be understood", detail=_place(error)) from None


def connections(body: bytes) -> ListConnections:
    """A page of people. Raises ProviderMalformed."""
    try:
        return _connections.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderMalformed(
            "Google Contacts: a list of people cannot be understood", detail=_place(error)
        ) from None


def _place(error: Exception) -> str:
    """Where the JSON is wrong: msgspec names types and places, never values."""
    return str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
