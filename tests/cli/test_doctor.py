"""``polydex doctor`` on installations that are broken in one way each: it names the step and the mend, and touches nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polydex.app import Role, open_app
from polydex.cli import main
from polydex.cli.doctor import settings
from polydex.cli.doctor.command import shown
from polydex.config import Config
from polydex.engine.doctor.step import State
from tests.cli.doctor import Installation, change, check, command, examine, picture, web, wrong
from tests.cli.shell import POLYDEX, Shell
from tests.servers.dav import DavServer, request
from tests.servers.process import LOOPBACK, free_port, program, running, workspace

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print(flush=True)
sys.stdin.read()
"""
CRASH = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("UPDATE meta SET commits = commits + 1")
os._exit(0)
"""


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    """Nothing is there yet; the port is free."""
    return Installation(tmp_path / "data")


@pytest.fixture
async def made(empty: Installation) -> Installation:
    """An installation without accounts."""
    await empty.create()
    return empty


@pytest.fixture
async def connected(empty: Installation, radicale: DavServer) -> Installation:
    """An installation with the account 1, which is up to date."""
    login = radicale.new_account()
    radicale.create_book(login)
    assert await empty.create(radicale.url, login) == 1
    return empty


def process(script: str, database: Path) -> subprocess.Popen[bytes]:
    """Another process that has the database open."""
    argv = [sys.executable, "-c", script, str(database)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_before_anything_is_there(empty: Installation) -> None:
    steps = await examine(empty)
    assert wrong(steps) | {"dns": "ok"} == {"folder.exists": "failed", "dns": "ok"}
    assert "polydex apps create" in steps["folder.exists"]["mend"]
    assert steps["database.open"]["state"] == "skipped"
    assert not empty.folder.exists()


async def test_a_new_installation_is_in_order(made: Installation) -> None:
    before = picture(made.folder)
    steps = await examine(made)
    assert wrong(steps) in ({}, {"dns": "warning"})
    assert {"python", "sqlite", "folder.mode", "folder.room", "keys.fit", "database.integrity"} <= set(steps)
    assert "polydex accounts add" in steps["accounts"]["found"]
    assert picture(made.folder) == before


async def test_an_empty_folder_is_a_new_installation(empty: Installation) -> None:
    empty.folder.mkdir(mode=0o700)
    steps = await examine(empty)
    assert "failed" not in wrong(steps).values()
    assert steps["keys"]["state"] == steps["database.open"]["state"] == "skipped"
    assert list(empty.folder.iterdir()) == []


async def test_who_else_can_read_the_data(made: Installation) -> None:
    made.folder.chmod(0o755)
    (made.folder / "keys.json").chmod(0o644)
    steps = await examine(made)
    assert steps["folder.mode"]["state"] == steps["keys.mode"]["state"] == "warning"
    assert steps["folder.mode"]["mend"] == f"chmod 700 {made.folder}"
    assert steps["keys.mode"]["mend"] == f"chmod 600 {made.folder / 'keys.json'}"


async def test_keys_among_the_backups(made: Installation) -> None:
    backups = made.folder / "backups"
    backups.mkdir()
    shutil.copy(made.folder / "keys.json", backups / "keys.json")
    step = (await examine(made))["keys.place"]
    assert step["state"] == "warning"
    assert str(backups / "keys.json") in step["mend"]


async def test_a_folder_that_this_user_cannot_use() -> None:
    """Root has rights everywhere, so as root the command is run as another user."""
    with workspace("doctor") as folder:
        folder.chmod(0o755)
        place = Installation(folder / "data")
        await place.create()
        place.folder.chmod(0o555)
        if os.geteuid() == 0:
            steps = command(place, prefix=(program("setpriv"), "--reuid=65534", "--clear-groups"))
            assert steps["folder.owner"]["state"] == "warning"
            assert "sudo -u root" in steps["folder.owner"]["mend"]
            assert {steps[name]["state"] for name in ("keys", "database.open")} == {"failed"}
        else:
            steps = await examine(place)
        assert steps["folder.writable"]["state"] == "failed"
        assert "chmod u+rwx" in steps["folder.writable"]["mend"]
        place.folder.chmod(0o700)


@pytest.mark.parametrize("how", ["missing", "damaged", "foreign"])
async def test_keys_that_are_not_the_right_ones(connected: Installation, tmp_path: Path, how: str) -> None:
    path = connected.folder / "keys.json"
    if how == "foreign":
        other = Installation(tmp_path / "other")
        await other.create()
        shutil.copy(other.folder / "keys.json", path)
    elif how == "damaged":
        path.write_text("{}")
    else:
        path.unlink()
    before = picture(connected.folder)
    steps = await examine(connected)
    step = steps["keys.fit" if how == "foreign" else "keys"]
    assert step["state"] == "failed"
    assert "ut back the key file" in step["mend"]
    assert steps["accounts"]["state"] == "skipped"
    assert "account.login" not in steps
    assert picture(connected.folder) == before


async def test_a_database_of_a_newer_version(made: Installation) -> None:
    change(made, "UPDATE meta SET schema_version = 99")
    steps = await examine(made)
    assert steps["database.schema"]["state"] == "failed"
    assert "Start that version" in steps["database.schema"]["mend"]
    assert steps["accounts"]["state"] == "skipped"


async def test_a_database_of_an_older_version_is_not_brought_up_to_date(made: Installation) -> None:
    change(made, "UPDATE meta SET schema_version = 0")
    before = picture(made.folder)
    steps = await examine(made)
    assert steps["database.schema"]["state"] == "warning"
    assert "polydex serve" in steps["database.schema"]["mend"]
    assert picture(made.folder) == before


async def test_a_file_that_is_no_database(made: Installation) -> None:
    (made.folder / "polydex.db").write_bytes(b"no database" * 1000)
    step = (await examine(made))["database.open"]
    assert step["state"] == "failed"
    assert "not a SQLite database" in step["found"]
    assert "restore a backup" in step["mend"]


async def test_a_damaged_page(made: Installation) -> None:
    for number in range(200):
        change(made, "INSERT INTO epoch_limit VALUES (?, 1, 1)", number)
    path = made.folder / "polydex.db"
    with sqlite3.connect(path) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'epoch_limit'").fetchone()
        (page,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\x0d" + b"\xff" * 100)
    step = (await examine(made))["database.integrity"]
    assert step["state"] == "failed"
    assert "restore a backup" in step["mend"]


async def test_a_backup_that_was_put_back_is_told_and_left_as_it_is(made: Installation) -> None:
    path = made.folder / "polydex.db"
    copy = path.read_bytes()
    async with open_app(Config.load(made.env()), Role.TOOL) as app:
        await app.accounts.create_app("later")
    path.write_bytes(copy)
    before = picture(made.folder)
    step = (await examine(made))["database.restored"]
    assert step["state"] == "warning"
    assert "a backup was put back" in step["found"]
    assert picture(made.folder) == before


async def test_a_high_water_mark_that_cannot_be_read(made: Installation) -> None:
    path = made.folder / "polydex.db.high-water"
    path.unlink()
    path.mkdir()
    step = (await examine(made))["database.restored"]
    assert step["state"] == "failed"
    assert str(path) in step["mend"]


async def test_what_a_crash_has_left_is_read_and_left_as_it_is(made: Installation) -> None:
    path = made.folder / "polydex.db"
    process(CRASH, path).communicate()
    assert path.with_name("polydex.db-wal").stat().st_size > 0
    before = picture(made.folder)
    steps = await examine(made)
    assert "failed" not in wrong(steps).values()
    assert picture(made.folder) == before


async def test_a_process_that_keeps_the_database_locked(made: Installation) -> None:
    with process(HOLD, made.folder / "polydex.db") as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        step = (await examine(made))["database.lock"]
        holder.communicate()
    assert step["state"] == "warning"
    assert f"kill {holder.pid}" in step["mend"]


async def test_a_large_log(made: Installation) -> None:
    with (made.folder / "polydex.db-wal").open("wb") as log:
        log.truncate(300 * 10**6)
    step = (await examine(made))["database.log"]
    assert step["state"] == "warning"
    assert "lsof" in step["mend"]


async def test_entries_from_the_future(connected: Installation) -> None:
    change(connected, "UPDATE account SET updated_at = ?", int((time.time() + 7200) * 1000))
    step = (await examine(connected))["clock.database"]
    assert step["state"] == "failed"
    assert "2 hours in the future" in step["found"]
    assert "timedatectl" in step["mend"]


async def test_nobody_pulls(connected: Installation) -> None:
    hour = 3_600_000
    now = int(time.time() * 1000)
    change(connected, "UPDATE source SET due_at = ?, tried_at = ?", now - 2 * hour, now - 3 * hour)
    step = (await examine(connected))["worker"]
    assert (step["state"], step["mend"]) == ("warning", "Start the server: polydex serve")
    with web(body=b'{"status":"ok"}') as url:
        steps = await examine(connected, POLYDEX_PORT=url.rstrip("/").rpartition(":")[2])
    assert steps["port.server"]["state"] == "ok"
    assert steps["worker"]["state"] == "failed"
    assert "polydex serve --role worker" in steps["worker"]["mend"]
    change(connected, "UPDATE source SET lease_owner = 'gone', lease_until = 1")
    assert "1 of them were left by a process that ended" in (await examine(connected))["worker"]["found"]
    change(connected, "UPDATE source SET tried_at = ?", now)
    assert "POLYDEX_PARALLEL_PULLS" in (await examine(connected))["worker"]["mend"]


async def test_a_write_whose_outcome_nobody_knows(connected: Installation) -> None:
    change(
        connected,
        "INSERT INTO intent (account_id, source_id, generation, verb, body_hash, state, asked, created_at) "
        "VALUES (?, 1, 1, 'create', x'00', 'open', 1, ?)",
        1,
        int((time.time() - 7200) * 1000),
    )
    step = (await examine(connected))["writes"]
    assert step["state"] == "warning"
    assert f"polydex doctor {1}" in step["mend"]


async def test_a_port_that_another_program_has(made: Installation) -> None:
    with web(status=404) as url:
        step = (await examine(made, POLYDEX_PORT=url.rstrip("/").rpartition(":")[2]))["port"]
    assert step["state"] == "failed"
    assert "POLYDEX_PORT" in step["mend"]


async def test_settings(made: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    shutil.copy(made.folder / "keys.json", other)
    found, steps = settings.load(
        made.env(
            POLYDEX_FRESHNES="1", POLYDEX_POLL_INTERVAL="often", POLYDEX_REQUEST_TIMEOUT="5",
            POLYDEX_KEYS_FILE=str(other),
        ),
        None,
    )  # fmt: skip
    assert found.poll_interval == Config().poll_interval
    check([shown(step) for step in steps])
    for name, state in (
        ("POLYDEX_FRESHNES", State.WARNING),
        ("POLYDEX_POLL_INTERVAL must be", State.FAILED),
        ("POLYDEX_REQUEST_TIMEOUT is 5 s", State.WARNING),
        (str(made.folder / "keys.json"), State.WARNING),
    ):
        (step,) = [step for step in steps if name in step.found]
        assert step.state is state
    assert len(steps) == 4
    states = await examine(made, POLYDEX_ALLOW_PRIVATE_NETWORKS="0.0.0.0/1", POLYDEX_CA_BUNDLE=str(other))
    assert (states["guard"]["state"], states["ca-bundle"]["state"]) == ("warning", "failed")


async def test_beside_a_running_server(connected: Installation) -> None:
    log = connected.folder.parent / "log"
    health = f"http://{LOOPBACK}:{connected.more['POLYDEX_PORT']}/health"

    def answers() -> bool:  # the port is taken long before
        return request("GET", health).status == 200

    with running([*POLYDEX, "serve"], log=log, answers=answers, environment=connected.env()):
        steps = await examine(connected)
    assert wrong(steps) in ({}, {"dns": "warning"})
    assert steps["port.server"]["state"] == steps["account.poll"]["state"] == "ok"


def test_for_people(connected: Installation) -> None:
    """One line for each step, those of an account in which all is well together; nothing but text in a pipe."""
    shell = Shell(connected.folder, connected.more)
    done = shell.run("doctor")
    assert done.returncode == 0, done.stdout
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} <= {"ok", "warning", "skipped"}
    (account,) = [line for line in lines if line[1] == "account 1"]
    assert "steps are in order" in account[2]
    assert "\x1b" not in done.stdout
    alone = shell.run("doctor", "1")
    assert "account.login 1" in alone.stdout
    assert "secret-" not in done.stdout + done.stderr + alone.stdout + alone.stderr


def test_for_programs(made: Installation) -> None:
    steps = command(made)
    assert steps["accounts"]["state"] == "ok"
    steps = command(made, "99")
    assert "There is no account 99" in steps["accounts"]["found"]


@pytest.mark.parametrize(
    "words",
    [
        ["1", "--server", "https://dav.example.com"],
        ["--login", "ada"],
        ["--server", "dav.example.com", "--login", "ada"],
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *words])
    assert ended.value.code == 2
    assert "--" in capsys.readouterr().err


async def test_postgres(postgres_url: str, empty: Installation) -> None:
    empty.more["POLYDEX_DATABASE_URL"] = postgres_url
    await empty.create()
    steps = await examine(empty)
    assert wrong(steps) in ({}, {"dns": "warning"})
    assert steps["database.schema"]["state"] == steps["worker"]["state"] == "ok"
    assert "database.lock" not in steps
    gone = f"postgresql://polydex:geheim@{LOOPBACK}:{free_port()}/polydex"
    steps = await examine(empty, POLYDEX_DATABASE_URL=gone)
    assert "geheim" not in json.dumps(steps)
    assert steps["database.open"]["state"] == "failed"
    assert "POLYDEX_DATABASE_URL" in steps["database.open"]["mend"]
