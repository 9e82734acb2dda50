"""``polydex backup``, ``restore`` and ``check`` as an operator uses them: real processes, a real Radicale."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from polydex.app import now_ms
from polydex.connectors import registry
from polydex.engine.keys import Keys
from polydex.store.files import partial_of
from polydex.store.sqlite import open_sqlite
from tests.cli.conftest import Connected
from tests.cli.shell import POLYDEX, Shell
from tests.servers import warm
from tests.servers.process import free_port
from tests.soundness import demand_sound_now

SOAK = os.environ.get("POLYDEX_SOAK") == "1"
SEED = int(os.environ.get("POLYDEX_SEED", "20261125"))


@dataclass
class Server:
    """``polydex serve``, and a client of it."""

    url: str
    token: str
    process: warm.Process

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def create(self, nick: str) -> str:
        status, answer = self.call("POST", "/v1/contacts", {"nickName": nick})
        assert status == 201, answer
        return str(answer["id"])


@contextmanager
def serving(connected: Connected, shell: Shell | None = None) -> Iterator[Server]:
    port = free_port()
    process = warm.start([*POLYDEX, "serve", "--port", str(port)], env=(shell or connected.shell).env)
    server = Server(f"http://127.0.0.1:{port}", connected.token, process)
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{server.url}/health", timeout=5):  # noqa: S310 - loopback
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server does not answer")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@dataclass
class Copy:
    """A client's copy, kept as the documentation says."""

    server: Server
    updated: str = ""
    deleted: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def start(self) -> Copy:
        status, answer = self.server.call("POST", "/v1/contacts/sync?awaitReady=true")
        assert status == 200, answer
        assert answer["ready"]
        self.updated, self.deleted = answer["syncUpdatedToken"], answer["syncDeletedToken"]
        self.names.clear()
        return self

    def follow(self) -> int:
        """Read both feeds to their ends; the status of the first refusal, else 200."""
        for stream in ("updated", "deleted"):
            token = f"deltaToken={getattr(self, stream)}"
            while True:
                status, page = self.server.call("GET", f"/v1/contacts/sync/{stream}?{token}")
                if status != 200:
                    assert page["code"] == "syncToken.expired", page
                    return status
                for record in page["records"]:
                    if stream == "updated":
                        self.names[record["id"]] = record["nickName"]
                    else:
                        self.names.pop(record["id"], None)
                if "nextPageToken" not in page:
                    setattr(self, stream, page["nextDeltaToken"])
                    break
                token = f"pageToken={page['nextPageToken']}"
        return 200


def report(shell: Shell, *command: str) -> dict[str, Any]:
    found = shell.json("check", *command)
    assert isinstance(found, dict)
    return found


def elsewhere(connected: Connected, folder: Path, keys: bool = True) -> Shell:
    """Another machine, on which the operator has put the key file in place."""
    folder.mkdir()
    if keys:
        shutil.copyfile(connected.shell.folder / "keys.json", folder / "keys.json")
    return replace(connected.shell, folder=folder)


def test_backups_in_a_loop_while_the_server_writes(connected: Connected, tmp_path: Path) -> None:
    """Each passes the check and becomes a working installation on another machine."""
    shell = connected.shell
    made: list[Path] = []
    created: list[str] = []
    done = threading.Event()
    with serving(connected) as server:
        Copy(server).start()

        def write() -> None:
            while not done.is_set():
                number = server.create(f"made {len(created)}")
                server.call("PATCH", f"/v1/contacts/{number}", {"notes": "changed"})
                if len(created) % 3 == 2:
                    server.call("DELETE", f"/v1/contacts/{created[-1]}")
                created.append(number)

        writing = threading.Thread(target=write)
        writing.start()
        try:
            for _ in range(3):
                told = shell.json("backup")
                assert told["sound"]
                assert not told["keysIncluded"]
                assert told["keysFile"] == str(shell.folder / "keys.json")
                made.append(Path(told["path"]))
                assert report(shell)["sound"], "beside the server"
        finally:
            done.set()
            writing.join()
        assert server.call("GET", "/v1/contacts")[0] == 200
    counts = []
    other = shell
    for number, file in enumerate(made):
        assert file.parent == shell.folder / "backups"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert report(shell, str(file))["sound"]
        other = elsewhere(connected, tmp_path / f"machine-{number}")
        told = other.json("restore", str(file), "--yes")
        assert "kept" in told
        counts.append(told["contacts"])
        other.json("sync", connected.account)
        assert report(other)["sound"]
    assert counts == sorted(counts)
    shell.json("sync", connected.account)
    # The last one was pulled since: it has what the provider has.
    assert names(other, connected.account) == names(shell, connected.account)
    assert not list((shell.folder / "backups").glob("*partial*"))


