"""The machine over the real Exchange connector and Exchange's sandbox: the user's Outlook, and all oddities."""

from __future__ import annotations

import base64
import io
from itertools import groupby
from typing import Any, ClassVar
from urllib.parse import quote

from hypothesis import currently_in_test_context, note, strategies as st
from hypothesis.stateful import initialize, rule
from PIL import Image

from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.provider import EXCHANGE
from polydex.core.contact import Contact
from polydex.engine.keys import secret_context
from polydex.store import sources
from polydex.store.db import Tx
from polydex.testing.contract import content
from polydex.testing.world import Fault
from polydex_sandbox.exchange.item import CONTACT, Item
from polydex_sandbox.exchange.service import PATH
from polydex_sandbox.exchange.settings import PASSWORD
from tests.exchange.world import ALIEN
from tests.machine.application import KEYS
from tests.machine.exchange_sandbox import (
    METHODS,
    URL_OF_EXCHANGE,
    ExchangeBook,
    ExchangeNet,
    nick_of,
    notes_of,
    outlook_contact,
)
from tests.machine.machine import FEW, MANY, NAMES
from tests.machine.rest import ACCOUNT
from tests.machine.sandbox import EMAIL
from tests.machine.sandboxed import SandboxedHome, SandboxedMachine

PAGES = (2, 3, 7, 512)
"""Changes on a page of the list."""
CORRUPT = "ErrorItemCorrupt"
PASSING: dict[str, dict[str, Any]] = {
    "exchange-server-busy": {},
    "exchange-unavailable": {"retryAfter": 3},
    "exchange-timeout": {},
    "exchange-internal-error": {},
    "exchange-too-many-connections": {},
    "exchange-password-expired": {},
    "exchange-version-refused": {},
    "exchange-slow": {"seconds": 30.0},
    "exchange-drop-before": {},
    "exchange-drop-after": {},
    "exchange-batch-stopped": {},
    "exchange-item-unreadable": {},
    "exchange-conflict": {},
    "exchange-stale-answer": {},
    "exchange-photo-lost": {},
    "exchange-sync-state-invalid": {},
    "exchange-sync-ghost": {},
}
"""Quirks that strike some calls."""
LASTING: dict[str, dict[str, Any]] = {
    "exchange-illegal-characters": {},
    "exchange-legacy-addresses": {},
}
"""Habits that stay for a while."""
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("exchange-server-busy", {"status": 200, "backOff": 0}),
    ("exchange-server-busy", {"status": 200, "backOff": 90_000}),
    ("exchange-timeout", {"status": 500}),
    ("exchange-internal-error", {"code": "ErrorInternalServerTransientError"}),
    ("exchange-internal-error", {"code": "ErrorMailboxMoveInProgress", "status": 500}),
    ("exchange-internal-error", {"code": "ErrorMailboxStoreUnavailable"}),
    ("exchange-unavailable", {"status": 500}),
    ("exchange-unavailable", {"status": 504}),
    ("exchange-item-unreadable", {"code": "ErrorContentConversionFailed"}),
    ("exchange-conflict", {"code": "ErrorStaleObject"}),
    ("exchange-photo-lost", {"kept": True}),
]
"""The same in other words."""
FAULTS = {
    Fault.FAILED: "exchange-drop-before",
    Fault.LOST: "exchange-drop-after",
    Fault.PARTLY: "exchange-batch-stopped",
}
REFUSALS = ("exchange-version-refused", "exchange-photo-lost")
"""Quirks by which a photo is refused for good."""


def _picture(shade: int) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(output, "JPEG")
    return output.getvalue()


