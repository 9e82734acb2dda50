"""The state machine: clients of the API, several consumers, and processes that die, before any provider."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from polydex.core.contact import Contact
from polydex.core.errors import PolydexError, SyncTokenExpired, TokenNotValid
from polydex.core.ids import AccountId
from polydex.engine.context import Settings
from polydex.engine.read import FeedPage
from polydex.store import rows, sources
from polydex.store.db import Tx
from polydex.testing.gates import Gates
from polydex.testing.world import Fault
from tests.machine import rest
from tests.machine.application import KEYS, Home, Process
from tests.machine.consumer import Consumer, Ledger
from tests.machine.loop import VirtualLoop
from tests.soundness import demand_sound_now

# Clients of the machine send again whenever they like; that a repetition is a new request one day, J10's test shows.
SETTINGS = Settings(freshness=60.0, poll_interval=300.0, replay_window=1e7)
NAMES = ("Ada", "Ben", "Cleo", "Dan")
LABELS = ("friends", "family", "work")
FEW, MANY = st.integers(0, 5), st.integers(0, 60)
FAULT = st.sampled_from([None, None, *Fault])
PLAIN = st.sampled_from([fault for fault in Fault if fault is not Fault.PARTLY])
"""Faults of any call."""
KINDS = st.one_of(
    st.sampled_from([[0] * 5, [2] * 4, [3] * 3]), st.lists(st.sampled_from([0, 2, 3]), min_size=2, max_size=7)
)
"""Of writes at once: 0 creates, 2 updates, 3 deletes."""


@dataclass(frozen=True)
class Backup:
    """A copy of the database, and what consumers had heard of deletions when it was made."""

    path: Path
    deleted: set[str]


class Machine(RuleBasedStateMachine):
    """One run. Every rule begins something and lets everybody run until they wait.

    Attributes:
        happened: what was met, by name, over all runs of this process; proves that the machine gets there.
        home: what outlives the processes.
        photo: that clients write.
        values: counts what was written, so that contents differ.
    """

    happened: ClassVar[Counter[str]] = Counter()
    home: Home
    photo: ClassVar[dict[str, str]]
    values: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="polydex-machine-"))
        self.loop = VirtualLoop()
        self.ids: list[str] = []
        self.etags: dict[str, str] = {}
        self.unsure: list[bytes] = []
        self.created: list[str] = []
        self.pictured: list[str] = []
        self.done: list[tuple[str, str]] = []
        self.ledger = Ledger()
        self.consumers = [Consumer(self.ledger, limit) for limit in (2, 3, 1000)]
        self.busy: set[int] = set()
        self.backup: Backup | None = None
        self.restored = False
        self.refused = False

    # --- the provider, which a kind of machine adds --------------------------------------------------------------

    @property
    def gates(self) -> Gates:
        """Of the calls to the provider."""
        raise NotImplementedError

    def strike(self, verb: str, fault: Fault | None, *, skip: int = 0) -> None:
        """What happens to the next call of this verb, or to one that comes after so many others."""
        raise NotImplementedError

    def phone_edits(self, number: int) -> None:
        """Somebody else changes a contact."""
        raise NotImplementedError

    def new_version(self) -> bool:
        """A new version of the mapping; False when there is none."""
        raise NotImplementedError

    def calm(self) -> None:
        """No misbehaviour any more. What was kept to itself before is seen from now on."""
        raise NotImplementedError

    def owner_sees_to_it(self) -> None:
        """What only the owner of the account can mend."""

    def last_change(self) -> int:
        """When the provider last changed, unix milliseconds."""
        raise NotImplementedError

    def truth(self) -> dict[str, Contact | None]:
        """What a client should see of each record of the default address book, by its key there."""
        raise NotImplementedError

    def ever(self, *, nick: str | None = None, notes: str | None = None) -> bool:
        """Whether any record at any time was so."""
        raise NotImplementedError

    def demand_what_was_written(self) -> None:
        """Fail when the provider's history tells of a write that was lost, or carried out twice."""
        raise NotImplementedError

    @property
    def finds_marks(self) -> bool:
        """Whether every write is found out about in the end."""
        return True

    def open_account(self, found: Callable[[Tx], AccountId], *, warm: bool) -> None:
        """Two processes, and the account. ``warm``: most things happen to accounts that have been pulled, and are followed."""
        self.processes = [Process(self.home)]
        self._run(0, self.processes[0].db.write(found))
        self.processes.append(Process(self.home))
        if warm:
            self.worker_runs(process=0)
            self.consumer_goes_on(process=0, number=2, steps=8)

    def teardown(self) -> None:
        try:
            if hasattr(self, "processes"):
                rest.come_to_rest(self)
                rest.compare(self)
        finally:
            for process in getattr(self, "processes", []):
                process.bury()
            self.loop.close()
            shutil.rmtree(self.folder)

    # --- time and work ------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 4, 12, 35, 65, 310]))
    def time_passes(self, seconds: int) -> None:
        self.loop.advance(seconds)
        self._settle()

    @rule(process=st.integers(0, 1))
    def worker_runs(self, process: int) -> None:
        self._begin(process, self.processes[process].pulls.run_due())
        self._begin(process, self.processes[process].writer.recovery.run_due())
        if self.home.settings.public_url:
            self._begin(process, self.processes[process].watches.run_due())

    @rule(process=st.integers(0, 1))
    def push_arrives(self, process: int) -> None:
        mine = self.processes[process]
        source = mine.source_ids()[0]
        self._begin(process, mine.db.write(sources.make_due, source, self._clock()))
        self._begin(process, mine.pulls.run_due())

    @rule(process=st.integers(0, 1), fuse=st.integers(3, 40))
    def dies_in_the_middle_of_a_pull(self, process: int, fuse: int) -> None:
        """And another process takes over where it was."""
        self.will_crash(process=process, fuse=fuse)
        self.push_arrives(process=process)
        self.processes[process].life.fuse = None
        self.time_passes(seconds=65)  # the lease of the dead one ends
        self.push_arrives(process=1 - process)

    @rule(process=st.integers(0, 1), page=st.integers(0, 3), fault=PLAIN)
    def pull_fails_in_the_middle(self, process: int, page: int, fault: Fault) -> None:
        """One page is refused, or lost; the next pull goes on from there."""
        self.strike("list", fault, skip=page)
        self.push_arrives(process=process)
        self.time_passes(seconds=4)
        self.push_arrives(process=process)

    @rule(process=st.integers(0, 1), approve=st.booleans())
    def owner_decides_about_deletions(self, process: int, approve: bool) -> None:
        mine = self.processes[process]
        books = mine.source_ids()
        waiting = mine.db.peek(lambda tx: sum(rows.count_pending(tx, book) for book in books))
        self.happened["deletions approved" if approve else "deletions refused"] += waiting > 0
        self.refused = self.refused or (waiting > 0 and not approve)
        mine.settle_deletions(approve=approve)
        self._settle()

    @rule(process=st.integers(0, 1), fuse=st.integers(0, 14))
    def will_crash(self, process: int, fuse: int) -> None:
        self.processes[process].life.fuse = fuse

    @rule(process=st.integers(0, 1), arrives=st.booleans())
    def crashes_now(self, process: int, arrives: bool) -> None:
        self.processes[process].life.dead = True
        if arrives:  # what is on its way reaches the provider, and nobody hears the answer
            self.gates.open()
        self._settle()

    @rule()
    def operator_makes_a_backup(self) -> None:
        self.backup = Backup(self.home.back_up(), set(self.ledger.deleted))
        # Whatever is in the middle of something at this moment: the database is sound.
        demand_sound_now(self.backup.path, KEYS, {self.home.provider.name: self.home.provider})

    @precondition(lambda self: self.backup is not None)
    @rule()
    def operator_restores_the_backup(self) -> None:
        """Every process ends, an older file takes the place of the newer, and consumers hear of it by their tokens."""
        if self.backup is None:
            return
        for process in self.processes:
            process.bury()
        self.busy.clear()
        if self.values % 2:  # by turns: by hand, and by command
            self.home.restore(self.backup.path)
        else:
            self.home.restore_by_command(self.backup.path)
        self.processes = [Process(self.home) for _ in self.processes]
        self.ledger.deleted = set(self.backup.deleted)
        self.unsure.clear()  # who sends again what the backup does not know creates it again
        self.restored = True
        self.happened["restored"] += 1
        for consumer in self.consumers:
            consumer.old.clear()
            if consumer.ahead:  # its copy holds what its tokens do not know, and the backup may not know either
                consumer.start_over()

    @rule()
    def upgrade(self) -> None:
        """A new version of the mapping, and so of the program: every process starts anew."""
        if self.new_version():
            for process in self.processes:
                process.life.dead = True
            self._settle()

    # --- clients of the API -------------------------------------------------------------------------------------

    @rule(process=st.integers(0, 1), fault=FAULT)
    def client_creates(self, process: int, fault: Fault | None = None) -> None:
        self.strike("create", fault)
        self.values += 1
        nick = f"n{self.values}"
        self._begin(process, self._create(process, self._new(nick)))

    @rule(process=st.integers(0, 1), number=MANY, kinds=KINDS, fault=FAULT, of_all=st.booleans())
    def clients_write_at_once(
        self, process: int, number: int, kinds: list[int], fault: Fault | None = None, of_all: bool = False
    ) -> None:
        """Several that wait while one has the account's turn: what is of one kind may travel in one call.

        ``of_all``: the fault is that of the whole call.
        """
        works: list[Coroutine[Any, Any, None]] = []
        for at, kind in enumerate(kinds):
            self.values += 1
            contact_id = self.ids[(number + at) % len(self.ids)] if self.ids else ""
            if kind == 0 or not self.ids:
                works.append(self._create(process, self._new(f"n{self.values}")))
            elif kind == 2:
                works.append(self._update(process, contact_id, f"w{self.values}", self.etags.get(contact_id)))
            else:
                works.append(self._delete(process, contact_id, None))
        verb = {0: "create", 2: "update", 3: "delete"}[kinds[-1]]
        self.strike(f"{verb}_many" if of_all else verb, fault)
        for work in works:
            self.processes[process].spawn(work)
        self._settle()

    def _new(self, nick: str) -> bytes:
        """The body of a create; some have a photo, some a label, some addresses, of which some are more than all have room for."""
        self.created.append(nick)
        body: dict[str, Any] = {"name": {"givenName": NAMES[self.values % 4], "familyName": nick}, "nickName": nick}
        if self.values % 3 == 0:
            self.pictured.append(nick)
            body["photo"] = self.photo
        if self.values % 4 == 0:
            body["keywords"] = [LABELS[self.values % 3], f"new{self.values % 5}"]
        if self.values % 2 == 0:
            body["emailAddresses"] = [{"address": f"{nick}.{at}@example.com"} for at in range(self.values % 6)]
        return json.dumps(body).encode()

    @precondition(lambda self: self.unsure)
    @rule(process=st.integers(0, 1), number=FEW)
    def client_posts_again(self, process: int, number: int) -> None:
        self._begin(process, self._create(process, self.unsure[number % len(self.unsure)]))

    @precondition(lambda self: self.ids)
    @rule(
        process=st.integers(0, 1),
        number=MANY,
        conditional=st.booleans(),
        clear=st.booleans(),
        fault=FAULT,
        late=st.booleans(),
    )
    def client_updates(
        self,
        process: int,
        number: int,
        conditional: bool,
        clear: bool,
        fault: Fault | None = None,
        late: bool = False,
    ) -> None:
        if late:  # somebody else was there before, and nobody has heard of it
            self.phone_edits(number=number)
        self.strike("update", fault)
        contact_id = self.ids[number % len(self.ids)]
        self.values += 1
        note_text = None if clear else f"w{self.values}"
        etag = self.etags.get(contact_id) if conditional else None
        self._begin(process, self._update(process, contact_id, note_text, etag))

    @precondition(lambda self: self.ids)
    @rule(process=st.integers(0, 1), number=MANY, conditional=st.booleans(), fault=FAULT)
    def client_deletes(self, process: int, number: int, conditional: bool, fault: Fault | None = None) -> None:
        self.strike("delete", fault)
        contact_id = self.ids[number % len(self.ids)]
        etag = self.etags.get(contact_id) if conditional else None
        self._begin(process, self._delete(process, contact_id, etag))

    @precondition(lambda self: self.ids)
    @rule(process=st.integers(0, 1), number=MANY, no_cache=st.booleans())
    def client_reads(self, process: int, number: int, no_cache: bool) -> None:
        self._begin(process, self._get(process, self.ids[number % len(self.ids)], no_cache=no_cache))

    # --- consumers ----------------------------------------------------------------------------------------------

    @rule(process=st.integers(0, 1), number=st.integers(0, 2), steps=st.integers(1, 8))
    def consumer_goes_on(self, process: int, number: int, steps: int) -> None:
        if number not in self.busy:
            self.busy.add(number)
            self._begin(process, self._consume(process, number, steps))

    @rule(number=st.integers(0, 2))
    def consumer_crashes(self, number: int) -> None:
        if number not in self.busy:
            self.consumers[number].crash()

    @rule(number=st.integers(0, 2), how_far=FEW)
    def consumer_asks_from_old_tokens(self, number: int, how_far: int) -> None:
        if number not in self.busy:
            self.consumers[number].go_back(how_far)

    # --- how --------------------------------------------------------------------------------------------------

    def follow(self, consumer: Consumer, process: int) -> Callable[[], Awaitable[None]]:
        """One step of a consumer, asking this process."""
        mine = self.processes[process]

        async def feed(stream: str, delta: str | None, page: str | None, limit: int) -> FeedPage:
            ask = mine.reader.updated if stream == "updated" else mine.reader.deleted
            try:
                return await ask(mine.account, delta_token=delta, page_token=page, limit=limit)
            except (TokenNotValid, SyncTokenExpired) as error:
                if not (self.restored and isinstance(error, SyncTokenExpired)):
                    raise AssertionError("a token that was handed out is refused") from error
                self.happened["token of a lost future refused"] += 1
                consumer.start_over()
                raise

        return lambda: consumer.step(lambda: mine.reader.start(mine.account), feed)

    async def _consume(self, process: int, number: int, steps: int) -> None:
        step = self.follow(self.consumers[number], process)
        try:
            for _ in range(steps):
                await step()
        except PolydexError:
            pass  # asks again later
        finally:
            self.busy.discard(number)
            for contact_id in self.consumers[number].copy:
                if contact_id not in self.ids:
                    self.ids.append(contact_id)

    async def _create(self, process: int, body: bytes) -> None:
        mine = self.processes[process]
        if body not in self.unsure:
            self.unsure.append(body)
        written = await mine.writer.create(mine.account, body)
        nick = json.loads(body)["nickName"]
        assert self.ever(nick=nick), "created, it was said"
        # A second answer to the same body may well be for what was created before.
        self._heard(written.id, written.etag)
        if body in self.unsure:
            self.unsure.remove(body)
        await mine.writer.delivered(written.intent)

    async def _update(self, process: int, contact_id: str, text: str | None, etag: str | None) -> None:
        mine = self.processes[process]
        cleared: dict[str, Any] = {"notes": None, "emailAddresses": []}
        body = json.dumps(cleared if text is None else {"notes": text}).encode()
        written = await mine.writer.update(mine.account, contact_id, body, etag)
        assert written.id == contact_id
        assert text is None or self.ever(notes=text), "updated, it was said"
        self._heard(written.id, written.etag)
        await mine.writer.delivered(written.intent)

    async def _delete(self, process: int, contact_id: str, etag: str | None) -> None:
        mine = self.processes[process]
        intent = await mine.writer.delete(mine.account, contact_id, etag)
        await mine.writer.delivered(intent)

    async def _get(self, process: int, contact_id: str, *, no_cache: bool) -> None:
        mine = self.processes[process]
        served = await mine.reader.get(mine.account, contact_id, no_cache=no_cache)
        assert json.loads(served.body)["id"] == contact_id
        assert contact_id not in self.ledger.deleted, "what was deleted is served"
        self._heard(contact_id, served.etag)

    def _heard(self, contact_id: str, etag: str) -> None:
        self.etags[contact_id] = etag
        if contact_id not in self.ids:
            self.ids.append(contact_id)

    def _begin(self, process: int, work: Coroutine[Any, Any, Any]) -> None:
        self.processes[process].spawn(work)
        self._settle()

    def _run(self, process: int, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.finish(work)

    def _settle(self) -> None:
        self.loop.settle()
        for number, process in enumerate(self.processes):
            process.reap()
            if process.life.dead:
                self.happened["process died"] += 1
                process.bury()
                self.processes[number] = Process(self.home)

    def _clock(self) -> int:
        return self.loop.clock()
