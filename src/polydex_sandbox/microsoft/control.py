"""Microsoft's part of the control API: the user's own Outlook, which sees and changes the true state, without quirks."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.control import Missing, account_of, answer, nothing, route
from polydex_sandbox.members import BadInput, body_of, no_others, text_of
from polydex_sandbox.microsoft import accept, madeup, pictures, show
from polydex_sandbox.microsoft.contact import Contact, Folder
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.mailbox import DELETED, Mailbox
from polydex_sandbox.microsoft.views import contacts as api

if TYPE_CHECKING:
    from polydex_sandbox.microsoft.service import Graph

MOST_SEEDED = 100_000
LONGEST = 60
"""Seconds that a request can be made to take."""

_WHOLE = {
    "namedProperties": "named_limit",
    "concurrentRequests": "concurrent",
    "contactLists": "lists",
    "subscriptions": "watched",
}


def routes(graph: Graph) -> list[BaseRoute]:
    """Below ``/control``."""
    outlook = Outlook(graph)
    base = "/accounts/{account}/microsoft"
    found = [
        ("GET", "/contacts", outlook.contacts),
        ("POST", "/contacts", outlook.seed),
        ("GET", "/contacts/{contact}", outlook.contact),
        ("PATCH", "/contacts/{contact}", outlook.edit),
        ("DELETE", "/contacts/{contact}", outlook.delete),
        ("POST", "/contacts/{contact}/move", outlook.move),
        ("POST", "/contacts/{contact}/restore", outlook.restore),
        ("PUT", "/contacts/{contact}/photo", outlook.set_photo),
        ("GET", "/contacts/{contact}/photo", outlook.photo),
        ("DELETE", "/contacts/{contact}/photo", outlook.delete_photo),
        ("GET", "/deleted", outlook.deleted),
        ("DELETE", "/deleted", outlook.empty_deleted),
        ("GET", "/folders", outlook.folders),
        ("POST", "/folders", outlook.create_folder),
        ("PATCH", "/folders/{folder}", outlook.edit_folder),
        ("DELETE", "/folders/{folder}", outlook.delete_folder),
        ("GET", "/settings", outlook.settings),
        ("PUT", "/settings", outlook.settle),
    ]
    return [route(verb, base + path, _told(endpoint)) for verb, path, endpoint in found]


def settle(mailbox: Mailbox, given: Any) -> None:
    """Settings of a mailbox; what is not given stays.

    ``namedProperties`` (at most), ``concurrentRequests`` (at most), ``requestSeconds`` (that each takes, real ones),
    ``contactLists`` (in the default folder: counted, never shown), ``subscriptions`` (at most). Raises BadInput.
    """
    if not isinstance(given, dict):
        raise BadInput("microsoft has to be an object")
    no_others(given, (*_WHOLE, "requestSeconds"))
    whole = {attribute: given.get(name, getattr(mailbox, attribute)) for name, attribute in _WHOLE.items()}
    for value in whole.values():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadInput(f"{', '.join(_WHOLE)} have to be whole numbers")
    seconds = given.get("requestSeconds", mailbox.duration)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST:
        raise BadInput(f"requestSeconds has to be a number from 0 to {LONGEST}")
    for attribute, value in whole.items():
        setattr(mailbox, attribute, value)
    mailbox.duration = float(seconds)


def _told(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What the model refuses is told in the way of the control API."""

    @functools.wraps(endpoint)
    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GraphError as error:
            if error.status == 404:
                raise Missing(error.message) from None
            raise BadInput(error.message) from None

    return told


