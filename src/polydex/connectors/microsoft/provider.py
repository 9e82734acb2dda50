"""The Microsoft provider: accounts of Microsoft 365 and Outlook.com, each with its contact folders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.granting import granted
from polydex.connectors.microsoft import folders, notices, probe, scopes, sts
from polydex.connectors.microsoft.api import API_URL, Api
from polydex.connectors.microsoft.connector import MicrosoftConnector
from polydex.connectors.microsoft.shared import Accounts
from polydex.connectors.microsoft.tenants import tenant_of, tenant_url
from polydex.connectors.provider import Credentials, Handshake, Notice, Probe
from polydex.connectors.tokens import Grant, Held
from polydex.core.errors import BadRequest, ProviderError, ProviderForbidden, TokenDead, TokenRefreshFailed
from polydex.net.client import Net
from polydex.net.message import Call
from polydex.net.oauth import Client

TOKEN_URL = "https://login.microsoftonline.com/common/oauth2/v2.0/token"  # noqa: S105 - an address
_NOBODY = Held(Grant(""))


def _client(options: Mapping[str, str]) -> Client:
    return Client(
        service="Microsoft",
        token_url=options.get("token_url", TOKEN_URL),
        revoke_url="",
        id=options.get("client_id", ""),
        secret=options.get("client_secret", ""),
        id_setting=sts.ID,
        secret_setting=sts.SECRET,
        label="microsoft",
    )


@dataclass(frozen=True, slots=True)
class MicrosoftProvider:
    """See ``connectors.provider.Provider``, ``OAuth`` and ``Pushing``.

    Attributes:
        client: the app registration of this installation.
        api_url: of Graph, without its version.
        accounts: what the connectors of each account share in this process.
    """

    name: str = "microsoft"
    services: tuple[str, ...] = ("Office365",)
    mapping_version: int = 1
    client: Client = field(default_factory=lambda: _client({}))
    api_url: str = API_URL
    accounts: Accounts = field(default_factory=Accounts, repr=False)

    def configured(self, options: Mapping[str, str]) -> MicrosoftProvider:
        """``options``: ``client_id``, ``client_secret``, ``token_url``, ``api_url``."""
        return MicrosoftProvider(client=_client(options), api_url=options.get("api_url", API_URL), accounts=Accounts())

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        """The credentials as they are. Where the application itself has access, ``login`` has to name a mailbox."""
        del service
        tokens, mailbox = credentials.tokens, credentials.login
        if isinstance(tokens, Held) and tokens.grant.application is not None and not mailbox:
            raise BadRequest("The mailbox is missing: an application has access to more than one")
        return credentials

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        api = self._api(net, credentials, {})
        known = credentials.tokens.grant.scopes if isinstance(credentials.tokens, Held) else None
        may_write = scopes.writes(known)
        if may_write is None:
            raise ProviderForbidden(f"Access to the contacts was not granted (the scope {scopes.WRITE})")
        identity = await MicrosoftConnector(api).identify()
        books = await folders.sources(api)
        await probe.first_contact(api, folders.DEFAULT)
        return identity, tuple(replace(book, read_only=not may_write) for book in books)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        """``options``: ``region`` (two letters), ``account`` (whose requests are counted together)."""
        del context
        return MicrosoftConnector(self._api(net, credentials, options), source_key, options.get("region") or None)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe.of_account(self._api(net, credentials, {}), source_key or folders.DEFAULT)

    async def refresh(self, net: object, held: Grant, now: int) -> Grant:
        outbound = cast("Net", net)
        if held.application is not None:
            client = replace(self.client, token_url=tenant_url(self.client.token_url, held.application))
            return await self._granted(outbound, [client.own(scopes.own(self.api_url))], now, application=True)
        try:
            return await self._refreshed(outbound, self.client, held, now)
        except TokenDead as dead:
            # Refresh tokens of personal accounts are seen to be refused at ``common`` and to be good at ``consumers``
            # (https://github.com/Softeria/ms-365-mcp-server/pull/528). A refusal has not ended it; so it is dead only when
            # both have refused it, and not while the second one cannot be asked.
            if tenant_of(self.client.token_url) != "common":
                raise
            personal = replace(self.client, token_url=tenant_url(self.client.token_url, "consumers"))
            try:
                return await self._refreshed(outbound, personal, held, now)
            except (TokenDead, TokenRefreshFailed):
                raise dead from None

    async def _refreshed(self, net: Net, client: Client, held: Grant, now: int) -> Grant:
        asked = scopes.asked(held.scopes, self.api_url)
        calls = [client.refresh(held.refresh_token or "", scope) for scope in asked]
        return await self._granted(net, calls, now, application=False)

    async def revoke(self, net: object, token: str) -> None:
        """Nothing: Microsoft has no way to end one application's refresh token. The user can (myapps.microsoft.com,
        account.live.com/consent/Manage), and ``revokeSignInSessions`` would log them out everywhere.
        """

    def examine(self, net: object) -> AsyncIterator[Probe]:
        return probe.of_client(cast("Net", net), self.client, self.api_url)

    def notified(self, query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
        return notices.notified(query, body)

    async def _granted(self, net: Net, calls: list[Call], now: int, *, application: bool) -> Grant:
        """What the first call gives that does not ask for more than was consented to."""
        refused: ProviderError | None = None
        for call in calls:
            answer = await net.send(call)
            if answer.status == 200:
                grant = granted(self.client.issued(answer, now))
                # Of an application's permissions, the answer tells ".default" at most; they stand in its token.
                told = None if application else grant.scopes
                return replace(grant, scopes=None if told is None else scopes.short(told))
            found = sts.refusal(answer)
            refused = sts.failure(found, answer.headers, now, application=application)
            if not found.wants_consent:
                break
        raise refused or TokenRefreshFailed

    def _api(self, net: object, credentials: Credentials, options: Mapping[str, str]) -> Api:
        outbound = cast("Net", net)
        # Documents are mapped without a network, too; then nobody asks for the time.
        now = (lambda: 0) if net is None else outbound.now
        shared = self.accounts.of(options.get("account", ""), now)
        return Api(outbound, credentials.tokens or _NOBODY, shared, self.api_url, credentials.login)


MICROSOFT = MicrosoftProvider()
"""Found through the entry point ``polydex.providers``."""
