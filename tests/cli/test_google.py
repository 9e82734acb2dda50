"""Google accounts from the command line, on the sandbox: connected, kept alive, looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden, TokenDead, TokenRefreshFailed
from polydex.engine.accounts import AccountSpec
from tests.cli.doctor import Installation, examine, wrong
from tests.cli.shell import Shell
from tests.google.users import CONTACTS, SECRET, User, settings
from tests.servers.sandbox import SandboxServer

WEEK = 7 * 86_400


@pytest.fixture
def google(sandbox_server: SandboxServer) -> SandboxServer:
    return sandbox_server


@pytest.fixture
def ada(google: SandboxServer) -> User:
    return User.new(google)


@pytest.fixture
def shell(tmp_path: Path, google: SandboxServer) -> Shell:
    return Shell(tmp_path / "data", settings(google))


@pytest.fixture
def place(tmp_path: Path, google: SandboxServer) -> Installation:
    made = Installation(tmp_path / "data")
    made.more |= settings(google)
    return made


def add(shell: Shell, **tokens: Any) -> str:
    added = shell.json("accounts", "add", "google", "--tokens-stdin", stdin=json.dumps(tokens))
    assert set(added) - {"application"} == {"accountId", "accessToken"}
    return str(added["accountId"])


async def connect(place: Installation, grant: Grant, **more: str) -> int:
    """The account's number."""
    async with open_app(Config.load(place.env(**more)), Role.TOOL) as app:
        apps = await app.accounts.list_apps()
        owner = apps[0].id if apps else (await app.accounts.create_app("tests")).id
        saved = await app.accounts.upsert(owner, AccountSpec("Google", grant=grant))
        await app.pulls.run_due()
        await app.pulls.wait_idle()
        return int(saved.account_id)


def test_an_account_is_connected_and_synchronised_dies_and_lives_again(shell: Shell, ada: User) -> None:
    person = {"names": [{"givenName": "Bo", "familyName": "Example"}]}
    assert len(ada.control("POST", "/google/contacts", {"people": [person]})["resourceNames"]) == 1
    account = add(shell, refresh_token=ada.grants(), expires_in=3599)
    shown = shell.json("accounts", "show", account)
    assert (shown["serviceType"], shown["tokenStatus"], shown["loginString"]) == ("Google", "active", ada.email)
    assert shown["tokens"]["refreshable"] is True
    assert "refreshEndsAt" not in shown["tokens"]
    assert "serverUrl" not in shown
    assert "Tokens    renewed by themselves" in shell.run("accounts", "show", account).stdout
    shell.json("sync", account)
    listed = shell.json("contacts", "list", account)
    assert [contact["name"]["givenName"] for contact in listed["records"]] == ["Bo"]

    ada.withdraws()
    assert "connect again" in shell.fails(6, "sync", account)
    shown = shell.json("accounts", "show", account)
    assert (shown["tokenStatus"], "revoked" in shown["tokenError"]) == ("dead", True)
    asked = len(ada.requests("/"))
    shell.fails(6, "sync", account)
    assert len(ada.requests("/")) == asked  # no call is made any more
    assert add(shell, refresh_token=ada.grants()) == account
    shell.json("sync", account)
    assert shell.json("accounts", "show", account)["tokenStatus"] == "active"


def test_an_access_token_alone_is_good_for_as_long_as_it_lasts(shell: Shell, ada: User) -> None:
    access = ada.access()
    account = add(shell, token=access, expiry="2099-03-09T12:30:00.000000Z")
    shown = shell.json("accounts", "show", account)
    assert shown["tokens"] == {"refreshable": False, "accessEndsAt": "2099-03-09T12:30:00.000Z"}
    assert "no refresh token" in shell.run("accounts", "show", account).stdout
    ada.control("POST", "/tokens/revoke", {"accessToken": access})
    shell.fails(6, "sync", account)
    assert shell.json("accounts", "show", account)["tokenStatus"] == "invalid"


