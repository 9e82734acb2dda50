"""What a request to the notification address says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from polydex.connectors.provider import Handshake, Notice
from polydex.core.errors import BadRequest

MOST: Final = 1000
"""Notifications of one request that are looked at: as many subscriptions as a mailbox may have."""
_LIFECYCLE: Final[Mapping[str, Literal["changed", "renew", "ended"]]] = {
    "reauthorizationrequired": "renew",
    "subscriptionremoved": "ended",
    "missed": "changed",
}
"""concepts/change-notifications-lifecycle-events.md."""
_LONGEST_SECRET = 128
_COMMAS = 50 * MOST
"""Of a request, in which a notification has about ten: a list of a million nothings would take long to read."""


class _Notification(msgspec.Struct, rename="camel", gc=False):
    client_state: str | None = None
    lifecycle_event: str | None = None


class _Body(msgspec.Struct, gc=False):
    value: list[msgspec.Raw]


def notified(query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
    """See ``connectors.provider.Pushing.notified``.

    Whoever may send them knows a secret; anything else in a notification is of no use to us, and not read. A notification of a
    kind that is new passes for a change: at worst one poll finds nothing.
    """
    token = query.get("validationToken")
    if token is not None:
        return Handshake(token)
    if body.count(b",") > _COMMAS:
        raise BadRequest("This is more than Microsoft Graph would tell at once")
    try:
        entries = msgspec.json.decode(body, type=_Body).value
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRequest("This is no notification of Microsoft Graph") from None
    found: dict[Notice, None] = {}
    for entry in entries[:MOST]:
        try:
            one = msgspec.json.decode(entry, type=_Notification)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # the others can be read
        if one.client_state and len(one.client_state) <= _LONGEST_SECRET:
            kind = _LIFECYCLE.get((one.lifecycle_event or "").lower(), "changed")
            found[Notice(one.client_state, kind)] = None
    return tuple(found)
