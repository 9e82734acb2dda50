"""Microsoft accounts from the command line, on the sandbox: connected, kept alive, looked at."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Role, now_ms, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden, TokenDead, TokenRefreshFailed
from polydex.engine.accounts import AccountSpec
from tests.cli.doctor import Installation, certificate, change, examine, web, wrong
from tests.cli.shell import Shell
from tests.microsoft.users import PERSONAL, SECRET, TENANT, User, admit, settings
from tests.servers.sandbox import SandboxServer

OTHER = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def microsoft(sandbox_server: SandboxServer) -> SandboxServer:
    return sandbox_server


@pytest.fixture
def ada(microsoft: SandboxServer) -> User:
    return User.new(microsoft)


@pytest.fixture
def shell(tmp_path: Path, microsoft: SandboxServer) -> Shell:
    return Shell(tmp_path / "data", settings(microsoft))


@pytest.fixture
def place(tmp_path: Path, microsoft: SandboxServer) -> Installation:
    made = Installation(tmp_path / "data")
    made.more |= settings(microsoft)
    return made


def add(shell: Shell, *words: str, **tokens: Any) -> str:
    """Connect; with tokens, or as the words say."""
    given = ("--tokens-stdin", *words) if tokens else words
    added = shell.json("accounts", "add", "microsoft", *given, stdin=json.dumps(tokens))
    assert set(added) - {"application"} == {"accountId", "accessToken"}
    return str(added["accountId"])


async def connect(place: Installation, grant: Grant, login: str | None = None, **more: str) -> int:
    """The account's number."""
    async with open_app(Config.load(place.env(**more)), Role.TOOL) as app:
        apps = await app.accounts.list_apps()
        owner = apps[0].id if apps else (await app.accounts.create_app("tests")).id
        saved = await app.accounts.upsert(owner, AccountSpec("Office365", login=login, grant=grant))
        await app.pulls.run_due()
        await app.pulls.wait_idle()
        return int(saved.account_id)


def test_an_account_is_connected_and_synchronised_dies_and_lives_again(shell: Shell, ada: User) -> None:
    ada.strictly()
    ada.control("POST", "/microsoft/contacts", {"contacts": [{"givenName": "Bo", "surname": "Example"}]})
    account = add(shell, refresh_token=ada.grants(), expires_in=3599)
    shown = shell.json("accounts", "show", account)
    assert (shown["serviceType"], shown["tokenStatus"], shown["loginString"]) == ("Office365", "active", ada.email)
    assert (shown["type"], shown["daemon"]) == ("personal", False)
    assert shown["tokens"]["refreshable"] is True
    assert "tenant" not in shown["tokens"]
    assert "Tokens    renewed by themselves" in shell.run("accounts", "show", account).stdout
    shell.json("sync", account)
    listed = shell.json("contacts", "list", account)
    assert [contact["name"]["givenName"] for contact in listed["records"]] == ["Bo"]

    ada.withdraws()
    assert "connect again" in shell.fails(6, "sync", account)
    shown = shell.json("accounts", "show", account)
    assert (shown["tokenStatus"], "withdrawn" in shown["tokenError"]) == ("dead", True)
    asked = len(ada.requests("/"))
    shell.fails(6, "sync", account)
    assert len(ada.requests("/")) == asked  # no call is made any more
    assert add(shell, refresh_token=ada.grants()) == account
    shell.json("sync", account)
    assert shell.json("accounts", "show", account)["tokenStatus"] == "active"


def test_the_application_itself_has_access_to_a_mailbox(shell: Shell, ada: User) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    ada.control("POST", "/microsoft/contacts", {"contacts": [{"givenName": "Bo"}]})
    account = add(shell, "--tenant", TENANT, "--mailbox", ada.email)
    shown = shell.json("accounts", "show", account)
    assert (shown["type"], shown["daemon"], shown["loginString"]) == ("daemon", True, ada.email)
    assert shown["tokens"]["tenant"] == TENANT
    assert f"of the application itself, in the tenant {TENANT}" in shell.run("accounts", "show", account).stdout
    shell.json("sync", account)
    listed = shell.json("contacts", "list", account)
    assert [contact["name"]["givenName"] for contact in listed["records"]] == ["Bo"]
    assert add(shell, "--tenant", TENANT, "--mailbox", ada.email) == account


