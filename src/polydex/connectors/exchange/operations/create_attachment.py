"""CreateAttachment: a photo (learn.microsoft.com, web-service-reference/createattachment-operation)."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from lxml import etree

from polydex.connectors.exchange.ids import ItemId, item_id, request
from polydex.connectors.exchange.operations.attachments import Attached, read_attached
from polydex.connectors.exchange.wire import M, T
from polydex.connectors.exchange.xml import Element
from polydex.core.errors import ProviderMalformed

NAME: Final = "ContactPicture.jpg"
"""The name that Outlook gives, and looks for."""


def payload(item: ItemId, content: bytes) -> Element:
    """Args:
    item: whose photo it is.
    content: JPEG.
    """
    made = request("CreateAttachment")
    item_id(made, item, M + "ParentItemId")
    file = etree.SubElement(etree.SubElement(made, M + "Attachments"), T + "FileAttachment")
    etree.SubElement(file, T + "Name").text = NAME
    etree.SubElement(file, T + "ContentType").text = "image/jpeg"
    etree.SubElement(file, T + "IsInline").text = "false"
    etree.SubElement(file, T + "IsContactPhoto").text = "true"
    etree.SubElement(file, T + "Content").text = b64encode(content).decode()
    return made


def parse(message: Element) -> Attached:
    """The attachment, and the new version of the item that it belongs to."""
    found = message.find(f"{M}Attachments/*/{T}AttachmentId")
    if found is None:
        raise ProviderMalformed("Exchange: a new attachment has no id")
    return read_attached(found, "Id")
