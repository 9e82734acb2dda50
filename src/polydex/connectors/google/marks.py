"""Idempotency marks: found again among the client data of the people."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from polydex.connectors.google import clientdata, wire
from polydex.connectors.google.api import SOURCES, Api
from polydex.connectors.google.read import source_of
from polydex.core.ids import RemoteKey

_STEP = "Google marks"
_PAGE = 1000


async def find(api: Api, wanted: Collection[str], *, seconds: float, pages: int | None = None) -> dict[str, RemoteKey]:
    """The names of the contacts that carry these marks, by mark.

    People are asked for with what was changed last in front, so that what was created lately comes first.

    Args:
        api: of the account.
        wanted: the marks, as they were given to creates.
        seconds: for each page.
        pages: look no further than so many pages of 1,000 people; None: through all of them, and the first once more.
    """
    found: dict[str, RemoteKey] = {}
    again = False
    token: str | None = None
    looked = 0
    while True:
        page = await _page(api, token, seconds=seconds)
        for mark, key in _marked(page):
            if mark in wanted:
                found.setdefault(mark, key)
        looked += 1
        if again or len(found) == len(set(wanted)) or looked == pages:
            return found
        if page.next_page_token in (None, "", token):
            if looked == 1:
                return found
            again = True  # whoever was changed since the first page was read has moved to the front, past us
        token = None if again else page.next_page_token


async def _page(api: Api, token: str | None, *, seconds: float) -> wire.ListConnections:
    query = [
        ("personFields", "clientData,metadata"),
        ("sources", SOURCES),
        ("sortOrder", "LAST_MODIFIED_DESCENDING"),
        ("pageSize", str(_PAGE)),
    ]
    if token is not None:
        query.append(("pageToken", token))
    return wire.connections(await api.get("people/me/connections", query, step=_STEP, seconds=seconds))


def _marked(page: wire.ListConnections) -> Iterator[tuple[str, RemoteKey]]:
    for raw in page.connections or ():
        if b"clientData" not in bytes(raw):  # quicker than reading each
            continue
        person = wire.person(raw)
        mark, _ = clientdata.read(person.client_data)
        if mark is not None and person.resource_name and source_of(person.metadata) is not None:
            yield mark, RemoteKey(person.resource_name)
