"""What every kind of provider looks like: services and presets, how to log in, how to look whether the way is free."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.tokens import Grant, Tokens
from polydex.core.errors import PolydexError, RecordNotFound


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a service needs: login and password, or the tokens of an OAuth service. No secret appears in ``repr``.

    Attributes:
        login: of an OAuth service only where the application itself has access (``Grant.application``): whose data is
            meant; with a user's tokens it is "".
        mailbox: address of another mailbox than the login's own, which it may act on; "" for its own.
        method: how the login is proven, where a service knows several ways; "" leaves it to the service.
    """

    login: str = ""
    password: str = field(default="", repr=False)
    server_url: str = ""
    mailbox: str = ""
    method: str = ""
    tokens: Tokens | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """One step on the way to an address book, tried. After one with an error comes no other.

    Attributes:
        step: its name: ``dns``, ``tcp``, ``tls``, ``http``, ``login``, ``discovery``, ``book``, ``poll``; a provider
            leaves out what it does not have, and may have others.
        found: one sentence, without secrets and contact data.
        error: why it failed.
        warning: what is not wrong yet, one sentence.
        mend: what mends the error, or keeps the warning from coming true, where the provider knows more than others: one
            sentence, in which ``{again}`` stands for the command that connects the account again.
        clock: the provider's clock when it answered, unix milliseconds, where it told it.
    """

    step: str
    found: str = ""
    error: PolydexError | None = None
    warning: str = ""
    mend: str = ""
    clock: int | None = None


@runtime_checkable
class Provider(Protocol):
    """A kind of provider; found through the entry-point group ``polydex.providers``.

    Attributes:
        name: the registry name, for example ``carddav``.
        services: the ``serviceType`` values that it serves (``CardDAV``, ``iCloud``, ``Fastmail`` ...).
        mapping_version: raised when ``remap`` gives other contacts than before; stored with each row.
    """

    @property
    def name(self) -> str: ...

    @property
    def services(self) -> tuple[str, ...]: ...

    @property
    def mapping_version(self) -> int: ...

    def configured(self, options: Mapping[str, str]) -> Provider:
        """The provider with the settings of this installation.

        Args:
            options: by name without the provider's prefix: ``POLYDEX_GOOGLE_API_URL`` is ``api_url`` of the provider
                ``google``. What is not set is missing.
        """
        ...

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        """Credentials completed by the service's preset (server address); raises BadRequest naming what is missing."""
        ...

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        """Log in, identify, and list the address books, the default one first. Raises ProviderError."""
        ...

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        """A connector for one source. No I/O.

        Args:
            net: the outbound client.
            credentials: as ``prepare`` gave them.
            source_key: of the address book.
            options: ``region`` (two letters, for phone numbers); ``account``, which tells accounts apart (for budgets);
                ``subject``, of the identity that the account was stored with.
            context: what the last pull said that mapping needs besides the record (``Page.context``).
        """
        ...

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        """Try the way to an address book step by step, to name the one that fails. Writes nothing, raises nothing.

        Args:
            net: the outbound client.
            credentials: as ``prepare`` gave them. Without a password only what needs none is tried.
            source_key: of the address book; None before there is an account: then the default one is taken.
        """
        ...


@runtime_checkable
class OAuth(Protocol):
    """What a provider offers besides, whose accounts come with OAuth tokens.

    ``discover`` of such a one is called with ``Held`` tokens, ``probe`` with tokens that are ``Looking``. Neither refreshes
    by itself: every use of a refresh token may end it, and what came in its place would be lost.
    """

    async def refresh(self, net: object, held: Grant, now: int) -> Grant:
        """A new access token, for a grant that is ``renewable``. ``now``: unix milliseconds.

        Raises TokenDead when the provider refuses the refresh token for good (``invalid_grant``), TokenRefreshFailed when
        it refuses for another reason (as a wrong client secret), ProviderUnavailable, ProviderTimeout.
        """
        ...

    async def revoke(self, net: object, token: str) -> None:
        """End what a token was granted, at the provider; one that is ended already is no error. Raises ProviderError.

        ``token``: the refresh token, or the access token where there is none.
        """
        ...

    def examine(self, net: object) -> AsyncIterator[Probe]:
        """Try the settings of this installation for the provider, step by step; none when nothing is set. Changes nothing."""
        ...


@runtime_checkable
class Locating(Protocol):
    """What a provider offers besides, whose servers can be found by a login."""

    async def locate(self, net: object, credentials: Credentials) -> Credentials:
        """Credentials with the server's address, as ``prepare`` gave them where they have one already.

        Raises BadRequest when none is found, ProviderError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handshake:
    """The provider tries whether the address is ours: ``text`` is the answer that it waits for, as plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification. Whoever sends it is believed only by its secret.

    Attributes:
        secret: as it was given to ``Watching.watch``.
        kind: ``changed``: something may have changed, or a notification was lost: pull. ``renew``: the channel is to be
            renewed now. ``ended``: the provider has ended the channel: a new one, and a pull.
    """

    secret: str = field(repr=False)
    kind: Literal["changed", "renew", "ended"]


@runtime_checkable
class Pushing(Protocol):
    """What a provider offers besides, whose connectors are ``Watching``."""

    def notified(self, query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
        """What a request to the notification address says. Pure, no I/O, quick whatever was sent.

        Args:
            query: the parameters of the address, decoded.
            body: as it was sent, at most 1 MiB.

        Raises BadRequest: it is no notification.
        """
        ...


@runtime_checkable
class Streaming(Protocol):
    """What a provider says besides, whose connectors may be ``Listening``. It is not ``Pushing`` as well."""

    @property
    def streams(self) -> bool: ...


def streams(provider: object) -> bool:
    """Whether a provider tells of changes over connections that are held open."""
    return isinstance(provider, Streaming) and provider.streams


async def probe_by_discovery(
    provider: Provider, net: object, credentials: Credentials, source_key: str | None
) -> AsyncIterator[Probe]:
    """``Provider.probe`` of a provider that has no steps of its own: log in, and find the address book."""
    try:
        _, books = await provider.discover(net, credentials)
    except PolydexError as error:
        yield Probe("login", error=error)
        return
    yield Probe("login", "The credentials are accepted.")
    if source_key is None or source_key in {book.key for book in books}:
        yield Probe("book", "The address book is there.")
    else:
        yield Probe("book", error=RecordNotFound("The provider does not list the address book any more"))
