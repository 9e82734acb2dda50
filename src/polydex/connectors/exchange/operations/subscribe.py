"""Subscribe: to the changes of a folder, as a stream (learn.microsoft.com, web-service-reference/subscribe-operation)."""

from __future__ import annotations

from typing import Final

from lxml import etree

from polydex.connectors.exchange.ids import folder_ids, request
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed

_EVENTS: Final = ("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent")


def payload(*folders: str) -> Element:
    """Ids or distinguished names, at least one."""
    made = request("Subscribe")
    streaming = etree.SubElement(made, M + "StreamingSubscriptionRequest")
    folder_ids(streaming, T + "FolderIds", folders)
    events = etree.SubElement(streaming, T + "EventTypes")
    for event in _EVENTS:
        etree.SubElement(events, T + "EventType").text = event
    return made


def parse(message: Element) -> str:
    """The id of the subscription."""
    found = message.findtext(M + "SubscriptionId")
    if not found:
        raise ProviderMalformed("Exchange: a subscription has no id")
    return found
