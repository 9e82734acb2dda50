"""The demonstration: it verifies itself, it fails when something is not as it should be, and its lines can be pasted."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.shell import POLYDEX, Shell


def test_it_verifies_itself_and_ends(shell: Shell) -> None:
    """Settings in the environment are not its business: it never touches the operator's own data."""
    done = shell.run("demo", "--once", "--port", "0", POLYDEX_DATABASE_URL="postgresql://127.0.0.1:1/nothing")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything verified" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "Synchronising" not in done.stdout + done.stderr, "a progress bar, piped"
    assert not shell.folder.exists()


def test_it_fails_when_a_step_is_not_verified(shell: Shell, tmp_path: Path) -> None:
    """Somebody else puts card after card onto the CardDAV server; the count of contacts is never the expected one."""
    folder, over = tmp_path / "demo", threading.Event()

    def meddle() -> None:
        number = 0
        while not over.wait(0.02):
            for book in folder.glob("carddav/collections/collection-root/demo/contacts"):
                number += 1
                card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:m{number}\r\nFN:M {number}\r\nN:M;;;;\r\nEND:VCARD\r\n"
                (tmp_path / "card").write_text(card, newline="")
                with contextlib.suppress(FileNotFoundError):  # the collection is being replaced at this moment
                    (tmp_path / "card").replace(book / f"m{number}.vcf")  # whole at once, as Radicale does it

    meddling = threading.Thread(target=meddle)
    meddling.start()
    try:
        done = shell.run("demo", "--once", "--port", "0", "--data-dir", str(folder))
    finally:
        over.set()
        meddling.join()
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.fullmatch(r"polydex: Not verified: .+\n", done.stderr)
    assert "Everything verified" not in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_its_lines_can_be_pasted(shell: Shell) -> None:
    """Every line that it shows, in the order in which it shows them, in one shell."""
    with subprocess.Popen(
        [*POLYDEX, "demo", "--port", "0"], env=shell.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        shown: list[str] = []
        for line in demo.stdout:
            shown.append(line.strip())
            if "Ctrl-C ends it" in line:
                break
        try:
            done = subprocess.run(["sh", "-c", _script(shown)], capture_output=True, text=True, check=False)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.stdout.read()
    assert demo.returncode == 0
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    # connect, start, updated, search, create, patch, patch with the old etag, note, delta, delete, deleted
    carddav = ["200", "200", "200", "200", "201", "200", "412", "200", "200", "200", "200"]
    # connect, start, updated, note, delta
    google = microsoft = exchange = ["200", "200", "200", "200", "200"]
    assert answers[1::2] == carddav + google + microsoft + exchange
    assert json.loads(answers[2 * len(carddav) - 2])["records"]


def _script(shown: list[str]) -> str:
    curls = [line.replace("curl -sS", "curl -sS -w '\\n%{http_code}\\n'") for line in shown if line.startswith("curl ")]
    (exports,) = (line for line in shown if line.startswith("export "))
    return "\n".join(["set -e", exports, *curls])
