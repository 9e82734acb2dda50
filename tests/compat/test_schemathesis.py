"""schemathesis, a stranger, reads /openapi.json and judges whether the server does what it says: every check it has."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "tests/compat/schemathesis.toml"

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip("schemathesis is not installed: make install", allow_module_level=True)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server in a process of its own; its credentials."""
    command = [sys.executable, "-m", "tests.compat.serve", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_the_server_does_what_openapi_json_says(served: dict[str, str]) -> None:
    environment = {
        **os.environ,
        "POLYDEX_SERVED": json.dumps(served),
        "SCHEMATHESIS_HOOKS": "tests.compat.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", "--no-color"]
    run = subprocess.run(
        [*program, f"{served['url']}/openapi.json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    selected = re.search(r"Selected: (\d+)/(\d+)\n\s+Tested: (\d+)", run.stdout)
    assert selected is not None, run.stdout
    assert selected[1] == selected[2] == selected[3], selected[0]
    assert "✅ Stateful" in run.stdout
