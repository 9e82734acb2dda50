"""``polydex check``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from polydex.cli.common import Common, common_of, note, set_up_logs, write, write_json
from polydex.cli.errors import FAILED
from polydex.cli.progress import bar
from polydex.core.errors import BadRequest

if TYPE_CHECKING:
    from polydex.engine.check import Finding, Outcome, Report, Rule


def check(
    file: Annotated[
        Path | None, Parameter(name="FILE", help="A backup to check; by default the data folder's database.")
    ] = None,
    /,
    *,
    mend: Annotated[
        bool,
        Parameter(help="First build the search index anew, out of the stored contacts; the server must be stopped."),
    ] = False,
    common: Common | None = None,
) -> None:
    """Judge the database, or a backup, by Polydex's own rules. Nothing is changed; the server may run."""
    from polydex.operations import check_data, mend_data

    common = common_of(common)
    config = common.config()
    set_up_logs(config)
    if mend and file is not None:
        raise BadRequest("--mend is for the data folder's database; restore a backup first")
    if mend:
        count = asyncio.run(mend_data(config))
        note(f"The search index was built anew: {count} contacts")
    with bar(common) as progress:
        report = asyncio.run(check_data(config, file, progress=lambda done, total: progress("Checking", done, total)))
    if common.json:
        write_json(_json(report))
    else:
        _tell(report)
    if not report.sound:
        sys.stdout.flush()
        sys.exit(FAILED)


def _json(report: Report) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "contacts": report.contacts,
        "rules": [
            {
                "rule": rule.name,
                "demand": rule.demand,
                "state": _state(outcome),
                "count": outcome.count,
                **({"reason": outcome.skipped} if outcome.skipped else {}),
                **(
                    {"mend": rule.mend, "findings": [_found(each) for each in outcome.findings]}
                    if outcome.count
                    else {}
                ),
            }
            for rule, outcome in report.outcomes.items()
        ],
    }


def _found(finding: Finding) -> dict[str, Any]:
    told = {"accountId": finding.account, "table": finding.table, "row": finding.row, "detail": finding.detail}
    return {name: value for name, value in told.items() if value is not None}


def _state(outcome: Outcome) -> str:
    return "broken" if outcome.count else "skipped" if outcome.skipped else "ok"


def _tell(report: Report) -> None:
    for rule, outcome in report.outcomes.items():
        _tell_rule(rule, outcome)
    skipped = sum(bool(outcome.skipped) for outcome in report.outcomes.values())
    left = f"; {skipped} rules could not be looked at" if skipped else ""
    if report.sound:
        note(f"Sound: {report.contacts} rows of contacts{left}")
    else:
        note(f"{report.count} findings, {len(report.broken())} rules broken, {report.contacts} rows of contacts{left}")


def _tell_rule(rule: Rule, outcome: Outcome) -> None:
    state = _state(outcome)
    mark = {"ok": "ok     ", "skipped": "skipped", "broken": "BROKEN "}[state]
    write(f"{mark} {rule.name}: {outcome.skipped or rule.demand}")
    if not outcome.count:
        return
    for finding in outcome.findings:
        where = f"account {finding.account}, " if finding.account is not None else ""
        where += (
            f"{finding.table} {'' if finding.row is None else finding.row}".rstrip() if finding.table else "the file"
        )
        write(f"          {where}: {finding.detail}")
    if outcome.count > len(outcome.findings):
        write(f"          and {outcome.count - len(outcome.findings)} more")
    write(f"          Mend: {rule.mend}")
