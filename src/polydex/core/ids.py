"""Names for the kinds of identifiers, and the derivation of public contact ids (JOURNAL.md, J7)."""

from __future__ import annotations

import base64
import hmac
from typing import NewType

AccountId = NewType("AccountId", int)
SourceId = NewType("SourceId", int)
RowId = NewType("RowId", int)
ContactId = NewType("ContactId", str)
"""The public id of a contact: ours, never used twice."""
RemoteKey = NewType("RemoteKey", str)
"""What addresses a record at the provider (for CardDAV the href, normalised)."""
StableKey = NewType("StableKey", str)
"""What identifies a record at the provider for as long as possible; the id is derived from it."""
Rev = NewType("Rev", str)
"""The provider's revision of a record (an ETag without its quotes)."""
Cursor = NewType("Cursor", str)
"""The provider's position in its change feed; opaque to everybody but its connector."""


def contact_id(id_key: bytes, account: AccountId, source_key: str, stable_key: StableKey, n: int) -> ContactId:
    """The public id: HMAC(id key, account, source, stable key, n), 128 bits, 26 characters of lower-case base32.

    Args:
        id_key: the installation's secret for ids, at least 32 bytes.
        source_key: the source's stable name within the account (for CardDAV the collection's href).
        n: the smallest number never used for this stable key; tombstones count as used.
    """
    parts = (str(account), source_key, stable_key, str(n))
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    digest = hmac.digest(id_key, b"polydex contact id\0" + message, "sha256")[:16]
    return ContactId(base64.b32encode(digest).decode("ascii").rstrip("=").lower())
