"""Exchange accounts from the command line, on the sandbox: connected, synchronised, looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.engine.accounts import AccountSpec
from tests.cli.doctor import Installation, command, examine, web, wrong
from tests.cli.shell import Shell
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

PASSWORD = "open sesame"
BOB = {"contacts": [{"GivenName": "Bo"}]}


@pytest.fixture
def settings(sandbox_server: SandboxServer) -> dict[str, str]:
    return {
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "POLYDEX_EXCHANGE_AUTODISCOVER_URL": f"{sandbox_server.url}/autodiscover/autodiscover.xml",
    }


@dataclass
class Person:
    """Somebody with a mailbox, and the login of a directory."""

    server: SandboxServer
    email: str
    id: str

    @classmethod
    def new(cls, server: SandboxServer, **exchange: Any) -> Person:
        made = server.new_account(exchange={"password": PASSWORD, **exchange})
        return cls(server, made["email"], made["id"])

    @property
    def login(self) -> str:
        return "EXAMPLE\\" + self.email.partition("@")[0]

    def has(self, **exchange: Any) -> None:
        self.server.control("PUT", f"/accounts/{self.id}/exchange/settings", exchange)

    def control(self, verb: str, path: str, given: Any = None) -> Any:
        return self.server.control(verb, f"/accounts/{self.id}/exchange{path}", given)

    def asked(self) -> list[dict[str, Any]]:
        return list(self.server.control("GET", f"/requests?account={self.id}&path=/EWS")["requests"])


@pytest.fixture
def ada(sandbox_server: SandboxServer) -> Person:
    return Person.new(sandbox_server)


def add(shell: Shell, person: Person, *words: str, password: str = PASSWORD, login: str = "") -> str:
    given = ("--login", login or person.email, "--password-stdin", *words)
    return str(shell.json("accounts", "add", "exchange", *given, stdin=password + "\n")["accountId"])


async def connect(place: Installation, person: Person, **more: Any) -> int:
    """Connect and synchronise; the account's number."""
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        owner = await app.accounts.create_app("tests")
        given = {"login": person.email, "password": PASSWORD, "server_url": person.server.url, **more}
        saved = await app.accounts.upsert(owner.id, AccountSpec("EWS", **given))
        await app.pulls.run_due()
        await app.pulls.wait_idle()
        return int(saved.account_id)


@pytest.mark.parametrize(
    "auth", [(), ("--auth", "auto"), ("--auth", "ntlm"), ("--auth", "negotiate"), ("--auth", "basic")]
)
def test_a_mailbox_is_connected_and_synchronised(shell: Shell, ada: Person, auth: tuple[str, ...]) -> None:
    ada.control("POST", "/contacts", {"count": 3, "seed": 1})
    account = add(shell, ada, "--server", ada.server.url, *auth)
    shown = shell.json("accounts", "show", account)
    assert (shown["serviceType"], shown["loginString"]) == ("EWS", ada.email)
    assert shown["serverUrl"] == f"{ada.server.url}/EWS/Exchange.asmx"
    assert shown.get("authMethod") == (auth[1] if auth else None)
    assert "mailbox" not in shown
    shell.json("sync", account)
    assert len(shell.json("contacts", "list", account)["records"]) == 3
    made = shell.json("contacts", "create", account, stdin='{"name": {"givenName": "Grace"}}')
    assert shell.json("contacts", "get", account, made["id"])["name"]["givenName"] == "Grace"
    assert add(shell, ada, "--server", ada.server.url, login=ada.login) == account


def test_the_server_is_found_by_the_address(shell: Shell, ada: Person) -> None:
    account = add(shell, ada)
    assert shell.json("accounts", "show", account)["serverUrl"] == f"{ada.server.url}/EWS/Exchange.asmx"
    message = shell.fails(6, "accounts", "add", "exchange", "--login", ada.email, "--password-stdin", stdin="wrong")
    assert "refused the credentials" in message


