"""vCard 2.1, 3.0 and 4.0: read leniently, edit line by line, create strictly. Pure: bytes in, values and bytes out."""

from __future__ import annotations

from polydex.core.vcard.adopt import adopt, without_document
from polydex.core.vcard.creator import create
from polydex.core.vcard.editor import Edited, edit
from polydex.core.vcard.file import entries, utf8
from polydex.core.vcard.native import native
from polydex.core.vcard.reader import Reading, read

__all__ = [
    "Edited",
    "Reading",
    "adopt",
    "create",
    "edit",
    "entries",
    "native",
    "read",
    "utf8",
    "without_document",
]
