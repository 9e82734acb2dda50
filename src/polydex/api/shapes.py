"""Accounts on the wire: what a request body means, and how an account is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from polydex.api.parameters import milliseconds, split
from polydex.connectors.tokens import Grant
from polydex.core.body import rfc3339 as time
from polydex.core.contact import text
from polydex.core.errors import BadRequest, ScopesInvalid, Unsupported
from polydex.core.strict_json import Node, parse
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
    "mailbox": "mailbox",
    "authMethod": "method",
}
_TOKENS = ("authString1", "authString2")
_KNOWN = frozenset(
    {*_LINES, *_TOKENS, "serviceType", "password", "active", "trustServer", "authScopes", "authExpiresAt"}
)
# RFC 6749, appendix A: what access and refresh tokens consist of.
_TOKEN = re.compile(r"[\x21-\x7e]+")


def decode_spec(body: bytes) -> AccountSpec:
    """The account that a request wants connected. Raises BadRequest naming the JSON path, Unsupported."""
    sent = parse(body).members(_KNOWN)
    service = _text(sent.get("serviceType"))
    if not service:
        raise BadRequest("$.serviceType: a service such as CardDAV is needed")
    values: dict[str, Any] = {field: _line(sent.get(name)) for name, field in _LINES.items()}
    _flag(sent.get("active"))  # an account is always active
    if _flag(sent.get("trustServer")):
        raise Unsupported("'trustServer' is not served by Polydex: certificates are always checked")
    password = _text(sent.get("password")) or ""
    values["login"] = values["login"] or values["email"]
    return AccountSpec(
        service_type=service,
        password=password,
        grant=_grant(sent),
        scopes=_scopes(sent.get("authScopes")),
        **values,
    )


def _grant(sent: Mapping[str, Node]) -> Grant | None:
    """The tokens of an OAuth service; None when there are none."""
    access, refresh = (_token(sent.get(name)) for name in _TOKENS)
    ends = _moment(sent.get("authExpiresAt"))
    return Grant(access or "", refresh, expires_at=ends) if access or refresh else None


def _token(node: Node | None) -> str | None:
    value = _text(node)
    if node is not None and value and not _TOKEN.fullmatch(value):
        raise BadRequest(f"{node.path}: this is no token: it has characters that tokens do not have")
    return value or None


def _moment(node: Node | None) -> int | None:
    value = _text(node)
    return None if node is None or value is None else milliseconds(node.path, value)


def _text(node: Node | None) -> str | None:
    return None if node is None or node.is_null else node.text()


def _flag(node: Node | None) -> bool | None:
    return None if node is None or node.is_null else node.flag()


def _line(node: Node | None) -> str | None:
    value = _text(node)
    if node is not None and value and any(character < " " or character == "\x7f" for character in value):
        raise BadRequest(f"{node.path}: control characters are not allowed")
    return text(value)


def _scopes(node: Node | None) -> tuple[str, ...] | None:
    """The scopes that are asked for; None when nothing was said."""
    if node is None or node.is_null:
        return None
    if not node.is_text and not node.is_array:
        raise ScopesInvalid(f"{node.path}: expected a list of scopes")
    entries = [node] if node.is_text else node.elements()
    if not all(entry.is_text for entry in entries):
        raise ScopesInvalid(f"{node.path}: expected a list of scopes")
    return split([entry.text() for entry in entries])


def account_out(account: Account, status: AccountStatus | None = None, *, daemon: bool = False) -> dict[str, object]:
    """An account as the contract shows it; the state of synchronisation is an addition. No secret is in it.

    ``daemon``: it lives on the application's own access.
    """
    shown: dict[str, object | None] = {
        "id": account.id,
        "serviceType": account.service_type,
        "serviceProvider": account.service_provider,
        "active": True,
        "tokenStatus": account.token_status,
        "tokenError": account.token_error,
        "type": "daemon" if daemon else "personal",
        "daemon": daemon,
        "loginString": account.login,
        "email": account.email,
        "name": account.name,
        "serverUrl": account.server_url,
        "mailbox": account.mailbox or None,
        "authMethod": account.auth_method or None,
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
    if (push := source.push) is not None:
        until = None if push.until is None else time(push.until)
        told = {"active": push.active, "until": until, "code": push.code, "message": push.message}
        shown["push"] = {name: value for name, value in told.items() if value is not None}
    return {name: value for name, value in shown.items() if value is not None}
