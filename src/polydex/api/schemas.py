"""JSON Schemas (draft 2020-12, as OpenAPI 3.1 uses them) of everything that the interface takes and gives.

Names of shapes and members are those of the Aurinko contract. Input and output differ where the interface is more
tolerant on the way in (null, aliases, letter case) than on the way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from polydex.core.contact import AddressType, PhoneType, RelationType, UrlType

Json = dict[str, Any]

SERVED_SERVICES = ("iCloud", "Fastmail", "CardDAV", "IMAP")
"""The ``serviceType`` values that can be connected; IMAP only with the ``serviceProvider`` Fastmail or iCloud."""

KNOWN_SERVICES = (
    "Google", "GoogleBot", "Office365", "EWS", "IMAP", "Salesforce", "Salesflare", "Repfabric", "MsTeamsBot", "Slack",
    "SlackBot", "SugarCRM", "HighLevel", "Hubspot", "Zoom", "ZoomBot", "Webex", "WebexBot", "Pipedrive", "EclipseERP",
    "AutoQuotes", "NetSuite", "MCTrade", "SpecPath", "Zoho", "Clientify", "QuickBooks", "ActiveCampaign", "Creatio",
    "ConstantContact", "Fishbowl", "iCloud", "Fastmail", "CardDAV",
)  # fmt: skip
"""Every ``serviceType`` of the contract, and the two of ours at the end."""

TEXT: Json = {"type": "string"}
TIME: Json = {"type": "string", "format": "date-time"}
COUNT: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "integer", "format": "int64", "minimum": 1}


def ref(name: str) -> Json:
    """A reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Json) -> Json:
    return {"type": "array", "items": items}


def some(members: Json, required: Iterable[str] = (), about: str = "") -> Json:
    """An object with these members."""
    schema: Json = {"type": "object", "properties": members}
    if names := list(required):
        schema["required"] = names
    if about:
        schema["description"] = about
    return schema


def _read_only(schema: Json) -> Json:
    return {**schema, "readOnly": True}


def _nullable(schema: Json) -> Json:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _texts(*names: str) -> Json:
    return dict.fromkeys(names, TEXT)


def _enum(values: type[Enum]) -> Json:
    return {"type": "string", "enum": [value.value for value in values]}


_NAME = (
    "displayName", "prefix", "givenName", "middleName", "familyName", "suffix", "yomiGivenName", "yomiFamilyName",
)  # fmt: skip
_COMPANY = ("name", "officeLocation", "department", "jobTitle", "yomiCompanyName")
_ADDRESS = ("street", "streetLine2", "poBox", "city", "state", "postalCode", "country")


EXAMPLES: dict[str, Json] = {
    "ContactDraft": {
        "name": {"givenName": "Ada", "familyName": "Example"},
        "company": {"name": "Example Ltd", "jobTitle": "Engineer"},
        "emailAddresses": [{"address": "ada@example.com", "type": "work"}],
        "phoneNumbers": [{"number": "+44 20 7946 0000", "type": "mobile"}],
        "birthday": "1990-12-10",
        "notes": "Met at the fair.",
    },
    "ContactPatch": {"nickName": "Ada", "company": {"department": None}},
    "ApiAccountInDto": {
        "serviceType": "CardDAV",
        "serverUrl": "https://dav.example.com/",
        "loginString": "ada@example.com",
        "password": "secret",
        "authScopes": ["Contacts.ReadWrite"],
        "active": True,
    },
}


def _contact_out() -> Json:
    return some(
        {
            "id": _read_only(TEXT),
            "etag": _read_only(TEXT),
            "createdTime": _read_only(TIME),
            "lastModifiedTime": _read_only(TIME),
            "name": ref("ContactName"),
            "nickName": TEXT,
            "fileAs": TEXT,
            "company": ref("ContactCompany"),
            "relations": array(ref("ContactRelation")),
            "birthday": {**TEXT, "description": "YYYY-MM-DD, or --MM-DD without a year; free text stays as it is"},
            "keywords": array(TEXT),
            "notes": TEXT,
            "emailAddresses": array(ref("ContactEmailAddress")),
            "phoneNumbers": array(ref("ContactPhoneNumber")),
            "addresses": array(ref("ContactPostalAddress")),
            "urls": array(ref("ContactUrl")),
            "nativeProperties": {"type": "object", "additionalProperties": TEXT},
            "hasPhoto": _read_only({"type": "boolean"}),
            "photo": ref("ContactPhoto"),
        },
        ("id", "etag"),
        "What is not set is absent, never null.",
    )


