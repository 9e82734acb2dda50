"""Incremental synchronisation: start tokens, and the two feeds of the journal."""

from __future__ import annotations

from polydex.api import parameters as p, reply
from polydex.api.operation import READ, Answer, Call, Link, Operation
from polydex.api.reply import Reply
from polydex.api.schemas import contacts as examples

TAG = "Contacts sync"

AWAIT_READY = p.boolean("awaitReady", "Wait up to 20 seconds for the first pull to complete.", default=True)
# Any text may be sent as a token; what is not one of ours is 400 token.notValid, which clients recover from.
DELTA_TOKEN = p.token(
    "deltaToken",
    "From the start of the synchronisation, or the nextDeltaToken of the last run.",
    example=examples.TOKEN,
)
PAGE_TOKEN = p.token(
    "pageToken",
    "The nextPageToken of the page before; it stands alone and wins over deltaToken.",
    example=examples.TOKEN,
)
LIMIT = p.maybe_integer(
    "limit", "Records per page (default 100); carried in the page token.", low=1, high=1000, example=100
)

_ERRORS = (410, 429, 502, 504)


async def start(call: Call) -> Reply:
    begun = await call.services.reader.start(call.caller.account, await_ready=call[AWAIT_READY])
    status: dict[str, object] = {}
    if begun.ready:
        status = {"syncUpdatedToken": begun.updated_token, "syncDeletedToken": begun.deleted_token}
    return reply.answer({**status, "ready": begun.ready})


async def updated(call: Call) -> Reply:
    found = await call.services.reader.updated(
        call.caller.account,
        delta_token=call[DELTA_TOKEN],
        page_token=call[PAGE_TOKEN],
        limit=call[LIMIT],
        no_cache=call[p.NO_CACHE],
    )
    return Reply(reply.page(found.bodies, found.next_page, found.next_delta), headers=reply.age(found.age))


async def deleted(call: Call) -> Reply:
    found = await call.services.reader.deleted(
        call.caller.account,
        delta_token=call[DELTA_TOKEN],
        page_token=call[PAGE_TOKEN],
        limit=call[LIMIT],
        no_cache=call[p.NO_CACHE],
    )
    return Reply(reply.page(found.bodies, found.next_page, found.next_delta), headers=reply.age(found.age))


def _page(schema: str, operation: str) -> Answer:
    links = (Link(operation, "pageToken", "/nextPageToken"), Link(operation, "deltaToken", "/nextDeltaToken"))
    return Answer(schema, "A page, with one of the two tokens.", maybe=("Age",), links=links)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/contacts/sync",
        "contSyncStart",
        TAG,
        "Start a synchronisation",
        start,
        scope=READ,
        parameters=(AWAIT_READY,),
        answers={
            200: Answer(
                "SyncStatus",
                "Tokens, once the first pull is complete; else repeat the call.",
                links=(
                    Link("contSyncUpdated", "deltaToken", "/syncUpdatedToken"),
                    Link("contSyncDeleted", "deltaToken", "/syncDeletedToken"),
                ),
            )
        },
        errors=(409, 422, 429, 502, 504),
        text="Gives the tokens with which the two feeds begin: the feed of updates brings every contact first, then what "
        "has changed. While the first pull runs, `ready` is false and the tokens are absent: repeat the call.",
    ),
    Operation(
        "GET",
        "/v1/contacts/sync/updated",
        "contSyncUpdated",
        TAG,
        "Contacts created or changed since a token",
        updated,
        scope=READ,
        parameters=(DELTA_TOKEN, PAGE_TOKEN, LIMIT, p.NO_CACHE),
        answers={200: _page("ContactsPage", "contSyncUpdated")},
        errors=_ERRORS,
        text="Apply each page before asking for the next; run this feed to its end, then the deleted one.",
    ),
    Operation(
        "GET",
        "/v1/contacts/sync/deleted",
        "contSyncDeleted",
        TAG,
        "Contacts deleted since a token",
        deleted,
        scope=READ,
        parameters=(DELTA_TOKEN, PAGE_TOKEN, LIMIT, p.NO_CACHE),
        answers={200: _page("DeletedPage", "contSyncDeleted")},
        errors=_ERRORS,
        text="Run it after the feed of updates. A deletion is final for its id.",
    ),
)
