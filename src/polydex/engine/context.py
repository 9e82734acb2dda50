"""What every use case works with: the store, the keys, the clock, the providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from polydex.connectors.base import Connector
from polydex.connectors.provider import Credentials, OAuth, Provider
from polydex.connectors.tokens import Held
from polydex.core.errors import Internal, TokenDead, Unauthorized
from polydex.engine import grants
from polydex.engine.access import AccountTokens, Refreshes
from polydex.engine.keys import Keys, secret_context
from polydex.engine.places import Places
from polydex.engine.target import Target
from polydex.store.accounts import DEAD, Account
from polydex.store.db import Database
from polydex.store.sources import Source


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and intervals of the engine, in seconds unless named otherwise.

    Attributes:
        freshness: a delta read pulls first when the last pull is older.
        poll_interval: between two pulls that nobody asked for.
        watched_poll_interval: the same of a source whose provider tells of changes by itself.
        public_url: where providers reach this installation, without a slash at the end; empty: they do not.
        ready_wait: how long a request waits for the first pull.
        fresh_wait: how long a read waits for freshness before it is answered from the mirror.
        write_deadline: every write is answered within this time (clients re-send after 35 s).
        replay_window: for how long an identical request attaches to an answer that could not be delivered.
        lease: how long a lease of a source lasts without renewal.
        backoff_max: the longest pause after failures in a row.
        streams: connections that one process holds open to providers that tell of changes over them; 0: none.
        parallel_pulls: sources pulled at once by one process.
        silent: after it, a pull that hears nothing from its provider no longer counts among these.
        require_if_match: a PATCH without If-Match is refused.
    """

    freshness: float = 60.0
    poll_interval: float = 300.0
    watched_poll_interval: float = 1800.0
    public_url: str = ""
    streams: int = 0
    ready_wait: float = 20.0
    fresh_wait: float = 10.0
    write_deadline: float = 25.0
    replay_window: float = 120.0
    lease: float = 60.0
    backoff_max: float = 3600.0
    parallel_pulls: int = 8
    silent: float = 3.0
    require_if_match: bool = False


def _no_spread() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that the composition root puts together.

    Attributes:
        clock: unix milliseconds.
        providers: by registry name.
        net: the outbound client, handed to providers untouched.
        owner: names this process in leases; random.
        random_bytes: for marks.
        places: of the pulls that run in this process.
        refreshes: of access tokens, that run in this process.
        random: gives numbers from 0 to 1 (1 left out), which spread what is done at intervals; no secrets.
    """

    db: Database
    keys: Keys
    clock: Callable[[], int]
    providers: Mapping[str, Provider]
    net: object
    settings: Settings
    owner: str
    random_bytes: Callable[[int], bytes]
    places: Places = field(default_factory=Places)
    refreshes: Refreshes = field(default_factory=Refreshes)
    random: Callable[[], float] = _no_spread

    def provider(self, account: Account) -> Provider:
        """The provider of an account. Raises Internal when its package is not installed."""
        provider = self.providers.get(account.provider)
        if provider is None:
            raise Internal(detail=f"no provider {account.provider!r} is installed")
        return provider

    def connector(self, account: Account, source: Source, *, held: bool = False) -> Connector:
        """A connector for one source of an account. Raises TokenDead, Unauthorized, Internal.

        ``held``: it works with the credentials as they are now, whatever becomes of the account, and renews none.
        """
        if account.token_status == DEAD:
            raise TokenDead
        if account.secret is None:
            raise Unauthorized("The account's credentials were removed")
        options = {"account": str(account.id), "subject": account.subject}
        if account.region:
            options["region"] = account.region
        credentials = self.credentials(account, held=held)
        return self.provider(account).connect(self.net, credentials, source.key, options, source.context)

    def credentials(self, account: Account, *, held: bool = False) -> Credentials:
        """The account's credentials, decrypted; of an OAuth service its tokens, refreshed when they are asked for.

        ``held``: as for ``connector``.
        """
        if isinstance(self.provider(account), OAuth):
            grant = grants.opened(self.keys, account.id, account.secret or b"").grant
            return grants.credentials(account, grant, Held(grant) if held else AccountTokens(self, account.id))
        password = self.keys.decrypt(account.secret or b"", secret_context(account.id)).decode()
        return Credentials(
            login=account.login or "",
            password=password,
            server_url=account.server_url or "",
            mailbox=account.mailbox,
            method=account.auth_method,
        )

    def target(self, account: Account, source: Source) -> Target:
        """Where observations of a source are applied."""
        return Target(
            account=account.id,
            source=source.id,
            source_key=source.key,
            generation=account.generation,
            mapping_version=self.provider(account).mapping_version,
            id_key=self.keys.ids,
            context=source.context,
        )
