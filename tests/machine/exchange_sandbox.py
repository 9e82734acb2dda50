"""Exchange's sandbox as the machine uses it: a mailbox that remembers all it ever held, and the way to it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree
from starlette.routing import Mount, Router

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.contacts import Read
from polydex.connectors.exchange.ids import ItemId
from polydex.connectors.exchange.operations import get_item
from polydex.connectors.exchange.operations.sync_folder_items import MOST
from polydex.connectors.exchange.shape import SHAPE
from polydex.connectors.exchange.xml import Element
from polydex.core.contact import Contact
from polydex.core.ids import RemoteKey
from polydex.net.message import Call
from polydex_sandbox import control
from polydex_sandbox.accounts import Account
from polydex_sandbox.connection import Recorder
from polydex_sandbox.exchange.item import CONTACT, Folder, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.properties import BODY, NICKNAME
from polydex_sandbox.exchange.service import PATH, Exchange
from polydex_sandbox.exchange.settings import PASSWORD
from polydex_sandbox.properties import Property
from polydex_sandbox.sandbox import Sandbox
from tests.exchange.world import operation_of
from tests.machine.sandbox import EMAIL, SandboxBook, SandboxNet

URL_OF_EXCHANGE = "https://exchange.example"
METHODS = {
    "list": ["SyncFolderItems"],
    "find_mark": ["FindItem"],
    "fetch": ["GetItem"],
    "create": ["CreateItem"],
    "update": ["UpdateItem"],
    "delete": ["DeleteItem"],
    "create_many": ["CreateItem"],
    "update_many": ["UpdateItem"],
    "delete_many": ["DeleteItem"],
    "create_photo": ["CreateAttachment"],
}
"""The machine's names for what is asked, and Exchange's, which are the same for one thing and for many."""
VERBS = {method: verb for verb, methods in METHODS.items() if verb[-5:] != "_many" for method in methods}
_CODE = re.compile(rb"ResponseCode[^>]*>(Error\w+)<")
_SIZE = re.compile(rb"(MaxChangesReturned>)%d<" % MOST)


class Chronicle(Mailbox):
    """A mailbox that remembers.

    Attributes:
        lives: of every contact that ever was: all its versions, whatever folder it was in, and so whatever id it had.
        changed: unix milliseconds of the last change.
        twins: nicknames of contacts that were created beside one of the same nickname.
    """

    def __init__(self, account: Account, now: Callable[[], int]) -> None:
        super().__init__(account, now)
        self.lives: list[list[Item]] = []
        self.changed = 0
        self.twins: list[str] = []
        self._life: dict[int, list[Item]] = {}

    def create(self, folder: Folder, kind: str, given: Mapping[Property, Any], **more: Any) -> Item:
        nick = given.get(NICKNAME)
        if nick and any(nick_of(one) == nick for one in self.inside(folder.key)):
            self.twins.append(nick)
        return super().create(folder, kind, given, **more)

    def move(self, item: Item, folder: Folder) -> Item:
        life = self._life[item.key]
        moved = super().move(item, folder)
        self.lives.remove(self._life[moved.key])
        life.append(moved)
        self._life[moved.key] = life
        return moved

    def purge(self, item: Item) -> None:
        super().purge(item)
        self.changed = self._time()

    def _put(self, item: Item) -> Item:
        if item.key not in self._life:
            self._life[item.key] = []
            self.lives.append(self._life[item.key])
        self._life[item.key].append(item)
        self.changed = self._time()
        return super()._put(item)

    def spoil(self, item: Item, code: str) -> None:
        """From now on it cannot be read, or can be read again: no change of which anybody is told."""
        self.items[item.key] = self._inside[item.folder][item.key] = replace(item, unreadable=code)


class Remembering(Exchange):
    """Its mailboxes remember."""

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        made = super().opened(account, given)
        self.mailboxes[account.id] = Chronicle(account, self.sandbox.clock.now)
        return made


class ExchangeBook(SandboxBook):
    """Exchange's sandbox with one mailbox.

    Attributes:
        mailbox: the account's contacts and folders.
    """

    url = URL_OF_EXCHANGE
    provider = "exchange"

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        mailbox = self._exchange.mailboxes[self.account]
        assert isinstance(mailbox, Chronicle)
        self.mailbox = mailbox

    def serve(self, sandbox: Sandbox) -> Recorder:
        self._exchange = Remembering(sandbox)
        routed = [Mount("/control", control.app(sandbox, [self._exchange])), *self._exchange.routes()]
        return Recorder(Router(routed, redirect_slashes=False), sandbox)

    # --- the truth ------------------------------------------------------------------------------------------------

    def inside(self, folder: str = "contacts") -> list[Item]:
        """Everything in a folder."""
        return self.mailbox.inside(self.mailbox.distinguished(folder).key)

    def people(self) -> list[Item]:
        """Everybody in the default folder."""
        return [item for item in self.inside() if item.kind == CONTACT]

    def id_of(self, item: Item) -> str:
        return self.mailbox.item_id(item)

    def contact(self, item: Item) -> Contact | None:
        """What is shown of somebody, by the connector's reading of what Exchange answers. No quirk may be on."""
        [message] = soap.read(self._asked(get_item.payload([RemoteKey(self.id_of(item))], SHAPE))).messages
        assert isinstance(message, etree._Element), message
        return Read(ItemId(RemoteKey(self.id_of(item))), get_item.parse(message)).record(None).contact

    def _asked(self, payload: Element) -> bytes:
        proof = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
        headers = {"authorization": f"Basic {proof}", "Content-Type": soap.CONTENT_TYPE}
        status, _, body = self.at_once("POST", f"{self.url}{PATH}", headers, soap.envelope(payload))
        assert status == 200, body
        return body


