"""From a person, as Google stores it, to the public contact."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec

from polydex.connectors.google import (
    addresses,
    clientdata,
    dates,
    emails,
    memberships,
    names,
    notes,
    organizations,
    phones,
    photo,
    relations,
    urls,
    wire,
)
from polydex.connectors.google.bag import Bag
from polydex.connectors.google.fields import CONTACT
from polydex.connectors.google.labels import Labels
from polydex.connectors.times import read_time
from polydex.core.contact import Contact
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey, Rev, StableKey


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What a person says.

    Attributes:
        key: its resource name, which may change.
        rev: the etag of its contact source with a digest of its groups and its photo, of which it is not confirmed
            that they always change the etag; None when there is no etag.
        contact: in normal form; None for a person that is no contact of the account, or a deleted one.
        stable_key: the id of its contact source, or None.
        mark: the idempotency mark, or None.
        modified_ms: when the contact source was changed, unix milliseconds, or None.
        photo_url: the address of the photo that the user chose, or None.
        deleted: the person is gone.
    """

    key: RemoteKey
    rev: Rev | None = None
    contact: Contact | None = None
    stable_key: StableKey | None = None
    mark: str | None = None
    modified_ms: int | None = None
    photo_url: str | None = None
    deleted: bool = False


def read(raw: bytes | msgspec.Raw, labels: Labels, region: str | None) -> Reading:
    """Read a person as leniently as possible.

    Args:
        raw: its JSON.
        labels: the user's groups.
        region: two letters (ISO 3166), for phone numbers that Google has no canonical form of.

    Raises:
        ProviderMalformed: it is no person, or has no resource name.
    """
    return reading(wire.person(raw), labels, region)


def reading(person: wire.Person, labels: Labels, region: str | None) -> Reading:
    """The same of a person that has been decoded already. Raises ProviderMalformed."""
    if not person.resource_name:
        raise ProviderMalformed("Google Contacts: a person has no resource name")
    key = RemoteKey(person.resource_name)
    metadata = person.metadata
    if metadata is None:
        return Reading(key=key)
    source = source_of(person.metadata)
    if metadata.deleted or source is None:
        return Reading(key=key, deleted=bool(metadata.deleted))
    groups = memberships.groups_of(person.memberships)
    mark, bag = clientdata.read(person.client_data)
    url = photo.url_of(person.photos)
    return Reading(
        key=key,
        rev=_rev(source.etag, tuple(groups), url),
        contact=contact_of(person, labels, region, bag, groups),
        stable_key=StableKey(source.id) if source.id else None,
        mark=mark,
        modified_ms=read_time(source.update_time),
        photo_url=url,
    )


def rev_of(person: wire.Person) -> Rev | None:
    """The revision alone, as ``reading`` gives it."""
    source = source_of(person.metadata)
    if source is None:
        return None
    return _rev(source.etag, tuple(memberships.groups_of(person.memberships)), photo.url_of(person.photos))


def source_of(metadata: wire.PersonMetadata | None) -> wire.Source | None:
    """What makes a person a contact of the account, or None."""
    if metadata is not None:
        for source in metadata.sources or ():
            if source.type == CONTACT:
                return source
    return None


def contact_of(person: wire.Person, labels: Labels, region: str | None, bag: Bag, groups: list[str]) -> Contact:
    """The contact, in normal form."""
    markers = bag.markers
    return Contact(
        name=names.read(person.names, markers.display_name),
        nick_name=names.read_nickname(person.nicknames),
        file_as=markers.file_as,
        company=organizations.read(person.organizations),
        relations=relations.read(person.relations),
        birthday=dates.read_birthday(person.birthdays),
        keywords=memberships.read(groups, labels, bag.keywords),
        notes=notes.read(person.biographies),
        email_addresses=emails.read(person.email_addresses) + bag.emails,
        phone_numbers=phones.read(person.phone_numbers, region),
        addresses=addresses.read(person.addresses),
        urls=urls.read(person.urls),
        photo=photo.read(photo.url_of(person.photos)),
    )


def _rev(etag: str | None, groups: tuple[str, ...], url: str | None) -> Rev | None:
    return Rev(f"{etag}.{_digest(groups, url)}") if etag else None


@lru_cache(maxsize=1024)  # most people are in the same groups, and have no photo
def _digest(groups: tuple[str, ...], url: str | None) -> str:
    seen = "\n".join((*sorted(groups), photo.without_size(url) if url else ""))
    return hashlib.blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
