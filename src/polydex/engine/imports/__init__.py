"""Import: what a file's entries mean for an address book, and carrying it out so that it can be repeated."""

from __future__ import annotations

from polydex.engine.imports.plan import Outcome, Plan, Step
from polydex.engine.imports.run import Importer, Result, Stopped
from polydex.engine.imports.source import Source, of_csv, of_vcards

__all__ = ["Importer", "Outcome", "Plan", "Result", "Source", "Step", "Stopped", "of_csv", "of_vcards"]
