"""Contact groups at Google: listed whole, and created for keywords that have none yet."""

from __future__ import annotations

from collections.abc import Iterable

from polydex.connectors.deadline import Deadline
from polydex.connectors.google import wire
from polydex.connectors.google.api import READ_SECONDS, Api, decoded, encoded
from polydex.connectors.google.fields import GROUP_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.connectors.outcome import nothing_sent
from polydex.core.errors import (
    CursorExpired,
    ProviderMalformed,
    ProviderRejected,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)

_LIST = "Google groups"
_CREATE = "Google new group"
_PAGE = "1000"
_BATCH_GET = 200
SYSTEM = frozenset(
    f"contactGroups/{name}"
    for name in ("all", "blocked", "chatBuddies", "coworkers", "family", "friends", "myContacts", "starred")
)
"""Groups that are no labels of the user's (contactGroups.list; the names of the deprecated ones as they are seen)."""


class _Response(wire.Wire, frozen=True):
    """One group; without it an error, as for one that was deleted."""

    contact_group: wire.ContactGroup | None = None


class _BatchGet(wire.Wire, frozen=True):
    """The answer of contactGroups.batchGet."""

    responses: tuple[_Response, ...] | None = None


def is_unknown(group: str, labels: Labels) -> bool:
    """Whether a membership names a group that has come into being since the groups were listed."""
    return group not in labels.names and group not in SYSTEM


async def listed(api: Api, *, seconds: float = READ_SECONDS) -> Labels:
    """The user's groups as they are now. Raises ProviderError."""
    found: list[wire.ContactGroup] = []
    token: str | None = None
    while True:
        query = [("groupFields", GROUP_FIELDS), ("pageSize", _PAGE)]
        if token is not None:
            query.append(("pageToken", token))
        body = await api.get("contactGroups", query, step=_LIST, seconds=seconds)
        page = decoded(body, wire.ListGroups, _LIST)
        found += page.contact_groups or ()
        if page.next_page_token in (None, "", token):
            return Labels.of(found)
        token = page.next_page_token


async def current(api: Api, known: Labels, named: Iterable[str] = (), *, seconds: float = READ_SECONDS) -> Labels:
    """The user's groups as they are now, also those that the list does not show yet.

    Lists lag behind writes by minutes (README.md): without these a keyword that was just written would be gone, and come
    back. So whoever is not listed and may be there all the same is asked for by name.

    Args:
        api: of the account.
        known: the groups as they were seen before.
        named: groups that somebody is in.
        seconds: for each call.

    Raises:
        ProviderError: they cannot be read.
    """
    labels = await listed(api, seconds=seconds)
    doubtful = list(
        dict.fromkeys(name for name in (*known.names, *api.shared.groups, *named) if is_unknown(name, labels))
    )
    for start in range(0, len(doubtful), _BATCH_GET):
        query = [
            ("groupFields", GROUP_FIELDS),
            *(("resourceNames", name) for name in doubtful[start : start + _BATCH_GET]),
        ]
        try:
            body = await api.get("contactGroups:batchGet", query, step=_LIST, seconds=seconds)
        except RecordNotFound:  # one that is gone has an answer of its own; should it be that of all, none is there
            continue
        responses = decoded(body, _BatchGet, _LIST).responses or ()
        found = Labels.of(response.contact_group for response in responses if response.contact_group is not None)
        labels = Labels({**labels.names, **found.names})
    return labels


async def having(api: Api, keywords: Iterable[str], known: Labels, deadline: Deadline) -> Labels:
    """The groups as they are now, with one for each of these keywords that can have one.

    They are listed first, whatever was known: under the name that we remember there may be another group by now. A group
    that is created stays although the write it is for is refused later. A failure here says nothing about that write, and
    a name that Google does not take stops nobody: that keyword finds another place.

    Args:
        api: of the account.
        keywords: what the contact shall have.
        known: the groups as the last pull saw them. What is not listed now is deleted, or newer than the list.
        deadline: of the write. Many new labels take long: those that there was time for are there the next time.

    Raises:
        ProviderError: they cannot be listed, none can be created now, or no time is left for the write. Never one that
            says something of a contact.
    """
    try:
        with nothing_sent():
            labels = await current(api, known, seconds=deadline.left)
            for word in labels.missing(keywords):
                _demand_time(deadline)
                labels = await _created(api, labels, word, seconds=deadline.left)
            _demand_time(deadline)
    except (RecordNotFound, Stale, CursorExpired) as error:  # there is no contact that it could be about
        raise ProviderUnavailable(error.message, sent=False, original=error.original) from error
    return labels


def _demand_time(deadline: Deadline) -> None:
    if deadline.over:
        raise ProviderUnavailable("There was no time left for the contact's labels", retry_after=1.0)


async def _created(api: Api, labels: Labels, word: str, *, seconds: float) -> Labels:
    body = encoded({"contactGroup": {"name": word}, "readGroupFields": GROUP_FIELDS})
    try:
        answer = await api.call("POST", "contactGroups", step=_CREATE, body=body, seconds=seconds)
    except (ProviderRejected, Stale) as error:
        if (error.original or {}).get("status") != 409:
            return labels  # Google does not take this name, or no more groups
        # Another client was faster; or it is the name of a group that is no label, or is not listed yet: then the keyword
        # finds another place.
        return Labels({**labels.names, **(await listed(api, seconds=seconds)).names})
    group = decoded(answer, wire.ContactGroup, _CREATE)
    if not group.resource_name:
        raise ProviderMalformed(f"{_CREATE}: the group has no name")
    api.shared.created(group.resource_name)
    return labels.with_group(group.resource_name, word)
