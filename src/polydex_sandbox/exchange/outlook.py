"""The user's own Outlook, in the control API: it sees and changes the true state, without quirks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.control import Missing, account_of, answer, nothing
from polydex_sandbox.exchange import card, ids, madeup
from polydex_sandbox.exchange.accept import Changes
from polydex_sandbox.exchange.item import CLASSES, CONTACT, LIST, Folder, Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.properties import DISPLAY_NAME, SUBJECT
from polydex_sandbox.exchange.views import items as api
from polydex_sandbox.members import BadInput, body_of, flag_of, no_others, text_of

if TYPE_CHECKING:
    from polydex_sandbox.exchange.service import Exchange

MOST_SEEDED = 100_000


class Outlook:
    """The user's Outlook, and the eye of the tests. A folder is named by its id, or its distinguished one."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def mailbox(self, request: Request) -> Mailbox:
        return self.exchange.mailboxes[account_of(self.exchange.sandbox, request).id]

    def _found(self, request: Request) -> tuple[Mailbox, Item]:
        mailbox = self.mailbox(request)
        return mailbox, mailbox.item(ids.read(request.path_params["item"]))

    async def contacts(self, request: Request) -> Response:
        """Of the contacts folder and those below it, or of ``?folder=``; of all kinds."""
        mailbox = self.mailbox(request)
        name = request.query_params.get("folder")
        if name is not None:
            keys = [folder_of(mailbox, name).key]
        else:
            top = mailbox.distinguished("contacts").key
            keys = [top, *(one.key for one in mailbox.tree(top))]
        found = sorted((item for key in keys for item in mailbox.inside(key)), key=lambda item: item.key)
        return answer({"contacts": [card.shown(mailbox, one) for one in found]})

    async def contact(self, request: Request) -> Response:
        return answer(card.shown(*self._found(request)))

    async def seed(self, request: Request) -> Response:
        """``{"contacts": [contact, ...]}`` or ``{"count": n, "seed": s}``, ``folder``: ids in the same order."""
        mailbox = self.mailbox(request)
        given = await body_of(request, ("contacts", "count", "seed", "folder"))
        folder = folder_of(mailbox, text_of(given, "folder", "contacts"))
        # All of them or none.
        bodies = [card.changes(body) for body in _seeds(given)]
        made = [mailbox.create(folder, CONTACT, _kept(body)) for body in bodies]
        return answer({"ids": [mailbox.item_id(one) for one in made]}, 201)

    async def add(self, request: Request) -> Response:
        """Another item: ``{"kind": "DistributionList", "name": ..., "members": [{"name", "address"}]}``, ``folder``."""
        mailbox = self.mailbox(request)
        given = await body_of(request, ("kind", "name", "members", "folder"))
        kind = text_of(given, "kind", LIST)
        if kind not in CLASSES:
            raise BadInput(f"kind has to be one of {', '.join(CLASSES)}")
        folder = folder_of(mailbox, text_of(given, "folder", "contacts"))
        name = text_of(given, "name")
        made = mailbox.create(folder, kind, {DISPLAY_NAME: name, SUBJECT: name}, members=_members(given))
        return answer(card.shown(mailbox, made), 201)

    async def edit(self, request: Request) -> Response:
        """What is in the body; null takes away. ``read`` and ``unreadable`` (a response code) too."""
        mailbox, item = self._found(request)
        given = await body_of(request)
        more: dict[str, Any] = {}
        if "unreadable" in given:
            if not isinstance(given["unreadable"], str):
                raise BadInput("unreadable has to be a response code, or empty")
            more["unreadable"] = given["unreadable"]
        if "members" in given:
            more["members"] = _members(given)
        # All of it or nothing.
        read = flag_of(given, "read")
        rest = card.changes({name: given[name] for name in given if name not in ("read", "unreadable", "members")})
        if "read" in given:
            item = mailbox.mark_read(item, read=read)
        if more:
            item = mailbox.update(item, **more)
        if rest:
            item = api.changed_by(mailbox, item, rest)
        return answer(card.shown(mailbox, item))

    async def delete(self, request: Request) -> Response:
        """Into Deleted Items; with ``?forever=true`` away for ever."""
        mailbox, item = self._found(request)
        forever = request.query_params.get("forever", "false") == "true"
        api.removed(mailbox, item, "HardDelete" if forever else "MoveToDeletedItems")
        return nothing()

    async def move(self, request: Request) -> Response:
        """``{"folder": id}``: the contact has another id afterwards."""
        mailbox, item = self._found(request)
        given = await body_of(request, ("folder",))
        return answer(card.shown(mailbox, mailbox.move(item, folder_of(mailbox, text_of(given, "folder", "contacts")))))

    async def photo(self, request: Request) -> Response:
        _mailbox, item = self._found(request)
        if item.photo is None:
            raise Missing("The contact has no photo")
        return Response(item.photo.content, media_type=item.photo.media_type or "application/octet-stream")

    async def set_photo(self, request: Request) -> Response:
        """The body is a picture's file."""
        mailbox, item = self._found(request)
        data = await request.body()
        if not data:
            raise BadInput("The photo has to be a file")
        kept = tuple(one for one in item.attachments if not one.photo)
        made = mailbox.attachment("ContactPicture.jpg", data, photo=True, media_type="image/jpeg")
        mailbox.update(item, attachments=(*kept, made))
        return nothing()

    async def delete_photo(self, request: Request) -> Response:
        mailbox, item = self._found(request)
        mailbox.update(item, attachments=tuple(one for one in item.attachments if not one.photo))
        return nothing()

    async def deleted(self, request: Request) -> Response:
        mailbox = self.mailbox(request)
        found = mailbox.inside(mailbox.distinguished("deleteditems").key)
        return answer({"contacts": [card.shown(mailbox, one) for one in found]})

    async def empty_deleted(self, request: Request) -> Response:
        """With the folders in it."""
        mailbox = self.mailbox(request)
        key = mailbox.distinguished("deleteditems").key
        for item in mailbox.inside(key):
            mailbox.purge(item)
        for folder in mailbox.below(key):
            mailbox.delete_folder(folder, forever=True)
        return nothing()

    # -- folders

    async def folders(self, request: Request) -> Response:
        """All below the top, each with its number of items."""
        mailbox = self.mailbox(request)
        top = mailbox.distinguished("msgfolderroot").key
        return answer({"folders": [_folder(mailbox, one) for one in mailbox.tree(top)]})

    async def create_folder(self, request: Request) -> Response:
        """``{"name": ..., "parent": id, "class": "IPF.Contact"}``."""
        mailbox = self.mailbox(request)
        given = await body_of(request, ("name", "parent", "class"))
        parent = folder_of(mailbox, text_of(given, "parent", "contacts"))
        made = mailbox.create_folder(parent, text_of(given, "name"), text_of(given, "class", "IPF.Contact"))
        return answer(_folder(mailbox, made), 201)

    async def edit_folder(self, request: Request) -> Response:
        """``{"name": ..., "parent": id}``, each optional."""
        mailbox = self.mailbox(request)
        given = await body_of(request, ("name", "parent"))
        changes: dict[str, Any] = {}
        if "name" in given:
            changes["name"] = text_of(given, "name")
        if "parent" in given:
            changes["parent"] = folder_of(mailbox, text_of(given, "parent")).key
        folder = folder_of(mailbox, request.path_params["folder"])
        return answer(_folder(mailbox, mailbox.update_folder(folder, **changes)))

    async def delete_folder(self, request: Request) -> Response:
        """Into Deleted Items; with ``?forever=true`` away for ever."""
        mailbox = self.mailbox(request)
        forever = request.query_params.get("forever", "false") == "true"
        mailbox.delete_folder(folder_of(mailbox, request.path_params["folder"]), forever=forever)
        return nothing()


