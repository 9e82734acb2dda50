"""GetStreamingEvents: what happens, as it happens (learn.microsoft.com, web-service-reference/getstreamingevents-operation).

The answer is a row of envelopes on one connection, each with a response message; a status message comes every 45 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from polydex.connectors.exchange.ids import request
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element


@dataclass(frozen=True, slots=True)
class News:
    """What one envelope tells.

    Attributes:
        changed: something has happened in a folder.
        closed: the connection ends here: the time is up, or the server wants it so.
    """

    changed: bool
    closed: bool


def payload(subscription: str, minutes: int) -> Element:
    """``minutes``: 1 to 30, after which Exchange ends the answer."""
    made = request("GetStreamingEvents")
    ids = etree.SubElement(made, M + "SubscriptionIds")
    etree.SubElement(ids, T + "SubscriptionId").text = subscription
    etree.SubElement(made, M + "ConnectionTimeout").text = str(minutes)
    return made


def parse(message: Element) -> News:
    """What has happened."""
    # Exchange writes m:Notification where the schema has t:Notification.
    events = message.iterfind(f"{M}Notifications/*/*")
    changed = any(etree.QName(event).localname.endswith("Event") and event.tag != T + "StatusEvent" for event in events)
    return News(changed, message.findtext(M + "ConnectionStatus") == "Closed")
