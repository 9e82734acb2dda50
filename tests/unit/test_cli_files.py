"""Files that commands write and read: never over another one, whole or not at all, and what they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from polydex.cli.files import check_absent, written
from polydex.cli.imports import _source
from polydex.core.errors import BadRequest

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"
ROW = b"Given Name\nAda\n"


def test_a_file_appears_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.vcf"
    with written(path, force=False) as file:
        file.write(b"contacts")
        assert not path.exists()
    assert path.read_bytes() == b"contacts"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out.vcf"]  # noqa: PTH208 - names alone


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> None:
        with written(tmp_path / "out.vcf", force=True) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_overwritten_on_demand_only(tmp_path: Path) -> None:
    path = tmp_path / "out.vcf"
    path.write_text("mine")
    with pytest.raises(BadRequest, match="--force"):
        check_absent(path, force=False)

    def meanwhile() -> None:
        with written(tmp_path / "new.vcf", force=False) as file:
            file.write(b"ours")
            (tmp_path / "new.vcf").write_text("theirs")

    with pytest.raises(BadRequest, match="--force"):
        meanwhile()
    assert (tmp_path / "new.vcf").read_text() == "theirs"
    with written(path, force=True) as file:
        file.write(b"ours")
    assert path.read_bytes() == b"ours"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.vcf", "out.vcf"]


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="is a folder"):
        check_absent(tmp_path, force=True)
    with pytest.raises(BadRequest, match="no folder"):
        check_absent(tmp_path / "none" / "out.vcf", force=False)


@pytest.mark.parametrize(
    ("name", "data", "layout"),
    [
        ("a.vcf", CARD, "vCard"),
        ("a.txt", CARD, "vCard"),
        ("a.csv", b"\xef\xbb\xbf\r\n" + CARD, "vCard"),
        ("a.bin", "\ufeffBEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\n".encode("utf-16"), "vCard"),
        ("a.vcf", b"junk before\r\n" + CARD, "vCard"),
        ("a.csv", ROW, "Polydex"),
        ("a.TXT", ROW, "Polydex"),
    ],
)
def test_what_a_file_is(tmp_path: Path, name: str, data: bytes, layout: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert _source(tmp_path / name, None, None, None, []).layout == layout


def test_what_cannot_be_told_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(ROW)
    with pytest.raises(BadRequest, match="--format"):
        _source(path, None, None, None, [])
    assert _source(path, "csv", None, None, []).layout == "Polydex"
    with pytest.raises(BadRequest, match="No such file"):
        _source(tmp_path / "none.csv", None, None, None, [])
    with pytest.raises(BadRequest, match="COLUMN=FIELD"):
        _source(path, "csv", None, None, ["Given Name"])
    with pytest.raises(BadRequest, match="for CSV"):
        _source(path, "vcard", None, "dmy", [])
