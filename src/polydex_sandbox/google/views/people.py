"""people.get, createContact, updateContact, deleteContact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from polydex_sandbox.google import accept, errors, parse
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact, Profile
from polydex_sandbox.google.person import View, show, show_profile
from polydex_sandbox.google.schema import READABLE, UPDATABLE

_PRIVATE = {
    "addresses": "user.addresses.read",
    "birthdays": "user.birthday.read",
    "emailAddresses": "user.emails.read",
    "genders": "user.gender.read",
    "organizations": "user.organization.read",
    "phoneNumbers": "user.phonenumbers.read",
}
"""Fields of the own profile that need a scope of their own."""


def get(call: Call) -> dict[str, Any]:
    return person(call, f"people/{call.target}", call.required_view())


def person(call: Call, name: str, view: View) -> dict[str, Any]:
    """A person by resource name: the user, another Google account, a contact, an "other contact".

    Raises:
        ApiError: there is none, or the token has not the scope for it.
    """
    book = call.book
    if name in ("people/me", f"people/{book.me.id}"):
        return show_profile(book.me, book, replace(view, fields=_own_fields(call, view.fields)))
    if not name.startswith("people/c") and (profile := _linked(book, name.removeprefix("people/"))):
        return show_profile(profile, book, view)
    if "OTHER_CONTACT" in view.sources and book.others.get(name.removeprefix("people/c")) is not None:
        call.need("contacts.other.readonly")
        return {**show(book.other(f"otherContacts/c{name[8:]}"), book, view), "resourceName": name}
    call.need("contacts", "contacts.readonly")
    return show(book.contact(name), book, view)


def _own_fields(call: Call, fields: Sequence[str]) -> list[str]:
    def allowed(field: str) -> bool:
        scopes = [_PRIVATE[field]] if field in _PRIVATE else []
        return not scopes or call.may(*scopes, *(["userinfo.email"] if field == "emailAddresses" else []))

    return [field for field in fields if allowed(field)]


def _linked(book: Book, account: str) -> Profile | None:
    """The profile of another Google account, known because a contact is linked to it."""
    profiles = (contact.profile for contact in book.contacts.now())
    return next((profile for profile in profiles if profile is not None and profile.id == account), None)


def create(call: Call) -> dict[str, Any]:
    view = call.view_of(call.query, "personFields", READABLE)
    fields = accept.fields_of(call.body)
    contact = call.book.create(fields, accept.groups_of(call.body) or ())
    return show(contact, call.book, view)


def update(call: Call) -> dict[str, Any]:
    mask = update_mask(call, "updatePersonFields", call.query.get("updatePersonFields"))
    view = call.view_of(call.query, "personFields", READABLE)
    name = f"people/{call.target}"
    own = call.body.get("resourceName")
    contact = call.book.own(name)
    if own and own not in (name, contact.name):
        raise errors.invalid("Resource name in the request URL must match person.resource_name.")
    fields, groups = changes(call, contact, call.body, mask)
    contact = call.book.update(contact, fields, groups)
    return show(renamed(call, contact), call.book, view)


def renamed(call: Call, contact: Contact) -> Contact:
    """The contact after an update, with another resource name when the quirk strikes."""
    return contact if call.strike("google-renames") is None else call.book.rename(contact)


def update_mask(call: Call, name: str, text: str | None) -> list[str]:
    """Raises ApiError: it is missing, or names what cannot be updated."""
    mask = parse.mask(text)
    if not mask:
        raise errors.mask_required(name, call.method.name)
    call.check_mask(name, mask, UPDATABLE)
    return mask


def changes(
    call: Call, contact: Contact, body: Mapping[str, Any], mask: Sequence[str]
) -> tuple[dict[str, Any], list[str] | None]:
    """The contact's fields after an update, and its groups when they are updated.

    Raises:
        ApiError: the etag is missing or stale, or what is written breaks a rule.
    """
    accept.check_etag(body, contact)
    _etag_quirks(call, body)
    fields = {name: entries for name, entries in contact.fields.items() if name not in mask}
    fields |= accept.fields_of(body, mask)
    groups = None
    if "memberships" in mask:
        groups = accept.groups_of(body) or []
        if not groups:
            raise errors.invalid("Request must set at least one contact group membership on person.memberships.")
        call.book.checked(groups, contact.groups)
    return fields, groups


def _etag_quirks(call: Call, body: Mapping[str, Any]) -> None:
    if call.strike("google-spurious-precondition") is not None:
        raise accept.stale()
    sources = body.get("metadata", {}).get("sources", [])
    if any(source.get("etag") for source in sources) and call.strike("google-source-etag-refused") is not None:
        raise accept.stale()


def delete(call: Call) -> dict[str, Any]:
    call.book.delete(call.book.own(f"people/{call.target}"))
    return {}
