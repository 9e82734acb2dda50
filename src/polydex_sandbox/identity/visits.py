"""Users' ways through the pages of an authorization server: what was asked for, who answers, how far they have come."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.accounts import Account

LIFETIME = 600_000
"""Milliseconds that a user may take."""
_MOST = 1000
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{32}")

A = TypeVar("A")


@dataclass
class Visit(Generic[A]):
    """A user who is on the way.

    Attributes:
        id: names the visit in the forms.
        browser: the cookie of the browser that began it; forms count only together with it.
        asked: what a client asked for, in the words of its provider.
        began: Unix milliseconds.
        account: who answers; None until that is chosen.
        warned: the warning about unverified apps was accepted.
    """

    id: str
    browser: str
    asked: A
    began: int
    account: Account | None = None
    warned: bool = False


class Visits(Generic[A]):
    """Those who are on the way, in memory."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._visits: dict[str, Visit[A]] = {}

    def begin(self, asked: A, browser: str) -> Visit[A]:
        while len(self._visits) >= _MOST:
            del self._visits[next(iter(self._visits))]
        visit = Visit(secrets.token_urlsafe(24), browser, asked, self._now())
        self._visits[visit.id] = visit
        return visit

    def of(self, visit_id: str, browser: str) -> Visit[A] | None:
        """The visit, if it was begun by this browser and not too long ago."""
        found = self._visits.get(visit_id)
        if found is None or not secrets.compare_digest(found.browser.encode(), browser.encode()):
            return None
        return found if self._now() < found.began + LIFETIME else None

    def end(self, visit: Visit[A]) -> None:
        self._visits.pop(visit.id, None)


def browser_of(request: Request, cookie: str) -> str:
    """What the browser is known by: the value of its cookie, or a new one."""
    found = request.cookies.get(cookie, "")
    return found if _COOKIE_VALUE.fullmatch(found) else secrets.token_urlsafe(24)


def remember(answer: Response, cookie: str, browser: str, path: str) -> None:
    """Give the browser its cookie, which no form of another site brings along."""
    answer.set_cookie(cookie, browser, max_age=LIFETIME // 1000, path=path, httponly=True, samesite="lax")


def with_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """A redirect URI with these added to its query, in order."""
    joint = "&" if urlsplit(uri).query else "?"
    if uri.endswith(("?", "&")):
        joint = ""
    return f"{uri}{joint}{urlencode(parameters, quote_via=quote, safe='')}"


def origin_of(uri: str) -> str:
    """Of a redirect URI, as a source of a content security policy, which knows no IPv6 addresses."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if ":" in host:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
