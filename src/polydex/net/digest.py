"""HTTP Digest (RFC 7616), with what older servers still do (RFC 2617, RFC 2069)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from polydex.net.challenge import Challenge

_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
# The strongest first. OpenSSL may be built without SHA-512/256.
_ORDER: Final = tuple(
    name
    for name in ("SHA-512-256", "SHA-256", "MD5")
    if name != "SHA-512-256" or "sha512_256" in hashlib.algorithms_available
)


@dataclass(slots=True)
class Digest:
    """An accepted challenge: answers requests as long as the server keeps the nonce."""

    realm: str
    nonce: str
    algorithm: str
    session: bool
    qop: str | None
    opaque: str | None
    utf8: bool
    userhash: bool
    count: int = 0
    cnonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @classmethod
    def accept(cls, challenges: list[Challenge], cnonce: str | None = None) -> Digest | None:
        """The strongest digest challenge that can be answered, or None.

        Args:
            challenges: what the server offers.
            cnonce: the client nonce; random by default.
        """
        usable: dict[str, Digest] = {}
        for challenge in challenges:
            digest = cls._read(challenge) if challenge.scheme == "digest" else None
            if digest is not None:
                usable.setdefault(digest.algorithm, digest)
        chosen = next((usable[name] for name in _ORDER if name in usable), None)
        if chosen is not None and cnonce is not None:
            chosen.cnonce = cnonce
        return chosen

    @classmethod
    def _read(cls, challenge: Challenge) -> Digest | None:
        params = challenge.params
        name = params.get("algorithm", "MD5").upper()
        algorithm, session = name.removesuffix("-SESS"), name.endswith("-SESS")
        offered = [option.strip().lower() for option in params.get("qop", "").split(",") if option.strip()]
        qop = next((option for option in ("auth", "auth-int") if option in offered), None)
        if algorithm not in _ORDER or "nonce" not in params or (offered and qop is None):
            return None
        return cls(
            realm=params.get("realm", ""),
            nonce=params["nonce"],
            algorithm=algorithm,
            session=session,
            qop=qop,
            opaque=params.get("opaque"),
            utf8=params.get("charset", "").upper() == "UTF-8",
            userhash=params.get("userhash", "").lower() == "true",
        )

    def authorization(self, login: str, password: str, method: str, uri: str, body: bytes) -> str:
        """The value of the Authorization header for one request; every call counts the nonce up.

        Args:
            login: user name.
            password: in the clear.
            method: as sent.
            uri: path and query as sent in the request line.
            body: the content, for ``qop=auth-int``.
        """
        digest = _HASHES[self.algorithm]

        def h(*parts: str) -> str:
            return digest(":".join(parts).encode())

        self.count += 1
        nc = f"{self.count:08x}"
        ha1 = h(login, self.realm, password)
        if self.session:
            ha1 = h(ha1, self.nonce, self.cnonce)
        ha2 = h(method, uri, digest(body)) if self.qop == "auth-int" else h(method, uri)
        middle = [] if self.qop is None else [nc, self.cnonce, self.qop]
        response = h(ha1, self.nonce, *middle, ha2)
        parts = [
            self._username(login, h(login, self.realm)),
            f"realm={_quoted(self.realm)}",
            f"nonce={_quoted(self.nonce)}",
            f"uri={_quoted(uri)}",
            f'response="{response}"',
            f"algorithm={self.algorithm}{'-sess' if self.session else ''}",
        ]
        if self.qop is not None:
            parts += [f"qop={self.qop}", f"nc={nc}"]
        if self.qop is not None or self.session:
            parts.append(f"cnonce={_quoted(self.cnonce)}")
        if self.opaque is not None:
            parts.append(f"opaque={_quoted(self.opaque)}")
        if self.userhash:
            parts.append("userhash=true")
        return "Digest " + ", ".join(parts)

    def _username(self, login: str, hashed: str) -> str:
        if self.userhash:
            return f'username="{hashed}"'
        # username* only where the server knows RFC 7616 (it names its charset); older ones take UTF-8 as it is.
        if self.utf8 and not login.isascii():
            return f"username*=UTF-8''{quote(login, safe='')}"
        return f"username={_quoted(login)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
