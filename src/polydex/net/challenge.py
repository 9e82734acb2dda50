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
_TOKEN68: Final = re.compile(r"([A-Za-z0-9\-._~+/]+=*)\s*(?:,|$)")
_MOST: Final = 8
_LONGEST: Final = 20


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers.

    Attributes:
        scheme: lower case, such as ``basic`` or ``digest``.
        params: names in lower case, values unquoted.
        token: what some schemes (NTLM, Negotiate) say in the place of parameters.
    """

    scheme: str
    params: dict[str, str] = field(default_factory=dict)
    token: str = ""


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of all WWW-Authenticate headers, in the server's order; what is unreadable is left out."""
    return [challenge for header in headers for challenge in _parse(header)]


def schemes(challenges: Iterable[Challenge]) -> list[str]:
    """Their schemes for a message, each once, and no more than a server has that means well."""
    return [name[:_LONGEST] for name in dict.fromkeys(challenge.scheme for challenge in challenges)][:_MOST]


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
            at = scheme.end()
            alone = not scheme[0][-1].isspace() or _PARAMETER.match(header, at)
            token = None if alone else _TOKEN68.match(header, at)
            found.append(Challenge(scheme[1].lower(), token="" if token is None else token[1]))
            if token is not None:
                at = token.end()
        else:
            comma = header.find(",", at)
            at = comma + 1 if comma >= 0 else len(header)
    return found
