"""Lists: pages, sync tokens, and that both stay with the parameters that they began with.

A walk sees the account as it was when it began, so no page misses a person, and its sync token is of that moment.
Google does not document this; a client must not rely on it (see the quirks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from polydex_sandbox.clock import DAY
from polydex_sandbox.google import cursors, errors
from polydex_sandbox.google.call import Call
from polydex_sandbox.shelf import Shelf, Version

V = TypeVar("V", bound=Version)
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Page(Generic[V]):
    """One page of a list.

    Attributes:
        items: versions; deleted ones only of an incremental list.
        tokens: ``nextPageToken``, ``nextSyncToken``, those that the answer has.
        total: of the whole list; None for an incremental one.
    """

    items: Sequence[V]
    tokens: Mapping[str, str]
    total: int | None


def page_size(given: int, default: int, largest: int = LARGEST_PAGE) -> int:
    """Raises ApiError: out of range. Wording unconfirmed."""
    if not 0 <= given <= largest:
        raise errors.invalid(f"Page size must be between 1 and {largest}.")
    return given or default


def page(
    call: Call,
    kind: str,
    shelf: Shelf[V],
    *,
    size: int,
    order: Callable[[V], Any],
    descending: bool = False,
    sync: bool,
    fixed: Mapping[str, Any],
    while_walking: Mapping[str, Any],
) -> Page[V]:
    """The page that the call asks for.

    Args:
        call: with `pageToken` and `syncToken`.
        kind: of the list, for its tokens.
        shelf: what is listed.
        size: of the page.
        order: what the list is sorted by.
        descending: the other way round.
        sync: whether the last page has a sync token.
        fixed: the parameters that every call of a walk, and of the incremental ones after it, has to have.
        while_walking: the parameters that have to be the same from page to page besides. Google's documentation asks
            for all of them after a sync token too; but its own example leaves `requestSyncToken` out there, see
            https://developers.google.com/people/v1/other-contacts, and page sizes of other lists are seen to differ.

    Raises:
        ApiError: a token is malformed, expired, or was made for other parameters.
    """
    sync_token, page_token = call.query.get("syncToken"), call.query.get("pageToken")
    plain = cursors.fingerprint(fixed)
    walk = cursors.fingerprint({**fixed, **while_walking, "syncToken": sync_token})
    offset, since, full = 0, None, call.book.now()
    if page_token:
        if call.strike("google-page-token-expires") is not None:
            raise cursors.bad_token()
        content = cursors.unpack(f"page {kind}", call.account.id, page_token)
        _same(content["print"], walk, "page_token")
        horizon, since, full, offset = (content[name] for name in ("horizon", "since", "full", "offset"))
    else:
        if sync_token:
            content = cursors.unpack(f"sync {kind}", call.account.id, sync_token)
            _young(call, content["full"])
            _same(content["print"], plain, "sync_token")
            since = content["seq"]
            full = call.book.now() if call.setting("google-sync-token-expires")["renews"] else content["full"]
        delay = call.strike("google-propagation-delay")
        horizon = max(call.book.horizon(1000 * delay["seconds"] if delay else 0), since or 0)
    found = list(shelf.at(horizon) if since is None else shelf.changed(since, horizon))
    found.sort(key=order, reverse=descending)
    twice = offset > 0 and size > 1 and call.strike("google-duplicate-between-pages") is not None
    begin = offset - twice
    end = begin + size
    tokens = {}
    if end < len(found):
        content = {"print": walk, "horizon": horizon, "since": since, "full": full, "offset": end}
        tokens["nextPageToken"] = cursors.pack(f"page {kind}", call.account.id, content)
    elif sync and call.strike("google-no-next-sync-token") is None:
        content = {"print": plain, "seq": horizon, "full": full}
        tokens["nextSyncToken"] = cursors.pack(f"sync {kind}", call.account.id, content)
    return Page(found[begin:end], tokens, len(found) if since is None else None)


def is_full_sync(query: Mapping[str, Any]) -> bool:
    """Whether a list asks for the first page of a full sync."""
    return bool(query.get("requestSyncToken")) and not query.get("syncToken") and not query.get("pageToken")


def _young(call: Call, full: int) -> None:
    given = call.strike("google-sync-token-expired")
    rule = call.setting("google-sync-token-expires")
    if given is None and call.book.now() - full >= rule["days"] * DAY:
        given = rule
    if given is not None:
        raise errors.expired_sync_token(given["variant"], details=given["details"])


def _same(made_for: str, now: str, name: str) -> None:
    """Wording unconfirmed; the documentation says that all other parameters must match the first call."""
    if made_for != now:
        raise errors.invalid(f"Request parameters must match those of the call that returned the {name}.")
