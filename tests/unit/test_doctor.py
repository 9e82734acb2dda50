"""What ``polydex doctor`` makes of figures that no test machine has."""

from __future__ import annotations

import datetime as dt
import shlex
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from polydex.core.ids import AccountId
from polydex.engine.doctor import clock, folder, machine
from polydex.engine.doctor.account import Subject
from polydex.engine.doctor.step import State, Step, size, span
from polydex.store.accounts import ACTIVE, Account

ACCOUNT = Account(
    AccountId(1), 1, "microsoft", "Office365", None, "subject", "o'neil$(id)@example.com", None, None, None, None, None, None,
    None, frozenset(), None, ACTIVE, None, 0, 0, 0, 0, None, 0, "", "",
)  # fmt: skip
MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /srv rw - xfs /dev/sdb1 rw
31 30 0:40 / /srv/our\040data rw - nfs4 nas.example.com:/data rw
32 30 0:41 / /srv/share rw - cifs //nas.example.com/share rw
33 30 0:42 / /srv/over rw - ext4 /dev/sdc1 rw
34 30 0:43 / /srv/over rw - fuse.sshfs ada@example.com:/ rw
nonsense
"""


class Room(NamedTuple):
    f_bavail: int
    f_frsize: int = 4096
    f_favail: int = 100_000
    f_files: int = 200_000


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib/polydex", "ext4"),
        ("/srv", "xfs"),
        ("/srv/our data/polydex", "nfs4"),
        ("/srv/share", "cifs"),
        ("/srv/shared", "xfs"),
        ("/srv/over/polydex", "fuse.sshfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(place: str, kind: str) -> None:
    assert folder.file_system(Path(place), MOUNTS) == kind


def test_a_table_of_mounts_that_says_nothing() -> None:
    assert folder.file_system(Path("/srv"), "nonsense\n") is None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "virtiofs", "vboxsf", "davfs"])
def test_file_systems_without_locks(kind: str) -> None:
    step = folder.judge_file_system(kind)
    assert step.state is State.FAILED
    assert "local disk" in step.mend


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "fuseblk", "f2fs"])
def test_file_systems_with_locks(kind: str) -> None:
    assert folder.judge_file_system(kind).state is State.OK


@pytest.mark.parametrize(
    ("room", "database", "state"),
    [
        (Room(10**6), 10**6, State.OK),
        (Room(10), 10**6, State.FAILED),
        (Room(10_000), 10**6, State.WARNING),
        (Room(10**6), 5 * 10**9, State.WARNING),
        (Room(10**6, f_favail=3), 10**6, State.WARNING),
        (Room(10**6, f_favail=0, f_files=0), 10**6, State.OK),  # btrfs counts none
    ],
)
def test_room_on_the_disk(tmp_path: Path, room: Room, database: int, state: State) -> None:
    steps = folder.examine(tmp_path, has_database=True, database_bytes=database, room=lambda _: room)
    (step,) = [step for step in steps if step.name == "folder.room"]
    assert step.state is state
    assert (str(tmp_path) in step.mend) is (state is not State.OK)


@pytest.mark.parametrize(
    ("offsets", "state", "says"),
    [
        ({}, State.SKIPPED, ""),
        ({"a.example": 2.0, "b.example": -59.0}, State.OK, ""),
        ({"a.example": 7200.0}, State.WARNING, "2 hours behind that of a.example"),
        ({"a.example": 7200.0, "b.example": 7201.0, "c.example": 1.0}, State.FAILED, "2 hours behind those"),
        (
            {"a.example": -300.0, "b.example": 0.0, "c.example": 1.0},
            State.WARNING,
            "5 minutes ahead of that of a.example",
        ),
    ],
)
def test_clocks_of_providers(offsets: dict[str, float], state: State, says: str) -> None:
    step = clock.against_providers(offsets)
    assert step.state is state
    assert says in step.found
    assert ("timedatectl" in step.mend) is (state is State.FAILED or len(offsets) == 1)


def test_a_clock_that_is_set_while_we_look() -> None:
    assert clock.against_itself(10.0, 9.5).state is State.OK
    assert clock.against_itself(3610.0, 10.0).state is State.WARNING
    assert "60 minutes" in clock.against_itself(10.0, 3610.0).found


def test_versions() -> None:
    assert machine.python((3, 10, 9)).state is State.FAILED
    assert machine.python().state is State.OK
    assert machine.sqlite((3, 34, 1)).state is State.FAILED
    assert machine.sqlite().state is State.OK


@pytest.mark.parametrize(
    ("allowed", "state"),
    [
        ("", State.OK),
        ("10.0.0.0/8, fd00::/8, 192.168.1.5/32", State.OK),
        ("0.0.0.0/0", State.WARNING),
        ("::/0", State.WARNING),
        ("8.0.0.0/6=webhook", State.WARNING),
        ("169.254.169.254/32", State.WARNING),
    ],
)
def test_how_wide_the_guard_is_open(allowed: str, state: State) -> None:
    assert machine.guard(allowed).state is state


def test_name_servers(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    assert machine.name_servers(path).state is State.SKIPPED
    path.write_text("# nameserver 192.0.2.1\nsearch example.com\n")
    assert machine.name_servers(path).state is State.WARNING
    path.write_text("nameserver 192.0.2.1\n")
    assert machine.name_servers(path).state is State.OK


def test_a_port_nobody_may_have() -> None:
    (step,) = machine.port("192.0.2.1", 8080)
    assert step.state is State.FAILED
    assert "POLYDEX_HOST" in step.mend
    assert machine.port("127.0.0.1", 0)[0].state is State.SKIPPED


def test_lengths_and_sizes_for_people() -> None:
    assert [span(each) for each in (-1, 59.6, 119, 7199.7, 3 * 86_400)] == [
        "1 seconds", "60 seconds", "119 seconds", "2 hours", "3 days",
    ]  # fmt: skip
    assert [size(each) for each in (0, 4096, 5_000_000, 3 * 10**9)] == ["0 bytes", "4.1 kB", "5.0 MB", "3.0 GB"]


def test_a_bundle_with_certificates_that_have_ended(tmp_path: Path) -> None:
    from tests.cli.doctor import DAY, certificate

    path = certificate(tmp_path, begins=-2 * DAY, ends=DAY)

    def look(ahead: dt.timedelta) -> Step:
        now = dt.datetime.now(dt.UTC) + ahead
        (step,) = machine.authorities(path, int(now.timestamp() * 1000))
        return step

    assert look(0 * DAY).state is State.OK
    assert look(2 * DAY).state is State.WARNING
    (step,) = machine.authorities(tmp_path / "none.pem", 0)
    assert step.state is State.FAILED


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (
            Subject(ACCOUNT, None, (), "a tenant;"),
            ["microsoft", "--tenant", "a tenant;", "--mailbox", "o'neil$(id)@example.com"],
        ),
        (
            Subject(
                replace(ACCOUNT, provider="carddav", service_type="CardDAV", server_url="https://dav.example.com/?a=1&b=2"),
                None, (),
            ),
            ["carddav", "--server", "https://dav.example.com/?a=1&b=2"],
        ),
        (
            Subject(
                replace(
                    ACCOUNT, provider="exchange", service_type="EWS", server_url="https://mail.example.com/EWS/Exchange.asmx",
                    mailbox="o'neil$(id)@example.com", auth_method="ntlm",
                ),
                None, (),
            ),
            [
                "exchange", "--server", "https://mail.example.com/EWS/Exchange.asmx", "--mailbox", "o'neil$(id)@example.com",
                "--auth", "ntlm",
            ],
        ),
    ],
    ids=["mailbox", "server", "exchange"],
)  # fmt: skip
def test_the_command_that_connects_again_can_be_pasted_into_a_shell(subject: Subject, words: list[str]) -> None:
    parts = shlex.shlex(subject.again, posix=True, punctuation_chars=True)
    parts.whitespace_split = True
    assert list(parts) == ["polydex", "accounts", "add", *words]
