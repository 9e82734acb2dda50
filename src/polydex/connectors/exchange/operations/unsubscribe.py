"""Unsubscribe (learn.microsoft.com, web-service-reference/unsubscribe-operation). The answer has nothing in it."""

from __future__ import annotations

from lxml import etree

from polydex.connectors.exchange.ids import request
from polydex.connectors.exchange.wire import M
from polydex.connectors.exchange.xml import Element


def payload(subscription: str) -> Element:
    """``subscription``: its id."""
    made = request("Unsubscribe")
    etree.SubElement(made, M + "SubscriptionId").text = subscription
    return made
