"""Accounts with tokens from the command line, on the sandbox: connected, kept alive, looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden, TokenDead, TokenRefreshFailed
from tests.cli.connecting import add, connect
from tests.cli.doctor import Installation, examine, wrong
from tests.cli.shell import Shell
from tests.google.users import GOOGLE
from tests.microsoft.users import MICROSOFT, TENANT
from tests.providers.users import SandboxUser, Service

OTHER = "11111111-2222-3333-4444-555555555555"
"""The id of no application."""


def of_each(rows: dict[Service, list[tuple[Any, ...]]]) -> list[Any]:
    """Parameters: each row behind its service."""
    return [
        pytest.param(service, *row, id=f"{service.name}-{at}")
        for service in rows
        for at, row in enumerate(rows[service])
    ]


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=lambda service: service.name)
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.param
    return found


def test_an_account_is_connected_and_synchronised_dies_and_lives_again(
    service: Service, shell: Shell, ada: SandboxUser
) -> None:
    ada.strictly()
    ada.writes_down("Bo", "Example")
    account = add(service, shell, refresh_token=ada.grants(), expires_in=3599)
    shown = shell.json("accounts", "show", account)
    assert (shown["serviceType"], shown["tokenStatus"], shown["loginString"]) == (
        service.service_type,
        "active",
        ada.email,
    )
    assert (shown["type"], shown["daemon"]) == ("personal", False)
    assert shown["tokens"]["refreshable"] is True
    assert not {"refreshEndsAt", "tenant"} & shown["tokens"].keys()
    assert "serverUrl" not in shown
    assert "Tokens    renewed by themselves" in shell.run("accounts", "show", account).stdout
    shell.json("sync", account)
    listed = shell.json("contacts", "list", account)
    assert [contact["name"]["givenName"] for contact in listed["records"]] == ["Bo"]

    ada.withdraws()
    assert "connect again" in shell.fails(6, "sync", account)
    shown = shell.json("accounts", "show", account)
    assert (shown["tokenStatus"], service.withdrawn in shown["tokenError"]) == ("dead", True)
    asked = len(ada.requests("/"))
    shell.fails(6, "sync", account)
    assert len(ada.requests("/")) == asked  # no call is made any more
    assert add(service, shell, refresh_token=ada.grants()) == account
    shell.json("sync", account)
    assert shell.json("accounts", "show", account)["tokenStatus"] == "active"


APPLICATION = ["--tenant", TENANT, "--mailbox", "ada@example.com"]
UNFIT = {
    GOOGLE: [
        (["google"], "", "give them on standard input with --tokens-stdin"),
        (["google", "--tokens-stdin", "--login", "ada@example.com"], "", "--login"),
        (["carddav", "--server", "https://example.com", "--login", "ada", "--tokens-stdin"], "", "is for google"),
        (["google", "--tokens-stdin"], "[]", "no JSON object"),
    ],
    MICROSOFT: [
        (["microsoft"], "", "--tokens-stdin, or --tenant and --mailbox"),
        (["microsoft", "--tokens-stdin", "--login", "ada@example.com"], "", "--login"),
        (["microsoft", "--tokens-stdin", *APPLICATION], "{}", "user's own access"),
        (["microsoft", "--tenant", TENANT], "", "belong together"),
        (["microsoft", "--mailbox", "ada@example.com"], "", "belong together"),
        (["microsoft", "--tenant", "common", "--mailbox", "ada@example.com"], "", "must be one tenant"),
        (["microsoft", "--tenant", "a/b", "--mailbox", "ada@example.com"], "", "must be one tenant"),
        (["microsoft", "--tenant", TENANT, "--mailbox", "a/b"], "", "--mailbox must be"),
        (["google", *APPLICATION], "", "--tenant is for microsoft"),
        (["microsoft", "--tokens-stdin"], "[]", "no JSON object"),
        (["microsoft", "--tokens-stdin"], '{"refresh_token": "r", "client_id": "x"}', "POLYDEX_MICROSOFT_CLIENT_ID"),
    ],
}


@pytest.mark.parametrize(("service", "command", "tokens", "message"), of_each(UNFIT))
def test_what_does_not_fit_is_told(shell: Shell, command: list[str], tokens: str, message: str) -> None:
    assert message in shell.fails(2, "accounts", "add", *command, stdin=tokens)


USELESS = {
    GOOGLE: [
        ({"CLIENT_SECRET": "wrong"}, TokenRefreshFailed, "check POLYDEX_GOOGLE_CLIENT_ID and POLYDEX_GOOGLE_CLIENT_S"),
        ({"CLIENT_ID": ""}, TokenRefreshFailed, "has to set POLYDEX_GOOGLE_CLIENT_ID"),
        ({"CLIENT_SECRET": ""}, TokenRefreshFailed, "has to set POLYDEX_GOOGLE_CLIENT_SECRET"),
        ({"scopes": ["openid"]}, ProviderForbidden, "Google"),
        ({"client": "another"}, TokenRefreshFailed, "not given to this OAuth client"),
        ({"withdrawn": True}, TokenDead, "revoked or expired"),
    ],
    MICROSOFT: [
        ({"CLIENT_SECRET": "wrong"}, TokenRefreshFailed, "check POLYDEX_MICROSOFT_CLIENT_SECRET"),
        ({"CLIENT_ID": ""}, TokenRefreshFailed, "has to set POLYDEX_MICROSOFT_CLIENT_ID"),
        ({"CLIENT_ID": OTHER}, TokenRefreshFailed, "POLYDEX_MICROSOFT_CLIENT_ID"),
        ({"scopes": ["User.Read"]}, TokenDead, "not granted"),
        ({"scopes": ["Contacts.ReadWrite"]}, ProviderForbidden, "User.Read"),
        ({"withdrawn": True}, TokenDead, "withdrawn"),
    ],
}


@pytest.mark.parametrize(("service", "changes", "error", "message"), of_each(USELESS))
async def test_tokens_that_are_of_no_use_are_not_stored(
    place: Installation,
    ada: SandboxUser,
    service: Service,
    changes: dict[str, Any],
    error: type[PolydexError],
    message: str,
) -> None:
    given = {"scopes": changes["scopes"]} if "scopes" in changes else {}
    if "client" in changes:
        given["clientId"] = ada.sandbox.control("POST", "/clients", {})["clientId"]
    token = ada.grants(**given)
    if "withdrawn" in changes:
        ada.withdraws()
    env = {f"POLYDEX_{service.name.upper()}_{name}": value for name, value in changes.items() if name.isupper()}
    with pytest.raises(error, match=message):
        await connect(service, place, Grant("", token), **env)
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.list(None, limit=10)).total == 0


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_everything_is_in_order(place: Installation, ada: SandboxUser, service: Service) -> None:
    ada.strictly()
    account = await connect(service, place, Grant("", ada.grants()))
    assert wrong(await examine(place)) == {}
    looked = await examine(place)  # with another refresh token, where each is good for one use
    assert wrong(looked) == {}
    names = [*(f"{service.name}.{each}" for each in ("client", "token", "api")), "account.state"]
    names += [f"account.{each}" for each in ("dns", "tcp", "token", "scopes", "login", "book", "poll")]
    assert [name for name in names if name not in looked] == []
    assert service.secret not in json.dumps(looked)
    assert {step.get("accountId") for name, step in looked.items() if name.startswith("account.")} == {account}
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.ping(await app.accounts.get(account))).token_status == "active"


WRONG = {
    GOOGLE: [
        ("GOOGLE_CLIENT_SECRET", "wrong", "google.token", "does not accept the OAuth client", "POLYDEX_GOOGLE_"),
        ("GOOGLE_CLIENT_SECRET", "", "google.client", "POLYDEX_GOOGLE_CLIENT_SECRET is missing", "POLYDEX_GOOGLE_"),
        (
            "GOOGLE_CLIENT_ID",
            "5-none.apps.googleusercontent.com",
            "google.token",
            "OAuth client",
            "POLYDEX_GOOGLE_",
        ),
        ("GOOGLE_TOKEN_URL", "http://127.0.0.1:9/token", "google.token", "cannot be reached", "POLYDEX_GOOGLE_"),
        ("GOOGLE_API_URL", "http://127.0.0.1:9", "google.api", "accepts a connection", "POLYDEX_GOOGLE_"),
    ],
    MICROSOFT: [
        ("MICROSOFT_CLIENT_SECRET", "wrong", "microsoft.token", "client secret", "copy the value"),
        ("MICROSOFT_CLIENT_SECRET", "", "microsoft.client", "POLYDEX_MICROSOFT_CLIENT_SECRET is missing", "SECRET"),
        ("MICROSOFT_CLIENT_ID", OTHER, "microsoft.token", "no application of this id", "application (client) id"),
        ("MICROSOFT_TOKEN_URL", "http://127.0.0.1:9/t/token", "microsoft.token", "cannot be reached", "MICROSOFT_"),
        ("GRAPH_API_URL", "http://127.0.0.1:9", "microsoft.api", "accepts a connection", "POLYDEX_GRAPH_API_URL"),
    ],
}


@pytest.mark.parametrize(("service", "setting", "value", "step", "word", "mend"), of_each(WRONG))
async def test_what_is_wrong_with_the_client_is_named(
    place: Installation, setting: str, value: str, step: str, word: str, mend: str
) -> None:
    await place.create()
    place.more[f"POLYDEX_{setting}"] = value
    looked = await examine(place)
    assert wrong(looked) == {step: "failed"}
    assert word in looked[step]["found"]
    assert mend in looked[step]["mend"]
