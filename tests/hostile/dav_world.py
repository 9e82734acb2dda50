"""The hostile DAV server with a connector on it, and as a world for the connector contract."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import msgspec

from polydex.connectors.base import Connector
from polydex.connectors.carddav.cursor import Position
from polydex.connectors.carddav.provider import CARDDAV
from polydex.connectors.provider import Credentials
from polydex.core import vcard
from polydex.core.contact import Contact, Email, Name
from polydex.core.ids import Cursor, RemoteKey
from polydex.net.client import Net
from tests.servers import hostile
from tests.servers.hostile import HostileServer, Vices

ALIEN = b"X-ALIEN;X-P=1:kept as it is"


def person(name: str, email: str | None = None) -> Contact:
    return Contact(name=Name(display_name=name), email_addresses=(Email(address=email),) if email else ())


def card(contact: Contact, uid: str) -> bytes:
    return vcard.create(contact, uid=uid, mark=None).raw


@dataclass
class HostileWorld:
    """One fresh address book of a hostile server; the other client works on its memory."""

    server: HostileServer
    connector: Connector

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        name = key.rpartition("/")[2] if key else f"{uuid4()}.vcf"
        stored = self.server.cards.get(name)
        uid = hostile.uid_in(stored.raw) if stored else name.removesuffix(".vcf")
        self.server.put(name, card(contact, uid))
        return self.key(name)

    async def remove(self, key: RemoteKey) -> None:
        self.server.remove(key.rpartition("/")[2])

    async def move(self, key: RemoteKey) -> RemoteKey:
        raw = self.raw(key)
        await self.remove(key)
        name = f"moved-{uuid4()}.vcf"
        self.server.put(name, raw)
        return self.key(name)

    async def add_alien_data(self, key: RemoteKey) -> None:
        self.server.put(key.rpartition("/")[2], self.raw(key).replace(b"END:VCARD", ALIEN + b"\r\nEND:VCARD"))

    async def alien_data(self, key: RemoteKey) -> object:
        return re.findall(rb"(?m)^X-ALIEN.*$", self.raw(key))

    async def keys(self) -> set[RemoteKey]:
        return {self.key(name) for name in self.server.cards}

    async def expired(self, cursor: Cursor) -> Cursor:
        self.server.prune()
        return msgspec.structs.replace(Position.decode(cursor), settled=False).encode()

    async def settle(self) -> None:
        self.server.later(5)

    async def spoil(self, key: RemoteKey) -> None:
        name = key.rpartition("/")[2]
        self.server.vices.unreadable |= {name}

    async def heal(self, key: RemoteKey) -> None:
        self.server.vices.unreadable -= {key.rpartition("/")[2]}

    def raw(self, key: RemoteKey) -> bytes:
        return self.server.cards[key.rpartition("/")[2]].raw

    def key(self, name: str) -> RemoteKey:
        return RemoteKey(self.server.book + name)


@contextlib.asynccontextmanager
async def hostile_world(vices: Vices | None = None) -> AsyncIterator[HostileWorld]:
    async with hostile.serve(vices) as server, Net(allow_private="127.0.0.0/8") as net:
        credentials = Credentials(hostile.USER, hostile.PASSWORD, server.url)
        yield HostileWorld(server, CARDDAV.connect(net, credentials, hostile.BOOK, {"region": "CH"}))
