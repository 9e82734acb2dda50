"""Who an account is."""

from __future__ import annotations

from polydex.connectors.base import Identity
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.folders import ROOT
from polydex.connectors.exchange.operations import get_folder, resolve_names
from polydex.connectors.exchange.operations.resolve_names import Person
from polydex.connectors.exchange.text import legal
from polydex.core.errors import ProviderMalformed, ProviderRejected, RecordNotFound

_STEP = "Exchange account"


async def identify(api: Api) -> Identity:
    """The mailbox that the login, or the service account, leads to. Raises ProviderError.

    It is told by the id of its uppermost folder, which holds the mailbox' GUID and stays when a user gets another address.
    """
    async with api.opened() as here:
        payload = get_folder.payload(ROOT)
        folder = get_folder.parse(await here.one(payload, step=_STEP, idempotent=True))
        person = await _person(here, api.mailbox or api.login)
    email = api.mailbox or (api.login if "@" in api.login else None)
    return Identity(folder.id, person.email or email, person.name)


async def confirm(api: Api, subject: str) -> None:
    """Look whether it is still the same mailbox: an address, or a login, may be given to somebody else.

    Args:
        api: of the mailbox.
        subject: of the identity that the account was stored with.

    Raises ProviderRejected: it is another one, ProviderError.
    """
    folder = get_folder.parse(await api.one(get_folder.payload(ROOT), step=_STEP, idempotent=True))
    if folder.id != subject:
        raise ProviderRejected(
            f"{_STEP}: the login leads to another mailbox than before: connect that as another account"
        )


async def _person(api: Api, who: str) -> Person:
    """What the directory says; nobody where it knows none, or several, or is not to be asked."""
    entry = legal(who.rpartition("\\")[2])
    if not entry:
        return Person(None, None)
    try:
        return resolve_names.parse(await api.one(resolve_names.payload(entry), step=_STEP, idempotent=True))
    except (ProviderRejected, ProviderMalformed, RecordNotFound):
        return Person(None, None)
