"""Tests against real accounts, collected only where the environment gives one: nothing is skipped elsewhere."""

from __future__ import annotations

import os

# What a test file needs -> the file. CONTRIBUTING.md says how to run them.
NEEDED = {
    "test_google.py": tuple(f"POLYDEX_LIVE_GOOGLE_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")),
    "test_microsoft.py": tuple(
        f"POLYDEX_LIVE_MICROSOFT_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")
    ),
    "test_microsoft_daemon.py": tuple(
        f"POLYDEX_LIVE_MICROSOFT_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT", "MAILBOX")
    ),
    **dict.fromkeys(
        ("test_exchange.py", "test_exchange_facts.py", "test_exchange_lists.py"),
        ("POLYDEX_LIVE_EXCHANGE_LOGIN", "POLYDEX_LIVE_EXCHANGE_PASSWORD"),
    ),
    "test_exchange_service.py": tuple(f"POLYDEX_LIVE_EXCHANGE_{name}" for name in ("LOGIN", "PASSWORD", "MAILBOX")),
}

collect_ignore = [name for name, variables in NEEDED.items() if not all(map(os.environ.get, variables))]
