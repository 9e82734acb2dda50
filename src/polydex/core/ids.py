"""Names for the kinds of identifiers, and the derivation of public contact ids (JOURNAL.md, J7)."""

from __future__ import annotations

import hmac
from functools import lru_cache
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
    begun = _source_part(id_key, account, source_key).copy()
    begun.update(_part(stable_key) + _part(str(n)))
    digest = begun.digest()[:16]
    # Base32 (RFC 4648) of 16 bytes and two zero bits, ten bits at a time: a quarter of the time of the library's.
    number = int.from_bytes(digest, "big") << 2
    return ContactId("".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]))


def is_contact_id(text: str) -> bool:
    """Whether a text has the shape of a public id."""
    return len(text) == 26 and set(text) <= set(_DIGITS)


def _part(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(4, "big") + raw


@lru_cache(maxsize=64)
def _source_part(id_key: bytes, account: AccountId, source_key: str) -> hmac.HMAC:
    """What the ids of one source have in common, to be copied. It lets go of the interpreter for no id, as
    ``hmac.digest`` does: in a thread beside a busy event loop each would wait for it.
    """
    return hmac.new(id_key, b"polydex contact id\0" + _part(str(account)) + _part(source_key), "sha256")


_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