def names(shell: Shell, account: str) -> list[str]:
    return sorted(
        record["nickName"] for record in shell.json("contacts", "list", account, "--limit", "1000")["records"]
    )


def test_clients_after_a_restore(connected: Connected) -> None:
    """Older tokens are good, those of the lost future are answered with 410, and both end with what the provider has."""
    shell = connected.shell
    with serving(connected) as server:
        before = Copy(server).start()
        server.create("one")
        server.create("two")
        assert before.follow() == 200
        file = shell.json("backup")["path"]
        server.create("three")
        after = Copy(server).start()
        assert after.follow() == 200
        assert sorted(after.names.values()) == ["one", "three", "two"]
        refused = shell.fails(5, "restore", file, "--yes")
        assert "in use" in refused
        assert "stop the server" in refused
    told = shell.json("restore", file, "--yes")
    assert Path(told["kept"]).is_file()
    assert report(shell, told["kept"])["sound"]
    with serving(connected) as server:
        before.server = after.server = server
        assert after.follow() == 410
        assert before.follow() == 200
        after.start()
        assert after.follow() == 200
        assert before.names == after.names
        assert sorted(after.names.values()) == ["one", "three", "two"]
        assert report(shell)["sound"]


def test_a_restore_noticed_by_hand(connected: Connected) -> None:
    """``restore --mark``: later tokens than the database knows are refused; and it waits for nobody who serves."""
    shell = connected.shell
    with serving(connected) as server:
        copy = Copy(server).start()
        server.create("one")
        assert copy.follow() == 200
        assert "in use" in shell.fails(5, "restore", "--mark", "--yes")
    assert "confirm with y" in shell.fails(2, "restore", "--mark")
    assert shell.json("restore", "--mark", "--yes") == {"marked": True}
    with closing(sqlite3.connect(shell.folder / "polydex.db")) as db:
        assert db.execute("SELECT count(*) FROM epoch_limit").fetchone()[0] == 1
    with serving(connected) as server:
        copy.server = server
        server.create("two")
        assert copy.follow() == 200
        assert sorted(copy.names.values()) == ["one", "two"]


def test_no_lock_outlives_a_killed_server(connected: Connected) -> None:
    shell = connected.shell
    file = shell.json("backup")["path"]
    with serving(connected) as server:
        assert "in use" in shell.fails(5, "restore", file, "--yes")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        shell.json("restore", file, "--yes")
    assert report(shell)["sound"]


