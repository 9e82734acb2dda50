"""The odd behaviour of Microsoft Graph that can be switched on, each with where it was seen."""

from __future__ import annotations

from polydex_sandbox.microsoft.routes import OPERATIONS
from polydex_sandbox.quirks import Quirk

CATALOGUE = (
    Quirk(
        "graph-folder-in-path",
        "A contact is found by its id in whatever folder the path names; with `checked` only in its own.",
        "https://learn.microsoft.com/graph/known-issues",
        frozenset(operation.name for operation in OPERATIONS if operation.node in ("contact", "contact purge")),
        {"checked": False},
        always=True,
    ),
    Quirk(
        "graph-slow",
        "An answer comes only after so many real seconds.",
        "https://learn.microsoft.com/graph/throttling",
        parameters={"seconds": 1.0},
    ),
    Quirk(
        "graph-drop-before",
        "The connection is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    Quirk(
        "graph-drop-after",
        "The connection is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
)