@pytest.mark.parametrize(
    ("command", "tokens", "message"),
    [
        (["google"], "", "give them on standard input with --tokens-stdin"),
        (["google", "--tokens-stdin", "--login", "ada@example.com"], "", "--login"),
        (["carddav", "--server", "https://example.com", "--login", "ada", "--tokens-stdin"], "", "is for google"),
        (["google", "--tokens-stdin"], "[]", "no JSON object"),
    ],
)
def test_what_does_not_fit_is_told(shell: Shell, command: list[str], tokens: str, message: str) -> None:
    assert message in shell.fails(2, "accounts", "add", *command, stdin=tokens)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"CLIENT_SECRET": "wrong"}, TokenRefreshFailed, "check POLYDEX_GOOGLE_CLIENT_ID and POLYDEX_GOOGLE_CLIENT_S"),
        ({"CLIENT_ID": ""}, TokenRefreshFailed, "has to set POLYDEX_GOOGLE_CLIENT_ID"),
        ({"CLIENT_SECRET": ""}, TokenRefreshFailed, "has to set POLYDEX_GOOGLE_CLIENT_SECRET"),
        ({"scopes": ["openid"]}, ProviderForbidden, "Google"),
        ({"client": "another"}, TokenRefreshFailed, "not given to this OAuth client"),
        ({"withdrawn": True}, TokenDead, "revoked or expired"),
    ],
)
async def test_tokens_that_are_of_no_use_are_not_stored(
    place: Installation, ada: User, changes: dict[str, Any], error: type[PolydexError], message: str
) -> None:
    given = {"scopes": changes["scopes"]} if "scopes" in changes else {}
    if "client" in changes:
        given["clientId"] = ada.sandbox.control("POST", "/clients", {})["clientId"]
    token = ada.grants(**given)
    if "withdrawn" in changes:
        ada.withdraws()
    env = {f"POLYDEX_GOOGLE_{name}": value for name, value in changes.items() if name.isupper()}
    with pytest.raises(error, match=message):
        await connect(place, Grant("", token), **env)
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.list(None, limit=10)).total == 0


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_everything_is_in_order(place: Installation, ada: User) -> None:
    account = await connect(place, Grant("", ada.grants()))
    looked = await examine(place)
    assert wrong(looked) == {}
    names = ["google.client", "google.token", "google.api", "account.state"]
    names += [f"account.{each}" for each in ("dns", "tcp", "token", "scopes", "login", "book", "poll")]
    assert [name for name in names if name not in looked] == []
    assert SECRET not in json.dumps(looked)
    assert {step.get("accountId") for name, step in looked.items() if name.startswith("account.")} == {account}


async def test_a_client_that_is_not_set_is_not_asked_for(place: Installation, ada: User) -> None:
    await place.create()
    looked = await examine(place, POLYDEX_GOOGLE_CLIENT_ID="", POLYDEX_GOOGLE_CLIENT_SECRET="")
    assert not [name for name in looked if name.startswith("google.")]
    await connect(place, Grant("", ada.grants()))
    looked = await examine(place, POLYDEX_GOOGLE_CLIENT_ID="", POLYDEX_GOOGLE_CLIENT_SECRET="")
    assert "POLYDEX_GOOGLE_CLIENT_ID" in looked["account.token"]["found"]
    assert wrong(looked) == {"account.token": "failed"}


@pytest.mark.parametrize(
    ("setting", "value", "step", "word"),
    [
        ("CLIENT_SECRET", "wrong", "google.token", "does not accept the OAuth client"),
        ("CLIENT_SECRET", "", "google.client", "POLYDEX_GOOGLE_CLIENT_SECRET is missing"),
        ("CLIENT_ID", "5-none.apps.googleusercontent.com", "google.token", "OAuth client"),
        ("TOKEN_URL", "http://127.0.0.1:9/token", "google.token", "cannot be reached"),
        ("API_URL", "http://127.0.0.1:9", "google.api", "accepts a connection"),
    ],
)
async def test_what_is_wrong_with_the_client_is_named(
    place: Installation, setting: str, value: str, step: str, word: str
) -> None:
    await place.create()
    place.more[f"POLYDEX_GOOGLE_{setting}"] = value
    looked = await examine(place)
    assert wrong(looked) == {step: "failed"}
    assert word in looked[step]["found"]
    assert "POLYDEX_GOOGLE_" in looked[step]["mend"]


async def test_a_client_id_that_is_none_is_warned_of(place: Installation) -> None:
    await place.create()
    looked = await examine(place, POLYDEX_GOOGLE_CLIENT_ID="me@example.com")
    assert looked["google.client"]["state"] == "warning"


async def test_a_client_in_testing_mode_is_predicted_to_end(place: Installation, ada: User) -> None:
    client = ada.sandbox.control("POST", "/clients", {"testing": True})
    place.more |= {
        "POLYDEX_GOOGLE_CLIENT_ID": client["clientId"],
        "POLYDEX_GOOGLE_CLIENT_SECRET": client["clientSecret"],
    }
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        ends = app.ctx.clock() + WEEK * 1000 - 60_000
    account = await connect(place, Grant("", ada.grants(clientId=client["clientId"]), refresh_expires_at=ends))
    found = (await examine(place, account))["account.token"]
    assert (found["state"], "in 6 days: the OAuth client is in testing mode" in found["found"]) == ("warning", True)
    assert "Publish the OAuth client" in found["mend"]
    shell = Shell(place.folder, place.more)
    assert "testing mode" in shell.run("accounts", "show", str(account)).stdout


async def test_an_account_that_may_only_read_is_warned_of(place: Installation, ada: User) -> None:
    account = await connect(place, Grant("", ada.grants(scopes=[f"{CONTACTS}.readonly"])))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.scopes": "warning"}
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        [book] = (await app.accounts.status(account)).sources
        assert book.read_only


async def test_an_account_whose_access_ends_is_told(place: Installation, ada: User) -> None:
    account = await connect(place, Grant(ada.access()))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "warning"}
    assert "no refresh token" in looked["account.token"]["found"]
    await connect(place, Grant("", ada.grants()))
    ada.withdraws()
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "failed"}
    assert "polydex accounts add google --tokens-stdin" in looked["account.token"]["mend"]
