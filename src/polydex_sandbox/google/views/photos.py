"""people.updateContactPhoto and deleteContactPhoto."""

from __future__ import annotations

from typing import Any

from polydex_sandbox.google import errors, pictures
from polydex_sandbox.google.call import Call
from polydex_sandbox.google.contact import Contact
from polydex_sandbox.google.person import View, show


def update(call: Call) -> dict[str, Any]:
    view = call.view_of(call.body, "personFields")
    if not call.body.get("photoBytes"):
        raise errors.invalid("Request must set photo_bytes.")
    contact = call.book.own(f"people/{call.target}")
    recompress = call.strike("google-recompressed-photo") is not None
    photo = pictures.photo(call.body["photoBytes"], call.random, recompress=recompress)
    return _answer(call, call.book.set_photo(contact, photo, same_etag=call.same_etag), view)


def delete(call: Call) -> dict[str, Any]:
    """Of a contact without a photo too; what Google answers then is unconfirmed."""
    view = call.view_of(call.query, "personFields")
    contact = call.book.own(f"people/{call.target}")
    if contact.photo is not None:
        contact = call.book.set_photo(contact, None, same_etag=call.same_etag)
    return _answer(call, contact, view)


def _answer(call: Call, contact: Contact, view: View) -> dict[str, Any]:
    return {"person": show(contact, call.book, view)} if view.fields else {}
