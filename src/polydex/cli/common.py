"""What every command shares: its options, the configuration, the opened data folder, and how results are written."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from cyclopts import Group, Parameter
from cyclopts.validators import Number

from polydex.core.errors import ConfigInvalid, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from polydex.app import Polydex
    from polydex.config import Config
    from polydex.store.accounts import Account

T = TypeVar("T")
_EVERYWHERE = Group("Everywhere", sort_key=100)

AccountNumber = Annotated[
    int, Parameter(name="ACCOUNT", help="The account's number.", validator=Number(gte=1, lt=2**63))
]


@Parameter(name="*", group=_EVERYWHERE)
@dataclass(frozen=True, slots=True)
class Common:
    """Options of every command."""

    data_dir: Annotated[Path | None, Parameter(help="Data folder; by default POLYDEX_DATA_DIR, else polydex-data.")] = (
        None
    )
    json: Annotated[bool, Parameter(help="Write the result, and errors, as JSON.")] = False

    def config(self, **changes: object) -> Config:
        """The settings of the environment, and what the command line says. Raises ConfigInvalid."""
        import dataclasses

        from polydex.config import Config

        config = Config.load(os.environ)
        if self.data_dir is not None:
            changes["data_dir"] = self.data_dir
        given = {name: value for name, value in changes.items() if value is not None}
        return dataclasses.replace(config, **given, given=config.given | frozenset(given))  # type: ignore[arg-type]  # by name


def common_of(common: Common | None) -> Common:
    """Cyclopts gives None when no option of the group was used."""
    return common or Common()


def run(common: Common, work: Callable[[Polydex], Awaitable[T]], *, new: bool = False) -> T:
    """Open the data folder, do the work, close it.

    Args:
        common: the options of the command.
        work: what to do.
        new: whether the folder may be made; otherwise ConfigInvalid tells that there is none, most likely because the
            command was started in another directory than the server.
    """
    from polydex.app import Role, collect_rarely, open_app

    config = common.config()
    set_up_logs(config)
    fresh = config.database_url is None and not _has_database(config)
    folder = config.data_dir.absolute()
    if fresh and not new:
        raise ConfigInvalid(
            f"There is no Polydex data in {folder}: name the folder with --data-dir, or begin with polydex apps create"
        )

    async def inside() -> T:
        async with open_app(config, Role.TOOL) as app:
            collect_rarely()
            if fresh:
                note(f"New data folder: {folder}")
            return await work(app)

    return asyncio.run(inside())


def set_up_logs(config: Config) -> None:
    """Logs are for those who ask for them: a command tells its failure by itself."""
    from polydex import log

    if "log_level" in config.given:
        log.setup(config.log_level)
    else:
        log.setup("error", _Nowhere())  # type: ignore[arg-type]  # has what is called


def _has_database(config: Config) -> bool:
    try:
        return config.database_path.exists()
    except OSError as error:
        raise ConfigInvalid(f"The data folder {config.data_dir} cannot be read: {error.strerror}") from error


async def account_of(polydex: Polydex, number: int) -> Account:
    """The account with this number. Raises NotFound, which says how to find the right one."""
    try:
        return await polydex.accounts.get(number)
    except NotFound:
        raise NotFound(f"There is no account {number}; polydex accounts list shows them") from None


def confirmed(question: str) -> bool:
    """Ask; True only for y or yes in a terminal."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class _Nowhere:
    """A stream for logs that nobody reads: a command tells its failure by itself."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return


def prepare_streams(*, as_json: bool) -> None:
    """Let any text be written: JSON is UTF-8 (RFC 8259, 8.1); elsewhere what the terminal cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        # Started without a standard output the stream is None; under a test it may be of another class.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def console(*, stderr: bool = False) -> Console:
    """A console for tables and progress."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def write(text: str) -> None:
    """One line to standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line for people, to standard error: results alone go to standard output. Lost where it cannot be written."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")


def write_json(value: Any) -> None:
    """A value as one line of JSON."""
    write(msgspec.json.encode(value).decode())


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """A table for people; ``empty`` when there is no row. Piped into a program: tab-separated lines.

    On a narrow terminal the first column, by which a row is named in commands, stays whole, and the last one is
    wrapped; the others are cut.
    """
    rows = [[_cell(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            write("\t".join(row))
        return
    if not rows:
        note(empty)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, column in enumerate(columns):
        whole = max(len(row[0]) for row in rows) if index == 0 else None
        last = index == len(columns) - 1
        table.add_column(column, overflow="fold" if last else "ellipsis", no_wrap=not last, min_width=whole)
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def _cell(text: str) -> str:
    """Contact data may hold anything; a terminal shall get one line without control characters."""
    return "".join(character if character.isprintable() else " " for character in text)
