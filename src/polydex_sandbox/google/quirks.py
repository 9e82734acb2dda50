"""The odd behaviour of Google that can be switched on, each with where it was seen.

`refuse` plays those that refuse a call before it does anything; the others are played where they belong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from polydex_sandbox.google.errors import ApiError, error_info
from polydex_sandbox.google.methods import METHODS
from polydex_sandbox.quirks import Quirk

_GITHUB = "https://github.com/"
_DISCOVERY = "https://developers.google.com/people/api/rest/v1/people.connections/list"

_READS = frozenset(method.name for method in METHODS if not method.writes)
_WRITES = frozenset(method.name for method in METHODS if method.writes)
_LISTS = frozenset({"people.connections.list", "otherContacts.list", "contactGroups.list"})
_PEOPLE_LISTS = frozenset({"people.connections.list", "people.searchContacts", "otherContacts.list"})
_BY_ETAG = frozenset({"people.updateContact", "people.batchUpdateContacts"})
_PHOTO = frozenset({"people.updateContactPhoto"})

CATALOGUE = (
    Quirk(
        "google-sync-token-expires",
        "A sync token is refused once its full sync is older than so many days; an incremental sync does not renew it "
        "unless `renews`.",
        _DISCOVERY,
        _LISTS,
        {"days": 7, "variant": "FAILED_PRECONDITION", "details": True, "renews": False},
        {"variant": ("FAILED_PRECONDITION", "INVALID_ARGUMENT", "410")},
        always=True,
    ),
    Quirk(
        "google-default-photo",
        "A contact without a photo has one all the same: a generated tile with its first letter, marked `default`.",
        "https://developers.google.com/people/api/rest/v1/people#Person.Photo",
        always=True,
    ),
    Quirk(
        "google-group-rename-is-silent",
        "Renaming a group does not report its members as changed, unless `members`.",
        "https://developers.google.com/people/api/rest/v1/people#Person.ContactGroupMembership",
        frozenset({"contactGroups.update"}),
        {"members": False},
        always=True,
    ),
    Quirk(
        "google-stale-search",
        "A search answers out of a cache that only a search for nothing brings up to date.",
        "https://developers.google.com/people/v1/contacts#search_the_users_contacts",
        frozenset({"people.searchContacts", "otherContacts.search"}),
        always=True,
    ),
    Quirk(
        "google-sync-token-expired",
        "A sync token is refused as expired although it is young.",
        f"{_GITHUB}frappe/frappe/issues/19016",
        _LISTS,
        {"variant": "FAILED_PRECONDITION", "details": True},
        {"variant": ("FAILED_PRECONDITION", "INVALID_ARGUMENT", "410")},
    ),
    Quirk(
        "google-propagation-delay",
        "Lists and incremental lists know writes only after so many seconds; people.get knows them at once.",
        _DISCOVERY,
        _LISTS,
        {"seconds": 120},
    ),
    Quirk(
        "google-read-quota",
        "Reads are answered with 429, RATE_LIMIT_EXCEEDED, once there were so many in one minute of the clock (90 were "
        "seen); with 0 at once.",
        f"{_GITHUB}mrmattwilkins/google-contacts-sync/issues/1",
        _READS,
        {"perMinute": 0},
    ),
    Quirk(
        "google-write-quota",
        "Writes are answered with 429, QuotaFailure: FBS quota limit exceeded.",
        f"{_GITHUB}rapidwebltd/php-google-people-api/issues/45",
        _WRITES,
    ),
    Quirk(
        "google-full-sync-quota",
        "The first page of a full sync is answered with 429: it has a quota of its own that cannot be raised.",
        _DISCOVERY,
        frozenset({"people.connections.list", "otherContacts.list"}),
    ),
    Quirk(
        "google-rate-limit-403",
        "A call is answered with 403 and the reason rateLimitExceeded or userRateLimitExceeded: throttling, not a "
        "missing right.",
        "https://developers.google.com/workspace/drive/api/guides/handle-errors",
        parameters={"reason": "userRateLimitExceeded"},
        choices={"reason": ("rateLimitExceeded", "userRateLimitExceeded")},
    ),
    Quirk(
        "google-forbidden",
        "A call is answered with 403, PERMISSION_DENIED, although the token has the scope.",
        "https://cloud.google.com/apis/design/errors#handling_errors",
    ),
    Quirk(
        "google-unavailable",
        "A call is answered with 503, UNAVAILABLE.",
        "https://cloud.google.com/apis/design/errors#handling_errors",
        parameters={"retryAfter": 0},
    ),
    Quirk(
        "google-slow",
        "An answer comes only after so many real seconds.",
        "https://cloud.google.com/apis/design/errors#handling_errors",
        parameters={"seconds": 1.0},
    ),
    Quirk(
        "google-drop-before",
        "The connection is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "google-drop-after",
        "The connection is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "google-recompressed-photo",
        "A photo is stored as another JPEG file: the bytes that are read are not those that were written.",
        f"{_GITHUB}nextcloud/integration_google/issues/140",
        _PHOTO,
    ),
    Quirk(
        "google-etag-changes",
        "A new photo, or other members of a group, give a contact another etag.",
        f"{_GITHUB}googleapis/google-api-python-client/issues/2417",
    ),
    Quirk(
        "google-no-source-etag",
        "Sources come without their etag; the person has one.",
        "https://developers.google.com/people/api/rest/v1/people#Person.Source",
    ),
    Quirk(
        "google-spurious-precondition",
        "A write is refused as made on an old etag although the etag is the current one.",
        f"{_GITHUB}googleapis/google-api-go-client/issues/1904",
        _BY_ETAG,
    ),
    Quirk(
        "google-source-etag-refused",
        "A write that carries the etag of the source only is refused as made on an old etag.",
        "https://developers.google.com/people/api/rest/v1/people/updateContact",
        _BY_ETAG,
    ),
    Quirk(
        "google-list-etag-refused",
        "The etags that lists and searches give are not those that an update takes: it needs people.get before it.",
        "https://developers.google.com/people/api/rest/v1/people/updateContact",
        _PEOPLE_LISTS,
    ),
    Quirk(
        "google-no-next-sync-token",
        "The last page comes without nextSyncToken although it was asked for.",
        _DISCOVERY,
        _LISTS,
    ),
    Quirk(
        "google-duplicate-between-pages",
        "The last person of a page is also the first one of the next.",
        _DISCOVERY,
        frozenset({"people.connections.list", "otherContacts.list"}),
    ),
    Quirk(
        "google-page-token-expires",
        "A page token is refused in the middle of a walk.",
        _DISCOVERY,
        _LISTS,
    ),
    Quirk(
        "google-renames",
        "An update gives the contact another resource name; the old one still leads to it.",
        "https://developers.google.com/people/api/rest/v1/people#Person.PersonMetadata",
        _BY_ETAG,
    ),
)

_QUOTA = "Critical read requests (Contact and Profile Reads)"


class Reads:
    """The reads of an account in the last minute, as far as a quota counts them."""

    def __init__(self) -> None:
        self._times: deque[int] = deque()

    def room(self, per_minute: int, now: int) -> bool:
        """Whether one more is allowed; counts it then."""
        # The clock may have been put back.
        while self._times and not now - 60_000 < self._times[0] <= now:
            self._times.popleft()
        if len(self._times) >= per_minute:
            return False
        self._times.append(now)
        return True


def refuse(strike: Callable[[str], dict[str, Any] | None], *, full_sync: bool, reads: Reads, now: int) -> None:
    """Raises the ApiError of the first quirk that strikes this call.

    Args:
        strike: the parameters of a quirk, by its id, when it strikes this call.
        full_sync: the call asks for the first page of a full sync.
        reads: those of the account before.
        now: Unix milliseconds.
    """
    if (given := strike("google-read-quota")) is not None and not reads.room(given["perMinute"], now):
        raise read_quota()
    if strike("google-write-quota") is not None:
        raise write_quota()
    if full_sync and strike("google-full-sync-quota") is not None:
        raise read_quota()
    if (given := strike("google-rate-limit-403")) is not None:
        raise rate_limit_403(given["reason"])
    if strike("google-forbidden") is not None:
        raise ApiError("PERMISSION_DENIED", "The caller does not have permission")
    if (given := strike("google-unavailable")) is not None:
        headers = {"Retry-After": str(given["retryAfter"])} if given["retryAfter"] else None
        raise ApiError("UNAVAILABLE", "The service is currently unavailable.", headers=headers)


def read_quota() -> ApiError:
    """As captured by users; see the quirk's source."""
    limit = f"{_QUOTA} per minute per user"
    metadata = {
        "consumer": "projects/1000000000",
        "quota_limit": "CriticalReadsPerMinutePerProjectPerUser",
        "quota_limit_value": "90",
        "quota_location": "global",
        "quota_metric": "people.googleapis.com/critical_read_requests",
        "service": "people.googleapis.com",
    }
    return ApiError(
        "RESOURCE_EXHAUSTED",
        f"Quota exceeded for quota metric '{_QUOTA}' and limit '{limit}' of service 'people.googleapis.com' for "
        "consumer 'project_number:1000000000'.",
        [
            error_info("RATE_LIMIT_EXCEEDED", metadata=metadata),
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [
                    {
                        "description": "Request a higher quota limit.",
                        "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                    }
                ],
            },
        ],
    )


