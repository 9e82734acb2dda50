"""Accounts on the wire: what a request body means, and how an account is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from polydex.api.parameters import split
from polydex.core.body import rfc3339 as time
from polydex.core.contact import text
from polydex.core.errors import BadRequest, ScopesInvalid, Unsupported
from polydex.engine.accounts import Account, AccountSpec, AccountStatus, SourceState

__all__ = ["account_out", "decode_spec", "time"]

# Lines of text in the body, and the fields of the specification that they fill.
_LINES = {
    "serviceProvider": "service_provider",
    "loginString": "login",
    "email": "email",
    "serverUrl": "server_url",
    "name": "name",
    "clientOrgId": "client_org_id",
    "authOrgId": "auth_org_id",
    "timezone": "timezone",
}


def decode_spec(body: bytes) -> AccountSpec:
    """The account that a request wants connected. Raises BadRequest naming the JSON path, Unsupported."""
    sent = _object(body)
    service = sent.get("serviceType")
    if not isinstance(service, str) or not service:
        raise BadRequest("$.serviceType: a service such as CardDAV is needed")
    values: dict[str, Any] = {field: _line(sent, name) for name, field in _LINES.items()}
    for name in ("active", "trustServer"):
        if not isinstance(sent.get(name), bool | None):
            raise BadRequest(f"$.{name}: expected true or false")
    if sent.get("trustServer"):
        raise Unsupported("'trustServer' is not served by Polydex: certificates are always checked")
    password = sent.get("password")
    if not isinstance(password, str | None):
        raise BadRequest("$.password: expected a string")
    values["login"] = values["login"] or values["email"]
    return AccountSpec(service_type=service, password=password or "", scopes=_scopes(sent.get("authScopes")), **values)


def _object(body: bytes) -> dict[str, Any]:
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("$: the body is not JSON") from None
    if not isinstance(sent, dict):
        raise BadRequest("$: expected an object")
    return sent


def _line(sent: Mapping[str, Any], name: str) -> str | None:
    value = sent.get(name, None)
    if not isinstance(value, str | None):
        raise BadRequest(f"$.{name}: expected a string")
    if value is not None and any(character < " " or character == "\x7f" for character in value):
        raise BadRequest(f"$.{name}: control characters are not allowed")
    return text(value)


def _scopes(sent: object) -> tuple[str, ...] | None:
    """The scopes that are asked for; None when nothing was said."""
    if sent is None:
        return None
    entries = [sent] if isinstance(sent, str) else sent
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ScopesInvalid("$.authScopes: expected a list of scopes")
    return split(entries)


def account_out(account: Account, status: AccountStatus | None = None) -> dict[str, object]:
    """An account as the contract shows it; the state of synchronisation is an addition. No secret is in it."""
    shown: dict[str, object | None] = {
        "id": account.id,
        "serviceType": account.service_type,
        "serviceProvider": account.service_provider,
        "active": True,
        "tokenStatus": account.token_status,
        "tokenError": account.token_error,
        "type": "personal",
        "daemon": False,
        "loginString": account.login,
        "email": account.email,
        "name": account.name,
        "serverUrl": account.server_url,
        "clientOrgId": account.client_org_id,
        "authUserId": account.subject,
        "authOrgId": account.auth_org_id,
        "timezone": account.timezone,
        "authScopes": sorted(account.scopes),
        "authObtainedAt": time(account.obtained_at),
        "createdAt": time(account.created_at),
        "updatedAt": time(account.updated_at),
    }
    if status is not None:
        shown["sync"] = {"ready": status.ready, "sources": [_source_out(source) for source in status.sources]}
    return {name: value for name, value in shown.items() if value is not None}


def _source_out(source: SourceState) -> dict[str, object]:
    shown: dict[str, object | None] = {
        "name": source.name,
        "default": source.default,
        "readOnly": source.read_only,
        "ready": source.ready,
        "contacts": source.contacts,
        "pulledAt": None if source.pulled_at is None else time(source.pulled_at),
        "deferred": source.deferred,
        "halted": source.halted,
    }
    if source.walking:
        progress = {"done": source.done, "total": source.total}
        shown["progress"] = {name: value for name, value in progress.items() if value is not None}
    if source.error_code is not None:
        shown["error"] = {"code": source.error_code, "message": source.error_message or source.error_code}
    return {name: value for name, value in shown.items() if value is not None}
