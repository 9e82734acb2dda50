"""``polydex apps``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from polydex.cli.common import Common, common_of, note, run, write, write_json, write_table

if TYPE_CHECKING:
    from polydex.app import Polydex

app = App(name="apps", help="Applications: the back ends that use the API.", help_format="plaintext")


@app.command
def create(name: str, /, *, common: Common | None = None) -> None:
    """Register an application and show its credentials, this once.

    Parameters
    ----------
    name
        What people call it.
    """
    common = common_of(common)

    async def work(polydex: Polydex) -> dict[str, str]:
        made = await polydex.accounts.create_app(name)
        return {
            "clientId": made.client_id,
            "clientSecret": made.client_secret,
            "signingSecret": made.signing_secret,
        }

    made = run(common, work, new=True)
    if common.json:
        write_json(made)
        return
    write(f"Client id       {made['clientId']}")
    write(f"Client secret   {made['clientSecret']}")
    write(f"Signing secret  {made['signingSecret']}")
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
