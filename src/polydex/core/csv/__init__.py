"""Contacts as CSV: written in one layout, read in this and in those of Google and Outlook. Pure: bytes and values.

The layouts are tables, one file each; docs/reference/csv.md describes them.
"""

from __future__ import annotations

from polydex.core.csv.reader import Options, Sheet, UnknownColumn, read
from polydex.core.csv.writer import Writer

__all__ = ["Options", "Sheet", "UnknownColumn", "Writer", "read"]
