"""Owners of leases: the processes that share a database, told apart by their names, and which of them are gone."""

from __future__ import annotations

import os
import secrets
import socket


def new() -> str:
    """A name for this process, never used before: host, process id, something random."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_gone(owner: str, me: str) -> bool:
    """Whether a process has certainly ended: one of this machine whose id nobody has, or that has our own.

    A process of another machine, or whose id was given to somebody else meanwhile, is taken to live: then its lease
    runs out in its own time. Should one be gone for us only (two containers of one host name have process ids of their
    own), its fence stops it from writing (docs/explanation/journal.md, J6).

    Args:
        owner: a name that ``new`` has given, here or elsewhere.
        me: that of this process.
    """
    host, _, rest = owner.rpartition("-")[0].rpartition("-")
    if owner == me or os.name != "posix" or host != socket.gethostname() or not rest.isdigit():
        return False
    if int(rest) == os.getpid():
        return True
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
