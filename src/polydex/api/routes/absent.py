"""Parts of the Aurinko contract that are not served: named, and answered with 501 in the usual shape."""

from __future__ import annotations

from typing import Any

from polydex.api import parameters as p
from polydex.api.operation import Call, Operation, Who
from polydex.api.reply import Reply
from polydex.core.errors import Unsupported

ACC_ID = p.path_integer("accId", "The service account's id.")
CODE = p.path_text("code", "The code that the authorization flow gave.", schema={"type": "string"}, example="x7Kq")
ID = p.path_integer("id", "The subscription's id.")
REST = p.path_text("rest", "The rest of the path.", schema={"type": "string"}, example="accounts")

_WORDS: p.Schema = {"type": "array", "items": {"type": "string"}}


def _named(*names: str) -> tuple[p.Parameter[Any], ...]:
    return tuple(
        p.ignored(name, _WORDS if name in ("scopes", "nativeScopes") else {"type": "string"}) for name in names
    )


_OAUTH = ("clientId", "serviceType", "scopes", "nativeScopes", "responseType", "accountId", "returnUrl", "state")


def _absent(
    method: str,
    path: str,
    operation_id: str,
    tag: str,
    summary: str,
    what: str,
    who: Who,
    parameters: tuple[p.Parameter[Any], ...] = (),
) -> Operation:
    async def refuse(_call: Call) -> Reply:
        raise Unsupported(f"{what} not served by Polydex")

    return Operation(
        method,
        path,
        operation_id,
        tag,
        f"{summary} (not served)",
        refuse,
        who=who,
        parameters=parameters,
        errors=(501,),
        text=f"Part of the Aurinko interface that Polydex does not serve: {what} answered with 501.",
    )


_FLOWS = "OAuth flows are"
_SUBSCRIPTIONS = "Subscriptions are"
_SERVICE = "Service accounts are"
_USERS = "User sessions are"

OPERATIONS = (
    _absent(
        "POST", "/v1/auth/prepare", "prepareAuth", "Auth", "Validate an external identity token", _USERS, Who.ANYONE
    ),
    _absent(
        "GET",
        "/v1/auth/authorize",
        "authorize",
        "Auth",
        "Start an account authorization flow",
        _FLOWS,
        Who.ANYONE,
        _named(
            *_OAUTH, "loginHint", "clientOrgId", "serverUrl", "ensureScopes", "ensureAccess", "recycle", "authEmail"
        ),
    ),
    _absent(
        "GET",
        "/v1/auth/authorizeDaemon",
        "authorizeDaemon",
        "Auth",
        "Start a service account authorization flow",
        _FLOWS,
        Who.ANYONE,
        _named(*_OAUTH, "clientOrgId", "ensureScopes"),
    ),
    _absent(
        "GET",
        "/v1/auth/authorizeUser",
        "authorizeUser",
        "Auth",
        "Start a user session authorization flow",
        _USERS,
        Who.ANYONE,
        _named(
            *_OAUTH,
            "mailboxInfo",
            "loginHint",
            "accountRole",
            "userId",
            "timestamp",
            "userSignature",
            "serverUrl",
            "ensureScopes",
            "ensureAccess",
            "token",
        ),
    ),
    _absent(
        "GET", "/v1/auth/callback", "authCallback", "Auth", "Come back from a provider's login", _FLOWS, Who.ANYONE
    ),
    _absent(
        "GET",
        "/v1/auth/token/{code}",
        "getAccessTokenByCode",
        "Auth",
        "Get an access token (deprecated)",
        _FLOWS,
        Who.APP,
        (CODE,),
    ),
    _absent(
        "POST",
        "/v1/auth/token/{code}",
        "authCodeExchange",
        "Auth",
        "Exchange a code for an access token",
        _FLOWS,
        Who.APP,
        (CODE,),
    ),
    _absent("GET", "/v1/user", "getUser", "Users", "Get the user of the session", _USERS, Who.ANYONE),
    _absent("POST", "/v1/user", "postUser", "Users", "Change the user of the session", _USERS, Who.ANYONE),
    _absent("DELETE", "/v1/user", "deleteUser", "Users", "Delete the user of the session", _USERS, Who.ANYONE),
    _absent(
        "GET", "/v1/user/{rest:path}", "getUserPart", "Users", "Get something of the user", _USERS, Who.ANYONE, (REST,)
    ),
    _absent(
        "POST",
        "/v1/user/{rest:path}",
        "postUserPart",
        "Users",
        "Change something of the user",
        _USERS,
        Who.ANYONE,
        (REST,),
    ),
    _absent(
        "DELETE",
        "/v1/user/{rest:path}",
        "deleteUserPart",
        "Users",
        "Delete something of the user",
        _USERS,
        Who.ANYONE,
        (REST,),
    ),
    _absent("GET", "/v1/am/svc_accounts", "getServiceAccounts", "Accounts", "List service accounts", _SERVICE, Who.APP),
    _absent(
        "POST",
        "/v1/am/svc_accounts",
        "upsertServiceAccount",
        "Accounts",
        "Connect a service account",
        _SERVICE,
        Who.APP,
    ),
    _absent(
        "POST",
        "/v1/am/svc_accounts/{accId}/accounts",
        "upsertManaged",
        "Accounts",
        "Connect an account that a service account manages",
        _SERVICE,
        Who.APP,
        (ACC_ID,),
    ),
    _absent(
        "GET",
        "/v1/subscriptions",
        "getSubscriptions",
        "Webhooks",
        "List webhook subscriptions",
        _SUBSCRIPTIONS,
        Who.ACCOUNT,
        _named("limit", "offset", "includeInactive"),
    ),
    _absent("POST", "/v1/subscriptions", "subscribe", "Webhooks", "Subscribe to changes", _SUBSCRIPTIONS, Who.ACCOUNT),
    _absent(
        "GET",
        "/v1/subscriptions/{id}",
        "getSubscription",
        "Webhooks",
        "Get a subscription",
        _SUBSCRIPTIONS,
        Who.ACCOUNT,
        (ID,),
    ),
    _absent(
        "DELETE",
        "/v1/subscriptions/{id}",
        "unsubscribe",
        "Webhooks",
        "Remove a subscription",
        _SUBSCRIPTIONS,
        Who.ACCOUNT,
        (ID,),
    ),
)
