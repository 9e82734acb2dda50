"""Who an account is."""

from __future__ import annotations

import msgspec

from polydex.connectors.base import Identity
from polydex.connectors.microsoft.api import Api, decoded, path_of
from polydex.core.errors import ProviderMalformed

_STEP = "Microsoft account"


class _User(msgspec.Struct, rename="camel", gc=False):
    id: str | None = None
    display_name: str | None = None
    mail: str | None = None
    user_principal_name: str | None = None


async def identify(api: Api) -> Identity:
    """The user whose mailbox it is; for an application that acts by itself the one that it was told.

    The subject is the id of the user object: a GUID, which no two tenants have in common, or the 16 digits of a personal
    account. It is the same however the access was granted. Raises ProviderForbidden without the permission to read it
    (``User.Read``; of an application ``User.Read.All``), ProviderError.
    """
    path = path_of(*api.owner, query=[("$select", "id,displayName,mail,userPrincipalName")])
    user = decoded(await api.get(path, step=_STEP), _User, _STEP)
    if not user.id:
        raise ProviderMalformed(f"{_STEP}: Microsoft names no user")
    return Identity(user.id, user.mail or user.user_principal_name, user.display_name)
