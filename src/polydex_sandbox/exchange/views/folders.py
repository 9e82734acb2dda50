"""Folders: GetFolder and the rest.

See [MS-OXWSFOLD].
"""

from __future__ import annotations

from polydex_sandbox.exchange import showfolder
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.showfolder import FolderShape
from polydex_sandbox.exchange.xml import Element, m


def get(call: Call) -> Element:
    shape = FolderShape(call.part("FolderShape"))

    def one(element: Element) -> list[Element]:
        mailbox, folder = call.folder(element)
        return [m("Folders", showfolder.folder(mailbox, folder, shape))]

    return call.each(call.part("FolderIds"), one, lambda: m("Folders"))
