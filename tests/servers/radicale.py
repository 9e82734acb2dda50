"""Radicale, from its package, with its collections in a temporary directory."""

import contextlib
import itertools
import sys
from collections.abc import Iterator

from tests.servers.dav import DavAccount, DavServer, request
from tests.servers.process import LOOPBACK, free_port, running, workspace

CONFIG = """
[server]
hosts = {host}:{port}
# Eight by default: connections on which nothing is sent would keep all others waiting for half a minute.
max_connections = 0
[auth]
type = htpasswd
htpasswd_filename = {directory}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {directory}/collections
[web]
type = none
[logging]
level = warning
"""


@contextlib.contextmanager
def serve(*, memory: bool = False) -> Iterator[DavServer]:
    """``memory``: see ``workspace``."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/"
    with workspace("radicale", memory=memory) as directory:
        config = directory / "config"
        config.write_text(CONFIG.format(host=LOOPBACK, port=port, directory=directory), encoding="ascii")
        users = directory / "users"
        numbers = itertools.count(1)

        def new_account() -> DavAccount:
            user = f"user{next(numbers)}"
            with users.open("a", encoding="ascii") as file:
                file.write(f"{user}:secret-{user}\n")
            return DavAccount(user, f"secret-{user}", f"{url}{user}/")

        account = new_account()
        with running(
            [sys.executable, "-m", "radicale", "--config", str(config)],
            log=directory / "log",
            answers=lambda: request("OPTIONS", url).status < 500,
        ) as pid:
            yield DavServer("radicale", url, account, pid, new_account)
