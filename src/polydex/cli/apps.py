"""``polydex apps``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from polydex.cli.common import Common, common_of, note, run, write, write_json, write_table

if TYPE_CHECKING:
    from polydex.app import Polydex
    from polydex.engine.accounts import NewApp

app = App(name="apps", help="Applications: the back ends that use the API.", help_format="plaintext")


@app.command
def create(name: Annotated[str, Parameter(help="What people call it.")], /, *, common: Common | None = None) -> None:
    """Register an application and show its credentials, this once."""
    common = common_of(common)

    async def work(polydex: Polydex) -> dict[str, str]:
        return credentials_of(await polydex.accounts.create_app(name))

    made = run(common, work, new=True)
    if common.json:
        write_json(made)
        return
    write_credentials(made)
    note("Keep them now: the secrets are not shown again.")


@app.command(name="list")
def list_(*, common: Common | None = None) -> None:
    """List the applications."""
    from polydex.core.body import rfc3339

    common = common_of(common)

    async def work(polydex: Polydex) -> list[dict[str, str]]:
        found = await polydex.accounts.list_apps()
        return [{"name": a.name, "clientId": a.client_id, "createdAt": rfc3339(a.created_at)} for a in found]

    found = run(common, work)
    if common.json:
        write_json(found)
    else:
        rows = [(each["name"], each["clientId"], each["createdAt"]) for each in found]
        write_table(("Name", "Client id", "Created"), rows, "No application yet: polydex apps create NAME")


def credentials_of(app: NewApp) -> dict[str, str]:
    """What is shown of a new application, this once: ``clientId``, ``clientSecret``, ``signingSecret``."""
    return {"clientId": app.client_id, "clientSecret": app.client_secret, "signingSecret": app.signing_secret}


def write_credentials(made: dict[str, str]) -> None:
    """The same for people."""
    write(f"Client id       {made['clientId']}")
    write(f"Client secret   {made['clientSecret']}")
    write(f"Signing secret  {made['signingSecret']}")
