"""``polydex restore``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from polydex.cli.common import Common, common_of, confirmed, note, set_up_logs, write, write_json
from polydex.cli.progress import bar
from polydex.core.errors import BadRequest

if TYPE_CHECKING:
    from polydex.engine.backup import Copy

_TOKENS = (
    "Tokens from before the backup stay good; those from after it are answered with 410, and their clients read "
    "everything anew. Each address book is pulled before it is served again."
)


def restore(
    file: Annotated[Path | None, Parameter(name="FILE", help="The backup to put in the place of the database.")] = None,
    /,
    *,
    yes: Annotated[bool, Parameter(help="Do not ask.")] = False,
    unsound: Annotated[bool, Parameter(help="Also a backup that polydex check finds something in.")] = False,
    mark: Annotated[
        bool, Parameter(help="Restore nothing: note that the storage was restored by other means.")
    ] = False,
    common: Common | None = None,
) -> None:
    """Put a backup in the place of the database, which is kept. The server must be stopped."""
    common = common_of(common)
    set_up_logs(common.config())
    if mark == (file is not None) or (mark and unsound):
        raise BadRequest("Give either the backup to restore, or --mark alone")
    if file is None:
        _mark(common, yes=yes)
    else:
        _restore(common, file, yes=yes, unsound=unsound)


def _restore(common: Common, file: Path, *, yes: bool, unsound: bool) -> None:
    from polydex.operations import restore_data

    config = common.config()

    with bar(common) as progress:

        def confirm(copy: Copy) -> None:
            progress.end()  # a question and a bar do not go together
            if not yes and not confirmed(f"Replace the database in {config.data_dir} by {_about(copy, file)}? [y/N] "):
                raise BadRequest("Nothing was changed; confirm with y, or give --yes")

        done = asyncio.run(restore_data(config, file, confirm=confirm, progress=progress, unsound=unsound))
    if common.json:
        write_json(
            {
                "restored": str(file.absolute()),
                "dataDir": str(config.data_dir.absolute()),
                "kept": str(done.kept) if done.kept else None,
                "accounts": done.copy.accounts,
                "contacts": done.copy.contacts,
            }
        )
        return
    write(f"Restored {_about(done.copy, file)}.")
    if done.kept:
        note(f"The database that was there is kept: {done.kept}")
    note(f"{_TOKENS}\nAccounts that were removed after the backup are back: polydex accounts list shows them.")


def _about(copy: Copy, file: Path) -> str:
    from polydex.core.body import rfc3339

    if copy.contacts is None:
        return f"{file} (of an older version of Polydex)"
    as_of = "never pulled" if copy.as_of is None else f"last pulled {rfc3339(copy.as_of)}"
    return f"{file} ({copy.accounts} accounts, {copy.contacts} contacts, {as_of})"


def _mark(common: Common, *, yes: bool) -> None:
    from polydex.operations import mark_restored

    if not yes and not confirmed("Let tokens from after the storage's restore be refused? [y/N] "):
        raise BadRequest("Nothing was changed; confirm with y, or give --yes")
    asyncio.run(mark_restored(common.config()))
    if common.json:
        write_json({"marked": True})
    else:
        write("Noted: the storage was restored.")
        note("Tokens stay good up to what the database knows now; newer ones are answered with 410.")
