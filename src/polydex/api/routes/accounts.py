"""Accounts as applications manage them: connect, list, show, delete; and the application itself."""

from __future__ import annotations

from polydex.api import parameters as p, reply
from polydex.api.operation import Answer, Call, Link, Operation, Who
from polydex.api.reply import Reply
from polydex.api.schemas import KNOWN_SERVICES
from polydex.api.shapes import account_out, decode_spec, time
from polydex.core.errors import Unsupported

TAG = "Accounts"

# The keys by which Aurinko finds the account to reuse. Ours is the provider's own id of the login, which goes with
# these; the others would tie one login to several accounts.
_RECYCLE = ("userId", "email", "serverUrl", "username", "orgId", "clientOrgId")
_IMPLIED = frozenset(_RECYCLE[:4])

ID = p.path_integer("id", "The account's id.")
LIMIT = p.integer("limit", "Accounts per page.", low=1, high=1000, default=50)
OFFSET = p.integer("offset", "Accounts to skip.", low=0, high=10**9, default=0)
SERVICE_TYPE = p.maybe_choice("serviceType", "Only accounts of this service.", KNOWN_SERVICES)
AUTH_ORG_ID = p.text("authOrgId", "Only accounts of this organisation.", example="org-1")
SUBSCRIPTION_ID = p.absent("subscriptionId", schema={"type": "integer", "format": "int64"})
USER_ACCOUNT = p.absent("userAccount", schema={"type": "string", "enum": ["primary", "secondary"]})
USER_ID = p.absent("userId")
RECYCLE_KEYS = p.words(
    "recycleKeys",
    "An account of the same login is always reused; keys that say so are accepted, orgId and clientOrgId are not.",
    items={"type": "string", "enum": list(_RECYCLE)},
    example=["email"],
)
ENSURE_ACCESS = p.boolean("ensureAccess", "Accepted; access is always tried before anything is stored.", default=False)


async def listing(call: Call) -> Reply:
    found = await call.services.accounts.list(
        call.caller.app.id,
        offset=call[OFFSET],
        limit=call[LIMIT],
        service_type=call[SERVICE_TYPE],
        auth_org_id=call[AUTH_ORG_ID],
    )
    done = call[OFFSET] + len(found.accounts) >= found.total
    records = [account_out(account, daemon=call.services.accounts.is_daemon(account)) for account in found.accounts]
    return reply.answer({"offset": call[OFFSET], "totalSize": found.total, "done": done, "records": records})


async def upsert(call: Call) -> Reply:
    if refused := [key for key in call[RECYCLE_KEYS] if key not in _IMPLIED]:
        raise Unsupported(f"'recycleKeys' with {', '.join(refused)} is not served by Polydex")
    saved = await call.services.accounts.upsert(call.caller.app.id, decode_spec(call.body))
    # An access token is for its reader alone.
    headers = {"Cache-Control": "no-store"}
    return reply.answer({"accountId": saved.account_id, "accessToken": saved.access_token}, headers=headers)


async def connect(call: Call) -> Reply:
    await call.services.accounts.check(call.caller.app.id, decode_spec(call.body))
    return reply.answer({"status": "Ok"})


async def show(call: Call) -> Reply:
    account = await call.services.accounts.get(call[ID], app=call.caller.app.id)
    status = await call.services.accounts.status(account.id)
    return reply.answer(account_out(account, status, daemon=call.services.accounts.is_daemon(account)))


async def remove(call: Call) -> Reply:
    account = await call.services.accounts.get(call[ID], app=call.caller.app.id)
    await call.services.accounts.delete(account.id)
    return Reply(b"{}")


async def application(call: Call) -> Reply:
    app = call.caller.app
    return reply.answer({"id": app.id, "name": app.name, "clientId": app.client_id, "createdAt": time(app.created_at)})


_PROVIDER = (422, 429, 502, 504)

OPERATIONS = (
    Operation(
        "GET",
        "/v1/am/accounts",
        "getAccounts",
        TAG,
        "List accounts",
        listing,
        who=Who.APP,
        parameters=(LIMIT, OFFSET, SERVICE_TYPE, AUTH_ORG_ID, SUBSCRIPTION_ID),
        answers={200: Answer("AccountsPage", "A page; `done` tells whether it is the last.")},
        text="All accounts of the application, in the order in which they were connected. All filters must match.",
    ),
    Operation(
        "POST",
        "/v1/am/accounts",
        "upsertPersonal",
        TAG,
        "Connect an account, or renew its credentials",
        upsert,
        who=Who.APP,
        parameters=(USER_ACCOUNT, USER_ID, RECYCLE_KEYS, ENSURE_ACCESS),
        body="ApiAccountInDto",
        answers={
            200: Answer(
                "AccountSaveResult",
                "The account and a new access token; older ones stay.",
                links=(Link("getAccount", "id", "/accountId"), Link("amAccountDelete", "id", "/accountId")),
            )
        },
        errors=(403, 404, *_PROVIDER),
        writes=True,
        text="Logs in at the provider and finds the address books before anything is stored.",
    ),
    Operation(
        "POST",
        "/v1/am/accounts/connect",
        "checkConnection",
        TAG,
        "Try credentials without storing them",
        connect,
        who=Who.APP,
        body="ApiAccountInDto",
        answers={200: Answer("OkResponse", "The provider accepts them.")},
        text="Logs in at the provider and finds the address books, as connecting does, but stores nothing.",
        errors=(403, 404, *_PROVIDER),
    ),
    Operation(
        "GET",
        "/v1/am/accounts/{id}",
        "getAccount",
        TAG,
        "Get an account",
        show,
        who=Who.APP,
        parameters=(ID,),
        answers={200: Answer("ApiAccountOutDto", "The account.")},
        text="With the state of its synchronisation.",
        errors=(403,),
    ),
    Operation(
        "DELETE",
        "/v1/am/accounts/{id}",
        "amAccountDelete",
        TAG,
        "Delete an account and everything that is stored of it",
        remove,
        who=Who.APP,
        parameters=(ID,),
        answers={200: Answer("Nothing", "Deleted here; nothing changes at the provider.")},
        text="Its contacts, history, tokens and credentials are erased here and cannot be brought back.",
        errors=(403,),
        writes=True,
    ),
    Operation(
        "GET",
        "/v1/am/application",
        "getApplication",
        TAG,
        "Get the application",
        application,
        who=Who.APP,
        answers={200: Answer("Application", "The application whose credentials were sent.")},
        text="Tells whether the application's credentials work.",
    ),
)
