"""A contact or folder as an answer shows it."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft.contact import Contact, Folder
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.schema import EMAIL_SLOTS


def contact(found: Contact, mailbox: Mailbox, *, immutable: bool, select: Collection[str] = ()) -> dict[str, Any]:
    """Its properties, all or the selected ones; always the etag and the id. What is in it must not be changed."""
    key = mailbox.change_key(found)
    emails = found.fields["emailAddresses"]
    shown = {
        "@odata.etag": f'W/"{key}"',
        "id": mailbox.id_of(found, immutable=immutable),
        "createdDateTime": _time(found.created),
        "lastModifiedDateTime": _time(found.at),
        "changeKey": key,
        "categories": (),
        "parentFolderId": mailbox.folder_id(found.folder),
        **found.fields,
    }
    for index, name in enumerate(EMAIL_SLOTS):
        shown[name] = emails[index] if index < len(emails) else None
    if select:
        return {name: value for name, value in shown.items() if name in select or name in ("@odata.etag", "id")}
    return shown


@lru_cache(maxsize=4096)
def _time(milliseconds: int) -> str:
    return rfc3339(milliseconds, 0)


def folder(found: Folder, mailbox: Mailbox, select: Collection[str] = ()) -> dict[str, Any]:
    """Its properties, all or the selected ones; always the id."""
    shown = {
        "id": mailbox.folder_id(found.key),
        "parentFolderId": mailbox.folder_id(found.parent),
        "displayName": found.name,
    }
    return {name: value for name, value in shown.items() if not select or name in select or name == "id"}
