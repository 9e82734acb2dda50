"""The state machine: a hostile provider, clients of the API, several consumers, and processes that die."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from hypothesis import note, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from polydex.core.body import parse_body
from polydex.core.contact import Contact, Name
from polydex.core.errors import PolydexError, RequestError, SyncTokenExpired, TokenNotValid
from polydex.engine.context import Settings
from polydex.engine.read import FeedPage
from polydex.store import sources
from polydex.testing import document as documents
from polydex.testing.contract import content
from polydex.testing.memory import MemoryProvider
from polydex.testing.world import Fault, MemoryWorld
from tests.machine import rest
from tests.machine.application import Home, Process, founded
from tests.machine.characters import CHARACTERS
from tests.machine.consumer import Consumer, Ledger
from tests.machine.loop import VirtualLoop

SETTINGS = Settings(freshness=60.0, poll_interval=300.0)
BOOK, OTHER = "main", "other"
NAMES = ("Ada", "Ben", "Cleo", "Dan")
FEW, MANY = st.integers(0, 5), st.integers(0, 60)
VERBS = st.sampled_from(["list", "fetch", "create", "update", "delete", "find_mark", "*"])


class Machine(RuleBasedStateMachine):
    """One run. Every rule begins something and lets everybody run until they wait."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="polydex-machine-"))
        self.loop = VirtualLoop()
        self.values = 0
        self.ids: list[str] = []
        self.etags: dict[str, str] = {}
        self.unsure: list[bytes] = []
        self.created: list[str] = []
        self.done: list[tuple[str, str]] = []
        self.ledger = Ledger()
        self.consumers = [Consumer(self.ledger, limit) for limit in (2, 3, 1000)]
        self.busy: set[int] = set()

    @initialize(name=st.sampled_from(sorted(CHARACTERS)), first=st.integers(0, 4))
    def begin(self, name: str, first: int) -> None:
        note(f"provider: {name}")
        clock = self._clock
        self.world = MemoryWorld(clock, CHARACTERS[name])
        self.other = MemoryWorld(clock, CHARACTERS[name])
        self.provider = MemoryProvider({BOOK: self.world, OTHER: self.other})
        self.home = Home(self.folder, self.loop, self.provider, SETTINGS)
        self.processes = [Process(self.home)]
        self._run(0, self.processes[0].db.write(founded("memory", [BOOK, OTHER], self.home.clock())))
        self.processes.append(Process(self.home))
        for _ in range(first):
            self.world.put(self._contact())
        self.other.put(self._contact())

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

    # --- other clients of the provider --------------------------------------------------------------------------

    @rule(number=FEW)
    def phone_puts(self, number: int) -> None:
        self.world.put(self._contact(), f"p{number}")

    @rule(number=MANY)
    def phone_edits(self, number: int) -> None:
        if key := self._key(number):
            self.world.put(self._contact(), key)

    @rule(number=MANY)
    def phone_removes(self, number: int) -> None:
        if key := self._key(number):
            self.world.remove(key)

    @rule(number=MANY, to=FEW)
    def phone_moves(self, number: int, to: int) -> None:
        if key := self._key(number):
            self.world.move(key, f"p{to}")

    @rule(number=MANY)
    def phone_makes_a_group_or_a_contact(self, number: int) -> None:
        if key := self._key(number):
            document = dict(self.world.find(key) or {})
            if document.pop("kind", None) is None:
                document["kind"] = "group"
            self.world.put_document(key, document)

    @rule(number=MANY)
    def phone_touches_what_is_not_modelled(self, number: int) -> None:
        if key := self._key(number):
            self.values += 1
            self.world.put_document(key, {**(self.world.find(key) or {}), "remark": f"r{self.values % 3}"})

    @rule()
    def phone_adds_many(self) -> None:
        for _ in range(24):
            self.world.put(self._contact())

    @rule(keep=st.integers(0, 3))
    def phone_removes_nearly_all(self, keep: int) -> None:
        for key in list(self.world.state())[keep:]:
            self.world.remove(key)

    @rule(number=FEW, remove=st.booleans())
    def phone_edits_the_other_book(self, number: int, remove: bool) -> None:
        if remove:
            self.other.remove(f"p{number}")
        else:
            self.other.put(self._contact(), f"p{number}")

    # --- the provider's moods -----------------------------------------------------------------------------------

    @rule(verb=VERBS, fault=st.sampled_from(list(Fault)))
    def fault(self, verb: str, fault: Fault) -> None:
        self.world.faults.append((verb, fault))

    @rule()
    def cursors_expire(self) -> None:
        self.world.expire_cursors()

    @rule(on=st.booleans())
    def blackout(self, on: bool) -> None:
        if self.world.blackout and not on:
            self.world.expire_cursors()  # what a list kept to itself is in no change feed either
        self.world.blackout = on

    @rule(number=MANY)
    def unreadable(self, number: int) -> None:
        if key := self._key(number):
            self.world.unreadable ^= {key}

    @rule(share=st.sampled_from([0.0, 0.5, 1.0]))
    def lists_lag(self, share: float) -> None:
        self.world.lag = share * self.world.character.read_lag

    @rule(verb=VERBS, point=st.sampled_from(["ask", "gap", "answer", "*"]))
    def hold(self, verb: str, point: str) -> None:
        self.world.gates.hold(verb, point)

    @rule(number=FEW)
    def release(self, number: int) -> None:
        waiting = self.world.gates.waiting
        if waiting:
            self.world.gates.release(waiting[number % len(waiting)])
            self._settle()

    @rule()
    def release_all(self) -> None:
        self.world.gates.open()
        self._settle()

    # --- time and work ------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 4, 12, 35, 65, 310]))
    def time_passes(self, seconds: int) -> None:
        self.loop.advance(seconds)
        self._settle()

    @rule(process=st.integers(0, 1))
    def worker_runs(self, process: int) -> None:
        self._begin(process, self.processes[process].pulls.run_due())
        self._begin(process, self.processes[process].writer.recovery.run_due())

    @rule(process=st.integers(0, 1))
    def push_arrives(self, process: int) -> None:
        mine = self.processes[process]
        source = mine.source_ids()[0]
        self._begin(process, mine.db.write(sources.make_due, source, self._clock()))
        self._begin(process, mine.pulls.run_due())

    @rule(process=st.integers(0, 1), approve=st.booleans())
    def owner_decides_about_deletions(self, process: int, approve: bool) -> None:
        self.processes[process].settle_deletions(approve=approve)
        self._settle()

    @rule(process=st.integers(0, 1), fuse=st.integers(0, 14))
    def will_crash(self, process: int, fuse: int) -> None:
        self.processes[process].life.fuse = fuse

    @rule(process=st.integers(0, 1), arrives=st.booleans())
    def crashes_now(self, process: int, arrives: bool) -> None:
        self.processes[process].life.dead = True
        if arrives:  # what is on its way reaches the provider, and nobody hears the answer
            self.world.gates.open()
        self._settle()

    @rule()
    def upgrade(self) -> None:
        """A new version of the mapping, and so of the program: every process starts anew."""
        if self.provider.mapping_version == 1:
            self.provider.mapping_version = 2
            for process in self.processes:
                process.life.dead = True
            self._settle()

    # --- clients of the API -------------------------------------------------------------------------------------

    @rule(process=st.integers(0, 1))
    def client_creates(self, process: int) -> None:
        self.values += 1
        nick = f"n{self.values}"
        self.created.append(nick)
        body = json.dumps({"name": {"givenName": NAMES[self.values % 4], "familyName": nick}, "nickName": nick})
        self._begin(process, self._create(process, body.encode()))

    @precondition(lambda self: self.unsure)
    @rule(process=st.integers(0, 1), number=FEW)
    def client_posts_again(self, process: int, number: int) -> None:
        self._begin(process, self._create(process, self.unsure[number % len(self.unsure)]))

    @precondition(lambda self: self.ids)
    @rule(process=st.integers(0, 1), number=MANY, conditional=st.booleans(), clear=st.booleans())
    def client_updates(self, process: int, number: int, conditional: bool, clear: bool) -> None:
        contact_id = self.ids[number % len(self.ids)]
        self.values += 1
        note_text = None if clear else f"w{self.values}"
        etag = self.etags.get(contact_id) if conditional else None
        self._begin(process, self._update(process, contact_id, note_text, etag))

    @precondition(lambda self: self.ids)
    @rule(process=st.integers(0, 1), number=MANY, conditional=st.booleans())
    def client_deletes(self, process: int, number: int, conditional: bool) -> None:
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
                raise AssertionError("a token that was handed out is refused") from error

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
        assert rest.ever(self.world, lambda contact: contact.nick_name == nick), "created, it was said"
        # A second answer to the same body may well be for what was created before.
        self._heard(written.id, written.etag)
        await mine.writer.delivered(written.intent)
        if body in self.unsure:
            self.unsure.remove(body)

    async def _update(self, process: int, contact_id: str, text: str | None, etag: str | None) -> None:
        mine = self.processes[process]
        body = json.dumps({"notes": text}).encode()
        written = await mine.writer.update(mine.account, contact_id, body, etag)
        assert written.id == contact_id
        assert text is None or rest.ever(self.world, lambda contact: contact.notes == text), "updated, it was said"
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
                process.bury()
                self.processes[number] = Process(self.home)

    def _clock(self) -> int:
        return self.home.clock()

    def _key(self, number: int) -> str | None:
        keys = list(self.world.state())
        return keys[number % len(keys)] if keys else None

    def _contact(self) -> Contact:
        self.values += 1
        # Few different contents, so that a content hash comes back.
        return Contact(name=Name(given_name=NAMES[self.values % 4], family_name=f"Phone{self.values % 3}"))


def seen_as(world: MemoryWorld, key: str, mapping_version: int) -> Contact | None:
    """What a client should see of a record."""
    document = world.find(key)
    return content(documents.contact_of(document, mapping_version)) if document else None


def served(body: bytes) -> Contact | None:
    """What a client sees."""
    return content(parse_body(body, None))


__all__ = ["Machine", "RequestError", "seen_as", "served"]
