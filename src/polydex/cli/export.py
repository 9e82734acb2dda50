"""``polydex contacts export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from polydex.cli.common import AccountNumber, Common, account_of, common_of, note, run, write_json
from polydex.cli.files import check_absent, written
from polydex.core.errors import BadRequest, PolydexError

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.export import Exported

Format = Literal["vcard", "csv"]
ENDINGS = {".vcf": "vcard", ".vcard": "vcard", ".csv": "csv"}
_NAMED = 5


class Incomplete(PolydexError):
    """The file is written, but something that is there is not in it."""

    code, status = "export.incomplete", 500


def export(
    account: AccountNumber,
    /,
    *,
    format_: Annotated[
        Format | None, Parameter(name="--format", help="vcard or csv; by default as the file's name ends, else vcard.")
    ] = None,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="File to write; without it, standard output.")
    ] = None,
    force: Annotated[bool, Parameter(help="Overwrite the file.")] = False,
    common: Common | None = None,
) -> None:
    """See ``polydex.cli.contacts``."""
    common = common_of(common)
    if common.json and output is None:
        raise BadRequest("--json tells the result on standard output: name a file with --output")
    if output is not None:
        check_absent(output, force=force)
    kind = format_ or ENDINGS.get(output.suffix.lower() if output else ".vcf")
    if kind is None:
        raise BadRequest("--format is missing: the file's name ends neither in .vcf nor in .csv")

    async def work(polydex: Polydex) -> Exported:
        from polydex.cli.progress import counted

        found = await account_of(polydex, account)
        kinds = {"vcard": polydex.exporter.vcards, "csv": polydex.exporter.csv}
        shown = output is not None and not common.json
        with counted("Exporting", shown=shown) as progress, written(output, force=force) as file:
            return await kinds[kind](found, file.write, progress)

    done = run(common, work)
    if common.json:
        write_json(
            {
                "accountId": account,
                "format": kind,
                "contacts": done.contacts,
                "groups": done.groups,
                "losses": dict(done.losses),
                "missing": list(done.missing),
                "doubtful": done.doubtful,
            }
        )
    else:
        _tell(done, output)
    if done.missing:
        raise Incomplete(f"{len(done.missing)} contacts at the provider could not be read and are not in the export")


def _tell(done: Exported, output: Path | None) -> None:
    """The count, for people; to standard error, as the contacts may be on standard output."""
    groups = f" and {done.groups} groups" if done.groups else ""
    note(f"{done.contacts} contacts{groups}{f' written to {output}' if output else ''}")
    for loss, count in done.losses.most_common():
        note(f"  {count}: {loss}")
    if done.doubtful:
        note(f"  {done.doubtful}: as they were last known; they are looked at again soon")
    for key in done.missing[:_NAMED]:
        note(f"  not readable: {key}")
    if len(done.missing) > _NAMED:
        note(f"  not readable: {len(done.missing) - _NAMED} more")
    sys.stderr.flush()
