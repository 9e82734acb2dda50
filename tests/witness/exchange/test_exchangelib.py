"""exchangelib, unmodified, on the simulated Exchange: every call, judged on its way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.witness.exchange.world import ADDRESS, PASSWORD, world

EXPECTED: dict[str, Any] = {
    "root": ["ada@example.com", "MsgFolderRoot"],
    "contacts": ["Contacts", "IPF.Contact", "Contacts", 0],
    "rights": True,
    "path": True,
    "walked": True,
    "child": True,
    "same id": True,
    "created": True,
    "fields": [],
    "computed": ["IPM.Contact", True, False, False, True, True, False],
    "complete name": ["Ada old", "Augusta old", "Lovelace old"],
    "change key": True,
    "updated fields": [],
    "cleared fields": [],
    "entries": [[["Isdn", "4"], ["Pager", "3"]], ["bob@example.com"]],
    "extended": [],
    "extended updated": [],
    "extended cleared": [],
    "made together": 5,
    "all": ["Dan", "Eve", "Fay", "Gus", "Hal"],
    "counted": 5,
    "filtered": ["Dan", "Fay", "Hal"],
    "both": ["Fay", "Hal"],
    "excluded": ["Eve", "Gus"],
    "ordered": ["Hal", "Gus", "Fay", "Eve", "Dan"],
    "sliced": ["Eve", "Fay"],
    "fetched": ["Dan Example", "Eve Example", "Fay Example", "Gus Example", "Hal Example"],
    "updated together": 5,
    "moved": [True, 1, 4],
    "deleted together": 0,
    "after move_to_trash": [0, ["Ivy move_to_trash"], "ErrorItemNotFound"],
    "after soft_delete": [0, ["Ivy move_to_trash"], "ErrorItemNotFound"],
    "after delete": [0, ["Ivy move_to_trash"], "ErrorItemNotFound"],
    "stale": "ErrorIrresolvableConflict",
    "kept": "first",
    "gone": "ErrorItemNotFound",
    "nothing yet": [],
    "first sync": [["create", f"Kim {number}", "K"] for number in range(5)],
    "no changes": [],
    "changes": [["create", "Kim 5 K"], ["delete", ""], ["update", "Kim 0 L"]],
    "deleted id": [True],
    "bad state": "ErrorInvalidSyncStateData",
    "hierarchy": ["create"],
    "same hierarchy": [],
    "photo": ["ContactPicture.jpg", True, True, True, True, True, True],
    "no photo": [0, False],
    "attachments": [["ContactPicture.jpg", True], ["notes.txt", False]],
    "made with a photo": [True],
    "streamed": [True, ["CreatedEvent"]],
    "unsubscribed": "ErrorSubscriptionNotFound",
    "pulled": ["DeletedEvent", "ModifiedEvent"],
    "resolved": ["ada@example.com", "Mailbox"],
    "nobody": [True],
    "converted": ["HexEntryId", True, True],
    "list": [["Crew", "Kit"]],
}
ACCESS: dict[str, Any] = {
    "impersonated": ["Of Ada", "Of the service"],
    "own of the service": 0,
    "impersonation denied": "ErrorImpersonateUserDenied",
    "nobody impersonated": "ErrorNonExistentMailbox",
    "shared": ["Of Ada", "Of the service"],
    "not shared": "ErrorAccessDenied",
    "wrong password": "UnauthorizedError",
}


@pytest.mark.parametrize(
    ("settings", "auth", "version", "way_in"),
    [
        ({"version": "2016", "tls": False}, "basic", "fixed", ["Exchange2016", "basic"]),
        (
            {"version": "2013", "tls": True, "extendedProtection": "require"},
            "guessed",
            "guessed",
            ["Exchange2013_SP1", "NTLM"],
        ),
    ],
)
async def test_every_call(settings: dict[str, Any], auth: str, version: str, way_in: list[str], tmp_path: Path) -> None:
    async with world(tmp_path, **settings) as made:
        command = [sys.executable, "-m", "tests.witness.exchange.calls", made.url, ADDRESS, PASSWORD, auth, version]
        seen = await made.observed(command)
    assert made.judge.faults == []
    assert seen == EXPECTED | {"way in": way_in}


async def test_the_mailboxes_of_others(tmp_path: Path) -> None:
    async with world(tmp_path) as made, httpx.AsyncClient() as http:
        for name, more in (
            ("bob", {"opens": [ADDRESS]}),
            ("eve", {}),
            ("service", {"impersonates": [ADDRESS]}),
        ):
            given = {"email": f"{name}@example.com", "exchange": {"password": PASSWORD, **more}}
            assert (await http.post(f"{made.control}/accounts", json=given)).status_code == 201
        seen = await made.observed([sys.executable, "-m", "tests.witness.exchange.access", made.url, PASSWORD])
    assert made.judge.faults == []
    assert seen == ACCESS
