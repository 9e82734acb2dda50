"""The Google provider: OAuth accounts of Google, each with one address book."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.google import probe
from polydex.connectors.google.api import API_URL, Api
from polydex.connectors.google.budget import READS_PER_MINUTE, WRITES_PER_MINUTE
from polydex.connectors.google.connector import SOURCE_KEY, GoogleConnector
from polydex.connectors.google.shared import Accounts
from polydex.connectors.granting import granted
from polydex.connectors.provider import Credentials, Probe
from polydex.connectors.tokens import Grant, Held
from polydex.core.errors import ProviderUnavailable
from polydex.net.client import Net
from polydex.net.oauth import Client

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
REVOKE_URL = "https://oauth2.googleapis.com/revoke"
_REVOKE_SECONDS = 5.0
_NOBODY = Held(Grant(""))


def _client(options: Mapping[str, str]) -> Client:
    return Client(
        service="Google",
        token_url=options.get("token_url", TOKEN_URL),
        revoke_url=options.get("revoke_url", REVOKE_URL),
        id=options.get("client_id", ""),
        secret=options.get("client_secret", ""),
        id_setting="POLYDEX_GOOGLE_CLIENT_ID",
        secret_setting="POLYDEX_GOOGLE_CLIENT_SECRET",  # noqa: S106 - the name of the setting
        label="google",
    )


@dataclass(frozen=True, slots=True)
class GoogleProvider:
    """See ``connectors.provider.Provider`` and ``connectors.provider.OAuth``.

    Attributes:
        client: the OAuth client of this installation.
        api_url: of the People API.
        accounts: what the connectors of each account share in this process, as the requests of a minute.
    """

    name: str = "google"
    services: tuple[str, ...] = ("Google",)
    mapping_version: int = 1
    client: Client = field(default_factory=lambda: _client({}))
    api_url: str = API_URL
    accounts: Accounts = field(default_factory=Accounts, repr=False)

    def configured(self, options: Mapping[str, str]) -> GoogleProvider:
        """``options``: ``client_id``, ``client_secret``, ``api_url``, ``token_url``, ``revoke_url``, and
        ``reads_per_minute`` and ``writes_per_minute`` of each account.
        """
        return GoogleProvider(
            client=_client(options),
            api_url=options.get("api_url", API_URL),
            accounts=Accounts(
                float(options.get("reads_per_minute", READS_PER_MINUTE)),
                float(options.get("writes_per_minute", WRITES_PER_MINUTE)),
            ),
        )

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        """The credentials as they are: there is one Google."""
        del service
        return credentials

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        """Google lets everybody ask who they are, so the contacts are asked for as well: that access may be missing."""
        api = self._api(net, credentials, {})
        identity = await GoogleConnector(api).identify()
        await probe.first_contact(api)
        scopes = credentials.tokens.grant.scopes if isinstance(credentials.tokens, Held) else None
        read_only = scopes is not None and probe.CONTACTS not in scopes
        return identity, (SourceInfo(SOURCE_KEY, "Contacts", default=True, read_only=read_only),)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        """``options``: ``region`` (two letters), ``account`` (has a budget of its own)."""
        api = self._api(net, credentials, options)
        return GoogleConnector(api, source_key, options.get("region") or None, context)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        del source_key  # there is one
        return probe.of_account(self._api(net, credentials, {}))

    async def refresh(self, net: object, held: Grant, now: int) -> Grant:
        call = self.client.refresh(held.refresh_token or "")
        return granted(self.client.issued(await cast("Net", net).send(call), now))

    async def revoke(self, net: object, token: str) -> None:
        answer = await cast("Net", net).send(self.client.revoke(token, _REVOKE_SECONDS))
        # 400 invalid_token: it has ended already (RFC 7009 section 2.2 has 200 for that; Google does not).
        if answer.status not in (200, 400):
            raise ProviderUnavailable(f"Google answers a revocation with {answer.status}")

    def examine(self, net: object) -> AsyncIterator[Probe]:
        return probe.of_client(cast("Net", net), self.client, self.api_url)

    def _api(self, net: object, credentials: Credentials, options: Mapping[str, str]) -> Api:
        outbound = cast("Net", net)
        # Documents are mapped without a network, too; then nobody asks for the time.
        now = (lambda: 0) if net is None else outbound.now
        shared = self.accounts.of(options.get("account", ""), now)
        return Api(outbound, credentials.tokens or _NOBODY, shared, self.api_url)


GOOGLE = GoogleProvider()
"""Found through the entry point ``polydex.providers``."""
