"""A server that lets nobody in but by a login as Windows knows it: it believes a connection, and checks what ties a proof to
it (Extended Protection), which the acceptor of pyspnego does not do for a client that leaves it out.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import spnego
from aiohttp import web
from spnego._ntlm_raw.messages import Authenticate, AvId, NTClientChallengeV2
from spnego.channel_bindings import GssChannelBindings

LOGIN, PASSWORD = "CORP\\ann", "pässword"

# Of the message of NTLM that proves who somebody is.
_SIGNATURE = b"NTLMSSP\x00\x03\x00\x00\x00"


def accounts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the acceptor looks for logins."""
    file = folder / "logins"
    file.write_text(f"{LOGIN.replace(chr(92), ':')}:{PASSWORD}\n:ann@corp.example.com:{PASSWORD}\n", "utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))


@dataclass
class Doorkeeper:
    """Asks every connection who it is.

    Attributes:
        schemes: what a 401 offers, in this order.
        binding: of the server's certificate, which every proof has to be tied to; None for no Extended Protection.
        persists: a proof holds for its connection; else for one request.
        let_in: so many requests were let in.
        refused: so many proofs were refused.
    """

    schemes: tuple[str, ...] = ("Negotiate", "NTLM")
    binding: bytes | None = None
    persists: bool = True
    let_in: int = 0
    refused: int = 0
    _known: set[object] = field(default_factory=set)
    _under_way: dict[object, spnego.ContextProxy] = field(default_factory=dict)

    def ask(self, request: web.BaseRequest) -> web.Response | None:
        """None for who may come in."""
        connection = request.transport
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = b64decode(text).decode().partition(":")
            known = "Basic" in self.schemes and (user, password) == (LOGIN, PASSWORD)
            self.refused += not known
            self.let_in += known
            return None if known else self._out()
        if not scheme:
            if connection not in self._known:
                return self._out()
            if not self.persists:
                self._known.discard(connection)
            self.let_in += 1
            return None
        if scheme not in self.schemes:
            return self._out()
        return self._step(connection, scheme, b64decode(text))

    def forget(self) -> None:
        """No connection is known any more."""
        self._known.clear()

    def _step(self, connection: object, scheme: str, token: bytes) -> web.Response | None:
        context = self._under_way.pop(connection, None) or spnego.server(protocol=scheme.lower())
        try:
            answer = context.step(token)
        except (spnego.exceptions.SpnegoError, ValueError):
            self.refused += 1
            return self._out()
        if _SIGNATURE in token and self.binding is not None and _bound_to(token) != _expected(self.binding):
            self.refused += 1
            return self._out()
        if context.complete:
            if self.persists:
                self._known.add(connection)
            self.let_in += 1
            return None
        self._under_way[connection] = context
        return self._out(f"{scheme} {b64encode(answer or b'').decode()}")

    def _out(self, challenge: str = "") -> web.Response:
        response = web.Response(status=401, text="who are you?")
        for each in (challenge,) if challenge else self.schemes:
            response.headers.add("WWW-Authenticate", 'Basic realm="mail"' if each == "Basic" else each)
        return response


def _bound_to(token: bytes) -> bytes | None:
    """What a proof is tied to (MS-NLMP 2.2.2.1, MsvAvChannelBindings)."""
    proof = Authenticate.unpack(token[token.index(_SIGNATURE) :])
    found = NTClientChallengeV2.unpack((proof.nt_challenge_response or b"")[16:]).av_pairs.get(AvId.channel_bindings)
    return found if isinstance(found, bytes) else None


def _expected(binding: bytes) -> bytes:
    return hashlib.md5(GssChannelBindings(application_data=binding).pack(), usedforsecurity=False).digest()
