"""The tenants of Microsoft's identity platform, as its addresses name them. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from polydex.core.errors import TokenRefreshFailed

ANY: Final = frozenset({"common", "organizations", "consumers"})
"""Those that are not one tenant (https://learn.microsoft.com/entra/identity-platform/v2-protocols)."""
# A GUID, or a domain of the tenant.
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def tenant_of(token_url: str) -> str:
    """The tenant whose token endpoint this is; ``common``, ``organizations`` and ``consumers`` are of many."""
    return urlsplit(token_url).path.removeprefix("/").partition("/")[0].lower()


def tenant_url(token_url: str, tenant: str) -> str:
    """The token endpoint of one tenant: its id, or a domain of it, in place of the first segment of the path.

    Raises TokenRefreshFailed: this cannot be a tenant.
    """
    if not _TENANT.fullmatch(tenant):
        raise TokenRefreshFailed("A tenant is an id such as 11111111-2222-3333-4444-555555555555, or a domain of it")
    url = urlsplit(token_url)
    _, slash, rest = url.path.removeprefix("/").partition("/")
    return urlunsplit(url._replace(path=f"/{tenant}{slash}{rest}"))
