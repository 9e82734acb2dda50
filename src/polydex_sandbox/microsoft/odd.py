"""The quirks of calls as they are played: some refuse a call, some change it, some change its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from polydex_sandbox.microsoft import errors
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.views import deltas

Strike = Callable[[str], dict[str, Any] | None]
Item = dict[str, Any]


def refuse(strike: Strike) -> None:
    """Raises the GraphError of the first quirk that strikes, of those that any call can meet."""
    if (given := strike("graph-throttled")) is not None:
        raise with_wait(errors.throttled(), given["retryAfter"])
    if (given := strike("graph-unavailable")) is not None:
        status = given["status"]
        raise with_wait(GraphError(status, _UNAVAILABLE[status], "The service is unavailable."), given["retryAfter"])
    if strike("graph-forbidden") is not None:
        raise errors.access_denied()
    if strike("graph-token-refused") is not None:
        raise errors.expired_token()
    if strike("graph-no-mailbox") is not None:
        raise errors.no_mailbox()


_UNAVAILABLE = {
    500: "ErrorInternalServerError",
    502: "UnknownError",
    503: "ServiceUnavailable",
    504: "UnknownError",
    509: "BandwidthLimitExceeded",
}


def with_wait(error: GraphError, seconds: int) -> GraphError:
    """The error with Retry-After, unless that is 0."""
    if seconds:
        error.headers["Retry-After"] = str(seconds)
    return error


def refuse_contact(call: Call) -> None:
    """Raises the GraphError of the first quirk that strikes, of those that contacts meet."""
    name = call.operation.name
    if call.place.contact and _fresh(call) and call.strike("graph-fresh-id-unknown") is not None:
        raise errors.not_found()
    if name in ("contacts.update", "contacts.delete", "contacts.permanentDelete"):
        if call.strike("graph-spurious-conflict") is not None:
            raise errors.conflict()
    elif name == "contacts.create":
        if not call.message().get("givenName") and call.strike("graph-given-name-required") is not None:
            text = "The property 'GivenName' is required when creating the entity."
            raise GraphError(400, "ErrorInvalidProperty", text)
    elif name in ("contacts.delta", "contactFolders.delta"):
        _expire(call)


def _fresh(call: Call) -> bool:
    """Whether the contact of the path is younger than the quirk wants."""
    try:
        contact = call.mailbox.contact(call.place.contact)
    except GraphError:
        return False
    seconds: int = call.setting("graph-fresh-id-unknown")["seconds"]
    return call.now - contact.created < seconds * 1000


def _expire(call: Call) -> None:
    link = "nextLink" if "skiptoken" in call.options else "deltaLink" if "deltatoken" in call.options else None
    given = call.setting("graph-sync-state-expired")
    if link is None or given["on"] not in ("any", link) or call.strike("graph-sync-state-expired") is None:
        return
    text = "The sync state generation is not found; generation=605;[highest=841][841][839][840]."
    headers = {"Location": call.asked.base + call.asked.path} if given["location"] else {}
    raise GraphError(given["status"], given["code"], text, headers=headers)


def changed(call: Call) -> Call:
    """The call as it is carried out."""
    name = call.operation.name
    if name not in ("contacts.create", "contacts.update"):
        return call
    if name == "contacts.create" and (
        call.owner.personal or call.setting("graph-create-drops-properties")["everywhere"]
    ):
        body = call.message()
        if "singleValueExtendedProperties" in body and call.strike("graph-create-drops-properties") is not None:
            del body["singleValueExtendedProperties"]
            call = _with_body(call, body)
    body = call.message()
    given = body.get("singleValueExtendedProperties")
    if isinstance(given, list) and call.strike("graph-null-keeps-property") is not None:
        nulls = [one for one in given if isinstance(one, dict) and one.get("value") is None]
        body["singleValueExtendedProperties"] = [one for one in given if one not in nulls]
        call = _with_body(call, body)
    if isinstance(body.get("emailAddresses"), list) and call.strike("graph-email-names") is not None:
        known = "" if name == "contacts.create" else _display_name(call)
        shown = body.get("displayName") or known
        body["emailAddresses"] = [_renamed(one, shown) for one in body["emailAddresses"]]
        call = _with_body(call, body)
    return call


def _display_name(call: Call) -> str:
    return str(call.mailbox.contact(call.place.contact).fields.get("displayName") or "")


def _renamed(entry: Any, shown: str) -> Any:
    if not isinstance(entry, dict) or not entry.get("address"):
        return entry
    return {**entry, "name": f"{shown} ({entry['address']})".strip()}


def _with_body(call: Call, body: Item) -> Call:
    return replace(call, asked=replace(call.asked, body=json.dumps(body).encode()))


def instead(call: Call) -> Answer | None:
    """An answer that takes the place of doing anything."""
    if call.operation.name == "photo.upload" and call.asked.body and call.strike("graph-photo-not-stored") is not None:
        return Answer(200)
    if call.operation.name == "contacts.delta" and call.strike("graph-delta-empty-page") is not None:
        return deltas.nothing_yet(call)
    return None


def bent(call: Call, answer: Answer) -> Answer:
    """The answer as it is sent."""
    if call.operation.name in ("contacts.create", "contacts.update"):
        if call.strike("graph-stale-answer") is not None:
            contact = call.mailbox.contact(answer.body["id"])
            call.mailbox.update(contact)
    elif _amid_delta(call, answer) and call.strike("graph-delta-endless") is not None:
        again = f"{call.asked.base}{call.asked.path}?{call.asked.query}"
        return replace(answer, body={**answer.body, "@odata.nextLink": again})
    return answer


def _amid_delta(call: Call, answer: Answer) -> bool:
    """Whether a page is neither the first nor the last one of a round."""
    name = call.operation.name
    return name == "contacts.delta" and "skiptoken" in call.options and "@odata.nextLink" in answer.body
