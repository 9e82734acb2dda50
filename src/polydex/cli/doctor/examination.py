"""The order of the steps: from what everything stands on to the providers, the accounts side by side."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from polydex.cli.doctor.late import Late
from polydex.config import Config
from polydex.connectors import registry
from polydex.connectors.provider import Credentials, Provider
from polydex.core.errors import ConfigInvalid, PolydexError, StoreFailed
from polydex.core.ids import AccountId
from polydex.engine import owners
from polydex.engine.context import Context, Settings
from polydex.engine.doctor import account, clients, clock, database, folder, keyfile, machine
from polydex.engine.doctor.database import Facts
from polydex.engine.doctor.step import State, Step, failed, in_thread, ok, passed, sentence, skipped, told
from polydex.engine.keys import Keys
from polydex.net.client import Net
from polydex.store import health
from polydex.store.db import Database
from polydex.store.examine import Files, files, open_read_only

T = TypeVar("T")
Providers: TypeAlias = Mapping[str, Provider]

STEP_SECONDS = 15.0
CHECK_SECONDS = 20.0
"""For reading the whole database; a larger one is left to ``polydex check``."""
ACCOUNT_SECONDS = 45.0
TOGETHER = 8
"""Accounts that are looked at at once."""
_SLOW = "See what the machine is busy with, or waits for (top, dmesg), then run polydex doctor again."


@dataclass(frozen=True, slots=True)
class Server:
    """A server for which there is no account yet. ``again``: the command that would connect it."""

    service: str
    credentials: Credentials
    again: str


@dataclass(slots=True)
class Examination:
    """One run.

    Args:
        config: the settings.
        seconds: that all of it may take.
        only: number of the one account to look at.
        server: looked at in place of the installation.
    """

    config: Config
    seconds: float
    only: AccountId | None = None
    server: Server | None = None
    _began: float = field(default_factory=time.monotonic, init=False)
    _offsets: dict[str, float] = field(default_factory=dict, init=False)
    _late: bool = field(default=False, init=False)

    async def run(self) -> AsyncIterator[Step]:
        """The steps, in their order, each as soon as it is known."""
        wall, config = time.time() - time.monotonic() + self._began, self.config
        yield machine.python()
        yield machine.sqlite()
        listening = await self._blocking("port", lambda: machine.port(config.host, config.port))
        for step in listening:
            yield step
        yield machine.name_servers()
        yield machine.guard(config.allow_private_networks)
        trusted = await self._blocking("ca-bundle", lambda: machine.authorities(config.ca_bundle, _now()))
        for step in trusted:
            yield step
        try:
            providers: Providers = registry.load(config.provider_options)
        except ConfigInvalid as error:
            mend = "Install the package again: pip install --force-reinstall polydex"
            yield failed("providers", sentence(error.message), mend)
            providers = {}
        bundle = str(config.ca_bundle) if config.ca_bundle is not None and passed(trusted) else None
        async with Net(allow_private=config.allow_private_networks, ca_bundle=bundle) as net:
            if self.server is not None:
                steps = self._server(self.server, net, providers)
            else:
                async for step in self._bounded("oauth", clients.examine(providers, net), ACCOUNT_SECONDS):
                    yield step
                async for step in self._bounded("push", clients.public(config.public_url, net)):
                    yield step
                steps = self._installation(net, providers, serving=machine.answers(listening))
            async for step in steps:
                yield step
        yield clock.against_providers(self._offsets)
        yield clock.against_itself(time.time() - wall, time.monotonic() - self._began)

    # --- the installation -----------------------------------------------------------------------------------------

    async def _installation(self, net: Net, providers: Providers, *, serving: bool) -> AsyncIterator[Step]:
        config, local = self.config, self.config.database_url is None
        sizes: list[Files] = []
        looked = await self._blocking("folder.exists", lambda: _folder(config, sizes))
        for step in looked:
            yield step
        if not passed(step for step in looked if step.name == "folder.exists"):
            yield skipped("database.open", "There is no data folder that can be used.")
            return
        new = local and (not sizes or sizes[0].database == 0)
        steps, keys = keyfile.examine(config.data_dir, config.keys_file, new=new)
        for step in steps:
            yield step
        if new:
            yield skipped("database.open", "There is no database yet: polydex apps create makes it.")
            return
        if sizes:
            yield database.log_size(sizes[0])
            for step in await self._blocking("database.lock", lambda: [database.lock(config.database_path)]):
                yield step
        try:
            db = _open(config)
        except StoreFailed as error:
            yield failed("database.open", sentence(told(error)), "Install it: pip install 'polydex[postgres]'")
            return
        facts = Facts(
            path=config.database_path if local else None,
            key_mark=keys.mark if keys else None,
            now=_now(),
            poll_interval=config.poll_interval,
            serving=serving,
        )
        try:
            async for step in self._stored(db, facts, keys, net, providers):
                yield step
        finally:
            if not self._late:  # else it would be waited for
                await db.close()

    async def _stored(
        self, db: Database, facts: Facts, keys: Keys | None, net: Net, providers: Providers
    ) -> AsyncIterator[Step]:
        states: dict[str, State] = {}
        async for step in self._bounded("database.open", database.examine(db, facts)):
            states.setdefault(step.name, step.state)
            yield step
        if states.get("database.open") is State.OK:
            async for step in self._bounded("database.integrity", database.integrity(db), CHECK_SECONDS + 5):
                states.setdefault(step.name, step.state)
                yield step
        if keys is None or {states.get("database.schema"), states.get("keys.fit")} != {State.OK}:
            yield skipped("accounts", "Accounts need the database and the keys that belong to it.")
            return
        whole = set(states.values()) <= {State.OK, State.WARNING, State.SKIPPED}
        writing = partial(_open_for_writing, self.config) if whole else None
        late = Late(db, writing)
        ctx = Context(late, keys, _now, providers, net, Settings(), owners.new(), secrets.token_bytes)
        try:
            # Each account has a deadline of its own.
            async for step in self._bounded("accounts", self._accounts(ctx), inf):
                yield step
        finally:
            if not self._late:  # else it would be waited for
                await ctx.refreshes.drain(ctx, self._left(STEP_SECONDS))
                await late.close()

    # --- accounts -------------------------------------------------------------------------------------------------

    async def _accounts(self, ctx: Context) -> AsyncIterator[Step]:
        numbers = await ctx.db.read(health.account_numbers)
        if self.only is not None:
            if self.only not in numbers:
                yield failed("accounts", f"There is no account {self.only}.", "polydex accounts list shows them.")
                return
            numbers = [self.only]
        if not numbers:
            yield ok("accounts", "There is no account yet: polydex accounts add SERVICE.")
        room = asyncio.Semaphore(TOGETHER)

        async def look(number: AccountId) -> list[Step]:
            async with room:
                return await self._account(number, ctx)

        tasks = [asyncio.create_task(look(number)) for number in numbers]
        try:
            for task in tasks:  # the order is that of the numbers, however long each takes
                for step in await task:
                    yield step
        finally:
            for task in tasks:
                task.cancel()

    async def _account(self, number: AccountId, ctx: Context) -> list[Step]:
        steps: list[Step] = []
        left = self._left(ACCOUNT_SECONDS)
        try:
            async with asyncio.timeout(left):
                subject = await ctx.db.read(account.load, ctx, number)
                if subject is None:  # deleted meanwhile
                    return []
                steps += account.stored(subject)
                async for step in account.reached(subject, ctx, self._tell):
                    steps.append(step)
        except TimeoutError:
            self._late = True
            after = f" after the step {steps[-1].name}" if steps else ""
            mend = f"Look at this account alone: polydex doctor {number}"
            if left < ACCOUNT_SECONDS:
                steps.append(Step("account.time", State.SKIPPED, f"The time was up{after}.", mend, number))
            else:
                said = f"There was no answer within {left:.0f} seconds{after}."
                steps.append(Step("account.time", State.FAILED, said, mend, number))
        except Exception as error:  # noqa: BLE001 - nor one account the others
            steps.append(replace(_fault("account.state", error), account=number))
        return steps

    def _tell(self, url: str, moment: int) -> None:
        host = urlsplit(url).netloc
        # Servers tell whole seconds: on the average the truth is half of one later.
        self._offsets.setdefault(host, (moment + 500 - _now()) / 1000)

    async def _server(self, server: Server, net: Net, providers: Providers) -> AsyncIterator[Step]:
        provider = next((each for each in providers.values() if server.service in each.services), None)
        if provider is None:
            yield skipped("server", f"No provider that is installed serves {server.service}.")
            return
        steps = account.tried(provider, net, server.credentials, server.again, self._tell)
        async for step in self._bounded("server", steps, ACCOUNT_SECONDS):
            yield step

    # --- time -----------------------------------------------------------------------------------------------------

    def _left(self, seconds: float) -> float:
        return max(0.0, min(seconds, self._began + self.seconds - time.monotonic()))

    async def _blocking(self, name: str, look: Callable[[], Iterable[Step]]) -> list[Step]:
        """Steps that block, in a thread that is left alone when it does not come back."""
        left = self._left(STEP_SECONDS)
        try:
            async with asyncio.timeout(left):
                return await in_thread(lambda: list(look()))
        except TimeoutError:
            return [failed(name, f"There was no answer within {left:.0f} seconds.", _SLOW)]
        except Exception as error:  # noqa: BLE001 - see below
            return [_fault(name, error)]

    async def _bounded(
        self, name: str, steps: AsyncIterator[Step], seconds: float = STEP_SECONDS
    ) -> AsyncIterator[Step]:
        """The same steps, each of which has to come within so many seconds."""
        while True:
            left = self._left(seconds) if seconds < inf else None
            try:
                async with asyncio.timeout(left):
                    step = await anext(steps)
            except StopAsyncIteration:
                return
            except TimeoutError:
                self._late = True
                yield failed(name, f"There was no answer within {left or 0:.0f} seconds.", _SLOW)
                return
            except Exception as error:  # noqa: BLE001 - one step that cannot be taken must not keep back the others
                yield _fault(name, error)
                return
            yield step


def _folder(config: Config, sizes: list[Files]) -> Iterable[Step]:
    """The steps of the folder; ``sizes`` gets those of the database, if there is one."""
    local = config.database_url is None
    if local:
        with contextlib.suppress(OSError):  # none, or in a folder of which the steps say what is wrong
            sizes.append(files(config.database_path))
    size = sizes[0].database if sizes else 0
    return folder.examine(config.data_dir, has_database=local, database_bytes=size, room=os.statvfs)


def _open(config: Config) -> Database:
    if config.database_url is None:
        return open_read_only(config.database_path, seconds=CHECK_SECONDS)
    from polydex.store import postgres

    return postgres.open_read_only(config.database_url)


def _open_for_writing(config: Config) -> Database:
    if config.database_url is None:
        from polydex.store.sqlite import open_sqlite

        return open_sqlite(config.database_path, clock=_now)
    from polydex.store.postgres import open_postgres

    return open_postgres(config.database_url, connections=1)


def _fault(name: str, error: Exception) -> Step:
    match error:
        case PolydexError():
            return failed(name, sentence(told(error)), _SLOW)
        case OSError() if error.strerror:
            mend = "Run the command as the user of the server, or give that user access."
            return failed(name, sentence(f"{error.filename or 'The system'}: {error.strerror}"), mend)
    mend = "This is a fault of Polydex: please report it with this line."
    return failed(name, f"The step ended with {type(error).__name__}.", mend)


def _now() -> int:
    return time.time_ns() // 1_000_000
