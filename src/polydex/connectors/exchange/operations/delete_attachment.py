"""DeleteAttachment: a photo goes (learn.microsoft.com, web-service-reference/deleteattachment-operation)."""

from __future__ import annotations

from polydex.connectors.exchange.ids import request
from polydex.connectors.exchange.operations.attachments import Attached, attachment_ids, read_attached
from polydex.connectors.exchange.wire import M
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed


def payload(*ids: str) -> Element:
    """At least one; each is answered by a response message of its own, in this order."""
    made = request("DeleteAttachment")
    attachment_ids(made, ids)
    return made


def parse(message: Element) -> Attached:
    """The item that it belonged to, in its new version."""
    found = message.find(M + "RootItemId")
    if found is None:
        raise ProviderMalformed("Exchange: a deleted attachment belongs to no item")
    return read_attached(found, "RootItemId")
