"""The quirks as they are played: some refuse a call, some change what it does, some change its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from polydex_sandbox.exchange import errors, show
from polydex_sandbox.exchange.accept import Changes
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.item import CONTACT, Item
from polydex_sandbox.exchange.properties import EMAILS
from polydex_sandbox.exchange.xml import ILLEGAL, Element, content, t

Strike = Callable[[str], dict[str, Any] | None]
LEGACY = "/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
"""How the legacy DN of somebody in the directory begins."""


@dataclass
class Unavailable(Exception):
    """The server answers without SOAP.

    Attributes:
        status: of HTTP.
        retry_after: seconds; 0 for none.
    """

    status: int
    retry_after: int = 0


def refuse(strike: Strike) -> None:
    """Raises the first quirk that strikes, of those that any call can meet: EwsError, Unavailable."""
    if (given := strike("exchange-unavailable")) is not None:
        raise Unavailable(given["status"], given["retryAfter"])
    if strike("exchange-too-many-connections") is not None:
        raise errors.too_many_connections()
    if (given := strike("exchange-server-busy")) is not None:
        error = errors.busy(given["backOff"])
        raise _with_status(error if given["backOff"] else replace(error, values={}), given["status"])
    if (given := strike("exchange-timeout")) is not None:
        raise _with_status(EwsError("ErrorTimeoutExpired", "The request timed out."), given["status"])
    if (given := strike("exchange-internal-error")) is not None:
        raise _with_status(EwsError(given["code"], errors.internal().message), given["status"])
    if strike("exchange-version-refused") is not None:
        raise errors.version("")


def _with_status(error: EwsError, status: int) -> EwsError:
    return replace(error, whole=status != 200)


def refuse_call(call: Call) -> None:
    """Raises the EwsError of the first quirk that strikes, of those that such a call meets."""
    if content(call.body, "SyncState") and call.strike("exchange-sync-state-invalid") is not None:
        raise errors.sync_state()
    if call.operation == "UpdateItem" and (given := call.strike("exchange-conflict")) is not None:
        raise errors.conflict() if given["code"] == errors.conflict().code else errors.stale()


def stored(call: Call, changes: Changes) -> Changes:
    """What a write leaves behind."""
    written = [slot for slot in EMAILS.values() if changes.get(slot["address"])]
    if not written or call.strike("exchange-legacy-addresses") is None:
        return changes
    found = dict(changes)
    for slot in written:
        address = found[slot["address"]]
        local = address.partition("@")[0]
        found |= {slot["address"]: f"{LEGACY}{local}", slot["type"]: "EX", slot["original"]: address}
    return found


def bent(call: Call, answer: Element) -> Element:
    """The answer as it is sent."""
    if call.operation in ("CreateItem", "UpdateItem") and call.strike("exchange-stale-answer") is not None:
        for one in answer.iter("{*}ItemId"):
            mailbox, item = call.item(one)
            mailbox.update(item)
    if call.operation in ("GetItem", "FindItem") and call.strike("exchange-illegal-characters") is not None:
        for one in answer.iter("{*}GivenName", "{*}Surname", "{*}CompanyName", "{*}Body"):
            one.text = f"{one.text or ''}{ILLEGAL}"
    if call.operation == "SyncFolderItems" and call.strike("exchange-sync-ghost") is not None:
        for one in answer.iter("{*}Changes"):
            one.insert(0, _ghost(call))
    return answer


def _ghost(call: Call) -> Element:
    """A change of an item that is not there: keys of items begin later."""
    mailbox, folder = call.target("SyncFolderId")
    ghost = Item(1, 1, CONTACT, folder.key, call.now, call.now, {})
    return t("Create", show.only_id(mailbox, ghost))
