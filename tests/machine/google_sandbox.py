"""Google's sandbox as the machine uses it: an account with a phone, and the way to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.routing import Mount, Router

from polydex.connectors.google import people
from polydex.connectors.google.fields import PERSON_FIELDS
from polydex.connectors.google.labels import Labels
from polydex.core.contact import Contact
from polydex.net.message import Call
from polydex_sandbox import control, google
from polydex_sandbox.connection import Recorder
from polydex_sandbox.google import methods
from polydex_sandbox.google.contact import Contact as Stored
from polydex_sandbox.google.person import View, show
from polydex_sandbox.google.service import Google
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.keys import Key
from polydex_sandbox.sandbox import Sandbox
from tests.google.world import Spoiler
from tests.machine.sandbox import SandboxBook, SandboxNet

URL_OF_GOOGLE = "http://google.example"
METHODS = {
    "list": ["people.connections.list"],
    "find_mark": ["people.connections.list"],
    "labels": ["contactGroups.list"],
    "fetch": ["people.get", "people.getBatchGet"],
    "create": ["people.createContact"],
    "update": ["people.updateContact"],
    "delete": ["people.deleteContact"],
    "create_many": ["people.batchCreateContacts"],
    "update_many": ["people.batchUpdateContacts"],
    "delete_many": ["people.batchDeleteContacts"],
    "create_photo": ["people.updateContactPhoto"],
    "create_label": ["contactGroups.create"],
}
"""The machine's names for what is asked, and Google's."""
_VERBS = {method: verb for verb, methods in METHODS.items() for method in methods}
_WHOLE_PAGE = "1000"
_KEY = Key()  # nobody looks at the signature, and a new one takes long


class GoogleBook(SandboxBook):
    """Google's sandbox with one account.

    Attributes:
        spoiler: between it and its clients.
        book: the account's contacts.
    """

    url = URL_OF_GOOGLE
    provider = "google"

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.book = self._google.books[self.account]

    def serve(self, sandbox: Sandbox) -> Spoiler:
        self._google = Google(sandbox)
        identity = Identity(sandbox, [self._google])
        identity.key = _KEY
        routes = [
            Mount("/control", control.app(sandbox, [self._google, identity])),
            *identity.routes(),
            *google.routes(self._google),
        ]
        self.spoiler = Spoiler(Recorder(Router(routes, redirect_slashes=False), sandbox))
        return self.spoiler

    # --- the truth ------------------------------------------------------------------------------------------------

    def versions(self) -> Iterator[list[Stored]]:
        """All of every contact that ever was."""
        return iter(self.book.contacts._versions.values())

    def people(self) -> list[Stored]:
        """Everybody who is there."""
        return list(self.book.contacts.now())

    @property
    def labels(self) -> Labels:
        """The user's own groups."""
        return Labels({group.name: group.title for group in self.book.groups.now() if not group.system})

    def contact(self, stored: Stored) -> Contact | None:
        """What is shown of somebody, by the connector's mapping."""
        view = View(PERSON_FIELDS.split(","), frozenset({"CONTACT"}), URL_OF_GOOGLE)
        return people.record(json.dumps(show(stored, self.book, view)).encode(), self.labels, None).contact


class GoogleNet(SandboxNet):
    """Args: ``page_size``: of lists, in the place of a thousand."""

    def __init__(self, book: GoogleBook, page_size: int) -> None:
        super().__init__(book)
        self._page_size = page_size

    def verb(self, call: Call) -> str:
        parts = urlsplit(call.url)
        method = methods.find(call.method, parts.path)
        if method is None:
            return "token" if parts.path == "/token" else "other"
        verb = _VERBS.get(method[0].name, "other")
        return verb if verb != "find_mark" or "requestSyncToken" not in parts.query else "list"

    def sent(self, call: Call) -> Call:
        """With small pages."""
        head, _, query = call.url.partition("?")
        pairs = [
            (name, str(self._page_size) if (name, value) == ("pageSize", _WHOLE_PAGE) else value)
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        return replace(call, url=f"{head}?{urlencode(pairs)}" if pairs else head)
