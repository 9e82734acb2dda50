"""The machine over a real connector and its provider's sandbox: what is the same for every provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from polydex.connectors.provider import Provider
from polydex.connectors.tokens import Grant
from polydex.core.ids import AccountId
from polydex.engine import grants
from polydex.engine.context import Settings
from polydex.store import accounts
from polydex.store.db import Tx
from polydex.testing.gates import Gates
from polydex.testing.world import Fault
from polydex_sandbox.connection import Dropped
from tests.machine.application import KEYS, Home, founded
from tests.machine.loop import VirtualLoop
from tests.machine.machine import FEW, MANY, SETTINGS, Machine
from tests.machine.mortal import Life
from tests.machine.sandbox import MortalNet, SandboxBook, SandboxNet

ANY = "*"


class SandboxedHome(Home):
    """Every process has a provider of its own, as every real one: what its connectors share ends with it."""

    theirs = (Dropped,)

    def __init__(
        self,
        folder: Path,
        loop: VirtualLoop,
        provider: Provider,
        net: SandboxNet,
        options: Mapping[str, str],
        settings: Settings = SETTINGS,
    ) -> None:
        super().__init__(folder, loop, provider, replace(settings, replay_window=1e9))
        self.net, self._options = net, options

    def outside(self, life: Life) -> tuple[Provider, object]:
        provider: Any = self.provider.configured(self._options)
        return replace(provider, mapping_version=self.provider.mapping_version), MortalNet(self.net, life)


class SandboxedMachine(Machine):
    """See ``Machine``.

    Attributes:
        book: the account, and the user's other client.
        net: the way to it.
        methods: the machine's names for what is asked -> the provider's.
        passing, lasting: quirks that strike some calls, and habits that stay for a while, with their parameters.
        faults: of the machine -> quirks.
        touched: contacts that the other client has written, by their ids or keys.
    """

    methods: ClassVar[Mapping[str, list[str]]]
    passing: ClassVar[Mapping[str, Mapping[str, Any]]]
    lasting: ClassVar[Mapping[str, Mapping[str, Any]]]
    faults: ClassVar[Mapping[Fault, str]]
    book: SandboxBook
    net: SandboxNet
    touched: set[Any]

    def founded(
        self, service: str, books: list[str], secret: Callable[[AccountId], bytes], **more: str
    ) -> Callable[[Tx], AccountId]:
        """A function that founds the account, with these address books and what it logs in with, sealed."""
        now = self._clock()
        without_secret = founded(self.book.provider, books, now, service=service, **more)

        def found(tx: Tx) -> AccountId:
            account: AccountId = without_secret(tx)
            accounts.set_secret(tx, account, secret(account), now)
            return account

        return found

    def sealed(self, refresh_token: str) -> Callable[[AccountId], bytes]:
        """The tokens that an account of an OAuth service has."""
        now = self._clock()
        grant = Grant(self.book.made["accessToken"], refresh_token, expires_at=now + 3_599_000)
        return lambda account: grants.seal(KEYS, account, grant, now)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.happened.update(self.book.happened if hasattr(self, "book") else {})

    # --- time -----------------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([0.1, 1, 5, 8]), process=st.integers(0, 1))
    def days_pass(self, days: float, process: int) -> None:
        """Access tokens die within an hour, the state of a synchronisation within a week."""
        self.loop.advance(days * 86_400)
        self._settle()
        self.worker_runs(process=process)

    # --- the provider's moods -------------------------------------------------------------------------------------

    @rule(
        name=st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.passing))),
        skip=st.integers(0, 3),
        count=st.integers(1, 3),
        verb=st.runner().flatmap(lambda machine: st.sampled_from([*machine.methods, ANY])),
    )
    def some_calls_fail(self, name: str, skip: int, count: int, verb: str) -> None:
        given = {**self.passing[name], "skip": skip, "count": count}
        known = self.book.sandbox.quirks.catalogue[name].methods
        methods = self.methods.get(verb, [])
        if methods and (not known or known.issuperset(methods)) and not self.is_of_tokens(name):
            given["methods"] = methods
        self.book.quirk(name, **given)

    @rule(
        name=st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.passing))),
        probability=st.sampled_from([0.1, 0.3, 1.0]),
    )
    def calls_fail_now_and_then(self, name: str, probability: float) -> None:
        self.book.quirk(name, **self.passing[name], probability=probability, seed=self.values)

    @rule(name=st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.lasting))))
    def provider_has_a_habit(self, name: str) -> None:
        self.book.quirk(name, **self.lasting[name])

    @rule(revoked=st.booleans())
    def access_tokens_end(self, revoked: bool) -> None:
        self.book.ask("POST", f"tokens/{'revoke' if revoked else 'expire'}", {})

    @rule()
    def provider_is_itself_again(self) -> None:
        self.book.no_quirks()

    @rule(
        verb=st.runner().flatmap(lambda machine: st.sampled_from([*machine.methods, ANY])),
        skip=st.integers(0, 3),
    )
    def provider_cannot_be_reached(self, verb: str, skip: int) -> None:
        self.net.unreachable.append((self.net.name_of(verb), skip))

    @rule(
        verb=st.runner().flatmap(lambda machine: st.sampled_from([*machine.methods, ANY])),
        point=st.sampled_from(["ask", "answer", ANY]),
    )
    def hold(self, verb: str, point: str) -> None:
        self.gates.hold(self.net.name_of(verb), point)

    @rule(number=FEW)
    def release(self, number: int) -> None:
        if self.gates.waiting:
            self.gates.release(self.gates.waiting[number % len(self.gates.waiting)])
            self._settle()

    @rule()
    def release_all(self) -> None:
        self.gates.open()
        self._settle()

    @rule(number=MANY)
    def unreadable(self, number: int) -> None:
        if keys := self.readable():
            self.unread(keys[number % len(keys)])
            self.book.happened["unreadable"] += 1

    # --- what a provider adds -------------------------------------------------------------------------------------

    def is_of_tokens(self, quirk: str) -> bool:
        """Whether it strikes the token endpoint."""
        raise NotImplementedError

    def readable(self) -> list[str]:
        """The keys of everybody."""
        raise NotImplementedError

    def unread(self, key: str) -> None:
        """From now on somebody comes as nobody can read them; or again as everybody can."""
        raise NotImplementedError

    # --- see Machine ----------------------------------------------------------------------------------------------

    @property
    def gates(self) -> Gates:
        return self.net.gates

    def strike(self, verb: str, fault: Fault | None, *, skip: int = 0) -> None:
        if fault is Fault.REFUSED:
            self.net.unreachable.appendleft((self.net.name_of(verb), skip))
        elif fault is Fault.DENIED:
            self.access_tokens_end(revoked=False)
        elif fault is not None and fault in self.faults:
            # An idempotent call is sent once more: then both fail.
            self.book.quirk(self.faults[fault], methods=self.methods[verb], skip=skip, count=2)

    def new_version(self) -> bool:
        provider: Any = self.home.provider
        newer: bool = provider.mapping_version == 1
        if newer:
            self.home.provider = replace(provider, mapping_version=2)
        return newer

    def calm(self) -> None:
        self.book.no_quirks()
        self.net.unreachable.clear()
        self.gates.open()
