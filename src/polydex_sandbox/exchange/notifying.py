"""Subscribe, GetEvents, GetStreamingEvents and Unsubscribe, and what a mailbox hears itself do.

See [MS-OXWSNTIF] and [MS-OXWSSNTIF].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.exchange import answers, errors, soap
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.events import Event, Reference
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.streaming import Notice, Streams
from polydex_sandbox.exchange.subscriptions import (
    ExceededSubscriptionCount,
    ExpiredSubscription,
    InvalidWatermark,
    Subscription,
    SubscriptionAccessDenied,
    SubscriptionNotFound,
    Subscriptions,
)
from polydex_sandbox.exchange.xml import Element, child, content, m, name_of, t
from polydex_sandbox.quirks import Quirk
from polydex_sandbox.sandbox import Sandbox

STREAM: Final = "GetStreamingEvents"

_LEARN = "https://learn.microsoft.com/exchange/client-developer/exchange-web-services/"
_ASKING = frozenset({"GetEvents", STREAM})

QUIRKS: Final = (
    Quirk(
        "exchange-subscription-lost",
        "A subscription is gone when it is asked for, as after a failover: ErrorSubscriptionNotFound.",
        f"{_LEARN}handling-notification-related-errors-in-ews-in-exchange",
        _ASKING,
    ),
    Quirk(
        "exchange-missed-events",
        "A subscription has missed events: ErrorMissedNotificationEvents, and it is no more.",
        f"{_LEARN}handling-notification-related-errors-in-ews-in-exchange",
        _ASKING,
    ),
)


class Notifying:
    """The operations, for all accounts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.subscriptions = Subscriptions(sandbox.clock.now, sandbox.random)
        self.streams = Streams(self.subscriptions, sandbox.clock.now)
        sandbox.quirks.add(QUIRKS)
        self.views: Mapping[str, Callable[[Call], Element]] = {
            "Subscribe": self._subscribe,
            "GetEvents": self._events,
            "Unsubscribe": self._unsubscribe,
        }

    def opened(self, mailbox: Mailbox) -> None:
        """Of what happens in it, subscribers are told."""
        mailbox.hears = lambda event: self.subscriptions.publish(str(mailbox.guid), event)

    def closed(self, account: str) -> None:
        self.subscriptions.forget(account)

    def stream(self, call: Call, connections: int, version: Mapping[str, str], media: str) -> Response:
        """The answer that is held open.

        Args:
            call: of GetStreamingEvents.
            connections: that an account may have open (``HangingConnectionLimit``).
            version: what the server says of itself.
            media: type of the answer.

        Raises:
            EwsError: the account has too many connections open.
        """
        account = call.mailbox.account.id
        names = [(one.text or "").strip() for one in call.part("SubscriptionIds")]
        if self.streams.open(account) >= connections:
            raise errors.too_many_connections()
        chosen: list[Subscription] = []
        for name in names:
            try:
                chosen.append(self._found(call, name, streaming=True))
            except EwsError as error:
                failed = answers.failure(STREAM, error)
                failed.append(m("ErrorSubscriptionIds", m("SubscriptionId", text=name)))
                failed.append(m("ConnectionStatus", text="Closed"))
                return Response(soap.answer(answers.response(STREAM, [failed]), version), media_type=media)
        minutes = int(content(call.body, "ConnectionTimeout", "1"))

        def written(notice: Notice) -> bytes:
            return soap.answer(answers.response(STREAM, [_message(notice)]), version)

        return self.streams.response(account, chosen, minutes, written, media)

    # -- operations

    def _subscribe(self, call: Call) -> Element:
        def one(asked: Element) -> list[Element]:
            made = self._subscribed(call, asked)
            told = [] if made.streaming else [m("Watermark", text=made.watermark(0))]
            return [m("SubscriptionId", text=made.id), *told]

        return answers.each(call.operation, call.body, one)

    def _subscribed(self, call: Call, asked: Element) -> Subscription:
        """Raises EwsError."""
        if name_of(asked) == "PushSubscriptionRequest":
            raise EwsError("ErrorInvalidPushSubscriptionUrl", "The sandbox sends no push notifications.")
        named = child(asked, "FolderIds")
        everything = asked.get("SubscribeToAllFolders", "false").strip() in ("true", "1")
        if (named is None) != everything:
            text = "Subscriptions need folders, or all of them: one of both."
            raise EwsError("ErrorInvalidSubscriptionRequest", text)
        places = [call.folder(one) for one in named] if named is not None else []
        mailbox = places[0][0] if places else call.mailbox
        if any(other is not mailbox for other, _ in places):
            raise EwsError("ErrorInvalidSubscriptionRequest", "All folders have to be of one mailbox.")
        types = child(asked, "EventTypes")
        kinds = [(one.text or "").strip() for one in types] if types is not None else []
        pull = name_of(asked) == "PullSubscriptionRequest"
        if content(asked, "Watermark"):
            # A watermark is one subscription's own: that of another means nothing to a new one.
            raise EwsError("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
        try:
            return self.subscriptions.subscribe(
                call.mailbox.account.id,
                str(mailbox.guid),
                None if everything else [mailbox.folder_id(folder.key) for _, folder in places],
                kinds,
                int(content(asked, "Timeout", "1")) if pull else None,
            )
        except ExceededSubscriptionCount:
            text = "You have exceeded the available subscriptions for your account. Remove unnecessary subscriptions and try your request again."
            raise EwsError("ErrorExceededSubscriptionCount", text) from None

    def _events(self, call: Call) -> Element:
        def one(asked: Element) -> list[Element]:
            found = self._found(call, content(asked, "SubscriptionId"), streaming=False)
            watermark = content(asked, "Watermark")
            try:
                told = self.subscriptions.fetch(found, watermark)
            except InvalidWatermark:
                raise EwsError("ErrorInvalidWatermark", "The watermark is invalid.") from None
            events = [_event(event, after) for after, event in told]
            return [
                m(
                    "Notification",
                    t("SubscriptionId", text=found.id),
                    t("PreviousWatermark", text=watermark),
                    t("MoreEvents", text="false"),
                    *(events or [t("StatusEvent", t("Watermark", text=watermark))]),
                )
            ]

        return answers.each(call.operation, [call.body], one)

    def _unsubscribe(self, call: Call) -> Element:
        def one(asked: Element) -> list[Element]:
            try:
                found = self.subscriptions.find(call.mailbox.account.id, content(asked, "SubscriptionId"))
            except (SubscriptionNotFound, ExpiredSubscription):
                raise _not_found() from None
            except SubscriptionAccessDenied:
                raise _denied() from None
            self.subscriptions.drop(found)
            return []

        return answers.each(call.operation, [call.body], one)

    def _found(self, call: Call, name: str, *, streaming: bool) -> Subscription:
        """Raises EwsError."""
        try:
            found = self.subscriptions.find(call.mailbox.account.id, name, streaming=streaming)
        except SubscriptionNotFound:
            raise _not_found() from None
        except SubscriptionAccessDenied:
            raise _denied() from None
        except ExpiredSubscription:
            raise EwsError("ErrorExpiredSubscription", "The subscription has expired.") from None
        if call.strike("exchange-subscription-lost") is not None:
            self.subscriptions.drop(found)
            raise _not_found()
        if call.strike("exchange-missed-events") is not None:
            self.subscriptions.drop(found)
            raise EwsError("ErrorMissedNotificationEvents", "Events of the subscription were missed.")
        return found


def _not_found() -> EwsError:
    return EwsError("ErrorSubscriptionNotFound", "The specified subscription was not found.")


def _denied() -> EwsError:
    return EwsError("ErrorSubscriptionAccessDenied", "The subscription was made by another account.")


def _taken() -> EwsError:
    return EwsError("ErrorNewEventStreamConnectionOpened", "Another connection was opened for this subscription.")


def _message(notice: Notice) -> Element:
    """Servers have ``m:Notification`` and ``m:SubscriptionId`` where the schema says ``t:``, as clients expect by now."""
    told = [
        m("Notification", t("SubscriptionId", text=one.id), *(_event(event) for _, event in events))
        for one, events in notice.told
    ]
    children = [m("Notifications", *told)] if told else []
    if failed := (*notice.lost, *notice.taken):
        children.append(m("ErrorSubscriptionIds", *(m("SubscriptionId", text=name) for name in failed)))
    if notice.status is not None:
        children.append(m("ConnectionStatus", text=notice.status))
    if not failed:
        return answers.success(STREAM, *children)
    found = answers.failure(STREAM, _not_found() if notice.lost else _taken())
    found.extend(children)
    return found


def _event(event: Event, watermark: str | None = None) -> Element:
    children = [] if watermark is None else [t("Watermark", text=watermark)]
    children += [t("TimeStamp", text=rfc3339(event.at, 0)), _id(event.thing), _id(event.parent, "ParentFolderId")]
    if event.old is not None and event.old_parent is not None:
        children += [_id(event.old, f"Old{event.old.name}"), _id(event.old_parent, "OldParentFolderId")]
    return t(event.kind, *children)


def _id(reference: Reference, name: str = "") -> Element:
    return t(name or reference.name, Id=reference.id, ChangeKey=reference.change_key)
