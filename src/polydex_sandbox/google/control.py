"""Google's part of the control API: the user's own phone, which sees and changes the true state, without quirks."""

from __future__ import annotations

import base64
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.control import Missing, account_of, answer, nothing, route
from polydex_sandbox.google import accept, madeup, parse
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.contact import Contact, Profile
from polydex_sandbox.google.errors import ApiError
from polydex_sandbox.google.group import SYSTEM, Group
from polydex_sandbox.google.person import View, show
from polydex_sandbox.google.schema import READABLE, SINGLETONS, UPDATABLE
from polydex_sandbox.members import BadInput, body_of, flag_of, no_others, text_of, texts_of

if TYPE_CHECKING:
    from polydex_sandbox.google.service import Google

_ALL = frozenset({"CONTACT", "PROFILE", "OTHER_CONTACT"})
MOST_SEEDED = 100_000


def routes(google: Google) -> list[BaseRoute]:
    """Below ``/control``."""
    phone = Phone(google)
    base = "/accounts/{account}/google"
    found = [
        ("GET", "/contacts", phone.contacts),
        ("POST", "/contacts", phone.seed),
        ("GET", "/contacts/{name}", phone.contact),
        ("PATCH", "/contacts/{name}", phone.edit),
        ("DELETE", "/contacts/{name}", phone.delete),
        ("POST", "/contacts/{name}/rename", phone.rename),
        ("POST", "/contacts/{name}/merge", phone.merge),
        ("POST", "/contacts/{name}/restore", phone.restore),
        ("PUT", "/contacts/{name}/photo", phone.set_photo),
        ("DELETE", "/contacts/{name}/photo", phone.delete_photo),
        ("PUT", "/contacts/{name}/profile", phone.link),
        ("DELETE", "/contacts/{name}/profile", phone.part),
        ("GET", "/trash", phone.trash),
        ("DELETE", "/trash", phone.empty_trash),
        ("GET", "/groups", phone.groups),
        ("POST", "/groups", phone.create_group),
        ("PATCH", "/groups/{name}", phone.edit_group),
        ("DELETE", "/groups/{name}", phone.delete_group),
        ("GET", "/others", phone.others),
        ("POST", "/others", phone.seed_others),
        ("DELETE", "/others/{name}", phone.delete_other),
        ("PUT", "/settings", phone.settings),
    ]
    return [route(verb, base + path, _told(endpoint)) for verb, path, endpoint in found]


def settle(book: Book, given: Any) -> None:
    """Settings of a book: ``contactLimit``, ``region``; what is not given stays. Raises BadInput."""
    if not isinstance(given, dict):
        raise BadInput("google has to be an object")
    no_others(given, ("contactLimit", "region"))
    limit, region = given.get("contactLimit", book.limit), given.get("region", book.region)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise BadInput("contactLimit has to be a whole number")
    if region is not None and not (isinstance(region, str) and len(region) == 2 and region.isupper()):
        raise BadInput("region has to be two capital letters")
    book.limit, book.region = limit, region


