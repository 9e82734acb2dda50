"""Refresh tokens that die with their use, at Microsoft's identity platform as the sandbox plays it in strict rotation.

Whatever runs at once: as long as an answer that was given reaches somebody, the account has a good refresh token.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from polydex.connectors.microsoft.provider import MicrosoftProvider
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderUnavailable, TokenDead
from polydex.engine import successors
from polydex.engine.access import Refreshes
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.trials import LEASE
from polydex.net.message import Answer, Call
from polydex.store.db import Database
from polydex.testing.clock import FakeClock
from polydex.testing.gates import Step
from polydex_sandbox.app import build
from polydex_sandbox.identity.microsoft.clients import DEFAULT
from polydex_sandbox.identity.microsoft.quirks import STRICT
from polydex_sandbox.sandbox import Sandbox
from tests.contract.engine.disk import Full
from tests.contract.engine.home import until
from tests.contract.engine.issuer import Issuer, TokenHome, furnish_with_tokens
from tests.machine.sandbox import Ticking, exchange
from tests.soak import SOAK

URL = "http://login.example"
HOUR = 3600
SEEDS = [int(os.environ["POLYDEX_SEED"])] if "POLYDEX_SEED" in os.environ else range(200 if SOAK else 5)
Connect = Callable[[Accounts, int, AccountSpec], Coroutine[Any, Any, Any]]
SPEC = AccountSpec(service_type="Tokens", grant=Grant("", "refresh-0"))


class Entra(Issuer):
    """The endpoint of the sandbox, asked by Polydex's own provider.

    Attributes:
        asked: the refresh tokens of the requests that came.
    """

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.sandbox = Sandbox(Ticking(clock))
        self._app: Any = build(self.sandbox)
        self._provider = MicrosoftProvider().configured(
            {
                "client_id": DEFAULT.id,
                "client_secret": DEFAULT.secret,
                "token_url": f"{URL}/common/oauth2/v2.0/token",
            }
        )

    async def open(self) -> None:
        """An account whose refresh token is ``refresh-0``, in strict rotation."""
        given = b'{"email": "ada@example.com", "microsoftRefreshToken": "refresh-0"}'
        status, _, _ = await exchange(self._app, "POST", f"{URL}/control/accounts", {}, given)
        assert status == 201
        self.sandbox.quirks.switch_on("1", STRICT, {})

    def now(self) -> int:
        """As ``Net.now``."""
        return self.clock()

    async def send(self, call: Call) -> Answer:
        """As ``Net.send``."""
        status, headers, body = await exchange(self._app, call.method, call.url, dict(call.headers), call.body or b"")
        return Answer(status, CIMultiDictProxy(CIMultiDict(headers)), body, call.url)

    async def refresh(self, held: Grant, now: int) -> Grant:
        token = held.refresh_token or ""
        await self.gates.pass_through(Step("refresh", "ask", token))
        self.asked.append(token)
        granted = await self._provider.refresh(self, held, now)
        # Only answers that bring something can be held.
        await self.gates.pass_through(Step("refresh", "answer", token))
        return granted

    def accepts(self, access_token: str) -> bool:
        grant = self.sandbox.tokens.access(access_token)
        return grant is not None and self.clock() < grant.expires


@pytest.fixture
async def home(database: Database, clock: FakeClock) -> TokenHome:
    """An account that has a refresh token and no access token yet."""
    made = await furnish_with_tokens(database, clock, Grant("", "refresh-0"))
    entra = Entra(clock)
    await entra.open()
    made.provider.issuer = entra  # type: ignore[attr-defined]  # it is a TokenProvider
    return replace(made, issuer=entra, ctx=replace(made.ctx, refreshes=Refreshes(again=0.01)))


async def is_well(home: TokenHome) -> None:
    """It is not dead, and can be renewed again and again."""
    assert await home.status() == ("active", None)
    token = await home.tokens.current()
    for _ in range(2):
        token = await home.tokens.renewed(token)
        assert home.issuer.accepts(token)
    assert await home.status() == ("active", None)


async def test_two_processes_ask_once(home: TokenHome) -> None:
    other = home.sibling()
    home.issuer.gates.hold("refresh", "answer")
    waiting = [asyncio.create_task(each.tokens.current()) for each in (home, other) for _ in range(3)]
    await home.issuer.gates.reached("refresh", "answer")
    home.issuer.gates.open()
    assert len(set(await asyncio.gather(*waiting))) == 1
    assert home.issuer.asked == ["refresh-0"]
    await is_well(home)
    await is_well(other)


async def test_an_answer_that_comes_when_others_have_given_up_waiting_for_it(home: TokenHome) -> None:
    """The one who asks is slow; another one takes its turn, and is refused."""
    other = home.sibling()
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):
        await other.tokens.current()
    home.issuer.gates.open()
    assert home.issuer.accepts(await waiting)
    await is_well(home)
    await is_well(other)


async def test_an_answer_that_could_not_be_stored_while_another_asks_with_the_old_token(home: TokenHome) -> None:
    disk, other = Full(home.db), home.sibling()
    first = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(first.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    assert home.issuer.accepts(await waiting)
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):
        await other.tokens.current()
    disk.full = False
    await first.ctx.refreshes.drain(first.ctx, 5)
    await is_well(other)
    await is_well(first)


async def test_a_doctor_looks_while_a_refresh_runs(home: TokenHome) -> None:
    doctor = home.sibling("doctor")
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    looking = asyncio.create_task(doctor.tokens.look())
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not looking.done()
    home.issuer.gates.open()
    await waiting
    found = await looking
    assert home.issuer.accepts(found.access_token)
    await is_well(home)
    await is_well(doctor)


@pytest.mark.parametrize("connect", [Accounts.check, Accounts.upsert])
async def test_connecting_again_while_a_refresh_runs(home: TokenHome, connect: Connect) -> None:
    """A program that has kept the refresh token of the beginning gives it again: it is of no use, and does no harm."""
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    with contextlib.suppress(PolydexError):
        await connect(Accounts(home.sibling().ctx), home.account.app, SPEC)
    home.issuer.gates.open()
    assert home.issuer.accepts(await waiting)
    await is_well(home)


@pytest.mark.parametrize("connect", [Accounts.check, Accounts.upsert])
@pytest.mark.parametrize("gives_up", [False, True])
async def test_a_refresh_while_somebody_connects_again(home: TokenHome, connect: Connect, *, gives_up: bool) -> None:
    """The other way round: who connects holds the answer, and the account is refused with the old token."""
    other = home.sibling()
    home.issuer.gates.hold("refresh", "answer")
    connecting = asyncio.create_task(connect(Accounts(other.ctx), home.account.app, SPEC))
    await home.issuer.gates.reached("refresh", "answer")
    with pytest.raises(ProviderUnavailable, match="is being tried"):
        await home.tokens.current()
    assert (await home.status())[0] == "active"
    if gives_up:
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
    home.issuer.gates.open()
    await other.ctx.refreshes.drain(other.ctx, 5)
    if not gives_up:
        await connecting
    await is_well(home)


async def test_a_token_that_is_tried_again_while_it_is_connected(home: TokenHome) -> None:
    """What was got for it meanwhile counts: the other's has ended with that."""
    other = home.sibling()
    home.world.gates.hold("identify", "ask")
    connecting = asyncio.create_task(Accounts(home.ctx).upsert(home.account.app, SPEC))
    await home.world.gates.reached("identify", "ask")
    home.clock.advance(2 * HOUR)
    await other.ctx.refreshes.trials.tried(other.ctx, other.provider, Grant("", "refresh-0"))  # type: ignore[arg-type]  # it has tokens
    home.world.gates.open()
    await connecting
    await is_well(home)


