"""What was sent, and what has become of it: an answer to a write has no extended properties, and not every mailbox keeps them.

Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.read import read
from polydex.core.errors import PolydexError, ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.patch import diff

_EXTENDED = "singleValueExtendedProperties"
_READ = frozenset(id_.lower() for id_ in wire.EXTENDED)


def as_sent(answer: bytes, sent: bytes, before: bytes | None = None) -> bytes:
    """The document of a contact that was written and could not be read again, as it should be.

    Args:
        answer: to the write.
        sent: the body of the write.
        before: the document of the contact before; None of a new one.

    Raises:
        ProviderMalformed: the answer is no contact. The write may have been carried out.
    """
    try:
        contact = msgspec.json.decode(answer, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderMalformed("Microsoft's answer to a write is no contact", detail=type(error).__name__) from None
    parts = None if before is None else wire.document(before)
    kept: dict[str, dict[str, Any]] = {}
    for body in (parts.contact if parts else b"{}", sent):
        for entry in msgspec.json.decode(body).get(_EXTENDED) or ():
            kept[str(entry.get("id")).lower()] = entry
    contact[_EXTENDED] = [entry for entry in kept.values() if entry.get("value") is not None]
    return wire.Document.of(msgspec.json.encode(contact), parts.photo if parts else None).encode()


def amiss(document: bytes, sent: bytes) -> list[dict[str, Any]]:
    """What has to be sent once more: the extended properties, of those that are read, that were sent and are not there, and
    those that were to go and are still there, which are emptied then (msgraph-sdk-dotnet#719).
    """
    there = wire.decoded(document).contact.extended()
    found: list[dict[str, Any]] = []
    for entry in msgspec.json.decode(sent).get(_EXTENDED) or ():
        key, value = entry["id"].lower(), entry.get("value")
        if value is not None and key in _READ and key not in there:
            found.append(entry)
        elif value is None and there.get(key):
            found.append({**entry, "value": ""})
    return found


def body_of(entries: list[dict[str, Any]]) -> bytes:
    """A change that sends them once more."""
    return msgspec.json.encode({_EXTENDED: entries})


def unkept(document: bytes, meant: bytes) -> tuple[Loss, ...]:
    """What of a contact is not as it was meant, by field.

    Args:
        document: as it is.
        meant: as it should be.
    """
    try:
        differing = diff(read(meant).contact, read(document).contact).fields()
    except PolydexError:
        return ()
    return tuple(Loss(f"$.{field.value}", "Microsoft did not store all of it") for field in sorted(differing))
