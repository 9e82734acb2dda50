"""Xandikos, from its package. It serves one user, and over plain HTTP it asks for no password: any is accepted."""

import contextlib
import sys
from collections.abc import Iterator

from tests.servers.dav import DavAccount, DavServer, request
from tests.servers.process import LOOPBACK, free_port, running, workspace


@contextlib.contextmanager
def serve(*, memory: bool = False) -> Iterator[DavServer]:
    """``memory``: see ``workspace``."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/"
    account = DavAccount("alice", "secret-alice", f"{url}alice/contacts/")
    with workspace("xandikos", memory=memory) as directory:
        argv = [sys.executable, "-m", "xandikos", "serve", "--directory", str(directory / "data"), "--defaults"]
        argv += ["--current-user-principal", "/alice/", "--listen-address", LOOPBACK, "--port", str(port)]
        argv += ["--no-detect-systemd", "--state-dir", str(directory / "state")]
        with running(
            argv,
            log=directory / "log",
            answers=lambda: request("OPTIONS", url).status < 500,
            environment={"XDG_RUNTIME_DIR": str(directory), "HOME": str(directory)},
        ) as pid:
            yield DavServer("xandikos", url, account, pid, lambda: account)