def test_a_service_account_opens_the_mailbox_that_it_may_impersonate(shell: Shell, ada: Person) -> None:
    service = Person.new(ada.server, impersonates=[ada.email])
    words = ("--server", ada.server.url, "--mailbox", ada.email, "--auth", "ntlm")
    account = add(shell, service, *words, login=service.login)
    shown = shell.json("accounts", "show", account)
    told = {name: shown[name] for name in ("loginString", "email", "mailbox", "authMethod")}
    assert told == {"loginString": service.login, "email": ada.email, "mailbox": ada.email, "authMethod": "ntlm"}
    lines = shell.run("accounts", "show", account).stdout.splitlines()
    assert f"Mailbox   {ada.email}" in lines
    assert "Login by  ntlm" in lines
    shell.json("sync", account)
    # It is the mailbox that counts, not who has opened it.
    assert add(shell, ada, "--server", ada.server.url) == account
    assert "mailbox" not in shell.json("accounts", "show", account)
    stranger = Person.new(ada.server)
    message = shell.fails(
        6, "accounts", "add", "exchange", "--login", stranger.email, "--password-stdin", *words, stdin=PASSWORD
    )
    assert "ApplicationImpersonation" in message


def test_an_address_that_somebody_else_has_been_given_is_another_mailbox(shell: Shell, ada: Person) -> None:
    """Nobody's contacts become those of whoever had the address before, and none of hers counts as deleted."""
    ada.control("POST", "/contacts", {"count": 3, "seed": 1})
    service = Person.new(ada.server, impersonates=True)
    words = ("--server", ada.server.url, "--mailbox", ada.email)
    account = add(shell, service, *words, login=service.login)
    shell.json("sync", account)
    before = shell.json("contacts", "list", account)["records"]
    ada.server.control("DELETE", f"/accounts/{ada.id}")
    heir = ada.server.new_account(email=ada.email, exchange={"password": PASSWORD})
    ada.server.control("POST", f"/accounts/{heir['id']}/exchange/contacts", {"count": 2, "seed": 7})
    refused = shell.run("sync", account)
    assert refused.returncode != 0
    assert "leads to another mailbox than before" in refused.stderr
    assert shell.json("contacts", "list", account)["records"] == before
    assert add(shell, service, *words, login=service.login) != account


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("exchange", "--server", "outlook.office365.com"), "as Office365"),
        (("exchange", "--server", "ftp://mail.example.com"), "--server is not an address"),
        (("exchange", "--login", "EXAMPLE\\ada"), "--server is missing"),
        (("exchange", "--mailbox", "ada", "--server", "mail.example.com"), "mailbox is not an e-mail address"),
        (("exchange", "--auth", "bearer"), "--server is missing"),
        (("exchange", "--tenant", "t"), "--tenant is for microsoft"),
        (("carddav", "--server", "dav.example.com", "--auth", "basic"), "--auth is for exchange"),
        (("carddav", "--server", "dav.example.com", "--mailbox", "a@example.com"), "--mailbox is for"),
        (("microsoft", "--auth", "basic"), "--auth is for exchange"),
    ],
)
def test_what_does_not_fit_is_told_before_anybody_is_asked(shell: Shell, words: tuple[str, ...], message: str) -> None:
    shell.json("apps", "create", "tests")
    login = () if "--login" in words or words[0] == "microsoft" else ("--login", "ada@example.com")
    password = () if words[0] == "microsoft" else ("--password-stdin",)
    assert message in shell.fails(2, "accounts", "add", *words, *login, *password, stdin="secret")


# --- Extended Protection ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls_server() -> Iterator[SandboxServer]:
    with sandbox.serve(https=True) as running:
        yield running