async def test_a_token_that_is_tried_twice_at_once_is_used_once(home: TokenHome) -> None:
    """A program that gives it again before it has its answer may say something else about the access token."""
    home.issuer.gates.hold("refresh", "answer")
    specs = [SPEC, replace(SPEC, grant=Grant("", "refresh-0", expires_at=home.clock() + HOUR * 1000))]
    waiting = [asyncio.create_task(Accounts(home.ctx).upsert(home.account.app, spec)) for spec in specs]
    await home.issuer.gates.reached("refresh", "answer")
    await asyncio.sleep(0.01)
    home.issuer.gates.open()
    await asyncio.gather(*waiting)
    assert home.issuer.asked == ["refresh-0"]
    await is_well(home)


@pytest.mark.parametrize("later", [0, 2 * HOUR], ids=["first", "again"])
async def test_a_token_that_two_processes_try_at_once_is_used_once(home: TokenHome, later: float) -> None:
    """Each time: also when what it has become is to be renewed itself."""
    other = home.sibling()
    other = replace(other, ctx=replace(other.ctx, refreshes=Refreshes(again=0.01)))
    if later:
        await Accounts(home.ctx).check(home.account.app, SPEC)
        home.clock.advance(later)
        home.issuer.asked.clear()
    home.issuer.gates.hold("refresh", "answer")
    waiting = [asyncio.create_task(Accounts(each.ctx).check(home.account.app, SPEC)) for each in (home, other)]
    await home.issuer.gates.reached("refresh", "answer")
    await asyncio.sleep(0.1)
    home.issuer.gates.open()
    await asyncio.gather(*waiting)
    assert len(home.issuer.asked) == 1
    await Accounts(other.ctx).upsert(home.account.app, SPEC)
    await is_well(home)


