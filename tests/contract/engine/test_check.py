"""``polydex check``: each rule is broken by SQL in a real database, and exactly that is found; sound ones have nothing."""

# ruff: noqa: S608 - damage is SQL, made of constants

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from polydex.connectors.provider import Provider
from polydex.core.contact import Contact, Email, Name, Phone
from polydex.engine.check import RULES, Report, check
from polydex.engine.check.report import SHOWN
from polydex.engine.keys import Keys
from polydex.store import audit
from polydex.store.db import Tx
from polydex.store.look import look_at_file, look_at_postgres
from polydex.store.postgres import PostgresTx, _adapt, open_postgres
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from tests.contract.engine.damages import DAMAGES, ENGINES, GONE, GROUP, ONE
from tests.contract.engine.home import Home, furnish, named
from tests.servers.postgres import Postgres
from tests.soundness import checked, demand_sound

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Case:
    """The storage of a lived-in installation, to be damaged behind its back."""

    template: Template
    place: Path | str

    async def damaged(self, script: Sequence[str] = (), keys: Keys | None = None) -> Report:
        """What the check finds after these statements, with no reference being watched."""
        keys = keys or self.template.keys
        if isinstance(self.place, Path):
            with closing(sqlite3.connect(self.place)) as file:
                for statement in script:
                    file.execute(statement)
                file.commit()
            return await checked(self.place, keys, self.template.providers)
        import psycopg

        connection: psycopg.Connection[Any]
        with psycopg.connect(self.place, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            _adapt(connection)
            connection.execute("BEGIN")
            for statement in script:
                connection.execute(statement.encode())
            report = await check(Within(connection), keys=keys, providers=self.template.providers)
            connection.execute("ROLLBACK")
        return report


@dataclass(frozen=True)
class Template:
    """What every case begins with: on SQLite a file to be copied, on PostgreSQL a database to be left as it is."""

    engine: str
    place: Path | str
    keys: Keys
    providers: Mapping[str, Provider]


class Within:
    """A database that is one transaction of PostgreSQL, so that damage is undone."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return fn(PostgresTx(self._connection), *args, **kwargs)

    write = look = read

    async def close(self) -> None:
        return


async def live_in(home: Home) -> None:
    """Everything that a database may hold: contacts, tombstones, detached rows, groups, doubts, held deletions."""
    keys = [
        home.world.put(
            Contact(
                name=Name(given_name="Ada", family_name=f"Nümber{number}"),
                nick_name=f"n{number}",
                email_addresses=(Email(address=f"n{number}@example.com"),),
                phone_numbers=(Phone(number=f"+1202555{number:04}"),),
            )
        )
        for number in range(40)
    ]
    await home.pull()
    created = await home.create(nickName="ours", notes="hello world")
    await home.update(created.id, notes="changed")
    gone = await home.create(nickName="ours, gone")
    await home.writer.delete(home.account, gone.id, None)
    home.world.put_document(keys[0], {**(home.world.find(keys[0]) or {}), "kind": "group"})
    home.world.remove(keys[1])
    await home.pull()
    home.world.put(named("back"), keys[1])
    home.world.unreadable.add(home.world.put(named("unreadable")))
    await home.pull()
    for key in keys[5:]:
        home.world.remove(key)
    await home.pull()


@pytest.fixture(scope="module", params=ENGINES)
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with contextlib.ExitStack() as stack:
        place: Path | str
        if request.param == "sqlite":
            place = tmp_path_factory.mktemp("template") / "polydex.db"
        else:
            server: Postgres = request.getfixturevalue("postgres")
            place = stack.enter_context(server.database())

        async def make() -> Home:
            clock = FakeClock()
            opened = open_sqlite(place, clock=clock) if isinstance(place, Path) else open_postgres(place, connections=4)
            home = await furnish(opened, clock)
            await live_in(home)
            await opened.close()
            return home

        home = asyncio.run(make())
        yield Template(request.param, place, home.ctx.keys, home.ctx.providers)


@pytest.fixture
def case(template: Template, tmp_path: Path) -> Case:
    if isinstance(template.place, str):
        return Case(template, template.place)
    return Case(template, Path(shutil.copyfile(template.place, tmp_path / "polydex.db")))


async def test_a_lived_in_database_is_sound(case: Case) -> None:
    """And holds one of everything that the rules are about."""
    report = await case.damaged()
    assert report.broken() == {}
    assert not [rule.name for rule, outcome in report.outcomes.items() if outcome.skipped]
    look = look_at_file(case.place) if isinstance(case.place, Path) else look_at_postgres(case.place)

    def counted(tx: Tx) -> list[int]:
        return [
            int(tx.all(f"SELECT count(*) FROM contact WHERE {where}")[0][0])
            for where in (
                "live = 1 AND seq IS NOT NULL", "live = 1 AND seq IS NULL", "live = 0 AND current = 1",
                "current = 0", "verify_due IS NOT NULL", "pending_delete IS NOT NULL",
            )
        ]  # fmt: skip

    assert all(await look.read(counted))
    assert report.contacts == await look.read(audit.count, "contact")
    await look.close()


# With damage of their own, in tests of their own.
APART = {"file", "words"}


def test_every_rule_is_broken_by_a_test() -> None:
    assert {damage[0] for damage in DAMAGES} | APART == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("template", "rule", "script", "more"),
    [
        pytest.param(engine, *damage[:3], id=f"{engine}-{damage[0]}-{number}")
        for engine in ENGINES
        for number, damage in enumerate(DAMAGES)
        if engine in damage[3]
    ],
    indirect=["template"],
)
async def test_damage_is_found_and_nothing_else(case: Case, rule: str, script: list[str], more: dict[str, int]) -> None:
    report = await case.damaged(script)
    assert report.broken() == {rule: 1, **more}
    told = [finding for outcome in report.outcomes.values() for finding in outcome.findings]
    assert all(finding.detail for finding in told)
    assert not [word for finding in told for word in ("Ada", "example.com", "hello") if word in finding.detail]


def rewritten(engine: str, row: str, words: str, *, remove: bool) -> list[str]:
    """Statements that put words of source 1 into the index for a row, or take them out; blanks are between them."""
    if engine == "sqlite" and remove:
        return [f"INSERT INTO contact_words (contact_words, rowid, words) VALUES ('delete', {row}, '{words}')"]
    if engine == "sqlite":
        return [f"INSERT INTO contact_words (rowid, words) VALUES ({row}, '{words}')"]
    if remove:
        listed = ", ".join(f"'{word}'" for word in words.split())
        return [f"UPDATE contact_words SET words = ts_delete(words, ARRAY[{listed}]) WHERE row_id = {row}"]
    merged = "ON CONFLICT (row_id) DO UPDATE SET words = contact_words.words || excluded.words"
    return [f"INSERT INTO contact_words VALUES ({row}, '{words}') {merged}"]


@pytest.mark.parametrize("row", [ONE, GONE, GROUP, "99999"])
async def test_words_too_many_are_found(case: Case, row: str) -> None:
    """Of a contact, of a tombstone, of a group, and of a row that there is not."""
    report = await case.damaged(rewritten(case.template.engine, row, "1xstranger", remove=False))
    assert report.broken() == {"words": 1}


async def test_words_that_are_missing_are_found(case: Case) -> None:
    report = await case.damaged(rewritten(case.template.engine, ONE, "1xada", remove=True))
    assert report.broken() == {"words": 1}


async def test_findings_are_counted_and_only_some_are_kept(case: Case) -> None:
    report = await case.damaged(["UPDATE contact SET touch = 1000000"])
    (outcome,) = (outcome for outcome in report.outcomes.values() if outcome.count)
    assert outcome.count == report.contacts > SHOWN == len(outcome.findings)
    assert not report.sound


async def test_without_keys_what_needs_them_is_left_out(case: Case) -> None:
    """And with other keys, every secret and id would look wrong: only that is told."""
    other = await case.damaged(keys=Keys.generate())
    assert other.broken() == {"secrets": 2, "ids": other.contacts - 2}  # the mark of the keys was never stored here
    marked = await case.damaged([f"UPDATE meta SET key_mark = '{case.template.keys.mark}'"], Keys.generate())
    assert marked.broken() == {"keys": 1}
    assert {rule.name for rule, outcome in marked.outcomes.items() if outcome.skipped} == {"secrets", "ids"}


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_bytes_that_the_disk_has_changed_are_found(tmp_path: Path, template: Template) -> None:
    assert isinstance(template.place, Path)
    whole = template.place.read_bytes()
    found = set()
    for start in range(4096, len(whole), 4096):
        damaged = tmp_path / "damaged.db"
        damaged.write_bytes(whole[:start] + bytes(2048) + whole[start + 2048 :])
        report = await checked(damaged, template.keys, template.providers)
        found.add(report.sound)
    assert found == {False}
    cut = tmp_path / "cut.db"
    cut.write_bytes(whole[: len(whole) // 8192 * 4096])
    report = await checked(cut, template.keys, template.providers)
    assert set(report.broken()) == {"file"}


async def test_nothing_is_found_while_everything_changes(tmp_path: Path) -> None:
    """The check runs again and again beside pulls and writes; what it compares is always of one moment."""
    clock = FakeClock()
    path = tmp_path / "polydex.db"
    home = await furnish(open_sqlite(path, clock=clock), clock)
    await live_in(home)
    checks = 0

    async def live() -> None:
        for number in range(12):
            made = await home.create(nickName=f"made {number}", notes="more words")
            await home.update(made.id, notes="other words")
            if number % 2:
                await home.writer.delete(home.account, made.id, None)
            home.world.put(named(f"phone {number % 5}"), f"p{number % 7}")
            await home.pull()

    living = asyncio.create_task(live())
    while not living.done():
        await demand_sound(path, home.ctx.keys, home.ctx.providers)
        checks += 1
    await living
    assert checks > 1
    await home.db.close()
