"""Microsoft's sandbox as the machine uses it: a mailbox with the user's Outlook, the way to it, and notifications."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.routing import Mount, Router

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.pull import PAGE_SIZE
from polydex.connectors.microsoft.read import record
from polydex.core.contact import Contact
from polydex.core.ids import RemoteKey
from polydex.net.message import Call
from polydex_sandbox import control
from polydex_sandbox.connection import Recorder
from polydex_sandbox.identity.keys import Key
from polydex_sandbox.identity.microsoft.claims import Signer
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.microsoft import routes
from polydex_sandbox.microsoft.contact import Contact as Stored
from polydex_sandbox.microsoft.courier import Courier, Notice
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.mailbox import CONTACTS, Mailbox
from polydex_sandbox.microsoft.service import Graph
from polydex_sandbox.sandbox import Sandbox
from tests.machine.sandbox import SandboxBook, SandboxNet
from tests.microsoft.world import Receiver, Spoiler

URL_OF_GRAPH = "https://graph.example"
OURS = "https://polydex.example"
"""Where the installation is reached."""
METHODS = {
    "list": ["contacts.delta"],
    "find_mark": ["contacts.list"],
    "fetch": ["contacts.get", "photo.get"],
    "create": ["contacts.create"],
    "update": ["contacts.update"],
    "delete": ["contacts.delete"],
    "create_many": ["batch"],
    "update_many": ["batch"],
    "delete_many": ["batch"],
    "create_photo": ["photo.upload"],
    "watch": ["subscriptions.create", "subscriptions.update"],
}
"""The machine's names for what is asked, and Graph's."""
_VERBS = {method: verb for verb, methods in METHODS.items() if verb[-5:] != "_many" for method in methods}
_KEY = Key()  # nobody looks at the signature, and a new one takes long


@dataclass(frozen=True)
class Letter:
    """A notification on its way.

    Attributes:
        due: unix milliseconds from which on it may come.
    """

    url: str
    subscription: str
    notice: Notice
    due: int


class Letterbox(Courier):
    """In the place of the sandbox's courier: whether and when something comes is for the machine to say.

    Attributes:
        letters: what has not come yet.
        hear: the installation's address: the query and the body of a request -> what it answers, None: nobody does.
    """

    def __init__(self, now: Callable[[], int], given_up: Callable[[str, Notice], None]) -> None:
        super().__init__(now, given_up)
        self.letters: list[Letter] = []
        self.hear: Callable[[dict[str, str], bytes], str | None] = lambda query, body: None

    def send(self, url: str, subscription: str, notice: Notice, *, delay: int = 0) -> None:
        self.letters.append(Letter(url, subscription, notice, self.now() + delay))

    def forget(self, subscription: str) -> None:
        self.letters = [letter for letter in self.letters if letter.subscription != subscription]

    def holds(self, subscription: str, event: str) -> bool:
        return any(
            letter.subscription == subscription and letter.notice.get("lifecycleEvent") == event
            for letter in self.letters
        )

    async def shake(self, url: str, token: str) -> str | None:
        assert url.startswith(OURS)
        return None if self.hear({"validationToken": token}, b"") == token else "Subscription validation failed."

    def come(self, letters: list[Letter], times: int = 1) -> None:
        """Bring these, once or more often."""
        for letter in letters:
            self.letters.remove(letter)
        for _ in range(times):
            body = json.dumps({"value": [letter.notice for letter in letters]}).encode()
            self.hear(dict(parse_qsl(urlsplit(letters[0].url).query)), body)

    def lose(self, letter: Letter) -> None:
        """It never comes, and Microsoft knows."""
        self.letters.remove(letter)
        self._given_up(letter.subscription, letter.notice)


class MicrosoftBook(SandboxBook):
    """Microsoft's sandbox with one mailbox.

    Attributes:
        spoiler: between it and its clients.
        mailbox: the account's contacts and folders.
        letterbox: the notifications.
        identity: where its tokens come from.
    """

    url = URL_OF_GRAPH
    provider = "microsoft"

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.mailbox: Mailbox = self._graph.mailboxes[self.account]

    def serve(self, sandbox: Sandbox) -> Spoiler:
        self._graph = Graph(sandbox)
        subscriptions = self._graph.subscriptions
        self.letterbox = subscriptions.courier = Letterbox(sandbox.clock.now, subscriptions._lost)
        self.identity = MicrosoftIdentity(sandbox, lambda account: True)
        self.identity.key, self.identity.signer = _KEY, Signer(_KEY, sandbox.random)
        routed = [
            Mount("/control", control.app(sandbox, [self._graph, self.identity])),
            *self.identity.routes(),
            *self._graph.routes(),
        ]
        self.spoiler = Spoiler(Recorder(Router(routed, redirect_slashes=False), sandbox), Receiver())
        return self.spoiler

    # --- the truth ------------------------------------------------------------------------------------------------

    def versions(self) -> Iterator[list[Stored]]:
        """All of every contact that ever was, in whatever folder."""
        return iter(self.mailbox.contacts._versions.values())

    def people(self) -> list[Stored]:
        """Everybody in the default folder."""
        return self.mailbox.inside(CONTACTS)

    def id_of(self, stored: Stored) -> str:
        """The immutable id."""
        return self.mailbox.id_of(stored, immutable=True)

    def signed_in(self) -> tuple[str, str]:
        """The user comes to the pages once more: a new access token and a new refresh token."""
        made = self.ask("POST", "microsoft/refreshTokens", {})
        return self.ask("POST", "tokens", {})["accessToken"], made["refreshToken"]

    def contact(self, stored: Stored) -> Contact | None:
        """What is shown of somebody, by the connector's reading of what Graph answers. No quirk may be on."""
        token = self.ask("POST", "tokens", {})["accessToken"]
        headers = {"authorization": f"Bearer {token}", "prefer": 'IdType="ImmutableId"'}
        path = f"{self.url}/v1.0/me/contactFolders/contacts/contacts/{self.id_of(stored)}"
        status, _, body = self.at_once("GET", f"{path}?$expand={wire.EXPAND}".replace(" ", "%20"), headers)
        assert status == 200, body
        photo = None
        if stored.key in self.mailbox.photos:
            status, _, photo = self.at_once("GET", f"{path}/photo", headers)
            assert status == 200, photo
        return record(wire.Document.of(body, photo).encode(), None, RemoteKey(self.id_of(stored))).contact


