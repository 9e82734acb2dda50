"""The check itself: rows are read in batches, each in a snapshot of its own, and judged by the rules.

A batch brings everything that its rules compare, so it is sound at any moment, whatever is written meanwhile: there is
no false alarm beside a running server, and no snapshot is held for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from polydex.connectors.base import Connector
from polydex.connectors.provider import Credentials, Provider
from polydex.core.errors import PolydexError, StoreFailed
from polydex.engine.check import contacts, records, rules
from polydex.engine.check.contacts import NOTHING, Found, Place, Problem
from polydex.engine.check.indexes import LookUps, SearchIndex
from polydex.engine.check.report import Finding, Report
from polydex.engine.check.tally import Tally
from polydex.engine.keys import Keys
from polydex.store import audit, schema, tables
from polydex.store.db import Database, Tx
from polydex.store.dialect import tokens
from polydex.store.look_ups import Key, Place as KeyPlace
from polydex.store.tables import (
    AccountLine,
    AppLine,
    ContactLine,
    Held,
    IntentLine,
    LeaseLine,
    Line,
    SourceLine,
    TokenLine,
    WatchLine,
)

WINDOW = 250_000
"""Contacts whose words and look-ups are counted up at once; it bounds the memory."""
_END = 2**63 - 1

L = TypeVar("L", bound=Line)
_Judged = list[tuple[Line, list[Problem]]]

Progress = Callable[[int, int], None]
"""Told (contacts looked at, contacts in all) now and then."""
_ABOUT_ROWS = tuple(rule for rule in rules.RULES if rule not in (rules.FILE, rules.SCHEMA))


async def check(
    db: Database,
    *,
    keys: Keys | None,
    providers: Mapping[str, Provider],
    older: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Judge a whole database by every rule; nothing is changed.

    Args:
        db: opened only to look (``store/look.py``): of a SQLite database, nothing of it may forbid a temporary table.
        keys: the installation's; None leaves out what needs them.
        providers: by registry name; documents of other ones are not mapped anew.
        older: the database may be of an older schema; then only the file is judged. Otherwise that is a finding.
        progress: see ``Progress``.
    """
    return await _Check(db, keys, providers, progress or _quiet).run(older=older)


def _quiet(done: int, total: int) -> None:
    del done, total


