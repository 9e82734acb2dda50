"""Address books on servers of this suite's own, whose files are in memory where that is possible."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash.book import Book, DavBook
from tests.crash.exchange_book import ExchangeBook
from tests.crash.google_book import GoogleBook
from tests.crash.home import Home
from tests.crash.microsoft_book import MicrosoftBook
from tests.servers import radicale, sandbox, xandikos
from tests.soak import SEED

Places = Callable[[str], Book]


@pytest.fixture
def seed() -> Random:
    """The choices of a test, which the same seed makes again; the moments of a kill also depend on the machine."""
    print(f"POLYDEX_SEED={SEED}")  # noqa: T201 - seeds are printed
    return Random(SEED)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Places]:
    """An address book on a server of the kind that is named, that nobody else uses; see ``Home.connect``."""
    with contextlib.ExitStack() as stack:

        def made(kind: str) -> Book:
            if kind == "google":
                return GoogleBook.new(stack.enter_context(sandbox.serve()))
            if kind == "microsoft":
                return MicrosoftBook.new(stack.enter_context(sandbox.serve()))
            if kind == "exchange":
                return ExchangeBook.new(stack.enter_context(sandbox.serve()))
            if kind == "xandikos":
                dav = stack.enter_context(xandikos.serve(memory=True))
                return DavBook(dav, dav.account, f"{dav.home}addressbook/")
            if kind == "radicale":
                dav = stack.enter_context(radicale.serve(memory=True))
                return DavBook(dav, dav.account, dav.create_book())
            dav = request.getfixturevalue(kind)
            account = dav.new_account()
            return DavBook(dav, account, dav.create_book(account))

        yield made


@pytest.fixture
async def homes(tmp_path: Path) -> AsyncIterator[Callable[[Book], Home]]:
    """Makes installations on address books; whatever runs at the end is killed."""
    made: list[Home] = []

    def make(book: Book, **more: object) -> Home:
        folder = tmp_path / f"home-{len(made)}"
        folder.mkdir()
        home = Home(folder, book, data=folder / "data", **more)  # type: ignore[arg-type]  # the values fit, which a mapping does not tell
        made.append(home)
        return home

    yield make
    for home in made:
        await home.kill()
