"""Accounts, applications, and the state of the server."""

from __future__ import annotations

from polydex.api.schemas.parts import (
    COUNT,
    FLAG,
    LINE,
    NUMBER,
    TEXT,
    TIME,
    Json,
    about,
    array,
    nullable,
    ref,
    some,
    texts,
)

KNOWN_SERVICES = (
    "Google", "GoogleBot", "Office365", "EWS", "IMAP", "Salesforce", "Salesflare", "Repfabric", "MsTeamsBot", "Slack",
    "SlackBot", "SugarCRM", "HighLevel", "Hubspot", "Zoom", "ZoomBot", "Webex", "WebexBot", "Pipedrive", "EclipseERP",
    "AutoQuotes", "NetSuite", "MCTrade", "SpecPath", "Zoho", "Clientify", "QuickBooks", "ActiveCampaign", "Creatio",
    "ConstantContact", "Fishbowl", "iCloud", "Fastmail", "CardDAV",
)  # fmt: skip
"""Every ``serviceType`` of the contract, and the two of ours at the end."""

_TOKEN: Json = {"type": ["string", "null"], "pattern": "^[!-~]*$"}
_SCOPES = "^[ ,]*([A-Za-z]+[.][A-Za-z]+([ ,]+|$))*$"
_ACCESS_TOKEN = "pdx_acc_1_VGhpcyBpcyBub3QgYSByZWFsIHRva2VuIGF0IGFsbC4"  # noqa: S105 - made up

_ACCOUNT: Json = {
    "id": 1,
    "serviceType": "CardDAV",
    "active": True,
    "tokenStatus": "active",
    "type": "personal",
    "daemon": False,
    "loginString": "ada@example.com",
    "serverUrl": "https://dav.example.com/",
    "authScopes": ["Contacts.Read", "Contacts.ReadWrite"],
    "createdAt": "2026-03-09T12:30:00.250Z",
    "updatedAt": "2026-03-09T12:30:00.250Z",
}
_SOURCE: Json = {"name": "Contacts", "default": True, "readOnly": False, "ready": True, "contacts": 250}


def given() -> dict[str, Json]:
    """What is answered."""
    return {
        "ApiAccountOutDto": some(
            {
                "id": NUMBER,
                "serviceType": about(TEXT, "As it was sent when the account was connected."),
                "serviceProvider": TEXT,
                "active": about(FLAG, "Always true."),
                "tokenStatus": {
                    "type": "string",
                    "enum": ["active", "invalid", "dead"],
                    "description": "invalid: the provider refused the credentials, they are still tried; dead: no call "
                    "is made any more, connect the account again.",
                },
                "tokenError": about(TEXT, "What the provider said."),
                "type": {"type": "string", "enum": ["daemon", "personal", "managed"]},
                "daemon": FLAG,
                **texts("loginString", "email", "name", "serverUrl"),
                "mailbox": about(TEXT, "The address of the mailbox, where it is not the login's own."),
                "authMethod": about(TEXT, "How the login is proven, where that was said."),
                "clientOrgId": TEXT,
                "authUserId": about(TEXT, "The provider's own id of the login."),
                **texts("authOrgId", "timezone"),
                "authScopes": about(array(TEXT), "What is granted."),
                "authObtainedAt": about(TIME, "When the credentials were given."),
                "createdAt": TIME,
                "updatedAt": TIME,
                "sync": ref("AccountSync"),
            },
            ("id", "serviceType", "active", "tokenStatus", "type", "daemon", "authScopes", "createdAt", "updatedAt"),
            "A connected account. What is not known is absent, never null.",
            {**_ACCOUNT, "sync": {"ready": True, "sources": [_SOURCE]}},
        ),
        "AccountSync": some(
            {"ready": FLAG, "sources": array(ref("SourceStatus"))},
            ("ready", "sources"),
            "The state of synchronisation (an addition of Polydex).",
        ),
        "SourceStatus": some(
            {
                "name": TEXT,
                "default": about(FLAG, "New contacts are created here, and the interface shows this one."),
                "readOnly": FLAG,
                "ready": about(FLAG, "The first pull is complete."),
                "contacts": COUNT,
                "pulledAt": about(TIME, "The start of the last successful pull."),
                "progress": some({"done": COUNT, "total": COUNT}, ("done",), "Of a pull that runs."),
                "deferred": about(COUNT, "Contacts that could not be read or await a second look."),
                "halted": about(COUNT, "Deletions that await approval."),
                "error": some({"code": TEXT, "message": TEXT}, ("code", "message"), "Of the last pull, if it failed."),
                "push": some(
                    {
                        "active": about(FLAG, "It does: a change is pulled within seconds."),
                        "until": about(
                            TIME, "The end of the channel; it is renewed long before. Absent of a held connection."
                        ),
                        "code": about(TEXT, "Why it does not: that of an error, or push.off, or push.waiting."),
                        "message": TEXT,
                    },
                    ("active",),
                    "Whether the provider tells of changes by itself. Absent where it does not offer that.",
                ),
            },
            ("default", "readOnly", "ready"),
            "One address book.",
            _SOURCE,
        ),
        "AccountsPage": some(
            {
                "offset": COUNT,
                "totalSize": COUNT,
                "done": about(FLAG, "Whether this is the last page."),
                "records": array(ref("ApiAccountOutDto")),
            },
            ("offset", "totalSize", "done", "records"),
            "A page of accounts.",
            {"offset": 0, "totalSize": 1, "done": True, "records": [_ACCOUNT]},
        ),
        "AccountSaveResult": some(
            {"accountId": NUMBER, "accessToken": about(TEXT, "Does not expire; shown this once.")},
            ("accountId", "accessToken"),
            "A connected account.",
            {"accountId": 1, "accessToken": _ACCESS_TOKEN},
        ),
        "Application": some(
            {"id": NUMBER, "name": TEXT, "clientId": TEXT, "createdAt": TIME},
            ("id", "name", "clientId", "createdAt"),
            "An application.",
            {"id": 1, "name": "my-app", "clientId": "pdx_app_1", "createdAt": "2026-03-09T12:30:00.250Z"},
        ),
        "Notification": some({}, about="What a provider tells, in its own shape.", example={"value": []}),
        "OkResponse": some({"status": {"type": "string", "enum": ["Ok"]}}, ("status",), "Done.", {"status": "Ok"}),
        "Nothing": {"type": "object", "maxProperties": 0, "description": "An empty object.", "examples": [{}]},
        "Health": some({"status": {"type": "string", "enum": ["ok"]}}, ("status",), "Alive.", {"status": "ok"}),
        "Ready": some(
            {
                "status": {"type": "string", "enum": ["ready"]},
                "checks": {"type": "object", "additionalProperties": {"type": "string", "enum": ["ok"]}},
            },
            ("status", "checks"),
            "What was checked.",
            {"status": "ready", "checks": {"database": "ok"}},
        ),
        "Document": {
            "type": "object",
            "description": "An OpenAPI 3.1 document.",
            "required": ["openapi", "paths"],
            "examples": [{"openapi": "3.1.0", "info": {"title": "Polydex", "version": "1"}, "paths": {}}],
        },
        "ApiRequestFailed": some(
            {
                "code": about(TEXT, "For programs; see the table of errors."),
                "message": about(TEXT, "Plain words that name the place."),
                "requestId": {"type": "string", "format": "uuid", "description": "The same as X-Request-Id."},
                "originalError": {"type": "object", "description": "What the provider said, reduced to facts."},
            },
            ("code", "message", "requestId"),
            "Every failure of every route.",
        ),
    }


