"""OAuth tokens as other programs write them: the answer of a token endpoint, or an authorized_user file. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from polydex.connectors.tokens import Grant
from polydex.core.errors import BadRequest

_LONGEST = 3_155_760_000
"""A hundred years in seconds."""


def read_tokens(raw: bytes, now: int, client_id: str, setting: str) -> Grant:
    """The tokens in a JSON object.

    Args:
        raw: with ``refresh_token``, ``access_token`` (in files of Google's libraries ``token``) or both. Besides, where
            they are there: ``expires_in``, or ``expiry`` in RFC 3339; ``refresh_token_expires_in``; ``scope`` or
            ``scopes``; ``client_id``. Everything else is left alone.
        now: unix milliseconds; lifetimes are counted from here.
        client_id: of this installation's OAuth client, or "": tokens of another one are of no use here.
        setting: where that id comes from, for messages.

    Raises:
        BadRequest: it is something else; no secret is in the message.
    """
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest("The tokens on standard input are no JSON object")
    if "installed" in found or "web" in found:
        raise BadRequest(
            "This is the file of an OAuth client: its id and secret are settings (POLYDEX_GOOGLE_CLIENT_ID, "
            "POLYDEX_GOOGLE_CLIENT_SECRET); an account needs the tokens that a user has granted to it"
        )
    if found.get("type") == "service_account":
        raise BadRequest("This is the key of a service account, which is not served")
    access, refresh = _text(found, "access_token") or _text(found, "token"), _text(found, "refresh_token")
    if not access and not refresh:
        raise BadRequest("There is neither a refresh_token nor an access_token in the JSON on standard input")
    theirs = _text(found, "client_id")
    if theirs and client_id and theirs != client_id:
        raise BadRequest(f"These tokens were granted to another OAuth client ({theirs[:100]}) than {setting}")
    return Grant(
        access_token=access,
        refresh_token=refresh or None,
        expires_at=_after(found, "expires_in", now) or _moment(found, "expiry"),
        refresh_expires_at=_after(found, "refresh_token_expires_in", now),
        scopes=_scopes(found),
    )


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or any(not "!" <= character <= "~" for character in value):
        raise BadRequest(f"{name} is no word of ASCII characters")
    return value


def _after(found: dict[str, Any], name: str, now: int) -> int | None:
    seconds = found.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LONGEST:
        raise BadRequest(f"{name} is no number of seconds")
    return now + int(seconds * 1000)


def _moment(found: dict[str, Any], name: str) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name} is no time such as 2026-03-09T12:30:00Z") from None
    # Google's library for Python writes UTC, older versions of it without saying so.
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)


def _scopes(found: dict[str, Any]) -> frozenset[str] | None:
    value = found.get("scope", found.get("scopes"))
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return frozenset(value)
    return None
