"""Delta queries: what changed in a folder, or of the folders, since a token.

A round goes along the log of the mailbox: every contact is told by its last change, so one that changes during the round
is told again at the round's end, in its newest state. See https://learn.microsoft.com/graph/delta-query-overview.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polydex_sandbox import sealed
from polydex_sandbox.microsoft import errors, query, replays, show
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.schema import CONTACT, FOLDER, FOLDER_PROPERTIES
from polydex_sandbox.microsoft.views.contacts import SELECTABLE, View, folder_of

DEFAULT_PAGE = 10
"""Measured for messages by others; for contacts unconfirmed."""
LARGEST_PAGE = 512
"""Measured for messages by others, as what a larger wish is cut to; for contacts unconfirmed."""

_REFUSED = ("orderby", "filter", "select", "expand", "search", "top")


def contacts(call: Call) -> Answer:
    """Of the folder in the path, or of the default one."""
    folder = folder_of(call)
    state = _state(call, f"contacts {folder.key}", "Contacts")
    walk = _Walk(call, folder.key, state["since"], tuple(state["select"]))
    size = min(call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    lag = state.get("horizon") if "skiptoken" in call.options else _lag(call)
    horizon = call.mailbox.seq if lag is None else lag
    value: list[dict[str, Any]] = []
    at = state["at"]
    more = False
    for seq, told in walk.after(at, horizon):
        if len(value) >= size:
            more = True
            break
        value += told
        at = seq
    if more:
        after = {**state, "at": at, "horizon": lag, "last": replays.last_of(value, state.get("last"))}
    else:
        after = {"select": state["select"], "since": max(horizon, at), "at": max(horizon, at)}
    again = replays.before(call, folder.key, state, value, walk.view.show)
    return _answer(call, f"contacts {folder.key}", [*again, *value], after, more=more)


def nothing_yet(call: Call) -> Answer:
    """A page without items that leads to the one that the call is for."""
    kind = f"contacts {folder_of(call).key}"
    return _answer(call, kind, [], _state(call, kind, "Contacts"), more=True)


def _lag(call: Call) -> int | None:
    """Number of the last change that a round tells, when the newest are not told yet."""
    if call.strike("graph-delta-lag") is None:
        return None
    return call.mailbox.horizon(call.now - call.setting("graph-delta-lag")["seconds"] * 1000)


class _Walk:
    """The changes of one folder for one client.

    Args:
        call: who asks, and how.
        key: of the folder.
        since: the end of the round before.
        select: properties whose changes alone are told; () for all.
    """

    def __init__(self, call: Call, key: int, since: int, select: tuple[str, ...]) -> None:
        self.mailbox, self.key, self.since, self.select = call.mailbox, key, since, select
        self.immutable = call.prefer.immutable
        self.view = View(call)
        self.view.select = select

    def after(self, at: int, horizon: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Number of a change, and what is told of it."""
        for seq, last in self.mailbox.changes(at, horizon):
            if told := self._told(last, at):
                yield seq, told

    def _told(self, last: Contact, at: int) -> list[dict[str, Any]]:
        here = last.folder == self.key and not last.deleted
        known = self._known(last, at)
        same = [one for one in known if here and (self.immutable or one.home == last.home)]
        found = [self._removed(one) for one in known if one not in same]
        if here and (not same or self._differs(last)):
            found.append(self.view.show(last))
        return found

    def _known(self, last: Contact, at: int) -> list[Contact]:
        """The versions of it in this folder that the client may have by now, one of each id."""
        versions = self.mailbox.contacts.versions(str(last.key))
        before = [one for one in versions if one.seq <= self.since][-1:]
        during = [one for one in versions if self.since < one.seq <= at]
        inside = [one for one in (*before, *during) if one.folder == self.key and not one.deleted]
        return list({0 if self.immutable else one.home: one for one in inside}.values())

    def _differs(self, last: Contact) -> bool:
        """Whether one of the selected properties is another since the round before, or was meanwhile."""
        before = self.mailbox.contacts.seen(str(last.key), self.since)
        if not self.select or before is None or before.folder != self.key:
            return True
        shown = self._selected(before)
        versions = self.mailbox.contacts.versions(str(last.key))
        return any(self._selected(one) != shown for one in versions if one.seq > self.since)

    def _selected(self, contact: Contact) -> dict[str, Any]:
        shown = show.contact(contact, self.mailbox, immutable=True, select=self.select)
        return {name: value for name, value in shown.items() if name in self.select}

    def _removed(self, known: Contact) -> dict[str, Any]:
        """A contact that went to another folder is told in the same way as one that was deleted."""
        return {
            "@odata.type": f"#{CONTACT}",
            "id": self.mailbox.id_of(known, immutable=self.immutable),
            "@removed": {"reason": "deleted"},
        }


