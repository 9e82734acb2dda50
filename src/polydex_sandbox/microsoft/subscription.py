"""One subscription, and what a request may say of one. Sources: as in `subscriptions`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from polydex_sandbox.accounts import Account
from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft import errors
from polydex_sandbox.microsoft.errors import GraphError

STATE = 128
"""Characters of clientState."""
CHANGES = ("created", "updated", "deleted")
TLS = ("v1_0", "v1_1", "v1_2", "v1_3")
_TEXTS = (
    "changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "expirationDateTime", "clientState",
    "latestSupportedTlsVersion",
)  # fmt: skip
_ABSENT = (
    "encryptionCertificate", "encryptionCertificateId", "includeResourceData", "notificationQueryOptions",
    "notificationUrlAppId",
)  # fmt: skip
"""Members that are for resource data in notifications and for other resources: null or refused."""


@dataclass
class Subscription:
    """One subscription.

    Attributes:
        id: a GUID.
        account: whose mailbox.
        client: id of the application that made it.
        creator: the user's id, or that of the application when it acted for itself.
        application: it did.
        resource: as it was given.
        folder: key of the folder; None for the whole mailbox.
        changes: of `CHANGES`.
        change_type: as it was given.
        url: of notifications.
        lifecycle_url: of lifecycle notifications, or None.
        state: clientState, or None.
        expires: Unix milliseconds.
        immutable: ids in notifications are immutable.
        tls: latestSupportedTlsVersion, or None.
        paused: it waits to be authorized again, and changes are not told meanwhile.
    """

    id: str
    account: Account
    client: str
    creator: str
    application: bool
    resource: str
    folder: int | None
    changes: frozenset[str]
    change_type: str
    url: str
    lifecycle_url: str | None
    state: str | None
    expires: int
    immutable: bool
    tls: str | None
    paused: bool = False


def members(one: Subscription, *, state: bool) -> dict[str, Any]:
    """What an answer has; ``clientState`` only for who has just sent it."""
    return {
        "id": one.id,
        "resource": one.resource,
        "applicationId": one.client,
        "changeType": one.change_type,
        "clientState": one.state if state else None,
        "notificationUrl": one.url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": one.lifecycle_url,
        "expirationDateTime": rfc3339(one.expires, 6),
        "creatorId": one.creator,
        "includeResourceData": None,
        "latestSupportedTlsVersion": one.tls or "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidRequest", message)


def read(body: Mapping[str, Any]) -> dict[str, str]:
    """The members of a subscription that a request may have. Raises GraphError."""
    found: dict[str, str] = {}
    for name, value in body.items():
        if name.startswith("@odata.") or value is None:
            continue
        if name in _ABSENT:
            if value not in (False, ""):
                raise invalid(f"The '{name}' attribute is not supported for this resource.")
            continue
        if name not in _TEXTS:
            raise errors.unknown_property(name, "microsoft.graph.subscription")
        if not isinstance(value, str):
            raise errors.body_read(f"The value of '{name}' has to be a string.")
        found[name] = value
    return found


def changes_of(text: str) -> frozenset[str]:
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in CHANGES:
            raise invalid(f"Invalid 'changeType' attribute: '{text}'.")
    return frozenset(words)


def url_of(text: str, name: str) -> str:
    """https, but for the loopback interface, where there are no certificates. Raises GraphError."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not _loopback(host)):
        raise invalid(f"The '{name}' attribute has to be an absolute URL with the HTTPS protocol.")
    return text


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls_of(text: str | None) -> str | None:
    if text is not None and text not in TLS:
        raise invalid(f"Invalid 'latestSupportedTlsVersion' attribute: '{text}'.")
    return text


def state_of(text: str | None) -> str | None:
    if text is not None and len(text) > STATE:
        raise invalid(f"The 'clientState' attribute has more than {STATE} characters.")
    return text
