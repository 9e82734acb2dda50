"""A contact or folder as an answer shows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft.contact import Contact, Folder
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.schema import EMAIL_SLOTS, EMPTY, PROPERTIES


def contact(found: Contact, mailbox: Mailbox, *, immutable: bool, select: Collection[str] = ()) -> dict[str, Any]:
    """Its properties, all or the selected ones; always the etag and the id."""
    shown: dict[str, Any] = {"@odata.etag": mailbox.etag(found)}
    for name, kind in PROPERTIES.items():
        if name == "id":
            shown[name] = mailbox.id_of(found, immutable=immutable)
        elif not select or name in select:
            shown[name] = _property(found, mailbox, name, kind)
    return shown


def _property(found: Contact, mailbox: Mailbox, name: str, kind: str) -> Any:
    if kind == "email":
        entries, index = found.fields["emailAddresses"], EMAIL_SLOTS.index(name)
        return dict(entries[index]) if index < len(entries) else None
    if name == "parentFolderId":
        return mailbox.folder_id(found.folder)
    if name == "changeKey":
        return mailbox.change_key(found)
    if kind == "read-only":
        return rfc3339(found.created if name == "createdDateTime" else found.at, 0)
    value = found.fields.get(name, EMPTY[kind])
    if kind in ("texts", "emails"):
        return list(value)
    return value


def folder(found: Folder, mailbox: Mailbox, select: Collection[str] = ()) -> dict[str, Any]:
    """Its properties, all or the selected ones; always the id."""
    shown = {
        "id": mailbox.folder_id(found.key),
        "parentFolderId": mailbox.folder_id(found.parent),
        "displayName": found.name,
    }
    return {name: value for name, value in shown.items() if not select or name in select or name == "id"}
