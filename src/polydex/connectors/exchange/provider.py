"""The Exchange provider: mailboxes on servers of one's own, each with its contact folders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.exchange import folders, probe
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.autodiscover import Search
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.connector import ExchangeConnector
from polydex.connectors.exchange.identity import identify
from polydex.connectors.exchange.logins import BEARER, login_of
from polydex.connectors.exchange.server import ews_url, is_address
from polydex.connectors.exchange.shared import Accounts, Shared
from polydex.connectors.provider import Credentials, Probe
from polydex.core.errors import BadRequest
from polydex.net.client import Net


@dataclass(frozen=True, slots=True)
class ExchangeProvider:
    """See ``connectors.provider.Provider``, ``Locating`` and ``Streaming``.

    Attributes:
        autodiscover_url: a service of this installation that is asked first; "" for none.
        accounts: what the connectors of each account share in this process.
    """

    name: str = "exchange"
    services: tuple[str, ...] = ("EWS",)
    mapping_version: int = 1
    streams: bool = True
    autodiscover_url: str = ""
    accounts: Accounts = field(default_factory=Accounts, repr=False)

    def configured(self, options: Mapping[str, str]) -> ExchangeProvider:
        """``options``: ``autodiscover_url``."""
        return ExchangeProvider(autodiscover_url=options.get("autodiscover_url", ""))

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        """The server's address may be left out where the mailbox, or the login, is an e-mail address."""
        del service
        if not credentials.login:
            raise BadRequest("login is missing")
        if not credentials.password:
            raise BadRequest("password is missing")
        if credentials.mailbox and not is_address(credentials.mailbox):
            raise BadRequest("mailbox is not an e-mail address")
        login_of(credentials)
        if credentials.server_url.strip():
            return replace(credentials, server_url=ews_url(credentials.server_url))
        if credentials.method == BEARER:
            raise BadRequest("serverUrl is missing: a token is not shown to servers that autodiscover may find")
        if not is_address(credentials.mailbox or credentials.login):
            raise BadRequest("serverUrl is missing: only an e-mail address leads to the server by itself")
        return replace(credentials, server_url="")

    async def locate(self, net: object, credentials: Credentials) -> Credentials:
        if credentials.server_url:
            return credentials
        found = await Search(cast("Net", net), credentials, self.autodiscover_url).server()
        return replace(credentials, server_url=found)

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        async with self._api(net, credentials, {}).opened() as api:
            identity = await identify(api)
            return identity, await folders.sources(api)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        """``options``: ``region`` (two letters), ``account`` (whose requests are counted together), ``subject``."""
        del context
        api = self._api(net, credentials, options)
        return ExchangeConnector(api, source_key, options.get("region") or None, options.get("subject", ""))

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe.of_account(cast("Net", net), self, credentials, source_key or folders.DEFAULT)

    def _api(self, net: object, credentials: Credentials, options: Mapping[str, str]) -> Api:
        # Documents are mapped without a network, too; then nobody asks for the time.
        now = cast("Net", net).now if net is not None else _no_time
        shared = self.accounts.of(options.get("account", ""), now)
        return self._over(Channel(cast("Net", net), shared.login(credentials)), credentials, shared, now)

    def api(self, net: Net, credentials: Credentials, channel: Channel) -> Api:
        """A mailbox, over a channel, as of an account that has nothing in common with anybody."""
        return self._over(channel, credentials, self.accounts.of("", net.now), net.now)

    @staticmethod
    def _over(channel: Channel, credentials: Credentials, shared: Shared, now: Callable[[], int]) -> Api:
        return Api(
            channel=channel,
            url=credentials.server_url,
            shared=shared,
            now=now,
            login=credentials.login,
            mailbox=credentials.mailbox,
        )


def _no_time() -> int:
    return 0


EXCHANGE = ExchangeProvider()
"""Found through the entry point ``polydex.providers``."""
