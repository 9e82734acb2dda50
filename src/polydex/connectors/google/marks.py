"""Idempotency marks: found again among the client data of the people."""

from __future__ import annotations

from collections.abc import Collection

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
        pages: look no further than so many pages of 1,000 people; None: through all of them.
    """
    found: dict[str, RemoteKey] = {}
    token: str | None = None
    looked = 0
    while True:
        query = [
            ("personFields", "clientData,metadata"),
            ("sources", SOURCES),
            ("sortOrder", "LAST_MODIFIED_DESCENDING"),
            ("pageSize", str(_PAGE)),
        ]
        if token is not None:
            query.append(("pageToken", token))
        page = wire.connections(await api.get("people/me/connections", query, step=_STEP, seconds=seconds))
        for raw in page.connections or ():
            if b"clientData" not in bytes(raw):  # quicker than reading each
                continue
            person = wire.person(raw)
            mark, _ = clientdata.read(person.client_data)
            if mark is not None and mark in wanted and person.resource_name and source_of(person.metadata) is not None:
                found.setdefault(mark, RemoteKey(person.resource_name))
        looked += 1
        if len(found) == len(set(wanted)) or looked == pages or page.next_page_token in (None, "", token):
            return found
        token = page.next_page_token
