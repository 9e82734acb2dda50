"""One call of a method: who asks, for what, and what it may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from polydex_sandbox.accounts import Account
from polydex_sandbox.google import errors, parse
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.methods import SCOPE, Method
from polydex_sandbox.google.person import View
from polydex_sandbox.google.schema import READABLE
from polydex_sandbox.tokens import Grant

_SOURCES = {
    "READ_SOURCE_TYPE_PROFILE": "PROFILE",
    "READ_SOURCE_TYPE_CONTACT": "CONTACT",
    "READ_SOURCE_TYPE_OTHER_CONTACT": "OTHER_CONTACT",
    "READ_SOURCE_TYPE_DOMAIN_CONTACT": "DOMAIN_CONTACT",
}
_DEFAULT_SOURCES = ("READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_PROFILE")


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        method: what is called.
        target: what stands for the braces in the method's path.
        query: parameters, by name.
        body: the message, or {}.
        account: whose token it is.
        grant: the token.
        book: the account's data.
        base: URL of the sandbox as the client knows it.
        random: where ids come from.
        strike: the parameters of a quirk, by its id, when it strikes this call; asking counts.
        setting: the parameters of a quirk that is always on.
    """

    method: Method
    target: str
    query: dict[str, Any]
    body: dict[str, Any]
    account: Account
    grant: Grant
    book: Book
    base: str
    random: Random
    strike: Callable[[str], dict[str, Any] | None]
    setting: Callable[[str], dict[str, Any]]

    def may(self, *scopes: str) -> bool:
        """Whether the token has any of these scopes (``contacts``)."""
        return any(SCOPE + scope in self.grant.scopes for scope in scopes)

    def need(self, *scopes: str) -> None:
        """Raises ApiError: the token has none of these scopes."""
        if not self.may(*scopes):
            raise errors.insufficient_scope([SCOPE + scope for scope in scopes], self.method.rpc)

    def required_view(self, *, in_list: bool = False, history: bool = False) -> View:
        """As `personFields`, or the older `requestMask.includeField`, has it. Raises ApiError: there is none."""
        fields = parse.mask(self.query.get("personFields"))
        if not fields:
            fields = parse.older_mask(self.query.get("requestMask.includeField"))
        if not fields:
            raise errors.mask_required("personFields", self.method.name)
        self.check_mask("personFields", fields, READABLE)
        return self._view(fields, self.query.get("sources"), in_list=in_list, history=history)

    def view_of(
        self, message: dict[str, Any], name: str, default: Sequence[str] = (), sources: Sequence[str] = _DEFAULT_SOURCES
    ) -> View:
        """As the mask of this name in the query or the body has it; the default when it is absent or empty."""
        fields = parse.mask(message.get(name))
        self.check_mask(name, fields, READABLE)
        return self._view(fields or list(default), message.get("sources"), default=sources)

    def check_mask(self, name: str, paths: Sequence[str], known: Sequence[str]) -> None:
        """Raises ApiError for a path that is not known."""
        for path in paths:
            if path not in known:
                raise errors.mask_path(name, path, self.method.name)

    def _view(
        self,
        fields: Sequence[str],
        sources: Sequence[str] | None,
        *,
        default: Sequence[str] = _DEFAULT_SOURCES,
        in_list: bool = False,
        history: bool = False,
    ) -> View:
        asked = [source for source in sources or () if source in _SOURCES] or default
        return View(fields, frozenset(_SOURCES[source] for source in asked), self.base, in_list, history)

    @property
    def same_etag(self) -> bool:
        """Whether a new photo or group leaves the etag as it is."""
        return self.strike("google-etag-changes") is None
