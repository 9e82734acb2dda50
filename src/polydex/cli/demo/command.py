"""``polydex demo``."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib.util
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Self

from cyclopts import Parameter

from polydex.cli.common import Common, common_of, console, write_json
from polydex.cli.demo import dav, exchange, google, microsoft, people, sandbox
from polydex.cli.demo.client import Client
from polydex.cli.demo.google_tour import GoogleTour
from polydex.cli.demo.outlook_tour import OutlookTour
from polydex.cli.demo.process import free_port, is_free, running
from polydex.cli.demo.steps import NotVerified
from polydex.cli.demo.tour import Tour
from polydex.core.errors import ConfigInvalid

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from polydex.engine.accounts import NewApp

_USUAL_PORT = 8080


def demo(
    *,
    once: Annotated[
        bool,
        Parameter(help="End when every step is verified, with exit code 0; with another at the first that is not."),
    ] = False,
    port: Annotated[int | None, Parameter(help="Port of Polydex; by default 8080, or a free one.")] = None,
    common: Common | None = None,
) -> None:
    """Try Polydex: a real CardDAV server, and a sandbox that plays the others; a tour of one API for all four.

    Everything listens on this machine only, and is gone afterwards unless --data-dir names a folder to keep.
    """
    common = common_of(common)
    if importlib.util.find_spec("radicale") is None:
        raise ConfigInvalid("The demonstration needs Radicale: pip install 'polydex[demo]'")
    port = _port(port)
    with _ended_by_sigterm(), _folder(common.data_dir) as folder, contextlib.ExitStack() as stack:
        screen = Screen(console(), quiet=common.json)
        began = time.monotonic()
        server_files = folder / "carddav"
        server_files.mkdir()
        book = stack.enter_context(dav.serve(server_files))
        cards = people.book()
        dav.fill(book, cards)
        screen.done(
            f"A CardDAV server (Radicale) on {book.server} with {people.contacts(cards)} made-up contacts, "
            f"{sum(bool(card.note) for card in cards)} of them awkward"
        )
        played, settings = stack.enter_context(sandbox.serve(folder))
        phone, outlook, on_premises = google.fill(played), microsoft.fill(played), exchange.fill(played)
        screen.done(
            f"A sandbox on {played} that plays Google with {google.COUNT} made-up contacts, "
            f"Microsoft 365 with {microsoft.COUNT}, and an Exchange server with {exchange.COUNT}"
        )
        url = stack.enter_context(_server(folder, port, settings))
        made = asyncio.run(_make_app(folder))
        screen.done(f"Polydex on {url}, its data in {folder}")
        client = Client(url, (made.client_id, made.client_secret))
        at_google = Client(url, client.app, variable="GOOGLE_TOKEN")
        at_microsoft = Client(url, client.app, variable="MICROSOFT_TOKEN")
        at_exchange = Client(url, client.app, variable="EXCHANGE_TOKEN")
        with screen:
            tour = Tour(client=client, screen=screen, book=book, cards=cards)
            _verify(tour)
            _verify(GoogleTour(client=at_google, screen=screen, phone=phone))
            _verify(OutlookTour(client=at_microsoft, screen=screen, outlook=outlook))
            _verify(OutlookTour(client=at_exchange, screen=screen, outlook=on_premises))
            if not once:
                tour.leave_one()
        screen.done(f"Everything verified in {time.monotonic() - began:.1f} s")
        if common.json:
            tokens = {
                "accessToken": client.token,
                "googleAccessToken": at_google.token,
                "microsoftAccessToken": at_microsoft.token,
                "exchangeAccessToken": at_exchange.token,
            }
            servers = {"carddavUrl": book.url, "sandboxUrl": played}
            write_json({"url": url, **tokens, **servers, "verified": screen.steps})
            sys.stdout.flush()
        if not once:
            screen.summary(client, at_google, at_microsoft, at_exchange)
            screen.waiting(url)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()


def _verify(tour: Tour | GoogleTour | OutlookTour) -> None:
    """The tour. Raises NotVerified also when one of the servers stops to answer."""
    try:
        tour.run()
    except (OSError, http.client.HTTPException) as error:
        raise NotVerified(
            f"Not verified: a server of the demonstration does not answer any more ({type(error).__name__}); "
            "with --data-dir FOLDER its log stays in that folder"
        ) from error


class Screen:
    """The tour as it appears on a terminal."""

    def __init__(self, target: Console, *, quiet: bool) -> None:
        self._console, self._quiet = target, quiet
        self._lines: list[str] = []
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self.steps: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_progress()

    def done(self, text: str) -> None:
        """A step is verified. The curl lines that lead to it follow."""
        self._end_progress()
        self.steps.append(text)
        lines, self._lines = self._lines, []
        if not self._quiet:
            self._print(f"✓ {text}", "green")
            for line in lines:
                self._print(f"    {line}", "dim")

    def curl(self, line: str) -> None:
        """Belongs to the step that is done next."""
        self._lines.append(line)

    def progress(self, done: int, total: int | None) -> None:
        """How far the first synchronisation is."""
        if self._quiet or not self._console.is_terminal:
            return
        if self._progress is None or self._task is None:
            self._progress = _bar(self._console)
            self._progress.start()
            self._task = self._progress.add_task("Synchronising", total=None)
        self._progress.update(self._task, completed=done, total=total)

    def summary(self, client: Client, *others: Client) -> None:
        """What the curl lines need."""
        if self._quiet:
            return
        self._print("")
        self._print("To repeat the lines above, paste this into a shell first:", "bold")
        tokens = " ".join(f"{other.variable}={other.token}" for other in others)
        self._print(f"    {client.exports()} {tokens}")

    def waiting(self, url: str) -> None:
        """The servers go on."""
        if not self._quiet:
            self._print("")
            self._print(f"Polydex keeps serving: {url}/docs shows and tries the API. Ctrl-C ends it.", "bold")
            sys.stdout.flush()

    def _print(self, text: str, style: str = "") -> None:
        # soft_wrap: a line that is to be copied stays one line.
        self._console.print(text, style=style, markup=False, emoji=False, soft_wrap=True)

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = None


def _bar(target: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from polydex.cli.rate import RateColumn

    columns: tuple[Any, ...] = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(compact=True),
    )
    return Progress(*columns, console=target)


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """A folder of this run: a temporary one, or the one that is named, which must be new or empty."""
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="polydex-demo-") as name:
            yield Path(name)
        return
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        empty = next(wanted.iterdir(), None) is None
    except OSError as error:
        raise ConfigInvalid(f"The folder {wanted} cannot be used: {error.strerror}") from error
    if not empty:
        raise ConfigInvalid(f"The folder {wanted} is not empty; the demonstration begins with an empty one")
    yield wanted.absolute()


@contextlib.contextmanager
def _server(folder: Path, port: int, settings: Mapping[str, str]) -> Iterator[str]:
    """Polydex itself, as a process of its own and as users start it."""
    argv = [sys.executable, "-m", "polydex", "serve", "--host", dav.LOOPBACK, "--port", str(port)]
    environment = {
        **settings,
        "POLYDEX_DATA_DIR": str(_data(folder)),
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        # Every read of changes looks at the server first, so that an edit made elsewhere shows at once.
        "POLYDEX_FRESHNESS": "0",
        "POLYDEX_LOG_LEVEL": "warning",
    }
    with running(argv, "Polydex", dav.LOOPBACK, port, folder / "polydex.log", environment):
        yield f"http://{dav.LOOPBACK}:{port}"


async def _make_app(folder: Path) -> NewApp:
    """As `polydex apps create` does it, beside the running server."""
    from polydex.app import Role, open_app
    from polydex.config import Config

    async with open_app(Config(data_dir=_data(folder)), Role.TOOL) as app:
        return await app.accounts.create_app("demo")


def _data(folder: Path) -> Path:
    return folder / "data"


def _port(wanted: int | None) -> int:
    if wanted is None:
        return _USUAL_PORT if is_free(_USUAL_PORT) else free_port()
    if not 0 <= wanted <= 65535:
        raise ConfigInvalid("--port must be a whole number from 0 to 65535")
    if wanted and not is_free(wanted):
        raise ConfigInvalid(f"Port {wanted} is taken; choose another with --port")
    return wanted or free_port()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the demonstration as Ctrl-C does: the servers are stopped, the folder is removed."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
