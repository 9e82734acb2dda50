"""The long runs of ``make soak``: what has passed is remembered, so that they can be interrupted and gone on with."""

import hashlib
import json
import os
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".soak"
SOAK = os.environ.get("POLYDEX_SOAK") == "1"
SEED = int(os.environ.get("POLYDEX_SEED", "20261124"))
"""Of everything that is drawn at random; another one plays other runs."""
MET, MUST_MEET = "met", "must meet"
"""Properties that a test records: what its runs met and how often, and what all runs of its kind must meet together."""


def state() -> str:
    """Names what is judged: the code, the tests, and the settings of the runs. With another one nothing has passed."""
    digest = hashlib.sha256()
    for folder in ("src", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update(repr(sorted((k, v) for k, v in os.environ.items() if k.startswith("POLYDEX_"))).encode())
    return digest.hexdigest()[:16]


class Soak:
    """Leaves out what has passed before, remembers what passes, and in the end asks whether everything was met.

    Args:
        path: of the file that remembers: one JSON object for each test that has passed.
        controls: this process writes; under xdist the controller, to which the others report.
    """

    def __init__(self, path: Path, *, controls: bool) -> None:
        self.path = path
        self.controls = controls
        self.passed: dict[str, dict[str, object]] = {}
        self.before = 0
        self.missing: list[str] = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self.passed[entry["test"]] = entry
        self.before = len(self.passed)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        known = [item for item in items if item.nodeid in self.passed]
        if known:
            config.hook.pytest_deselected(items=known)
            items[:] = [item for item in items if item.nodeid not in self.passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not self.controls or report.when != "call" or not report.passed:
            return
        entry: dict[str, object] = {"seed": SEED, "test": report.nodeid}
        entry |= {name: value for name, value in report.user_properties if name in (MET, MUST_MEET)}
        self.passed[report.nodeid] = entry
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.controls:
            return
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.before:
            session.exitstatus = pytest.ExitCode.OK
        if session.exitstatus == pytest.ExitCode.OK:
            self.missing = self.unmet()
            if self.missing:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def unmet(self) -> list[str]:
        """What all runs of a kind together should have met, and have not."""
        met: dict[str, Counter[str]] = {}
        must: dict[str, set[str]] = {}
        for test, entry in self.passed.items():
            kind = test.partition("[")[0]
            counts, wanted = entry.get(MET), entry.get(MUST_MEET)
            met.setdefault(kind, Counter()).update(counts if isinstance(counts, dict) else {})
            must.setdefault(kind, set()).update(wanted if isinstance(wanted, list) else [])
        return [f"{kind}: {name}" for kind in sorted(must) for name in sorted(must[kind]) if not met[kind][name]]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.controls:
            return
        terminalreporter.section("soak")
        terminalreporter.line(f"seed {SEED}; {self.before} passed before, {len(self.passed) - self.before} now")
        terminalreporter.line(f"remembered in {self.path.relative_to(ROOT)}, for as long as nothing is changed")
        for line in self.missing:
            terminalreporter.line(f"never met: {line}", red=True)
