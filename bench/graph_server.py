"""A Graph that answers the contacts of one mailbox from memory, as fast as it can: the floor for everything above it."""

from __future__ import annotations

import json
import sys
from urllib.parse import unquote

from aiohttp import web

from bench.graph import contact, key

PAGE = 500
ME = b'{"id":"00000000-0000-4000-8000-000000000001","displayName":"Ada","mail":"ada@example.com"}'
FOLDER = b'{"id":"contacts","displayName":"Contacts"}'
_DELTA = "/v1.0/me/contactFolders/contacts/contacts/delta"
_JSON = b'{"Content-Type":"application/json"}'


class Mailbox:
    """Serves ``count`` contacts: by delta in pages of 500, and one by one in batches."""

    def __init__(self, count: int, base: str) -> None:
        self._requests = 0
        self._contacts = {key(number): contact(number, extended=True) for number in range(count)}
        self._pages = []
        for start in range(0, count, PAGE):
            contacts = b",".join(contact(number, extended=False) for number in range(start, min(start + PAGE, count)))
            last = start + PAGE >= count
            link = f"{base}{_DELTA}?$deltatoken=1" if last else f"{base}{_DELTA}?$skiptoken={start // PAGE + 1}"
            name = "@odata.deltaLink" if last else "@odata.nextLink"
            self._pages.append(b'{"value":[%b],"%b":"%b"}' % (contacts, name.encode(), link.encode()))
        self._unchanged = b'{"value":[],"@odata.deltaLink":"%b?$deltatoken=1"}' % f"{base}{_DELTA}".encode()

    async def answer(self, request: web.Request) -> web.Response:
        """The delta of the folder, ``$batch``, who the user is; ``/count``: how many requests came before."""
        if request.path == "/count":
            return web.Response(text=str(self._requests))
        self._requests += 1
        if request.path == "/v1.0/$batch":
            body = self._batch(json.loads(await request.read())["requests"])
        elif request.path.rstrip("()") == _DELTA:
            unchanged = "$deltatoken" in request.query
            body = self._unchanged if unchanged else self._pages[int(request.query.get("$skiptoken", "0"))]
        else:
            body = {
                "/v1.0/me": ME,
                "/v1.0/me/contactFolders": b'{"value":[]}',
                "/v1.0/me/contactFolders/contacts": FOLDER,
                "/v1.0/me/contactFolders/contacts/contacts": b'{"value":[]}',
                "/v1.0/me/contactFolders/contacts/childFolders": b'{"value":[]}',
            }[request.path]
        return web.Response(body=body, headers={"Content-Type": "application/json"})

    def _batch(self, requests: list[dict[str, str]]) -> bytes:
        answers = []
        for each in requests:
            wanted = unquote(each["url"].partition("?")[0].rpartition("/")[2])
            found = self._contacts[wanted]
            answers.append(b'{"id":"%b","status":200,"headers":%b,"body":%b}' % (each["id"].encode(), _JSON, found))
        return b'{"responses":[%b]}' % b",".join(answers)

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app


if __name__ == "__main__":
    port, many = int(sys.argv[1]), int(sys.argv[2])
    web.run_app(Mailbox(many, f"http://127.0.0.1:{port}").app(), host="127.0.0.1", port=port, print=None)
