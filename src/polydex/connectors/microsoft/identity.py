"""Who an account is."""

from __future__ import annotations

import msgspec

from polydex.connectors.base import Identity
from polydex.connectors.microsoft.api import Api, decoded, path_of
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.core.errors import ProviderForbidden, ProviderMalformed

_STEP = "Microsoft account"


class _User(msgspec.Struct, rename="camel", gc=False):
    id: str | None = None
    display_name: str | None = None
    mail: str | None = None
    user_principal_name: str | None = None


class _Folder(msgspec.Struct, gc=False):
    id: str | None = None


async def identify(api: Api) -> Identity:
    """The user who has logged in, or the mailbox that an application acts on by itself. Raises ProviderError.

    The subject of a user is the id of the user object: a GUID, which no two tenants have in common, or the 16 digits of a
    personal account. Reading it takes the permission ``User.Read``. An application would need ``User.Read.All`` for it,
    the profile of everybody in the tenant, so that its mailbox is told by the id of its default folder, which is constant
    (concepts/outlook-immutable-id.md) and holds the mailbox's own id.
    """
    if api.mailbox:
        return await _mailbox(api)
    path = path_of("me", query=[("$select", "id,displayName,mail,userPrincipalName")])
    try:
        user = decoded(await api.get(path, step=_STEP), _User, _STEP)
    except ProviderForbidden as error:
        said = f"{_STEP}: who it is may not be read (the scope User.Read)"
        raise ProviderForbidden(said, original=error.original) from error
    if not user.id:
        raise ProviderMalformed(f"{_STEP}: Microsoft names no user")
    return Identity(user.id, user.mail or user.user_principal_name, user.display_name)


async def _mailbox(api: Api) -> Identity:
    path = api.own("contactFolders", DEFAULT, query=[("$select", "id")])
    folder = decoded(await api.get(path, step=_STEP), _Folder, _STEP)
    if not folder.id:
        raise ProviderMalformed(f"{_STEP}: Microsoft names no folder")
    return Identity(folder.id, api.mailbox if "@" in api.mailbox else None)
