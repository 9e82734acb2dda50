"""Idempotency marks: found again among the client data of the people."""

from __future__ import annotations

from polydex.connectors.google import clientdata, wire
from polydex.connectors.google.api import SOURCES, Api
from polydex.connectors.google.read import source_of
from polydex.core.ids import RemoteKey

_STEP = "Google marks"
_PAGE = 1000
NEWEST = 200
"""People that are looked through before a create."""


async def find(api: Api, mark: str, *, seconds: float, newest: int | None = None) -> RemoteKey | None:
    """The name of the contact that carries a mark, or None.

    People are asked for with what was changed last in front, so that what was created lately comes first.

    Args:
        api: of the account.
        mark: as it was given to a create.
        seconds: for each page.
        newest: look no further than so many people; None: through all of them.
    """
    token: str | None = None
    while True:
        query = [
            ("personFields", "clientData,metadata"),
            ("sources", SOURCES),
            ("sortOrder", "LAST_MODIFIED_DESCENDING"),
            ("pageSize", str(newest or _PAGE)),
        ]
        if token is not None:
            query.append(("pageToken", token))
        page = wire.connections(await api.get("people/me/connections", query, step=_STEP, seconds=seconds))
        for raw in page.connections or ():
            if mark.encode() not in bytes(raw):  # quicker than reading each
                continue
            person = wire.person(raw)
            found, _ = clientdata.read(person.client_data)
            if found == mark and person.resource_name and source_of(person.metadata) is not None:
                return RemoteKey(person.resource_name)
        if newest is not None or page.next_page_token in (None, "", token):
            return None
        token = page.next_page_token
