"""The program of "Keep a copy in step" keeps a copy in step, also over a restored backup."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.docs.blocks import blocks
from tests.docs.terminal import Terminal


def program() -> Any:
    (block,) = (block for block in blocks("docs/how-to/keep-a-copy-in-step.md") if block.language == "python")
    names: dict[str, Any] = {"__name__": "copy"}
    exec(compile(block.code, block.place, "exec"), names)  # noqa: S102 - the words of the documentation
    return names["Copy"]


def listed(shell: Terminal) -> dict[str, Any]:
    page = json.loads(shell.run("polydex contacts list 1 --limit 1000 --json"))
    return {record["id"]: record for record in page["records"]}


def create(shell: Terminal, name: str) -> str:
    made: str = json.loads(shell.run(f"""polydex contacts create 1 --json <<< '{{"nickName": "{name}"}}'"""))["id"]
    return made


def test_the_program_keeps_a_copy_in_step(served: Terminal) -> None:
    copy = program()(served.env["API"], served.env["TOKEN"])
    copy.sync()
    assert copy.contacts == listed(served) != {}

    first, second = create(served, "one"), create(served, "two")
    copy.sync()
    assert copy.contacts == listed(served)
    served.run(f"""polydex contacts update 1 {first} <<< '{{"nickName": "uno"}}'""")
    served.run(f"polydex contacts delete 1 {second}")
    copy.sync()
    assert copy.contacts == listed(served)
    assert copy.contacts[first]["nickName"] == "uno"

    # As back-up.md has it: a copy now, more changes, then the copy is put back.
    database = served.folder / "polydex-data/polydex.db"
    with closing(sqlite3.connect(database)) as source:
        source.execute("VACUUM INTO ?", [str(served.folder / "older.db")])
    lost = create(served, "in a time that gets lost")
    copy.sync()
    assert lost in copy.contacts
    served.end()
    served.run("rm -f polydex-data/polydex.db-wal polydex-data/polydex.db-shm\nmv older.db polydex-data/polydex.db\n")
    served.run("polydex serve\n")
    copy.sync()
    served.run("polydex sync 1")
    copy.sync()
    assert copy.contacts == listed(served)
    assert "in a time that gets lost" in [contact.get("nickName") for contact in copy.contacts.values()]
