"""``polydex doctor``."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from polydex.cli.common import Common, common_of, console, note, write, write_json
from polydex.cli.errors import FAILED
from polydex.core.errors import BadRequest

if TYPE_CHECKING:
    from rich.text import Text

    from polydex.cli.doctor.examination import Server
    from polydex.engine.doctor.step import Step

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


def doctor(
    account: Annotated[
        int | None,
        Parameter(name="ACCOUNT", help="Look at this account only.", validator=Number(gte=1, lt=2**63)),
    ] = None,
    /,
    *,
    server: Annotated[
        str | None,
        Parameter(name=("--server", "--server-url"), help="Try a server for which there is no account yet."),
    ] = None,
    service: Annotated[
        Literal["carddav", "exchange"] | None, Parameter(help="What kind of server it is; by default carddav.")
    ] = None,
    login: Annotated[
        str | None, Parameter(help="Login name at that server; without it, only the way to it is tried.")
    ] = None,
    password_stdin: Annotated[bool, Parameter(help="Read the password of --login from standard input.")] = False,
    deadline: Annotated[
        float, Parameter(help="Seconds that everything may take.", validator=Number(gt=0, lte=3600))
    ] = 120.0,
    common: Common | None = None,
) -> None:
    """Find out what is wrong: each step says what was found, and how to mend it.

    Works on a broken installation, beside a running server, and without a network. Changes nothing, neither here nor at
    the provider, but that access tokens are renewed as by any synchronisation.
    """
    from polydex import log
    from polydex.cli.doctor import settings
    from polydex.cli.doctor.examination import Examination
    from polydex.core.ids import AccountId
    from polydex.engine.doctor.step import State

    common = common_of(common)
    if server is not None and account is not None:
        raise BadRequest("Give ACCOUNT or --server, not both")
    if server is None and (login is not None or password_stdin or service is not None):
        raise BadRequest("--service, --login and --password-stdin belong to --server")
    if (login is not None) != password_stdin:
        raise BadRequest("--login needs --password-stdin, and the other way round")
    log.setup("error", _NoLog())  # type: ignore[arg-type]  # has what is called
    config, steps = settings.load(os.environ, common.data_dir)
    tried = None if server is None else _server(server, service or "carddav", login)
    examination = Examination(config, deadline, AccountId(account) if account is not None else None, tried)

    async def work() -> None:
        async for step in examination.run():
            steps.append(step)

    asyncio.run(work())
    if common.json:
        write_json({"ok": not _count(steps, State.FAILED), "steps": [shown(step) for step in steps]})
    else:
        _write(steps, whole=account is not None)
    if _count(steps, State.FAILED):
        sys.stdout.flush()
        raise SystemExit(FAILED)


def _server(url: str, service: str, login: str | None) -> Server:
    from polydex.cli.credentials import SERVICE_TYPES, read_password
    from polydex.cli.doctor.examination import Server
    from polydex.connectors.carddav.provider import CARDDAV
    from polydex.connectors.exchange.provider import EXCHANGE
    from polydex.connectors.provider import Credentials

    provider, service_type = EXCHANGE if service == "exchange" else CARDDAV, SERVICE_TYPES[service]
    # A password is wanted to complete the address, and not kept when there is none.
    given = Credentials(login or "", read_password() if login is not None else "", url)
    try:
        whole = provider.prepare(service_type, Credentials(given.login or "none", given.password or "none", url))
    except BadRequest as error:
        raise BadRequest(error.message.replace("serverUrl", "--server")) from None
    credentials = Credentials(given.login, given.password, whole.server_url)
    again = f"polydex accounts add {service} --server {shlex.quote(whole.server_url or url)}"
    return Server(service_type, credentials, again)


class _NoLog:
    """The steps say everything."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return


def _count(steps: Iterable[Step], state: Any) -> int:
    return sum(step.state is state for step in steps)


def shown(step: Step) -> dict[str, Any]:
    """A step as JSON: ``step``, ``state``, ``found``, and where they are ``mend`` and ``accountId``."""
    told: dict[str, Any] = {"step": step.name, "state": step.state.value, "found": step.found}
    if step.mend:
        told["mend"] = step.mend
    if step.account is not None:
        told["accountId"] = int(step.account)
    return told


def _write(steps: list[Step], *, whole: bool) -> None:
    """For people; accounts in which everything is in order get one line each, unless one was asked for."""
    from polydex.engine.doctor.step import State

    rows = list(_rows(steps, whole=whole))
    if sys.stdout.isatty():
        out = console()
        for step in rows:
            out.print(_line(step))
    else:
        for step in rows:
            about = f"{step.name} {step.account}" if step.account is not None else step.name
            write(f"{step.state.value}\t{about}\t{step.found}\t{step.mend}".rstrip("\t"))
    bad, doubtful = _count(steps, State.FAILED), _count(steps, State.WARNING)
    note(
        f"{len(steps)} steps: {bad} failed, {doubtful} warnings."
        if bad or doubtful
        else f"{len(steps)} steps: nothing is wrong."
    )


def _rows(steps: list[Step], *, whole: bool) -> Iterator[Step]:
    from polydex.engine.doctor.step import State, Step

    for number, group in groupby(steps, key=lambda step: step.account):
        found = list(group)
        if number is None or whole:
            yield from found
            continue
        bad = [step for step in found if step.state is not State.OK]
        yield from bad or [Step("account", State.OK, f"All {len(found)} steps are in order.", "", number)]


def _line(step: Step) -> Text:
    from rich.text import Text

    style = _STYLES[step.state.value]
    line = Text.assemble((f"{step.state.value:<8}", style), (f"{step.name}", "bold"))
    if step.account is not None:
        line.append(f" (account {step.account})")
    line.append(f"  {step.found}")
    if step.mend:
        line.append(f"\n        {step.mend}", style="cyan" if step.state.value != "skipped" else "dim")
    return line
