"""The memory provider's own document format, so that its connector has something to map and to patch.

A document is a JSON object: ``uid``, ``mark``, ``kind`` (``group`` is not a contact), ``contact`` (the fields by their
public names, the photo with its bytes), ``native`` (native properties), ``labels`` (where the address book has them:
the ids of labels, whose names are the contact's keywords) and whatever else others have put there, which is never
touched. Two versions of the mapping exist: from the second on a contact without ``notes`` shows the document's
``remark`` there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from polydex.core.contact import Contact, Photo, normal
from polydex.core.fields import ALL_FIELDS, Field, FieldSet, Loss
from polydex.core.patch import Patch

Document = dict[str, Any]


def encode(document: Document) -> bytes:
    """The document's bytes, members in their order."""
    return msgspec.json.encode(document)


def decode(raw: bytes) -> Document:
    """The document of these bytes."""
    document: Document = msgspec.json.decode(raw, type=dict[str, Any])
    return document


def new(contact: Contact, *, uid: str, mark: str | None = None, **members: Any) -> Document:
    """A document for a contact. ``members``: anything besides."""
    document: Document = {"uid": uid}
    if mark is not None:
        document["mark"] = mark
    return {**document, "contact": msgspec.to_builtins(contact), **members}


def full_contact(document: Document) -> Contact:
    """What the document's ``contact`` says, the photo with its bytes. Members that are not ours are passed over."""
    return normal(msgspec.convert(document.get("contact", {}), Contact))


def contact_of(document: Document, mapping_version: int, labels: Mapping[str, str] | None = None) -> Contact | None:
    """The public view of a document: the photo by its hash; None for a group.

    ``labels``: the names of the address book's labels by their ids, where it has any; an unknown id shows nothing.
    """
    if document.get("kind") == "group":
        return None
    contact = full_contact(document)
    if mapping_version >= 2 and contact.notes is None and isinstance(document.get("remark"), str):
        contact = normal(msgspec.structs.replace(contact, notes=document["remark"]))
    if labels is not None:
        names = tuple(labels[label] for label in document.get("labels", ()) if label in labels)
        contact = normal(msgspec.structs.replace(contact, keywords=names))
    if contact.photo is not None:
        contact = msgspec.structs.replace(contact, photo=msgspec.structs.replace(contact.photo, content=None))
    return contact


def labelled(document: Document, label: Callable[[str], str], *, anew: bool) -> Document:
    """The document with labels in the place of keywords.

    Args:
        document: whose keywords are names.
        label: gives the id of a name.
        anew: what the keywords say replaces the labels; else they say nothing.
    """
    contact = dict(document.get("contact", {}))
    names = contact.pop("keywords", [])
    result = {**document, "contact": contact}
    if anew and (names or "labels" in document):
        result["labels"] = [label(name) for name in names]
    return result


def without_photo(document: Document) -> Document:
    """The document as it is before its photo is written."""
    contact = {name: value for name, value in document.get("contact", {}).items() if name != Field.PHOTO.value}
    return {**document, "contact": contact}


def photo_of(document: Document) -> Photo | None:
    """The photo with its bytes."""
    return full_contact(document).photo


def patched(document: Document, patch: Patch, writable: FieldSet) -> Document:
    """The document with a patch applied; only the members that the patch names are replaced."""
    before = full_contact(document)
    after: Document = msgspec.to_builtins(kept(patch.apply(before), writable))
    contact: Document = dict(document.get("contact", {}))
    for field in patch.fields() & writable:
        if field is Field.NATIVE_PROPERTIES:
            continue
        if field.value in after:
            contact[field.value] = after[field.value]
        else:
            contact.pop(field.value, None)
    result = {**document, "contact": contact}
    if isinstance(patch.native_properties, dict):
        native = {**document.get("native", {}), **patch.native_properties}
        result["native"] = {name: value for name, value in native.items() if value is not None}
    return result


def cut(document: Document, caps: Mapping[str, int]) -> Document:
    """The document as a list shows it that brings only so many entries of a field."""
    contact = {name: v[: caps[name]] if name in caps else v for name, v in document.get("contact", {}).items()}
    return {**document, "contact": contact} if caps else document


def kept(contact: Contact, writable: FieldSet) -> Contact:
    """The contact without the fields that cannot be written."""
    dropped = {field.attribute for field in ALL_FIELDS - writable - {Field.NATIVE_PROPERTIES}}
    values = {name: getattr(contact, name) for name in contact.__struct_fields__ if name not in dropped}
    return Contact(**values)


def losses(contact: Contact, writable: FieldSet) -> tuple[Loss, ...]:
    """One loss for each field that is set and cannot be written."""
    lost = sorted(
        field.value
        for field in ALL_FIELDS - writable - {Field.NATIVE_PROPERTIES}
        if getattr(contact, field.attribute) not in (None, ())
    )
    return tuple(Loss(path=f"$.{name}", reason="this address book has no such field") for name in lost)