def _contact_in(*, patch: bool) -> Json:
    def part(name: str) -> Json:
        return _nullable(ref(name))

    def several(name: str) -> Json:
        return _nullable(array(_nullable(ref(name))))  # null entries are left out

    text = _nullable(TEXT)
    about = (
        "Only what is to change: an absent member stays, null clears, a list replaces the list; name and company "
        "merge part by part."
        if patch
        else "Null, an empty string and an empty list mean absent."
    )
    return some(
        {
            "name": part("ContactNameIn"),
            "nickName": text,
            "fileAs": text,
            "company": part("ContactCompanyIn"),
            "relations": several("ContactRelationIn"),
            "birthday": {
                "type": ["string", "null"],
                "description": "YYYY-MM-DD, YYYYMMDD, --MM-DD without a year, or a date-time, of which the date counts.",
            },
            "keywords": _nullable(array(_nullable(TEXT))),
            "notes": text,
            "emailAddresses": several("ContactEmailAddressIn"),
            "phoneNumbers": several("ContactPhoneNumberIn"),
            "addresses": several("ContactPostalAddressIn"),
            "urls": several("ContactUrlIn"),
            "nativeProperties": _nullable({"type": "object", "additionalProperties": _nullable(TEXT)}),
            "photo": part("ContactPhotoIn"),
        },
        about=about,
    )


def _typed(values: Json, *names: str) -> Json:
    return some({**{name: _nullable(TEXT) for name in names}, "type": _nullable(values)})


def _account() -> Json:
    return some(
        {
            "id": NUMBER,
            "serviceType": TEXT,
            "serviceProvider": TEXT,
            "active": {"type": "boolean"},
            "tokenStatus": {"type": "string", "enum": ["active", "invalid", "dead"]},
            "tokenError": TEXT,
            "type": {"type": "string", "enum": ["daemon", "personal", "managed"]},
            "daemon": {"type": "boolean"},
            **_texts("loginString", "email", "name", "serverUrl", "clientOrgId", "authUserId", "authOrgId", "timezone"),
            "authScopes": array(TEXT),
            "authObtainedAt": TIME,
            "createdAt": TIME,
            "updatedAt": TIME,
            "sync": ref("AccountSync"),
        },
        ("id", "serviceType", "active", "tokenStatus", "type", "daemon", "authScopes", "createdAt", "updatedAt"),
    )