def folders(call: Call) -> Answer:
    """Of all folders below that of the path, or below the default one, in one page.

    That this folder itself is not told is unconfirmed.
    """
    above = folder_of(call).key
    kind = f"folders {above}"
    state = _state(call, kind, "ContactFolders")
    mailbox, since, select = call.mailbox, state["since"], tuple(state["select"])
    value: list[dict[str, Any]] = []
    for last in mailbox.folders.changed(since, mailbox.seq):
        if mailbox.is_below(last.key, above):
            value.append(show.folder(last, mailbox, select))
        elif since and mailbox.is_below(last.key, above, since):
            removed = {"@odata.type": f"#{FOLDER}", "id": mailbox.folder_id(last.key)}
            value.append({**removed, "@removed": {"reason": "deleted"}})
    return _answer(call, kind, value, {**state, "since": mailbox.seq, "at": mailbox.seq}, more=False)


def _state(call: Call, kind: str, resource: str) -> dict[str, Any]:
    """Where the client is: out of its token, or at the beginning. Raises GraphError."""
    options = call.options
    token = options.get("skiptoken", options.get("deltatoken"))
    _refuse(call, resource)
    if token is None:
        known, name = (FOLDER_PROPERTIES, FOLDER) if resource == "ContactFolders" else (SELECTABLE, CONTACT)
        return {"since": 0, "at": 0, "select": query.select(options, known, name)}
    try:
        return sealed.unpack(f"{'skip' if 'skiptoken' in options else 'delta'} {kind}", call.owner.id, token)
    except ValueError:
        # Also for `latest`, which resources of Outlook do not know. Captured from Outlook.com.
        raise errors.bad_request("Badly formed token.") from None


def _refuse(call: Call, resource: str) -> None:
    """Raises GraphError: an option that does not go with delta queries.

    In work mailboxes `$select` is documented, and `$expand` was seen to fail otherwise:
    https://github.com/microsoftgraph/microsoft-graph-docs/issues/2270. That `$count` and `$skip` say nothing is
    unconfirmed.
    """
    given = [name for name in _REFUSED if name in call.options]
    if call.mailbox.account.personal:
        refused = bool(given)
    else:
        if "expand" in given:
            raise errors.internal("Value cannot be null.\r\nParameter name: type")
        refused = any(name != "select" for name in given)
    if refused:
        listed = ", ".join(f"${name}" for name in _REFUSED)
        raise errors.bad_query(
            f"The following parameters are not supported with change tracking over the '{resource}' resource: '{listed}'."
        )


def _answer(call: Call, kind: str, value: list[dict[str, Any]], state: dict[str, Any], *, more: bool) -> Answer:
    word, name, link = ("skip", "$skiptoken", "nextLink") if more else ("delta", "$deltatoken", "deltaLink")
    token = sealed.pack(f"{word} {kind}", call.owner.id, state)
    entity = "contactFolder" if kind.startswith("folders") else "contact"
    return Answer(
        body={
            "@odata.context": f"{call.asked.base}/$metadata#Collection({entity})",
            f"@odata.{link}": f"{call.asked.base}{call.asked.path}?{name}={token}",
            "value": value,
        }
    )
