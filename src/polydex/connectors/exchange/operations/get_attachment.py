"""GetAttachment: a photo (learn.microsoft.com, web-service-reference/getattachment-operation)."""

from __future__ import annotations

from base64 import b64decode

from polydex.connectors.exchange.ids import request
from polydex.connectors.exchange.operations.attachments import attachment_ids
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed


def payload(*ids: str) -> Element:
    """At least one; each is answered by a response message of its own, in this order."""
    made = request("GetAttachment")
    attachment_ids(made, ids)
    return made


def parse(message: Element) -> bytes:
    """The content of a file."""
    file = message.find(f"{M}Attachments/{T}FileAttachment")
    try:
        if file is not None:
            return b64decode(file.findtext(T + "Content") or "")
    except ValueError:
        pass
    raise ProviderMalformed("Exchange: an attachment cannot be read")
