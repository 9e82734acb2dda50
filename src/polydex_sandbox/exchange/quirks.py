"""The odd behaviour of Exchange that can be switched on, each with where it was seen. `odd` plays them."""

from __future__ import annotations

from polydex_sandbox.quirks import Quirk

_LEARN = "https://learn.microsoft.com/exchange/client-developer/"
_THROTTLING = f"{_LEARN}exchange-web-services/ews-throttling-in-exchange"
_GITHUB = "https://github.com/"
_LIB = f"{_GITHUB}ecederstrand/exchangelib/issues/"
_BATCHES = frozenset(
    {"GetItem", "CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "GetFolder", "GetAttachment", "DeleteAttachment"}
)
_WRITES = frozenset({"CreateItem", "UpdateItem"})
_SYNC = frozenset({"SyncFolderItems"})

CATALOGUE = (
    Quirk(
        "exchange-truncated-texts",
        "FindItem cuts texts, also those of extended properties, after 255 characters.",
        f"{_GITHUB}gautamsi/ews-javascript-api/issues/429",
        frozenset({"FindItem"}),
        always=True,
    ),
    # Calls of any kind.
    Quirk(
        "exchange-slow",
        "An answer comes only after so many real seconds.",
        _THROTTLING,
        parameters={"seconds": 1.0},
    ),
    Quirk(
        "exchange-drop-before",
        "The connection is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "exchange-drop-after",
        "The connection is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "exchange-server-busy",
        "A call is refused with ErrorServerBusy and BackOffMilliseconds (without when it is 0), for each item in HTTP 200 "
        "or as a fault in HTTP 500.",
        _THROTTLING,
        parameters={"status": 500, "backOff": 1000},
        choices={"status": (200, 500)},
    ),
    Quirk(
        "exchange-unavailable",
        "A call is answered with 503, or another status of an overloaded server, and no SOAP; without Retry-After when it "
        "is 0.",
        f"{_LIB}1196",
        parameters={"status": 503, "retryAfter": 0},
        choices={"status": (500, 502, 503, 504)},
    ),
    Quirk(
        "exchange-timeout",
        "A call is refused with ErrorTimeoutExpired.",
        f"{_LIB}509",
        parameters={"status": 200},
        choices={"status": (200, 500)},
    ),
    Quirk(
        "exchange-internal-error",
        "A call is refused with ErrorInternalServerError, or another error of a mailbox that is not there just now.",
        f"{_GITHUB}OfficeDev/ews-managed-api/issues/171",
        parameters={"code": "ErrorInternalServerError", "status": 200},
        choices={
            "code": (
                "ErrorInternalServerError",
                "ErrorInternalServerTransientError",
                "ErrorMailboxStoreUnavailable",
                "ErrorMailboxMoveInProgress",
                "ErrorMailboxFailover",
                "ErrorADUnavailable",
                "ErrorConnectionFailed",
            ),
            "status": (200, 500),
        },
    ),
    Quirk(
        "exchange-too-many-connections",
        "A call is refused with ErrorExceededConnectionCount although no other one goes on.",
        f"{_LIB}279",
    ),
    Quirk(
        "exchange-password-expired",
        "A call is answered with 401 although the password is the right one.",
        f"{_LEARN}exchange-web-services/authentication-and-ews-in-exchange",
    ),
    Quirk(
        "exchange-version-refused",
        "A call is refused with ErrorInvalidServerVersion although the server knows the version.",
        f"{_LIB}874",
    ),
    Quirk(
        "exchange-batch-stopped",
        "Of several things that a call asks for only the first is done; the others are ErrorBatchProcessingStopped.",
        f"{_LIB}862",
        _BATCHES,
    ),
    # Items one by one.
    Quirk(
        "exchange-item-unreadable",
        "An item cannot be read, for each item of a call anew.",
        f"{_LIB}1041",
        frozenset({"GetItem"}),
        {"code": "ErrorItemCorrupt"},
        {
            "code": (
                "ErrorItemCorrupt",
                "ErrorCorruptData",
                "ErrorContentConversionFailed",
                "ErrorItemPropertyRequestFailed",
            )
        },
    ),
    Quirk(
        "exchange-conflict",
        "An update is refused with ErrorIrresolvableConflict, or ErrorStaleObject, with a current change key.",
        f"{_GITHUB}jamesiarmes/php-ews/issues/81",
        frozenset({"UpdateItem"}),
        {"code": "ErrorIrresolvableConflict"},
        {"code": ("ErrorIrresolvableConflict", "ErrorStaleObject")},
    ),
    Quirk(
        "exchange-stale-answer",
        "Right after a write the server changes the item once more, so the answer has an old change key.",
        f"{_GITHUB}OfficeDev/ews-managed-api/issues/249",
        _WRITES,
    ),
    Quirk(
        "exchange-illegal-characters",
        "Texts of an answer end in a reference to a character that XML does not allow.",
        f"{_GITHUB}OfficeDev/ews-java-api/issues/233",
        frozenset({"GetItem", "FindItem"}),
    ),
    Quirk(
        "exchange-legacy-addresses",
        "E-mail addresses that are written become those of people in the directory: a legacy DN with the routing type EX; the "
        "SMTP address is in the extended property.",
        f"{_GITHUB}jamesiarmes/php-ews/issues/578",
        _WRITES,
    ),
    Quirk(
        "exchange-photo-lost",
        "What is attached as a contact's photo is none afterwards: not there at all, or with `kept` an ordinary attachment.",
        f"{_GITHUB}OfficeDev/ews-managed-api/issues/221",
        frozenset({"CreateAttachment"}),
        {"kept": False},
    ),
    # Synchronisation.
    Quirk(
        "exchange-sync-state-invalid",
        "A good SyncState is refused with ErrorInvalidSyncStateData, and an empty one in the answer.",
        f"{_GITHUB}gautamsi/ews-javascript-api/issues/107",
        frozenset({"SyncFolderItems", "SyncFolderHierarchy"}),
    ),
    Quirk(
        "exchange-sync-ghost",
        "SyncFolderItems tells of a new item that is not found by its id.",
        f"{_GITHUB}mustang-im/mustang/pull/966",
        _SYNC,
    ),
)
