"""Progress bars on a terminal, and nothing anywhere else."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
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
    """A bar of what is done with a whole database."""
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


@contextlib.contextmanager
def counted(title: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many contacts are done, and of how many."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from polydex.cli.rate import RateColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console(stderr=True), disable=not shown or not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield show
