"""The cards of tests/data/vcards, as bytes by file name."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "data" / "vcards"
CARDS = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.vcf"))}