@pytest.mark.parametrize(
    ("command", "tokens", "message"),
    [
        (["microsoft"], "", "--tokens-stdin, or --tenant and --mailbox"),
        (["microsoft", "--tokens-stdin", "--login", "ada@example.com"], "", "--login"),
        (
            ["microsoft", "--tokens-stdin", "--tenant", TENANT, "--mailbox", "ada@example.com"],
            "{}",
            "user's own access",
        ),
        (["microsoft", "--tenant", TENANT], "", "belong together"),
        (["microsoft", "--mailbox", "ada@example.com"], "", "belong together"),
        (["microsoft", "--tenant", "common", "--mailbox", "ada@example.com"], "", "must be one tenant"),
        (["microsoft", "--tenant", "a/b", "--mailbox", "ada@example.com"], "", "must be one tenant"),
        (["microsoft", "--tenant", TENANT, "--mailbox", "a/b"], "", "--mailbox must be"),
        (["google", "--tenant", TENANT, "--mailbox", "ada@example.com"], "", "are for microsoft"),
        (["microsoft", "--tokens-stdin"], "[]", "no JSON object"),
        (["microsoft", "--tokens-stdin"], '{"refresh_token": "r", "client_id": "x"}', "POLYDEX_MICROSOFT_CLIENT_ID"),
    ],
)
def test_what_does_not_fit_is_told(shell: Shell, command: list[str], tokens: str, message: str) -> None:
    assert message in shell.fails(2, "accounts", "add", *command, stdin=tokens)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"CLIENT_SECRET": "wrong"}, TokenRefreshFailed, "check POLYDEX_MICROSOFT_CLIENT_SECRET"),
        ({"CLIENT_ID": ""}, TokenRefreshFailed, "has to set POLYDEX_MICROSOFT_CLIENT_ID"),
        ({"CLIENT_ID": OTHER}, TokenRefreshFailed, "POLYDEX_MICROSOFT_CLIENT_ID"),
        ({"scopes": ["User.Read"]}, TokenDead, "not granted"),
        ({"scopes": ["Contacts.ReadWrite"]}, ProviderForbidden, "User.Read"),
        ({"withdrawn": True}, TokenDead, "withdrawn"),
    ],
)
async def test_tokens_that_are_of_no_use_are_not_stored(
    place: Installation, ada: User, changes: dict[str, Any], error: type[PolydexError], message: str
) -> None:
    given = {"scopes": changes["scopes"]} if "scopes" in changes else {}
    token = ada.grants(**given)
    if "withdrawn" in changes:
        ada.withdraws()
    env = {f"POLYDEX_MICROSOFT_{name}": value for name, value in changes.items() if name.isupper()}
    with pytest.raises(error, match=message):
        await connect(place, Grant("", token), **env)
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.list(None, limit=10)).total == 0


@pytest.mark.parametrize(
    ("tenant", "mailbox", "error", "message"),
    [
        (OTHER, None, TokenRefreshFailed, "no such tenant|administrator"),
        (TENANT, "nobody@example.com", ProviderForbidden, "mailbox"),
    ],
)
async def test_an_application_that_was_not_let_in_is_told(
    place: Installation, ada: User, tenant: str, mailbox: str | None, error: type[PolydexError], message: str
) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    with pytest.raises(error, match=message):
        await connect(place, Grant("", application=tenant), mailbox or ada.email)


async def test_an_application_without_the_permission_is_told(place: Installation, ada: User) -> None:
    admit(ada.sandbox)
    with pytest.raises(ProviderForbidden, match="not granted"):
        await connect(place, Grant("", application=TENANT), ada.email)


