"""The odd behaviour of Microsoft Graph that can be switched on, each with where it was seen.

`odd` plays those of calls, `subscriptions` those of notifications.
"""

from __future__ import annotations

from polydex_sandbox.microsoft.routes import OPERATIONS
from polydex_sandbox.quirks import Quirk

NOTIFICATIONS = "notifications"
"""What quirks of notifications strike in place of a method."""

_GITHUB = "https://github.com/"
_GRAPH = f"{_GITHUB}microsoftgraph/"
_LEARN = "https://learn.microsoft.com/graph/"
_CONTACT = frozenset(operation.name for operation in OPERATIONS if operation.node.partition(" ")[0] == "contact")
_BY_ID = _CONTACT | {operation.name for operation in OPERATIONS if operation.node in ("photo", "photo value")}
_UPDATES = frozenset({"contacts.update", "contacts.delete", "contacts.permanentDelete"})
_DELTAS = frozenset({"contacts.delta", "contactFolders.delta"})
_CREATE = frozenset({"contacts.create"})
_WRITES = frozenset({"contacts.create", "contacts.update"})
_DELTA = frozenset({"contacts.delta"})
_TOLD = frozenset({NOTIFICATIONS})

CATALOGUE = (
    Quirk(
        "graph-folder-in-path",
        "A contact is found by its id in whatever folder the path names; with `checked` only in its own.",
        f"{_LEARN}known-issues",
        _CONTACT,
        {"checked": False},
        always=True,
    ),
    # Calls of any kind.
    Quirk(
        "graph-slow",
        "An answer comes only after so many real seconds.",
        f"{_LEARN}throttling",
        parameters={"seconds": 1.0},
    ),
    Quirk(
        "graph-drop-before",
        "The connection is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "graph-drop-after",
        "The connection is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "graph-throttled",
        "A call, also as a part of a batch, is answered with 429, ApplicationThrottled; without Retry-After when it is 0.",
        f"{_GRAPH}msgraph-sdk-javascript/issues/297",
        parameters={"retryAfter": 0},
    ),
    Quirk(
        "graph-unavailable",
        "A call is answered with 503, or another status of an overloaded service; without Retry-After when it is 0.",
        f"{_LEARN}errors",
        parameters={"status": 503, "retryAfter": 0},
        choices={"status": (500, 502, 503, 504, 509)},
    ),
    Quirk(
        "graph-forbidden",
        "A call is answered with 403, ErrorAccessDenied, although the token has the scope.",
        f"{_LEARN}auth-limit-mailbox-access",
    ),
    Quirk(
        "graph-token-refused",
        "A call is answered with 401, InvalidAuthenticationToken, although the token has not expired.",
        "https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation",
    ),
    Quirk(
        "graph-no-mailbox",
        "A call is answered with 404, MailboxNotEnabledForRESTAPI: the mailbox is inactive, or not in the cloud.",
        f"{_LEARN}errors",
    ),
    # Contacts one by one.
    Quirk(
        "graph-fresh-id-unknown",
        "For so many seconds a new contact is not found by its id although lists show it.",
        f"{_GRAPH}msgraph-sdk-dotnet/issues/259",
        _BY_ID,
        {"seconds": 30},
    ),
    Quirk(
        "graph-spurious-conflict",
        "An update or deletion is refused with 412, ErrorIrresolvableConflict, with a current If-Match and without any.",
        f"{_GITHUB}mguessan/davmail/issues/491",
        _UPDATES,
    ),
    Quirk(
        "graph-given-name-required",
        "A new contact without a given name is refused with 400, ErrorInvalidProperty.",
        f"{_GRAPH}msgraph-sdk-dotnet/issues/247",
        _CREATE,
    ),
    Quirk(
        "graph-create-drops-properties",
        "Extended properties of a new contact are not kept, in personal mailboxes; in all with `everywhere`.",
        f"{_GRAPH}microsoft-graph-docs/issues/21314",
        _CREATE,
        {"everywhere": False},
    ),
    Quirk(
        "graph-null-keeps-property",
        "An extended property that an update sets to null stays as it was.",
        f"{_GRAPH}msgraph-sdk-dotnet/issues/719",
        frozenset({"contacts.update"}),
    ),
    Quirk(
        "graph-deleted-item-answers",
        "A contact in Deleted Items is still found by its id: the ordinary one that it has there, or the immutable one.",
        f"{_LEARN}outlook-immutable-id",
        _BY_ID,
    ),
    Quirk(
        "graph-stale-answer",
        "Right after a write the service changes the contact once more, so the answer has an old etag.",
        f"{_GRAPH}microsoft-graph-docs-contrib/issues/7644",
        _WRITES,
    ),
    Quirk(
        "graph-email-names",
        "The names of e-mail addresses are not those that were written, but made of the contact's name and the address.",
        f"{_GRAPH}microsoft-graph-docs/issues/6423",
        _WRITES,
    ),
    Quirk(
        "graph-photo-not-stored",
        "A photo is taken with 200, and not stored.",
        f"{_GRAPH}msgraph-sdk-dotnet-auth/issues/103",
        frozenset({"photo.upload"}),
    ),
    # Delta queries.
    Quirk(
        "graph-sync-state-expired",
        "A token is refused, as 410 or 400: that of a deltaLink, or of a nextLink in the middle of a round; with "
        "`location` the answer has the URL of a new one.",
        f"{_GRAPH}microsoft-graph-docs/issues/2162",
        _DELTAS,
        {"code": "SyncStateNotFound", "on": "any", "status": 410, "location": False},
        {
            "code": ("SyncStateNotFound", "syncStateNotFound", "SyncStateInvalid", "resyncRequired", "ResyncRequired"),
            "on": ("any", "deltaLink", "nextLink"),
            "status": (400, 410),
        },
    ),
    Quirk(
        "graph-delta-repeats",
        "The last item of a page is also the first one of the next.",
        f"{_GRAPH}microsoft-graph-docs/issues/6785",
        _DELTA,
    ),
    Quirk(
        "graph-delta-replays",
        "A round after the first begins with contacts that have not changed, and with `old` states of some that have; at "
        "most so many of each.",
        f"{_LEARN}delta-query-overview",
        _DELTA,
        {"most": 3, "old": True},
    ),
    Quirk(
        "graph-delta-empty-page",
        "A page has no items and a nextLink.",
        f"{_GRAPH}microsoft-graph-docs/issues/2839",
        _DELTA,
    ),
    Quirk(
        "graph-delta-endless",
        "The nextLink of a page leads to the same page again.",
        f"{_GRAPH}msgraph-sdk-dotnet/issues/3070",
        _DELTA,
    ),
    Quirk(
        "graph-delta-lag",
        "A change is told only after so many seconds.",
        f"{_LEARN}delta-query-overview#processing-delays",
        _DELTA,
        {"seconds": 30},
    ),
    # Notifications.
    Quirk(
        "graph-no-delete-notification",
        "That a contact was deleted is not told.",
        f"{_GRAPH}microsoft-graph-docs/issues/16551",
        _TOLD,
    ),
    Quirk(
        "graph-created-and-updated",
        "A new contact is told twice: as created, and as updated.",
        f"{_GRAPH}microsoft-graph-docs-contrib/issues/7644",
        _TOLD,
    ),
    Quirk(
        "graph-notification-repeats",
        "A notification comes twice.",
        f"{_GRAPH}microsoft-graph-docs/issues/6580",
        _TOLD,
    ),
    Quirk(
        "graph-notification-delay",
        "A notification comes only after so many seconds.",
        f"{_GRAPH}msgraph-sdk-dotnet/issues/480",
        _TOLD,
        {"seconds": 60},
    ),
    Quirk(
        "graph-endless-missed",
        "Every delta query is followed by a lifecycle notification that some were missed.",
        f"{_GRAPH}microsoft-graph-docs/issues/16821",
        _DELTA,
    ),
    Quirk(
        "graph-subscription-vanishes",
        "At the next change a subscription is gone, and nobody is told.",
        f"{_GRAPH}msgraph-training-changenotifications/issues/26",
        _TOLD,
    ),
)
