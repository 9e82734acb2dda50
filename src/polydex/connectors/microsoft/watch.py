"""Subscriptions: Microsoft tells that something in a folder has changed (resources/subscription.md)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from polydex.connectors.base import Watch
from polydex.connectors.microsoft.api import Api, decoded, path_of
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.core.errors import (
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderUnauthorized,
    RecordNotFound,
)

MINUTES = 4200
"""How long a subscription is asked for. Today 10,080 minutes are allowed, and were 4,230 (README.md)."""
_STEP = "Microsoft subscription"


class _Subscription(msgspec.Struct, rename="camel", gc=False):
    id: str | None = None
    expiration_date_time: str | None = None


async def watch(api: Api, folder: str, url: str, secret: str, current: Watch | None) -> Watch:
    """See ``connectors.base.Watching.watch``. The address for the life of the subscription itself is the same, and cannot be
    added later.
    """
    expires = _written(api.now() + MINUTES * 60_000)
    if current is not None:
        body = msgspec.json.encode({"expirationDateTime": expires})
        try:
            answer = await api.call(
                "PATCH", path_of("subscriptions", current.id), step=_STEP, body=body, idempotent=True
            )
        except (RecordNotFound, ProviderForbidden, ProviderUnauthorized):
            # It has ended; or it is not ours to renew any more, as after a change of the registration, or for a while for
            # everybody (https://github.com/microsoftgraph/msgraph-sdk-java/issues/1711, where new ones could be made).
            pass
        except (ProviderRejected, ProviderMalformed):
            if current.expires_at > api.now():
                raise  # else it has run out, whatever is said of it
        else:
            return _read(answer)
    resource = "/".join(api.owner) + ("/contacts" if folder == DEFAULT else f"/contactFolders/{folder}/contacts")
    body = msgspec.json.encode(
        {
            "changeType": "created,updated,deleted",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": resource,
            "expirationDateTime": expires,
            "clientState": secret,
        }
    )
    return _read(await api.call("POST", path_of("subscriptions"), step=_STEP, body=body))


async def unwatch(api: Api, watch: Watch) -> None:
    """See ``connectors.base.Watching.unwatch``."""
    try:
        await api.call("DELETE", path_of("subscriptions", watch.id), step=_STEP, idempotent=True)
    except RecordNotFound:
        return


def _read(body: bytes) -> Watch:
    found = decoded(body, _Subscription, _STEP)
    try:
        ends = datetime.fromisoformat(found.expiration_date_time or "")
    except ValueError:
        ends = None
    if not found.id or ends is None:
        raise ProviderMalformed(f"{_STEP}: Microsoft does not say until when")
    return Watch(found.id, int(ends.replace(tzinfo=ends.tzinfo or UTC).timestamp() * 1000))


def _written(moment: int) -> str:
    """As ``2026-01-02T03:04:05.000Z``."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
