"""The rules of tests/conftest.py, tried on small test runs of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE = {
    "skip": "import pytest\ndef test_passes(): pass\n@pytest.mark.skip(reason='no server')\ndef test_it(): pass\n",
    "module": "import pytest\npytest.skip('no library', allow_module_level=True)\n",
    "fixture": "import pytest\n@pytest.fixture\ndef it(): pytest.skip('no data')\ndef test_it(it): pass\n",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n",
    "passes": "def test_passes(): pass\n",
}


def run(directory: Path, *names: str, ci: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exit status and output of pytest on these modules."""
    (directory / "suite").mkdir()
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
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
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
