"""An Exchange that answers the contacts of one mailbox from memory, as fast as it can: the floor for everything above it."""

from __future__ import annotations

import re
import sys

from aiohttp import web

from bench.ews import NAMESPACES, contact, identity, key

PATH = "/EWS/Exchange.asmx"
_HEAD = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope %b><s:Header><t:ServerVersionInfo MajorVersion="15" '
    b'MinorVersion="2" MajorBuildNumber="1544" MinorBuildNumber="4" Version="V2017_07_11"/></s:Header><s:Body>'
) % NAMESPACES
_TAIL = b"</s:Body></s:Envelope>"
_OPERATION = re.compile(rb"<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)")
_ITEM = re.compile(rb'ItemId[^>]*?\bId="([^"]+)"')
_FOLDER = re.compile(rb'FolderId[^>]*?\bId="([^"]+)"')
_STATE = re.compile(rb"SyncState>(\d+)<")
_MOST = re.compile(rb"MaxChangesReturned>(\d+)<")
_RIGHTS = b"".join(
    b"<t:%b>true</t:%b>" % (right, right)
    for right in (
        b"CreateAssociated", b"CreateContents", b"CreateHierarchy", b"Delete", b"Modify", b"Read", b"ViewPrivateItems",
    )
)  # fmt: skip


class Mailbox:
    """Serves ``count`` contacts: by SyncFolderItems their ids in pages, by GetItem whichever are asked for."""

    def __init__(self, count: int) -> None:
        self._requests = 0
        self._changes = [b"<t:Create><t:Contact>%b</t:Contact></t:Create>" % identity(n).encode() for n in range(count)]
        self._contacts = {key(number).encode(): self._item(contact(number)) for number in range(count)}
        self._pages: dict[tuple[int, int], bytes] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """The operations that reading needs; ``/count``: how many requests came before."""
        if request.path == "/count":
            return web.Response(text=str(self._requests))
        self._requests += 1
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="bench"'})
        sent = await request.read()
        operation = _OPERATION.search(sent)
        if request.path.lower() != PATH.lower() or operation is None:
            return web.Response(status=404)
        body = {
            b"SyncFolderItems": self._sync,
            b"GetItem": self._get,
            b"GetFolder": self._folders,
            b"FindFolder": self._no_folders,
            b"SyncFolderHierarchy": self._no_hierarchy,
            b"ResolveNames": self._who,
        }[operation[1]](sent)
        return web.Response(body=b"".join((_HEAD, body, _TAIL)), headers={"Content-Type": "text/xml; charset=utf-8"})

    def _sync(self, sent: bytes) -> bytes:
        state, most = _STATE.search(sent), _MOST.search(sent)
        start, size = int(state[1]) if state else 0, int(most[1]) if most else 512
        if (start, size) not in self._pages:
            end = min(start + size, len(self._changes))
            last = b"true" if end == len(self._changes) else b"false"
            changes = b"".join(self._changes[start:end])
            self._pages[start, size] = self._response(
                b"SyncFolderItems",
                b"<m:SyncState>%d</m:SyncState><m:IncludesLastItemInRange>%b</m:IncludesLastItemInRange>"
                b"<m:Changes>%b</m:Changes>" % (end, last, changes),
            )
        return self._pages[start, size]

    def _get(self, sent: bytes) -> bytes:
        found = b"".join(self._contacts[one] for one in _ITEM.findall(sent))
        return b"<m:GetItemResponse><m:ResponseMessages>%b</m:ResponseMessages></m:GetItemResponse>" % found

    def _folders(self, sent: bytes) -> bytes:
        return b"<m:GetFolderResponse><m:ResponseMessages>%b</m:ResponseMessages></m:GetFolderResponse>" % b"".join(
            self._message(b"GetFolder", b"<m:Folders>%b</m:Folders>" % self._folder(one))
            for one in _FOLDER.findall(sent)
        )

    def _no_folders(self, sent: bytes) -> bytes:
        none = b'<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"><t:Folders/></m:RootFolder>'
        each = b"".join(self._message(b"FindFolder", none) for _ in _FOLDER.findall(sent))
        return b"<m:FindFolderResponse><m:ResponseMessages>%b</m:ResponseMessages></m:FindFolderResponse>" % each

    def _no_hierarchy(self, _: bytes) -> bytes:
        none = (
            b"<m:SyncState>0</m:SyncState><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes/>"
        )
        return self._response(b"SyncFolderHierarchy", none)

    def _who(self, _: bytes) -> bytes:
        who = (
            b'<m:ResolutionSet TotalItemsInView="1" IncludesLastItemInRange="true"><t:Resolution><t:Mailbox><t:Name>Ada'
            b"</t:Name><t:EmailAddress>ada@example.com</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>"
            b"Mailbox</t:MailboxType></t:Mailbox></t:Resolution></m:ResolutionSet>"
        )
        return self._response(b"ResolveNames", who)

    def _folder(self, name: bytes) -> bytes:
        name = name.removeprefix(b"AAMk")
        kind, of = (b"ContactsFolder", b"IPF.Contact") if name == b"contacts" else (b"Folder", b"IPF.Note")
        return (
            b'<t:%b><t:FolderId Id="AAMk%b" ChangeKey="AQAAAA=="/><t:ParentFolderId Id="AAMkroot" ChangeKey="AQAAAA=="/>'
            b"<t:FolderClass>%b</t:FolderClass><t:DisplayName>%b</t:DisplayName><t:TotalCount>%d</t:TotalCount>"
            b"<t:ChildFolderCount>0</t:ChildFolderCount><t:EffectiveRights>%b</t:EffectiveRights></t:%b>"
        ) % (kind, name, of, name, len(self._changes), _RIGHTS, kind)

    def _item(self, item: bytes) -> bytes:
        return self._message(b"GetItem", b"<m:Items>%b</m:Items>" % item)

    def _response(self, operation: bytes, content: bytes) -> bytes:
        message = self._message(operation, content)
        return b"<m:%bResponse><m:ResponseMessages>%b</m:ResponseMessages></m:%bResponse>" % (
            operation, message, operation,
        )  # fmt: skip

    @staticmethod
    def _message(operation: bytes, content: bytes) -> bytes:
        return (
            b'<m:%bResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>%b'
            b"</m:%bResponseMessage>"
        ) % (operation, content, operation)

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app


if __name__ == "__main__":
    web.run_app(Mailbox(int(sys.argv[2])).app(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
