"""The server's part of NTLM and Negotiate (MS-NLMP, RFC 4559), by the acceptor of pyspnego."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import spnego

from polydex_sandbox.exchange.auth.login import Login

Scheme = Literal["ntlm", "negotiate"]

_FILE = "NTLM_USER_FILE"
"""The variable that names the file with logins, which pyspnego and gss-ntlmssp read."""
_PYTHON = {"ntlm": spnego.NegotiateOptions.use_ntlm, "negotiate": spnego.NegotiateOptions.use_negotiate}
"""Never a library of the system, which knows other logins."""


class Refused(Exception):
    """The token is none, comes at the wrong time, or proves nothing."""


class Handshake:
    """One attempt of a client over one connection.

    Args:
        scheme: the method.
        logins: who can be let in.
    """

    def __init__(self, scheme: Scheme, logins: Iterable[Login]) -> None:
        self.scheme = scheme
        self._logins = [login for login in logins if scheme in login.methods]
        with _file(self._logins):
            self._context = spnego.server(protocol=scheme, options=_PYTHON[scheme])

    @property
    def complete(self) -> bool:
        return self._context.complete

    def step(self, token: bytes) -> bytes | None:
        """What answers a token. Raises Refused."""
        try:
            with _file(self._logins):
                return self._context.step(token)
        except Exception as error:
            # Parsers of two protocols, and a client may send them anything.
            raise Refused from error

    def login(self) -> Login | None:
        """Who has proven who he is."""
        name = (self._context.client_principal or "").lower()
        return next((login for login in self._logins if name in login.names), None)


def begins(token: bytes) -> bool:
    """Whether a token is the first one of a handshake: NTLM's first message, or one of SPNEGO's that has the mechanisms."""
    return token.startswith((b"NTLMSSP\x00\x01", b"\x60"))


@contextmanager
def _file(logins: Iterable[Login]) -> Iterator[None]:
    """The acceptor looks for logins in a file alone, whenever it has a token; there is one for as long as it looks."""
    lines = []
    for login in logins:
        for name in sorted(login.names):
            domain, _, user = name.rpartition("\\")
            lines.append(f"{domain}:{user}:{login.password}\n")
    before = os.environ.get(_FILE)
    with tempfile.TemporaryDirectory(prefix="polydex-sandbox-") as folder:
        file = Path(folder) / "logins"
        file.write_text("".join(lines), encoding="utf-8")
        os.environ[_FILE] = str(file)
        try:
            yield
        finally:
            del os.environ[_FILE]
            if before is not None:
                os.environ[_FILE] = before