@pytest.mark.parametrize("auth", ["auto", "ntlm", "negotiate"])
def test_extended_protection_lets_a_login_in_that_is_bound_to_the_certificate(
    tls_server: SandboxServer, tmp_path: Path, auth: str
) -> None:
    ada = Person.new(tls_server, extendedProtection="require")
    shell = Shell(
        tmp_path / "data",
        {"POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8", "POLYDEX_CA_BUNDLE": str(tls_server.authority)},
    )
    account = add(shell, ada, "--server", tls_server.url, "--auth", auth)
    shell.json("sync", account)
    looked = command(Installation(shell.folder, shell.more | {"POLYDEX_PORT": "0"}), account)
    assert looked["account.login"]["state"] == "ok"
    assert "bearer" not in looked["account.login"]["found"]


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_an_account_that_is_in_order(place: Installation, ada: Person) -> None:
    account = await connect(place, ada)
    looked = await examine(place, account)
    assert wrong(looked) == {}
    assert [name for name in looked if name.startswith("account.")] == [
        "account.push", "account.state", "account.dns", "account.tcp", "account.http", "account.login", "account.mailbox",
        "account.book", "account.poll",
    ]  # fmt: skip
    assert "offers Negotiate, NTLM, Basic" in looked["account.http"]["found"]
    assert "accepted (NTLM)" in looked["account.login"]["found"]


@pytest.mark.parametrize("method", ["", "basic", "negotiate"])
async def test_a_refused_login(place: Installation, ada: Person, method: str) -> None:
    account = await connect(place, ada, method=method)
    ada.has(password="another one")
    looked = await examine(place, account)
    assert wrong(looked) == {"account.login": "failed"}
    mend = looked["account.login"]["mend"]
    assert "Outlook on the web" in mend
    assert "Extended Protection" not in mend  # over http there is nothing to be bound to
    server = f"--server {ada.server.url}/EWS/Exchange.asmx"
    assert f"polydex accounts add exchange {server}" + (f" --auth {method}" if method else "") in mend


async def test_extended_protection_is_named_beside_the_password(
    tls_server: SandboxServer, tmp_path: Path, place: Installation
) -> None:
    ada = Person.new(tls_server)
    place.more["POLYDEX_CA_BUNDLE"] = str(tls_server.authority)
    account = await connect(place, ada, method="ntlm")
    ada.has(password="another one")
    looked = await examine(place, account)
    assert wrong(looked) == {"account.login": "failed"}
    assert "Extended Protection" in looked["account.login"]["mend"]


async def test_an_impersonation_that_was_taken_back(place: Installation, ada: Person) -> None:
    service = Person.new(ada.server, impersonates=[ada.email])
    account = await connect(place, service, mailbox=ada.email)
    assert "by impersonation" in (await examine(place, account))["account.mailbox"]["found"]
    service.has(impersonates=[])
    looked = await examine(place, account)
    assert wrong(looked) == {"account.mailbox": "failed"}
    assert "New-ManagementRoleAssignment -Role ApplicationImpersonation" in looked["account.mailbox"]["mend"]


def test_a_server_for_which_there_is_no_account_yet(place: Installation, ada: Person) -> None:
    words = ("--server", ada.server.url, "--service", "exchange")
    looked = command(place, *words)
    assert wrong(looked) == {}
    assert "offers Negotiate, NTLM, Basic" in looked["server.http"]["found"]
    assert "server.login" not in looked
    login = (*words, "--login", ada.email, "--password-stdin")
    assert command(place, *login, stdin=PASSWORD)["server.poll"]["state"] == "ok"
    refused = command(place, *login, stdin="wrong")["server.login"]
    assert refused["state"] == "failed"
    assert f"polydex accounts add exchange --server {ada.server.url}/EWS/Exchange.asmx" in refused["mend"]
    online = Shell(place.folder, place.more).fails(
        2, "doctor", "--server", "outlook.office365.com", "--service", "exchange"
    )
    assert "as Office365" in online


@pytest.mark.parametrize(
    ("status", "word"), [(404, "no Exchange Web Services"), (503, "too busy"), (500, "failed"), (302, "another page")]
)
async def test_a_server_that_is_none(place: Installation, ada: Person, status: int, word: str) -> None:
    account = await connect(place, ada)
    with web(status=status) as url:
        async with open_app(Config.load(place.env()), Role.TOOL) as app:
            await app.ctx.db.write(lambda tx: tx.run("UPDATE account SET server_url = ?", f"{url}EWS/Exchange.asmx"))
        looked = await examine(place, account)
    assert wrong(looked) == {"account.http": "failed"}
    assert word in looked["account.http"]["found"]
