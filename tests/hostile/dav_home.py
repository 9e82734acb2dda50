"""The real engine and the real connector over the hostile DAV server."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from polydex.connectors.carddav.provider import CARDDAV
from polydex.core.errors import PolydexError
from polydex.net.client import Net
from polydex.store import contacts
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from tests.contract.engine.home import SCOPES, Installation, install
from tests.hostile.dav_world import HostileWorld
from tests.servers import hostile
from tests.servers.hostile import HostileServer, Vices
from tests.servers.process import workspace
from tests.soundness import demand_sound


@dataclass
class DavHome(Installation):
    """An installation whose only account lies on a hostile server."""

    world: HostileWorld

    @property
    def server(self) -> HostileServer:
        return self.world.server

    async def rest(self) -> None:
        """Let everything come to rest: writes whose answers were lost, doubts, tokens, an approval that is waited for."""
        for _ in range(4):
            self.server.later(5)
            await self.later(61)
            with contextlib.suppress(PolydexError):
                await self.pull()
            source = await self.source()
            if source.halted_walk is not None:
                await self.db.write(contacts.approve, source.id, self.clock())


@contextlib.asynccontextmanager
async def dav_home(vices: Vices | None = None) -> AsyncIterator[DavHome]:
    clock = FakeClock()
    async with hostile.serve(vices) as server, Net(allow_private="127.0.0.0/8") as net:
        with workspace("dav-home") as directory:
            database = open_sqlite(directory / "polydex.db", clock=clock)
            details = Details("CardDAV", SCOPES, login=hostile.USER, server_url=server.url)
            parts = await install(
                database,
                clock,
                CARDDAV,
                details,
                subject="alice",
                book=hostile.BOOK,
                net=net,
                password=hostile.PASSWORD,
            )
            try:
                account, source = parts.account, await parts.source()
                yield DavHome(**vars(parts), world=HostileWorld(server, parts.ctx.connector(account, source)))
            finally:
                await parts.pulls.stop(0)
                await database.close()
            await demand_sound(directory / "polydex.db", parts.ctx.keys, parts.ctx.providers)
