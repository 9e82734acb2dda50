"""One request: what was asked, by whom, of which mailbox; and the folders and items that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from polydex_sandbox.accounts import Account
from polydex_sandbox.exchange import answers, errors, ids
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.ids import Id
from polydex_sandbox.exchange.item import Folder, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.xml import Element, child, content, name_of

_ABSENT = {
    ("ParentFolderId", "ErrorFolderNotFound"): "ErrorParentFolderNotFound",
    ("SavedItemFolderId", "ErrorFolderNotFound"): "ErrorSavedItemFolderNotFound",
    ("SyncFolderId", "ErrorFolderNotFound"): "ErrorSyncFolderNotFound",
    ("ToFolderId", "ErrorFolderNotFound"): "ErrorToFolderNotFound",
}
"""Part of the call, and code -> code by which a folder that is not there is told."""


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Attributes:
        operation: its name.
        body: its element.
        version: that the request was written for.
        mailbox: the mailbox of who asks, or is impersonated.
        open: the mailbox of an address. Raises EwsError: there is none, or it is somebody else's.
        owned: the mailbox that ids of this GUID are of. Raises EwsError likewise.
        accounts: everybody of the organisation.
        strike: the parameters of a quirk, by its id, when it strikes this call; asking counts.
        now: Unix milliseconds.
    """

    operation: str
    body: Element
    version: str
    mailbox: Mailbox
    open: Callable[[str], Mailbox]
    owned: Callable[[Any], Mailbox]
    accounts: Callable[[], list[Account]]
    strike: Callable[[str], dict[str, Any] | None]
    now: int

    def each(self, given: Iterable[Element], do: Callable[[Element], Iterable[Element]]) -> Element:
        """The answer with a message for each of some elements; `do` gives what it has, or raises EwsError."""
        stop = self.strike("exchange-batch-stopped") is not None
        return answers.each(self.operation, given, do, stop=stop)

    def part(self, name: str) -> Element:
        """A child that there has to be. Raises EwsError."""
        found = child(self.body, name)
        if found is None:
            raise errors.schema(f"The element '{self.operation}' has no child element '{name}'.")
        return found

    def folder(self, element: Element) -> tuple[Mailbox, Folder]:
        """What a FolderId or DistinguishedFolderId names. Raises EwsError."""
        if name_of(element) == "FolderId":
            known = ids.read(element.get("Id", ""))
            if known.kind != ids.FOLDER:
                raise errors.wrong_id_kind(folder=True)
            mailbox = self.owned(known.mailbox)
            return mailbox, mailbox.folder(known.key)
        if name_of(element) != "DistinguishedFolderId":
            raise errors.folder_not_found()
        box = child(element, "Mailbox")
        address = content(box, "EmailAddress") if box is not None else ""
        mailbox = self.open(address) if address else self.mailbox
        return mailbox, mailbox.distinguished(element.get("Id", ""))

    def target(self, name: str) -> tuple[Mailbox, Folder]:
        """The folder in a child of the call. Raises EwsError."""
        found = self.part(name)
        if len(found) != 1:
            raise errors.schema(f"The element '{name}' has to name one folder.")
        try:
            return self.folder(found[0])
        except EwsError as error:
            raise replace(error, code=_ABSENT.get((name, error.code), error.code)) from None

    def item(self, element: Element, name: str = "Id") -> tuple[Mailbox, Item]:
        """What an ItemId names; its change key is at least one. Raises EwsError."""
        known = self.known(element, name)
        mailbox = self.owned(known.mailbox)
        if key := element.get("ChangeKey"):
            mailbox.seq_of(key)
        return mailbox, mailbox.item(known)

    def known(self, element: Element, name: str = "Id") -> Id:
        """Raises EwsError."""
        return ids.read(element.get(name, ""))
