"""Every error of the command line is one sentence that names the place and the mend; exit codes; no traceback."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from polydex.cli import main
from tests.cli.conftest import Connected
from tests.cli.shell import Shell
from tests.servers.dav import DavServer
from tests.servers.process import free_port, program, workspace


def adding(server: str, *more: str) -> tuple[str, ...]:
    return "accounts", "add", "carddav", "--server", server, "--login", "ada", "--password-stdin", *more


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["nope"], 'Unknown command "nope"'),
        (["accounts", "nope"], 'Unknown command "nope"'),
        (["accounts", "show"], "ACCOUNT requires an argument"),
        (["accounts", "show", "one"], 'unable to convert "one"'),
        (["accounts", "show", "0"], "Must be >= 1"),
        (["accounts", "show", "9" * 30], "Must be <"),
        (["accounts", "show", "1", "--nope"], "--nope"),
        (["accounts", "add", "gmail"], 'Invalid value "gmail"'),
        (["accounts", "add", "carddav", "--login", "ada"], "--server is missing"),
        (["accounts", "add", "nextcloud", "--login", "ada"], "--server is missing"),
        (["accounts", "add", "icloud", "--region", "Germany"], "--region must be two letters"),
        (["accounts", "add", "icloud"], "give --login"),
        (["accounts", "add", "icloud", "--login", " "], "The login is empty"),
        (["accounts", "add", "icloud", "--login", "a@example.com"], "--password-stdin"),
        (["accounts", "add", "icloud", "--login", "a@example.com", "--password-stdin"], "The password is empty"),
        (["accounts", "list"], "There is no Polydex data in "),
        (["sync", "1"], "polydex apps create"),
        (["contacts", "list", "1", "--limit", "0"], "--limit must be a whole number from 1 to 1000"),
        (["contacts", "create", "1", "--file", "/nonexistent"], "/nonexistent: No such file"),
        (["apps", "create", "\udcff"], "Argument 3 is not UTF-8"),
        (["serve", "--port", "99999"], "--port must be"),
        (["serve", "--role", "nope"], "--role"),
        (["serve", "--host", "nothing.invalid"], "choose another address with --host"),
        (["demo", "--port", "99999"], "--port must be"),
    ],
)
def test_what_is_wrong_in_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("POLYDEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main([*command, *more])
        assert ended.value.code == 2
        told = capsys.readouterr()
        assert told.out == ""
        message = json.loads(told.err)["message"] if more else told.err.removeprefix("polydex: ").removesuffix("\n")
        assert says in message
        assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_understood_are_all_named(shell: Shell) -> None:
    line = shell.fails(2, "serve", POLYDEX_PORT="abc", POLYDEX_FRESHNESS="x")
    assert "POLYDEX_PORT must be" in line
    assert "POLYDEX_FRESHNESS must be" in line


def test_a_database_that_is_not_there_shows_no_password(shell: Shell) -> None:
    url = f"postgresql://polydex:sesame@127.0.0.1:{free_port()}/polydex"
    line = shell.fails(5, "accounts", "list", POLYDEX_DATABASE_URL=url)
    assert "POLYDEX_DATABASE_URL" in line
    assert "sesame" not in line


def test_data_folders_that_cannot_be_used(shell: Shell, tmp_path: Path) -> None:
    shell.json("apps", "create", "tests")
    plain = tmp_path / "file"
    plain.write_bytes(b"")
    assert f"{plain} is not a folder" in shell.fails(2, "serve", "--port", "0", "--data-dir", str(plain))

    without_keys = tmp_path / "without-keys"
    shutil.copytree(shell.folder, without_keys)
    (without_keys / "keys.json").unlink()
    assert "keys.json is missing" in shell.fails(2, "apps", "list", "--data-dir", str(without_keys))

    newer = tmp_path / "newer"
    shutil.copytree(shell.folder, newer)
    with sqlite3.connect(newer / "polydex.db") as database:
        database.execute("UPDATE meta SET schema_version = 999")
    database.close()
    for command in (["apps", "list"], ["serve", "--port", "0"]):
        assert "newer version of Polydex" in shell.fails(1, *command, "--data-dir", str(newer))

    broken = tmp_path / "broken"
    shutil.copytree(shell.folder, broken)
    for side_file in broken.glob("polydex.db-*"):
        side_file.unlink()
    (broken / "polydex.db").write_bytes(b"this is no database, and was none before " * 100)
    assert "not a SQLite database" in shell.fails(1, "apps", "list", "--data-dir", str(broken))


def test_a_data_folder_without_rights() -> None:
    """Root has rights everywhere, so as root the commands are run as another user."""
    with workspace("cli") as place:
        place.chmod(0o755)
        shell = Shell(place / "data")
        shell.json("apps", "create", "tests")
        locked = place / "locked"
        locked.mkdir(mode=0o555)
        if os.geteuid() == 0:
            shell.prefix = (program("setpriv"), "--reuid=65534", "--clear-groups")
        else:
            shell.folder.chmod(0o000)
        try:
            assert "cannot be read: Permission denied" in shell.fails(2, "apps", "list")
            assert "is not writable" in shell.fails(2, "apps", "create", "x", "--data-dir", str(locked))
            assert "cannot be made" in shell.fails(2, "serve", "--port", "0", "--data-dir", str(locked / "below"))
        finally:
            shell.folder.chmod(0o700)


def test_a_port_that_is_taken(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        line = shell.fails(2, "serve", "--port", port)
        assert port in line
        assert "choose another port with --port" in line
        assert f"Port {port} is taken" in shell.fails(2, "demo", "--port", port)


def test_what_is_not_there(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    for command in (
        ["accounts", "show"], ["accounts", "approve"], ["accounts", "remove", "--yes"], ["sync"], ["contacts", "list"]
    ):  # fmt: skip
        assert shell.fails(3, *command, "99") == "There is no account 99; polydex accounts list shows them"
    shell.json("sync", account)
    for verb in ("get", "delete"):
        assert "There is no such contact" in shell.fails(3, "contacts", verb, account, "nope")
    assert "Page token is invalid" in shell.fails(2, "contacts", "list", account, "--page-token", "nope")
    assert "polydex apps list" in shell.fails(3, *adding("https://example.com", "--app", "nope"), stdin="secret")


def test_input_that_is_no_contact(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    shell.json("sync", account)
    for text, says in (("", "not JSON"), ("{", "not JSON"), ("{}", "empty"), ('{"nickName": 3}', "$.nickName")):
        assert says in shell.fails(2, "contacts", "create", account, stdin=text)


def test_a_contact_that_changed_meanwhile(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    shell.json("sync", account)
    made = str(shell.json("contacts", "create", account, stdin='{"nickName": "Ada"}')["id"])
    line = shell.fails(4, "contacts", "update", account, made, "--if-match", "old", stdin='{"nickName": "Bob"}')
    assert "has changed" in line


def test_providers_that_cannot_be_used(shell: Shell, radicale: DavServer) -> None:
    shell.json("apps", "create", "tests")
    cases = (
        (6, radicale.url, "refused the credentials"),
        (5, f"http://127.0.0.1:{free_port()}/", "127.0.0.1: ConnectionRefusedError"),
        (5, "https://nothing.invalid/", "nothing.invalid"),
        (2, "ftp://dav.example.com/", "--server is not an address such as"),
        (2, "http://ada:hush@dav.example.com/", "--server is not an address such as"),
        (2, "no host", "host name"),
    )
    for code, server, says in cases:
        line = shell.fails(code, *adding(server), stdin="open-sesame\n")
        assert says in line
        assert "sesame" not in line
        assert "hush" not in line
    assert shell.json("accounts", "list") == []


def test_a_private_address_says_how_to_allow_it(shell: Shell, radicale: DavServer) -> None:
    shell.json("apps", "create", "tests")
    line = shell.fails(2, *adding(radicale.url), stdin="x", POLYDEX_ALLOW_PRIVATE_NETWORKS="")
    assert "127.0.0.1" in line
    assert "POLYDEX_ALLOW_PRIVATE_NETWORKS" in line


def test_no_application_is_made_for_credentials_that_are_refused(shell: Shell, radicale: DavServer) -> None:
    assert shell.run(*adding(radicale.url), stdin="wrong").returncode == 6
    assert shell.json("apps", "list") == []
    login = radicale.new_account()
    radicale.create_book(login)
    words = [*adding(radicale.url, "--json")]
    words[words.index("ada")] = login.user
    added = json.loads(shell.run(*words, stdin=login.password).stdout)
    assert set(added) == {"accountId", "accessToken", "application"}
    assert [app["clientId"] for app in shell.json("apps", "list")] == [added["application"]["clientId"]]


def test_output_that_cannot_be_written(shell: Shell) -> None:
    """Names that the terminal's encoding lacks are escaped; JSON is UTF-8 whatever the encoding; a full disk is told."""
    shell.json("apps", "create", "Zoë ✓")
    assert r"Zo\xeb \u2713" in shell.run("apps", "list", PYTHONIOENCODING="ascii").stdout
    assert json.loads(shell.run("apps", "list", "--json", PYTHONIOENCODING="ascii").stdout)[0]["name"] == "Zoë ✓"
