"""Rules for all tests: Hypothesis profiles, no skips in CI, a table of the time that each suite took; real servers."""

import atexit
import os
import shutil
import signal
import tempfile
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.fixtures import (
    cyrus_server,
    dav_server,
    postgres_migrated_url,
    postgres_server,
    postgres_template,
    postgres_url,
    radicale_server,
    sabre_server,
    sandbox_process,
    xandikos_server,
)
from tests.servers.process import MEMORY, in_memory
from tests.soak import FOLDER, SOAK, Soak, state

__all__ = [
    "cyrus_server",
    "dav_server",
    "postgres_migrated_url",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "radicale_server",
    "sabre_server",
    "sandbox_process",
    "xandikos_server",
]

# Nothing is judged by its time: the machine may be busy with other things.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("soak", parent=settings.get_profile("default"), max_examples=20_000)
settings.load_profile("soak" if SOAK else "default")


if not SOAK and "TMPDIR" not in os.environ and in_memory():
    # Of what is flushed the crash suites alone judge anything, and they bring their own disks.
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None

if "PYTHONPYCACHEPREFIX" not in os.environ:
    # What programs that the tests start have compiled is kept for the next ones, beside all sources; workers inherit it.
    compiled = tempfile.mkdtemp(prefix="polydex-pycache-")
    os.environ["PYTHONPYCACHEPREFIX"] = compiled
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So begin programs that a shell starts in the background; what the tests start would be deaf to Ctrl-C as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    # Under xdist the workers report to the controller, which alone sees everything.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Suites(no_skips=os.environ.get("CI") == "true"), "polydex-suites")
    if SOAK:
        controls = not hasattr(config, "workerinput")
        config.pluginmanager.register(Soak(FOLDER / f"{state()}.jsonl", controls=controls), "polydex-soak")


class Suites:
    """Counts tests and seconds per directory below tests/, and in CI makes the run fail when something was skipped."""

    def __init__(self, *, no_skips: bool) -> None:
        self.no_skips = no_skips
        self.tests: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        suite = "/".join(report.nodeid.partition("::")[0].split("/")[:-1][:2]) or "."
        self.tests[suite] += report.when == "setup"
        # Seconds as a float: Counter's type speaks of int, its arithmetic of any number.
        self.seconds[suite] += report.duration  # type: ignore[assignment]  # a Counter counts seconds, too
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skip(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skip(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.no_skips and self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.tests:
            terminalreporter.section("time per suite (summed over processes)")
            for suite in sorted(self.tests):
                terminalreporter.line(f"{suite:<24}{self.tests[suite]:>8} tests{self.seconds[suite]:>10.1f} s")
            total, seconds = sum(self.tests.values()), sum(self.seconds.values())
            terminalreporter.line(f"{'all':<24}{total:>8} tests{seconds:>10.1f} s")
        if self.no_skips and self.skipped:
            terminalreporter.section("skipped, which in CI is a failure", red=True)
            for line in self.skipped:
                terminalreporter.line(line)

    def _skip(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        self.skipped.append(f"{report.nodeid}: {reason}")
