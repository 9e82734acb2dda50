"""The suite for a real mailbox, on the sandbox: so it works on the day that somebody has one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google.test_live_suite import run
from tests.servers.sandbox import SandboxServer

PASSWORD = "correct horse"


@pytest.mark.parametrize(("method", "impersonated"), [("basic", False), ("ntlm", True)])
def test_the_suite_passes_and_leaves_nothing_behind(
    sandbox_server: SandboxServer, method: str, impersonated: bool
) -> None:
    user = sandbox_server.new_account(name="Ada Example", exchange={"password": PASSWORD})

    def control(verb: str, path: str, body: Any = None) -> Any:
        return sandbox_server.control(verb, f"/accounts/{user['id']}/exchange/{path}", body)

    control("POST", "contacts", {"contacts": [{"GivenName": "Old", "Surname": "Friend"}]})
    folders = control("GET", "folders")
    given = {
        "SERVER_URL": sandbox_server.url,
        "LOGIN": user["email"],
        "PASSWORD": PASSWORD,
        "AUTH": method,
        "ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    if impersonated:
        service = sandbox_server.new_account(exchange={"password": PASSWORD, "impersonates": [user["email"]]})
        name = service["email"].partition("@")[0]
        given |= {"LOGIN": f"EXAMPLE\\{name}", "MAILBOX": user["email"]}
    done = run("-q", **{f"POLYDEX_LIVE_EXCHANGE_{name}": value for name, value in given.items()})
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
    assert [contact["Surname"] for contact in control("GET", "contacts")["contacts"]] == ["Friend"]
    assert control("GET", "deleted") == {"contacts": []}
    assert control("GET", "folders") == folders
