"""Authentication that belongs to a connection: proven once, and then every request on it is the user's.

The requests of one ``Proof`` come one after the other over a connection of their own (``line.py``): on a shared one, what
somebody else sends would be done in the user's name.
"""

from __future__ import annotations

import binascii
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from aiohttp.connector import Connection
from yarl import URL

from polydex.core.errors import ProviderError, ProviderMalformed, ProviderUnauthorized
from polydex.net.auth import BasicAuth, Target, require_confidential
from polydex.net.binding import tls_server_end_point
from polydex.net.challenge import Challenge, parse_challenges, schemes
from polydex.net.handshake import NAMES, Handshake, Scheme, kerberos
from polydex.net.message import Answer
from polydex.net.sending import Leg

Method: TypeAlias = Literal["negotiate", "ntlm", "basic"]

_NOTHING: Final = Target("", URL(), b"", confidential=False)
_BROKEN_OFF: Final = 2
"""So often may the connection be gone in the middle of a handshake: once may be an accident."""


@dataclass(slots=True)
class BoundAuth:
    r"""Login and password for a server that knows users by their connection.

    Attributes:
        login: ``DOMAIN\user`` or ``user@domain``.
        password: of the login.
        method: how it is proven; None until a server has said what it takes: Negotiate where Kerberos is possible, else
            NTLM, Negotiate (with NTLM inside) and Basic, in this order. What was found is remembered here.
        asks: nothing is proven, and no password is sent, before the server has asked for it; so it is in any case where
            there is no method.

    Raises:
        BadRequest: a colon in the login, or control characters.
    """

    login: str
    password: str = field(repr=False)
    method: Method | None = None
    asks: bool = False
    basic: BasicAuth = field(init=False, repr=False, compare=False)
    _only: Method | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.basic = BasicAuth(self.login, self.password)
        self._only = self.method
        self.asks = self.asks or self.method is None
        self.refused()

    @property
    def wanted(self) -> Method | None:
        """The only one that may be used; None for all that are possible."""
        return self._only

    def choose(self, offered: list[Challenge]) -> Method | None:
        """The best of what a server offers that is possible and that is not excluded; None when there is none."""
        possible = {challenge.scheme for challenge in offered}
        wanted: tuple[Method, ...] = ("negotiate", "ntlm") if kerberos() else ("ntlm", "negotiate")
        wanted = (*wanted, "basic") if self._only is None else (self._only,)
        found = next((method for method in wanted if method in possible), None)
        if self.asks:
            self.method = found
        return found

    def refused(self) -> None:
        """What was found may not hold any more: the next line asks again."""
        if self.asks:
            self.method = None


class Proof:
    """Where one line is with proving who we are. It follows from what is sent to what is received, and back."""

    def __init__(self, auth: BoundAuth) -> None:
        self._auth = auth
        self._connection: object | None = None  # of which everything below tells
        self._known = False
        self._handshake: Handshake | None = None
        self._next: bytes | None = None
        self._persists = True
        self._target = _NOTHING
        self._leg = Leg()
        self._is_first = False
        self._broken = 0
        self._refused = False

    def begin(self, target: Target) -> None:
        """A request comes.

        Raises:
            AddressForbidden: the credentials would be readable on the way.
            ProviderUnauthorized: they were refused over this line already. Servers lock accounts for trying again.
        """
        require_confidential(target)
        if self._refused:
            raise _unsent(ProviderUnauthorized())
        self._target = target
        self._broken = 0
        if self._next is not None or not self._persists:
            self._forget()

    async def sign(self, connection: Connection) -> Leg:
        """What the request carries on the very connection that it is about to be sent over.

        The first token of NTLM goes without the body, as curl and WinHTTP do it: it is answered with a challenge in any
        case, a photo is uploaded once, and a server that takes no notice of the token has nothing that it could carry
        out. That of Kerberos may be all that is needed, so that the body goes with it.

        Raises:
            ProviderUnauthorized: the handshake cannot be begun.
            ProviderMalformed: the connection does not last as long as the handshake.
        """
        if connection.protocol is not self._connection:
            if self._next is not None:
                self._cut()
            self._forget()
            self._connection = connection.protocol
        self._leg = await self._following(connection)
        return self._leg

    async def received(self, answer: Answer) -> bool:
        """Whether another request has to follow: the next step of the handshake, or the request itself.

        Raises:
            ProviderUnauthorized: the server does not offer what could be used.
            ProviderMalformed: what it says cannot be understood.
        """
        leg = self._leg
        if answer.status != 401:
            # Who does not ask has no need to know; and what was sent without its body has not been said yet.
            self._known = True
            return leg.bare
        offered = parse_challenges(answer.headers.getall("WWW-Authenticate", ()))
        if leg.authorization is None:
            # Some servers want it for every request: from now on it is not waited for.
            self._persists = self._persists and not self._known
            self._forget()
            self._offered(offered)
            return True
        if self._handshake is None:
            return self._no()  # Basic
        scheme = self._handshake.scheme
        challenge = next((each for each in offered if each.scheme == scheme), None)
        if challenge is None and self._is_first:
            self._forget()
            self._offered(offered)
            return True
        if challenge is not None and challenge.token:
            self._next = await self._handshake.following(_decoded(challenge.token, scheme))
        return self._next is not None or self._no()

    async def _following(self, connection: Connection) -> Leg:
        auth, may_be_bare = self._auth, bool(self._target.body)
        if auth.method == "basic":
            return Leg(auth.basic.prepare(self._target))
        if self._known:
            return Leg()
        if auth.method is None:
            return Leg(bare=may_be_bare)
        if self._handshake is not None and self._next is not None:
            token, self._next = self._next, None
            self._is_first = False
            return Leg(_header(self._handshake.scheme, token))
        host = self._target.url.raw_host or ""
        shake = Handshake(auth.method, auth.login, auth.password, host, _binding(connection))
        self._handshake, self._is_first = shake, True
        token = await shake.first()
        return Leg(_header(shake.scheme, token), bare=may_be_bare and shake.is_ntlm)

    def _offered(self, offered: list[Challenge]) -> None:
        """Choose among what is offered."""
        method = self._auth.wanted
        if self._auth.choose(offered) is not None:
            return
        names = ", ".join(sorted(schemes(offered))) or "nothing"
        wanted = "a way to log in with a password" if method is None else method
        raise _unsent(ProviderUnauthorized(f"The server does not offer {wanted}; it offers {names}"))

    def _no(self) -> Literal[False]:
        self._refused = True
        self._auth.refused()
        self._forget()
        return False

    def _forget(self) -> None:
        self._known, self._handshake, self._next = False, None, None

    def _cut(self) -> None:
        self._broken += 1
        if self._broken >= _BROKEN_OFF:
            self._forget()
            text = "The connection ends in the middle of the handshake: something on the way does not keep it"
            raise _unsent(ProviderMalformed(text))


def _unsent(error: ProviderError) -> ProviderError:
    error.sent = False
    return error


def _header(scheme: Scheme, token: bytes) -> str:
    return f"{NAMES[scheme]} {b64encode(token).decode()}"


def _decoded(token: str, scheme: Scheme) -> bytes:
    try:
        return b64decode(token, validate=True)
    except binascii.Error:
        raise _unsent(ProviderMalformed(f"What the server says for {NAMES[scheme]} is not understood")) from None


def _binding(connection: Connection) -> bytes | None:
    transport = connection.transport
    tls: ssl.SSLObject | None = None if transport is None else transport.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    return None if certificate is None else tls_server_end_point(certificate)
