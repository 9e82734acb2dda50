"""Google accounts from the command line, on the sandbox: connected, kept alive, looked at."""

from __future__ import annotations

import pytest

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from tests.cli.connecting import add, connect
from tests.cli.doctor import Installation, examine, wrong
from tests.cli.shell import Shell
from tests.google.users import CONTACTS, GOOGLE, User
from tests.providers.users import Service

WEEK = 7 * 86_400


@pytest.fixture
def service() -> Service:
    return GOOGLE


def test_an_access_token_alone_is_good_for_as_long_as_it_lasts(shell: Shell, ada: User) -> None:
    access = ada.access()
    account = add(GOOGLE, shell, token=access, expiry="2099-03-09T12:30:00.000000Z")
    shown = shell.json("accounts", "show", account)
    assert shown["tokens"] == {"refreshable": False, "accessEndsAt": "2099-03-09T12:30:00.000Z"}
    assert "no refresh token" in shell.run("accounts", "show", account).stdout
    ada.control("POST", "/tokens/revoke", {"accessToken": access})
    shell.fails(6, "sync", account)
    assert shell.json("accounts", "show", account)["tokenStatus"] == "invalid"


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_a_client_that_is_not_set_is_not_asked_for(place: Installation, ada: User) -> None:
    await place.create()
    looked = await examine(place, POLYDEX_GOOGLE_CLIENT_ID="", POLYDEX_GOOGLE_CLIENT_SECRET="")
    assert not [name for name in looked if name.startswith("google.")]
    await connect(GOOGLE, place, Grant("", ada.grants()))
    looked = await examine(place, POLYDEX_GOOGLE_CLIENT_ID="", POLYDEX_GOOGLE_CLIENT_SECRET="")
    assert "POLYDEX_GOOGLE_CLIENT_ID" in looked["account.token"]["found"]
    assert wrong(looked) == {"account.token": "failed"}


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
    account = await connect(GOOGLE, place, Grant("", ada.grants(clientId=client["clientId"]), refresh_expires_at=ends))
    found = (await examine(place, account))["account.token"]
    assert (found["state"], "in 6 days: the OAuth client is in testing mode" in found["found"]) == ("warning", True)
    assert "Publish the OAuth client" in found["mend"]
    shell = Shell(place.folder, place.more)
    assert "testing mode" in shell.run("accounts", "show", str(account)).stdout


async def test_an_account_that_may_only_read_is_warned_of(place: Installation, ada: User) -> None:
    account = await connect(GOOGLE, place, Grant("", ada.grants(scopes=[f"{CONTACTS}.readonly"])))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.scopes": "warning"}
    async with open_app(Config.load(place.env()), Role.TOOL) as app:
        [book] = (await app.accounts.status(account)).sources
        assert book.read_only


async def test_an_account_whose_access_ends_is_told(place: Installation, ada: User) -> None:
    account = await connect(GOOGLE, place, Grant(ada.access()))
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "warning"}
    assert "no refresh token" in looked["account.token"]["found"]
    await connect(GOOGLE, place, Grant("", ada.grants()))
    ada.withdraws()
    looked = await examine(place, account)
    assert wrong(looked) == {"account.token": "failed"}
    assert "polydex accounts add google --tokens-stdin" in looked["account.token"]["mend"]
