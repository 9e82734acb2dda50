"""Ways to prove who we are. Secrets are kept out of every ``repr``.

An auth object belongs to one account. It remembers what a server demanded (a digest nonce) for as long as it lives, so
that only the first call pays for the challenge.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Protocol

from yarl import URL

from polydex.core.errors import AddressForbidden, BadRequest
from polydex.net.challenge import Challenge
from polydex.net.digest import Digest

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
"""An access token, as it is sent (RFC 6750 section 2.1)."""


@dataclass(frozen=True, slots=True)
class Target:
    """The request that is to be authorised.

    Attributes:
        method: as sent.
        url: as sent.
        body: the content, empty when there is none.
        confidential: nobody on the way can read along: https, or a network that the operator allowed.
    """

    method: str
    url: URL
    body: bytes
    confidential: bool


class Auth(Protocol):
    """One account's credentials."""

    def prepare(self, target: Target, /) -> str | None:
        """The Authorization header to begin with, or None to wait for a challenge.

        Raises:
            AddressForbidden: the credentials would be readable on the way and there is no other way to use them.
        """
        ...

    def answer(self, target: Target, challenges: list[Challenge], sent: str | None, /) -> str | None:
        """The header that answers a 401, or None when nothing else can be tried. Asked once per request, and again
        only after a stale nonce: a refused password is not tried twice, servers lock accounts for that.

        Args:
            target: the request that was refused.
            challenges: of the 401.
            sent: the Authorization header that was refused.

        Raises:
            AddressForbidden: as above.
        """
        ...


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP Basic in UTF-8 (RFC 7617), sent with every request.

    Raises:
        BadRequest: a colon in the login, or control characters.
    """

    login: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        _check(self.login, self.password)
        if ":" in self.login:
            raise BadRequest("A login must not contain a colon")

    def prepare(self, target: Target) -> str | None:
        require_confidential(target)
        return _basic(self.login, self.password)

    def answer(self, _target: Target, _challenges: list[Challenge], _sent: str | None, /) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """An access token (RFC 6750).

    Raises:
        BadRequest: the token has characters that no token has.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not TOKEN68.fullmatch(self.token):
            raise BadRequest("The access token contains characters that are not allowed")

    def prepare(self, target: Target) -> str | None:
        require_confidential(target)
        return f"Bearer {self.token}"

    def answer(self, _target: Target, _challenges: list[Challenge], _sent: str | None, /) -> str | None:
        return None


@dataclass(slots=True)
class DigestAuth:
    """HTTP Digest (RFC 7616): the password itself never travels.

    Raises:
        BadRequest: control characters in login or password.
    """

    login: str
    password: str = field(repr=False)
    # Per origin: a nonce means nothing to another server.
    _known: dict[URL, Digest] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.login, self.password)

    def prepare(self, target: Target) -> str | None:
        digest = self._known.get(target.url.origin())
        return None if digest is None else self._sign(digest, target)

    def answer(self, target: Target, challenges: list[Challenge], _sent: str | None, /) -> str | None:
        digest = Digest.accept(challenges)
        if digest is None:
            return None
        self._known[target.url.origin()] = digest
        return self._sign(digest, target)

    def _sign(self, digest: Digest, target: Target) -> str:
        return digest.authorization(self.login, self.password, target.method, target.url.raw_path_qs, target.body)


@dataclass(slots=True)
class PasswordAuth:
    """Login and password for a server of which nobody knows what it wants.

    Begins with Basic where nobody can read along and turns to Digest when the server asks for it; elsewhere waits for
    a Digest challenge and never sends the password. Where a server takes nothing but bearer tokens, the password is one.

    Raises:
        BadRequest: a colon in the login, or control characters.
    """

    login: str
    password: str = field(repr=False)
    _basic: BasicAuth = field(init=False, repr=False, compare=False)
    _digest: DigestAuth = field(init=False, repr=False, compare=False)
    # Origins that ask for a bearer token and for nothing else.
    _bearer: set[URL] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._basic = BasicAuth(self.login, self.password)
        self._digest = DigestAuth(self.login, self.password)

    def prepare(self, target: Target) -> str | None:
        known = self._digest.prepare(target)
        if known is not None:
            return known
        if not target.confidential:
            return None
        if target.url.origin() in self._bearer:
            return BearerAuth(self.password).prepare(target)
        return self._basic.prepare(target)

    def answer(self, target: Target, challenges: list[Challenge], sent: str | None) -> str | None:
        offered = {challenge.scheme for challenge in challenges}
        tried = (sent or "").partition(" ")[0].lower()
        if "digest" in offered:
            return self._digest.answer(target, challenges, sent)
        if "basic" in offered:
            return self._basic.prepare(target) if tried != "basic" else None
        if "bearer" not in offered or tried == "bearer" or not TOKEN68.fullmatch(self.password):
            return None
        self._bearer.add(target.url.origin())
        return BearerAuth(self.password).prepare(target)


def is_stale(challenges: list[Challenge]) -> bool:
    """Whether a server refused only the age of the nonce, not the password (RFC 7616, 3.3)."""
    return any(challenge.params.get("stale", "").lower() == "true" for challenge in challenges)


def _basic(login: str, password: str) -> str:
    return "Basic " + b64encode(f"{login}:{password}".encode()).decode()


def _check(login: str, password: str) -> None:
    if _CONTROL.search(login) or _CONTROL.search(password):
        raise BadRequest("Login and password must not contain control characters")


def require_confidential(target: Target) -> None:
    """Raise AddressForbidden where credentials would be readable on the way."""
    if not target.confidential:
        raise AddressForbidden("Credentials are sent only over https or within an allowed network")
