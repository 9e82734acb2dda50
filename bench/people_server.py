"""A Google that answers the people of one account from memory, as fast as it can: the floor for everything above it."""

from __future__ import annotations

import sys

from aiohttp import web

from bench.people import person

PAGE = 1_000
GROUPS = (
    b'{"contactGroups":[{"resourceName":"contactGroups/myContacts","groupType":"SYSTEM_CONTACT_GROUP",'
    b'"name":"myContacts","formattedName":"My Contacts"}],"totalItems":1,"nextSyncToken":"groups-1"}'
)
ME = (
    b'{"resourceName":"people/100000000000000000001","etag":"%1","metadata":{"sources":[{"type":"PROFILE",'
    b'"id":"100000000000000000001","etag":"#1"}],"objectType":"PERSON"}}'
)


class People:
    """Serves ``count`` people in pages of 1,000."""

    def __init__(self, count: int) -> None:
        self._pages = []
        for start in range(0, count, PAGE):
            people = b",".join(person(number) for number in range(start, min(start + PAGE, count)))
            last = start + PAGE >= count
            after = b'"nextSyncToken":"sync-1"' if last else b'"nextPageToken":"%d"' % (start // PAGE + 1)
            total = b'"totalPeople":%d,"totalItems":%d' % (count, count)
            self._pages.append(b'{"connections":[%b],%b,%b}' % (people, after, total))

    async def answer(self, request: web.Request) -> web.Response:
        """connections.list, contactGroups.list, people/me."""
        if request.path == "/v1/people/me/connections":
            body = self._changes(request) or self._pages[int(request.query.get("pageToken", "0"))]
        else:
            body = {"/v1/contactGroups": GROUPS, "/v1/people/me": ME}[request.path]
        return web.Response(body=body, headers={"Content-Type": "application/json; charset=UTF-8"})

    @staticmethod
    def _changes(request: web.Request) -> bytes | None:
        return b'{"nextSyncToken":"sync-1"}' if "syncToken" in request.query else None

    def app(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        return app


if __name__ == "__main__":
    web.run_app(People(int(sys.argv[2])).app(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
