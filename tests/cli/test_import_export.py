"""Export and import as processes, against a real Radicale."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Connected
from tests.cli.shell import POLYDEX, Shell
from tests.servers.dav import DavServer

GOOGLE = (
    "First Name,Last Name,Birthday,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Photo\n"
    'Ada,"Example, Jr.",1815-12-10,* myContacts ::: Club,* Home,ada@example.com,Mobile,+1 202 555 0100,\n'
    "Bob,Example,,* myContacts,,bob@example.com ::: robert@example.com,Google Voice,+1 202 555 0101,http://x.example/\n"
    "Bad,Date,1990-02-31,,,,,,\n"
    "Bob,Example,,* myContacts,,bob@example.com ::: robert@example.com,Google Voice,+1 202 555 0101,http://x.example/\n"
)
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0} Example\r\nN:Example;{0};;;\r\nX-ALIEN;X-P=1:{0}\r\nEND:VCARD\r\n"
)


def put(radicale: DavServer, connected: Connected, name: str, raw: str) -> None:
    url = f"{connected.book}{name}.vcf"
    done = radicale.request("PUT", url, raw, {"Content-Type": "text/vcard"}, connected.login)
    assert done.status in (201, 204)


def stored(radicale: DavServer, connected: Connected) -> list[str]:
    """The cards of the book at the server."""
    found = radicale.request("GET", connected.book, "", {}, connected.login)
    assert found.status == 200
    return found.body.decode().replace("\r\n", "\n").split("BEGIN:VCARD\n")[1:]


def imported(shell: Shell, code: int, *command: str) -> dict[str, Any]:
    done = shell.run("contacts", "import", *command, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert sum(result["outcomes"].values()) == result["entries"] == len(result["results"])
    return result


def another_account(connected: Connected, radicale: DavServer) -> Connected:
    login = radicale.new_account()
    book = radicale.create_book(login)
    added = connected.shell.json(
        "accounts", "add", "carddav", "--server", radicale.url, "--login", login.user, "--password-stdin",
        stdin=login.password + "\n",
    )  # fmt: skip
    return Connected(connected.shell, str(added["accountId"]), str(added["accessToken"]), login, book)


def test_a_google_file_from_its_preview_to_its_mended_rest(connected: Connected, tmp_path: Path) -> None:
    shell, account = connected.shell, connected.account
    file, report, rejects = tmp_path / "google.csv", tmp_path / "report.csv", tmp_path / "rest.csv"
    file.write_text(GOOGLE)
    assert "--yes" in shell.fails(2, "contacts", "import", account, str(file))
    preview = imported(shell, 1, account, str(file), "--preview")
    assert preview["outcomes"] == {"created": 2, "rejected": 1, "duplicate": 1}
    assert preview["layout"] == "Google Contacts"
    assert preview["unknownColumns"] == [{"column": "Photo", "rows": 2}]
    assert shell.json("contacts", "list", account)["length"] == 0

    done = shell.run(
        "contacts", "import", account, str(file), "--yes", "--report", str(report), "--rejects", str(rejects)
    )
    assert done.returncode == 1
    assert done.stdout.endswith("4 rows: 2 created, 1 repeated in the file, 1 rejected\n")
    assert "row 4 (line 4): Birthday: not a date" in done.stdout
    assert "1 of 4 were rejected" in done.stderr
    with report.open(newline="") as lines:
        told = list(csv.DictReader(lines))
    assert [row["outcome"] for row in told] == ["created", "created", "rejected", "duplicate"]
    assert told[0]["id"] == shell.json("contacts", "list", account, "-q", "ada")["records"][0]["id"]
    assert "example.com" not in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert rejects.read_text().splitlines() == [GOOGLE.splitlines()[0], GOOGLE.splitlines()[3]]

    rejects.write_text(rejects.read_text().replace("02-31", "02-03"))
    assert imported(shell, 0, account, str(rejects), "--yes")["outcomes"] == {"created": 1}
    again = imported(shell, 1, account, str(file), "--yes")
    assert again["outcomes"] == {"unchanged": 2, "rejected": 1, "duplicate": 1}
    ada = shell.json("contacts", "list", account, "-q", "ada")["records"][0]
    assert ada["name"]["familyName"] == "Example, Jr."
    assert ada["keywords"] == ["Club"]
    bob = shell.json("contacts", "list", account, "-q", "bob")["records"][0]
    assert [each["address"] for each in bob["emailAddresses"]] == ["bob@example.com", "robert@example.com"]


def test_cards_are_exported_as_they_are_and_imported_with_all_they_say(
    connected: Connected, radicale: DavServer, tmp_path: Path
) -> None:
    shell, account, file = connected.shell, connected.account, tmp_path / "all.vcf"
    for name in ("ada", "bob"):
        put(radicale, connected, name, CARD.format(name))
    assert shell.json("contacts", "export", account, "-o", str(file))["contacts"] == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    cards = file.read_bytes().decode().replace("\r\n", "\n").split("BEGIN:VCARD\n")[1:]
    assert sorted(cards) == sorted(stored(radicale, connected))
    assert imported(shell, 0, account, str(file), "--yes")["outcomes"] == {"unchanged": 2}

    other = another_account(connected, radicale)
    assert imported(shell, 0, other.account, str(file), "--yes")["outcomes"] == {"created": 2}
    assert imported(shell, 0, other.account, str(file), "--yes")["outcomes"] == {"unchanged": 2}
    assert sorted(line for card in stored(radicale, other) for line in card.split("\n") if "ALIEN" in line) == [
        "X-ALIEN;X-P=1:ada",
        "X-ALIEN;X-P=1:bob",
    ]
    # ... and from there, as rows, to where the contacts came from.
    rows = tmp_path / "rows.csv"
    shell.json("contacts", "export", other.account, "-o", str(rows))
    assert imported(shell, 0, account, str(rows), "--yes")["outcomes"] == {"unchanged": 2}
    assert "--force" in shell.fails(2, "contacts", "export", account, "-o", str(rows))
    rows.write_text(rows.read_text().replace("bob Example", "Robert Example"))
    assert imported(shell, 0, other.account, str(rows), "--yes", "--update")["outcomes"] == {
        "unchanged": 1,
        "updated": 1,
    }
    assert any("Robert Example" in card and "X-ALIEN" in card for card in stored(radicale, other))


def test_options_of_csv_and_standard_input(connected: Connected, tmp_path: Path) -> None:
    shell, account, file = connected.shell, connected.account, tmp_path / "old.csv"
    file.write_bytes("Vorname;Geburtstag;Mitglied\nJörg;2/3/1990;7\n".encode("windows-1252"))
    mapped = ("--map", "Vorname=Given Name", "--map", "Geburtstag=Birthday", "--map", "Mitglied=")
    options = (*mapped, "--encoding", "windows-1252", "--dates", "dmy")
    assert "windows-1252" in shell.fails(2, "contacts", "import", account, str(file), "--preview", *mapped)
    result = imported(shell, 0, account, str(file), "--yes", *options)
    assert result["unknownColumns"] == []
    contact = shell.json("contacts", "get", account, result["results"][0]["id"])
    assert (contact["name"]["givenName"], contact["birthday"]) == ("Jörg", "1990-03-02")
    piped = shell.run("contacts", "import", account, "--yes", stdin=CARD.format("eve"))
    assert piped.returncode == 0
    assert piped.stdout == "1 card: 1 created\n"


def test_on_a_terminal_it_shows_what_it_will_do_and_asks(connected: Connected, tmp_path: Path) -> None:
    shell, account, file = connected.shell, connected.account, tmp_path / "google.csv"
    file.write_text(GOOGLE)

    def answered(answer: bytes) -> tuple[int, str]:
        screen, inside = pty.openpty()
        process = subprocess.Popen(
            [*POLYDEX, "contacts", "import", account, str(file)],
            stdin=inside, stdout=inside, stderr=inside, env={**shell.env, "TERM": "xterm", "COLUMNS": "200"},
        )  # fmt: skip
        os.close(inside)
        shown = b""
        try:
            while chunk := os.read(screen, 65536):
                shown += chunk
                if shown.endswith(b"[y/N] "):
                    os.write(screen, answer)
        except OSError:  # the end of a terminal
            pass
        os.close(screen)
        return process.wait(60), shown.decode()

    code, shown = answered(b"n\n")
    assert code == 2
    assert "2 to create" in shown
    assert "such as Ada Example, Jr." in shown
    assert "Nothing was imported" in shown
    assert shell.json("contacts", "list", account)["length"] == 0
    code, shown = answered(b"y\n")
    assert code == 1
    assert "4 rows: 2 created" in shown
    assert "Importing" in shown
    assert shell.json("contacts", "list", account)["length"] == 2


def running(connected: Connected, file: Path, radicale: DavServer, enough: int) -> subprocess.Popen[str]:
    """An import that has just created ``enough`` contacts."""
    process = subprocess.Popen(
        [*POLYDEX, "contacts", "import", connected.account, str(file), "--yes", "--json"],
        env=connected.shell.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(2000):
        if len(stored(radicale, connected)) >= enough:
            return process
        assert process.poll() is None
        time.sleep(0.02)
    pytest.fail("nothing is imported")


def assert_one_each(radicale: DavServer, connected: Connected, count: int) -> None:
    names = [line for card in stored(radicale, connected) for line in card.split("\n") if line.startswith("FN:")]
    assert Counter(names) == dict.fromkeys([f"FN:n{at} Example" for at in range(count)], 1)


@pytest.mark.parametrize("kind", ["csv", "vcf"])
def test_killed_in_the_middle_and_repeated_there_is_one_contact_each(
    connected: Connected, radicale: DavServer, tmp_path: Path, kind: str
) -> None:
    count, file = 20, tmp_path / f"many.{kind}"
    rows = [f"n{at},Example\n" for at in range(count)]
    text = "First Name,Last Name\n" + "".join(rows)
    file.write_text(text if kind == "csv" else "".join(CARD.format(f"n{at}") for at in range(count)))
    for enough in (3, 10):
        process = running(connected, file, radicale, enough)
        process.kill()
        process.communicate()
        with closing(sqlite3.connect(connected.shell.folder / "polydex.db")) as db, db:
            db.execute("UPDATE write_lease SET until_ms = 0")  # the ten seconds are over that a dead one's turn lasts
    result = imported(connected.shell, 0, connected.account, str(file), "--yes")
    assert set(result["outcomes"]) == {"created", "unchanged"}
    assert_one_each(radicale, connected, count)
    assert imported(connected.shell, 0, connected.account, str(file), "--yes")["outcomes"] == {"unchanged": count}
    assert_one_each(radicale, connected, count)


def test_ctrl_c_finishes_the_contact_in_flight_and_says_how_far_it_came(
    connected: Connected, radicale: DavServer, tmp_path: Path
) -> None:
    count, file = 20, tmp_path / "many.csv"
    file.write_text("First Name,Last Name\n" + "".join(f"n{at},Example\n" for at in range(count)))
    process = running(connected, file, radicale, 4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    outcomes = json.loads(out)["outcomes"]
    assert outcomes["created"] + outcomes["notTried"] == count
    assert len(stored(radicale, connected)) == outcomes["created"]
    assert imported(connected.shell, 0, connected.account, str(file), "--yes")["outcomes"] == {
        "unchanged": outcomes["created"],
        "created": outcomes["notTried"],
    }
    assert_one_each(radicale, connected, count)
