"""What is sent and what comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from multidict import CIMultiDictProxy

from polydex.core.errors import BadRequest
from polydex.net.addresses import Purpose
from polydex.net.auth import Auth

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a header value may contain a tab, no other control

MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One outbound request.

    Attributes:
        method: upper case.
        url: absolute, http or https; path and query are sent as they are.
        headers: without Authorization, which is ``auth``'s.
        body: the content, or None.
        auth: credentials; follow a redirect only where they belong.
        deadline: seconds for everything: redirects, challenges, the repetition.
        idempotent: may be sent once more after a dropped connection or a 423, 502, 503 or 504. Never set for a create.
        max_bytes: of the answer's content, as received and after decompression.
        redirects: followed at most, with method and body (303: GET); 0 hands a redirect to the caller.
        trusted_hosts: patterns such as ``*.icloud.com`` to which credentials may follow over https, besides the same
            registrable domain.
        confidential: the body holds secrets: over http it goes only into networks that the operator named, as ``auth``.
        purpose: decides which private networks are allowed.
        label: for the metrics, such as the provider's name; the purpose when empty.

    Raises:
        BadRequest: a method or a header that would break out of its line.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    auth: Auth | None = None
    deadline: float = 25.0
    idempotent: bool = False
    max_bytes: int = MAX_BYTES
    redirects: int = 5
    trusted_hosts: tuple[str, ...] = ()
    confidential: bool = False
    purpose: Purpose = "provider"
    label: str = ""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise BadRequest("The method contains characters that are not allowed")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or _FORBIDDEN.search(value):
                raise BadRequest("A header contains characters that are not allowed")

    def __repr__(self) -> str:
        # Paths name contacts, queries and headers may be secrets.
        return f"Call({self.method}, {self.purpose})"


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer, whatever its status.

    Attributes:
        status: as received.
        headers: as received, looked up without regard to case.
        body: decompressed.
        url: of the last request, after redirects.
        repeated: an earlier sending of the same request was not answered, or by a failure behind the server: it may have
            been carried out, whatever this answer says.
    """

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    url: str
    repeated: bool = False

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"
