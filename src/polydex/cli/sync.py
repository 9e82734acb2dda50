"""``polydex sync``."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from polydex.cli.common import AccountNumber, Common, account_of, common_of, console, note, run, write, write_json
from polydex.cli.errors import explain
from polydex.core.errors import Internal, PolydexError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from polydex.app import Polydex
    from polydex.engine.accounts import SourceState
    from polydex.store.accounts import Account

_LOOK = 0.1
"""Seconds between two looks at the progress."""
_LONGEST = 24 * 3600.0
_FEED = 1000


def sync(
    account: AccountNumber,
    /,
    *,
    watch: Annotated[bool, Parameter(help="Go on, and write every change, until Ctrl-C.")] = False,
    common: Common | None = None,
) -> None:
    """Bring an account up to date now, and show how it goes."""
    common = common_of(common)

    async def work(polydex: Polydex) -> None:
        found = await account_of(polydex, account)
        began = time.monotonic()
        state = await _pull(polydex, found, common)
        _tell(account, state, time.monotonic() - began, common)
        if watch:
            await _watch(polydex, found, common)

    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        run(common, work)


async def _pull(polydex: Polydex, account: Account, common: Common) -> SourceState:
    """One pull of the default address book, with its progress."""
    async with _progress(common) as (progress, task):
        pull = asyncio.create_task(pull_now(polydex, account))
        try:
            while not pull.done():
                await asyncio.wait([pull], timeout=_LOOK)
                state = await _state(polydex, account)
                if state.walking:
                    progress.update(task, completed=state.done, total=state.total)
        finally:
            pull.cancel()
            await asyncio.wait([pull])
        await pull
        state = await _state(polydex, account)
        progress.update(task, completed=state.done, total=state.done)
        return state


async def pull_now(polydex: Polydex, account: Account) -> None:
    """A pull that begins now or later; when the server does it, it is waited for. Raises what stopped it."""
    from polydex.store import sources

    source = await polydex.ctx.db.read(sources.default, account.id)
    if source is None:
        raise Internal(detail="the account has no default source")
    await polydex.pulls.ensure(source.id, polydex.ctx.clock(), _LONGEST)


async def _state(polydex: Polydex, account: Account) -> SourceState:
    status = await polydex.accounts.status(int(account.id))
    return next(source for source in status.sources if source.default)


@contextlib.asynccontextmanager
async def _progress(common: Common) -> AsyncIterator[tuple[Progress, TaskID]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from polydex.cli.rate import RateColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("contacts"),
        RateColumn(),
        TimeRemainingColumn(compact=True),
    )
    hidden = common.json or not sys.stderr.isatty()
    with Progress(*columns, console=console(stderr=True), disable=hidden) as progress:
        yield progress, progress.add_task("Synchronising", total=None)


def _tell(account: int, state: SourceState, seconds: float, common: Common) -> None:
    if common.json:
        write_json(
            {
                "accountId": account,
                "ready": state.ready,
                "contacts": state.contacts,
                "deferred": state.deferred,
                "halted": state.halted,
                "seconds": round(seconds, 3),
            }
        )
        return
    write(f"{state.contacts} contacts, up to date ({seconds:.1f} s)")
    if state.deferred:
        note(f"{state.deferred} could not be read, or are looked at again soon")
    if state.halted:
        note(f"{state.halted} deletions await approval: polydex accounts approve {account}")


async def _watch(polydex: Polydex, account: Account, common: Common) -> None:
    """Follow the journal as any client does: every page is written before the next is asked for."""
    start = await polydex.reader.start(account)
    updated, deleted = start.updated_token or "", start.deleted_token or ""
    updated = await _read_feed(polydex.reader.updated, account, updated)
    pause = max(1.0, min(polydex.config.freshness, polydex.config.poll_interval))
    if not common.json:
        note(f"Watching, asking every {pause:g} s; Ctrl-C ends it.")
    while True:
        await asyncio.sleep(pause)
        try:
            await pull_now(polydex, account)
            updated = await _read_feed(polydex.reader.updated, account, updated, "updated", common)
            deleted = await _read_feed(polydex.reader.deleted, account, deleted, "deleted", common)
        except PolydexError as error:
            note(f"polydex: {explain(error)}")  # the next round tries again


async def _read_feed(
    feed: Any, account: Account, token: str, change: str | None = None, common: Common | None = None
) -> str:
    """Read a feed to its end, and write what it brings when ``change`` names it; the token for the next time."""
    page = await feed(account, delta_token=token, page_token=None, limit=_FEED)
    while True:
        if change is not None:
            for body in page.bodies:
                _change(change, body, common_of(common))
        if page.next_page is None:
            return str(page.next_delta)
        page = await feed(account, delta_token=None, page_token=page.next_page)


def _change(change: str, body: bytes, common: Common) -> None:
    if common.json:
        write_json({"changeType": change, "record": msgspec.Raw(body)})
    else:
        record = msgspec.json.decode(body)
        write(f"{change}  {record['id']}  {record.get('name', {}).get('displayName', '')}".rstrip())
    sys.stdout.flush()