def folder_of(mailbox: Mailbox, name: str) -> Folder:
    """Raises EwsError."""
    return mailbox.distinguished(name) if name in mailbox.known else mailbox.folder(ids.read(name).key)


def _kept(given: Changes) -> Changes:
    return {known: value for known, value in given.items() if value is not None}


def _members(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = given.get("members", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadInput("members has to be a list of objects")
    for one in found:
        no_others(one, ("name", "address"))
    return tuple((text_of(one, "name"), text_of(one, "address")) for one in found)


def _folder(mailbox: Mailbox, folder: Folder) -> dict[str, Any]:
    return {
        "id": mailbox.folder_id(folder.key),
        "name": folder.name,
        "known": folder.known,
        "class": folder.kind,
        "parent": mailbox.folder_id(folder.parent),
        "items": len(mailbox.inside(folder.key)),
    }


def _seeds(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "contacts" in given:
        if not isinstance(given["contacts"], list) or "count" in given:
            raise BadInput("contacts has to be a list, and stands without count")
        if not all(isinstance(one, dict) for one in given["contacts"]):
            raise BadInput("A contact has to be an object")
        return list(given["contacts"])
    count, seed = given.get("count"), given.get("seed", 0)
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in (count, seed)):
        raise BadInput("count and seed have to be whole numbers")
    if not 0 <= int(count or 0) <= MOST_SEEDED:
        raise BadInput(f"count has to be from 0 to {MOST_SEEDED}")
    return list(madeup.people(int(count or 0), int(seed)))
