"""The suites for a real account, on the sandbox: so they work on the day that somebody has one."""

from __future__ import annotations

import pytest

from tests.google.test_live_suite import run
from tests.microsoft.users import CLIENT, SECRET, TENANT, User, admit
from tests.servers.sandbox import SandboxServer


@pytest.mark.parametrize("daemon", [False, True])
def test_the_suite_passes_and_leaves_nothing_behind(sandbox_server: SandboxServer, daemon: bool) -> None:
    user = User.new(sandbox_server)
    user.control("POST", "/microsoft/contacts", {"contacts": [{"givenName": "Old", "surname": "Friend"}]})
    given = {
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": SECRET,
        "API_URL": sandbox_server.url,
        "TOKEN_URL": f"{sandbox_server.url}/common/oauth2/v2.0/token",
        "ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    if daemon:
        admit(sandbox_server, "Contacts.ReadWrite")
        given |= {"TENANT": TENANT, "MAILBOX": user.email}
    else:
        given["REFRESH_TOKEN"] = user.grants()
    done = run("-q", **{f"POLYDEX_LIVE_MICROSOFT_{name}": value for name, value in given.items()})
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    left = user.control("GET", "/microsoft/contacts")["contacts"]
    assert [contact["surname"] for contact in left] == ["Friend"]
