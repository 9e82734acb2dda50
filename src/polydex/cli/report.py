"""How an import is told: on the terminal, as JSON, as a report file, and the entries that are to be mended."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

import msgspec

from polydex.cli.common import write, write_json
from polydex.engine.imports import Outcome, Result

if TYPE_CHECKING:
    from polydex.core.entry import Fault
    from polydex.core.fields import Loss
    from polydex.engine.imports import Plan, Source

TO_MEND = (Outcome.REJECTED, Outcome.FAILED)
LATER = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_TRIED)
_SHOWN = 10
_PLANNED = {Outcome.CREATED: "to create", Outcome.UPDATED: "to update", Outcome.REJECTED: "to be rejected"}
_SAID = {
    Outcome.UNCHANGED: "unchanged",
    Outcome.DIFFERS: "there already, and different (--update changes them)",
    Outcome.DUPLICATE: "repeated in the file",
    Outcome.UNKNOWN: "of unknown outcome",
    Outcome.NOT_TRIED: "not tried",
}
_COLUMNS = ("number", "line", "outcome", "id", "sameAs", "reasons", "losses", "similar")


def of_plan(plan: Plan) -> list[Result]:
    """The results that a plan foresees."""
    return [
        Result(step.entry, step.outcome, step.contact_id, step.same_as, step.faults, step.losses, step.similar)
        for step in plan
    ]


def nothing_to_do(plan: Plan) -> bool:
    """Whether a plan writes nothing."""
    return not any(step.outcome in (Outcome.CREATED, Outcome.UPDATED) for step in plan)


# For people


def show_plan(source: Source, plan: Plan) -> None:
    """What is going to be done."""
    results = of_plan(plan)
    write(f"{source.layout}: {_many(len(plan), source.kind)}")
    counts = Counter(step.outcome for step in plan)
    for outcome in Outcome:
        if counts[outcome]:
            write(f"{counts[outcome]:7} {_PLANNED.get(outcome) or _SAID.get(outcome) or outcome.value}")
    for name in [_name(step.entry.contact) for step in plan if step.outcome is Outcome.CREATED][:3]:
        write(f"        such as {name}")
    _show_troubles(source, results)
    similar = [result for result in results if result.similar]
    if similar:
        write(f"{len(similar)} to create share an e-mail address, a number or the name with contacts that are there:")
        _some(f"  {source.kind} {each.entry.number}: {', '.join(each.similar[:3])}" for each in similar)


def show_results(source: Source, results: Sequence[Result]) -> None:
    """What was done."""
    _show_troubles(source, results)
    counts = Counter(result.outcome for result in results)
    told = [f"{counts[each]} {_SAID.get(each, each.value)}" for each in Outcome if counts[each]]
    write(f"{_many(len(results), source.kind)}: {', '.join(told) or 'nothing'}")
    if any(result.outcome in LATER for result in results):
        write("The same command goes on with what is not done yet.")


def _show_troubles(source: Source, results: Sequence[Result]) -> None:
    """What is not imported, and why."""
    for column in source.unknown:
        write(f"Not imported: column {_printable(column.header)!r}, with something in {_many(column.rows, 'row')}")
    losses = Counter(_loss(loss) for result in results for loss in set(result.losses))
    if losses:
        write("Not kept as it stands in the file:")
        _some(f"  {_many(count, source.kind)}: {loss}" for loss, count in losses.most_common())
    bad = [result for result in results if result.reasons]
    if bad:
        write("Not imported:")
        _some(f"  {_place(source, result)}: {_reasons(result.reasons)}" for result in bad)


def _some(lines: Iterable[str]) -> None:
    whole = list(lines)
    for line in whole[:_SHOWN]:
        write(_printable(line))
    if len(whole) > _SHOWN:
        write(f"  and {len(whole) - _SHOWN} more; --report has every one")


def _many(count: int, kind: str) -> str:
    return f"{count} {kind}{'' if count == 1 else 's'}"


def _place(source: Source, result: Result) -> str:
    entry = result.entry
    lines = f"line {entry.line}" if entry.line == entry.last_line else f"lines {entry.line} to {entry.last_line}"
    return f"{source.kind} {entry.number} ({lines})"


def _name(contact: Any) -> str:
    name = contact.name
    parts = [name.given_name, name.family_name] if name is not None else []
    shown = (name.display_name if name is not None else None) or " ".join(part for part in parts if part)
    emails = [email.address for email in contact.email_addresses if email.address]
    company = contact.company.name if contact.company is not None else None
    return _printable(shown or contact.nick_name or company or (emails[0] if emails else "a contact without a name"))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _reasons(faults: Sequence[Fault]) -> str:
    return "; ".join(f"{fault.place}: {fault.reason}" if fault.place else fault.reason for fault in faults)


def _loss(loss: Loss) -> str:
    return f"{loss.path}: {loss.reason}" + (f" (kept {loss.kept})" if loss.kept else "")


# For programs


def _record(result: Result) -> dict[str, Any]:
    """A result as JSON; without anything of the contact itself."""
    record = {
        "number": result.entry.number,
        "line": result.entry.line,
        "outcome": result.outcome.value,
        "id": result.contact_id,
        "sameAs": result.same_as,
        "reasons": [{"place": fault.place, "reason": fault.reason} for fault in result.reasons],
        "losses": list(result.losses),
        "similar": list(result.similar),
    }
    return {name: value for name, value in record.items() if value not in (None, [])}


def write_json_result(account: int, source: Source, results: Sequence[Result], *, preview: bool) -> None:
    """The whole as one object on standard output."""
    counts = Counter(result.outcome for result in results)
    write_json(
        {
            "accountId": account,
            "preview": preview,
            "layout": source.layout,
            "entries": len(results),
            "outcomes": {outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]},
            "unknownColumns": [{"column": each.header, "rows": each.rows} for each in source.unknown],
            "results": [_record(result) for result in results],
        }
    )


def write_report(output: IO[bytes], results: Sequence[Result], *, as_csv: bool) -> None:
    """One line for each entry."""
    if not as_csv:
        for result in results:
            output.write(msgspec.json.encode(_record(result)) + b"\n")
        return
    lines = io.StringIO()
    table = csv.writer(lines)
    table.writerow(_COLUMNS)
    for result in results:
        record = _record(result)
        losses = "; ".join(map(_loss, result.losses))
        told = {**record, "reasons": _reasons(result.reasons), "losses": losses, "similar": " ".join(result.similar)}
        table.writerow([told.get(name, "") for name in _COLUMNS])
    output.write(lines.getvalue().encode())


def write_rejects(output: IO[bytes], source: Source, results: Sequence[Result]) -> None:
    """The entries as they stand in the file, so that they can be mended and imported again."""
    output.write(source.head)
    for result in results:
        output.write(source.cut(result.entry))
