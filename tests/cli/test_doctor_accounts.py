"""``polydex doctor`` on the way to the provider: it names the step at which the way ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.doctor import DAY, Installation, certificate, change, command, examine, picture, web, wrong
from tests.servers.dav import DavAccount, DavServer
from tests.servers.process import LOOPBACK, free_port
from tests.servers.proxy import BlackHole, proxy_to

STEPS = ("dns", "tcp", "http", "login", "discovery", "book", "poll")


@dataclass
class Synced(Installation):
    """With the account 1, whose address book is up to date."""

    login: DavAccount = field(default_factory=lambda: DavAccount("", "", ""))
    book: str = ""


@pytest.fixture
async def synced(tmp_path: Path, radicale: DavServer) -> Synced:
    login = radicale.new_account()
    made = Synced(tmp_path / "data", login=login, book=radicale.create_book(login))
    assert await made.create(radicale.url, login) == 1
    return made


@pytest.fixture
def alone(tmp_path: Path) -> Installation:
    """Nothing, for looks at a server before there is an account."""
    return Installation(tmp_path / "data")


def reached(steps: dict[str, dict[str, object]]) -> list[str]:
    return [name.partition(".")[2] for name in steps if re.match(r"(account|server)\.(?!state)", name)]


async def test_everything_is_in_order_and_stays_as_it_is(synced: Synced, radicale: DavServer) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Ada Example\r\nN:Example;Ada;;;\r\nEND:VCARD\r\n"
    radicale.request("PUT", f"{synced.book}1.vcf", card, {"Content-Type": "text/vcard"}, synced.login)
    there, here = radicale.list_book(synced.book, synced.login), picture(synced.folder)
    steps = await examine(synced)
    assert wrong(steps) in ({}, {"dns": "warning"})
    assert tuple(reached(steps)) == STEPS
    assert {steps[f"account.{name}"]["accountId"] for name in STEPS} == {1}
    assert steps["clock.providers"]["state"] == "ok"
    assert radicale.list_book(synced.book, synced.login) == there
    assert picture(synced.folder) == here


async def test_nothing_listens(synced: Synced) -> None:
    change(synced, "UPDATE account SET server_url = ?", f"http://{LOOPBACK}:{free_port()}/")
    steps = await examine(synced)
    assert wrong(steps) | {"dns": "ok"} == {"account.tcp": "failed", "dns": "ok"}
    assert "firewall" in steps["account.tcp"]["mend"]


async def test_a_name_that_nobody_knows(synced: Synced) -> None:
    change(synced, "UPDATE account SET server_url = 'https://dav.invalid/'")
    step = (await examine(synced))["account.dns"]
    assert step["state"] == "failed"
    assert "getent hosts dav.invalid" in step["mend"]


async def test_an_address_that_is_not_allowed(synced: Synced) -> None:
    step = (await examine(synced, POLYDEX_ALLOW_PRIVATE_NETWORKS="192.168.1.0/24"))["account.dns"]
    assert step["state"] == "failed"
    assert "POLYDEX_ALLOW_PRIVATE_NETWORKS" in step["mend"]


async def test_a_server_that_takes_requests_and_does_not_answer(synced: Synced, radicale: DavServer) -> None:
    async with proxy_to(radicale.url) as proxy:
        proxy.play(BlackHole())
        change(synced, "UPDATE account SET server_url = ?", proxy.url(radicale.url))
        steps = await examine(synced)
    assert reached(steps) == ["dns", "tcp", "http"]
    assert steps["account.http"]["state"] == "failed"
    assert "curl -v" in steps["account.http"]["mend"]


async def test_everything_together_has_a_deadline(synced: Synced, radicale: DavServer) -> None:
    async with proxy_to(radicale.url) as proxy:
        proxy.play(BlackHole())
        change(synced, "UPDATE account SET server_url = ?", proxy.url(radicale.url))
        step = (await examine(synced, seconds=2))["account.time"]
    assert step["state"] == "skipped"
    assert "polydex doctor 1" in step["mend"]


async def test_a_server_that_fails(synced: Synced) -> None:
    with web(status=503) as url:
        change(synced, "UPDATE account SET server_url = ?", url)
        step = (await examine(synced))["account.http"]
    assert step["state"] == "failed"
    assert "503" in step["found"]


async def test_credentials_that_are_refused(synced: Synced) -> None:
    change(synced, "UPDATE account SET login = 'somebody', token_status = 'invalid'")
    steps = await examine(synced)
    assert reached(steps) == ["dns", "tcp", "http", "login"]
    assert steps["account.login"]["state"] == steps["account.state"]["state"] == "failed"
    assert "polydex accounts add carddav --server http" in steps["account.login"]["mend"]


async def test_a_server_without_address_books(synced: Synced) -> None:
    with web(status=404) as url:
        change(synced, "UPDATE account SET server_url = ?", url)
        steps = await examine(synced)
    assert reached(steps) == ["dns", "tcp", "http", "discovery"]
    assert steps["account.discovery"]["state"] == "failed"


async def test_an_address_book_that_is_gone(synced: Synced, radicale: DavServer) -> None:
    radicale.create_book(synced.login)
    assert radicale.request("DELETE", synced.book, account=synced.login).status == 200
    steps = await examine(synced)
    assert reached(steps) == ["dns", "tcp", "http", "login", "discovery", "book"]
    assert steps["account.book"]["state"] == "failed"


async def test_a_secret_of_another_account(synced: Synced) -> None:
    change(synced, "UPDATE account SET secret = x'0102'")
    step = (await examine(synced))["account.secret"]
    assert step["state"] == "failed"
    assert "polydex accounts add" in step["mend"]


async def test_what_the_database_knows_of_an_account(synced: Synced) -> None:
    change(
        synced,
        "UPDATE source SET halted_walk = 1, halted_count = 12, error_code = 'provider.malformed', error_message = 'x'",
    )
    change(
        synced,
        "INSERT INTO contact (account_id, source_id, key, stable_key, live, touch, verify_due) "
        "SELECT account_id, id, '/x.vcf', '/x.vcf', 0, 1, 1 FROM source WHERE is_default = 1",
    )
    steps = await examine(synced, 1)
    assert {name for name in wrong(steps) if name != "dns"} == {"account.halted", "account.deferred", "account.pull"}
    assert "polydex accounts approve 1" in steps["account.halted"]["mend"]
    assert steps["account.halted"]["found"].startswith("12 ")
    assert steps["account.deferred"]["found"].startswith("1 ")
    assert "provider.malformed" in steps["account.pull"]["found"]


async def test_an_account_that_was_ended_is_not_called(synced: Synced) -> None:
    change(synced, "UPDATE account SET token_status = 'dead', secret = NULL")
    steps = await examine(synced)
    assert steps["account.state"]["state"] == "failed"
    assert steps["account.provider"]["state"] == "skipped"
    assert reached(steps) == ["provider"]


async def test_clocks_that_differ(alone: Installation) -> None:
    for ahead, side in ((10_800.0, "3 hours behind"), (-10_800.0, "3 hours ahead of")):
        with web(ahead=ahead) as url:
            step = (await examine(alone, server=url))["clock.providers"]
        assert step["state"] == "warning"
        assert side in step["found"]
        assert urlsplit(url).netloc in step["found"]
        assert "timedatectl" in step["mend"]


@pytest.mark.parametrize(
    ("begins", "ends", "known", "state", "says"),
    [
        (-DAY, 90 * DAY, False, "failed", "self-signed"),
        (-2 * DAY, -DAY, True, "failed", "expired"),
        (DAY, 90 * DAY, True, "failed", "not yet valid"),
        (-DAY, 5 * DAY + timedelta(hours=1), True, "warning", "in 5 days"),
        (-DAY, 90 * DAY, True, "ok", "TLSv1"),
    ],
)
async def test_certificates(
    alone: Installation, tmp_path: Path, begins: timedelta, ends: timedelta, known: bool, state: str, says: str
) -> None:
    made = certificate(tmp_path, begins=begins, ends=ends)
    alone.more |= {"POLYDEX_CA_BUNDLE": str(made)} if known else {}
    with web(tls=made) as url:
        steps = await examine(alone, server=url)
    assert steps["server.tls"]["state"] == state
    assert says in steps["server.tls"]["found"]
    assert reached(steps) == ["dns", "tcp", "tls", *(["http"] if state != "failed" else [])]
    if not known:
        assert "POLYDEX_CA_BUNDLE" in steps["server.tls"]["mend"]
    if ends < timedelta(0):
        assert steps["ca-bundle"]["state"] == "warning"


def test_a_server_before_there_is_an_account(alone: Installation, radicale: DavServer) -> None:
    login = radicale.new_account()
    radicale.create_book(login)
    words = ("--server", radicale.url, "--login", login.user, "--password-stdin")
    steps = command(alone, *words, stdin=login.password + "\n")
    assert wrong(steps) in ({}, {"dns": "warning"})
    assert tuple(reached(steps)) == STEPS
    steps = command(alone, *words, stdin="wrong")
    assert steps["server.login"]["state"] == "failed"
    assert f"polydex accounts add carddav --server {radicale.url}" in steps["server.login"]["mend"]
    assert not alone.folder.exists()
