"""The CardDAV servers that are read from, each with one address book of made-up cards."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from bench.cards import card
from bench.processes import ROOT
from bench.responder import BOOK
from tests.servers import radicale
from tests.servers.dav import request
from tests.servers.process import LOOPBACK, free_port, listening, running, workspace


class Book(NamedTuple):
    """An address book.

    Attributes:
        server: where discovery begins.
        url: of the collection.
        login, password: of its owner.
    """

    server: str
    url: str
    login: str
    password: str


@contextlib.contextmanager
def static(count: int) -> Iterator[Book]:
    """The responder that answers from memory."""
    port = free_port()
    with workspace("responder") as folder:
        argv = [sys.executable, "-m", "bench.responder", str(port), str(count)]
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment={"PYTHONPATH": str(ROOT)}):
            url = f"http://{LOOPBACK}:{port}"
            yield Book(url + "/", url + BOOK, "bench", "secret")


@contextlib.contextmanager
def of_radicale(count: int) -> Iterator[Book]:
    """Radicale, which takes a whole address book in one PUT."""
    with radicale.serve() as server:
        url = server.home + "bench/"
        answer = server.request("PUT", url, b"".join(map(card, range(count))), {"Content-Type": "text/vcard"})
        if answer.status != 201:
            raise RuntimeError(f"Radicale answers {answer.status}")
        yield Book(server.url, url, server.user, server.password)


@contextlib.contextmanager
def of_xandikos(count: int) -> Iterator[Book]:
    """Xandikos, on a Git repository that was made before."""
    port = free_port()
    server = f"http://{LOOPBACK}:{port}/"
    with workspace("xandikos") as folder:
        home = folder / "data" / "alice" / "contacts"
        home.mkdir(parents=True)
        _repository(home / "bench", count)
        argv = [sys.executable, "-m", "xandikos", "serve", "--directory", str(folder / "data")]
        argv += ["--current-user-principal", "/alice/", "--listen-address", LOOPBACK, "--port", str(port)]
        argv += ["--no-detect-systemd", "--state-dir", str(folder / "state"), "--autocreate"]
        with running(
            argv,
            log=folder / "log",
            answers=lambda: request("OPTIONS", server).status < 500,
            environment={"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)},
        ):
            yield Book(server, f"{server}alice/contacts/bench/", "alice", "secret")


def _repository(path: Path, count: int) -> None:
    from dulwich import porcelain
    from xandikos.store.git import TreeGitStore

    TreeGitStore.create(str(path)).set_type("addressbook")
    files = [path / f"{number}.vcf" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(card(number))
    porcelain.add(str(path), [str(file) for file in files])
    somebody = b"Bench <bench@example.com>"
    porcelain.commit(str(path), message=b"Made-up cards", author=somebody, committer=somebody)


SERVERS: dict[str, Callable[[int], AbstractContextManager[Book]]] = {
    "static responder": static,
    "Xandikos": of_xandikos,
    "Radicale": of_radicale,
}