class Outlook:
    """The user's Outlook, and the eye of the tests. Ids may be ordinary or immutable; answers have immutable ones."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _mailbox(self, request: Request) -> Mailbox:
        return self.graph.mailboxes[account_of(self.graph.sandbox, request).id]

    def _found(self, request: Request) -> tuple[Mailbox, Contact]:
        mailbox = self._mailbox(request)
        return mailbox, mailbox.contact(request.path_params["contact"])

    async def contacts(self, request: Request) -> Response:
        """Of every folder, or of ``?folder=``."""
        mailbox = self._mailbox(request)
        folder = request.query_params.get("folder")
        if folder is None:
            found = [one for one in mailbox.contacts.now() if mailbox.shown(one.folder)]
        else:
            found = mailbox.inside(mailbox.folder(folder).key)
        return answer({"contacts": [_shown(mailbox, one) for one in found]})

    async def contact(self, request: Request) -> Response:
        return answer(_shown(*self._found(request)))

    async def seed(self, request: Request) -> Response:
        """``{"contacts": [contact, ...]}`` or ``{"count": n, "seed": s}``, ``folder``: ids in the same order."""
        mailbox = self._mailbox(request)
        given = await body_of(request, ("contacts", "count", "seed", "folder"))
        folder = mailbox.folder(text_of(given, "folder", "contacts"))
        made = [api.created(mailbox, folder, body, by_hand=True) for body in _seeds(given)]
        return answer({"ids": [mailbox.id_of(one, immutable=True) for one in made]}, 201)

    async def edit(self, request: Request) -> Response:
        """As a PATCH of the API."""
        mailbox, contact = self._found(request)
        changes = accept.contact(_body(await body_of(request)))
        if changes.extensions:
            raise BadInput("extensions cannot be changed in a PATCH")
        return answer(_shown(mailbox, api.updated(mailbox, contact, changes)))

    async def delete(self, request: Request) -> Response:
        """Into Deleted Items; with ``?forever=true`` away for ever."""
        mailbox, contact = self._found(request)
        if request.query_params.get("forever", "false") == "true":
            mailbox.purge(contact)
        else:
            mailbox.delete(contact)
        return nothing()

    async def move(self, request: Request) -> Response:
        """``{"folder": id}``."""
        mailbox, contact = self._found(request)
        given = await body_of(request, ("folder",))
        folder = mailbox.folder(text_of(given, "folder"))
        return answer(_shown(mailbox, mailbox.update(contact, folder=folder.key)))

    async def restore(self, request: Request) -> Response:
        """Out of Deleted Items, into ``{"folder": id}`` or the default folder."""
        mailbox = self._mailbox(request)
        given = await body_of(request, ("folder",))
        contact = mailbox.last(request.path_params["contact"])
        if contact.folder != DELETED:
            raise Missing("The contact is not in Deleted Items")
        folder = mailbox.folder(text_of(given, "folder", "contacts"))
        return answer(_shown(mailbox, mailbox.update(contact, folder=folder.key)))

    async def photo(self, request: Request) -> Response:
        mailbox, contact = self._found(request)
        photo = mailbox.photos.get(contact.key)
        if photo is None:
            raise Missing("The contact has no photo")
        return Response(photo.data, media_type=photo.media_type)

    async def set_photo(self, request: Request) -> Response:
        """The body is a JPEG or PNG file."""
        mailbox, contact = self._found(request)
        mailbox.set_photo(contact, pictures.photo(await request.body()))
        return nothing()

    async def delete_photo(self, request: Request) -> Response:
        mailbox, contact = self._found(request)
        mailbox.set_photo(contact, None)
        return nothing()

    async def deleted(self, request: Request) -> Response:
        mailbox = self._mailbox(request)
        return answer({"contacts": [_shown(mailbox, one) for one in mailbox.inside(DELETED)]})

    async def empty_deleted(self, request: Request) -> Response:
        """With the folders in it."""
        mailbox = self._mailbox(request)
        for contact in mailbox.inside(DELETED):
            mailbox.purge(contact)
        for folder in mailbox.below(DELETED):
            mailbox.delete_folder(folder, forever=True)
        return nothing()

    async def folders(self, request: Request) -> Response:
        """The default one too, each with its number of contacts."""
        mailbox = self._mailbox(request)
        found = [one for one in mailbox.folders.now() if mailbox.shown(one.key)]
        return answer({"folders": [_folder(mailbox, one) for one in found]})

    async def create_folder(self, request: Request) -> Response:
        """``{"name": ..., "parent": id}``."""
        mailbox = self._mailbox(request)
        given = await body_of(request, ("name", "parent"))
        parent = mailbox.folder(text_of(given, "parent", "contacts"))
        return answer(_folder(mailbox, mailbox.create_folder(parent, text_of(given, "name"))), 201)

    async def edit_folder(self, request: Request) -> Response:
        """``{"name": ..., "parent": id}``, each optional."""
        mailbox = self._mailbox(request)
        given = await body_of(request, ("name", "parent"))
        folder = mailbox.folder(request.path_params["folder"])
        name = text_of(given, "name") if "name" in given else None
        parent = mailbox.folder(text_of(given, "parent")) if "parent" in given else None
        return answer(_folder(mailbox, mailbox.update_folder(folder, name=name, parent=parent)))

    async def delete_folder(self, request: Request) -> Response:
        """Into Deleted Items; with ``?forever=true`` away for ever."""
        mailbox = self._mailbox(request)
        forever = request.query_params.get("forever", "false") == "true"
        mailbox.delete_folder(mailbox.folder(request.path_params["folder"]), forever=forever)
        return nothing()

    async def settings(self, request: Request) -> Response:
        return answer(_settings(self._mailbox(request)))

    async def settle(self, request: Request) -> Response:
        mailbox = self._mailbox(request)
        settle(mailbox, await body_of(request))
        return answer(_settings(mailbox))


def _settings(mailbox: Mailbox) -> dict[str, Any]:
    """What is set, and ``named``: how many named properties there are."""
    whole = {name: getattr(mailbox, attribute) for name, attribute in _WHOLE.items()}
    return {**whole, "requestSeconds": mailbox.duration, "named": len(mailbox.named)}


def _seeds(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "contacts" in given:
        if not isinstance(given["contacts"], list) or "count" in given:
            raise BadInput("contacts has to be a list, and stands without count")
        found = [_body(body) for body in given["contacts"]]
        for body in found:
            # All of them or none.
            accept.contact(body)
        return found
    count, seed = given.get("count"), given.get("seed", 0)
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in (count, seed)):
        raise BadInput("count and seed have to be whole numbers")
    if not 0 <= int(count or 0) <= MOST_SEEDED:
        raise BadInput(f"count has to be from 0 to {MOST_SEEDED}")
    return list(madeup.people(int(count or 0), int(seed)))


def _body(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadInput("A contact has to be an object")
    return given


def _shown(mailbox: Mailbox, contact: Contact) -> dict[str, Any]:
    """As the API shows it, with everything besides: extended properties, extensions, photo."""
    photo = mailbox.photos.get(contact.key)
    return {
        **show.contact(contact, mailbox, immutable=True),
        "extended": {known.text: value for known, value in contact.extended.items()},
        "extensions": {name: dict(content) for name, content in contact.extensions.items()},
        "photo": photo and {"mediaType": photo.media_type, "width": photo.width, "height": photo.height},
    }


def _folder(mailbox: Mailbox, folder: Folder) -> dict[str, Any]:
    return {
        "id": mailbox.folder_id(folder.key),
        "name": folder.name,
        "parent": mailbox.folder_id(folder.parent),
        "contacts": len(mailbox.inside(folder.key)),
    }
