"""A progress bar for what operators do with a whole database."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from polydex.cli.common import Common, console

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """Is told (what is done, how far, of how much); shows it in a terminal, and nowhere else."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Looking", total=None)

    def __call__(self, what: str, done: int, total: int) -> None:
        self._progress.update(self._task, description=what, completed=done, total=total)

    def end(self) -> None:
        """Take it off the screen."""
        self._progress.stop()


@contextlib.contextmanager
def bar(common: Common) -> Iterator[Bar]:
    """A bar while the body runs."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    hidden = common.json or not sys.stderr.isatty()
    with Progress(*columns, console=console(stderr=True), disable=hidden, transient=True) as progress:
        yield Bar(progress)
