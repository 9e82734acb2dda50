"""``python -m bench [NAME ...]``: all benches, or those that are named."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from bench.bulk_apply import bulk_apply
from bench.exchange import first_sync_exchange
from bench.first_sync import first_sync, poll
from bench.google import first_sync_google
from bench.microsoft import first_sync_microsoft
from bench.reads import reads, size
from bench.serving import busy, disk, idle

BENCHES: dict[str, Callable[[], None]] = {
    "first-sync": first_sync,
    "poll": poll,
    "first-sync-google": first_sync_google,
    "first-sync-microsoft": first_sync_microsoft,
    "first-sync-exchange": first_sync_exchange,
    "bulk-apply": bulk_apply,
    "reads": reads,
    "size": size,
    "idle": idle,
    "disk": disk,
    "busy": busy,
}


def machine() -> str:
    """What the figures were measured on."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    return (
        f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"load {load} before the first bench"
    )


def main(names: list[str]) -> int:
    """Run benches by name; none: all of them."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"No such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"{machine()}\n", flush=True)
    for name in names or BENCHES:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
