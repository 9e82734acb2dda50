"""`polydex sandbox` as a process: its output, its port, its end; and what only a real connection can show."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.servers.process import LOOPBACK
from tests.servers.sandbox import SandboxServer

POLYDEX = [sys.executable, "-m", "polydex", "sandbox"]


def start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*POLYDEX, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], by: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(by)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_its_address_and_the_settings(by: signal.Signals) -> None:
    process = start("--port", "0")
    try:
        assert process.stdout is not None
        first, *lines = [process.stdout.readline() for _ in range(13)]
        url = first.split()[2]
        settings = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        assert settings["POLYDEX_GOOGLE_API_URL"] == url
        assert settings["POLYDEX_GOOGLE_TOKEN_URL"] == f"{url}/token"
        assert settings["POLYDEX_GRAPH_API_URL"] == url
        assert settings["POLYDEX_MICROSOFT_TOKEN_URL"] == f"{url}/common/oauth2/v2.0/token"
        assert settings["POLYDEX_ALLOW_PRIVATE_NETWORKS"] == "127.0.0.0/8"
        assert httpx.get(f"{url}/control/health").json()["status"] == "ok"
    finally:
        end(process, by)


def test_as_json() -> None:
    process = start("--port", "0", "--json")
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert set(told) == {"url", "control", "environment"}
        assert told["environment"]["POLYDEX_GOOGLE_API_URL"] == told["url"]
        made = httpx.post(f"{told['control']}/accounts", json={"email": "ada@example.com"}).json()
        assert told["environment"]["POLYDEX_GOOGLE_CLIENT_ID"] == made["clientId"]
        assert told["environment"]["POLYDEX_GOOGLE_CLIENT_SECRET"] == made["clientSecret"]
        proof = {
            "client_id": told["environment"]["POLYDEX_MICROSOFT_CLIENT_ID"],
            "client_secret": told["environment"]["POLYDEX_MICROSOFT_CLIENT_SECRET"],
        }
        given = {"grant_type": "refresh_token", "refresh_token": made["microsoftRefreshToken"], **proof}
        fresh = httpx.post(told["environment"]["POLYDEX_MICROSOFT_TOKEN_URL"], data=given).json()
        headers = {"Authorization": f"Bearer {fresh['access_token']}"}
        contacts = f"{told['environment']['POLYDEX_GRAPH_API_URL']}/v1.0/me/contacts"
        assert httpx.post(contacts, json={"givenName": "Ada"}, headers=headers).status_code == 201
    finally:
        end(process)


def test_a_port_that_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*POLYDEX, "--port", port], capture_output=True, text=True, check=False, env={**os.environ}
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"Cannot listen on 127.0.0.1, port {port}:")


@pytest.mark.parametrize("quirk", ["google-drop-before", "google-drop-after"])
def test_a_dropped_connection(sandbox_server: SandboxServer, quirk: str) -> None:
    account: dict[str, Any] = sandbox_server.new_account()
    sandbox_server.control("PUT", f"/accounts/{account['id']}/quirks/{quirk}", {"count": 1})
    body = {"names": [{"givenName": "Ada"}]}
    with httpx.Client(
        base_url=sandbox_server.url, headers={"Authorization": f"Bearer {account['accessToken']}"}
    ) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post("/v1/people:createContact", json=body)
        people = http.get("/v1/people/me/connections?personFields=names").json().get("connections", [])
    assert len(people) == (quirk == "google-drop-after")
    logged = sandbox_server.control("GET", f"/requests?account={account['id']}&method=POST")["requests"]
    assert [(one["operation"], one["status"], one["body"]) for one in logged] == [("people.createContact", None, body)]