async def test_a_personal_account_is_refreshed_where_it_belongs(place: Installation, microsoft: SandboxServer) -> None:
    bo = User.new(microsoft, tenant=PERSONAL)
    bo.control("PUT", "/quirks/identity-microsoft-common-refresh", {})
    account = await connect(place, Grant("", bo.grants()))
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.get(account)).token_status == "active"
    assert [(each["path"].split("/")[1], each["status"]) for each in bo.requests("/") if "token" in each["path"]] == [
        ("common", 400), ("consumers", 200),
    ]  # fmt: skip


async def test_a_user_who_may_only_read_has_books_that_are_read_only(place: Installation, ada: User) -> None:
    account = await connect(place, Grant("", ada.grants(scopes=["Contacts.Read", "User.Read"])))
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        books = (await app.accounts.status(account)).sources
    assert books
    assert all(book.read_only for book in books)
    looked = await examine(place, account)
    assert wrong(looked) == {"account.scopes": "warning"}
    assert "Entra" in looked["account.scopes"]["mend"]


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_everything_is_in_order(place: Installation, ada: User) -> None:
    ada.strictly()
    account = await connect(place, Grant("", ada.grants()))
    assert wrong(await examine(place)) == {}
    looked = await examine(place)  # with another refresh token
    assert wrong(looked) == {}
    names = ["microsoft.client", "microsoft.token", "microsoft.api", "account.state"]
    names += [f"account.{each}" for each in ("dns", "tcp", "token", "scopes", "login", "book", "poll")]
    assert [name for name in names if name not in looked] == []
    assert SECRET not in json.dumps(looked)
    assert {step.get("accountId") for name, step in looked.items() if name.startswith("account.")} == {account}
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.ping(await app.accounts.get(account))).token_status == "active"


async def test_the_application_s_own_access_is_in_order(place: Installation, ada: User) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    place.more |= settings(ada.sandbox, TENANT)
    account = await connect(place, Grant("", application=TENANT), ada.email)
    looked = await examine(place)
    assert wrong(looked) == {}
    assert "accepts the id and the secret" in looked["microsoft.token"]["found"]
    assert "application itself" in looked["account.token"]["found"]
    assert "account.scopes" not in looked
    admit(ada.sandbox)
    looked = await examine(place, account)
    assert wrong(looked) == {"account.login": "failed"}
    assert "application permission Contacts.ReadWrite" in looked["account.login"]["mend"]
    ada.sandbox.control("DELETE", f"/accounts/{ada.id}")
    looked = await examine(place, account)
    assert wrong(looked) == {"account.login": "failed"}


@pytest.mark.parametrize(
    ("setting", "value", "step", "word", "mend"),
    [
        ("MICROSOFT_CLIENT_SECRET", "wrong", "microsoft.token", "client secret", "copy the value"),
        ("MICROSOFT_CLIENT_SECRET", "", "microsoft.client", "POLYDEX_MICROSOFT_CLIENT_SECRET is missing", "SECRET"),
        ("MICROSOFT_CLIENT_ID", OTHER, "microsoft.token", "no application of this id", "application (client) id"),
        ("MICROSOFT_TOKEN_URL", "http://127.0.0.1:9/t/token", "microsoft.token", "cannot be reached", "MICROSOFT_"),
        ("GRAPH_API_URL", "http://127.0.0.1:9", "microsoft.api", "accepts a connection", "POLYDEX_GRAPH_API_URL"),
    ],
)
async def test_what_is_wrong_with_the_registration_is_named(
    place: Installation, setting: str, value: str, step: str, word: str, mend: str
) -> None:
    await place.create()
    place.more[f"POLYDEX_{setting}"] = value
    looked = await examine(place)
    assert wrong(looked) == {step: "failed"}
    assert word in looked[step]["found"]
    assert mend in looked[step]["mend"]


