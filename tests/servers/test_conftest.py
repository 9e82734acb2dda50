"""The rules of tests/conftest.py, tried on small test runs of their own."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.soak import FOLDER

ROOT = Path(__file__).parents[2]
MODULE = {
    "skip": "import pytest\ndef test_passes(): pass\n@pytest.mark.skip(reason='no server')\ndef test_it(): pass\n",
    "module": "import pytest\npytest.skip('no library', allow_module_level=True)\n",
    "fixture": "import pytest\n@pytest.fixture\ndef it(): pytest.skip('no data')\ndef test_it(it): pass\n",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n",
    "passes": "def test_passes(): pass\n",
    "drawn": (
        "import os, pytest\n"
        "@pytest.mark.parametrize('number', range(3))\n"
        "def test_it(number, record_property):\n"
        "    record_property('met', {'one': int(number == 1)})\n"
        "    record_property('must meet', ['one', *os.environ.get('WANTED', '').split()])\n"
        "    assert number != int(os.environ.get('BAD', '-1'))\n"
    ),
}


def run(
    directory: Path, *names: str, ci: str, options: tuple[str, ...] = (), variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit status and output of pytest on these modules."""
    (directory / "suite").mkdir(exist_ok=True)
    for name in names:
        (directory / "suite" / f"test_{name}.py").write_text(MODULE[name], encoding="ascii")
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:schemathesis",
        *options,
        "suite",
    ]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), **(variables or {})}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST")}
    done = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


OPTIONS = pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])


@OPTIONS
def test_a_skip_fails_the_run_in_ci(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, output = run(tmp_path, "passes", "skip", "module", "fixture", ci="true", options=options)
    assert status == pytest.ExitCode.TESTS_FAILED
    shown = output.partition("skipped, which in CI is a failure")[2]
    for name, reason in (("skip", "no server"), ("module", "no library"), ("fixture", "no data")):
        assert re.search(f"suite/test_{name}.py.*{reason}", shown)


def test_a_skip_is_allowed_elsewhere(tmp_path: Path) -> None:
    status, output = run(tmp_path, "passes", "skip", "module", ci="")
    assert status == pytest.ExitCode.OK
    assert "in CI is a failure" not in output


@OPTIONS
def test_the_rest_passes_in_ci_and_is_counted_per_suite(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, output = run(tmp_path, "passes", "xfail", ci="true", options=options)
    assert status == pytest.ExitCode.OK
    table = output.partition("time per suite")[2].splitlines()[1:]
    assert [line.split()[:3] for line in table[:2]] == [["suite", "2", "tests"], ["all", "2", "tests"]]


@pytest.fixture
def variables() -> Iterator[dict[str, str]]:
    """Of a soak with a seed of its own; what it remembers is deleted."""
    number = str(uuid.uuid4().int)
    yield {"POLYDEX_SOAK": "1", "POLYDEX_SEED": number}
    for path in FOLDER.glob("*.jsonl"):
        if number in path.read_text(encoding="utf-8"):
            path.unlink()


@OPTIONS
def test_an_interrupted_soak_goes_on_where_it_was(
    tmp_path: Path, variables: dict[str, str], options: tuple[str, ...]
) -> None:
    status, output = run(tmp_path, "drawn", ci="true", options=options, variables={**variables, "BAD": "2"})
    assert status == pytest.ExitCode.TESTS_FAILED
    assert f"seed {variables['POLYDEX_SEED']}; 0 passed before, 2 now" in output
    for before, now in ((2, 1), (3, 0)):
        status, output = run(tmp_path, "drawn", ci="true", options=options, variables=variables)
        assert status == pytest.ExitCode.OK
        assert f"{before} passed before, {now} now" in output


def test_a_soak_that_did_not_get_everywhere_fails(tmp_path: Path, variables: dict[str, str]) -> None:
    wanting = {**variables, "WANTED": "two"}
    for _ in range(2):  # nor when nothing is left to run
        status, output = run(tmp_path, "drawn", ci="true", variables=wanting)
        assert status == pytest.ExitCode.TESTS_FAILED
        assert re.findall("never met: .*", output) == ["never met: suite/test_drawn.py::test_it: two"]
