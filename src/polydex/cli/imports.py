"""``polydex contacts import``."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from polydex.cli import report
from polydex.cli.common import AccountNumber, Common, account_of, common_of, note, run
from polydex.cli.export import ENDINGS, Format
from polydex.cli.files import check_absent, written
from polydex.cli.sync import pull_now
from polydex.core.errors import BadRequest, PolydexError, Retry

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.imports import Plan, Result, Source, Stopped
    from polydex.store.accounts import Account

_ROW_FILES = (".csv", ".tsv", ".txt")


class NotAllImported(PolydexError):
    """Entries were rejected; all others are in the address book."""

    code, status = "import.rejected", 500


class ImportUnfinished(PolydexError):
    """Entries could not be written now."""

    code, status, retry = "import.unfinished", 503, Retry.LATER


@dataclass
class _Import:
    """What an import was asked for, and how far it is."""

    account: int
    source: Source
    common: Common
    preview: bool
    yes: bool
    update: bool
    plan: Plan = ()
    results: list[Result] = field(default_factory=list)
    stopped: Stopped | None = None


def import_(
    account: AccountNumber,
    file: Annotated[Path | None, Parameter(name="FILE", help="File to read; without it, standard input.")] = None,
    /,
    *,
    format_: Annotated[
        Format | None, Parameter(name="--format", help="vcard or csv; by default as the file's name and beginning say.")
    ] = None,
    preview: Annotated[
        bool, Parameter(name=["--preview", "--dry-run"], help="Show what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, Parameter(help="Do not ask.")] = False,
    update: Annotated[
        bool, Parameter(help="Change contacts that are there and differ; without it they stay as they are.")
    ] = False,
    report_: Annotated[
        Path | None, Parameter(name="--report", help="Write what became of each entry: .csv, or else JSON lines.")
    ] = None,
    rejects: Annotated[
        Path | None, Parameter(help="Write the entries that were rejected or failed, as they stand in the file.")
    ] = None,
    force: Annotated[bool, Parameter(help="Overwrite these two files.")] = False,
    encoding: Annotated[str | None, Parameter(help="Of a CSV file that is not UTF-8, such as windows-1252.")] = None,
    dates: Annotated[
        Literal["dmy", "mdy"] | None, Parameter(help="Order of day and month in a CSV file, where it does not show.")
    ] = None,
    map_: Annotated[
        list[str] | None,
        Parameter(
            name="--map", help="COLUMN=FIELD: what a column of a CSV file holds; no FIELD leaves it out; repeatable."
        ),
    ] = None,
    common: Common | None = None,
) -> None:
    """See ``polydex.cli.contacts``."""
    common = common_of(common)
    for path in (report_, rejects):
        if path is not None:
            check_absent(path, force=force)
    if not preview and not yes and (common.json or file is None or not sys.stdin.isatty()):
        raise BadRequest("Nothing was imported: look at it with --preview, then give --yes")
    source = _source(file, format_, encoding, dates, map_ or [])
    job = _Import(account, source, common, preview, yes, update)

    async def work(polydex: Polydex) -> None:
        found = await account_of(polydex, account)
        try:
            await _work(polydex, found, job)
        finally:
            results = job.results or (report.of_plan(job.plan) if preview else [])
            if report_ is not None and results:
                with written(report_, force=force) as output:
                    report.write_report(output, results, as_csv=report_.suffix.lower() == ".csv")
            wanted = [each for each in results if each.outcome in report.TO_MEND]
            if rejects is not None and wanted:
                with written(rejects, force=force) as output:
                    report.write_rejects(output, source, wanted)

    run(common, work)
    _end(job)


async def _work(polydex: Polydex, account: Account, job: _Import) -> None:
    await pull_now(polydex, account)  # what others have created a moment ago must not be created a second time
    asks = not job.preview and not job.yes
    job.plan = await polydex.importer.plan(account, job.source, update=job.update, losses=job.preview or asks)
    if job.preview and job.common.json:
        report.write_json_result(job.account, job.source, report.of_plan(job.plan), preview=True)
    elif job.preview or asks:
        report.show_plan(job.source, job.plan)
    if job.preview:
        return
    if asks and not report.nothing_to_do(job.plan) and not _confirmed(account):
        raise BadRequest("Nothing was imported; confirm with y, or give --yes")
    await _carry_out(polydex, account, job)
    if job.common.json:
        report.write_json_result(job.account, job.source, job.results, preview=False)
    else:
        report.show_results(job.source, job.results)


async def _carry_out(polydex: Polydex, account: Account, job: _Import) -> None:
    from polydex.cli.progress import counted

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C does not wait
        note("Ending after the contacts in flight ...")
        stop.set()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        with counted("Importing", shown=not job.common.json) as progress:

            def done(result: Result) -> None:
                job.results.append(result)
                progress(len(job.results), len(job.plan))

            job.stopped = await polydex.importer.carry_out(account, job.source, job.plan, stop, done)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def _end(job: _Import) -> None:
    """Raise what the exit code is made of."""
    results = job.results or report.of_plan(job.plan)
    if job.stopped is not None:
        if job.stopped.error is None:
            raise KeyboardInterrupt
        raise job.stopped.error
    later = sum(each.outcome in report.LATER for each in results)
    if later:
        raise ImportUnfinished(f"{later} could not be imported now; the same command goes on")
    rejected = sum(each.outcome in report.TO_MEND for each in results)
    if rejected:
        would = "would be" if job.preview else "were"
        raise NotAllImported(f"{rejected} of {len(results)} {would} rejected")


def _confirmed(account: Account) -> bool:
    sys.stderr.write(f"Import into account {account.id} ({account.login or account.service_type})? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _source(
    path: Path | None,
    kind: Format | None,
    encoding: str | None,
    dates: Literal["dmy", "mdy"] | None,
    renamed: Sequence[str],
) -> Source:
    from polydex.core import csv
    from polydex.engine.imports import of_csv, of_vcards

    try:
        data = path.read_bytes() if path is not None else sys.stdin.buffer.read()
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror}") from error
    if kind is None:
        kind = _kind(path, data)
    if kind == "vcard":
        if encoding or dates or renamed:
            raise BadRequest("--encoding, --dates and --map are for CSV files")
        return of_vcards(data)
    columns: dict[str, str] = {}
    for each in renamed:
        header, equals, target = each.rpartition("=")
        if not equals or not header.strip():
            raise BadRequest("--map must be COLUMN=FIELD")
        columns[header] = target.strip()
    return of_csv(data, csv.Options(encoding, dates, columns))


def _kind(path: Path | None, data: bytes) -> Format:
    """The format, by the beginning of the file, else by its name."""
    if data[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper().startswith(b"BEGIN:VCARD"):
        return "vcard"
    ending = path.suffix.lower() if path is not None else ""
    if ending in _ROW_FILES:
        return "csv"
    if ENDINGS.get(ending) == "vcard":
        return "vcard"
    raise BadRequest("--format is missing: neither the file's name nor its beginning tells what it is")
