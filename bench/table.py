"""What a bench prints: a table that can be pasted, with its goals and whether they were met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Goal(NamedTuple):
    """A figure that must not be larger than a limit."""

    what: str
    value: float
    limit: float
    unit: str = ""

    def __str__(self) -> str:
        state = "met" if self.value <= self.limit else "MISSED"
        return f"{state}: {self.what} {self.value:.3g}{self.unit} (goal: at most {self.limit:.3g}{self.unit})"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], goals: Sequence[Goal] = ()) -> None:
    """Print a Markdown table with its goals below it."""
    lines = [f"### {title}", "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    lines += ["", *(f"* {goal}" for goal in goals), ""]
    print("\n".join(lines), flush=True)


def _cell(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