def taken() -> dict[str, Json]:
    """What is accepted. Unknown members are ignored."""
    return {
        "ApiAccountInDto": some(
            {
                "serviceType": {
                    "type": "string",
                    "enum": list(KNOWN_SERVICES),
                    "description": "Served: CardDAV, iCloud, Fastmail, IMAP with one of those two as the provider, Google, "
                    "Office365 (Outlook.com, too), and EWS (Exchange Server).",
                },
                "serviceProvider": about(LINE, "With IMAP: Fastmail or iCloud."),
                "authScopes": {
                    "type": ["array", "string", "null"],
                    "items": {"type": "string", "pattern": _SCOPES},
                    "pattern": _SCOPES,
                    "description": "A list, or one text with spaces or commas; all when nothing is said. What is not "
                    "about contacts is not granted.",
                },
                "authOrgId": LINE,
                "clientOrgId": about(LINE, "Your own grouping of accounts."),
                "serverUrl": about(
                    LINE,
                    "For CardDAV and EWS: the server, or any address of it. EWS finds it by an e-mail address, too.",
                ),
                "mailbox": about(
                    LINE, "For EWS: the address of another mailbox than the login's own, which it may impersonate."
                ),
                "authMethod": about(
                    LINE,
                    "For EWS: auto (when nothing is said), negotiate, ntlm, basic, or bearer: password is a token.",
                ),
                "loginString": about(
                    LINE, "The login; this or email is needed, but for Google and Office365, which tell it."
                ),
                "password": nullable(TEXT),
                "authString1": about(
                    _TOKEN, "For Google and Office365: an access token; this or authString2 is needed."
                ),
                "authString2": about(
                    _TOKEN, "For Google and Office365: a refresh token, given to this server's OAuth client."
                ),
                "authExpiresAt": nullable(about(TIME, "For Google and Office365: when the access token ends.")),
                "email": LINE,
                "name": LINE,
                "timezone": LINE,
                "active": {"type": ["boolean", "null"], "description": "An account is always active."},
                "trustServer": {
                    "type": ["boolean", "null"],
                    "description": "true is answered with 501: certificates are always checked.",
                },
            },
            ("serviceType",),
            "An account to be connected.",
            {
                "serviceType": "CardDAV",
                "serverUrl": "https://dav.example.com/",
                "loginString": "ada@example.com",
                "password": "secret",
                "authScopes": ["Contacts.ReadWrite"],
                "active": True,
            },
        )
    }
