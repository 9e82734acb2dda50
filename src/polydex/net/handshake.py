"""NTLM and Negotiate (RFC 4559, MS-NLMP) on one connection: which token follows upon which."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias

from polydex.core.errors import ProviderMalformed, ProviderUnauthorized

if TYPE_CHECKING:
    from spnego import ContextProxy

Scheme: TypeAlias = Literal["negotiate", "ntlm"]

NAMES: dict[Scheme, str] = {"negotiate": "Negotiate", "ntlm": "NTLM"}
"""As they are written in a header."""


def kerberos() -> bool:
    """Whether Kerberos can be tried: the extra ``polydex[kerberos]`` is installed."""
    return find_spec("gssapi") is not None


class Handshake:
    r"""The client's part. Its steps run in a thread: the first one of Kerberos asks a KDC.

    Args:
        scheme: Negotiate is Kerberos where it is possible, else NTLM inside of SPNEGO.
        login: ``DOMAIN\user`` or ``user@domain``.
        password: of the login.
        host: of the URL; names the service (``HTTP/host``) that the proof is for.
        binding: see ``binding.py``; None over a connection without TLS.
    """

    def __init__(self, scheme: Scheme, login: str, password: str, host: str, binding: bytes | None) -> None:
        self.scheme = scheme
        self._login, self._password, self._host, self._binding = login, password, host, binding
        self._context: ContextProxy | None = None

    async def first(self) -> bytes:
        """The token that begins it. Raises ProviderUnauthorized: there is nothing to begin with."""
        try:
            token = await asyncio.to_thread(self._begin)
        except Exception as error:  # noqa: BLE001 - a library of the system may raise anything; its text may hold the login
            raise self._failed(error) from None
        return token or b""

    async def following(self, token: bytes) -> bytes | None:
        """What answers a token of the server's; None when everything has been said, and it was not enough.

        Raises ProviderMalformed: the server's token makes no sense.
        """
        context = self._context
        if context is None or context.complete:
            return None
        try:
            return await asyncio.to_thread(context.step, token) or None
        except Exception as error:  # noqa: BLE001 - parsers of three protocols, and a server may send them anything
            kind = type(error).__name__
            failed = ProviderMalformed(
                f"What the server says for {NAMES[self.scheme]} is not understood", detail=f"{self._host}: {kind}"
            )
            failed.sent = False  # it was refused so far
            raise failed from None

    @property
    def is_ntlm(self) -> bool:
        """The password is proven by NTLM, so that nothing is decided by the first token."""
        return self._context is not None and self._context.negotiated_protocol == "ntlm"

    def _begin(self) -> bytes | None:
        import spnego
        from spnego.channel_bindings import GssChannelBindings

        self._context = spnego.client(
            self._login,
            self._password,
            hostname=self._host,
            service="HTTP",
            channel_bindings=None if self._binding is None else GssChannelBindings(application_data=self._binding),
            protocol=self.scheme,
        )
        return self._context.step()

    def _failed(self, error: Exception) -> ProviderUnauthorized:
        failed = ProviderUnauthorized(
            f"The handshake of {NAMES[self.scheme]} cannot be begun", detail=f"{self._host}: {type(error).__name__}"
        )
        failed.sent = False
        return failed
