"""The port of Microsoft's EWS Managed API to JavaScript, unmodified, on the simulated Exchange: every call, judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.witness.exchange.world import ADDRESS, PASSWORD, world
from tests.witness.packages import installed

HERE = Path(__file__).parent

EXPECTED: dict[str, Any] = {
    "folder": [True, "IPF.Contact", 0],
    "child": True,
    "saved": [True, True],
    "found": [1, ["Ada"]],
    "not found": 0,
    "names": ["Ada", "Augusta", "Lovelace", "Lovelace, Ada Augusta", "Ada Lovelace", "Countess"],
    "company": ["Engines", "Analyst", "Analysis", "https://example.com/"],
    "birthday": "1815-12-10",
    "note": "Two lines\nof a note",
    "lists": [["Friends"], ["Byron", "Annabella"]],
    "emails": ["ada@example.com", "ada@example.org"],
    "im": "xmpp:ada",
    "phones": True,
    "address": ["Main Street 1", "London", "W1"],
    "extended": ["Engines", "ada@fax.example.com", "one"],
    "updated": ["King", None, "+44 99"],
    "cleared entry": False,
    "updated extended": [None, "two", True],
    "stale": "ErrorIrresolvableConflict",
    "picture": [True, "ContactPicture.jpg", True],
    "first sync": [1, False, "King"],
    "changed": [1, 1, "Countess"],
    "deleted": [1, 2, True],
    "gone": "ErrorItemNotFound",
    "no change": 0,
    "bad state": "ErrorInvalidSyncStateData",
}


@pytest.fixture(scope="session")
def program() -> Iterator[str]:
    """The file with the calls, in a folder with the client."""
    with installed(HERE / "js") as folder:
        yield str(folder / "calls.mjs")


@pytest.mark.parametrize(("tls", "auth"), [(False, "basic"), (True, "NTLM")])
async def test_every_call(tls: bool, auth: str, program: str, tmp_path: Path) -> None:
    async with world(tmp_path, tls=tls) as made:
        seen = await made.observed(["node", program, made.url, ADDRESS, PASSWORD, auth])
    assert made.judge.faults == []
    assert seen == EXPECTED