def _told(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What the model refuses is told in the way of the control API."""

    @functools.wraps(endpoint)
    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            if error.status == "NOT_FOUND":
                raise Missing(error.message) from None
            raise BadInput(error.message) from None

    return told


class Phone:
    """The user's phone, and the eye of the tests."""

    def __init__(self, google: Google) -> None:
        self.google = google

    def _book(self, request: Request) -> Book:
        return self.google.books[account_of(self.google.sandbox, request).id]

    def _found(self, request: Request) -> tuple[Book, Contact]:
        book = self._book(request)
        return book, book.contact(f"people/{request.path_params['name']}")

    def _show(self, request: Request, book: Book, contact: Contact) -> dict[str, Any]:
        return show(contact, book, View(READABLE, _ALL, str(request.base_url).rstrip("/").removesuffix("/control")))

    async def contacts(self, request: Request) -> Response:
        book = self._book(request)
        return answer({"people": [self._show(request, book, one) for one in book.contacts.now()]})

    async def contact(self, request: Request) -> Response:
        book, contact = self._found(request)
        return answer(self._show(request, book, contact))

    async def seed(self, request: Request) -> Response:
        """``{"people": [Person, ...]}`` or ``{"count": n, "seed": s}``: resource names in the same order."""
        book = self._book(request)
        bodies = await _seeds(request)
        ready = [(accept.fields_of(body), book.checked(accept.groups_of(body) or ())) for body in bodies]
        book.room(len(ready))
        made = [book.create(fields, groups) for fields, groups in ready]
        return answer({"resourceNames": [contact.name for contact in made]}, 201)

    async def edit(self, request: Request) -> Response:
        """The fields that are in the body, each whole; an empty list clears one."""
        book, contact = self._found(request)
        body = _person(await body_of(request))
        written = [name for name in body if name in UPDATABLE]
        fields = {name: entries for name, entries in contact.fields.items() if name not in written}
        groups = accept.groups_of(body)
        contact = book.update(contact, fields | accept.fields_of(body), groups)
        return answer(self._show(request, book, contact))

    async def delete(self, request: Request) -> Response:
        book, contact = self._found(request)
        book.delete(contact)
        return nothing()

    async def rename(self, request: Request) -> Response:
        """Another resource name, as after a change of a verified e-mail address."""
        book, contact = self._found(request)
        await body_of(request, ())
        return answer(self._show(request, book, book.rename(contact)))

    async def merge(self, request: Request) -> Response:
        """``{"with": resource name}``: that contact's entries come here, and it is gone."""
        book, into = self._found(request)
        given = await body_of(request, ("with",))
        away = book.contact(str(given.get("with")))
        if away.id == into.id:
            raise BadInput("with has to be another contact")
        fields = accept.kept_only(into.fields)
        for name, entries in accept.kept_only(away.fields).items():
            plain = [{key: value for key, value in entry.items() if key != "metadata"} for entry in entries]
            here = fields.setdefault(name, [])
            if not here or name not in SINGLETONS:
                here += [entry for entry in plain if entry not in here]
        return answer(self._show(request, book, book.merge(into, away, fields)))

    async def restore(self, request: Request) -> Response:
        book = self._book(request)
        return answer(self._show(request, book, book.restore(f"people/{request.path_params['name']}")))

    async def set_photo(self, request: Request) -> Response:
        """The body is a JPEG or PNG file."""
        book, contact = self._found(request)
        photo = self.google.take_photo(await request.body())
        return answer(self._show(request, book, book.set_photo(contact, photo, same_etag=False)))

    async def delete_photo(self, request: Request) -> Response:
        book, contact = self._found(request)
        return answer(self._show(request, book, book.set_photo(contact, None, same_etag=False)))

    async def link(self, request: Request) -> Response:
        """``{"id": account id, "person": Person, "photo": base64, "rename": bool}``: a profile to be linked to."""
        book, contact = self._found(request)
        given = await body_of(request, ("id", "person", "photo", "rename"))
        own = contact.profile.id if contact.profile else f"1{self.google.sandbox.random.randrange(10**20):020}"
        own, rename = text_of(given, "id", own), flag_of(given, "rename")
        fields = accept.fields_of(_person(given.get("person", {})))
        photo = self.google.take_photo(_decoded(given["photo"])) if "photo" in given else None
        book.keep(photo)
        revision = contact.profile.revision + 1 if contact.profile else 1
        contact = book.link(contact, Profile(own, fields, photo, revision))
        if rename:
            contact = book.rename(contact)
        return answer(self._show(request, book, contact))

    async def part(self, request: Request) -> Response:
        book, contact = self._found(request)
        return answer(self._show(request, book, book.link(contact, None)))

    async def trash(self, request: Request) -> Response:
        book = self._book(request)
        return answer({"people": [self._show(request, book, one) for one in book.trash()]})

    async def empty_trash(self, request: Request) -> Response:
        self._book(request).empty_trash()
        return nothing()

    async def groups(self, request: Request) -> Response:
        book = self._book(request)
        return answer({"groups": [_group(book, group) for group in book.groups.now()]})

    async def create_group(self, request: Request) -> Response:
        """``{"name": ...}``."""
        book = self._book(request)
        given = await body_of(request, ("name",))
        return answer(_group(book, book.create_group(text_of(given, "name"), [])), 201)

    async def edit_group(self, request: Request) -> Response:
        """``{"name": ..., "add": [resource names], "remove": [...]}``."""
        book = self._book(request)
        given = await body_of(request, ("name", "add", "remove"))
        group = book.group(request.path_params["name"])
        chosen = {what: [book.contact(name) for name in texts_of(given, what)] for what in ("add", "remove")}
        if "name" in given:
            group = book.update_group(group, title=text_of(given, "name"))
        for contact in chosen["add"]:
            groups = book.checked([*contact.groups, group.id], contact.groups)
            book.set_groups(contact, groups, same_etag=False)
        for contact in chosen["remove"]:
            left = [one for one in book.contact(contact.name).groups if one != group.id]
            book.update(book.contact(contact.name), contact.fields, left)
        return answer(_group(book, group))

    async def delete_group(self, request: Request) -> Response:
        """``?contacts=true`` deletes its members as well."""
        book = self._book(request)
        contacts = request.query_params.get("contacts", "false") == "true"
        book.delete_group(book.group(request.path_params["name"]), contacts=contacts, same_etag=False)
        return nothing()

    async def others(self, request: Request) -> Response:
        book = self._book(request)
        return answer({"people": [self._show(request, book, one) for one in book.others.now()]})

    async def seed_others(self, request: Request) -> Response:
        """As for contacts; names, e-mail addresses and telephone numbers only."""
        book = self._book(request)
        kept = ("names", "emailAddresses", "phoneNumbers")
        ready = [accept.fields_of(body, kept) for body in await _seeds(request)]
        made = [book.create_other(fields) for fields in ready]
        return answer({"resourceNames": [contact.name for contact in made]}, 201)

    async def delete_other(self, request: Request) -> Response:
        book = self._book(request)
        book.delete_other(book.other(f"otherContacts/{request.path_params['name']}"))
        return nothing()

    async def settings(self, request: Request) -> Response:
        book = self._book(request)
        settle(book, await body_of(request))
        return answer({"contactLimit": book.limit, "region": book.region})


async def _seeds(request: Request) -> list[dict[str, Any]]:
    given = await body_of(request, ("people", "count", "seed"))
    if "people" in given:
        if not isinstance(given["people"], list) or len(given) > 1:
            raise BadInput("people has to be a list, and stands alone")
        return [_person(body) for body in given["people"]]
    count, seed = given.get("count"), given.get("seed", 0)
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in (count, seed)):
        raise BadInput("count and seed have to be whole numbers")
    if not 0 <= int(count or 0) <= MOST_SEEDED:
        raise BadInput(f"count has to be from 0 to {MOST_SEEDED}")
    return list(madeup.people(int(count or 0), int(seed)))


def _person(given: Any) -> dict[str, Any]:
    """A Person as the API would take it. Raises BadInput or ApiError."""
    if not isinstance(given, Mapping):
        raise BadInput("A person has to be an object")
    return parse.message("Person", dict(given), "person")


def _decoded(given: Any) -> bytes:
    try:
        return base64.b64decode(str(given), validate=True)
    except ValueError:
        raise BadInput("photo has to be base64") from None


def _group(book: Book, group: Group) -> dict[str, Any]:
    return {
        "resourceName": group.name,
        "name": group.title,
        "system": group.id in SYSTEM,
        "members": [member.name for member in book.members(group)],
    }
