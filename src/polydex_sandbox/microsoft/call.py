"""One request: what was asked, by whom, of which mailbox; and the answer to it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from polydex_sandbox.accounts import Account
from polydex_sandbox.microsoft import accept
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.routes import Operation, Place
from polydex_sandbox.tokens import Grant


@dataclass(frozen=True)
class Asked:
    """A request as it came, or as a part of a batch has it.

    Attributes:
        verb: of HTTP.
        path: below the version, still encoded; begins with a slash.
        query: still encoded.
        headers: name in lower case -> value.
        body: as sent.
        base: URL of the sandbox as the client knows it, with the version.
    """

    verb: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes:
        status: of HTTP.
        body: JSON; bytes, of the type in the headers; None for nothing.
        headers: beside those that every answer has.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prefer:
    """The header ``Prefer``, as far as it is understood.

    Attributes:
        immutable: ids shall be immutable.
        page_size: None when it says nothing.
    """

    immutable: bool = False
    page_size: int | None = None

    @property
    def applied(self) -> str:
        """What ``Preference-Applied`` says; "" for nothing."""
        found = ['IdType="ImmutableId"'] if self.immutable else []
        if self.page_size is not None:
            found.append(f"odata.maxpagesize={self.page_size}")
        return ", ".join(found)


def prefer(text: str) -> Prefer:
    """Out of the header: what is not understood is ignored, as RFC 7240 asks for."""
    size = re.search(r"(?:^|[,;\s])odata\.maxpagesize\s*=\s*([0-9]{1,9})(?![0-9])", text, re.IGNORECASE)
    immutable = re.search(r"(?:^|[,;\s])idtype\s*=\s*(\"?)immutableid\1(?=\s*(?:[,;]|$))", text, re.IGNORECASE)
    return Prefer(immutable is not None, int(size[1]) or None if size else None)


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Attributes:
        asked: the request.
        operation: what is called.
        place: what its path names.
        options: query options of OData, by name without ``$``.
        prefer: the header.
        owner: the account whose data it is.
        grant: the token.
        mailbox: the owner's.
        now: Unix milliseconds.
        random: where new ids come from.
        strike: the parameters of a quirk, by its id, when it strikes this call; asking counts.
        setting: the parameters of a quirk that is always on.
        perform: answers another request of the same token, as the parts of a batch are.
    """

    asked: Asked
    operation: Operation
    place: Place
    options: Mapping[str, str]
    prefer: Prefer
    owner: Account
    grant: Grant
    mailbox: Mailbox
    now: int
    random: Random
    strike: Callable[[str], dict[str, Any] | None]
    setting: Callable[[str], dict[str, Any]]
    perform: Callable[[Asked], Awaitable[Answer]]

    def message(self) -> dict[str, Any]:
        """The JSON object in the body. Raises GraphError."""
        return accept.message(self.asked.body, self.asked.headers.get("content-type", ""))

    @property
    def root(self) -> str:
        """URL of the user's part: ``http://.../v1.0/me``."""
        return self.asked.base + self.place.user_path

    def context(self, what: str) -> str:
        """``@odata.context`` of something of the user's."""
        return f"{self.asked.base}/$metadata#users('{self.owner_name}')/{what}"

    @property
    def owner_name(self) -> str:
        """The user's id at Microsoft, as paths have it."""
        return user_id(self.owner)


def user_id(account: Account) -> str:
    """A GUID, or the 16 digits of a personal account."""
    return account.oid[19:].replace("-", "") if account.personal else account.oid