def write_quota() -> ApiError:
    """As captured by users; see the quirk's source."""
    violation = {"subject": "QUOTA_EXCEEDED", "description": "FBS quota limit exceeded"}
    return ApiError(
        "RESOURCE_EXHAUSTED",
        "Resource has been exhausted (e.g. check quota).",
        [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}],
    )


def rate_limit_403(reason: str) -> ApiError:
    """Google's older error format beside the newer: ``errors`` with domain and reason."""
    message = "User Rate Limit Exceeded" if reason.startswith("user") else "Rate Limit Exceeded"
    older = [{"message": message, "domain": "usageLimits", "reason": reason}]
    return ApiError("PERMISSION_DENIED", message, older=older)


def bend(strike: Callable[[str], dict[str, Any] | None], found: dict[str, Any]) -> dict[str, Any]:
    """The answer as the quirks that change one leave it.

    Args:
        strike: as for `refuse`.
        found: the answer.
    """
    if strike("google-no-source-etag") is not None:
        found = _people(found, _without_source_etag)
    if strike("google-list-etag-refused") is not None:
        found = _people(found, _of_the_list)
    return found


def _people(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A copy of an answer in which every person and source is changed."""
    if isinstance(value, list):
        return [_people(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    return change({name: _people(one, change) for name, one in value.items()})


def _without_source_etag(value: dict[str, Any]) -> dict[str, Any]:
    """A source is what has a type, an id and an etag."""
    if value.keys() >= {"type", "id", "etag"}:
        del value["etag"]
    return value


def _of_the_list(value: dict[str, Any]) -> dict[str, Any]:
    if "etag" in value:
        value["etag"] = value["etag"][:-4] + "bGk="
    return value
