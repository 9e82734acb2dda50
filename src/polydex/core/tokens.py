"""The tokens that clients keep: delta tokens, page tokens of the feeds, page tokens of the list.

A token is ``<kind><version>.<base64url of (payload, MAC)>``, for example ``d1.kwEB...``: only base64url characters and
one dot, never ``;`` nor ``page:``, which the official Java client misreads (API.md, token rules). It is self-contained,
because page 2 is asked for with the page token alone, and says nothing about the provider. Clients store tokens for
ever, so a version, once given out, is read for ever.

The MAC is HMAC-SHA256, cut to 16 bytes, over a label and the kind as well as the payload, so that neither another use
of the key nor another kind of token can be passed off. Whether the journal still knows what a token names (its epoch,
its numbers) is not decided here (JOURNAL.md, J15).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from enum import Enum
from typing import ClassVar, Final, TypeVar

import msgspec

from polydex.core.errors import TokenNotValid
from polydex.core.ids import AccountId, RowId


class Stream(Enum):
    """Which sequence of pages a token belongs to; the numbers stand in tokens and never change."""

    UPDATED = 1
    DELETED = 2
    LIST = 3


class DeltaToken(msgspec.Struct, frozen=True, array_like=True):
    """A position in a feed: everything above ``lo`` is still to come.

    Attributes:
        epoch: the journal's epoch in which ``lo`` counts (J15).
        lo: a sequence number of the account.
    """

    account: AccountId
    stream: Stream
    epoch: int
    lo: int


class PageToken(msgspec.Struct, frozen=True, array_like=True):
    """A place within one run over a feed.

    Attributes:
        lo, hi: the run delivers ``lo < seq <= hi``; ``hi`` is where the journal ended as the run began.
        after: the last sequence number delivered; the next page begins above it.
        limit: rows of a page, as asked for with the first one.
    """

    account: AccountId
    stream: Stream
    epoch: int
    lo: int
    hi: int
    after: int
    limit: int


class ListToken(msgspec.Struct, frozen=True, array_like=True):
    """A place in ``GET /v1/contacts``, which pages by immutable row numbers (J17).

    Attributes:
        stream: always LIST.
        after: the last row number delivered.
        filter: :func:`filter_hash` of the filters that the pages are of; the filters themselves may be personal data
            and stay out of URLs.
        limit: rows of a page.
    """

    account: AccountId
    stream: Stream
    after: RowId
    filter: bytes
    limit: int


Token = DeltaToken | PageToken | ListToken
_T = TypeVar("_T", bound=Token)

_MAC_SIZE: Final = 16
_LONGEST: Final = 256  # characters; ours have at most 100
_LABEL: Final = b"polydex token\0"


def filter_hash(*filters: str | None) -> bytes:
    """Eight bytes that tell one combination of filter values from another (None: the filter is not given)."""
    return hashlib.sha256(msgspec.msgpack.encode(filters)).digest()[:8]


class Tokens:
    """Writes and reads tokens.

    Args:
        key: the installation's secret for tokens, at least 32 bytes. Another key makes every stored token invalid.
    """

    _prefixes: ClassVar[dict[type, str]] = {DeltaToken: "d1.", PageToken: "p1.", ListToken: "l1."}
    _kinds: ClassVar[dict[str, type[Token]]] = {prefix: kind for kind, prefix in _prefixes.items()}

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("a token key has at least 32 bytes")
        self._key = key

    def encode(self, token: Token) -> str:
        """The token as clients get it. The same token gives the same text."""
        prefix = self._prefixes[type(token)]
        payload = msgspec.msgpack.encode(token)
        return prefix + _to_text(payload + self._mac(prefix, payload))

    def decode(self, text: str, account: AccountId, stream: Stream) -> Token:
        """A token of any kind, for this account and stream.

        Raises:
            TokenNotValid: its shape or signature is wrong, or it belongs to another account or stream.
        """
        kind = self._kinds.get(text[:3])
        if kind is None:
            raise TokenNotValid
        return self._decode(text, account, stream, kind)

    def delta(self, text: str, account: AccountId, stream: Stream) -> DeltaToken:
        """What ``deltaToken`` holds. Raises TokenNotValid, also for a token of another kind."""
        return self._decode(text, account, stream, DeltaToken)

    def page(self, text: str, account: AccountId, stream: Stream) -> PageToken:
        """What ``pageToken`` of a feed holds. Raises TokenNotValid, also for a token of another kind."""
        return self._decode(text, account, stream, PageToken)

    def row(self, text: str, account: AccountId, filter: bytes) -> ListToken:  # noqa: A002 - as the member
        """What ``pageToken`` of the list holds. Raises TokenNotValid, also when it was given out for other filters."""
        token = self._decode(text, account, Stream.LIST, ListToken)
        if token.filter != filter:
            raise TokenNotValid("Page token is invalid: it belongs to a list with other filters")
        return token

    def _decode(self, text: str, account: AccountId, stream: Stream, kind: type[_T]) -> _T:
        prefix = self._prefixes[kind]
        if not text.startswith(prefix) or len(text) > _LONGEST:
            raise TokenNotValid
        signed = _from_text(text[len(prefix) :])
        payload, mac = signed[:-_MAC_SIZE], signed[-_MAC_SIZE:]
        if not hmac.compare_digest(mac, self._mac(prefix, payload)):
            raise TokenNotValid
        try:
            token = msgspec.msgpack.decode(payload, type=kind)
        except msgspec.DecodeError:  # signed by us, so written by a version that we do not know
            raise TokenNotValid from None
        if token.account != account or token.stream is not stream:
            raise TokenNotValid
        return token

    def _mac(self, prefix: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, _LABEL + prefix.encode("ascii") + payload, "sha256")[:_MAC_SIZE]


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TokenNotValid from None
    # Python skips foreign characters and ignores the spare bits of the last one: only one spelling is the token.
    if _to_text(data) != text:
        raise TokenNotValid
    return data