def test_what_cannot_be_restored_is_refused_with_a_sentence(connected: Connected, tmp_path: Path) -> None:
    shell = connected.shell
    file = shell.json("backup", str(tmp_path / "mine.db"))["path"]
    assert file == str(tmp_path / "mine.db")
    assert "never overwrites" in shell.fails(2, "backup", file)
    assert "There is no folder" in shell.fails(2, "backup", str(tmp_path / "nowhere" / "x.db"))
    assert "cannot be written" in shell.fails(2, "backup", "/proc/x.db")
    assert "Give either" in shell.fails(2, "restore")
    assert "Give either" in shell.fails(2, "restore", file, "--mark")
    assert "confirm with y" in shell.fails(2, "restore", file)
    assert "There is no file" in shell.fails(2, "restore", str(tmp_path / "none.db"), "--yes")
    newer = tmp_path / "newer.db"
    shutil.copyfile(file, newer)
    with closing(sqlite3.connect(newer)) as db:
        db.execute("UPDATE meta SET schema_version = 99")
        db.commit()
    assert "newer version" in shell.fails(1, "restore", str(newer), "--yes")
    stranger = Shell(tmp_path / "stranger")
    stranger.json("apps", "create", "x")
    assert "another key file" in stranger.fails(2, "restore", file, "--yes")
    keyless = elsewhere(connected, tmp_path / "keyless", keys=False)
    assert "key file" in keyless.fails(2, "restore", file, "--yes")
    assert list(keyless.folder.iterdir()) in ([], [keyless.folder / "polydex.db.lock"])
    nothing = Shell(tmp_path / "nothing")
    assert "There is no data folder" in nothing.fails(2, "restore", file, "--yes")
    assert "There is no Polydex data" in nothing.fails(2, "backup")
    assert "There is no Polydex data" in nothing.fails(2, "check")
    assert not nothing.folder.exists()
    text = tmp_path / "text.db"
    text.write_text("Dear diary")
    assert "not even a SQLite" in shell.fails(2, "check", str(text))
    assert report(shell)["sound"]


def test_a_destination_that_is_full_leaves_nothing_behind(connected: Connected, tmp_path: Path) -> None:
    """No file may grow beyond 64 KiB: as on a disk that fills up in the middle of the copy."""
    limited = replace(connected.shell, prefix=("prlimit", "--fsize=65536"))
    folder = tmp_path / "destination"
    folder.mkdir()
    message = limited.fails(5, "backup", str(folder))
    assert "copy cannot be made" in message or "full" in message
    assert not list(folder.iterdir())
    limited.fails(5, "restore", connected.shell.json("backup")["path"], "--yes")
    assert report(connected.shell)["sound"]