class MicrosoftNet(SandboxNet):
    """Args: ``page_size``: of delta queries, in the place of ours."""

    def __init__(self, book: MicrosoftBook, page_size: int) -> None:
        super().__init__(book)
        self._page_size = page_size

    def verb(self, call: Call) -> str:
        path = urlsplit(call.url).path
        if path.endswith("/token"):
            return "token"
        try:
            operation, _ = routes.find(call.method, path.removeprefix("/v1.0"))
        except GraphError:
            return "other"
        return _VERBS.get(operation.name, operation.name)

    def name_of(self, verb: str) -> str:
        return "batch" if verb.endswith("_many") else verb

    def sent(self, call: Call) -> Call:
        """With small pages."""
        ours, small = f"maxpagesize={PAGE_SIZE}", f"maxpagesize={self._page_size}"
        return replace(call, headers={name: value.replace(ours, small) for name, value in call.headers.items()})


def outlook_contact(values: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Few different contents, as the user's Outlook writes them."""
    number = values % 7
    contact: dict[str, Any] = {
        "givenName": names[values % 4],
        "surname": f"Outlook{values % 3}",
        "emailAddresses": [{"address": f"a{at}@example.com"} for at in range(number % 4)],
        "businessPhones": [f"+1 202 555 01{at:02}" for at in range(number % 3)],
        "homePhones": [f"+1 202 555 02{at:02}" for at in range(number % 3)],
        "mobilePhone": "+1 202 555 0300" if number % 2 else None,
    }
    if values % 2:
        contact["categories"] = [("Red category", "Friends", "work")[values % 3]]
    return contact
