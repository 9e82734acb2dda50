"""What tokens say: ID tokens and access tokens of work accounts are JSON Web Tokens, those of personal accounts opaque.

https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference and access-token-claims-reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random
from typing import Any

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.keys import Key, encode
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.grants import pairwise
from polydex_sandbox.identity.microsoft.tenants import issuer_of

ID_LIFETIME = 3600
"""Seconds that an ID token lives."""


class Signer:
    """Makes tokens.

    Args:
        key: signs them.
        random: for what makes each of them another one.
    """

    def __init__(self, key: Key, random: Random) -> None:
        self._key, self._random = key, random

    def id_token(
        self, base: str, client: Client, account: Account, now: int, *, nonce: str | None, email: bool, profile: bool
    ) -> str:
        """Base is the sandbox's address, now Unix milliseconds."""
        seconds = now // 1000
        claims: dict[str, Any] = {
            "aud": client.id,
            "iss": issuer_of(base, account.tenant),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + ID_LIFETIME,
            "oid": account.oid,
            "sub": pairwise(client.id, account.oid),
            "tid": account.tenant,
            "uti": self._unique(),
            "ver": "2.0",
        }
        if profile:
            claims |= {"name": account.name, "preferred_username": account.email}
        if email:
            claims["email"] = account.email
        if nonce is not None:
            claims["nonce"] = nonce
        return self._key.sign(claims)

    def access_token(
        self, base: str, client: Client, account: Account, now: int, expires: int, names: Iterable[str]
    ) -> str:
        """For Graph, on behalf of a user; times are Unix milliseconds."""
        if account.personal:
            return f"EwB{encode(self._random.randbytes(600))}"
        claims = self._common(base, client, account.tenant, now, expires) | {
            "idtyp": "user",
            "name": account.name,
            "oid": account.oid,
            "scp": " ".join(sorted(names)),
            "sub": pairwise("00000003-0000-0000-c000-000000000000", account.oid),
            "unique_name": account.email,
            "upn": account.email,
        }
        return self._key.sign(claims)

    def application_token(
        self, base: str, client: Client, tenant: str, now: int, expires: int, roles: Iterable[str]
    ) -> str:
        """For Graph, of the application itself; without a right of any kind there is no ``roles``."""
        claims = self._common(base, client, tenant, now, expires) | {"idtyp": "app"}
        given = sorted(roles)
        return self._key.sign(claims | ({"roles": given} if given else {}))

    def _common(self, base: str, client: Client, tenant: str, now: int, expires: int) -> dict[str, Any]:
        return {
            "aud": "https://graph.microsoft.com",
            "iss": f"{base}/{tenant}/",
            "iat": now // 1000,
            "nbf": now // 1000,
            "exp": expires // 1000,
            "app_displayname": client.name,
            "appid": client.id,
            "tid": tenant,
            "uti": self._unique(),
            "ver": "1.0",
        }

    def _unique(self) -> str:
        return encode(self._random.randbytes(16))


def client_info(account: Account) -> str:
    """Who it was, for the cache of Microsoft's libraries, which ask for it by ``client_info=1``."""
    return encode(json.dumps({"uid": account.oid, "utid": account.tenant}, separators=(",", ":")).encode())
