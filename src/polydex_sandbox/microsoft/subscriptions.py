"""Subscriptions: who wants to be told of changes of contacts, and what is told.

Sources: https://learn.microsoft.com/graph/api/resources/subscription,
https://learn.microsoft.com/graph/outlook-change-notifications-overview and
https://learn.microsoft.com/graph/change-notifications-lifecycle-events. Codes and texts of refusals without a source
are unconfirmed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from polydex_sandbox.accounts import Account
from polydex_sandbox.clock import rfc3339
from polydex_sandbox.microsoft import accept, errors, routes
from polydex_sandbox.microsoft.call import Answer, Asked, prefer, user_id
from polydex_sandbox.microsoft.contact import Contact
from polydex_sandbox.microsoft.courier import Courier, Notice
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.mailbox import CONTACTS, Mailbox
from polydex_sandbox.microsoft.quirks import NOTIFICATIONS
from polydex_sandbox.microsoft.routes import ME, SCOPE, Operation, Place
from polydex_sandbox.microsoft.subscription import (
    Subscription,
    changes_of,
    invalid,
    members,
    read,
    state_of,
    tls_of,
    url_of,
)
from polydex_sandbox.properties import time_of
from polydex_sandbox.sandbox import Sandbox
from polydex_sandbox.tokens import Grant

MINUTE = 60_000
LONGEST, SHORTEST = 10_080, 45
"""Minutes that a subscription lives; anything below the shortest, also in the past, is raised to it."""
EVENTS = ("reauthorizationRequired", "subscriptionRemoved", "missed")
"""Of the lifecycle."""


class Subscriptions:
    """All of them.

    Args:
        sandbox: for its clock, accounts, quirks.
        mailbox: of an account, by the account's id.
        user: an account by what stands in a path after ``users``.
    """

    def __init__(
        self, sandbox: Sandbox, mailbox: Callable[[str], Mailbox], user: Callable[[str], Account | None]
    ) -> None:
        self.sandbox, self._mailbox, self._user = sandbox, mailbox, user
        self._by_id: dict[str, Subscription] = {}
        self.courier = Courier(sandbox.clock.now, self._lost)

    # -- the API

    async def answer(self, asked: Asked, operation: Operation, place: Place, grant: Grant) -> Answer:
        """Raises GraphError."""
        if operation.name == "subscriptions.create":
            return Answer(201, self._shown(asked, await self._create(asked, grant), state=True))
        if operation.name == "subscriptions.list":
            found = [members(one, state=False) for one in self.alive() if self._belongs(one, grant)]
            return Answer(body={"@odata.context": f"{asked.base}/$metadata#subscriptions", "value": found})
        one = self._named(place.subscription, grant)
        if operation.name == "subscriptions.get":
            return Answer(body=self._shown(asked, one, state=False))
        if operation.name == "subscriptions.update":
            self._renew(one, asked)
            return Answer(body=self._shown(asked, one, state=True))
        if operation.name == "subscriptions.delete":
            self.drop(one)
        else:
            one.paused = False
        return Answer(204)

    async def _create(self, asked: Asked, grant: Grant) -> Subscription:
        given = read(accept.message(asked.body, asked.headers.get("content-type", "")))
        for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
            if not given.get(name):
                raise invalid(f"The '{name}' attribute is required.")
        account, folder = self._target(given["resource"], grant)
        made = Subscription(
            id=self._guid(),
            account=account,
            client=grant.client_id,
            creator=str(uuid.uuid5(uuid.NAMESPACE_URL, grant.client_id)) if grant.application else account.oid,
            application=grant.application,
            resource=given["resource"],
            folder=folder,
            changes=changes_of(given["changeType"]),
            change_type=given["changeType"],
            url=url_of(given["notificationUrl"], "notificationUrl"),
            lifecycle_url=None
            if given.get("lifecycleNotificationUrl") is None
            else url_of(given["lifecycleNotificationUrl"], "lifecycleNotificationUrl"),
            state=state_of(given.get("clientState")),
            expires=self._expiry(given["expirationDateTime"]),
            immutable=prefer(asked.headers.get("prefer", "")).immutable,
            tls=tls_of(given.get("latestSupportedTlsVersion")),
        )
        if len(self.of(account)) >= self._mailbox(account.id).watched:
            raise extension(403, "Create", "Forbidden", "The mailbox has too many active subscriptions")
        # Both endpoints are asked before there is a subscription.
        for url in (made.url, made.lifecycle_url):
            if url is not None and (fault := await self.courier.shake(url, self._token())) is not None:
                raise GraphError(400, "ValidationError", fault)
        self._by_id[made.id] = made
        return made

    def _target(self, resource: str, grant: Grant) -> tuple[Account, int | None]:
        """Whose contacts a resource names, and which folder. Raises GraphError."""
        path, _, options = resource.partition("?")
        path = path.strip("/")
        if path.partition("/")[0].partition("(")[0].lower() not in ("me", "users"):
            raise invalid(f"Resource '{resource}' is not supported.")
        try:
            _, place = routes.find("GET", f"/{path}")
        except GraphError:
            place = Place("")
        if place.node != "contacts" or options:
            # Other resources of Outlook need other scopes; options of OData are for resource data.
            raise extension(403, "Create", "Forbidden", "Access is denied. Check credentials and try again.")
        allowed = {scope.removeprefix(SCOPE) for scope in grant.scopes}
        account = None if grant.application else self.sandbox.accounts.get(grant.account_id)
        if place.user != ME:
            found = self._user(place.user)
            same = found is not None and (found.tenant == grant.tenant if grant.application else found == account)
            account = found if same else None
        if account is None or not allowed & {"Contacts.Read", "Contacts.ReadWrite"}:
            raise extension(403, "Create", "Forbidden", "Access is denied. Check credentials and try again.")
        if not place.folders:
            return account, None
        try:
            return account, self._mailbox(account.id).folder(place.folders[-1]).key
        except GraphError as error:
            raise extension(404, "Create", "NotFound", error.message) from None

    def _renew(self, one: Subscription, asked: Asked) -> None:
        given = read(accept.message(asked.body, asked.headers.get("content-type", "")))
        if "lifecycleNotificationUrl" in given:
            raise invalid("The 'lifecycleNotificationUrl' attribute cannot be updated.")
        if others := sorted(set(given) - {"expirationDateTime"}):
            raise invalid(f"The '{others[0]}' attribute cannot be updated.")
        if not given.get("expirationDateTime"):
            raise invalid("The 'expirationDateTime' attribute is required.")
        one.expires = self._expiry(given["expirationDateTime"])
        # Renewing authorizes, too.
        one.paused = False

    def _expiry(self, text: str) -> int:
        if time_of(text) is None:
            # A date alone, and a time without its zone, are no Edm.DateTimeOffset.
            raise errors.unreadable()
        now, wished = self.sandbox.clock.now(), int(datetime.fromisoformat(text.upper()).timestamp() * 1000)
        if wished > now + LONGEST * MINUTE:
            raise invalid(f"Subscription expiration can only be {LONGEST} minutes in the future.")
        return max(wished, now + SHORTEST * MINUTE)

    def _named(self, name: str, grant: Grant) -> Subscription:
        """Raises GraphError: it is not there, or another's."""
        found = next((one for one in self.alive() if one.id == name.lower()), None)
        if found is None or not self._belongs(found, grant):
            raise GraphError(404, "ResourceNotFound", "The object was not found.")
        return found

    def _belongs(self, one: Subscription, grant: Grant) -> bool:
        if one.client != grant.client_id or one.application != grant.application:
            return False
        return one.account.tenant == grant.tenant if grant.application else one.account.id == grant.account_id

    def _shown(self, asked: Asked, one: Subscription, *, state: bool) -> dict[str, Any]:
        context = {"@odata.context": f"{asked.base}/$metadata#subscriptions/$entity"}
        return context | members(one, state=state)

    # -- what there is

    def alive(self) -> Iterator[Subscription]:
        """Those that have not expired; the others are forgotten."""
        now = self.sandbox.clock.now()
        for one in list(self._by_id.values()):
            if one.expires > now:
                yield one
            else:
                self.drop(one)

    def of(self, account: Account) -> list[Subscription]:
        return [one for one in self.alive() if one.account.id == account.id]

    def drop(self, one: Subscription) -> None:
        """Remove it, with what waits to be told; the lifecycle says nothing of it."""
        self._by_id.pop(one.id, None)
        self.courier.forget(one.id)

    # -- what is told

    def changed(self, account: Account, before: Contact | None, after: Contact) -> None:
        """Tell a change of a contact."""
        for one in self.of(account):
            change = self._change(one, before, after)
            if change is not None:
                self._tell(one, change, after)

    def _change(self, one: Subscription, before: Contact | None, after: Contact) -> str | None:
        was = before is not None and self._covers(one, before)
        covered = self._covers(one, after)
        if was or covered:
            return "updated" if was and covered else "created" if covered else "deleted"
        return None

    def _covers(self, one: Subscription, contact: Contact) -> bool:
        if contact.deleted:
            return False
        if one.folder is not None:
            return contact.folder == one.folder
        return contact.folder == CONTACTS or self._mailbox(one.account.id).shown(contact.folder)

    def _tell(self, one: Subscription, change: str, contact: Contact) -> None:
        if self._strikes(one, "graph-subscription-vanishes"):
            self.drop(one)
            return
        if one.paused or (change == "deleted" and self._strikes(one, "graph-no-delete-notification")):
            return
        told = [change]
        if change == "created" and self._strikes(one, "graph-created-and-updated"):
            told.append("updated")
        if self._strikes(one, "graph-notification-repeats"):
            told += told
        late = self.sandbox.quirks.strike(one.account.id, "graph-notification-delay", NOTIFICATIONS)
        for kind in told:
            if kind in one.changes:
                notice = self._notice(one, kind, contact)
                self.courier.send(one.url, one.id, notice, delay=int(late["seconds"] * 1000) if late else 0)

    def _notice(self, one: Subscription, change: str, contact: Contact) -> Notice:
        mailbox = self._mailbox(one.account.id)
        name = mailbox.id_of(contact, immutable=one.immutable)
        where = f"Users/{user_id(one.account)}/Contacts/{name}"
        return self._envelope(one) | {
            "changeType": change,
            "resource": where,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Contact",
                "@odata.id": where,
                "@odata.etag": mailbox.etag(contact),
                "id": name,
            },
        }

    def event(self, one: Subscription, event: str) -> None:
        """A lifecycle notification; who has no URL for it is not told."""
        if event == "reauthorizationRequired":
            one.paused = True
        notice = self._envelope(one) | {"lifecycleEvent": event}
        if event == "subscriptionRemoved":
            self.drop(one)
        if one.lifecycle_url is not None:
            self.courier.send(one.lifecycle_url, one.id, notice)

    @staticmethod
    def _envelope(one: Subscription) -> Notice:
        return {
            "subscriptionId": one.id,
            "subscriptionExpirationDateTime": rfc3339(one.expires, 6),
            "clientState": one.state,
            "tenantId": one.account.tenant,
        }

    def _lost(self, subscription: str, notice: Notice) -> None:
        """A notification was given up: the lifecycle says that some were missed."""
        one = self._by_id.get(subscription)
        if one is not None and "lifecycleEvent" not in notice and not self.courier.holds(one.id, "missed"):
            self.event(one, "missed")

    def _strikes(self, one: Subscription, quirk: str) -> bool:
        return self.sandbox.quirks.strike(one.account.id, quirk, NOTIFICATIONS) is not None

    def _guid(self) -> str:
        return str(uuid.UUID(int=self.sandbox.random.getrandbits(128), version=4))

    def _token(self) -> str:
        """As seen in https://github.com/microsoftgraph/microsoft-graph-docs/issues/21160: to be decoded before it is sent back."""
        return f"Validation: Testing client application reachability for subscription Request-Id: {self._guid()}"


def extension(status: int, operation: str, word: str, reason: str) -> GraphError:
    """How Exchange refuses a subscription; its shape as in many reports, so of MailboxNotEnabledForRESTAPI."""
    text = f"Operation: {operation}; Exception: [Status Code: {word}; Reason: {reason}]"
    return GraphError(status, "ExtensionError", text)
