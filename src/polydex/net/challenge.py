"""The WWW-Authenticate header (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# An auth-param, or else a scheme: "Digest realm=..." begins a challenge, ", nonce=..." continues it.
_PARAMETER: Final = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$)')
_SCHEME: Final = re.compile(rf"\s*({_WORD})(?:\s+|,|$)")
_TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers.

    Attributes:
        scheme: lower case, such as ``basic`` or ``digest``.
        params: names in lower case, values unquoted.
    """

    scheme: str
    params: dict[str, str] = field(default_factory=dict)


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of all WWW-Authenticate headers, in the server's order; what is unreadable is left out."""
    return [challenge for header in headers for challenge in _parse(header)]


def _parse(header: str) -> Iterable[Challenge]:
    found: list[Challenge] = []
    at = 0
    while at < len(header):
        if found and (parameter := _PARAMETER.match(header, at)):
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1].params.setdefault(name.lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append(Challenge(scheme[1].lower()))
            at = scheme.end()
            if not _PARAMETER.match(header, at) and (token := _TOKEN68.match(header, at)):
                at = token.end()
        else:
            comma = header.find(",", at)
            at = comma + 1 if comma >= 0 else len(header)
    return found