async def test_a_trial_that_fails_holds_nobody_up(home: TokenHome) -> None:
    wrong = AccountSpec(service_type="Tokens", grant=Grant("", "nobody's"))
    for _ in range(2):
        async with asyncio.timeout(LEASE / 2):
            with pytest.raises(PolydexError):
                await Accounts(home.sibling().ctx).check(home.account.app, wrong)


async def test_who_comes_second_does_not_bring_an_account_without_tokens_to_life(home: TokenHome) -> None:
    """The first one has taken what the token has become, and that was revoked meanwhile."""
    here, gates = Accounts(home.ctx), home.world.gates
    gates.hold("identify", "ask")
    waiting = [asyncio.create_task(here.upsert(home.account.app, SPEC)) for _ in range(2)]
    held = await gates.reached("identify", "ask")
    await until(lambda: len(gates.waiting) == 2)
    gates.release(held)
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await here.delete_token(home.account.id)
    gates.open()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(each, ProviderUnavailable) for each in found) == 1
    assert (await home.status())[0] == "dead"


async def test_what_a_token_has_become_is_forgotten_when_nobody_comes_for_it(home: TokenHome) -> None:
    await Accounts(home.ctx).check(home.account.app, SPEC)
    home.clock.advance((successors.KEPT_DAYS + 1) * 86_400)
    await home.db.write(successors.begin, home.ctx.keys, Grant("", "another"), home.clock(), 75.0)
    assert await home.db.read(successors.find, home.ctx.keys, Grant("", "refresh-0")) is None


async def test_a_process_that_died_while_it_tried_a_token_does_not_keep_it_alive_for_ever(home: TokenHome) -> None:
    """It took the answer with it: the token is dead, and that shows soon."""
    grant = await home.grant()
    await home.db.write(successors.begin, home.ctx.keys, grant, home.clock(), 75.0)
    await home.issuer.refresh(grant, home.clock())
    with pytest.raises(ProviderUnavailable):
        await home.tokens.current()
    home.clock.advance(75)
    with pytest.raises(TokenDead):
        await home.tokens.current()
    assert (await home.status())[0] == "dead"


@dataclass
class Storm:
    """Processes that do everything at once, out of one seed.

    Attributes:
        trying: how many try a token; until they are done, no more time goes by than they take.
    """

    home: TokenHome
    random: Random
    trying: int = 0

    async def process(self, number: int) -> None:
        disk = Full(self.home.db)
        mine = self.home.sibling(f"process-{number}")
        mine = replace(mine, ctx=replace(mine.ctx, db=disk, refreshes=Refreshes(again=0.01)))
        done: Mapping[str, Callable[[], Awaitable[Any]]] = {
            "use": mine.tokens.current,
            "renew": lambda: self._renew(mine),
            "look": mine.tokens.look,
            "check": lambda: Accounts(mine.ctx).check(mine.account.app, SPEC),
            "connect": lambda: Accounts(mine.ctx).upsert(mine.account.app, SPEC),
            "wait": self._wait,
        }
        for _ in range(8):
            action = self.random.choice(sorted(done))
            tries = action in ("check", "connect")
            self.trying += tries
            disk.full = self.random.random() < 0.2
            task = asyncio.create_task(_no_matter(done[action]()))
            await asyncio.sleep(self.random.choice((0, 0.001, 0.005, 0.02)))
            if self.random.random() < 0.2:
                task.cancel()
            disk.full = False
            await asyncio.wait([task])
            if tries:
                await mine.ctx.refreshes.drain(mine.ctx, 5)
            self.trying -= tries
        await mine.ctx.refreshes.drain(mine.ctx, 5)

    async def time(self) -> None:
        """Goes by, so that whoever waits for a lease gets it in the end."""
        while True:
            await asyncio.sleep(0.005)
            if not self.trying:
                self.home.clock.advance(1.0)

    async def _renew(self, mine: TokenHome) -> None:
        await mine.tokens.renewed((await mine.grant()).access_token)

    async def _wait(self) -> None:
        if not self.trying:
            self.home.clock.advance(self.random.choice((LEASE, HOUR, 2 * HOUR)))


async def _no_matter(doing: Awaitable[Any]) -> None:
    with contextlib.suppress(PolydexError):
        await doing


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_at_once(home: TokenHome, seed: int) -> None:
    storm = Storm(home, Random(seed))
    time = asyncio.create_task(storm.time())
    async with asyncio.timeout(60):
        await asyncio.gather(*(storm.process(number) for number in range(3)))
        time.cancel()
        # What was refused just now may be doubted for a while.
        home.clock.advance(2 * HOUR)
        await is_well(home)