class ExchangeMachine(SandboxedMachine):
    """See ``SandboxedMachine``.

    Attributes:
        exchange: the mailbox, and Outlook.
        other: the id of another folder, which is a source as well.
    """

    methods = METHODS
    passing = PASSING
    lasting = LASTING
    faults = FAULTS
    photo: ClassVar[dict[str, str]] = {"content": base64.b64encode(_picture(200)).decode(), "mimeType": "image/jpeg"}

    @initialize(page_size=st.sampled_from(PAGES), first=st.integers(0, 6), warm=st.booleans())
    def begin(self, page_size: int, first: int, warm: bool = False) -> None:
        if currently_in_test_context():
            note(f"Exchange: pages of {page_size}")
        self.touched: set[int] = set()
        self.exchange = self.book = ExchangeBook(self._clock)
        self.net = ExchangeNet(self.exchange, page_size)
        self.home = SandboxedHome(self.folder, self.loop, EXCHANGE, self.net, {})
        for _ in range(first):
            self._adds()
        self.other = self.exchange.phone("POST", "folders", {"name": "Club"})["id"]
        self.exchange.phone("POST", "contacts", {"contacts": [self._person()], "folder": self.other})
        details = {"login": EMAIL, "server_url": f"{URL_OF_EXCHANGE}{PATH}", "auth_method": "basic"}
        mailbox = self.exchange.mailbox
        details["subject"] = mailbox.folder_id(mailbox.known["msgfolderroot"])
        self.open_account(self.founded("EWS", [DEFAULT, self.other], _secret, **details), warm=warm)

    # --- the user's Outlook ---------------------------------------------------------------------------------------

    @rule()
    def phone_adds(self) -> None:
        self._adds()

    @rule()
    def phone_adds_many(self) -> None:
        for _ in range(24):
            self._adds()

    @rule(number=MANY)
    def phone_edits(self, number: int) -> None:
        self._edits(number, self._person())

    @rule(number=MANY)
    def outlook_writes_what_is_not_modelled(self, number: int) -> None:
        self._edits(number, ALIEN)

    @rule(number=MANY)
    def outlook_fills_the_slots(self, number: int) -> None:
        """As many addresses and numbers as Outlook has room for; one of them is somebody's in the directory."""
        addresses: dict[str, Any] = {f"EmailAddress{at}": f"slot{at}@example.net" for at in (1, 2)}
        legacy = "/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=slot3"
        addresses["EmailAddress3"] = {"address": legacy, "routingType": "EX", "original": "slot3@example.net"}
        numbers = ("BusinessPhone", "BusinessPhone2", "HomePhone", "HomePhone2", "AssistantPhone", "Pager")
        body = {
            "EmailAddresses": addresses,
            "PhoneNumbers": {name: f"+1 202 555 00{at:02}" for at, name in enumerate(numbers)},
            "ImAddresses": {"ImAddress1": "slot@im.example.com"},
        }
        self._edits(number, body)

    @rule(number=MANY)
    def outlook_writes_a_nickname(self, number: int) -> None:
        self.values += 1
        self._edits(number, {"Nickname": f"p{self.values % 5}"})

    @rule(number=MANY, away=st.booleans())
    def outlook_changes_a_photo(self, number: int, away: bool) -> None:
        if item := self._somebody(number):
            self.values += 1
            if away:
                self.exchange.phone("DELETE", self._path(item, "/photo"))
            else:
                self.exchange.phone("PUT", self._path(item, "/photo"), _picture(self.values % 200))

    @rule(number=MANY, read=st.booleans())
    def outlook_marks_as_read(self, number: int, read: bool) -> None:
        """No change of the contact, and yet told."""
        self._edits(number, {"read": read})

    @rule(number=MANY, forever=st.booleans())
    def phone_removes(self, number: int, forever: bool = False) -> None:
        if item := self._somebody(number):
            self.exchange.phone("DELETE", f"{self._path(item)}?forever={str(forever).lower()}")

    @rule(keep=st.integers(0, 3))
    def phone_removes_nearly_all(self, keep: int) -> None:
        for item in self.exchange.people()[keep:]:
            self.exchange.phone("DELETE", self._path(item))

    @rule(number=MANY)
    def outlook_restores(self, number: int) -> None:
        """Out of Deleted Items, under another id than ever before."""
        self._moves(self.exchange.inside("deleteditems"), number, DEFAULT)

    @rule()
    def outlook_empties_deleted_items(self) -> None:
        self.exchange.phone("DELETE", "deleted")

    @rule(number=MANY)
    def outlook_moves_to_the_other_folder(self, number: int) -> None:
        self._moves(self.exchange.people(), number, self.other)

    @rule(number=MANY)
    def outlook_moves_back(self, number: int) -> None:
        self._moves(self.exchange.mailbox.inside(self._other_key), number, DEFAULT)

    @rule(number=MANY)
    def outlook_moves_away_and_back_at_once(self, number: int) -> None:
        self._moves(self.exchange.people(), number, self.other)
        if there := self.exchange.mailbox.inside(self._other_key):
            self._moves(there, len(there) - 1, DEFAULT)

    @rule(number=MANY)
    def outlook_renames_the_other_folder(self, number: int) -> None:
        self.exchange.phone("PATCH", f"folders/{quote(self.other)}", {"name": f"Club {number}"})

    @rule(number=MANY, kind=st.sampled_from(["add", "edit", "remove"]))
    def outlook_keeps_a_distribution_list(self, number: int, kind: str) -> None:
        """It lies among the contacts, and is none."""
        self.values += 1
        lists = [item for item in self.exchange.inside() if item.kind != CONTACT]
        members = {"members": [{"name": "Ben", "address": f"ben{self.values}@example.com"}]}
        if kind == "add" or not lists:
            named = {"kind": "DistributionList", "name": f"List {self.values}"}
            self.exchange.phone("POST", "items", {**named, **members})
        elif kind == "edit":
            self.exchange.phone("PATCH", self._path(lists[number % len(lists)]), members)
        else:
            self.exchange.phone("DELETE", self._path(lists[number % len(lists)]))
        self.happened["distribution list"] += 1

    @rule(number=MANY, to=FEW)
    def phone_does_all_kinds_of_things(self, number: int, to: int) -> None:
        self.phone_edits(number=number)
        self.phone_removes(number=number + 1)
        self.outlook_moves_to_the_other_folder(number=number + 2)
        self.outlook_restores(number=number + to)
        self.outlook_moves_back(number=number + 3)
        self.phone_adds()

    # --- Exchange's moods -----------------------------------------------------------------------------------------

    @rule(which=st.sampled_from(VARIANTS), skip=FEW, count=st.integers(1, 3))
    def some_calls_fail_in_another_way(self, which: tuple[str, dict[str, Any]], skip: int, count: int) -> None:
        name, given = which
        self.exchange.quirk(name, **given, skip=skip, count=count)

    @rule(skip=FEW, count=st.integers(1, 2))
    def state_of_synchronisation_is_lost(self, skip: int = 0, count: int = 1) -> None:
        self.exchange.quirk("exchange-sync-state-invalid", skip=skip, count=count)

    @rule(number=MANY)
    def outlook_and_reading_fail_together(self, number: int) -> None:
        """Somebody is changed, and cannot be read before something else is changed."""
        if item := self._somebody(number):
            self.exchange.phone("PATCH", self._path(item), {"unreadable": "" if item.unreadable else CORRUPT})

    def access_tokens_end(self, revoked: bool) -> None:
        """There are no tokens: the password is refused, once."""
        self.exchange.quirk("exchange-password-expired", count=1 + revoked)

    # --- see SandboxedMachine -------------------------------------------------------------------------------------

    def is_of_tokens(self, quirk: str) -> bool:
        return False

    def readable(self) -> list[str]:
        return [self.exchange.id_of(item) for item in self.exchange.people()]

    def unread(self, key: str) -> None:
        item = next(item for item in self.exchange.people() if self.exchange.id_of(item) == key)
        self.exchange.mailbox.spoil(item, "" if item.unreadable else CORRUPT)

    def calm(self) -> None:
        super().calm()
        for item in list(self.exchange.mailbox.items.values()):
            self.exchange.mailbox.spoil(item, "")
        if self.refused:  # what the owner kept is gone; the next full list shows it, and then the owner agrees
            now = self._clock()

            def list_everything(tx: Tx) -> None:
                for source in sources.of_account(tx, ACCOUNT):
                    sources.forget_cursor(tx, source.id)
                    sources.make_due(tx, source.id, now)

            self._run(0, self.processes[0].db.write(list_everything))

    # --- see Machine ----------------------------------------------------------------------------------------------

    def last_change(self) -> int:
        return self.exchange.mailbox.changed

    def truth(self) -> dict[str, Contact | None]:
        seen: dict[str, Contact | None] = {}
        for item in self.exchange.people():
            contact = content(self.exchange.contact(item))
            assert contact is not None
            # What the mapping has made of it is looked at by itself, in part.
            assert contact.nick_name == nick_of(item)
            assert contact.notes == notes_of(item)
            assert (contact.photo is None) == (item.photo is None)
            seen[self.exchange.id_of(item)] = contact
        return seen

    def ever(self, *, nick: str | None = None, notes: str | None = None) -> bool:
        return any(
            nick in (None, nick_of(item)) and notes in (None, notes_of(item))
            for life in self.exchange.mailbox.lives
            for item in life
        )

    def demand_what_was_written(self) -> None:
        # No create has made a second contact beside the first one, however often it was sent again. Where somebody else has
        # deleted the first before we have ever seen it, or has moved it away, the same request makes it anew.
        assert self.exchange.mailbox.twins == []
        for life in self.exchange.mailbox.lives:
            assert all(sum(one.photo for one in item.attachments) <= 1 for item in life), "a photo was added twice"
            if not self.restored:  # a backup may not know what has been done, or is to be done
                self._demand_nothing_repeated(life)
                self._demand_no_photo_forgotten(life)

    def _demand_nothing_repeated(self, life: list[Item]) -> None:
        """No change has come back over a later one: what each writes is written by nobody else."""
        # Two changes whose answers were both lost are found out about in their order: cleared between, it may come twice.
        notes = [text for text, _ in groupby(text for text in map(notes_of, life) if text is not None)]
        assert len(notes) == len(set(notes)), f"{life[-1].key} was changed twice by the same request: {notes}"

    def _demand_no_photo_forgotten(self, life: list[Item]) -> None:
        """A create that was to have a photo has got it, unless that was refused, or somebody else wrote the contact."""
        last = life[-1]
        if last not in self.exchange.people() or any(item.key in self.touched for item in life):
            return
        if any(self.exchange.happened[name] for name in REFUSALS):
            return
        if nick_of(life[0]) in self.pictured:
            assert last.photo is not None, f"{last.key} has lost its photo"

    # --- which ------------------------------------------------------------------------------------------------------

    @property
    def _other_key(self) -> int:
        return next(key for key in self.exchange.mailbox.folders if self.exchange.mailbox.folder_id(key) == self.other)

    def _path(self, item: Item, more: str = "") -> str:
        return f"contacts/{quote(self.exchange.id_of(item))}{more}"

    def _somebody(self, number: int) -> Item | None:
        people = self.exchange.people()
        if not people:
            return None
        found = people[number % len(people)]
        self.touched.add(found.key)
        return found

    def _edits(self, number: int, body: dict[str, Any]) -> None:
        if item := self._somebody(number):
            self.exchange.phone("PATCH", self._path(item), body)

    def _moves(self, items: list[Item], number: int, folder: str) -> None:
        if items:
            item = items[number % len(items)]
            self.touched.add(item.key)
            self.exchange.phone("POST", self._path(item, "/move"), {"folder": folder})

    def _person(self) -> dict[str, Any]:
        self.values += 1
        return outlook_contact(self.values, NAMES)

    def _adds(self) -> None:
        self.exchange.phone("POST", "contacts", {"contacts": [self._person()]})


def _secret(account: Any) -> bytes:
    return KEYS.encrypt(PASSWORD.encode(), secret_context(account))
