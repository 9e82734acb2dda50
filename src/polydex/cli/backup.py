"""``polydex backup``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from polydex.cli.common import Common, common_of, note, set_up_logs, write, write_json
from polydex.cli.progress import bar
from polydex.core.errors import Internal


def backup(
    destination: Annotated[
        Path | None,
        Parameter(name="DESTINATION", help="A new file, or a folder; by default backups in the data folder."),
    ] = None,
    /,
    *,
    common: Common | None = None,
) -> None:
    """Make a checked copy of the database, also while the server runs. The keys are not in it."""
    from polydex.operations import back_up

    common = common_of(common)
    config = common.config()
    set_up_logs(config)
    with bar(common) as progress:
        made = asyncio.run(back_up(config, destination, progress=progress))
    copy = made.copy
    if common.json:
        write_json(
            {
                "path": str(copy.path),
                "bytes": copy.size,
                "accounts": copy.accounts,
                "contacts": copy.contacts,
                "sound": copy.report.sound,
                "findings": copy.report.count,
                "keysIncluded": False,
                "keysFile": str(made.keys) if made.keys else None,
            }
        )
    else:
        held = "" if copy.contacts is None else f"{copy.accounts} accounts, {copy.contacts} contacts, "
        write(f"{copy.path}  ({held}{copy.size / 2**20:.1f} MiB)")
        if made.keys is None:
            note("There is no key file to go with it: without the one that it was made with, a backup is of no use.")
        else:
            note(f"The keys are not in it. Keep a copy of {made.keys} at another place: a backup is of no use without.")
    if not copy.report.sound:
        raise Internal(
            f"The backup was made, but the database breaks {len(copy.report.broken())} of Polydex's rules "
            f"({copy.report.count} findings): polydex check names them; keep older backups until they are mended"
        )
