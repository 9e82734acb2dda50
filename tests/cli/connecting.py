"""Accounts that are connected with tokens, at the command line and in this process."""

from __future__ import annotations

import json
from typing import Any

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.engine.accounts import AccountSpec
from tests.cli.doctor import Installation
from tests.cli.shell import Shell
from tests.providers.users import Service


def add(service: Service, shell: Shell, *words: str, **tokens: Any) -> str:
    """Connect, with tokens or as the words say; the account's number."""
    given = ("--tokens-stdin", *words) if tokens else words
    added = shell.json("accounts", "add", service.name, *given, stdin=json.dumps(tokens))
    assert set(added) - {"application"} == {"accountId", "accessToken"}
    return str(added["accountId"])


async def connect(
    service: Service, place: Installation, grant: Grant, login: str | None = None, **settings: str
) -> int:
    """Connect and synchronise; the account's number."""
    async with open_app(Config.load(place.env(**settings)), Role.TOOL) as app:
        apps = await app.accounts.list_apps()
        owner = apps[0].id if apps else (await app.accounts.create_app("tests")).id
        saved = await app.accounts.upsert(owner, AccountSpec(service.service_type, login=login, grant=grant))
        await app.pulls.run_due()
        await app.pulls.wait_idle()
        return int(saved.account_id)