class _Check:
    """One run."""

    def __init__(self, db: Database, keys: Keys | None, providers: Mapping[str, Provider], progress: Progress) -> None:
        self._db, self._keys, self._providers, self._progress = db, keys, providers, progress
        self._connectors: dict[int, tuple[Connector, int] | None] = {}
        self.report = Report()

    async def run(self, *, older: bool) -> Report:
        """See ``check``."""
        report = self.report
        try:
            for detail in await self._db.read(lambda tx: tx.dialect.damage(tx)):
                report.add(rules.FILE, Finding(detail))
            version, known, missing = await self._db.read(_schema)
        except StoreFailed as error:
            report.add(rules.FILE, Finding(error.detail or error.message))
            report.skip("the file is damaged", *rules.RULES)
            return report
        if version == 0:
            report.add(rules.SCHEMA, Finding("it is not a database of Polydex"))
            report.skip("it is not a database of Polydex", *_ABOUT_ROWS)
            return report
        if older and version < known:
            report.skip(
                "made by an older version: looked at once the database has been brought up to date", *_ABOUT_ROWS
            )
            report.skip("made by an older version", rules.SCHEMA)
            return report
        if version != known:
            report.add(rules.SCHEMA, Finding(f"the schema is {version}, this version of Polydex knows {known}"))
        for detail in missing:
            report.add(rules.SCHEMA, Finding(f"{detail} is missing"))
        if report.outcomes[rules.SCHEMA].count and any("index" not in detail for detail in missing or ["version"]):
            report.skip("the schema is another one", *_ABOUT_ROWS)
            return report
        for part in (self._whole, self._records, self._contacts):
            try:
                await part()
            except StoreFailed as error:
                report.add(rules.FILE, Finding(error.detail or error.message))
                report.skip("the file is damaged", *_ABOUT_ROWS)
        return report

    # The database as a whole

    async def _whole(self) -> None:
        db, add = self._db, self.report.add
        _, epoch, _, _, mark = await db.read(audit.meta)
        if epoch <= 0:
            add(rules.EPOCH, Finding("there is no epoch", table="meta"))
        for account, detail in await db.read(audit.limits):
            add(rules.EPOCH, Finding(detail, account, "epoch_limit"))
        for table in await db.read(audit.reused):
            add(rules.NUMBERS, Finding("the next number was given out before", table=table))
        for number in range(audit.REFERENCES):
            for table, row, detail in await db.read(audit.dangling, number):
                add(rules.REFERENCES, Finding(detail, table=table, row=row))
        for what, rule, detail in (
            ("seq", rules.JOURNAL_ONCE, "another contact has the same number"),
            ("public_id", rules.IDS_ONCE, "another contact has the same id"),
            ("stable", rules.IDS_ONCE, "another contact has the same number of its stable key"),
            ("key", rules.KEYS_ONCE, "another current row has the same address"),
        ):
            for account, row in await db.read(audit.doubles, what):
                add(rule, Finding(detail, account, "contact", row))
        if self._keys is None:
            self.report.skip("there is no key file", rules.KEYS, rules.SECRETS, rules.IDS)
        elif mark is not None and mark != self._keys.mark:
            add(rules.KEYS, Finding("made with another key file", table="meta"))
            self._keys = None
            self.report.skip("made with another key file", rules.SECRETS, rules.IDS)

    # Everything but contacts

    async def _records(self) -> None:
        await self._lines(AppLine, self._apps)
        await self._lines(AccountLine, self._accounts)
        await self._lines(TokenLine, self._tokens)
        await self._lines(SourceLine, self._sources)
        await self._lines(IntentLine, self._intents)
        await self._lines(LeaseLine, self._leases)
        await self._lines(WatchLine, self._watches)

    async def _lines(self, kind: type[L], judge: Callable[[Tx, list[L]], _Judged]) -> None:
        after: int | None = -1
        while after is not None:
            after, found = await self._db.read(_batch, kind, judge, after)
            for line, problems in found:
                self._note(line, problems)
            await asyncio.sleep(0)

    def _apps(self, tx: Tx, lines: list[AppLine]) -> _Judged:
        del tx
        return [(line, [*records.of_app(line, self._keys)]) for line in lines]

    def _accounts(self, tx: Tx, lines: list[AccountLine]) -> _Judged:
        numbers = [line.id for line in lines]
        defaults, left = audit.defaults(tx, numbers), audit.leftovers(tx, numbers)
        return [
            (line, [*records.of_account(line, defaults.get(line.id, 0), left.get(line.id, 0), self._keys)])
            for line in lines
        ]

    def _tokens(self, tx: Tx, lines: list[TokenLine]) -> _Judged:
        del tx
        return [(line, [*records.of_token(line)]) for line in lines]

    def _sources(self, tx: Tx, lines: list[SourceLine]) -> _Judged:
        accounts = tables.by_number(tx, AccountLine, [line.account_id for line in lines])
        return [
            (line, [*records.of_source(line, accounts[line.account_id])])
            for line in lines
            if line.account_id in accounts
        ]

    def _intents(self, tx: Tx, lines: list[IntentLine]) -> _Judged:
        accounts = tables.by_number(tx, AccountLine, [line.account_id for line in lines])
        sources = tables.by_number(tx, SourceLine, [line.source_id for line in lines])
        return [
            (line, [*records.of_intent(line, accounts[line.account_id], sources.get(line.source_id))])
            for line in lines
            if line.account_id in accounts
        ]

    def _leases(self, tx: Tx, lines: list[LeaseLine]) -> _Judged:
        del tx
        return [(line, [*records.of_lease(line)]) for line in lines]

    def _watches(self, tx: Tx, lines: list[WatchLine]) -> _Judged:
        del tx
        return [(line, [*records.of_watch(line)]) for line in lines]

    # Contacts

    async def _contacts(self) -> None:
        db = self._db
        total, last = await db.read(audit.count, "contact"), await db.read(audit.last_row)
        for low in range(0, max(last, 1), WINDOW):
            high = low + WINDOW if low + WINDOW < last else _END
            words, keys = Tally(db, SearchIndex(), low, high), Tally(db, LookUps(), low, high)
            after = low
            while after >= 0:
                held = await db.read(tables.held, after, high)
                for line in held.contacts:
                    self._contact(line, held, words, keys)
                self._strangers(held)
                self.report.contacts += len(held.contacts)
                self._progress(self.report.contacts, max(total, self.report.contacts))
                after = held.upto or -1
                await asyncio.sleep(0)
            for row, account, detail in await words.compare():
                self.report.add(rules.WORDS, Finding(detail, account, "contact", row))
            for row, account, detail in await keys.compare():
                self.report.add(rules.LOOK_UPS, Finding(detail, account, "contact", row))

    def _contact(self, line: ContactLine, held: Held, words: Tally[str, str], keys: Tally[Key, KeyPlace]) -> None:
        if (name := tables.mistyped(line)) is not None:
            self._note(line, [(rules.VALUES, f"{name} is of another type")])
            return
        account, source = held.accounts.get(line.account_id), held.sources.get(line.source_id)
        if account is None or source is None or tables.mistyped(account) or tables.mistyped(source):
            return  # told by the rules about references and values
        connector = self._connector(account, source)
        place = Place(account, source, *(connector or ()))
        problems = [*contacts.of_row(line, place)]
        if self._keys is not None:
            problems += contacts.of_id(line, place, self._keys.ids)
        more, found = contacts.of_documents(line, place, held.documents.get(line.row_id))
        problems += more
        readable = found is not NOTHING or line.live != 1 or line.seq is None
        if readable:  # of a body that cannot be read nobody knows the words
            keys.expect(line.row_id, ((line.source_id, kind, value) for kind, value in found.keys))
            self._words(line, found, held, words, problems)
        else:
            words.leave_out(line.row_id)
            keys.leave_out(line.row_id)
        self._note(line, problems)

    def _words(
        self, line: ContactLine, found: Found, held: Held, words: Tally[str, str], problems: list[Problem]
    ) -> None:
        indexed = tokens(line.source_id, found.words)
        if held.words is None:
            words.expect(line.row_id, indexed)
        elif held.words.get(line.row_id, set()) != set(indexed):
            problems.append((rules.WORDS, "found by other words than it has"))

    def _strangers(self, held: Held) -> None:
        """What the index holds for rows that there are not."""
        rows = {line.row_id for line in held.contacts}
        for row in (held.words or {}).keys() - rows:
            self.report.add(rules.WORDS, Finding("words of a contact that there is not", table="contact", row=row))

    def _connector(self, account: AccountLine, source: SourceLine) -> tuple[Connector, int] | None:
        """What maps the documents of an address book. Mapping needs no password, and nothing is asked for."""
        if source.id not in self._connectors:
            self._connectors[source.id] = None
            provider = self._providers.get(account.provider)
            if provider is not None and account.deleted_at is None:
                credentials = Credentials(account.login or "", "", account.server_url or "")
                options = {"region": account.region} if account.region else {}
                try:
                    connector = provider.connect(None, credentials, source.key, options, source.context)
                except PolydexError:
                    return None
                self._connectors[source.id] = connector, provider.mapping_version
        return self._connectors[source.id]

    def _note(self, line: Line, problems: Iterable[Problem]) -> None:
        number = getattr(line, line.number)
        account = number if isinstance(line, AccountLine | LeaseLine) else getattr(line, "account_id", None)
        row = number if isinstance(number, int) else None
        for rule, detail in problems:
            self.report.add(rule, Finding(detail, account if isinstance(account, int) else None, line.table, row))


def _batch(tx: Tx, kind: type[L], judge: Callable[[Tx, list[L]], _Judged], after: int) -> tuple[int | None, _Judged]:
    """Judge the next rows of a table; the number to go on at, None at the end."""
    lines = tables.page(tx, kind, after)
    judged: _Judged = []
    usable: list[L] = []
    for line in lines:
        name = tables.mistyped(line)
        if name is None:
            usable.append(line)
        else:
            judged.append((line, [(rules.VALUES, f"{name} is of another type")]))
    if usable:
        judged += judge(tx, usable)
    following = getattr(lines[-1], kind.number) if len(lines) == tables.BATCH else None
    return following, judged


def _schema(tx: Tx) -> tuple[int, int, list[str]]:
    return audit.meta(tx)[0], schema.newest(), schema.missing(tx)