def test_damage_is_told_and_the_index_is_built_anew(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    shell.json("sync", account)
    number = str(shell.json("contacts", "create", account, stdin='{"nickName": "Ada", "notes": "Lovelace"}')["id"])
    with closing(sqlite3.connect(shell.folder / "polydex.db")) as db:
        db.execute("INSERT INTO contact_words (contact_words, rowid, words) VALUES ('delete', 1, '1xada')")
        db.execute("INSERT INTO contact_words (rowid, words) VALUES (1, '1xstranger')")
        db.execute("INSERT INTO contact_key VALUES (1, 'e', 'x@example.com', 1)")
        db.commit()
    ended = shell.run("check", "--json")
    assert ended.returncode == 1
    told = json.loads(ended.stdout)
    broken = {rule["rule"]: rule for rule in told["rules"] if rule["state"] == "broken"}
    assert {name: rule["count"] for name, rule in broken.items()} == {"look-ups": 1, "words": 2}
    assert "--mend" in broken["words"]["mend"]
    assert {finding["accountId"] for finding in broken["words"]["findings"]} == {int(account)}
    assert "lovelace" not in ended.stdout.lower()
    # A backup is made all the same, and says so: it is all that there is.
    kept = shell.run("backup", "--json")
    assert kept.returncode == 1
    assert "polydex check" in json.loads(kept.stderr)["message"]
    file = json.loads(kept.stdout)["path"]
    assert "--unsound" in shell.fails(2, "restore", file, "--yes")
    assert "restore a backup first" in shell.fails(2, "check", file, "--mend")
    with serving(connected):
        assert "in use" in shell.fails(5, "check", "--mend")
    assert report(shell, "--mend")["sound"]
    found = shell.run("contacts", "list", account, "--query", "ada", "--json")
    assert number in found.stdout
    assert shell.run("contacts", "list", account, "--query", "stranger", "--json").stdout.count(number) == 0
    shell.json("restore", file, "--yes", "--unsound")
    assert shell.run("check").returncode == 1


def pieces(shell: Shell) -> tuple[set[str], set[str]]:
    """Nicknames in the database, and the names of whole files in backups; every one of them is sound."""
    keys, providers = Keys.load(shell.folder, {}, create=False), registry.load()
    database = shell.folder / "polydex.db"
    demand_sound_now(database, keys, providers)
    with closing(sqlite3.connect(database)) as db:
        found = {json.loads(body)["nickName"] for (body,) in db.execute("SELECT body FROM document")}
    files = set()
    for file in (shell.folder / "backups").glob("*.db"):
        files.add(file.name)
        demand_sound_now(file, keys, providers)
    return found, files


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_killed_at_every_point_the_database_is_whole(connected: Connected, command: str, tmp_path: Path) -> None:
    """Before each thing done to a file: the old database or the new one is there, and the old one is never lost."""
    shell = connected.shell
    shell.json("sync", connected.account)
    shell.json("contacts", "create", connected.account, stdin='{"nickName": "old"}')
    backup = shell.json("backup", str(tmp_path / "backup.db"))["path"]
    shell.json("contacts", "create", connected.account, stdin='{"nickName": "new"}')
    shell.json("backup", str(tmp_path / "now.db"))
    template = tmp_path / "template"
    shutil.copytree(shell.folder, template)
    words = ["backup"] if command == "backup" else ["restore", backup, "--yes"]
    seen = set()
    for point in range(0, 400, 1 if SOAK else 5):
        shutil.rmtree(shell.folder)
        shutil.copytree(template, shell.folder)
        ended = warm.run([sys.executable, "-m", "tests.cli.reaper", str(point), *words], env=shell.env)
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
        there, files = pieces(shell)
        assert there in ({"old", "new"}, {"old"}), point
        if command == "backup":
            assert there == {"old", "new"}
        elif there == {"old"}:  # the backup is in place: what it has replaced is kept
            assert [name for name in files if "replaced" in name], point
        seen.add(frozenset(there))
        # The next start settles it; the next backup, or restore, sweeps what was left.
        asyncio.run(open_sqlite(shell.folder / "polydex.db", clock=now_ms).close())
        for place in (shell.folder, shell.folder / "backups"):
            place.mkdir(exist_ok=True)
            with partial_of(place / "later.db"):
                assert len(list(place.glob("*partial*"))) == 1
        with closing(sqlite3.connect(shell.folder / "polydex.db")) as db:
            epochs = db.execute("SELECT count(DISTINCT epoch) FROM epoch_limit").fetchone()[0]
        assert there == {"old", "new"} or epochs >= 1, "a restored database begins a new epoch"
        if ended.returncode == 0:
            assert point > 4
            break
    else:
        pytest.fail("the command does not end")
    assert len(seen) == (1 if command == "backup" else 2)


@pytest.mark.soak
def test_killed_at_any_time_beside_a_server(connected: Connected) -> None:
    shell = connected.shell
    chance = random.Random(SEED)
    print(f"POLYDEX_SEED={SEED}")  # noqa: T201 - to play it again
    with serving(connected) as server:
        Copy(server).start()
        for number in range(100 if SOAK else 4):
            server.create(f"n{number}")
            process = subprocess.Popen(
                [*POLYDEX, "backup"], env=shell.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(chance.uniform(0.3, 2.0))
            process.kill()
            process.wait()
    found, _ = pieces(shell)
    assert len(found) == (100 if SOAK else 4)


def test_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """Its own tools make the backups; the check and the mark are ours."""
    import psycopg

    shell = Shell(tmp_path / "data", {"POLYDEX_DATABASE_URL": postgres_url})
    shell.json("apps", "create", "x")
    assert "pg_dump" in shell.fails(2, "backup")
    assert "pg_dump" in shell.fails(2, "restore", "x.db", "--yes")
    assert report(shell)["sound"]

    def epoch() -> int:
        with psycopg.connect(postgres_url) as connection:
            row = connection.execute("SELECT epoch FROM meta").fetchone()
            assert row is not None
            return int(row[0])

    before = epoch()
    with psycopg.connect(postgres_url, application_name="polydex"):
        assert "in use" in shell.fails(5, "restore", "--mark", "--yes")
    assert epoch() == before
    assert shell.json("restore", "--mark", "--yes") == {"marked": True}
    assert epoch() != before
    assert report(shell, "--mend")["sound"]
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE app SET secret_hash = ''")
    assert shell.run("check").returncode == 1
