"""What is asked of a contact."""

from __future__ import annotations

from typing import Final

from lxml import etree

from polydex.connectors.exchange import paths
from polydex.connectors.exchange.fields import EXTENDED
from polydex.connectors.exchange.wire import NSMAP, M, T
from polydex.connectors.exchange.xml import Element


def _made() -> Element:
    """``AllProperties`` has neither MIME content nor ``UniqueBody``, of which Exchange fails with ErrorInternalServerError
    (exchangelib#1192); a body is text, as is what is written.
    """
    shape = etree.Element(M + "ItemShape", nsmap=NSMAP)
    etree.SubElement(shape, T + "BaseShape").text = "AllProperties"
    etree.SubElement(shape, T + "BodyType").text = "Text"
    additional = etree.SubElement(shape, T + "AdditionalProperties")
    additional.extend(paths.element(paths.Path(id_)) for id_ in EXTENDED)
    return shape


SHAPE: Final = _made()
"""The ``m:ItemShape`` of GetItem, to be copied into a request."""
