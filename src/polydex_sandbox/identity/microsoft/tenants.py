"""Tenants: the directories that accounts are in, and the names that stand for several of them.

https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from polydex_sandbox.accounts import PERSONAL, TENANT, Account
from polydex_sandbox.identity.microsoft.errors import StsError, no_tenant

DOMAIN = "sandbox.onmicrosoft.com"
"""The first domain of the sandbox's own organisation."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEVERAL = ("common", "organizations")


@dataclass(frozen=True)
class Tenant:
    """What stands in the path of a request.

    Attributes:
        name: as it was asked, in lower case.
        id: the directory, a GUID; "" for ``common`` and ``organizations``, which stand for several.
    """

    name: str
    id: str

    def admits(self, account: Account) -> bool:
        """Whether an account can sign in here."""
        if self.name == "organizations":
            return not account.personal
        return self.name == "common" or account.tenant == self.id

    def issuer(self, base: str) -> str:
        """As in the discovery document; with a place for the directory where there are several."""
        return issuer_of(base, self.id or "{tenantid}")


def issuer_of(base: str, tenant: str) -> str:
    """Who an ID token says has issued it: the directory of the account, wherever it signed in."""
    return f"{base}/{tenant}/v2.0"


def tenant_of(name: str, accounts: Iterable[Account]) -> Tenant:
    """By GUID, by domain, or one of the names for several.

    A directory is there when an account is in it, and has the domains of its accounts; the sandbox's own always is.
    Raises StsError.
    """
    low = name.lower()
    if low in _SEVERAL:
        return Tenant(low, "")
    if low == "consumers":
        return Tenant(low, PERSONAL)
    if low == DOMAIN:
        return Tenant(low, TENANT)
    if _GUID.fullmatch(low):
        if low in (TENANT, PERSONAL) or any(account.tenant == low for account in accounts):
            return Tenant(low, low)
        raise no_tenant(name)
    if "." not in low:
        raise StsError(
            "invalid_request",
            900023,
            f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain.",
        )
    found = next((each for each in accounts if not each.personal and each.email.lower().endswith(f"@{low}")), None)
    if found is None:
        raise no_tenant(name)
    return Tenant(low, found.tenant)