@pytest.mark.parametrize(
    ("setting", "value", "word"), [("CLIENT_ID", "my-app", "client) id"), ("CLIENT_SECRET", OTHER, "id of a secret")]
)
async def test_what_is_easily_mistaken_is_warned_of(place: Installation, setting: str, value: str, word: str) -> None:
    await place.create()
    place.more[f"POLYDEX_MICROSOFT_{setting}"] = value
    looked = await examine(place)
    assert looked["microsoft.client"]["state"] == "warning"
    assert word in looked["microsoft.client"]["found"]


async def test_a_registration_that_is_not_set_is_not_asked_for(place: Installation) -> None:
    await place.create()
    looked = await examine(place, POLYDEX_MICROSOFT_CLIENT_ID="", POLYDEX_MICROSOFT_CLIENT_SECRET="")
    assert not [name for name in looked if name.startswith("microsoft.")]


@pytest.mark.parametrize(
    ("body", "status", "state", "word"),
    [
        (b'{"status":"ok"}', 200, "warning", "not https"),
        (b"<html>", 200, "warning", "does not answer as Polydex"),
        (b"", 502, "warning", "does not answer as Polydex"),
    ],
)
async def test_where_providers_are_to_call_is_looked_at(
    place: Installation, body: bytes, status: int, state: str, word: str
) -> None:
    await place.create()
    with web(status=status, body=body) as url:
        looked = await examine(place, POLYDEX_PUBLIC_URL=url)
    assert (looked["push"]["state"], word in looked["push"]["found"]) == (state, True)
    assert f"{url}health" in looked["push"]["mend"]


async def test_an_address_that_leads_to_polydex_is_in_order(place: Installation, tmp_path: Path) -> None:
    await place.create()
    day = dt.timedelta(days=1)
    tls = certificate(tmp_path, begins=-day, ends=day * 30)
    with web(body=b'{"status":"ok"}', tls=tls) as url:
        looked = await examine(place, POLYDEX_PUBLIC_URL=url, POLYDEX_CA_BUNDLE=str(tls))
    assert looked["push"]["state"] == "ok"
    looked = await examine(place, POLYDEX_PUBLIC_URL="https://127.0.0.1:9")
    assert looked["push"]["state"] == "warning"
    assert "push" not in await examine(place)


async def test_an_account_says_how_its_changes_are_found(place: Installation, ada: User) -> None:
    account = await connect(place, Grant("", ada.grants()))
    looked = await examine(place, account)
    assert wrong(looked) == {}
    assert looked["account.push"]["found"].startswith("Changes are found by polls. ")
    change(
        place,
        "UPDATE watch SET url = 'https://x.example.com', error_code = ?, error_message = ?, due_at = NULL",
        "x",
        "No",
    )
    looked = await examine(place, account)
    assert wrong(looked) == {"account.push": "warning"}
    change(place, "UPDATE watch SET error_code = NULL, channel = 'c', expires_at = ?", now_ms() + 3600_000)
    looked = await examine(place, account)
    assert looked["account.push"]["found"] == "The provider tells of changes by itself."


async def test_an_account_that_ends_is_told(place: Installation, ada: User) -> None:
    account = await connect(place, Grant(ada.access()))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "warning"}
    assert "offline_access" in looked["account.token"]["mend"]
    await connect(place, Grant("", ada.grants()))
    ada.withdraws()
    looked = await examine(place, account)
    assert wrong(looked)["account.token"] == "failed"
    assert "polydex accounts add microsoft --tokens-stdin" in looked["account.token"]["mend"]


async def test_a_policy_of_the_organisation_does_not_end_the_account(place: Installation, ada: User) -> None:
    account = await connect(place, Grant("", ada.grants()))
    ada.control("PUT", "/quirks/identity-microsoft-interaction", {"kind": "policy"})
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "failed"}
    assert "Conditional Access" in looked["account.token"]["mend"]
    ada.control("DELETE", "/quirks")
    later = now_ms() + 7200_000
    async with open_app(Config.load(place.env()), Role.TOOL, clock=lambda: later) as app:
        assert (await app.accounts.ping(await app.accounts.get(account))).token_status == "active"
