"""The members of the JSON object that the control API was sent, read strictly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request


class BadInput(Exception):
    """The request cannot be understood; the text says why (400)."""


async def body_of(request: Request, known: Iterable[str] | None = None) -> dict[str, Any]:
    """The JSON object that was sent; {} for an empty body.

    Raises:
        BadInput: it is no JSON object, or has members that are not among the known ones.
    """
    raw = await request.body()
    try:
        value = json.loads(raw, parse_constant=_no_constant) if raw else {}
        # Half a surrogate pair can be escaped, but is no text.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadInput("The body is not JSON") from None
    if not isinstance(value, dict):
        raise BadInput("The body has to be a JSON object")
    if known is not None:
        no_others(value, known)
    return value


def flag_of(value: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false; false when it is left out. Raises BadInput."""
    found = value.get(name, False)
    if not isinstance(found, bool):
        raise BadInput(f"{name} has to be true or false")
    return found


def texts_of(value: Mapping[str, Any], name: str) -> list[str]:
    """A member that is a list of texts; none when it is left out. Raises BadInput."""
    found = value.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadInput(f"{name} has to be a list of texts")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(text)


def no_others(value: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises BadInput for members that nobody knows: most likely misspelt."""
    if unknown := sorted(set(value) - set(known)):
        raise BadInput(f"Unknown: {', '.join(unknown)}")


def text_of(value: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A member that is a text that is not empty. Raises BadInput."""
    found = value.get(name, default)
    if not isinstance(found, str) or not found:
        raise BadInput(f"{name} has to be a text")
    return found
