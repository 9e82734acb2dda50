"""Page tokens and sync tokens: opaque to clients, and good for one account and one list only."""

from __future__ import annotations

from typing import Any

from polydex_sandbox import sealed
from polydex_sandbox.google.errors import ApiError, invalid

pack = sealed.pack
fingerprint = sealed.fingerprint


def unpack(kind: str, account: str, token: str) -> dict[str, Any]:
    """Its content. Raises ApiError: it is no token of this kind and account."""
    try:
        return sealed.unpack(kind, account, token)
    except ValueError:
        raise bad_token() from None


def bad_token() -> ApiError:
    """What a misspelt sync token was seen to get: https://github.com/fleapower/Google-Script-Contacts-Sync/issues/2."""
    return invalid("Request contains an invalid argument.")