class ExchangeNet(SandboxNet):
    """Args: ``page_size``: of lists of changes, in the place of ours."""

    def __init__(self, book: ExchangeBook, page_size: int) -> None:
        super().__init__(book)
        self._book, self._page_size = book, page_size

    def verb(self, call: Call) -> str:
        operation = operation_of(call.body or b"")
        return VERBS.get(operation, operation)

    def name_of(self, verb: str) -> str:
        return verb.removesuffix("_many")

    def sent(self, call: Call) -> Call:
        """With small pages."""
        return replace(call, body=_SIZE.sub(rb"\g<1>%d<" % self._page_size, call.body or b""))

    def heard(self, verb: str, status: int, body: bytes) -> None:
        """Exchange says it in the answer's body, mostly. What is not of its schema is our fault, whatever comes of it."""
        super().heard(verb, status, body)
        for code in {found.decode() for found in _CODE.findall(body)}:
            assert code != "ErrorSchemaValidation", body
            self._book.happened[f"{code} {verb}"] += 1


def outlook_contact(values: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Few different contents, as the user's Outlook writes them."""
    number, first, last = values % 7, names[values % 4], f"Outlook{values % 3}"
    contact: dict[str, Any] = {
        "GivenName": first,
        "Surname": last,
        # Outlook writes these along: Exchange makes them anew only for those that have a rule for it.
        "DisplayName": f"{first} {last}",
        "FileAs": f"{last}, {first}",
        "EmailAddresses": {
            f"EmailAddress{at + 1}": f"a{at}@example.com" if at < number % 4 else None for at in range(3)
        },
        "PhoneNumbers": {
            "BusinessPhone": "+1 202 555 0100" if number % 3 > 0 else None,
            "BusinessPhone2": "+1 202 555 0101" if number % 3 > 1 else None,
            "HomePhone": "+1 202 555 0200" if number % 3 > 1 else None,
            "MobilePhone": "+1 202 555 0300" if number % 2 else None,
        },
    }
    if values % 2:
        contact["Categories"] = [("Red category", "Friends", "work")[values % 3]]
    return contact


def nick_of(item: Item) -> str | None:
    """The nickname of a contact."""
    return item.properties.get(NICKNAME) or None


def notes_of(item: Item) -> str | None:
    """Its notes."""
    return item.properties.get(BODY) or None
