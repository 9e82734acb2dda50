"""Who an account is."""

from __future__ import annotations

from polydex.connectors.base import Identity
from polydex.connectors.exchange.api import FETCH_SECONDS, Api
from polydex.connectors.exchange.folders import DEFAULT, ROOT
from polydex.connectors.exchange.operations import get_folder, resolve_names
from polydex.connectors.exchange.operations.resolve_names import Person
from polydex.connectors.exchange.text import legal
from polydex.core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderRejected, RecordNotFound

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


async def confirm(api: Api, subject: str, *, seconds: float = FETCH_SECONDS) -> None:
    """Look whether it is still the same mailbox: an address, or a login, may be given to somebody else.

    Args:
        api: of the mailbox.
        subject: of the identity that the account was stored with; "": nobody knows, and nothing is asked.
        seconds: for the request.

    Raises ProviderRejected: it is another one, ProviderError.
    """
    if subject:
        await _own(api, subject, seconds)


async def home(api: Api, folder: str, subject: str, *, anew: bool = False, seconds: float = FETCH_SECONDS) -> str:
    """What requests name a folder by, so that it is the one of this mailbox and of no other.

    The name of the default folder means whoever the login, or the address, leads to now. Its id means one mailbox: when
    another one has come in its place, a request that has the id is refused. It is asked for once, together with whose
    mailbox it is, and remembered until it leads nowhere.

    Args:
        api, subject, seconds: as of ``confirm``.
        folder: its id, or ``folders.DEFAULT``.
        anew: it is looked in any case whether it is still the same mailbox.

    Raises ProviderRejected: it is another one, ProviderError.
    """
    if folder != DEFAULT or not subject:
        if anew:
            await confirm(api, subject, seconds=seconds)
        return folder
    shared = api.shared
    if anew or not shared.default_folder:
        shared.default_folder = ""
        shared.default_folder = await _own(api, subject, seconds, DEFAULT)
    return shared.default_folder


async def _own(api: Api, subject: str, seconds: float, folder: str = ROOT) -> str:
    """The id of a folder of the mailbox, which is this one."""
    wanted = dict.fromkeys((ROOT, folder))
    payload = get_folder.payload(*wanted)
    ids = []
    for message in await api.many(payload, len(wanted), step=_STEP, seconds=seconds, idempotent=True):
        if isinstance(message, ProviderError):
            raise message
        ids.append(get_folder.parse(message).id)
    if ids[0] != subject:
        raise ProviderRejected(
            f"{_STEP}: the login leads to another mailbox than before: connect that as another account"
        )
    return ids[-1]


async def _person(api: Api, who: str) -> Person:
    """What the directory says; nobody where it knows none, or several, or is not to be asked."""
    entry = legal(who.rpartition("\\")[2])
    if not entry:
        return Person(None, None)
    try:
        return resolve_names.parse(await api.one(resolve_names.payload(entry), step=_STEP, idempotent=True))
    except (ProviderRejected, ProviderForbidden, ProviderMalformed, RecordNotFound):
        return Person(None, None)
