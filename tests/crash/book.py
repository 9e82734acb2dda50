"""An address book as its server has it, and another client that works on it. Shares no code with the product."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from tests.servers.dav import DavAccount, DavServer, Response

OURS = "Client "
"""How the names of contacts begin that clients of the API make."""
EVERYTHING = """<?xml version="1.0" encoding="utf-8"?>
<c:addressbook-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:prop><d:getetag/><c:address-data/>
</d:prop><c:filter test="anyof"><c:prop-filter name="UID"/></c:filter></c:addressbook-query>"""


@dataclass(frozen=True, order=True)
class Shown:
    """What a contact looks like from either side."""

    name: str
    notes: str
    photo: bool = False


class Stored(Protocol):
    """A contact at the server."""

    @property
    def shown(self) -> Shown: ...


S = TypeVar("S", bound=Stored)


@dataclass
class AddressBook(Generic[S]):
    """One address book, of any kind.

    Attributes:
        edits: what the other client has done, and how often.
    """

    def __post_init__(self) -> None:
        self.edits: Counter[str] = Counter()
        self._number = 0

    @property
    def server(self) -> str:
        """The URL of the server."""
        raise NotImplementedError

    def settings(self, url: str) -> dict[str, str]:
        """For Polydex, when it reaches the server under this URL."""
        del url
        return {}

    def login(self, url: str) -> tuple[list[str], str]:
        """What ``polydex accounts add`` takes, and reads from its standard input."""
        raise NotImplementedError

    async def fill(self, names: Iterable[str]) -> None:
        """Put contacts with these names."""
        for name in names:
            await self.add(name, "first")

    async def cards(self) -> list[S]:
        """Everything that is there."""
        raise NotImplementedError

    async def shown(self) -> list[Shown]:
        return sorted(stored.shown for stored in await self.cards())

    # The other client

    async def add(self, name: str, notes: str) -> None:
        raise NotImplementedError

    async def edit(self, stored: S, notes: str) -> None:
        raise NotImplementedError

    async def rename(self, stored: S, name: str) -> None:
        raise NotImplementedError

    async def remove(self, stored: S) -> None:
        raise NotImplementedError

    async def move(self, stored: S) -> None:
        """The same contact under another address."""
        raise NotImplementedError

    async def work(self, random: Random) -> None:
        """One change of a random kind; what belongs to a client of ours, which knows its contacts' fates, is left alone."""
        self._number += 1
        stored = [each for each in await self.cards() if not each.shown.name.startswith(OURS)]
        kind = random.choice(("add", "add", "edit", "edit", "edit", "remove", "move", "move"))
        if kind == "add" or len(stored) < 3:
            await self.add(f"Phone {self._number}", f"new {self._number}")
        elif kind == "edit":
            await self.edit(random.choice(stored), f"edit {self._number}")
        elif kind == "remove":
            await self.remove(random.choice(stored))
        else:
            await self.move(random.choice(stored))


Book = AddressBook[Any]


@dataclass(frozen=True)
class Card:
    """A card at a CardDAV server."""

    href: str
    etag: str
    raw: str

    @property
    def uid(self) -> str:
        return _line(self.raw, "UID")

    @property
    def shown(self) -> Shown:
        return Shown(_line(self.raw, "FN"), _line(self.raw, "NOTE"), _line(self.raw, "PHOTO") != "")


@dataclass
class DavBook(AddressBook[Card]):
    """An address book at a CardDAV server."""

    dav: DavServer
    account: DavAccount
    url: str

    @property
    def server(self) -> str:
        return self.dav.url

    def login(self, url: str) -> tuple[list[str], str]:
        words = ["carddav", "--server", url, "--login", self.account.user, "--password-stdin"]
        return words, self.account.password + "\n"

    async def fill(self, names: Iterable[str]) -> None:
        """Put cards with these names."""
        if self.dav.name == "radicale":  # which takes a whole book at once
            cards = "".join(card(str(uuid.uuid4()), name, "first") for name in names)
            answer = await self._request("PUT", self.url, cards)
            assert answer.status == 201, answer
            return
        await super().fill(names)

    async def cards(self) -> list[Card]:
        answer = await self._request("REPORT", self.url, EVERYTHING, {"Depth": "1", "Content-Type": "application/xml"})
        assert answer.status == 207, answer
        return [
            Card(
                urljoin(self.url, entry.findtext("{DAV:}href", "")),
                entry.findtext(".//{DAV:}getetag") or "",
                entry.findtext(".//{urn:ietf:params:xml:ns:carddav}address-data") or "",
            )
            for entry in ET.fromstring(answer.body).iter("{DAV:}response")
        ]

    async def add(self, name: str, notes: str) -> None:
        uid = str(uuid.uuid4())
        await self._done("add", "PUT", f"{self.url}{uid}.vcf", card(uid, name, notes), {"If-None-Match": "*"})

    async def edit(self, stored: Card, notes: str) -> None:
        await self._change(stored, "NOTE", notes)

    async def rename(self, stored: Card, name: str) -> None:
        await self._change(stored, "FN", name)

    async def _change(self, stored: Card, line: str, value: str) -> None:
        lines = [each for each in _unfolded(stored.raw).split("\n") if each and not each.startswith(line)]
        raw = "\r\n".join([*lines[:-1], f"{line}:{value}", lines[-1], ""])
        await self._done("edit", "PUT", stored.href, raw, {"If-Match": stored.etag})

    async def remove(self, stored: Card) -> None:
        await self._done("remove", "DELETE", stored.href, "", {"If-Match": stored.etag})

    async def move(self, stored: Card) -> None:
        to = f"{self.url}moved-{uuid.uuid4()}.vcf"
        await self._done("move", "MOVE", stored.href, "", {"Destination": to, "Overwrite": "F"})

    async def _done(self, kind: str, method: str, url: str, body: str, headers: dict[str, str]) -> None:
        answer = await self._request(method, url, body, headers)
        # Somebody else was faster, or holds Xandikos' lock: the next change will be another one.
        assert answer.status in (200, 201, 204, 404, 412, 423), answer
        self.edits[kind if answer.status < 300 else "in vain"] += 1

    async def _request(self, method: str, url: str, body: str = "", headers: dict[str, str] | None = None) -> Response:
        headers = {"Content-Type": "text/vcard; charset=utf-8", **(headers or {})}
        return await asyncio.to_thread(self.dav.request, method, url, body, headers, self.account)


def card(uid: str, name: str, notes: str) -> str:
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", f"NOTE:{notes}"]
    return "\r\n".join([*lines, f"X-KEEP:{uid}", "END:VCARD", ""])


def _unfolded(raw: str) -> str:
    return raw.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")


def _line(raw: str, name: str) -> str:
    match = re.search(rf"^(?:\w+\.)?{name}\b[^:\n]*:(.*)$", _unfolded(raw), re.MULTILINE | re.IGNORECASE)
    return match[1] if match else ""