def schemas() -> dict[str, Json]:
    """Every component schema by name."""
    native = TEXT
    scopes = "^[ ,]*([A-Za-z]+[.][A-Za-z]+([ ,]+|$))*$"
    line = _nullable({"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f]*$"})
    found: dict[str, Json] = {
        "ApiRequestFailed": some(
            {
                "code": TEXT,
                "message": {**TEXT, "description": "Plain words that name the place."},
                "requestId": {"type": "string", "format": "uuid"},
                "originalError": {"type": "object", "description": "What the provider said, reduced to facts."},
            },
            ("code", "message", "requestId"),
            "Every failure of every route.",
        ),
        "Contact": _contact_out(),
        "ContactName": some(_texts(*_NAME)),
        "ContactCompany": some(
            {**_texts(*_COMPANY), "companyName": {**TEXT, "description": "The same as name, for clients of the guide."}}
        ),
        "ContactRelation": some({"name": TEXT, "type": _enum(RelationType)}),
        "ContactEmailAddress": some(_texts("address", "name", "type")),
        "ContactPhoneNumber": some(
            {"number": TEXT, "type": _enum(PhoneType), "canonicalForm": {**TEXT, "description": "E.164."}}
        ),
        "ContactPostalAddress": some({**_texts(*_ADDRESS), "type": _enum(AddressType)}),
        "ContactUrl": some(
            {"href": TEXT, "value": {**TEXT, "description": "The same as href."}, "type": _enum(UrlType)}
        ),
        "ContactPhoto": some({**_texts("id", "name", "mimeType"), "content": {**TEXT, "contentEncoding": "base64"}}),
        "ContactDraft": _contact_in(patch=False),
        "ContactPatch": _contact_in(patch=True),
        "ContactNameIn": some({name: _nullable(native) for name in _NAME}),
        "ContactCompanyIn": some({name: _nullable(native) for name in _COMPANY}),
        "ContactRelationIn": _typed(_enum(RelationType), "name"),
        "ContactEmailAddressIn": some({name: _nullable(native) for name in ("address", "name", "type")}),
        "ContactPhoneNumberIn": _typed(_enum(PhoneType), "number"),
        "ContactPostalAddressIn": _typed(_enum(AddressType), *_ADDRESS),
        "ContactUrlIn": _typed(_enum(UrlType), "href"),
        "ContactPhotoIn": some(
            {
                **{name: _nullable(native) for name in ("id", "name", "mimeType")},
                "content": {"type": ["string", "null"], "contentEncoding": "base64", "description": "JPEG or PNG."},
            },
            about="With an id alone it is the stored photo, which stays; with nothing in it the photo is removed.",
        ),
        "Loss": some(
            {"path": TEXT, "reason": TEXT, "kept": _nullable(TEXT)},
            ("path", "reason"),
            "A value that the provider does not keep as it was sent.",
        ),
        "ContactOrId": some(
            {"id": TEXT, "etag": TEXT, "record": ref("Contact"), "losses": array(ref("Loss"))}, ("id", "etag", "record")
        ),
        "ContactList": some(
            {"length": COUNT, "records": array(ref("Contact")), "nextPageToken": TEXT}, ("length", "records")
        ),
        "ContactsPage": _feed(ref("Contact")),
        "DeletedRecord": some({"id": TEXT, "timestamp": TIME}, ("id", "timestamp")),
        "DeletedPage": _feed(ref("DeletedRecord")),
        "SyncStatus": some(
            {"syncUpdatedToken": TEXT, "syncDeletedToken": TEXT, "ready": {"type": "boolean"}},
            ("ready",),
            "The tokens are absent until ready.",
        ),
        "ApiAccountOutDto": _account(),
        "AccountSync": some(
            {"ready": {"type": "boolean"}, "sources": array(ref("SourceStatus"))},
            ("ready", "sources"),
            "The state of synchronisation (an addition of Polydex).",
        ),
        "SourceStatus": some(
            {
                "name": TEXT,
                "default": {"type": "boolean"},
                "readOnly": {"type": "boolean"},
                "ready": {"type": "boolean"},
                "contacts": COUNT,
                "pulledAt": {**TIME, "description": "The start of the last successful pull."},
                "progress": some({"done": COUNT, "total": COUNT}, ("done",)),
                "deferred": {**COUNT, "description": "Contacts that could not be read or await a second look."},
                "halted": {**COUNT, "description": "Deletions that await approval."},
                "error": some({"code": TEXT, "message": TEXT}, ("code", "message")),
            },
            ("default", "readOnly", "ready"),
        ),
        "AccountsPage": some(
            {
                "offset": COUNT,
                "totalSize": COUNT,
                "done": {"type": "boolean"},
                "records": array(ref("ApiAccountOutDto")),
            },
            ("offset", "totalSize", "done", "records"),
        ),
        "ApiAccountInDto": some(
            {
                "serviceType": {"type": "string", "enum": list(KNOWN_SERVICES)},
                "serviceProvider": line,
                "authScopes": {
                    "type": ["array", "string", "null"],
                    "items": {"type": "string", "pattern": scopes},
                    "pattern": scopes,
                    "description": "A list, or one text with spaces or commas. What is not about contacts is not granted.",
                },
                "authOrgId": line,
                "clientOrgId": line,
                "serverUrl": line,
                "loginString": {**line, "description": "The login; this or email is needed."},
                "password": _nullable(TEXT),
                "email": line,
                "name": line,
                "timezone": line,
                "active": {"type": ["boolean", "null"]},
                "trustServer": {
                    "type": ["boolean", "null"],
                    "description": "true is answered with 501: certificates are always checked.",
                },
            },
            ("serviceType",),
        ),
        "AccountSaveResult": some({"accountId": NUMBER, "accessToken": TEXT}, ("accountId", "accessToken")),
        "Application": some(
            {"id": NUMBER, "name": TEXT, "clientId": TEXT, "createdAt": TIME}, ("id", "name", "clientId", "createdAt")
        ),
        "OkResponse": some({"status": {"type": "string", "enum": ["Ok"]}}, ("status",)),
        "Nothing": {"type": "object", "maxProperties": 0},
        "Health": some({"status": {"type": "string", "enum": ["ok"]}}, ("status",)),
        "Ready": some(
            {
                "status": {"type": "string", "enum": ["ready"]},
                "checks": {"type": "object", "additionalProperties": {"type": "string", "enum": ["ok"]}},
            },
            ("status", "checks"),
        ),
        "Document": {"type": "object", "description": "An OpenAPI 3.1 document.", "required": ["openapi", "paths"]},
    }
    for name, example in EXAMPLES.items():
        found[name]["examples"] = [example]
    return found


def _feed(item: Json) -> Json:
    page = some(
        {"length": COUNT, "records": array(item), "nextPageToken": TEXT, "nextDeltaToken": TEXT}, ("length", "records")
    )
    page["oneOf"] = [{"required": ["nextPageToken"]}, {"required": ["nextDeltaToken"]}]
    return page
