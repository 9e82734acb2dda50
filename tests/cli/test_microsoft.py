"""Microsoft accounts from the command line, on the sandbox: connected, kept alive, looked at."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from polydex.app import Role, now_ms, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden, TokenRefreshFailed
from tests.cli.connecting import add, connect
from tests.cli.doctor import Installation, certificate, change, examine, web, wrong
from tests.cli.shell import Shell
from tests.microsoft.users import MICROSOFT, PERSONAL, TENANT, User, admit, settings
from tests.providers.users import Service
from tests.servers.sandbox import SandboxServer

OTHER = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def service() -> Service:
    return MICROSOFT


def test_the_application_itself_has_access_to_a_mailbox(shell: Shell, ada: User) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    ada.control("POST", "/microsoft/contacts", {"contacts": [{"givenName": "Bo"}]})
    account = add(MICROSOFT, shell, "--tenant", TENANT, "--mailbox", ada.email)
    shown = shell.json("accounts", "show", account)
    assert (shown["type"], shown["daemon"], shown["loginString"]) == ("daemon", True, ada.email)
    assert shown["tokens"]["tenant"] == TENANT
    assert f"of the application itself, in the tenant {TENANT}" in shell.run("accounts", "show", account).stdout
    shell.json("sync", account)
    listed = shell.json("contacts", "list", account)
    assert [contact["name"]["givenName"] for contact in listed["records"]] == ["Bo"]
    assert add(MICROSOFT, shell, "--tenant", TENANT, "--mailbox", ada.email) == account


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
        await connect(MICROSOFT, place, Grant("", application=tenant), mailbox or ada.email)


async def test_an_application_without_the_permission_is_told(place: Installation, ada: User) -> None:
    admit(ada.sandbox)
    with pytest.raises(ProviderForbidden, match="not granted"):
        await connect(MICROSOFT, place, Grant("", application=TENANT), ada.email)


async def test_a_personal_account_is_refreshed_where_it_belongs(
    place: Installation, sandbox_server: SandboxServer
) -> None:
    bo = User.new(sandbox_server, tenant=PERSONAL)
    bo.control("PUT", "/quirks/identity-microsoft-common-refresh", {})
    account = await connect(MICROSOFT, place, Grant("", bo.grants()))
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        assert (await app.accounts.get(account)).token_status == "active"
    assert [(each["path"].split("/")[1], each["status"]) for each in bo.requests("/") if "token" in each["path"]] == [
        ("common", 400), ("consumers", 200),
    ]  # fmt: skip


async def test_a_user_who_may_only_read_has_books_that_are_read_only(place: Installation, ada: User) -> None:
    account = await connect(MICROSOFT, place, Grant("", ada.grants(scopes=["Contacts.Read", "User.Read"])))
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        books = (await app.accounts.status(account)).sources
    assert books
    assert all(book.read_only for book in books)
    looked = await examine(place, account)
    assert wrong(looked) == {"account.scopes": "warning"}
    assert "Entra" in looked["account.scopes"]["mend"]


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_the_application_s_own_access_is_in_order(place: Installation, ada: User) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    place.more |= settings(ada.sandbox, TENANT)
    account = await connect(MICROSOFT, place, Grant("", application=TENANT), ada.email)
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
    account = await connect(MICROSOFT, place, Grant("", ada.grants()))
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
    account = await connect(MICROSOFT, place, Grant(ada.access()))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "warning"}
    assert "offline_access" in looked["account.token"]["mend"]
    await connect(MICROSOFT, place, Grant("", ada.grants()))
    ada.withdraws()
    looked = await examine(place, account)
    assert wrong(looked)["account.token"] == "failed"
    assert "polydex accounts add microsoft --tokens-stdin" in looked["account.token"]["mend"]


async def test_a_policy_of_the_organisation_does_not_end_the_account(place: Installation, ada: User) -> None:
    account = await connect(MICROSOFT, place, Grant("", ada.grants()))
    ada.control("PUT", "/quirks/identity-microsoft-interaction", {"kind": "policy"})
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "failed"}
    assert "Conditional Access" in looked["account.token"]["mend"]
    ada.control("DELETE", "/quirks")
    later = now_ms() + 7200_000
    async with open_app(Config.load(place.env()), Role.TOOL, clock=lambda: later) as app:
        assert (await app.accounts.ping(await app.accounts.get(account))).token_status == "active"
