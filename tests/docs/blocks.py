"""The code blocks of README and docs: where they are, what language they have, and what a comment says of them."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<kind>not run|schema): (?P<said>[^\n]+?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        page: path from the root of the repository.
        line: of its first line of code.
        language: what stands after the fence.
        not_run: why it cannot run, or None.
        schema: name of the schema in the API's description that a JSON block obeys, or None.
    """

    page: str
    line: int
    language: str
    code: str
    not_run: str | None
    schema: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: str) -> list[Block]:
    """The blocks of a page, from top to bottom."""
    whole = text(page)
    found = []
    for match in _BLOCK.finditer(whole):
        kind, said = match["kind"], match["said"]
        found.append(
            Block(
                page,
                whole.count("\n", 0, match.start("code")) + 1,
                match["language"],
                textwrap.dedent(match["code"]),
                said if kind == "not run" else None,
                said if kind == "schema" else None,
            )
        )
    assert whole.count("```") == 2 * len(found), f"{page}: a block that is not understood"
    return found


def all_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks(name(page))]
